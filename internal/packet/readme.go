package packet

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
)

//go:embed readme.txt
var readmeText string

var readmeTemplate = template.Must(template.New(readmeFile).Funcs(template.FuncMap{
	"instant": instant, "wrap": wrap, "rule": rule, "size": size, "title": title, "plain": oneLine, "upper": strings.ToUpper,
}).Parse(readmeText))

// readme is what the README is written from.
type readme struct {
	Manifest
	View incident.View // as the recipient sees it
	// Whole is false where the recipient does not see all of it: nothing is
	// concluded from what is not there.
	Whole    bool
	Known    []fact
	Clocks   []owed
	Events   []event
	Whose    string            // the entities whose reports are in it
	MoreGone int               // entries whose content is left out
	Sent     map[string]string // when a report was sent, by its file
	Found    []EvidenceFile    // artefacts that are in
	Lost     []EvidenceFile    // those that are not
	Left     []LeftOut         // entries of one kind and reason put together
}

// fact is one thing with its time.
type fact struct{ What, When, Note string }

// owed is a report that was or is to be made, in words.
type owed struct{ Title, Name, Source, Entity, Due, Basis, Sent, Verdict string }

// readme puts the README in front of everything.
func (b *builder) readme(context.Context) error {
	r := readme{Manifest: b.out.manifest, Whole: b.profile.Members == nil}
	if err := json.Unmarshal(b.view, &r.View); err != nil {
		return err
	}
	for _, f := range b.out.files {
		r.Files = append(r.Files, f.File)
	}
	r.Known = known(r.View, r.Whole)
	for _, c := range r.View.Clocks {
		r.Clocks = append(r.Clocks, owedBy(c, cmp.Or(b.src.Entities[c.Entity], c.Entity), r.View.UpdatedAt))
	}
	for _, e := range b.events {
		if e.Absent != "" && e.Summary == "" {
			r.MoreGone++
			continue
		}
		r.Events = append(r.Events, e)
	}
	r.Whose = b.whose()
	r.Sent = sent(r.View.Submissions, b.out.files)
	for _, e := range r.Evidence {
		if e.File == nil {
			r.Lost = append(r.Lost, e)
		} else {
			r.Found = append(r.Found, e)
		}
	}
	r.Left = together(r.LeftOut)
	var text bytes.Buffer
	if err := readmeTemplate.Execute(&text, r); err != nil {
		return err
	}
	b.add(readmeFile, "what happened, what is in here, how to check it", text.Bytes())
	last := len(b.out.files) - 1
	b.out.files = slices.Insert(b.out.files[:last:last], 0, b.out.files[last])
	return nil
}

