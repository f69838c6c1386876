package regime

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
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

func TestVectors(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) != 44 {
		t.Fatalf("got %d vectors, want 44", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.ID+" "+v.Title, func(t *testing.T) { v.check(t, Builtin(), time.UTC) })
	}
}

// check runs the vector with its instants given in a zone, or as written if that is nil.
func (v vector) check(t *testing.T, set *Set, given *time.Location) {
	t.Helper()
	place := v.place(t)
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
		facts := v.facts(t, id, given)
		for _, c := range v.apply(t, r).Explained(facts, place) {
			if c.Projected {
				continue
			}
			got.Due.Conservative[c.Name] = c.DueAt.Format(time.RFC3339Nano)
			if !c.OuterReadingAt.IsZero() {
				got.Due.OuterReading[c.Name] = c.OuterReadingAt.Format(time.RFC3339Nano)
			}
			_, stated := v.SubmissionStatus[c.Name] // the file does not state every one
			if at := facts.Submitted[c.Stage].LastAt(); stated && !at.IsZero() {
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

// facts is what one regime sees of the vector.
func (v vector) facts(t *testing.T, id ID, given *time.Location) Facts {
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
	aware := map[ID]string{"gdpr": v.In.GDPRAwareAt, "cra_vulnerability": v.In.CRAAwareAt, "cra_severe_incident": v.In.CRAAwareAt}
	f := Facts{
		DetectedAt:          at(v.In.DetectedAt),
		AwareAt:             at(cmp.Or(aware[id], v.In.AwareAt)),
		HandledAt:           at(v.In.HandledAt),
		ImpactEndedAt:       at(v.In.ImpactEndedAt),
		ClassifiedAt:        at(v.In.ClassifiedMajorAt),
		FixAvailableAt:      at(v.In.CorrectiveMeasureAvailableAt),
		Ongoing:             v.In.OngoingAtFinalDue,
		Entity:              v.In.Entity,
		AffectsTrustService: v.In.AffectsTrustService,

		WeekendReliefExcluded: v.In.DORAWeekendExcluded,
		Submitted:             map[StageID]Submission{},
	}
	submitted := map[ID]map[StageID]string{
		"nis2": {
			"early_warning":              v.In.EarlyWarningSubmittedAt,
			"notification":               v.In.NotificationSubmittedAt,
			"end_of_impact_notification": v.In.EndOfImpactNotifiedAt,
		},
		"dora":                {"initial": v.In.DORAInitialSubmittedAt, "intermediate": v.In.DORAIntermediateSubmittedAt},
		"cra_vulnerability":   {"notification": v.In.CRANotificationSubmittedAt},
		"cra_severe_incident": {"notification": v.In.CRANotificationSubmittedAt},
		"cer":                 {"initial": v.In.CERInitialSubmittedAt},
	}
	for stage, s := range submitted[id] {
		if s != "" { // one instant stands for the log and the receipt
			f.Submitted[stage] = Submission{LoggedAt: at(s), ReceivedAt: at(s)}
		}
	}
	return f
}

// apply changes NIS2 as the vector's overlay says, written as the file of a Member State.
func (v vector) apply(t *testing.T, r Regime) Regime {
	t.Helper()
	o := v.Overlay
	if o == nil || r.ID != "nis2" {
		return r
	}
	var b strings.Builder
	stage := func(keys string, args ...any) { fmt.Fprintf(&b, "  - {id: "+keys+"}\n", args...) }
	if o.EarlyWarningHours != 0 {
		stage("early_warning, period: %d hours", o.EarlyWarningHours)
	}
	if o.EndOfImpactHours != 0 {
		stage("end_of_impact_notification, title: x, before: progress_report, only_if: impact_ended, period: %d hours, from: impact_end, source: x, confidence: memory", o.EndOfImpactHours)
	}
	if o.Final.Kind != "" {
		period := Period{o.Final.N, Unit(strings.TrimSuffix(strings.ReplaceAll(o.Final.Kind, "_", " "), "s"))}
		keys := fmt.Sprintf("period: %s, from: submission of %s", period, o.Final.Anchor)
		if o.Final.ConservativeAnchor != "" {
			keys += ", conservative_from: submission of " + o.Final.ConservativeAnchor
		}
		stage("progress_report, " + keys)
		stage("final_report, " + keys)
	}
	head := "state: XX\nname: Somewhere\nzone: UTC\nholidays: XX\nlanguages: [en]\nact: Act 1\nin_force: true\nauthority: Office\n" +
		"reviewed: 2026-11-22\nsource: here\nconfidence: memory\nregime: nis2\n"
	if o.Start == "detected" {
		head += "start: detection\n"
	}
	if o.HourRounding != "" {
		head += "hour_rounding: " + o.HourRounding + "\n"
	}
	if b.Len() > 0 {
		head += "stages:\n" + b.String()
	}
	set, err := Builtin().With(fstest.MapFS{"states/xx.yaml": {Data: []byte(head)}})
	if err != nil {
		t.Fatal(err)
	}
	changed, ok := set.In(r.ID, "XX")
	if !ok {
		t.Fatalf("no %s in XX", r.ID)
	}
	return changed
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
			v.check(t, Builtin(), time.Local)
			v.check(t, Builtin(), nil)
		}
	}
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
