package deadline

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"nis2clock/internal/regime"
)

// cases are what the goldens show: FILE.txt is the table, FILE.json the JSON.
var cases = map[string]Flags{
	"detected": {Detected: new("2026-11-10T12:17:00+01:00"), MemberState: new("BE")},
	"month-end": {
		Detected:    new("2027-01-28T17:41:07+01:00"),
		Aware:       new("2027-01-28T18:00:00+01:00"),
		MemberState: new("AT"),
		Submitted:   []string{"early_warning=2027-01-28T22:00:00+01:00", "notification=2027-01-31T09:12:00+01:00"},
		Holidays:    []string{"2027-03-01", "2027-01-06", "2027-03-29", "2027-05-01", "2027-05-06", "2027-05-17"},
	},
	"late": {
		Detected:    new("2026-06-01T08:00:00+02:00"),
		MemberState: new("IT"),
		Submitted:   []string{"early_warning=2026-06-02T08:00:00+02:00", "notification=2026-06-10T09:00:00+02:00"},
	},
	"ongoing": {
		Aware:     new("2026-05-11T07:00:00+02:00"),
		Handled:   new("2026-08-31T22:00:00+02:00"),
		TZ:        new("Europe/Prague"),
		Submitted: []string{"notification=2026-05-13T18:00:00+02:00", "progress_report=2026-06-13T17:59:59.999+02:00"},
	},
	"trust-service": {
		Detected:            new("2026-07-02T16:48:00+03:00"),
		MemberState:         new("EE"),
		Entity:              new("trust-service-provider"),
		AffectsTrustService: true,
	},
	"portugal": {
		Aware:       new("2026-11-23T10:20:00Z"),
		MemberState: new("PT"),
		ImpactEnded: new("2026-11-27T16:45:00Z"),
		Submitted:   []string{"notification=2026-11-25T18:00:00Z", "end_of_impact_notification=2026-11-28T09:00:00Z"},
	},
	"group": {
		Detected:    new("2026-09-11T14:20:00+01:00"),
		Aware:       new("2026-09-11T15:00:00+01:00"),
		MemberState: new("IE"),
		Regimes:     []string{"nis2", "gdpr", "dora", "cer"},
		AwareFor:    []string{"gdpr=2026-09-12T09:00:00+01:00"},
		Classified:  new("2026-09-12T13:30:00+01:00"),
		RequestedBy: new("2026-09-20T12:00:00+01:00"),
		Submitted:   []string{"dora/initial=2026-09-14T09:00:00+01:00"},
	},
	"doubtful": {
		Detected:            new("2026-11-10T12:17:00Z"),
		Handled:             new("2025-11-10T12:17:00Z"),
		AffectsTrustService: true,
		Submitted:           []string{"early_warning=2025-11-10T12:17:00Z", "final_report=2026-11-11T00:00:00Z"},
	},
}

func TestGoldens(t *testing.T) {
	for name, flags := range cases {
		t.Run(name, func(t *testing.T) {
			q, err := flags.Question(regime.Builtin())
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", textOf(t, q.Answer()))
			golden(t, name+".json", jsonOf(t, q.Answer()))
		})
	}
}

func TestGoldenVectors(t *testing.T) {
	var some []Answer
	for _, a := range answers(vectors(t)) {
		if a.ID == "V25" || a.ID == "V41" {
			some = append(some, a)
		}
	}
	golden(t, "vectors.txt", textOf(t, some...))
	var b bytes.Buffer
	if err := WriteJSON(&b, some); err != nil {
		t.Fatal(err)
	}
	golden(t, "vectors.json", b.Bytes())

	b.Reset()
	if err := WriteJSON(&b, nil); err != nil || b.String() != "[]\n" {
		t.Errorf("got %q, %v for no answers, want an empty array", b.String(), err)
	}
}

// A table fits a terminal of 100 columns, whatever the State.
func TestTextWidth(t *testing.T) {
	var all []Answer
	for _, a := range answers(vectors(t)) {
		for _, state := range regime.MemberStates() {
			name, _ := regime.ZoneOf(state)
			zone, err := regime.ParseZone(name)
			if err != nil {
				t.Fatal(err)
			}
			a.Place.Zone, a.MemberState = zone, state
			all = append(all, a.Question.Answer())
		}
	}
	for line := range strings.Lines(string(textOf(t, all...))) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > 100 || strings.TrimRight(line, " ") != line || strings.Contains(line, joint) {
			t.Errorf("line is too long or ends in a space: %q", line)
		}
	}
}

// Limits are exclusive, so that midnight is the end of the day before, in the zone of the authority.
func TestLimitShowsEndOfDay(t *testing.T) {
	for _, test := range []struct{ zone, at, want string }{
		{"Europe/Vienna", "2027-02-28T23:00:00Z", "Sun 28 Feb 2027 23:00:00  end of 28 February 2027 (24:00 Europe/Vienna)"},
		{"Europe/Vienna", "2027-06-30T22:00:00Z", "Wed 30 Jun 2027 22:00:00  end of 30 June 2027 (24:00 Europe/Vienna)"},
		{"Europe/Vienna", "2027-02-28T22:59:59Z", "Sun 28 Feb 2027 22:59:59  Sun 28 Feb 2027 23:59:59 +01:00"},
		{"Europe/Vienna", "2027-02-28T23:00:01Z", "Sun 28 Feb 2027 23:00:01  Mon  1 Mar 2027 00:00:01 +01:00"},
		{"Europe/Vienna", "2027-03-01T00:00:00Z", "Mon  1 Mar 2027 00:00:00  Mon  1 Mar 2027 01:00:00 +01:00"},
		{"Europe/Dublin", "2027-01-01T00:00:00Z", "Fri  1 Jan 2027 00:00:00  end of 31 December 2026 (24:00 Europe/Dublin)"},
	} {
		zone, err := regime.ParseZone(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		out := &text{zone: zone}
		out.limit("due", at)
		if got := strings.TrimPrefix(out.out.String(), "  due                "); got != test.want+"\n" {
			t.Errorf("%s: got %q, want %q", test.at, got, test.want)
		}
	}
}

func TestConfidenceInWords(t *testing.T) {
	for c, want := range map[regime.Confidence]string{
		regime.Verified:  "verified: the wording was read",
		regime.Secondary: "UNCONFIRMED: read only in a commentary or by a third party",
		regime.Memory:    "UNCONFIRMED: from memory, not looked up",
	} {
		if got := confidence(c); got != want {
			t.Errorf("%s: got %q, want %q", c, got, want)
		}
	}
}

// A full disk or a closed pipe is not a success.
func TestWritersReportErrors(t *testing.T) {
	a := answers(vectors(t))[:1]
	for name, write := range map[string]func() error{
		"text":       func() error { return WriteText(broken{}, a...) },
		"JSON":       func() error { return WriteJSON(broken{}, a) },
		"JSON alone": func() error { return a[0].WriteJSON(broken{}) },
	} {
		if err := write(); !errors.Is(err, errBroken) {
			t.Errorf("%s: got error %v, want %v", name, err, errBroken)
		}
	}
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }
