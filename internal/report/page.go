package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"nis2clock/internal/incident"
	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/report/field"
	"nis2clock/internal/report/pdf"
)

// Page is what a template is given, as "." at its top. Everything is text as it
// is to be read in the report's language; an empty text means that nobody has
// recorded it. The functions that go with it are in the package comment.
type Page struct {
	Incident, Title string // its id, and what it is called
	Stage           string // as people ask for it, "gdpr/notification"
	StageTitle, Act string
	Exercise, Draft bool
	// Approved says who approved this version, in which role and when; empty for
	// a draft.
	Approved string
	// Prepared says through what the report is to be submitted, and that the
	// document itself is no submission.
	Prepared  string
	Authority string
	// Fallback is why the house's own template was not used; mostly empty.
	Fallback string
	// Aware is whether awareness is recorded; AwareBy and AwareReason say more.
	Aware                bool
	AwareBy, AwareReason string
	Missing              []string // labels of required fields that nobody has answered
	Incomplete           []string
	Compared             *Compared // nil where no report went out before
	Clocks               []Clock
	Alerts               []Alert
	MoreAlerts           int
	// Timeline has one line for what is beyond the first lines about alerts.
	Timeline  []Event
	Messages  []Exchange
	Journal   Journal
	AsOf      string
	Worksheet *Worksheet // of the stage "worksheet" alone
}

// Field is one field of the report in words.
type Field struct {
	ID, Label string
	Text      string
	// State is value, no, unknown or not_asked, which means not answered.
	State  string
	Rule   string // required, wanted, update or optional
	Origin string
}

// Compared says what changed since the report before.
type Compared struct {
	With, At string
	Changes  []Changed
}

// Changed is one field that says something else.
type Changed struct{ Label, Before, After string }

