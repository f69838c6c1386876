package report_test

import (
	"bytes"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/report"
	"nis2clock/templates"
)

// A privileged note leaves no trace in a report: with it and without it the
// bytes are the same.
func TestPrivilegedNotesStayInTheHouse(t *testing.T) {
	r, err := report.New(report.Options{Builtin: templates.FS, Law: regime.Builtin(), Entities: []report.Entity{{Track: "default", Name: "Example"}}})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	source := func(notes ...incident.Noted) report.Source {
		src := report.Source{Incident: incident.View{ID: "INC-2026-0001", UpdatedAt: at, DetectedAt: at}}
		src.Incident.Notes = []incident.NoteView{}
		for _, n := range notes {
			src.Entries = append(src.Entries, incident.Entry{At: at, Kind: n.Kind(), Event: n})
			src.Incident.Notes = append(src.Incident.Notes, incident.NoteView{At: at, By: "anna", Text: n.Text, Privileged: n.Privileged})
		}
		return src
	}
	render := func(src report.Source) []byte {
		pdf, err := r.PDF(report.Request{Stage: "early_warning"}, src)
		if err != nil {
			t.Fatal(err)
		}
		return pdf
	}
	plain, privileged := incident.Noted{Text: "the disk is full"}, incident.Noted{Text: "counsel advises", Privileged: true}
	if !bytes.Equal(render(source(plain)), render(source(plain, privileged))) {
		t.Error("the report tells that there is a privileged note")
	}
	if bytes.Equal(render(source(plain)), render(source())) {
		t.Error("the report leaves out an ordinary note too, so this proves nothing")
	}
}
