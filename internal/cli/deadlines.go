package cli

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"nis2clock/internal/cli/deadline"
	"nis2clock/internal/config"
	"nis2clock/internal/regime"
)

// deadlinesCmd asks with flags or, with --facts or --check, with a file of vectors; never with both.
// A flag is a pointer where an empty value, as of an unset variable of a shell, must not pass for no flag.
type deadlinesCmd struct {
	Ask deadlinesFlags `embed:""`

	Facts  *string `help:"Ask with every vector of a YAML file." placeholder:"FILE"`
	Check  *string `help:"Compare the answers with the due instants in a file of vectors and print each difference; without --facts, the file's own vectors are asked." placeholder:"FILE"`
	Config *string `help:"Configuration file whose regimes count too." placeholder:"FILE"`
	Law    *string `help:"Folder of regimes and Member States that add to the built-in ones or override them." placeholder:"DIR"`
	JSON   bool    `name:"json" help:"Print JSON."`
}

// deadlinesFlags is [deadline.Flags] on the command line.
type deadlinesFlags struct {
	Detected            *string  `help:"When the incident was detected: RFC 3339 with offset, as in 2026-11-10T12:17:00+01:00." placeholder:"T"`
	Aware               *string  `help:"When the entity became aware that it is significant; else clocks run from detection." placeholder:"T"`
	Handled             *string  `help:"When the handling of the incident ended." placeholder:"T"`
	ImpactEnded         *string  `help:"When its impact ended; Portugal wants a report then." placeholder:"T"`
	Classified          *string  `help:"When it was classified as major; DORA counts from it." placeholder:"T"`
	FixAvailable        *string  `help:"When a corrective or mitigating measure was available; the CRA counts from it." placeholder:"T"`
	RequestedBy         *string  `help:"Date by which an authority has asked for an intermediate report." placeholder:"T"`
	AwareFor            []string `help:"When the entity became aware of what one regime is about, as in gdpr=2026-11-12T09:00:00+01:00, where that is not --aware; repeatable." sep:"none" placeholder:"REGIME=T"`
	Regime              []string `help:"Body of law; repeatable. Default: nis2." sep:"none" placeholder:"ID"`
	MemberState         *string  `help:"State whose authority receives the report, as in DE: applies its overlay, its time zone and its public holidays." placeholder:"STATE"`
	Region              *string  `help:"Part of that State where the authority lies, as in DE-NW: its own holidays count too." placeholder:"CODE"`
	TZ                  *string  `name:"tz" help:"Zone of that authority, as in Europe/Berlin; wins over --member-state." placeholder:"ZONE"`
	Entity              *string  `help:"Kind of entity, where the law treats it differently: trust-service-provider." placeholder:"KIND"`
	AffectsTrustService bool     `help:"The incident affects the provision of its trust services."`
	NoWeekendRelief     bool     `help:"DORA's relief for weekends is not for this entity: a credit institution, central counterparty, operator of a trading venue, or an entity under NIS2."`
	Submitted           []string `help:"First submission of a report, as in notification=2026-11-12T09:00:00+01:00; repeatable." sep:"none" placeholder:"STAGE=T"`
	Holiday             []string `help:"Public holiday at the authority, YYYY-MM-DD; repeatable." sep:"none" placeholder:"DATE"`
}

// Run implements the verb.
func (c *deadlinesCmd) Run(env *Env) error {
	law, err := c.law(env)
	if err != nil {
		return err
	}
	if c.Facts != nil || c.Check != nil {
		if !reflect.ValueOf(c.Ask).IsZero() {
			return usage("--facts and --check bring their own facts: leave out all other flags but --law, --config and --json")
		}
		return c.vectors(env, law)
	}
	f := c.Ask
	q, err := deadline.Flags{
		Detected: f.Detected, Aware: f.Aware, Handled: f.Handled,
		ImpactEnded: f.ImpactEnded, Classified: f.Classified, FixAvailable: f.FixAvailable, RequestedBy: f.RequestedBy,
		Regimes: f.Regime, MemberState: f.MemberState, Region: f.Region, TZ: f.TZ,
		Entity: f.Entity, AffectsTrustService: f.AffectsTrustService, NoWeekendRelief: f.NoWeekendRelief,
		AwareFor: f.AwareFor, Submitted: f.Submitted, Holidays: f.Holiday,
		Today: regime.DateOf(env.Now()),
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

// law is the law to count by: the built-in one, with the operator's folders if some are given.
func (c *deadlinesCmd) law(env *Env) (*regime.Set, error) {
	base := regime.Builtin()
	if c.Config != nil {
		cfg, err := config.Load(*c.Config, env.Getenv)
		if err != nil {
			return nil, joinLines(err)
		}
		base = cfg.Law
	}
	if c.Law == nil {
		return base, nil
	}
	law, err := base.With(os.DirFS(*c.Law))
	if err != nil {
		return nil, fmt.Errorf("--law %s: %s", *c.Law, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return law, nil
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
