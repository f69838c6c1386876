package report

import (
	"strings"
	"testing"

	"nis2clock/internal/realtest"
	"nis2clock/internal/report/catalogue"
)

// sheet is the worksheet of an entity in a State.
func sheet(t *testing.T, state string, req Request, src Source) *Worksheet {
	t.Helper()
	r := renderer(t, func(o *Options) { o.Entities[0].MemberState = state })
	req.Stage = worksheet
	d, err := r.draft(req, src)
	if err != nil {
		t.Fatal(err)
	}
	return d.Worksheet
}

// row finds the answers to a question.
func row(t *testing.T, w *Worksheet, no string) WorksheetRow {
	t.Helper()
	for _, r := range w.Rows {
		if r.No == no {
			return r
		}
	}
	t.Fatalf("the form has no field %s", no)
	return WorksheetRow{}
}

// The limit is counted in characters, and nothing is cut away: the mark shows
// where the form would.
func TestWorksheetMarksWhereTheFormCuts(t *testing.T) {
	summary := strings.Repeat("щ", 650)
	w := sheet(t, "CZ", Request{}, written(t, say(map[string][]string{"summary": {summary}})))
	a := row(t, w, "11").Answers[0]
	if !a.TooLong || a.Length != 650 || a.Max != 600 || a.Fits != summary[:1200] || a.Fits+a.Rest != summary {
		t.Errorf("650 characters in a field of 600: %+v", a)
	}
	w = sheet(t, "CZ", Request{}, written(t, say(map[string][]string{"summary": {summary[:1200]}})))
	if a := row(t, w, "11").Answers[0]; a.TooLong {
		t.Errorf("600 characters do not fit: %+v", a)
	}
}

func TestWorksheetHasTheFormsOrderAndCodes(t *testing.T) {
	src := written(t, say(map[string][]string{"severity_assessment": {"high"}, "incident_status": {"contained"}, "root_cause_category": {"system-failures"}}))
	cz := sheet(t, "CZ", Request{For: "notification"}, src)
	if got := row(t, cz, "6").Answers[0].Text; got != "III" {
		t.Errorf("a high severity is category %q in Czechia, want III", got)
	}
	if got := row(t, cz, "8").Answers[0].Text; got != "under control" {
		t.Errorf("contained is %q", got)
	}
	if !row(t, cz, "2").ByHand {
		t.Error("what no field of ours answers is not marked")
	}
	if got := row(t, sheet(t, "NL", Request{}, src), "1.1").Answers[0].Text; got != "Примерна енергия АД" {
		t.Errorf("the name is %q: names are never transliterated", got)
	}
	if got := row(t, cz, "5").Answers[0].Text; got != "2026-11-20 18:30:00 +02:00" {
		t.Errorf("detection is %q, want the authority's time", got)
	}
	if !row(t, cz, "10").Answers[0].Open {
		t.Error("an unanswered question looks answered")
	}
}

// A form that nobody saw says so, and lists the report's own fields.
func TestWorksheetWithoutAForm(t *testing.T) {
	src := specimen(t)
	for state, seen := range map[string]string{"DE": "none", "MT": "none", "NL": "part", "ES": "all", "": "none"} {
		w := sheet(t, state, Request{}, src)
		if w.Seen != seen || len(w.Rows) < 10 {
			t.Errorf("%s: seen %s with %d rows, want %s", state, w.Seen, len(w.Rows), seen)
		}
	}
	l, err := catalogue.In("fr")
	if err != nil {
		t.Fatal(err)
	}
	r := renderer(t, func(o *Options) { o.Entities[0].MemberState = "DE" })
	text := squeeze(realtest.PDFText(t, render(t, r, Request{Stage: worksheet, Lang: "fr"}, src)))
	for _, want := range []string{l.Say("form_not_seen"), l.Say("not_a_submission", "portal", "BSI"), "ELSTER"} {
		if !strings.Contains(text, squeeze(want)) {
			t.Errorf("the worksheet does not say %q", want)
		}
	}
}

// No is a word of the reader's, where the form has no code for it.
func TestWorksheetSaysNoInItsLanguage(t *testing.T) {
	for lang, want := range map[string]string{"en": "no", "de": "nein", "el": "όχι"} {
		found := 0
		for _, r := range sheet(t, "DE", Request{Lang: lang, For: "notification"}, written(t)).Rows {
			for _, a := range r.Answers {
				if a.Field == "previous_report_ref" {
					found++
					if a.Text != want {
						t.Errorf("%s: an earlier report: %q, want %q", lang, a.Text, want)
					}
				}
			}
		}
		if found != 1 {
			t.Errorf("%s: asked %d times for an earlier report", lang, found)
		}
	}
}
