package deadline

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/regime"
)

func baseline() Flags {
	return Flags{Detected: new("2026-11-10T12:17:00+01:00"), MemberState: new("BE")}
}

func TestFlagsRefused(t *testing.T) {
	for _, test := range []struct {
		name        string
		flags       Flags
		want        string
		unsupported bool
	}{
		{"nothing", Flags{}, "--detected is missing", false},
		{"handled alone", Flags{Handled: new("2026-11-10T12:17:00Z")}, "--detected is missing", false},
		{"no offset", Flags{Detected: new("2026-11-10T12:17:00")}, "--detected: ", false},
		{"empty", Flags{Detected: new("2026-11-10T12:17:00Z"), Aware: new("")}, `--aware: "" is not`, false},
		{"handled", with(func(f *Flags) { f.Handled = new("x") }), "--handled: ", false},
		{"unknown State", with(func(f *Flags) { f.MemberState = new("EL") }), `--member-state: unknown State "EL": want one of AT BE`, false},
		{"empty State", with(func(f *Flags) { f.MemberState = new("") }), "--member-state: ", false},
		{"unknown zone", with(func(f *Flags) { f.TZ = new("Europe/Brusels") }), "--tz: unknown zone", false},
		{"empty zone", with(func(f *Flags) { f.TZ = new("") }), "--tz: unknown zone", false},
		{"unknown entity", with(func(f *Flags) { f.Entity = new("bank") }), `--entity: unknown kind "bank"`, false},
		{"holiday", with(func(f *Flags) { f.Holidays = []string{"2026-12-32"} }), "--holiday: there is no day", false},
		{"submission without =", with(func(f *Flags) { f.Submitted = []string{"early_warning"} }), "want STAGE=T", false},
		{"unknown stage", with(func(f *Flags) { f.Submitted = []string{"warning=2026-11-10T12:17:00Z"} }),
			`unknown stage "warning" of nis2: want one of early_warning, notification, intermediate_report, progress_report, final_report`, false},
		{"bad submission", with(func(f *Flags) { f.Submitted = []string{"notification=12:17"} }), "--submitted notification: ", false},
		{"submission twice", with(func(f *Flags) {
			f.Submitted = []string{"notification=2026-11-10T12:17:00Z", "nis2/notification=2026-11-10T12:18:00Z"}
		}), "given twice", false},

		{"stage of a regime not asked for", with(func(f *Flags) { f.Submitted = []string{"gdpr/notification=2026-11-10T12:17:00Z"} }),
			"--submitted gdpr/notification: gdpr is not asked for: add --regime gdpr", false},
		{"stage of another State", with(func(f *Flags) { f.Submitted = []string{"end_of_impact_notification=2026-11-10T12:17:00Z"} }),
			`unknown stage "end_of_impact_notification" of nis2`, false},
		{"impact", with(func(f *Flags) { f.ImpactEnded = new("yesterday") }), "--impact-ended: ", false},
		{"classified", with(func(f *Flags) { f.Classified = new("12:17") }), "--classified: ", false},
		{"fix", with(func(f *Flags) { f.FixAvailable = new("") }), "--fix-available: ", false},
		{"request", with(func(f *Flags) { f.RequestedBy = new("2026-12-01") }), "--requested-by: ", false},
		{"awareness of what", with(func(f *Flags) { f.AwareFor = []string{"2026-11-10T12:17:00Z"} }), "want REGIME=T", false},
		{"awareness for a regime not asked for", with(func(f *Flags) { f.AwareFor = []string{"gdpr=2026-11-10T12:17:00Z"} }), "--aware-for: gdpr is not asked for", false},
		{"awareness twice", with(func(f *Flags) {
			f.AwareFor = []string{"nis2=2026-11-10T12:17:00Z", "nis2=2026-11-10T12:18:00Z"}
		}), "given twice", false},
		{"bad awareness", with(func(f *Flags) { f.AwareFor = []string{"nis2=now"} }), "--aware-for nis2: ", false},
		{"region without State", with(func(f *Flags) { f.MemberState, f.Region = nil, new("DE-NW") }), "--region: needs --member-state", false},
		{"region of another State", with(func(f *Flags) { f.Region = new("DE-NW") }), `--region: no holidays of "DE-NW" are known`, false},
		{"holidays of last year", with(func(f *Flags) { f.Holidays = []string{"2025-12-25"} }), "--holiday: 2025-12-25 lies outside the years 2026 to 2029", false},
		{"holidays of another decade", with(func(f *Flags) { f.Holidays = []string{"2036-12-25"} }), "--holiday: 2036-12-25 lies outside", false},
		{"clocks of one name", with(func(f *Flags) { f.Regimes = []string{"cra_vulnerability", "cra_severe_incident"} }), "both have a clock called cra_early_warning", false},

		{"regime", with(func(f *Flags) { f.Regimes = []string{"nis2", "nis3"} }), `--regime "nis3"`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.flags.Question(regime.Builtin())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %v, want one line with %q", err, test.want)
			}
			_, unsupported := errors.AsType[*UnsupportedError](err)
			if unsupported != test.unsupported {
				t.Errorf("got unsupported %v, want %v: %v", unsupported, test.unsupported, err)
			}
			if unsupported && !strings.Contains(err.Error(), "the regimes known are cer, cra_severe_incident, cra_vulnerability, dora, eidas, gdpr, nis2") {
				t.Errorf("%v does not say what is known", err)
			}
		})
	}
}