// whose are the entities whose reports are in the packet.
func (b *builder) whose() string {
	var names []string
	for _, r := range b.out.manifest.Reports {
		if name := cmp.Or(b.src.Entities[r.Entity], r.Entity); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// sent finds the reports that were sent as they are here: those whose digest was
// recorded with a submission.
func sent(submissions []incident.SentView, files []file) map[string]string {
	out := map[string]string{}
	for _, s := range submissions {
		for _, f := range files {
			if s.SHA256 == f.SHA256 && out[f.Name] == "" {
				out[f.Name] = fmt.Sprintf("sent to %s at %s", cmp.Or(s.To, "the authority"), instant(s.SubmittedAt))
			}
		}
	}
	return out
}

// known says when what was known, as far as somebody recorded it.
func known(v incident.View, whole bool) []fact {
	facts := []fact{
		{"First sign of it", instant(v.DetectedAt), "the detection: when the first alert began, or somebody noticed"},
		{"Reached the entity's record", instant(v.ReceivedAt), ""},
	}
	add := func(what string, t *time.Time, note, never string) {
		switch {
		case t != nil:
			facts = append(facts, fact{what, instant(*t), note})
		case whole:
			facts = append(facts, fact{what, "not recorded", never})
		}
	}
	by := func(name *string) string {
		if name == nil {
			return ""
		}
		return "recorded by " + *name
	}
	add("Entity aware that it is significant", v.AwareAt, by(v.AwareBy), "nobody has recorded awareness; until then the clocks run from detection, the safe side")
	add("First acknowledged by a person", v.AcknowledgedAt, by(v.AcknowledgedBy), "")
	add("Impact ended", v.ImpactEndedAt, "", "")
	add("Service restored", v.RecoveredAt, "", "")
	add("Handling ended", v.HandledAt, "", "")
	add("Closed", v.ClosedAt, "", "")
	return facts
}

// owedBy puts a clock of an entity in words, as of the incident's own instant.
func owedBy(c incident.ClockView, entity string, asOf time.Time) owed {
	o := owed{Title: c.Title, Name: string(c.Regime) + "/" + string(c.Stage), Source: c.Source, Entity: entity, Due: "without undue delay, no figure agreed", Sent: "not sent", Basis: "counted from " + strings.ReplaceAll(c.Basis, "_", " ")}
	if c.Authority != nil {
		o.Entity += " to " + *c.Authority
	}
	if c.Counterparty != "" {
		o.Entity += " to " + c.Counterparty
	}
	if !c.DueAt.IsZero() {
		o.Due = instant(c.DueAt)
	}
	if c.State == incident.ClockProjected {
		o.Due += " at the earliest"
		o.Basis = "its period starts with an earlier step that has not been recorded; this is a projection from detection"
	}
	switch {
	case c.SubmittedAt != nil:
		o.Sent = instant(*c.SubmittedAt)
		if c.ReceiptAt != nil {
			o.Sent += ", receipt of the authority at " + instant(*c.ReceiptAt)
		}
		if c.Reference != nil {
			o.Sent += ", reference " + *c.Reference
		}
		o.Verdict = "in time"
		if c.Late {
			o.Verdict = "LATE"
			if !c.DueAt.IsZero() && c.SubmittedAt.After(c.DueAt) {
				o.Verdict += " by " + incident.Words(c.SubmittedAt.Sub(c.DueAt))
			}
		}
	case c.Stopped != nil:
		o.Sent, o.Verdict = "not sent", "not owed any more: "+*c.Stopped
	case c.Late:
		o.Verdict = "OVERDUE as of " + instant(asOf)
	default:
		o.Verdict = "not yet due as of " + instant(asOf)
	}
	return o
}

// together puts entries that are left out for one reason into one line.
func together(all []LeftOut) []LeftOut {
	var out []LeftOut
	count := map[[2]string]int{}
	for _, l := range all {
		key := [2]string{l.What, l.Why}
		if count[key]++; count[key] == 1 {
			out = append(out, LeftOut{What: l.What, Why: l.Why})
		}
	}
	for n := range out {
		if c := count[[2]string{out[n].What, out[n].Why}]; c > 1 {
			out[n].What = fmt.Sprintf("%d times: %s", c, out[n].What)
		}
	}
	return out
}

// width is how long a line of the README gets.
const width = 96

// wrap breaks text into lines and indents them.
func wrap(indent int, s string) string {
	margin := strings.Repeat(" ", indent)
	var out strings.Builder
	col := 0
	for _, word := range strings.Fields(oneLine(s)) {
		n := len([]rune(word))
		switch {
		case col == 0:
			out.WriteString(margin)
			col = indent
		case col+1+n > width:
			out.WriteString("\n" + margin)
			col = indent
		default:
			out.WriteByte(' ')
			col++
		}
		out.WriteString(word)
		col += n
	}
	return out.String()
}

// oneLine shows a text of others on one line, without what steers a terminal.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff:
			return '\ufffd'
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// rule is a line of signs as long as the text.
func rule(sign, s string) string { return strings.Repeat(sign, min(len([]rune(s)), width)) }

// size is a number of bytes in words.
func size(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
