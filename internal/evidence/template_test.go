package evidence

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// hostile are label values that try to be more than values.
var hostile = []string{
	`x`, `"} or up{x="`, `'} or up{x='`, "`} or up", `\`, `\"`, `\\"`, `x\`, "a\nb", "a\x00b", "\xff\xfe", `.*`, `a|b`, `x"} # `,
	`{{ .Labels.other }}`, `$1`, `../../admin`, `..`, `a/b`, `a?b=c`, `a#b`, `a&b=c`, `%2e%2e%2f`, `"}},{"match_all":{}}`, `*`, `a OR b`, `ünïcödé`, strings.Repeat(`"`, 1000),
}

func request(value string) Request {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return Request{
		Incident: "INC-2026-0001", DetectedAt: at, From: at.Add(-time.Hour), To: at,
		Alert: Alert{Labels: map[string]string{"alertname": "Breach", "job": value}},
	}
}

func parsed(t *testing.T, d Dialect, text string) *Template {
	t.Helper()
	tmpl, err := ParseTemplate(d, text)
	if err != nil {
		t.Fatalf("ParseTemplate(%q): %v", text, err)
	}
	return tmpl
}

// literal is a string of PromQL, LogQL or JSON in double quotes.
var literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// A value put into a query is one string of it, equal to the value.
func TestQueryValuesStayValues(t *testing.T) {
	for _, text := range []string{
		`up{job="{{ .Labels.job }}"} > 0`,
		`up{job={{ .Labels.job }}} > 0`,
		`up{job={{ if .Labels.job }}"{{ .Labels.job }}"{{ else }}"none"{{ end }}} > 0`,
		`up{job="{{ with .Labels.job }}{{ . }}{{ end }}"} > 0`,
		`up{job="{{ $j := .Labels.job }}{{ $j }}"} > 0`,
		"up{job=\"{{ .Labels.job }}\"} > # a comment with \" in it\n 0",
	} {
		tmpl := parsed(t, Query, text)
		for _, value := range hostile {
			got, err := tmpl.Render(request(value))
			if err != nil {
				t.Errorf("%s with %q: %v", text, value, err)
				continue
			}
			all := literal.FindAllString(got, -1)
			rest := literal.ReplaceAllString(got, "S")
			if before, _, ok := strings.Cut(rest, "#"); ok {
				rest = before + " 0"
			}
			if strings.Join(strings.Fields(rest), " ") != `up{job=S} > 0` {
				t.Errorf("%s with %q became %s: the query has another form", text, value, got)
				continue
			}
			if back, err := strconv.Unquote(all[0]); err != nil || back != value {
				t.Errorf("%s with %q became %s, which is %q (%v)", text, value, got, back, err)
			}
		}
	}
}

func TestQuerySingleQuotes(t *testing.T) {
	tmpl := parsed(t, Query, `up{job='{{ .Labels.job }}'}`)
	for value, want := range map[string]string{
		`a"b`: `up{job='a"b'}`, `a'b`: `up{job='a\'b'}`, `a\`: `up{job='a\\'}`, `\'`: `up{job='\\\'}`[:len(`up{job='\\\'`)] + `'}`, "a\nb": `up{job='a\nb'}`,
	} {
		if got, err := tmpl.Render(request(value)); err != nil || got != want {
			t.Errorf("with %q: got %s, %v, want %s", value, got, err, want)
		}
	}
}

// After a matcher of patterns a value matches itself and nothing else.
func TestQueryPatternsMatchTheValueAlone(t *testing.T) {
	for _, text := range []string{`{job=~"{{ .Labels.job }}"}`, `{job=~{{ .Labels.job }}}`, `{job !~ "{{ .Labels.job }}"}`, `{a="b"} |~ "{{ .Labels.job }}"`} {
		tmpl := parsed(t, Query, text)
		for _, value := range hostile {
			if strings.Contains(value, "\xff") {
				continue // no regular expression takes it
			}
			got, err := tmpl.Render(request(value))
			if err != nil {
				t.Errorf("%s with %q: %v", text, value, err)
				continue
			}
			all := literal.FindAllString(got, -1)
			pattern, err := strconv.Unquote(all[len(all)-1])
			if err != nil {
				t.Errorf("%s with %q became %s: %v", text, value, got, err)
				continue
			}
			re, err := regexp.Compile("^(?s:" + pattern + ")$")
			if err != nil || !re.MatchString(value) || re.MatchString("another") {
				t.Errorf("%s with %q became %s (%v)", text, value, got, err)
			}
		}
	}
}

func TestJSONValuesStayValues(t *testing.T) {
	for _, text := range []string{
		`{"term": {"host": "{{ .Labels.job }}"}}`, `{"term": {"host": {{ .Labels.job }}}}`,
		`{"query_string": {"query": "host:{{ .Labels.job | lucene }}"}}`,
	} {
		tmpl := parsed(t, JSON, text)
		for _, value := range hostile {
			got, err := tmpl.Render(request(value))
			if err != nil {
				t.Errorf("%s with %q: %v", text, value, err)
				continue
			}
			if v := jsontext.Value(got); !v.IsValid() || literal.ReplaceAllString(strings.ReplaceAll(got, " ", ""), "S") != `{S:{S:S}}` {
				t.Errorf("%s with %q became %s: the search has another form", text, value, got)
			}
		}
	}
	got, err := parsed(t, JSON, `{"query_string": {"query": "{{ .Labels.job | lucene }}"}}`).Render(request(`a OR b:* <c>`))
	if want := `{"query_string": {"query": "a \\OR b\\:\\*  c "}}`; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestPathValuesStayInTheirSegment(t *testing.T) {
	tmpl := parsed(t, Path, "/a/{{ .Labels.job }}/b?q={{ .Labels.job }}&r=1")
	for _, value := range hostile {
		got, err := tmpl.Render(request(value))
		if strings.Contains(value, "..") && !strings.Contains(value, "%") {
			if err == nil {
				t.Errorf("%q became %s, want a refusal", value, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		path, query, _ := strings.Cut(got, "?")
		if strings.Count(path, "/") != 3 || strings.Count(query, "&") != 1 || strings.Count(query, "=") != 2 || strings.ContainsAny(got, "#\" \n\\") {
			t.Errorf("%q became %s", value, got)
		}
	}
	if got, err := tmpl.Render(request("")); err == nil {
		t.Errorf("an empty value became %s, want a refusal", got)
	}
}

func TestTextRefusesControlCharacters(t *testing.T) {
	tmpl := parsed(t, Text, "logs-{{ .Labels.job }}")
	for value, ok := range map[string]bool{"x": true, `a"b`: true, "a\nb": false, "a\x1bb": false, "\xff": false} {
		if got, err := tmpl.Render(request(value)); (err == nil) != ok {
			t.Errorf("%q: got %q, %v", value, got, err)
		}
	}
}

