package deadline

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/holidays"
	"nis2clock/internal/regime"
)

// Flags is a question as the command line puts it. A nil pointer is a flag that was not given; a flag given an empty
// value, as by an unset variable of a shell, is refused and not taken for absent.
type Flags struct {
	Detected, Aware, Handled              *string // T: RFC 3339 with offset
	ImpactEnded, Classified, FixAvailable *string // likewise
	RequestedBy                           *string // likewise: the date that an authority's request sets

	Regimes     []string // none is nis2
	MemberState *string  // ISO 3166-1 alpha-2; applies the State's overlay, zone and holidays
	Region      *string  // ISO 3166-2: of its part where the authority lies
	TZ          *string  // IANA name; wins over MemberState

	Entity              *string // trust-service-provider
	AffectsTrustService bool
	NoWeekendRelief     bool // Delegated Regulation (EU) 2025/301 Art. 5(5)

	AwareFor  []string // REGIME=T
	Submitted []string // STAGE=T or REGIME/STAGE=T
	Holidays  []string // YYYY-MM-DD

	// Today is the day on which the question is asked, to judge the age of the data by; zero leaves that out.
	Today regime.Date
}

// defaultRegime is asked for when none is named.
const defaultRegime regime.ID = "nis2"

// Question reads the flags. The error names the flag, what is wrong with it and how to mend it; it is an
// [UnsupportedError] if only the law is missing.
func (f Flags) Question(law *regime.Set) (Question, error) {
	var q Question
	for _, read := range []func(Flags, *regime.Set, *Question) error{
		Flags.state, Flags.regimes, Flags.age, Flags.instants, Flags.entity, Flags.place, Flags.awareFor, Flags.submissions,
	} {
		if err := read(f, law, &q); err != nil {
			return Question{}, err
		}
	}
	return q, nil
}

func (f Flags) state(law *regime.Set, q *Question) error {
	if f.MemberState == nil {
		if f.Region != nil {
			return errors.New("--region: needs --member-state, the State that it is a part of")
		}
		return nil
	}
	q.MemberState = strings.ToUpper(*f.MemberState)
	s, ok := law.State(q.MemberState)
	if !ok {
		var known []string
		for _, s := range law.States() {
			known = append(known, s.Code)
		}
		return fmt.Errorf("--member-state: unknown State %q: want one of %s", *f.MemberState, strings.Join(known, " "))
	}
	q.State = &s
	calendar, ok := holidays.Builtin().Calendar(s.Holidays)
	if !ok {
		q.Warnings = append(q.Warnings, "no public holidays of "+s.Name+" are known: give them with --holiday")
		return nil
	}
	if f.Region != nil {
		if calendar, ok = calendar.In(strings.ToUpper(*f.Region)); !ok {
			return fmt.Errorf("--region: no holidays of %q are known: leave it out, or want one of %s", *f.Region, strings.Join(calendar.Regions(), " "))
		}
	}
	q.Calendar = &calendar
	return nil
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
		if q.State != nil {
			if there, ok := law.In(r.ID, q.State.Code); ok {
				r = there
			}
		}
		q.Regimes = append(q.Regimes, r)
	}
	if err := sameNames(q.Regimes); err != nil {
		return fmt.Errorf("--regime: %w", err)
	}
	return nil
}

// age warns of law that nobody has compared with its act for more than a year.
func (f Flags) age(_ *regime.Set, q *Question) error {
	if (f.Today == regime.Date{}) {
		return nil
	}
	limit := f.Today
	limit.Year--
	stale := func(what, reviewed string) {
		if reviewed < limit.String() { // both are YYYY-MM-DD
			q.Warnings = append(q.Warnings, fmt.Sprintf("the data of %s was last reviewed on %s, more than a year ago", what, reviewed))
		}
	}
	for _, r := range q.Regimes {
		stale(r.Title, r.Reviewed)
	}
	if q.State != nil {
		stale(q.State.Name, q.State.Reviewed)
	}
	return nil
}

func (f Flags) instants(_ *regime.Set, q *Question) error {
	var requestedBy time.Time
	for _, flag := range []struct {
		name  string
		value *string
		into  *time.Time
	}{
		{"--detected", f.Detected, &q.Facts.DetectedAt},
		{"--aware", f.Aware, &q.Facts.AwareAt},
		{"--handled", f.Handled, &q.Facts.HandledAt},
		{"--impact-ended", f.ImpactEnded, &q.Facts.ImpactEndedAt},
		{"--classified", f.Classified, &q.Facts.ClassifiedAt},
		{"--fix-available", f.FixAvailable, &q.Facts.FixAvailableAt},
		{"--requested-by", f.RequestedBy, &requestedBy},
	} {
		if flag.value == nil {
			continue
		}
		at, err := regime.ParseInstant(*flag.value)
		if err != nil {
			return fmt.Errorf("%s: %w", flag.name, err)
		}
		*flag.into = at
	}
	if !requestedBy.IsZero() {
		q.Facts.Requests = []regime.Request{{DueAt: requestedBy}}
	}
	if f.Detected == nil && f.Aware == nil {
		return errors.New("--detected is missing: say when the incident was detected, as in --detected " + regime.Sample)
	}
	return nil
}

