package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/tabletop"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/tabletop/writeup"
)

type tabletopRunCmd struct {
	Scenario     string        `arg:"" help:"Name of a shipped scenario (tabletop list), or a file."`
	Auto         bool          `help:"Scripted participants act: a rehearsal, which counts as no exercise."`
	Speed        string        `help:"Scenario seconds in a real one, such as 72, the default: a 72 h clock in an hour. max jumps over every wait and needs --auto." default:"72" placeholder:"N|max"`
	Data         string        `help:"Data folder: a new one, or that of this exercise to go on with (default ./exercise-SCENARIO; with --auto a temporary one)." placeholder:"DIR"`
	Out          string        `help:"Where the write-up goes (default the working folder)." default:"." placeholder:"DIR"`
	Config       string        `help:"Configuration file; of what leads outside only its exercise section is read." placeholder:"FILE"`
	Listen       string        `help:"Address to listen on (default 127.0.0.1:2556)." default:"127.0.0.1:2556" placeholder:"ADDR"`
	Alertmanager string        `help:"Post alerts to this Alertmanager, labelled exercise=true, so that they come back through its webhook." placeholder:"URL"`
	Seat         []string      `help:"Who takes which seat, as SEAT=NAME; repeat it. Each gets a token." placeholder:"SEAT=NAME" sep:"none"`
	Facilitator  string        `help:"Who facilitates." placeholder:"NAME"`
	Evaluator    string        `help:"Who evaluates." placeholder:"NAME"`
	Plan         []string      `help:"File of a plan of yours that is tested, such as the incident handling policy; its digest stands in the write-up. Repeat it." placeholder:"FILE" sep:"none"`
	Last         string        `help:"Write-up of the exercise before, in JSON: for the comparison, and for what is still open." placeholder:"FILE"`
	Debrief      time.Duration `help:"How long to stay up after the end, for questions, gaps, lessons and approval; also of one that ended." placeholder:"30m"`
}

// speed reads --speed; 0 is max.
func (c *tabletopRunCmd) speed() (float64, error) {
	if c.Speed == "max" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(c.Speed, 64)
	if err != nil || math.IsNaN(n) || n <= 0 || n > tabletop.MaxSpeed {
		return 0, usage("--speed %q: want scenario seconds in a real one, more than 0 and up to %d, such as 72, or max", c.Speed, tabletop.MaxSpeed)
	}
	return n, nil
}

// options are what the exercise is run with, without its data folder.
func (c *tabletopRunCmd) options(env *Env) (o tabletop.Options, err error) {
	o = tabletop.Options{Auto: c.Auto, Listen: c.Listen, Program: version(), Wall: env.Now, Debrief: c.Debrief > 0}
	level := "info"
	if c.Auto { // nobody needs to know where it listens
		level = "warn"
	}
	o.Logger = newLogger(env.Stderr, level, "logfmt")
	if o.Speed, err = c.speed(); err != nil {
		return o, err
	}
	if c.Auto && o.Speed == 0 {
		o.Listen = "127.0.0.1:0"
	}
	if o.Scenario, err = scenario.Open(c.Scenario); err != nil {
		return o, err
	}
	o.Config = config.Default()
	if c.Config != "" {
		if o.Config, err = config.LoadExercise(c.Config, env.Getenv); err != nil {
			return o, err
		}
	}
	if c.Alertmanager != "" {
		u, err := url.Parse(c.Alertmanager)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return o, usage("--alertmanager %q is no address such as http://127.0.0.1:9093", c.Alertmanager)
		}
		o.Alertmanager = u
	}
	for _, path := range c.Plan {
		raw, err := os.ReadFile(path)
		if err != nil {
			return o, fmt.Errorf("read the plan: %w", err)
		}
		name, sum := filepath.Base(path), sha256.Sum256(raw)
		o.Plan = append(o.Plan, scorecard.Document{Name: name, Title: name, SHA256: hex.EncodeToString(sum[:])})
	}
	if c.Last != "" {
		raw, err := os.ReadFile(c.Last)
		if err != nil {
			return o, fmt.Errorf("read the write-up of the exercise before: %w", err)
		}
		m, err := writeup.Read(raw)
		if err != nil {
			return o, fmt.Errorf("%s: %w", c.Last, err)
		}
		if m.Exercise.Auto {
			return o, fmt.Errorf("%s is of a rehearsal: name the write-up of an exercise that people held", c.Last)
		}
		o.Last = &m
	}
	return o, nil
}

// seats are who takes part.
func (c *tabletopRunCmd) seats() (out []tabletop.Seat, err error) {
	for _, s := range c.Seat {
		id, name, ok := strings.Cut(s, "=")
		if !ok || id == "" || name == "" {
			return nil, usage("--seat %q: want SEAT=NAME, such as commander=ana", s)
		}
		out = append(out, tabletop.Seat{Name: name, Part: scorecard.Participates, ID: id})
	}
	for name, part := range map[string]scorecard.Part{c.Facilitator: scorecard.Facilitates, c.Evaluator: scorecard.Evaluates} {
		if name != "" {
			out = append(out, tabletop.Seat{Name: name, Part: part})
		}
	}
	slices.SortStableFunc(out, func(a, b tabletop.Seat) int { return strings.Compare(string(a.Part), string(b.Part)) })
	if c.Auto && len(out) > 0 {
		return nil, usage("--auto is a rehearsal in which nobody takes part: leave out --seat, --facilitator and --evaluator")
	}
	return out, nil
}