func TestTemplateRefusedWhenRead(t *testing.T) {
	for _, tt := range []struct {
		d    Dialect
		text string
		want string
	}{
		{Query, "up{job=`{{ .Labels.job }}`}", "backquotes"},
		{Query, "up # {{ .Labels.job }}", "comment"},
		{Query, `up{job="\{{ .Labels.job }}"}`, "backslash"},
		{Query, `up{job="{{ .Labels.job }}`, "ends inside a string"},
		{Query, `up{job={{ if .Labels.job }}"{{ else }}'{{ end }}x"}`, "must end alike"},
		{Query, `{{ range .Labels }}{{ . }}{{ end }}`, "only values, if and with"},
		{Query, `{{ define "x" }}{{ end }}up`, "define"},
		{Query, `{{ .Labels.job`, "unclosed action"},
		{Query, `{{ nope .Labels.job }}`, `function "nope" not defined`},
		{JSON, `{"script": {"source": "x"}}`, "script"},
		{JSON, `{"query_string": {"query": "{{ .Labels.job }}"}}`, "lucene"},
		{JSON, `{"a": "{{ .Labels.job }}`, "ends inside a string"},
		{Path, "a/b", "begins with one slash"},
		{Path, "//evil.example/", "begins with one slash"},
		{Path, "/a b", "no space"},
		{Path, "/a#{{ .Labels.job }}", "ends before #"},
	} {
		if _, err := ParseTemplate(tt.d, tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want an error with %q", tt.text, err, tt.want)
		}
	}
}

func TestRenderOfWhatIsNotThere(t *testing.T) {
	req := request("x")
	_, err := parsed(t, Query, `up{pod="{{ .Labels.pod }}"}`).Render(req)
	if missing, ok := errors.AsType[*MissingLabelError](err); !ok || missing.Label != "pod" {
		t.Errorf("got %v, want that the label pod is missing", err)
	}
	if got, err := parsed(t, Query, `up{pod="{{ index .Labels "pod" }}"}`).Render(req); err != nil || got != `up{pod=""}` {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := parsed(t, Query, `up{job="{{ .Labels.job }}"}`).Render(request(strings.Repeat("x", maxRendered))); err == nil {
		t.Errorf("a query of %d bytes was rendered", len(got))
	}
	if got, err := parsed(t, Path, "/x?from={{ .From }}&id={{ .Incident }}&a={{ .Alert }}").Render(req); err != nil || got != "/x?from=2026-11-22T09%3A00%3A00Z&id=INC-2026-0001&a=Breach" {
		t.Errorf("got %s, %v", got, err)
	}
}

// Whatever the value, the query keeps its form.
func FuzzQueryValue(f *testing.F) {
	for _, v := range hostile {
		f.Add(v)
	}
	tmpl, err := ParseTemplate(Query, `a{b="{{ .Labels.job }}",c={{ .Labels.job }}}`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := tmpl.Render(request(value))
		if err != nil {
			return // too long
		}
		if form := literal.ReplaceAllString(got, "S"); form != "a{b=S,c=S}" {
			t.Fatalf("%q gave %s", value, got)
		}
		for _, s := range literal.FindAllString(got, -1) {
			if back, err := strconv.Unquote(s); err != nil || back != value {
				t.Fatalf("%q gave %s", value, got)
			}
		}
	})
}