func with(change func(*Flags)) Flags {
	f := baseline()
	change(&f)
	return f
}

func TestFlagsZone(t *testing.T) {
	for _, test := range []struct {
		name  string
		flags Flags
		zone  string
	}{
		{"of the State", baseline(), "Europe/Brussels"},
		{"State in lower case", with(func(f *Flags) { f.MemberState = new("pt") }), "Europe/Lisbon"},
		{"given", with(func(f *Flags) { f.TZ = new("Atlantic/Azores") }), "Atlantic/Azores"},
		{"neither", with(func(f *Flags) { f.MemberState = nil }), "UTC"},
	} {
		q, err := test.flags.Question(regime.Builtin())
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Place.Zone.String(); got != test.zone {
			t.Errorf("%s: got zone %s, want %s", test.name, got, test.zone)
		}
	}
}

func TestWarnings(t *testing.T) {
	const utc = "counted in UTC"
	for _, test := range []struct {
		name  string
		flags Flags
		want  []string // the beginnings
	}{
		{"State", baseline(), nil},
		{"zone alone", with(func(f *Flags) { f.MemberState, f.TZ = nil, new("Europe/Brussels") }), nil},
		{"no zone", with(func(f *Flags) { f.MemberState = nil }), []string{utc}},
		{"trust service of no provider", with(func(f *Flags) { f.AffectsTrustService = true }), []string{"--affects-trust-service changes nothing"}},
		{"submitted at detection", with(func(f *Flags) { f.Submitted = []string{"early_warning=2026-11-10T12:17:00+01:00"} }), nil},
		{"submitted before detection", with(func(f *Flags) { f.Submitted = []string{"early_warning=2025-11-10T12:17:00Z"} }),
			[]string{"the early warning was submitted before the incident was detected"}},
		{"submitted after awareness that came before detection", with(func(f *Flags) {
			f.Aware, f.Submitted = new("2026-11-10T09:00:00+01:00"), []string{"early_warning=2026-11-10T10:00:00+01:00"}
		}), nil},
		{"a report that is not owed", with(func(f *Flags) { f.Submitted = []string{"progress_report=2026-12-10T12:17:00Z"} }),
			[]string{"a progress report was submitted, but on these facts none is owed"}},
		{"handled before detection", with(func(f *Flags) { f.Handled = new("2026-11-10T12:16:59+01:00") }),
			[]string{"the handling ended before the incident was detected"}},
		{"impact ended and classified before detection", with(func(f *Flags) {
			f.ImpactEnded, f.Classified = new("2026-11-10T12:16:59+01:00"), new("2026-11-10T12:16:59+01:00")
		}), []string{"the impact ended before the incident", "the incident was classified before the incident"}},
		{"NIS2 beside DORA", with(func(f *Flags) { f.Regimes = []string{"nis2", "dora"} }),
			[]string{"an entity that reports under DORA does not report under NIS2, Directive (EU) 2022/2555 Art. 4"}},
		{"DORA beside GDPR", with(func(f *Flags) { f.Regimes = []string{"gdpr", "dora"} }), nil},
		{"a day that may be taken for a holiday", with(func(f *Flags) {
			f.MemberState, f.Submitted = new("AT"), []string{"notification=2026-11-24T12:17:00+01:00"}
		}), []string{"2026-12-24 Christmas Eve: not counted as a public holiday"}},
		{"holidays that are not sure", with(func(f *Flags) { f.MemberState = new("GR") }), []string{"confidence in the holidays of Greece is medium", "may change: "}},
		{"an incident older than the act", with(func(f *Flags) { f.Detected, f.MemberState = new("2026-09-30T23:59:59+02:00"), new("AT") }),
			[]string{"NISG 2026 (BGBl. I 94/2025) § 34 of AT holds since 2026-10-01, and this incident is older"}},
		{"an incident of the act's first day", with(func(f *Flags) { f.Detected, f.MemberState = new("2026-10-01T00:00:00+02:00"), new("AT") }), nil},
		{"old data", with(func(f *Flags) { f.Today = regime.Date{Year: 2028, Month: 1, Day: 1} }), []string{
			"the data of NIS2 was last reviewed on 2026-11-22", "the data of Belgium was last reviewed on 2026-11-22", "the holidays were last reviewed on 2026-11-22"}},
		{"data of a year ago", with(func(f *Flags) { f.Today = regime.Date{Year: 2027, Month: 11, Day: 22} }), nil},
	} {
		q, err := test.flags.Question(regime.Builtin())
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Answer().Warnings; !slices.EqualFunc(got, test.want, strings.HasPrefix) {
			t.Errorf("%s: got warnings %q, want such as %q", test.name, got, test.want)
		}
	}
}

