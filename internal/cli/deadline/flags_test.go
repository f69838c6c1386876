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
			`unknown stage "warning" of nis2: want one of early_warning, notification, progress_report, final_report`, false},
		{"bad submission", with(func(f *Flags) { f.Submitted = []string{"notification=12:17"} }), "--submitted notification: ", false},
		{"submission twice", with(func(f *Flags) {
			f.Submitted = []string{"notification=2026-11-10T12:17:00Z", "nis2/notification=2026-11-10T12:18:00Z"}
		}), "given twice", false},

		{"regime", with(func(f *Flags) { f.Regimes = []string{"nis2", "gdpr"} }), `--regime "gdpr"`, true},
		{"stage of another regime", with(func(f *Flags) { f.Submitted = []string{"gdpr/notification=2026-11-10T12:17:00Z"} }), "--submitted gdpr/notification", true},
		{"impact", with(func(f *Flags) { f.ImpactEnded = new("2026-11-10T12:17:00Z") }), "--impact-ended", true},
		{"classified", with(func(f *Flags) { f.Classified = new("2026-11-10T12:17:00Z") }), "--classified", true},
		{"fix", with(func(f *Flags) { f.FixAvailable = new("") }), "--fix-available", true},
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
			if unsupported && !strings.Contains(err.Error(), "this version knows only nis2 without a Member State's overlay") {
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
	const overlay, utc = "overlay not applied", "counted in UTC"
	for _, test := range []struct {
		name  string
		flags Flags
		want  []string // the beginnings
	}{
		{"State", baseline(), []string{overlay}},
		{"zone alone", with(func(f *Flags) { f.MemberState, f.TZ = nil, new("Europe/Brussels") }), nil},
		{"no zone", with(func(f *Flags) { f.MemberState = nil }), []string{utc}},
		{"trust service of no provider", with(func(f *Flags) { f.AffectsTrustService = true }), []string{"--affects-trust-service changes nothing", overlay}},
		{"submitted at detection", with(func(f *Flags) { f.Submitted = []string{"early_warning=2026-11-10T12:17:00+01:00"} }), []string{overlay}},
		{"submitted before detection", with(func(f *Flags) { f.Submitted = []string{"early_warning=2025-11-10T12:17:00Z"} }),
			[]string{overlay, "the early warning was submitted before the incident was detected"}},
		{"submitted after awareness that came before detection", with(func(f *Flags) {
			f.Aware, f.Submitted = new("2026-11-10T09:00:00+01:00"), []string{"early_warning=2026-11-10T10:00:00+01:00"}
		}), []string{overlay}},
		{"a report that is not owed", with(func(f *Flags) { f.Submitted = []string{"progress_report=2026-12-10T12:17:00Z"} }),
			[]string{overlay, "a progress report was submitted, but on these facts none is owed"}},
		{"handled before detection", with(func(f *Flags) { f.Handled = new("2026-11-10T12:16:59+01:00") }),
			[]string{overlay, "the handling ended before the incident was detected"}},
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

// The flags and the file are two ways to ask the same: every vector gives the same clocks by flags.
func TestFlagsAgreeWithVectors(t *testing.T) {
	asked := 0
	for _, v := range vectors(t) {
		if v.Needs != "" {
			continue
		}
		f := Flags{TZ: new(v.Place.Zone.String()), AffectsTrustService: v.Facts.AffectsTrustService}
		for _, instant := range []struct {
			at   time.Time
			flag **string
		}{{v.Facts.DetectedAt, &f.Detected}, {v.Facts.AwareAt, &f.Aware}, {v.Facts.HandledAt, &f.Handled}} {
			if !instant.at.IsZero() {
				*instant.flag = new(instant.at.Format(time.RFC3339Nano))
			}
		}
		if v.Facts.Entity != "" {
			f.Entity = new(strings.ReplaceAll(string(v.Facts.Entity), "_", "-"))
		}
		for stage, s := range v.Facts.Submitted {
			f.Submitted = append(f.Submitted, string(stage)+"="+s.LoggedAt.Format(time.RFC3339Nano))
		}
		for day := range v.Place.Holidays {
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
	if asked != 33 {
		t.Errorf("asked %d vectors, want 33", asked)
	}
}