func (f Flags) entity(_ *regime.Set, q *Question) error {
	q.Facts.AffectsTrustService = f.AffectsTrustService
	q.Facts.WeekendReliefExcluded = f.NoWeekendRelief
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
	switch {
	case f.TZ != nil:
		zone = *f.TZ
	case q.State != nil:
		zone = q.State.Zone
	default:
		q.Warnings = append(q.Warnings, "counted in UTC: give --member-state or --tz, the zone of the authority that "+
			"receives the report decides on which day a month begins and ends")
	}
	loc, err := regime.ParseZone(zone)
	if err != nil {
		return fmt.Errorf("--tz: %w", err)
	}
	q.Place = regime.Place{Zone: loc, Holidays: regime.Holidays{}}
	first, last := q.years()
	if q.Calendar != nil {
		q.Place.Holidays = q.Calendar.Holidays(first, last)
		q.Warnings = append(q.Warnings, q.Calendar.About(first, f.Today)...)
	}
	if s := q.State; s != nil && s.Since != "" {
		began := q.Facts.DetectedAt
		if began.IsZero() {
			began = q.Facts.AwareAt
		}
		if began.In(loc).Format(time.DateOnly) < s.Since {
			q.Warnings = append(q.Warnings, fmt.Sprintf("%s of %s holds since %s, and this incident is older: check which law it falls under", s.Act, s.Code, s.Since))
		}
	}
	for _, s := range f.Holidays {
		day, err := regime.ParseDay(s)
		if err != nil {
			return fmt.Errorf("--holiday: %w", err)
		}
		if day.Year < first || day.Year > last {
			return fmt.Errorf("--holiday: %s lies outside the years %d to %d, in which these periods end: check the year", s, first, last)
		}
		if _, known := q.Place.Holidays[day]; !known {
			q.Place.Holidays[day] = ""
		}
		q.Given = append(q.Given, day)
	}
	return nil
}

// requestedBy is the date that an authority has set for a report, zero if it has set none.
func (q *Question) requestedBy() time.Time {
	if len(q.Facts.Requests) == 0 {
		return time.Time{}
	}
	return q.Facts.Requests[0].DueAt
}

// years are those in which the periods of the incident can end: from its first fact to some years after its last.
func (q *Question) years() (first, last int) {
	const after = 3
	f := q.Facts
	for _, at := range []time.Time{f.DetectedAt, f.AwareAt, f.HandledAt, f.ImpactEndedAt, f.ClassifiedAt, f.FixAvailableAt, q.requestedBy()} {
		if at.IsZero() {
			continue
		}
		year := at.In(q.Place.Zone).Year()
		if first == 0 || year < first {
			first = year
		}
		last = max(last, year)
	}
	return first, last + after
}

func (f Flags) awareFor(_ *regime.Set, q *Question) error {
	q.AwareFor = map[regime.ID]time.Time{}
	for _, s := range f.AwareFor {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--aware-for: %q: want REGIME=T, as in gdpr=%s", s, regime.Sample)
		}
		if _, err := q.asked("--aware-for", name); err != nil {
			return err
		}
		at, err := regime.ParseInstant(value)
		if err != nil {
			return fmt.Errorf("--aware-for %s: %w", name, err)
		}
		if _, twice := q.AwareFor[regime.ID(name)]; twice {
			return fmt.Errorf("--aware-for %s: given twice: give the one that counts", name)
		}
		q.AwareFor[regime.ID(name)] = at
	}
	return nil
}

// asked is the regime of that name among those asked for.
func (q *Question) asked(flag, name string) (regime.Regime, error) {
	for _, r := range q.Regimes {
		if string(r.ID) == name {
			return r, nil
		}
	}
	return regime.Regime{}, fmt.Errorf("%s: %s is not asked for: add --regime %s, or leave this out", flag, name, name)
}

func (f Flags) submissions(_ *regime.Set, q *Question) error {
	q.Submitted = map[regime.ID]map[regime.StageID]regime.Submission{}
	for _, s := range f.Submitted {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--submitted: %q: want STAGE=T, as in early_warning=%s", s, regime.Sample)
		}
		id, stage := string(defaultRegime), name
		if len(q.Regimes) == 1 {
			id = string(q.Regimes[0].ID)
		}
		if of, rest, ok := strings.Cut(name, "/"); ok {
			id, stage = of, rest
		}
		r, err := q.asked("--submitted "+name, id)
		if err != nil {
			return err
		}
		if _, ok := r.Stage(regime.StageID(stage)); !ok {
			var stages []string
			for _, s := range r.Stages {
				stages = append(stages, string(s.ID))
			}
			return fmt.Errorf("--submitted: unknown stage %q of %s: want one of %s", stage, id, strings.Join(stages, ", "))
		}
		at, err := regime.ParseInstant(value)
		if err != nil {
			return fmt.Errorf("--submitted %s: %w", name, err)
		}
		if _, twice := q.Submitted[r.ID][regime.StageID(stage)]; twice {
			return fmt.Errorf("--submitted %s: given twice: give the first submission only, sending a report again moves no clock", name)
		}
		q.submit(r.ID, regime.StageID(stage), at)
	}
	return nil
}

// submit records a submission. One instant stands for both the log and the receipt.
func (q *Question) submit(id regime.ID, stage regime.StageID, at time.Time) {
	if q.Submitted[id] == nil {
		q.Submitted[id] = map[regime.StageID]regime.Submission{}
	}
	q.Submitted[id][stage] = regime.Submission{LoggedAt: at, ReceivedAt: at}
}

// sorted is the dates of holidays, each once.
func sorted(days []regime.Date) []regime.Date {
	once := map[regime.Date]bool{}
	for _, d := range days {
		once[d] = true
	}
	return slices.SortedFunc(maps.Keys(once), regime.Date.Compare)
}
