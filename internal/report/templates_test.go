package report

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"nis2clock/internal/realtest"
	"nis2clock/internal/report/catalogue"
	"nis2clock/templates"
)

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func options(files map[string]string) Options {
	return Options{Entities: []Entity{SpecimenEntity()}, Builtin: templates.FS, Custom: folder(files), CustomName: "house"}
}

func TestBrokenTemplatesAreRefusedAtStart(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"syntax":              {map[string]string{"early_warning.md": "a\n{{range .Alerts}"}, []string{"house/early_warning.md:2"}},
		"unknown text":        {map[string]string{"early_warning.md": "a\n\n{{t \"nonsense\"}}"}, []string{`house/early_warning.md:3: t "nonsense"`}},
		"unknown field":       {map[string]string{"early_warning.md": "{{(field \"sumary\").Text}}"}, []string{`house/early_warning.md:1: field "sumary"`}},
		"unknown group":       {map[string]string{"early_warning.md": "{{range fields \"who\"}}{{end}}"}, []string{`house/early_warning.md:1: fields "who"`}},
		"unknown data":        {map[string]string{"early_warning.md": "\n{{.Nothing}}"}, []string{"house/early_warning.md:2", "Nothing"}},
		"unknown definition":  {map[string]string{"early_warning.md": "{{template \"nothing\"}}"}, []string{"house/early_warning.md", "nothing"}},
		"broken definition":   {map[string]string{"partials/report.md": "{{define \"title\"}}{{.Nothing}}{{end}}"}, []string{"house/partials/report.md:1"}},
		"a report of no name": {map[string]string{"novel.md": "x"}, []string{"house/novel.md", "early_warning.md"}},
		"two mistakes":        {map[string]string{"early_warning.md": "{{t \"nonsense\"}}", "gdpr/notification.md": "{{if}}"}, []string{"house/early_warning.md:1", "house/gdpr/notification.md:1"}},
	} {
		o := options(tt.files)
		o.Law = renderer(t).o.Law
		_, err := New(o)
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", name, err, want)
			}
		}
	}
}

func TestAHousesOwnPartsReplaceTheBuiltIn(t *testing.T) {
	r := renderer(t, func(o *Options) {
		o.Custom = folder(map[string]string{"partials/house.md": `{{define "record"}}Kept by the house.{{end}}`})
	})
	for _, stage := range []string{"early_warning", "gdpr/notification"} {
		d, err := r.draft(Request{Stage: stage}, specimen(t))
		if err != nil {
			t.Fatal(err)
		}
		markdown, err := r.markdown(d)
		if err != nil || !bytes.Contains(markdown, []byte("Kept by the house.")) || bytes.Contains(markdown, []byte("append-only")) {
			t.Errorf("%s: the house's definition is not used (%v)", stage, err)
		}
	}
}

// A template that works on the specimen can still fail on the night: then the
// report is made all the same, and says so.
func TestAFailingTemplateFallsBackLoudly(t *testing.T) {
	var log bytes.Buffer
	r := renderer(t, func(o *Options) {
		o.Custom = folder(map[string]string{"early_warning.md": "# mine\n\n{{(index .Alerts 1).Name}}"})
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	if text := realtest.PDFText(t, render(t, r, Request{Stage: "early_warning"}, specimen(t))); !strings.Contains(text, "mine\nRansomwareOnHost\n") {
		t.Errorf("the house's template is not used:\n%s", text)
	}
	if log.Len() > 0 {
		t.Errorf("a template that works logs %s", log.String())
	}
	l, err := catalogue.In("de")
	if err != nil {
		t.Fatal(err)
	}
	text := realtest.PDFText(t, render(t, r, Request{Stage: "early_warning", Lang: "de"}, written(t)))
	if !strings.Contains(squeeze(text), squeeze(l.Say("fallback_note", "error", ""))) || !strings.Contains(text, "Frühwarnung") || !strings.Contains(squeeze(text), "indexoutofrange") {
		t.Errorf("the report does not say that it is not the house's:\n%.900s", text)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "INC-2026-0001") {
		t.Errorf("the log says %q", log.String())
	}
}
