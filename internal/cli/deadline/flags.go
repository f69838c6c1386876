package deadline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// Flags is a question as the command line puts it. A nil pointer is a flag that was not given; a flag given an empty
// value, as by an unset variable of a shell, is refused and not taken for absent.
type Flags struct {
	Detected, Aware, Handled *string // T: RFC 3339 with offset

	Regimes     []string // none is nis2
	MemberState *string  // ISO 3166-1 alpha-2; chooses the zone of the State's capital
	TZ          *string  // IANA name; wins over MemberState

	Entity              *string // trust-service-provider
	AffectsTrustService bool

	Submitted []string // STAGE=T or REGIME/STAGE=T
	Holidays  []string // YYYY-MM-DD

	// Not supported: regimes and overlays that are counted from these are not built in.
	ImpactEnded, Classified, FixAvailable *string
}

// defaultRegime is asked for when none is named.
const defaultRegime regime.ID = "nis2"

// Question reads the flags. The error names the flag, what is wrong with it and how to mend it; it is an
// [UnsupportedError] if only the law is missing.
func (f Flags) Question(law *regime.Set) (Question, error) {
	for _, absent := range []struct {
		name  string
		value *string
	}{{"--impact-ended", f.ImpactEnded}, {"--classified", f.Classified}, {"--fix-available", f.FixAvailable}} {
		if absent.value != nil {
			return Question{}, unsupported(law, "leave %s out", absent.name)
		}
	}
	var q Question
	for _, read := range []func(Flags, *regime.Set, *Question) error{
		Flags.regimes, Flags.instants, Flags.entity, Flags.place, Flags.submissions,
	} {
		if err := read(f, law, &q); err != nil {
			return Question{}, err
		}
	}
	return q, nil
}

func (f Flags) regimes(law *regime.Set, q *Question) error {
	names := f.Regimes
	if len(names) == 0 {
		names = []string{string(defaultRegime)}
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		r, ok := law.Regime(regime.ID(name))
		if !ok {
			return unsupported(law, "leave --regime %q out", name)
		}
		q.Regimes = append(q.Regimes, r)
	}
	return nil
}

func (f Flags) instants(_ *regime.Set, q *Question) error {
	for _, flag := range []struct {
		name  string
		value *string
		into  *time.Time
	}{
		{"--detected", f.Detected, &q.Facts.DetectedAt},
		{"--aware", f.Aware, &q.Facts.AwareAt},
		{"--handled", f.Handled, &q.Facts.HandledAt},
	} {
		if flag.value == nil {
			continue
		}
		at, err := ParseInstant(*flag.value)
		if err != nil {
			return fmt.Errorf("%s: %w", flag.name, err)
		}
		*flag.into = at
	}
	if f.Detected == nil && f.Aware == nil {
		return errors.New("--detected is missing: say when the incident was detected, as in --detected " + sample)
	}
	return nil
}

func (f Flags) entity(_ *regime.Set, q *Question) error {
	q.Facts.AffectsTrustService = f.AffectsTrustService
	if f.Entity != nil {
		q.Facts.Entity = regime.EntityKind(strings.ReplaceAll(*f.Entity, "-", "_"))
		if q.Facts.Entity != regime.TrustServiceProvider {
			return fmt.Errorf("--entity: unknown kind %q: want trust-service-provider, or leave it out for any other", *f.Entity)
		}
	}
	if f.AffectsTrustService && f.Entity == nil {
		q.Warnings = append(q.Warnings, "--affects-trust-service changes nothing without --entity trust-service-provider")
	}
	return nil
}

func (f Flags) place(_ *regime.Set, q *Question) error {
	zone := "UTC"
	if f.MemberState != nil {
		q.MemberState = strings.ToUpper(*f.MemberState)
		capital, ok := regime.ZoneOf(q.MemberState)
		if !ok {
			return fmt.Errorf("--member-state: unknown State %q: want one of %s", *f.MemberState, strings.Join(regime.MemberStates(), " "))
		}
		zone = capital
		q.Warnings = append(q.Warnings, "overlay not applied: --member-state chose only the time zone, and the national rules of "+
			q.MemberState+" may be stricter than the regime counted here")
	}
	if f.TZ != nil {
		zone = *f.TZ
	}
	loc, err := ParseZone(zone)
	if err != nil {
		return fmt.Errorf("--tz: %w", err)
	}
	if f.MemberState == nil && f.TZ == nil {
		q.Warnings = append(q.Warnings, "counted in UTC: give --member-state or --tz, the zone of the authority that "+
			"receives the report decides on which day a month begins and ends")
	}
	q.Place.Zone = loc
	q.Place.Holidays = regime.Holidays{}
	for _, s := range f.Holidays {
		day, err := ParseDay(s)
		if err != nil {
			return fmt.Errorf("--holiday: %w", err)
		}
		q.Place.Holidays[day] = ""
	}
	return nil
}

func (f Flags) submissions(law *regime.Set, q *Question) error {
	q.Facts.Submitted = map[regime.StageID]regime.Submission{}
	for _, s := range f.Submitted {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--submitted: %q: want STAGE=T, as in early_warning=%s", s, sample)
		}
		id, stage := string(defaultRegime), name
		if of, rest, ok := strings.Cut(name, "/"); ok {
			id, stage = of, rest
		}
		r, ok := law.Regime(regime.ID(id))
		if !ok {
			return unsupported(law, "leave --submitted %s out", name)
		}
		if _, ok := r.Stage(regime.StageID(stage)); !ok {
			var stages []string
			for _, s := range r.Stages {
				stages = append(stages, string(s.ID))
			}
			return fmt.Errorf("--submitted: unknown stage %q of %s: want one of %s", stage, id, strings.Join(stages, ", "))
		}
		at, err := ParseInstant(value)
		if err != nil {
			return fmt.Errorf("--submitted %s: %w", name, err)
		}
		if _, twice := q.Facts.Submitted[regime.StageID(stage)]; twice {
			return fmt.Errorf("--submitted %s: given twice: give the first submission only, sending a report again moves no clock", name)
		}
		q.Facts.Submitted[regime.StageID(stage)] = submitted(at)
	}
	return nil
}

// submitted is one instant that stands for both the log and the receipt.
func submitted(at time.Time) regime.Submission {
	return regime.Submission{LoggedAt: at, ReceivedAt: at}
}
