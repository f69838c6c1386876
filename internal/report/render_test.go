package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/realtest"
	"nis2clock/internal/regime"
	"nis2clock/internal/report/catalogue"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// goldens are the reports whose text is kept: every stage in every language.
func goldens() []Request {
	var all []Request
	for _, stage := range Stages() {
		for _, lang := range languages {
			all = append(all, Request{Stage: stage, Lang: lang})
		}
	}
	return all
}

func TestTextOfEachReport(t *testing.T) {
	r, src := renderer(t), specimen(t)
	for _, req := range goldens() {
		t.Run(req.Stage+"/"+req.Lang, func(t *testing.T) {
			t.Parallel()
			golden(t, strings.ReplaceAll(req.Stage, "/", "-")+"."+req.Lang+".golden.txt", realtest.PDFText(t, render(t, r, req, src)))
		})
	}
}

// Every stage is written in every language, under its own title and with
// nothing of the machinery on the page; and drawn twice to the same bytes.
func TestEveryStageInEveryLanguage(t *testing.T) {
	r, src := renderer(t), specimen(t)
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			for _, stage := range Stages() {
				req := Request{Stage: stage, Lang: lang}
				d, err := r.draft(req, src)
				if err != nil {
					t.Fatal(err)
				}
				markdown, err := r.markdown(d)
				if err != nil {
					t.Fatal(err)
				}
				for _, leak := range []string{"<no value>", "%!", "{n}", "{portal}", "{authority}", "f_", "{{"} {
					if bytes.Contains(markdown, []byte(leak)) {
						t.Errorf("%s: %q is on the page", stage, leak)
					}
				}
				if title := d.heading(); d.Worksheet == nil && !strings.HasPrefix(squeeze(strings.ReplaceAll(string(markdown), `\`, "")), squeeze("#"+title)) {
					t.Errorf("%s: the report does not begin with its title %q", stage, title)
				}
				if lang == "el" && !bytes.Equal(render(t, r, req, src), render(t, r, req, src)) {
					t.Errorf("%s: two runs differ", stage)
				}
			}
		})
	}
}

func TestFilesAreValidAndCarryTheirFonts(t *testing.T) {
	r, src := renderer(t), specimen(t)
	qpdf, fonts, detach := realtest.QPDF(t), realtest.Poppler(t, "pdffonts"), realtest.Poppler(t, "pdfdetach")
	for _, lang := range []string{"en", "el", "bg", "pl"} {
		path := realtest.Save(t, lang+".pdf", render(t, r, Request{Stage: "final_report", Lang: lang}, src))
		if out := realtest.Run(t, qpdf, "--check", path); !strings.Contains(out, "No syntax or stream encoding errors found") || strings.Contains(out, "WARNING") {
			t.Errorf("%s: qpdf --check says:\n%s", lang, out)
		}
		n := 0
		for line := range strings.Lines(realtest.Run(t, fonts, path)) {
			if !strings.Contains(line, "dejavusans") {
				continue
			}
			n++
			if f := strings.Fields(line); f[len(f)-5] != "yes" { // emb, sub, uni, object, generation
				t.Errorf("%s: a font is not embedded: %s", lang, line)
			}
		}
		if n == 0 {
			t.Errorf("%s: no font was found", lang)
		}
		if out := realtest.Run(t, detach, "-list", path); !strings.Contains(out, "EX-2026-0001-final_report.json") || !strings.Contains(out, "EX-2026-0001.json") {
			t.Errorf("%s: attached are\n%s", lang, out)
		}
	}
	notice := realtest.Run(t, detach, "-list", realtest.Save(t, "notice.pdf", render(t, r, Request{Stage: "recipients_notice"}, src)))
	if !strings.Contains(notice, "0 embedded files") {
		t.Errorf("customers get the record with their notice:\n%s", notice)
	}
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid holds a report against the published schema.
func valid(t testing.TB, s *jsonschema.Schema, r *Renderer, req Request, src Source) {
	t.Helper()
	out, err := r.JSON(req, src)
	if err != nil {
		t.Fatalf("%s: %v", req.Stage, err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("%s: %v", req.Stage, err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%s: %v", req.Stage, err)
	}
}

func TestJSONFollowsTheSchema(t *testing.T) {
	s, r := schema(t), renderer(t)
	for _, stage := range Stages() {
		valid(t, s, r, Request{Stage: stage, Lang: "el"}, specimen(t))
		valid(t, s, r, Request{Stage: stage}, written(t))
	}
	// A schema that lets everything through would pass too.
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"format":"nis2clock-report/1"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err == nil {
		t.Error("the schema takes a report without anything in it")
	}
}

// hostile are texts that somebody else chose.
var hostile = []string{
	"# heading\n- item\n| a | b |\n| --- | --- |", "~~~\nfence\n~~~ timeline", "\x1e\x1f\x1e", "{{.Title}} {n} %s %!d",
	"שלום עולם user\u202egnp.exe", "zero\u200bwidth\ufeff bell\a\x1b[31m nul\x00", "not \xff UTF-8 \xc3", "fire 🔥 and 事件",
	strings.Repeat("0123456789abcdef", 60), "line one\nline two\r\nline three", "   ", `back\slash\`, "<b>&lt;</b> [x](javascript:alert(1))", "Ärger, żółć, Έλεγχος, Щит", "'; DROP TABLE --",
}

// wild is an incident of random hostile parts.
func wild(t testing.TB, rnd *rand.Rand) Source {
	t.Helper()
	pick := func() string { return hostile[rnd.IntN(len(hostile))] + hostile[rnd.IntN(len(hostile))] }
	rules := &incident.Rules{Law: regime.Builtin(), Tracks: []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2", "gdpr", "dora"}, Place: regime.Place{Zone: time.UTC}}}}
	state := incident.NewState()
	var entries []incident.Entry
	now := at0
	do := func(cmd incident.Command) incident.ID {
		reply, more, err := rules.Execute(state, now, cmd)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Duration(rnd.IntN(40)) * time.Hour)
		entries = append(entries, more...)
		id, ok := reply.(incident.ID)
		if !ok {
			id = "INC-2026-0001"
		}
		return id
	}
	alerts := make([]incident.Delivery, []int{1, 3, 500}[rnd.IntN(3)])
	for n := range alerts {
		alerts[n] = incident.Delivery{
			Fingerprint: fmt.Sprintf("%016x", n), Firing: rnd.IntN(2) == 0, StartsAt: at0, Flags: []string{pick()},
			Labels:      map[string]string{"alertname": pick(), "nis2_reportable": "true", "nis2_incident": "x", "l": pick()},
			Annotations: map[string]string{"summary": pick()},
		}
		if !alerts[n].Firing {
			alerts[n].EndsAt = at0.Add(time.Minute)
		}
	}
	alerts[0].Firing, alerts[0].EndsAt = true, time.Time{}
	rules.Classify.CorrelateWithin = 24 * time.Hour
	by := incident.Person{By: incident.Actor{Name: pick(), Via: pick()}}
	do(incident.ReceiveBatch{By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: at0, Receipt: incident.Receipt{SHA256: "b", Raw: []byte("{}")}, Alerts: alerts})
	id := state.IDs()[0]
	for range rnd.IntN(12) {
		switch rnd.IntN(4) {
		case 0:
			do(incident.AddNote{Person: by, ID: id, Text: "note " + pick()})
		case 1:
			do(incident.SetFacts{Person: by, ID: id, Summary: new(pick())})
		case 2:
			do(incident.SetReportFields{Person: by, ID: id, Fields: map[string][]string{"severity_assessment": {"unknown"}, "impact_assessment": {strings.ToValidUTF8("i "+pick(), "?")}, "measures_taken": {"a " + strings.ToValidUTF8(pick(), "?"), "b"}}})
		case 3:
			do(incident.Submit{Person: by, ID: id, Stages: []string{"early_warning"}, Submission: incident.Submission{Reference: pick(), Authority: pick()}})
		}
	}
	for n := range entries {
		if n > 0 && entries[n].Kind == (incident.Noted{}).Kind() && rnd.IntN(3) == 0 {
			entries[n].Event = nil // erased
		}
	}
	i, _ := state.Incident(id)
	var about []incident.Entry
	for _, e := range entries {
		if e.About == id {
			about = append(about, e)
		}
	}
	return Source{Incident: i.View(i.UpdatedAt), Entries: about, Journal: Journal{Size: i.Revision}}
}

// Whatever an incident holds, every stage renders, as a valid JSON document
// too, and what people wrote comes back out of the PDF.
func TestAnyIncidentRenders(t *testing.T) {
	s := schema(t)
	r := renderer(t, func(o *Options) {
		o.Entities = []Entity{{Track: "default", MemberState: "CZ", Name: hostile[4], Authority: hostile[0]}}
	})
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			src := wild(t, rand.New(rand.NewPCG(seed, 2)))
			for n, stage := range Stages() {
				if uint64(n%4) != seed { // each stage meets one of the incidents
					continue
				}
				req := Request{Stage: stage, Lang: languages[n%len(languages)], For: "notification"}
				render(t, r, req, src)
				valid(t, s, r, req, src)
			}
			path := realtest.Save(t, "wild.pdf", render(t, r, Request{Stage: "final_report"}, src))
			if out := realtest.Run(t, realtest.QPDF(t), "--check", path); !strings.Contains(out, "No syntax or stream encoding errors found") {
				t.Errorf("qpdf --check says:\n%s", out)
			}
		})
	}
}

// A storm of alerts stays a report that people read: the first that fired, how
// many more there are and all that people did; the JSON has every one.
func TestAStormOfAlertsIsCounted(t *testing.T) {
	storm := func(n int) Source {
		src := written(t, func(p incident.Person, id incident.ID) incident.Command {
			return incident.AddNote{Person: p, ID: id, Text: "before-the-storm"}
		})
		id, at := src.Incident.ID, src.Incident.UpdatedAt
		for k := range n {
			a := incident.Alert{Fingerprint: fmt.Sprintf("%016x", k), StartsAt: at.Add(time.Duration(k) * time.Second), Status: incident.Firing, Labels: map[string]string{"alertname": fmt.Sprintf("Storm%03d", k)}}
			src.Entries = append(src.Entries, incident.Entry{At: at, About: id, Kind: incident.Attached{}.Kind(), Event: incident.Attached{Meta: incident.Meta{By: incident.Actor{Name: "am", Via: "webhook"}}, Alert: a, ReceivedAt: at}})
			// The newest comes first: the list is in order of start all the same.
			src.Incident.Alerts = slices.Insert(src.Incident.Alerts, 0, incident.AlertView{Fingerprint: a.Fingerprint, StartsAt: a.StartsAt, Status: a.Status, Labels: a.Labels})
		}
		src.Entries = append(src.Entries, incident.Entry{At: at, About: id, Kind: incident.Noted{}.Kind(), Event: incident.Noted{Text: "after-the-storm"}})
		return src
	}
	r := renderer(t)
	for _, lang := range languages {
		l, err := catalogue.In(lang)
		if err != nil {
			t.Fatal(err)
		}
		text := squeeze(realtest.PDFText(t, render(t, r, Request{Stage: "early_warning", Lang: lang}, storm(500))))
		want := []string{l.Say("more_alerts", "n", "475"), l.Say("more_alert_entries", "n", "475"), "Storm024", "before-the-storm", "after-the-storm"}
		for _, w := range want {
			if !strings.Contains(text, squeeze(w)) {
				t.Errorf("%s: %q is not in the report", lang, w)
			}
		}
		if strings.Contains(text, "Storm025") {
			t.Errorf("%s: more than 25 alerts are printed", lang)
		}
	}
	req := Request{Stage: "early_warning"}
	pages := bytes.Count(render(t, r, req, storm(500)), []byte("/Type /Page\n"))
	if few := bytes.Count(render(t, r, req, storm(26)), []byte("/Type /Page\n")); pages == 0 || pages != few {
		t.Errorf("500 alerts make %d pages, 26 make %d", pages, few)
	}
	doc, err := r.JSON(req, storm(500))
	if err != nil {
		t.Fatal(err)
	}
	for k := range 500 {
		if !bytes.Contains(doc, fmt.Appendf(nil, "Storm%03d", k)) {
			t.Fatalf("alert %d is not in the JSON", k)
		}
	}
	for n, counted := range map[int]bool{25: false, 26: false, 27: true} {
		d, err := r.draft(req, storm(n))
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(d.Timeline, func(ev Event) bool { return strings.Contains(ev.What, "attached JSON") })
		if lines := len(d.Timeline); said != counted || lines != min(n, 26)+3 {
			t.Errorf("%d alerts: %d lines, a count among them %t", n, lines, said)
		}
	}
}

func TestALongNoteComesBackWhole(t *testing.T) {
	var note strings.Builder
	for n := range 10_000 {
		fmt.Fprintf(&note, "line-%05d Щ\n", n)
	}
	src := written(t, func(p incident.Person, id incident.ID) incident.Command {
		return incident.AddNote{Person: p, ID: id, Text: note.String()}
	})
	text := realtest.PDFText(t, render(t, renderer(t), Request{Stage: "final_report", Lang: "bg"}, src))
	next := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, fmt.Sprintf("line-%05d Щ", next)) {
			next++
		}
	}
	if next != 10_000 {
		t.Errorf("the lines come back in order up to %d of 10000", next)
	}
}

// No data at all: an incident whose entries were erased, of an entity that is
// not configured.
func TestAnEmptyRecordRenders(t *testing.T) {
	r := renderer(t, func(o *Options) { o.Entities = []Entity{{}} })
	l, err := catalogue.In("de")
	if err != nil {
		t.Fatal(err)
	}
	src := Source{Incident: incident.View{ID: "INC-2026-0001", TLP: "AMBER", UpdatedAt: at0}, Entries: []incident.Entry{{At: at0, Kind: "incident.opened/v1", About: "INC-2026-0001"}}}
	for _, stage := range Stages() {
		render(t, r, Request{Stage: stage, Lang: "de"}, src)
	}
	text := squeeze(realtest.PDFText(t, render(t, r, Request{Stage: "early_warning", Lang: "de"}, src)))
	for _, want := range []string{l.Say("no_summary"), l.Say("no_clock"), l.Say("erased"), l.Say("not_aware_note"), l.Say("draft_mark")} {
		if !strings.Contains(text, squeeze(want)) {
			t.Errorf("the empty report does not say %q", want)
		}
	}
}

// FuzzReport checks that nothing a person or an alert says becomes part of a
// report's structure: its sections are those of a harmless one.
func FuzzReport(f *testing.F) {
	for _, h := range hostile {
		f.Add(h, h)
	}
	r := renderer(f)
	base := written(f)
	sections := func(t *testing.T, stage, summary, label string) (n int) {
		src := base
		src.Incident.Summary = summary
		src.Incident.Alerts = []incident.AlertView{{Labels: map[string]string{"alertname": label, "l": summary}, Annotations: map[string]string{"summary": label}}}
		d, err := r.draft(Request{Stage: stage, Lang: "el"}, src)
		if err != nil {
			t.Fatal(err)
		}
		markdown, err := r.markdown(d)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(markdown) {
			if bytes.HasPrefix(line, []byte("#")) || bytes.HasPrefix(line, []byte("~~~")) || bytes.HasPrefix(line, []byte("|")) {
				n++
			}
		}
		return n
	}
	f.Fuzz(func(t *testing.T, summary, label string) {
		if strings.TrimSpace(summary) == "" || label == "" {
			t.Skip("what is empty is left out or said to be missing")
		}
		for _, stage := range []string{"early_warning", worksheet, "recipients_notice"} {
			if got, want := sections(t, stage, summary, label), sections(t, stage, "x", "x"); got != want {
				t.Errorf("%s has %d headings, fences and rows, want %d", stage, got, want)
			}
		}
	})
}

// An approved report says who approved it, in which role and when, and is no
// draft; a notice to customers names nobody.
func TestAnApprovedReportNamesItsApprover(t *testing.T) {
	s, r, src := schema(t), renderer(t), specimen(t)
	src.Approval = &Approval{By: "Ana [Lima]", Role: "commander", At: at0}
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			l, err := catalogue.In(lang)
			if err != nil {
				t.Fatal(err)
			}
			req := Request{Stage: "early_warning", Lang: lang}
			got := squeeze(realtest.PDFText(t, render(t, r, req, src)))
			want := squeeze(l.Say("approved_note", "who", "Ana [Lima] (commander)", "at", long(l, SpecimenEntity().Zone, at0)))
			if !strings.Contains(got, want) {
				t.Errorf("no %q on the page", want)
			}
			for _, key := range []string{"draft_mark", "draft_note"} {
				if strings.Contains(got, squeeze(l.Say(key))) {
					t.Errorf("it is still called a draft: %q", l.Say(key))
				}
			}
			valid(t, s, r, req, src)
		})
	}
	if got := realtest.PDFText(t, render(t, r, Request{Stage: "recipients_notice"}, src)); strings.Contains(got, "Ana") {
		t.Errorf("the notice to recipients names the approver:\n%s", got)
	}
}

// A long actor takes two lines of the timeline, so that what happened has the
// width; a short one stays on one.
func TestWhoIsNarrow(t *testing.T) {
	for _, tt := range []struct {
		by   incident.Actor
		want string
	}{
		{incident.Actor{Name: "ivana", Via: "cli"}, "ivana via cli"},
		{incident.Actor{Name: "Żółć Łąka", Via: "ui"}, "Żółć Łąka via ui"}, // 16 characters
		{incident.Actor{Name: "alertmanager", Via: "webhook"}, "alertmanager\nvia webhook"},
		{incident.Actor{Via: "a-collector-of-evidence"}, "a-collector-of-evidence"},
	} {
		if got := who(tt.by); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.by, got, tt.want)
		}
	}
}

// The README says so: Hebrew and Arabic are there, drawn in the order in which
// they were typed and so the wrong way round, what the fonts lack by its code,
// and the JSON has all as it was written.
func TestWritingFromRightToLeft(t *testing.T) {
	const hebrew, arabic = "שלום", "مرحبا"
	src := written(t, func(p incident.Person, id incident.ID) incident.Command {
		return incident.AddNote{Person: p, ID: id, Text: hebrew + " " + arabic + " 事"}
	})
	r, req := renderer(t), Request{Stage: "early_warning"}
	text := realtest.PDFText(t, render(t, r, req, src))
	for _, word := range []string{hebrew, arabic} {
		backwards := []rune(word)
		slices.Reverse(backwards)
		if !strings.Contains(text, string(backwards)) || strings.Contains(text, word) {
			t.Errorf("%s is not drawn from left to right", word)
		}
	}
	if !strings.Contains(text, "⟨U+4E8B⟩") {
		t.Error("a character that no font has does not show its code")
	}
	doc, err := r.JSON(req, src)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(doc, []byte(hebrew+" "+arabic+" 事")) {
		t.Error("the JSON does not have it as it was written")
	}
}
