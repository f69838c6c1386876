package tabletop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"sync"
	"time"

	"nis2clock/internal/app"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/tabletop/writeup"

	"github.com/go-json-experiment/json"
)

// MaxSpeed bounds how many scenario seconds may pass in a real one: more than two
// months in five minutes. Above it not even a script is in time.
const MaxSpeed = 20_000

// Errors of [Open] and [Exercise.Run], besides those of [app.Start].
var (
	// ErrOptions: the options do not go together.
	ErrOptions = errors.New("exercise")
	// ErrEnded: the exercise in the data folder is over.
	ErrEnded = errors.New("the exercise has ended")
	// ErrAnother: the data folder is that of another exercise.
	ErrAnother = errors.New("another exercise")
)

// Options are what an exercise is run with.
type Options struct {
	Scenario *scenario.Scenario
	// Config is that of [config.LoadExercise], or [config.Default]: the scenario's
	// entities take the place of those in it, and its Exercise.Slack is the only way
	// out of it that is used.
	Config *config.Config
	// Auto has scripted participants act.
	Auto bool
	// Speed is how many scenario seconds pass in a real one; 0 jumps over waits,
	// which takes Auto.
	Speed float64
	// Data is the data folder: a new one, or that of the same exercise, which goes
	// on.
	Data   string
	Listen string // host:port
	// Alertmanager is the base address of one that alerts are posted to, so that
	// they come back through its webhook; nil posts what it would.
	Alertmanager *url.URL
	Program      string // version
	// Last is the exercise before; nil for none. What is open in its remediation
	// register stands in this one's.
	Last *writeup.Machine
	// Plan are the house's plans that are tested, as files were when it began.
	Plan []scorecard.Document
	// Debrief opens one that has ended, for what people say of it.
	Debrief bool
	Logger  *slog.Logger
	Wall    func() time.Time // nil for [time.Now]
}

// check refuses options that do not go together.
func (o *Options) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrOptions, fmt.Sprintf(format, args...))
	}
	switch {
	case math.IsNaN(o.Speed) || o.Speed < 0 || o.Speed > MaxSpeed:
		return bad("speed %v is out of bounds: give scenario seconds in a real one, up to %d, such as 72, or max", o.Speed, MaxSpeed)
	case o.Speed == 0 && !o.Auto:
		return bad("at speed max nobody can follow: add --auto for a rehearsal with scripted participants, or give a speed such as 72")
	case o.Speed == 0 && o.Alertmanager != nil:
		return bad("--alertmanager needs a finite speed such as 72: Alertmanager waits in real time")
	case o.Auto && len(o.Scenario.Auto) == 0:
		return bad("scenario %s has no script for participants: run it with people", o.Scenario.Name)
	}
	return nil
}

// Exercise is one that runs. Its methods are safe for concurrent use.
type Exercise struct {
	o      Options
	clock  *Clock
	app    *app.App
	drill  *app.Exercise
	vendor standIns

	wake    chan struct{} // something was asked for
	telling sync.WaitGroup

	mu     sync.Mutex
	dir    string // of the present take
	rec    *record
	asked  *rewinding       // nil while nobody asked for one
	moving bool             // from one take to the next: there is no service
	failed map[string]error // why an inject could not be put in so far
}