// Each State of the Union applies its overlay, zone and holidays, and says where they come from and how sure they are.
func TestEveryState(t *testing.T) {
	for _, s := range regime.Builtin().States() {
		f := Flags{Detected: new("2026-11-10T12:17:00Z"), Aware: new("2026-11-10T13:30:00Z"), MemberState: new(s.Code), Submitted: []string{
			"early_warning=2026-11-10T14:00:00Z", "notification=2026-11-11T14:00:00Z"}}
		q, err := f.Question(regime.Builtin())
		if err != nil {
			t.Fatal(err)
		}
		a := q.Answer()
		law, _ := regime.Builtin().In("nis2", s.Code)
		if diff := cmp.Diff(law.Explained(q.facts("nis2"), q.Place), a.Clocks); diff != "" {
			t.Errorf("%s (-overlay +answer):\n%s", s.Code, diff)
		}
		if q.Place.Zone.String() != s.Zone || q.Place.Holidays[regime.Date{Year: 2027, Month: 1, Day: 1}] == "" {
			t.Errorf("%s: counted in %s without New Year's Day", s.Code, q.Place.Zone)
		}
		table := string(textOf(t, a))
		for _, want := range []string{"Law of " + s.Name, strings.Fields(s.Authority)[0], "reviewed " + s.Reviewed, confidence(s.Confidence)[:8]} {
			if !strings.Contains(table, want) {
				t.Errorf("%s: the table does not say %q", s.Code, want)
			}
		}
		if !s.InForce && !strings.Contains(table, "NO ACT IN FORCE") {
			t.Errorf("%s: the table does not say that no act is in force", s.Code)
		}
		j := a.json()
		if o := j.Overlay; o == nil || o.State != s.Code || o.Confidence != s.Confidence || o.Source != s.Source || o.Confirmed != (s.Confidence == regime.Verified) {
			t.Errorf("%s: the JSON says %+v", s.Code, o)
		}
		for name, c := range j.Clocks {
			if c.Source == "" || c.Confidence == "" || c.How[target] == "" || c.How[conservative] == "" {
				t.Errorf("%s: %s is not explained: %+v", s.Code, name, c)
			}
		}
	}
}

