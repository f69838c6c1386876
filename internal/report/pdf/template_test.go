package pdf

import (
	"strings"
	"testing"
	"time"
)

func TestTemplateEscapesWhatItPrints(t *testing.T) {
	const evil = "[x](http://evil)"
	const safe = `\[x\]\(http://evil\)`
	data := map[string]any{
		"V": evil, "List": []string{evil}, "Yes": true, "No": false,
		"Trusted": Markdown("**bold**"), "N": -3, "Span": time.Hour,
	}
	for _, tt := range []struct{ name, text, want string }{
		{"field", "{{.V}}", safe},
		{"if", "{{if .Yes}}{{.V}}{{end}}", safe},
		{"else", "{{if .No}}{{else}}{{.V}}{{end}}", safe},
		{"else if", "{{if .No}}{{else if .Yes}}{{.V}}{{end}}", safe},
		{"range", "{{range .List}}{{.}}{{end}}", safe},
		{"range else", "{{range .Nothing}}{{else}}{{$.V}}{{end}}", safe},
		{"with", "{{with .V}}{{.}}{{end}}", safe},
		{"define", `{{define "a"}}{{.}}{{end}}{{template "a" .V}}`, safe},
		{"block", `{{block "b" .V}}{{.}}{{end}}`, safe},
		{"variable", "{{$v := .V}}{{$v}}{{$v = `*`}}{{$v}}", safe + `\*`},
		{"pipeline", `{{.V | printf "%s!"}}`, safe + `\!`},
		{"printf of trusted text is text", `{{printf "%s" .Trusted}}`, `\*\*bold\*\*`},
		{"trusted Markdown", "{{.Trusted}}", "**bold**"},
		{"number", "{{.N}}", `\-3`},
		{"stringer", "{{.Span}}", "1h0m0s"},
		{"code of a digest", `{{code "9f86"}}`, "`9f86`"},
		{"code of something else", "{{code .V}}", "`[x](http://evil)`"},
		{"code of a backtick", "{{code `a` | printf \"%s`\" | code}}", "\\`a\\`\\`"},
		{"sum", "{{add 2 3}}", "5"},
		{"template text is Markdown", "**a** {{.V}}", "**a** " + safe},
	} {
		data["Nothing"] = []string(nil)
		tmpl, err := ParseTemplate("t.md", tt.text, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got, err := tmpl.Execute(data, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if string(got) != tt.want {
			t.Errorf("%s: %s = %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	if _, err := ParseTemplate("house.md", "a\nb {{.X", nil); err == nil || !strings.Contains(err.Error(), "house.md:2") {
		t.Errorf("parse error = %v, want one that names house.md:2", err)
	}
	for name, text := range map[string]string{"map key": "{{.Absent}}", "range over it": "{{range .Absent}}{{end}}"} {
		tmpl, err := ParseTemplate("house.md", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tmpl.Execute(map[string]string{}, nil); err == nil || !strings.Contains(err.Error(), "Absent") {
			t.Errorf("%s: got %q, error %v; want an error that names Absent", name, got, err)
		}
	}
	tmpl, err := ParseTemplate("house.md", "{{.Absent}}", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tmpl.Execute(struct{ Present string }{}, nil); err == nil {
		t.Errorf("absent field printed %q", got)
	}
}