// Open starts the service of a new exercise, or goes on with the one in the data
// folder. It ends with [Exercise.Close].
func Open(ctx context.Context, o Options) (*Exercise, error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	x := &Exercise{o: o, rec: newRecord(), wake: make(chan struct{}, 1), failed: map[string]error{}}
	if err := x.start(ctx); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// start starts the stand-ins and the service, and goes on where the journal ends.
// On error the caller closes x.
func (x *Exercise) start(ctx context.Context) (err error) {
	x.mu.Lock() // a page that is asked for meanwhile waits
	defer x.mu.Unlock()
	x.clock = NewClock(x.o.Wall, x.o.Speed, x.o.Scenario.Start)
	x.drill = &app.Exercise{Slack: x.o.Config.Exercise.Slack, Until: x.clock.Until, Jumps: x.o.Speed == 0, Out: x.out, Board: x}
	if x.drill.PagerDuty, err = x.vendor.startPager(); err != nil {
		return err
	}
	if x.o.Speed == 0 || x.drill.Slack == nil {
		if x.drill.Slack, err = x.vendor.startSlack(); err != nil {
			return err
		}
	}
	if err := x.serve(ctx); err != nil {
		return err
	}
	return x.begin(ctx)
}

// serve starts the service on the newest take. x.mu is held.
func (x *Exercise) serve(ctx context.Context) error {
	n, err := takes(x.o.Data)
	if err != nil {
		return err
	}
	x.dir = take(x.o.Data, n)
	cfg, err := x.settings()
	if err != nil {
		return err
	}
	if x.app, err = app.Start(ctx, app.Options{Config: cfg, Logger: x.o.Logger, Now: x.clock.Now, Version: x.o.Program, Exercise: x.drill}); err != nil {
		return err
	}
	if x.vendor.slack != nil {
		x.vendor.slack.SetCallback(x.app.URL()+"/webhook/slack/interactions", standInSecret)
	}
	return nil
}

// settings are those of the service: what the configuration says of the house,
// and the scenario's entities.
func (x *Exercise) settings() (*config.Config, error) {
	profile, err := x.o.Scenario.Config()
	if err != nil {
		return nil, err
	}
	c := *x.o.Config
	c.Entities, c.DataDir, c.Web.Listen = profile.Entities, x.dir, x.o.Listen
	return &c, nil
}

// out reports whether the scenario has the vendor not answer now.
func (x *Exercise) out(channel string) bool {
	offset := x.clock.Now().Sub(x.o.Scenario.Start)
	for _, i := range x.o.Scenario.Injects {
		if i.Kind == scenario.OutageInject && i.Outage.Vendor == channel && i.At <= offset && offset < i.At+i.Outage.Lasts {
			return true
		}
	}
	return false
}

// begin notes the start, or goes on where the journal ends. x.mu is held.
func (x *Exercise) begin(ctx context.Context) error {
	if err := x.rec.read(ctx, x.app); err != nil {
		return err
	}
	s, r := x.o.Scenario, x.rec
	if !r.begun {
		x.clock.Set(s.Start, x.o.Wall(), false)
		return x.note(ctx, incident.Person{By: incident.System}, stepStarted, "the exercise "+s.Title+" begins", x.plan())
	}
	switch {
	case r.over && !x.o.Debrief:
		return fmt.Errorf("%w: %s is that of one that ended; name another folder with --data", ErrEnded, x.o.Data)
	case r.SHA256 != s.SHA256 || r.Exercise.Scenario != s.Name:
		return fmt.Errorf("%w: %s was begun with another version of a scenario, %s: name another folder with --data", ErrAnother, x.o.Data, r.Exercise.Scenario)
	case r.Auto != x.o.Auto || r.Speed != x.o.Speed:
		return fmt.Errorf("%w: %s was begun %s: go on with it the same way, or name another folder with --data", ErrAnother, x.o.Data, manner(r.Auto, r.Speed))
	}
	switch {
	case r.over:
		x.clock.Set(r.Ended.Scenario, x.o.Wall(), true)
		return nil
	case x.o.Speed == 0:
		x.clock.Set(r.last, x.o.Wall(), false)
	default:
		x.clock.Set(r.anchor.Scenario, r.anchor.Real, r.paused)
	}
	return x.note(ctx, incident.Person{By: incident.System}, stepRestarted, "the program was started again in the middle", nil)
}

// manner says how an exercise was begun.
func manner(auto bool, speed float64) string {
	s := "with people"
	if auto {
		s = "with --auto"
	}
	if speed == 0 {
		return s + " at --speed max"
	}
	return fmt.Sprintf("%s at --speed %v", s, speed)
}

// plan is the record of an exercise that begins.
func (x *Exercise) plan() scorecard.Exercise {
	s := x.o.Scenario
	key := x.app.Journal().VerifierKey()
	e := scorecard.Exercise{
		ID: exerciseID(s.Name, key), Scenario: s.Name, Title: s.Title, SHA256: s.SHA256, Auto: x.o.Auto, Speed: x.o.Speed,
		Program: x.o.Program, Law: x.o.Config.Law.Digest(), Plan: x.o.Plan,
	}
	if x.o.Last != nil {
		e.Remediation = slices.DeleteFunc(slices.Clone(x.o.Last.Exercise.Remediation), func(m scorecard.Remedy) bool { return !m.Open() })
	}
	for _, r := range x.app.Runbooks().All() {
		e.Runbooks = append(e.Runbooks, scorecard.Document{
			Name: r.Name, Title: r.Title, Version: r.Reviewed.Format(time.DateOnly), SHA256: r.Digest, Overdue: r.Overdue(x.o.Wall()), Steps: len(r.Steps),
		})
	}
	return e
}

// exerciseID names an exercise: its scenario, and what is unique of the journal's
// key name, nis2clock-exercise/UNIQUE+….
func exerciseID(name, key string) string {
	from := len("nis2clock-exercise/")
	return name + "-" + key[from:from+8]
}

// note writes a step into the journal and takes it in. x.mu is held.
func (x *Exercise) note(ctx context.Context, by incident.Person, what, text string, data any) error {
	cmd := incident.NoteExercise{Person: by, What: what, Text: text, Real: x.o.Wall()}
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("note that the exercise %s: %w", what, err)
		}
		cmd.Data = raw
	}
	if _, err := x.app.Desk().Do(ctx, cmd); err != nil {
		return fmt.Errorf("note that the exercise %s: %w", what, err)
	}
	return x.rec.read(ctx, x.app)
}

// App is the service that the exercise runs on.
func (x *Exercise) App() *app.App { return x.app }

// Record is what was recorded so far. Where it has not ended, Ended is now.
func (x *Exercise) Record(ctx context.Context) (scorecard.Exercise, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.rec.read(ctx, x.app); err != nil {
		return scorecard.Exercise{}, err
	}
	return x.recorded(), nil
}

// recorded is Record of what is read, with x.mu held.
func (x *Exercise) recorded() scorecard.Exercise {
	e := x.rec.exercise()
	if !x.rec.over {
		e.Ended = x.rec.moment(x.clock.Now())
	}
	head := x.app.Journal().Head()
	e.Journal = scorecard.Head{Size: head.Size, Root: head.Root.String()}
	e.Injects = slices.Clone(e.Injects)
	for n := range e.Injects {
		if i, ok := x.o.Scenario.Inject(e.Injects[n].ID); ok {
			e.Injects[n].Incidents = x.openedBy(i)
		}
	}
	e.Runbooks = slices.Clone(e.Runbooks)
	for n := range e.Runbooks {
		e.Runbooks[n].Followed = followed(e.Actions, e.Runbooks[n].Name)
	}
	return e
}

// followed counts the steps of a runbook that were ticked.
func followed(all []scorecard.Action, runbook string) (n int) {
	steps := map[string]bool{}
	for _, a := range all {
		if a.Do == scenario.Tick && a.Runbook == runbook && !a.Undone && !steps[a.What] {
			steps[a.What] = true
			n++
		}
	}
	return n
}

// Incidents are those of the exercise as they stand.
func (x *Exercise) Incidents() (out []incident.View) {
	now := x.clock.Now()
	x.app.Desk().View(func(s *incident.State) {
		for _, id := range s.IDs() {
			i, _ := s.Incident(id)
			out = append(out, i.View(now))
		}
	})
	return out
}

// Close ends the service. An exercise that has not ended can be gone on with.
func (x *Exercise) Close() error {
	x.telling.Wait()
	var errs []error
	if x.app != nil {
		errs = append(errs, x.app.Stop())
	}
	return errors.Join(append(errs, x.vendor.stop())...)
}