// What the flags add to the vectors: overlays with their own stages, several regimes side by side, a date that a request sets.
func TestFlagsOfOtherLaw(t *testing.T) {
	for _, test := range []struct {
		name  string
		flags Flags
		want  string // clock and conservative due instant
	}{
		{"Portugal", Flags{Aware: new("2026-11-23T10:20:00Z"), MemberState: new("PT"), ImpactEnded: new("2026-11-27T16:45:00Z"),
			Submitted: []string{"end_of_impact_notification=2026-11-28T09:00:00Z"}}, "final_report 2027-01-14T09:00:00Z"},
		{"Cyprus", Flags{Aware: new("2026-10-05T09:00:00+03:00"), MemberState: new("cy")}, "early_warning 2026-10-05T12:00:00Z"},
		{"GDPR beside NIS2", Flags{Aware: new("2026-09-18T16:00:00+02:00"), TZ: new("Europe/Berlin"), Regimes: []string{"nis2", "gdpr"},
			AwareFor: []string{"gdpr=2026-09-20T11:15:00+02:00"}}, "gdpr_notification 2026-09-23T09:15:00Z"},
		{"DORA", Flags{Aware: new("2026-09-25T19:00:00+02:00"), MemberState: new("DE"), Regimes: []string{"dora"}, NoWeekendRelief: true,
			Classified: new("2026-09-26T02:30:00+02:00"), Submitted: []string{"initial=2026-09-26T05:50:00+02:00"}}, "dora_intermediate 2026-09-29T03:50:00Z"},
		{"CRA", Flags{Aware: new("2026-09-14T09:00:00+02:00"), MemberState: new("NL"), Regimes: []string{"cra_vulnerability"},
			FixAvailable: new("2026-09-18T17:00:00+02:00")}, "cra_final 2026-10-02T15:00:00Z"},
		{"eIDAS", Flags{Aware: new("2026-09-14T09:00:00+02:00"), MemberState: new("NL"), Regimes: []string{"eidas"}}, "eidas_notification 2026-09-15T07:00:00Z"},
		{"a request", Flags{Aware: new("2026-09-14T09:00:00+02:00"), MemberState: new("NL"), RequestedBy: new("2026-09-21T12:00:00+02:00")},
			"intermediate_report 2026-09-21T10:00:00Z"},
	} {
		q, err := test.flags.Question(regime.Builtin())
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		clock, at, _ := strings.Cut(test.want, " ")
		if got := q.Answer().json().Due.Conservative[clock].Format(time.RFC3339); got != at {
			t.Errorf("%s: got %s %s, want %s", test.name, clock, got, at)
		}
	}
}

// The flags and the file are two ways to ask the same: every vector gives the same clocks by flags.
func TestFlagsAgreeWithVectors(t *testing.T) {
	asked := 0
	for _, v := range vectors(t) {
		if v.overlaid {
			continue // no flag gives an overlay but that of a State
		}
		f := Flags{TZ: new(v.Place.Zone.String()), AffectsTrustService: v.Facts.AffectsTrustService, NoWeekendRelief: v.Facts.WeekendReliefExcluded}
		for _, instant := range []struct {
			at   time.Time
			flag **string
		}{
			{v.Facts.DetectedAt, &f.Detected}, {v.Facts.AwareAt, &f.Aware}, {v.Facts.HandledAt, &f.Handled}, {v.Facts.ImpactEndedAt, &f.ImpactEnded},
			{v.Facts.ClassifiedAt, &f.Classified}, {v.Facts.FixAvailableAt, &f.FixAvailable},
		} {
			if !instant.at.IsZero() {
				*instant.flag = new(instant.at.Format(time.RFC3339Nano))
			}
		}
		if v.Facts.Entity != "" {
			f.Entity = new(strings.ReplaceAll(string(v.Facts.Entity), "_", "-"))
		}
		for _, r := range v.Regimes {
			f.Regimes = append(f.Regimes, string(r.ID))
			if at, ok := v.AwareFor[r.ID]; ok {
				f.AwareFor = append(f.AwareFor, string(r.ID)+"="+at.Format(time.RFC3339Nano))
			}
			for stage, s := range v.Submitted[r.ID] {
				f.Submitted = append(f.Submitted, string(r.ID)+"/"+string(stage)+"="+s.LoggedAt.Format(time.RFC3339Nano))
			}
		}
		for _, day := range v.Given {
			f.Holidays = append(f.Holidays, day.String())
		}
		q, err := f.Question(regime.Builtin())
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		// By flags, a later end of the handling says that the incident was ongoing.
		if diff := cmp.Diff(v.Answer().Clocks, q.Answer().Clocks); diff != "" {
			t.Errorf("%s (-vector +flags):\n%s", v.ID, diff)
		}
		asked++
	}
	if asked != 40 {
		t.Errorf("asked %d vectors, want 40", asked)
	}
}
