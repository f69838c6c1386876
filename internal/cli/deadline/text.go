package deadline

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"nis2clock/internal/regime"
)

// The table's measures in columns. An end-of-day limit in the zone with the longest name of a Member State fits.
const (
	width  = 100
	indent = 21 // where what stands beside a label begins
	utcCol = 24 // of an instant in UTC
)

// WriteText writes answers as tables for a person, at most 100 columns wide unless a zone's name is very long:
// what is known, then for each clock its three instants in UTC and in the authority's zone, how a submission is
// judged, how each instant was counted, and the source. What holds for all of them is said once, at the end.
func WriteText(w io.Writer, answers ...Answer) error {
	t := &text{}
	for _, a := range answers {
		t.zone = a.Place.Zone
		t.head(a)
		for _, c := range a.Clocks {
			t.clock(a, c)
		}
		t.out.WriteString("\n")
		if a.ID != "" {
			t.out.WriteString(strings.Repeat("-", width) + "\n")
		}
	}
	for _, s := range legend {
		t.out.WriteString(wrap(s, 0) + "\n")
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

// legend is what a reader must know of every table.
var legend = []string{
	"target: the house rule, the regime's own period from detection.",
	"due: the conservative reading of the law, to be relied on. A report sent at that instant is late. Each is owed without undue " +
		"delay: one sent before it is due can still be late in law.",
	"outer: the outer reading (Reg. 1182/71 throughout), not confirmed for this State: national rules on time limits may govern " +
		"instead. Do not rely on it.",
}

// text is a table being written.
type text struct {
	out  bytes.Buffer
	zone *time.Location
}

func (t *text) head(a Answer) {
	if a.ID != "" {
		fmt.Fprintf(&t.out, "%s\n", a.ID)
	}
	if a.Exercise {
		t.out.WriteString("EXERCISE: without legal effect; nothing of this goes to an authority\n")
	}
	for _, r := range a.Regimes {
		t.out.WriteString(wrap(fmt.Sprintf("%s, %s; data version %s, reviewed %s", r.Title, r.Act, r.Version, r.Reviewed), 2) + "\n")
	}
	authority := t.zone.String()
	if a.MemberState != "" {
		authority += " (" + a.MemberState + ")"
	}
	t.out.WriteString("\n")
	t.line("What is known", "UTC", authority)
	f := a.Facts
	t.event("detected", f.DetectedAt, "not recorded: awareness stands for it")
	t.event("aware", f.AwareAt, "not recorded: clocks run from detection, provisionally")
	for _, r := range a.Regimes {
		if at, ok := a.AwareFor[r.ID]; ok {
			t.event("aware, "+string(r.ID), at, "")
		}
	}
	for _, fact := range []struct {
		label string
		at    time.Time
	}{
		{"classified", f.ClassifiedAt}, {"fix available", f.FixAvailableAt}, {"impact ended", f.ImpactEndedAt},
		{"handled", f.HandledAt}, {"report requested", a.requestedBy()},
	} {
		if !fact.at.IsZero() {
			t.event(fact.label, fact.at, "")
		}
	}
	if f.Ongoing {
		t.row("ongoing", "when the final report falls due")
	}
	if f.Entity == regime.TrustServiceProvider {
		affected := "trust services not affected"
		if f.AffectsTrustService {
			affected = "trust services affected"
		}
		t.row("entity", "trust service provider, "+affected)
	}
	if f.WeekendReliefExcluded {
		t.row("weekends", "no relief for the entity")
	}
	t.row("holidays", holidaysOf(a.Question))
	t.overlay(a)
	for i, w := range a.Warnings {
		if i == 0 {
			t.out.WriteString("\n")
		}
		t.out.WriteString(wrap("NOTE: "+w+".", 6) + "\n")
	}
}

// overlay shows the Member State whose law is counted, and how sure it is.
func (t *text) overlay(a Answer) {
	s, ok := a.overlay()
	if !ok {
		return
	}
	fmt.Fprintf(&t.out, "\nLaw of %s (%s), overlay on %s\n", s.Name, s.Code, a.regimeTitle(s.Regime))
	act := s.Act
	if s.Since != "" {
		act += ", since " + s.Since
	}
	if !s.InForce {
		act = "NO ACT IN FORCE (" + s.Act + "): the clocks are those of the Directive and bind nobody there yet"
	}
	t.row("act", act)
	t.row("report to", s.Authority)
	if s.Portal != "" {
		t.row("through", s.Portal)
	}
	t.row("in", strings.Join(s.Languages, ", "))
	t.row("read in", s.Source+"; reviewed "+s.Reviewed)
	t.row("deadlines", confidence(s.Confidence))
	for _, n := range s.Notes {
		t.row("note", n)
	}
}

func (a Answer) regimeTitle(id regime.ID) string {
	for _, r := range a.Regimes {
		if r.ID == id {
			return r.Title
		}
	}
	return string(id)
}

// holidaysOf says which holidays are counted.
func holidaysOf(q Question) string {
	var names []string
	for _, d := range sorted(q.Given) {
		names = append(names, midnight(d).Format(holidayForm))
	}
	given := strings.Join(names, ", ")
	switch {
	case q.Calendar != nil && given != "":
		return "the public holidays of " + q.Calendar.Name + ", and " + given
	case q.Calendar != nil:
		return "the public holidays of " + q.Calendar.Name
	case given != "":
		return given
	}
	return "none given: only Saturdays and Sundays are no working days"
}

func midnight(d regime.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func (t *text) clock(a Answer, c regime.Clock) {
	title := a.title(c)
	if c.Projected {
		title += ", PROJECTED: its period has not begun"
	}
	fmt.Fprintf(&t.out, "\n%s (%s)\n", title, c.Name)
	t.limit("target", c.TargetAt)
	if c.Projected {
		t.limit("due (projected)", c.DueAt)
		t.row("outer (contested)", "none before the period begins")
	} else {
		t.limit("due", c.DueAt)
		if c.OuterReadingAt.IsZero() {
			t.row("outer (contested)", "none before its own period begins")
		} else {
			t.limit("outer (contested)", c.OuterReadingAt)
		}
	}
	if at := a.submittedAt(c); !at.IsZero() {
		t.event("submitted", at, "")
		t.row("", judged(c, at))
	}
	t.row("counted", "target: "+c.How.Target)
	t.row("", "due: "+c.How.Due)
	if c.How.Outer != "" {
		t.row("", "outer: "+c.How.Outer)
	}
	t.row("source", c.Source+", "+confidence(c.Confidence))
}

// judged says whether a submission was in time. Nobody is called late on the contested reading alone
// (regulation 2.3).
func judged(c regime.Clock, at time.Time) string {
	switch late, lateByOuter := regime.Late(c.DueAt, at), regime.Late(c.OuterReadingAt, at); {
	case c.Projected:
		return "not judged: its period has not begun"
	case late && lateByOuter:
		return "LATE, by the outer reading too"
	case late && c.OuterReadingAt.IsZero():
		return "LATE"
	case late:
		return "LATE; on time only by the contested outer reading"
	}
	return "ON TIME"
}

func confidence(c regime.Confidence) string {
	switch c {
	case regime.Verified:
		return "verified: the wording was read"
	case regime.Secondary:
		return "UNCONFIRMED: read only in a commentary or by a third party"
	}
	return "UNCONFIRMED: from memory, not looked up"
}

const (
	holidayForm = "Mon" + joint + "2" + joint + "Jan" + joint + "2006"
	utcForm     = "Mon _2 Jan 2006 15:04:05.999999999"
	zoneForm    = utcForm + " -07:00"
)

// event shows when something happened, or what to say if it did not.
func (t *text) event(label string, at time.Time, missing string) {
	if at.IsZero() {
		t.row(label, missing)
		return
	}
	t.line("  "+label, at.UTC().Format(utcForm), at.In(t.zone).Format(zoneForm))
}

// limit shows a due instant. It is exclusive, so that midnight is the end of the day before.
func (t *text) limit(label string, at time.Time) {
	local := at.In(t.zone)
	shown := local.Format(zoneForm)
	if local.Hour() == 0 && local.Minute() == 0 && local.Second() == 0 && local.Nanosecond() == 0 {
		shown = fmt.Sprintf("end of %s (24:00 %s)", local.AddDate(0, 0, -1).Format("2 January 2006"), t.zone)
	}
	t.line("  "+label, at.UTC().Format(utcForm), shown)
}

// line writes a label and two columns. An instant with fractions of a second pushes the second column aside.
func (t *text) line(label, utc, local string) {
	fmt.Fprintf(&t.out, "%-*s%-*s  %s\n", indent, label, utcCol, utc, local)
}

// row writes a label and what stands beside it. Where that takes several lines, those after the first hang.
func (t *text) row(label, what string) {
	fmt.Fprintf(&t.out, "%-*s%s\n", indent, "  "+label, strings.TrimLeft(wrap(strings.Repeat(joint, indent)+what, indent+2), " "))
}

// joint is a space at which no line is broken.
const joint = "\u00a0"

// joined keeps a citation and its number on one line.
var joined = strings.NewReplacer("Reg. ", "Reg."+joint, "Art. ", "Art."+joint)

// wrap breaks a line at spaces where it would pass the width; lines after the first are indented by hang.
func wrap(s string, hang int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Split(joined.Replace(s), " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", hang))
			at = hang
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return strings.ReplaceAll(b.String(), joint, " ")
}
