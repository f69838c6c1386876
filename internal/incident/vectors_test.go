package incident_test

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/cli/deadline"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/yamlfile"

	gocmp "github.com/google/go-cmp/cmp"
)

const vectorsFile = "../../testdata/vectors.yaml"

// overlayYAML is the one key of a vector that the calculator's question does not repeat.
type overlayYAML struct {
	EarlyWarning int    `yaml:"early_warning_hours"`
	Start        string `yaml:"start"`
	EndOfImpact  int    `yaml:"end_of_impact_hours"`
	Rounding     string `yaml:"hour_rounding"`
	Final        struct {
		Kind   string
		N      int
		Anchor string
		Second string `yaml:"conservative_anchor"`
	}
}

// state writes the overlay as the file of a Member State.
func (o overlayYAML) state() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, key := range []string{"state: XX", "name: Some", "zone: UTC", "holidays: XX", "languages: [en]", "act: An act", "in_force: true",
		"authority: Somebody", "source: the vector", "confidence: memory", "reviewed: 2026-11-22", "regime: nis2"} {
		line("%s", key)
	}
	if o.Start != "" {
		line("start: detection")
	}
	if o.Rounding != "" {
		line("hour_rounding: %s", o.Rounding)
	}
	line("stages:\n  - {id: early_warning, period: %d hours}", cmp.Or(o.EarlyWarning, 24))
	if o.EndOfImpact != 0 {
		line("  - {id: end_of_impact_notification, title: End of impact, before: progress_report, only_if: impact_ended, "+
			"period: %d hours, from: impact_end, source: An act, confidence: memory}", o.EndOfImpact)
	}
	if f := o.Final; f.N != 0 {
		for _, stage := range []string{"progress_report", "final_report"} {
			line("  - id: %s\n    period: %d %s", stage, f.N, map[string]string{"days": "days", "working_days": "working days", "months": "months"}[f.Kind])
			if f.Anchor != "" {
				line("    from: submission of %s", f.Anchor)
			}
			if f.Second != "" {
				line("    conservative_from: submission of %s", f.Second)
			}
		}
	}
	return strings.NewReplacer(" 1 days", " 1 day", " 1 months", " 1 month").Replace(b.String())
}

// TestVectors plays every vector through the commands of an incident. Its clocks must be those that the calculator counts for the same
// facts, which its own tests compare with the vectors.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := deadline.ReadVectors(vectorsFile, data, regime.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	var overlays []struct {
		ID, Title, Tz, Why any
		State              any `yaml:"member_state"`
		Exercise, In, Due  any
		Status             any `yaml:"submission_status"`
		Overlay            *overlayYAML
	}
	if err := yamlfile.Decode(vectorsFile, data, &overlays); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 40 || len(vectors) != len(overlays) {
		t.Fatalf("%d vectors, %d overlays", len(vectors), len(overlays))
	}
	for n, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			law, state := regime.Builtin(), ""
			if o := overlays[n].Overlay; o != nil {
				var err error
				if law, err = law.With(fstest.MapFS{"states/xx.yaml": {Data: []byte(o.state())}}); err != nil {
					t.Fatalf("%v\n%s", err, o.state())
				}
				state = "XX"
			}
			play(t, v.Question, law, state)
		})
	}
}

// play declares the incident of a question, records its facts one by one, and compares the clocks.
func play(t *testing.T, q deadline.Question, law *regime.Set, state string) {
	f := q.Facts
	track := incident.Track{Entity: "some", MemberState: state, Kind: f.Entity, NoWeekendRelief: f.WeekendReliefExcluded, Place: q.Place}
	for _, r := range q.Regimes {
		track.Regimes = append(track.Regimes, r.ID)
	}
	rules := &incident.Rules{Classify: classify.DefaultPolicy(), Law: law, Tracks: []incident.Track{track}}
	s := incident.NewState()
	now := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC) // everything lies behind
	do := func(cmd incident.Command) {
		t.Helper()
		if _, _, err := rules.Execute(s, now, cmd); err != nil {
			t.Fatalf("%T: %v", cmd, err)
		}
	}
	by := incident.Person{By: incident.Actor{Name: "ana", Via: "cli"}}
	detected := f.DetectedAt
	if detected.IsZero() {
		detected = f.AwareAt
	}
	for _, aware := range q.AwareFor {
		if detected.IsZero() {
			detected = aware
		}
	}
	do(incident.Declare{Person: by, Title: q.ID, DetectedAt: detected})
	id := s.IDs()[0]
	date := func(name incident.DateName, at time.Time, of regime.ID) {
		t.Helper()
		if !at.IsZero() {
			do(incident.SetDate{Person: by, ID: id, Date: incident.DateID{Date: name, Regime: of}, At: at, Reason: "the vector says so"})
		}
	}
	date(incident.AwareAt, f.AwareAt, "")
	for _, r := range q.Regimes {
		date(incident.AwareAt, q.AwareFor[r.ID], r.ID)
	}
	no, yes := classify.No, classify.Yes
	if f.Entity == regime.TrustServiceProvider && !f.AffectsTrustService {
		do(incident.SetFacts{Person: by, ID: id, AffectsTrustService: &no, Reason: "the vector says so"})
	}
	date(incident.ClassifiedAt, f.ClassifiedAt, "")
	date(incident.ImpactEndedAt, f.ImpactEndedAt, "")
	for _, r := range q.Regimes {
		for _, stage := range r.Stages {
			if sent := q.Submitted[r.ID][stage.ID]; !sent.FirstAt().IsZero() {
				do(incident.Submit{Person: by, ID: id, Regime: string(r.ID), Stages: []string{string(stage.ID)},
					Submission: incident.Submission{SentAt: sent.LoggedAt, ReceiptAt: sent.ReceivedAt}})
			}
		}
	}
	date(incident.FixAvailableAt, f.FixAvailableAt, "")
	if f.Ongoing {
		do(incident.SetFacts{Person: by, ID: id, OngoingAtFinalDue: &yes, Reason: "the vector says so"})
	}
	date(incident.HandledAt, f.HandledAt, "")

	i, _ := s.Incident(id)
	if diff := gocmp.Diff(counted(q), shown(i)); diff != "" {
		t.Errorf("clocks (-calculator +incident):\n%s", diff)
	}
}

type clock struct{ Target, Due, Outer, Late string }

func counted(q deadline.Question) map[string]clock {
	clocks := map[string]clock{}
	for _, c := range q.Answer().Clocks {
		sent := q.Submitted[c.Regime][c.Stage].LastAt()
		clocks[string(c.Regime)+"/"+string(c.Stage)] = clock{written(c.TargetAt), written(c.DueAt), written(c.OuterReadingAt), fmt.Sprint(regime.Late(c.DueAt, sent))}
	}
	return clocks
}

func shown(i *incident.Incident) map[string]clock {
	clocks := map[string]clock{}
	for n := range i.Clocks {
		c := &i.Clocks[n]
		late := c.Submitted != nil && c.Late(time.Time{})
		clocks[string(c.Regime)+"/"+string(c.Stage)] = clock{written(c.TargetAt), written(c.DueAt), written(c.OuterReadingAt), fmt.Sprint(late)}
	}
	return clocks
}

func written(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Format(time.RFC3339Nano)
}
