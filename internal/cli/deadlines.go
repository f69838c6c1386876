package cli

import (
	"errors"
	"fmt"
	"os"
	"reflect"

	"nis2clock/internal/cli/deadline"
	"nis2clock/internal/regime"
)

// deadlinesCmd asks with flags or, with --facts or --check, with a file of vectors; never with both.
// A flag is a pointer where an empty value, as of an unset variable of a shell, must not pass for no flag.
type deadlinesCmd struct {
	Ask deadlinesFlags `embed:""`

	Facts *string `help:"Ask with every vector of a YAML file." placeholder:"FILE"`
	Check *string `help:"Compare the answers with the due instants in a file of vectors and print each difference; without --facts, the file's own vectors are asked." placeholder:"FILE"`
	JSON  bool    `name:"json" help:"Print JSON."`
}

// deadlinesFlags is [deadline.Flags] on the command line.
type deadlinesFlags struct {
	Detected            *string  `help:"When the incident was detected: RFC 3339 with offset, as in 2026-11-10T12:17:00+01:00." placeholder:"T"`
	Aware               *string  `help:"When the entity became aware that it is significant; else clocks run from detection." placeholder:"T"`
	Handled             *string  `help:"When the handling of the incident ended." placeholder:"T"`
	Regime              []string `help:"Body of law; repeatable. Default: nis2." sep:"none" placeholder:"ID"`
	MemberState         *string  `help:"State whose authority receives the report, as in DE: chooses the time zone. Its overlay is not applied." placeholder:"STATE"`
	TZ                  *string  `name:"tz" help:"Zone of that authority, as in Europe/Berlin; wins over --member-state." placeholder:"ZONE"`
	Entity              *string  `help:"Kind of entity, where the law treats it differently: trust-service-provider." placeholder:"KIND"`
	AffectsTrustService bool     `help:"The incident affects the provision of its trust services."`
	Submitted           []string `help:"First submission of a report, as in notification=2026-11-12T09:00:00+01:00; repeatable." sep:"none" placeholder:"STAGE=T"`
	Holiday             []string `help:"Public holiday at the authority, YYYY-MM-DD; repeatable." sep:"none" placeholder:"DATE"`

	ImpactEnded  *string `hidden:"" placeholder:"T"`
	Classified   *string `hidden:"" placeholder:"T"`
	FixAvailable *string `hidden:"" placeholder:"T"`
}

// Run implements the verb.
func (c *deadlinesCmd) Run(env *Env) error {
	law := regime.Builtin()
	if c.Facts != nil || c.Check != nil {
		if !reflect.ValueOf(c.Ask).IsZero() {
			return usage("--facts and --check bring their own facts: leave out all other flags but --json")
		}
		return c.vectors(env, law)
	}
	f := c.Ask
	q, err := deadline.Flags{
		Detected: f.Detected, Aware: f.Aware, Handled: f.Handled,
		Regimes: f.Regime, MemberState: f.MemberState, TZ: f.TZ,
		Entity: f.Entity, AffectsTrustService: f.AffectsTrustService,
		Submitted: f.Submitted, Holidays: f.Holiday,
		ImpactEnded: f.ImpactEnded, Classified: f.Classified, FixAvailable: f.FixAvailable,
	}.Question(law)
	if _, ok := errors.AsType[*deadline.UnsupportedError](err); ok {
		return err
	}
	if err != nil {
		return usage("%w", err)
	}
	if c.JSON {
		return q.Answer().WriteJSON(env.Stdout)
	}
	return deadline.WriteText(env.Stdout, q.Answer())
}

// vectors answers what can be answered. What cannot is named in the error.
func (c *deadlinesCmd) vectors(env *Env, law *regime.Set) error {
	name := c.Facts
	if name == nil {
		name = c.Check
	}
	asked, err := readVectors(*name, law)
	if err != nil {
		return err
	}
	var answers []deadline.Answer
	for _, v := range asked {
		if v.Needs == "" {
			answers = append(answers, v.Answer())
		}
	}
	switch {
	case c.JSON:
		err = deadline.WriteJSON(env.Stdout, answers)
	case c.Check == nil && len(answers) > 0:
		err = deadline.WriteText(env.Stdout, answers...)
	}
	if err != nil {
		return err
	}
	agree := true
	if c.Check != nil {
		if agree, err = c.compare(env, law, answers); err != nil {
			return err
		}
	}
	if err := deadline.Unsupported(*name, asked, law); err != nil {
		return err
	}
	if !agree {
		return &exitError{code: 1}
	}
	return nil
}

// compare prints each difference: to stdout, or to stderr if JSON stands there.
func (c *deadlinesCmd) compare(env *Env, law *regime.Set, answers []deadline.Answer) (agree bool, err error) {
	with, err := readVectors(*c.Check, law)
	if err != nil {
		return false, err
	}
	differences, err := deadline.Check(answers, with)
	if err != nil {
		return false, err
	}
	out := env.Stdout
	if c.JSON {
		out = env.Stderr
	}
	for _, d := range differences {
		fmt.Fprintln(out, d)
	}
	fmt.Fprintf(out, "%s: %d vectors computed, %d differences\n", *c.Check, len(answers), len(differences))
	return len(differences) == 0, nil
}

func readVectors(name string, law *regime.Set) ([]deadline.Vector, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, usage("read vectors: %w", err)
	}
	return deadline.ReadVectors(name, data, law)
}