// Clock is one clock in words.
type Clock struct {
	Stage, State, Basis                        string
	StartedAt, TargetAt, DueAt, OuterReadingAt string
	Late, Overdue                              bool
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

// Exchange is a message from the authority or to it.
type Exchange struct{ At, Direction, Kind, Reference, Text string }

// maxAlerts is how many alerts a report prints, and how many lines of its
// timeline may be about alerts; the rest is counted.
const maxAlerts = 25

// draft is a report on its way to the page: what a template's functions look
// things up in.
type draft struct {
	Page
	facts
	src    Source // as the entity's authority may read it
	lang   *catalogue.Language
	zone   *time.Location
	filled []Value
}

// fill makes the page of a report.
func (r *Renderer) fill(f facts, l *catalogue.Language, src Source) *draft {
	d := &draft{facts: f, src: src, lang: l, zone: f.entity.Zone}
	d.filled = f.values()
	v := src.Incident
	d.Page = Page{
		Incident: string(v.ID), Title: v.Title, Stage: f.stage.ID, StageTitle: f.stage.title(l), Act: f.stage.act(l),
		Exercise: v.Exercise, Draft: src.Approval == nil, Aware: v.AwareAt != nil,
		Incomplete: v.Incomplete, Journal: src.Journal, AsOf: long(l, d.zone, v.UpdatedAt), MoreAlerts: max(0, len(v.Alerts)-maxAlerts),
	}
	if t, ok := d.value("title"); ok && len(t.Items) > 0 {
		d.Title = t.Items[0]
	}
	d.Approved = d.approved(src.Approval)
	d.Authority, d.Prepared = r.addressee(f.entity, f.stage.Regime, l)
	for _, m := range missing(d.filled) {
		d.Missing = append(d.Missing, l.Say("f_"+m.Def.ID))
	}
	d.compare()
	for _, c := range v.Clocks {
		d.Clocks = append(d.Clocks, d.clockRow(c))
	}
	alerts := slices.SortedStableFunc(slices.Values(v.Alerts), func(a, b incident.AlertView) int { return a.StartsAt.Compare(b.StartsAt) })
	for _, a := range alerts[:min(len(alerts), maxAlerts)] {
		d.Alerts = append(d.Alerts, d.alertRow(a))
		for _, odd := range a.Flags {
			d.Incomplete = append(d.Incomplete, a.Labels["alertname"]+": "+odd)
		}
	}
	for _, date := range v.Dates { // the entity's own stands in the place of the incident's
		if date.Date == incident.AwareAt && date.Regime == "" && (d.AwareBy == "" || date.Entity != "") {
			d.AwareBy, d.AwareReason = date.Person, date.Reason
		}
	}
	d.timeline(src.Entries)
	for _, m := range f.extra.Messages {
		direction := "m_out"
		if m.FromAuthority {
			direction = "m_in"
		}
		d.Messages = append(d.Messages, Exchange{At: short(l, d.zone, m.At), Direction: l.Say(direction), Kind: m.Kind, Reference: m.Reference, Text: m.Text})
	}
	return d
}

// approved is who approved the report, in words.
func (d *draft) approved(a *Approval) string {
	if a == nil {
		return ""
	}
	who := a.By
	if a.Role != "" {
		who += " (" + a.Role + ")"
	}
	return d.lang.Say("approved_note", "who", who, "at", long(d.lang, d.zone, a.At))
}

// value finds a field of the report.
func (d *draft) value(id string) (Value, bool) {
	n := slices.IndexFunc(d.filled, func(v Value) bool { return v.Def.ID == id })
	if n < 0 {
		return Value{}, false
	}
	return d.filled[n], true
}

// final reports whether what is still unknown counts as not determined.
func (d *draft) final() bool { return d.stage.Form == field.Final || d.stage.Form == field.DORAFinal }

func (d *draft) words(v Value) string {
	if v.Def.ID == "report_stage" {
		return d.stage.title(d.lang)
	}
	return v.text(d.lang, d.zone, d.final())
}

func (d *draft) compare() {
	changes, since, ok := d.changes(d.filled)
	if !ok {
		return
	}
	sent := since.Event.(incident.Submitted)
	var titles []string
	for _, name := range sent.Stages {
		title := name
		id := name
		if sent.Regime != "nis2" {
			id = sent.Regime + "/" + name
		}
		if st, err := findStage(id, d.view); err == nil {
			title = st.title(d.lang)
		}
		titles = append(titles, title)
	}
	d.Compared = &Compared{With: strings.Join(titles, ", "), At: short(d.lang, d.zone, sent.Submission.SentAt)}
	open := func(v Value) string {
		if v.State == notAnswered {
			return d.lang.Say("not_answered")
		}
		return d.words(v)
	}
	for _, c := range changes {
		if c.Before.Def == nil { // the earlier view had no such field
			c.Before.Def, c.Before.State = c.After.Def, notAnswered
		}
		d.Compared.Changes = append(d.Compared.Changes, Changed{d.lang.Say("f_" + c.After.Def.ID), open(c.Before), open(c.After)})
	}
}

// timeline lists the entries. Of those that say no more than that an alert came
// or went, one line stands for all beyond the first [maxAlerts], where the
// first of them would: a storm must not bury what people did.
func (d *draft) timeline(entries []incident.Entry) {
	shown, left, at := 0, 0, 0
	for _, e := range entries {
		if !aboutAlertAlone(e.Event) {
			d.line(e)
			continue
		}
		if shown++; shown > maxAlerts {
			if left++; left > 1 {
				continue
			}
			at = len(d.Timeline)
		}
		d.line(e)
	}
	if left > 1 {
		d.Timeline[at].Who, d.Timeline[at].What = "", d.lang.Say("more_alert_entries", "n", strconv.Itoa(left))
	}
}

// aboutAlertAlone reports whether an event says of an alert what moves no clock
// and widens nothing.
func aboutAlertAlone(ev incident.Event) bool {
	switch ev := ev.(type) {
	case incident.Attached:
		return ev.Redetected == nil && ev.Widened == nil
	case incident.AlertResolved:
		return ev.Redetected == nil
	case incident.AlertMoved:
		return ev.Redetected == nil
	}
	return false
}

// line adds an entry to the timeline; what was said to whom is no content.
func (d *draft) line(e incident.Entry) {
	if strings.HasPrefix(e.Kind, "effect.") {
		return
	}
	ev := Event{At: short(d.lang, d.zone, e.At), What: d.lang.Say("erased")}
	if e.Event != nil {
		ev.Who, ev.What = who(e.Event.Actor()), e.Event.Describe()
	}
	d.Timeline = append(d.Timeline, ev)
}

// maxWho is how long an actor may be, in characters, to stand on one line of a
// timeline: what happened needs the width.
const maxWho = 16

// who is an actor as a narrow column shows it.
func who(a incident.Actor) string {
	s := a.String()
	if utf8.RuneCountInString(s) > maxWho && a.Name != "" {
		return a.Name + "\nvia " + a.Via
	}
	return s
}

// clockTitle is the name of a clock's stage in the language, where it has one.
func (d *draft) clockTitle(c incident.ClockView) string {
	id := string(c.Stage)
	if c.Regime != "nis2" {
		id = string(c.Regime) + "/" + id
	}
	for _, s := range stages {
		if s.ID == id {
			return s.title(d.lang)
		}
	}
	return c.Title
}

func (d *draft) clockRow(c incident.ClockView) Clock {
	l := d.lang
	out := Clock{
		Stage: d.clockTitle(c), State: d.clockState(c), Late: c.Late, Overdue: c.State == incident.ClockOverdue,
		StartedAt: short(l, d.zone, c.StartedAt), TargetAt: short(l, d.zone, c.TargetAt), Source: c.Source, OuterReadingAt: l.Say("outer_none"),
	}
	if !c.DueAt.IsZero() {
		out.DueAt = long(l, d.zone, c.DueAt)
	}
	if c.OuterReadingAt != nil {
		out.OuterReadingAt = short(l, d.zone, *c.OuterReadingAt)
	}
	if c.SubmittedAt != nil {
		out.SubmittedAt = short(l, d.zone, *c.SubmittedAt)
	}
	if c.Confidence != "verified" {
		out.Source += " (" + l.Say("unconfirmed") + ")"
	}
	if c.Reference != nil {
		out.Reference = *c.Reference
	}
	if c.Stopped != nil {
		out.State += ": " + *c.Stopped
	}
	out.Basis = d.basis(c.Basis)
	if c.State == incident.ClockProjected {
		out.Basis = l.Say("b_projected")
	}
	return out
}

func (d *draft) clockState(c incident.ClockView) string {
	if key := "s_" + c.State; d.lang.Has(key) {
		return d.lang.Say(key)
	}
	return c.State
}

// basis is what a period runs from, in words.
func (d *draft) basis(event string) string {
	key := "b_" + event
	switch event {
	case "impact_end":
		key = "f_impact_ended_at"
	case "classification":
		key = "f_classified_at"
	case "fix_available":
		key = "f_corrective_available_at"
	}
	if d.lang.Has(key) {
		return d.lang.Say(key)
	}
	return event
}

func (d *draft) alertRow(a incident.AlertView) Alert {
	out := Alert{
		Name: a.Labels["alertname"], Status: a.Status, StartsAt: short(d.lang, d.zone, a.StartsAt),
		Fingerprint: a.Fingerprint, Summary: a.Annotations["summary"],
	}
	if out.Name == "" {
		out.Name = d.lang.Say("a_unnamed")
	}
	if key := "a_" + a.Status; d.lang.Has(key) {
		out.Status = d.lang.Say(key)
	}
	if a.EndsAt != nil {
		out.EndsAt = short(d.lang, d.zone, *a.EndsAt)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		if name != "alertname" {
			out.Labels = append(out.Labels, Label{name, a.Labels[name]})
		}
	}
	return out
}

// funcs are the functions of a template; see the package comment.
func (d *draft) funcs() pdf.Funcs {
	return pdf.Funcs{
		"t": func(key string, blanks ...string) (string, error) { return d.lang.Text(key, blanks...) },
		"field": func(id string) (Field, error) {
			if _, ok := field.Lookup(id); !ok {
				return Field{}, fmt.Errorf("there is no field %q", id)
			}
			v, ok := d.value(id)
			if !ok { // this report does not ask for it
				return Field{ID: id, Label: d.lang.Say("f_" + id), State: notAnswered, Rule: field.NotAsked.String()}, nil
			}
			return d.field(v), nil
		},
		"fields": func(group string) ([]Field, error) {
			if !slices.ContainsFunc(field.All(), func(f *field.Def) bool { return f.Group == group }) {
				return nil, fmt.Errorf("there is no group of fields %q", group)
			}
			return d.group(group), nil
		},
		"timeline_figure": d.figure,
		"status_panel":    d.status,
	}
}

// group are the fields of a group that are worth a line: answered ones, and
// those that the report should have.
func (d *draft) group(group string) []Field {
	var out []Field
	for _, v := range d.filled {
		if v.Def.Group == group && (v.State != notAnswered || v.Rule == field.Required || v.Rule == field.Wanted) {
			out = append(out, d.field(v))
		}
	}
	return out
}

func (d *draft) field(v Value) Field {
	return Field{ID: v.Def.ID, Label: d.lang.Say("f_" + v.Def.ID), Text: d.words(v), State: v.State, Rule: v.Rule.String(), Origin: v.origin(d.lang, d.zone)}
}

// status is the panel of the report's own clock.
func (d *draft) status() pdf.Markdown {
	l := d.lang
	c := d.clock
	if c == nil {
		return pdf.Status(pdf.Standing{State: l.Say("s_none"), Facts: [][2]string{{l.Say("f_detected_at"), long(l, d.zone, d.view.DetectedAt)}, {l.Say("as_of"), d.AsOf}}})
	}
	s := pdf.Standing{State: d.clockState(*c), Tone: tone(*c)}
	switch {
	case c.State == incident.ClockSubmitted && c.Late:
		s.State += ", " + l.Say("late")
	case c.State == incident.ClockSubmitted:
		s.State += ", " + l.Say("on_time")
	}
	if !c.DueAt.IsZero() {
		s.Facts = append(s.Facts, [2]string{l.Say("c_due"), long(l, d.zone, c.DueAt)})
	}
	if c.SubmittedAt != nil {
		s.Facts = append(s.Facts, [2]string{l.Say("submitted_at"), long(l, d.zone, *c.SubmittedAt)})
	} else {
		s.Facts = append(s.Facts, [2]string{l.Say("c_basis"), d.basis(c.Basis) + "\n" + short(l, d.zone, c.StartedAt)})
	}
	return pdf.Status(s)
}

func tone(c incident.ClockView) string {
	switch {
	case c.Late:
		return "late"
	case c.State == incident.ClockSubmitted:
		return "done"
	case c.State == incident.ClockRunning:
		return "due"
	}
	return ""
}

// figure shows in order what happened and what is owed under the regime.
func (d *draft) figure() pdf.Markdown {
	type moment struct {
		at time.Time
		pdf.Moment
	}
	var all []moment
	add := func(at time.Time, tone, title string) {
		if !at.IsZero() {
			all = append(all, moment{at, pdf.Moment{Tone: tone, Title: title, At: strings.Replace(short(d.lang, d.zone, at), " UTC", "\nUTC", 1)}})
		}
	}
	v := d.view
	add(v.DetectedAt, "", d.lang.Say("fig_detected"))
	if v.ReceivedAt.Sub(v.DetectedAt) >= time.Second {
		add(v.ReceivedAt, "", d.lang.Say("fig_received"))
	}
	if v.AwareAt != nil {
		add(*v.AwareAt, "", d.lang.Say("fig_aware"))
	}
	if v.HandledAt != nil {
		add(*v.HandledAt, "", d.lang.Say("fig_handled"))
	}
	for _, c := range v.Clocks {
		switch {
		case string(c.Regime) != d.stage.Regime || c.Stopped != nil:
		case c.SubmittedAt != nil:
			add(*c.SubmittedAt, tone(c), d.clockTitle(c)+" – "+d.lang.Say("fig_sent"))
		default:
			t := tone(c)
			if t == "" {
				t = "due"
			}
			add(c.DueAt, t, d.clockTitle(c)+" – "+d.lang.Say("fig_due"))
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	moments := make([]pdf.Moment, len(all))
	for n, m := range all {
		moments[n] = m.Moment
		if n > 0 {
			moments[n].Gap = span(m.at.Sub(all[n-1].at))
		}
	}
	return pdf.Timeline(moments)
}

// span is a duration in its two largest units, in symbols that every language
// shares.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	day := 24 * time.Hour
	switch {
	case d >= day:
		return strings.TrimSuffix(fmt.Sprintf("+%d\u00a0d %d\u00a0h", d/day, d%day/time.Hour), " 0\u00a0h")
	case d >= time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("+%d\u00a0h %d\u00a0min", d/time.Hour, d%time.Hour/time.Minute), " 0\u00a0min")
	case d >= time.Minute:
		return strings.TrimSuffix(fmt.Sprintf("+%d\u00a0min %d\u00a0s", d/time.Minute, d%time.Minute/time.Second), " 0\u00a0s")
	}
	return fmt.Sprintf("+%d\u00a0s", d/time.Second)
}
