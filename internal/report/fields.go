package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/incident"
)

// Fields are what a template may use. Everything is text as it is to be read;
// an empty text means that nobody has recorded it.
type Fields struct {
	Title, Incident, Stage        string
	Marks                         []string
	Exercise                      bool
	Entity                        Entity
	Summary                       string
	DetectedAt, ReceivedAt        string // times stand in two lines: UTC and the authority's zone
	AwareAt, AwareBy, AwareReason string
	Malicious, CrossBorder        string // yes, no or unknown
	CrossBorderStates             string
	Clocks                        []Clock
	Alerts                        []Alert
	MoreAlerts                    int
	Incomplete                    []string
	Timeline                      []Event
	Journal                       Journal
	AsOf, LateReason              string
}

// Clock is one clock in words.
type Clock struct {
	Stage, StageTitle, State, Basis            string
	StartedAt, TargetAt, DueAt, OuterReadingAt string
	Late                                       bool
	SubmittedAt, Reference, Source             string
}

// Alert is one occurrence in words.
type Alert struct {
	Name, Status, StartsAt, EndsAt, Fingerprint, Summary string
	Labels                                               []Label
}

// Label is a label of an alert.
type Label struct{ Name, Value string }

// Event is a line of the timeline.
type Event struct{ At, Who, What string }

// maxAlerts is how many alerts a report prints; the rest is counted.
const maxAlerts = 20

func (r *Renderer) fill(stage string, src Source) Fields {
	v := src.Incident
	f := Fields{
		Title: v.Title, Incident: string(v.ID), Stage: stage, Marks: marks(v), Exercise: v.Exercise, Entity: r.entity, Summary: v.Summary,
		DetectedAt: r.when(v.DetectedAt), ReceivedAt: r.when(v.ReceivedAt), AwareAt: r.maybe(v.AwareAt),
		Malicious: string(v.Malicious), CrossBorder: string(v.CrossBorder),
		Incomplete: v.Incomplete, Journal: src.Journal, AsOf: r.when(v.UpdatedAt),
		MoreAlerts: max(0, len(v.Alerts)-maxAlerts),
	}
	if v.AwareBy != nil {
		f.AwareBy = *v.AwareBy
	}
	for _, c := range v.Clocks {
		f.Clocks = append(f.Clocks, r.clock(c))
	}
	for _, a := range v.Alerts[:min(len(v.Alerts), maxAlerts)] {
		f.Alerts = append(f.Alerts, r.alert(a))
		for _, odd := range a.Flags {
			f.Incomplete = append(f.Incomplete, a.Labels["alertname"]+": "+odd)
		}
	}
	for _, e := range src.Entries {
		f.line(r, e)
	}
	return f
}

// line adds an entry to the timeline; what was said to whom is no content, and
// what is privileged stays in the house.
func (f *Fields) line(r *Renderer, e incident.Entry) {
	if strings.HasPrefix(e.Kind, "effect.") || e.Privileged() {
		return
	}
	ev := Event{At: r.when(e.At), What: "This entry was erased."}
	if e.Event != nil {
		ev.Who, ev.What = e.Event.Actor().String(), e.Event.Describe()
		if d, ok := e.Event.(incident.Dated); ok && d.DateID == (incident.DateID{Date: incident.AwareAt}) {
			f.AwareReason = d.Reason
		}
	}
	f.Timeline = append(f.Timeline, ev)
}

// marks are what must not be missed on any page. Every report is a draft: no
// approval is recorded yet.
func marks(v incident.View) []string {
	m := []string{"DRAFT", "TLP:" + v.TLP}
	if v.Exercise {
		m = slices.Insert(m, 0, "EXERCISE")
	}
	return m
}

func (r *Renderer) clock(c incident.ClockView) Clock {
	out := Clock{
		Stage: string(c.Stage), StageTitle: c.Title, State: c.State, Basis: c.Basis, Late: c.Late,
		StartedAt: r.when(c.StartedAt), TargetAt: r.when(c.TargetAt), DueAt: r.when(c.DueAt), OuterReadingAt: r.maybe(c.OuterReadingAt),
		SubmittedAt: r.maybe(c.SubmittedAt), Source: c.Source,
	}
	if c.DueAt.IsZero() {
		out.DueAt = "without undue delay, no figure agreed"
	}
	if c.Confidence != "verified" {
		out.Source += " (unconfirmed: " + c.Confidence + ")"
	}
	if c.Reference != nil {
		out.Reference = *c.Reference
	}
	if c.Stopped != nil {
		out.State += ": " + *c.Stopped
	}
	if c.State == incident.ClockProjected {
		out.State = "projected: its period starts with an earlier report"
	}
	if c.Basis == "detection" {
		out.Basis = "detection, awareness not recorded"
	}
	if c.State == incident.ClockProjected {
		out.Basis = "detection, as a projection"
	}
	return out
}

func (r *Renderer) alert(a incident.AlertView) Alert {
	out := Alert{
		Name: a.Labels["alertname"], Status: a.Status, StartsAt: r.when(a.StartsAt), EndsAt: r.maybe(a.EndsAt),
		Fingerprint: a.Fingerprint, Summary: a.Annotations["summary"],
	}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		out.Labels = append(out.Labels, Label{name, a.Labels[name]})
	}
	return out
}

// when writes an instant in UTC and, on a second line, in the authority's zone.
func (r *Renderer) when(t time.Time) string {
	s := t.UTC().Format("2006-01-02 15:04:05 UTC")
	if r.zone != nil && r.zone != time.UTC {
		s += "\n" + t.In(r.zone).Format("2006-01-02 15:04:05 MST (-07:00)")
	}
	return s
}

func (r *Renderer) maybe(t *time.Time) string {
	if t == nil {
		return ""
	}
	return r.when(*t)
}