// Run implements the verb.
func (c *tabletopRunCmd) Run(ctx context.Context, env *Env) (err error) {
	o, err := c.options(env)
	if err != nil {
		return err
	}
	seats, err := c.seats()
	if err != nil {
		return err
	}
	if info, err := os.Stat(c.Out); err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return fmt.Errorf("--out %s is not a folder: name one for the write-up", c.Out)
	}
	switch o.Data = c.Data; {
	case o.Data == "" && c.Auto:
		if o.Data, err = os.MkdirTemp("", "nis2clock-exercise-"); err != nil {
			return fmt.Errorf("make a temporary folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Data)) }()
	case o.Data == "":
		o.Data = "exercise-" + o.Scenario.Name
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	x, err := tabletop.Open(ctx, o)
	if err != nil {
		return joinLines(err)
	}
	err = c.play(ctx, env, x, o, seats)
	stop()
	return joinLines(err, x.Close())
}

// play runs the exercise to its end and leaves the write-up.
func (c *tabletopRunCmd) play(ctx context.Context, env *Env, x *tabletop.Exercise, o tabletop.Options, seats []tabletop.Seat) error {
	if !o.Auto {
		if err := c.welcome(ctx, env, x, o, seats); err != nil {
			return err
		}
	}
	if err := x.Run(ctx); err != nil {
		if ctx.Err() == nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "Stopped in the middle: the same command, with --data %s, goes on with it. The write-up so far:\n", o.Data)
		return c.write(context.WithoutCancel(ctx), env, x)
	}
	if c.Debrief > 0 && !o.Auto {
		if err := c.write(ctx, env, x); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "The exercise has ended. For %s people can answer questions, name gaps and lessons, and the facilitator can approve; Ctrl-C ends it before.\n", c.Debrief)
		select {
		case <-ctx.Done():
		case <-time.After(c.Debrief):
		}
	}
	return c.write(context.WithoutCancel(ctx), env, x)
}

// welcome says how people take part.
func (c *tabletopRunCmd) welcome(ctx context.Context, env *Env, x *tabletop.Exercise, o tabletop.Options, seats []tabletop.Seat) error {
	fmt.Fprintf(env.Stdout, "EXERCISE: %s, at %v times the speed: %s of scenario time in %s.\n\n%s\n\n",
		o.Scenario.Title, o.Speed, offset(o.Scenario.Length), time.Duration(float64(o.Scenario.Length)/o.Speed).Round(time.Second), strings.TrimSpace(o.Scenario.Briefing))
	for _, s := range seats {
		file, err := x.Admit(ctx, s)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%s, %s: export NIS2CLOCK_SERVER=%s NIS2CLOCK_TOKEN=$(cat %s)\n", s.Name, strings.TrimSpace(string(s.Part)+" "+s.ID), x.App().URL(), file)
	}
	if c.Facilitator != "" {
		fmt.Fprintf(env.Stdout, "Facilitator's page: %s/exercise/script; %s signs in with their token, so that what they do there is theirs.\n", x.App().URL(), c.Facilitator)
	} else {
		fmt.Fprintf(env.Stdout, "Facilitator's page: %s/exercise/script after signing in, within an hour and once, at %s\n", x.App().URL(), x.App().SignInLink())
	}
	fmt.Fprintf(env.Stdout, "Participants' page: %s/exercise; they sign in with their token, confirm that they take part, and act on incidents as ever.\n", x.App().URL())
	if o.Config.Exercise.Slack == nil {
		fmt.Fprintln(env.Stdout, "Slack: a stand-in takes the messages; exercise.slack in --config names a channel for exercises.")
	}
	o.Logger.Info("Listening on", "address", x.App().Addr(), "version", version(), "exercise", o.Scenario.Name)
	return nil
}

// write leaves the write-up in --out.
func (c *tabletopRunCmd) write(ctx context.Context, env *Env, x *tabletop.Exercise) error {
	f, card, sig, err := x.WriteUp(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("make --out: %w", err)
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{f.Name + ".pdf", f.PDF}, {f.Name + ".json", f.JSON}, {f.Name + ".pdf.p7s", sig}} {
		if file.data == nil {
			continue
		}
		path := filepath.Join(c.Out, file.name)
		if err := os.WriteFile(path, file.data, 0o644); err != nil {
			return fmt.Errorf("write the write-up: %w", err)
		}
		fmt.Fprintln(env.Stdout, path)
	}
	fmt.Fprintln(env.Stdout, scored(card))
	return nil
}

// scored is the score in a line. What came late counts half, which the points
// alone do not show.
func scored(card scorecard.Scorecard) string {
	s := fmt.Sprintf("%d of %d points in time", card.Points, card.Of)
	if card.Late > 0 {
		s += fmt.Sprintf(", %d late, which count half", card.Late)
	}
	s += fmt.Sprintf(": %d %%", card.Percent)
	if card.Auto {
		s += "; AUTOMATED REHEARSAL, NO PERSON TOOK PART"
	}
	return s
}
