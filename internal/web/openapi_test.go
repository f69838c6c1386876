package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/app"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/openapi"
	"nis2clock/internal/web"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the description of the API anew")

const descriptionFile = "openapi.json"

// What is served is the description of the routes, types and comments as they
// are.
func TestDescriptionIsOfThisCode(t *testing.T) {
	got, err := openapi.Document("../..")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(descriptionFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(descriptionFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("the API is not what %s says any more: look at the difference, then run\n\tgo test ./internal/web -run %s -update\n%s", descriptionFile, t.Name(), diff)
	}
}

// Another's reader takes it for OpenAPI 3.1, and every reference leads
// somewhere.
func TestDescriptionIsOpenAPI(t *testing.T) {
	s := start(t)
	a := s.send("GET", "/api/v1/openapi.json", "", "")
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s %s", a.Status, a.Header)
	}
	doc, err := openapi3.NewLoader().LoadFromData(a.body)
	if err != nil {
		t.Fatal(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("it is OpenAPI %s", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	ids := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if other := ids[op.OperationID]; other != "" {
				t.Errorf("%s %s and %s are both called %s", method, path, other, op.OperationID)
			}
			ids[op.OperationID] = method + " " + path
		}
	}
}

// It names each path that is served and no other, but for pages.
func TestDescriptionHasEveryPath(t *testing.T) {
	want := map[string]bool{}
	for _, r := range web.Routes() {
		want[r.Pattern] = true
	}
	for pattern := range open {
		if strings.Contains(pattern, "sign-") || strings.HasSuffix(pattern, "/{$}") || pattern == "/api/" || pattern == "/" {
			continue
		}
		if !strings.Contains(pattern, " ") {
			pattern = "POST " + pattern
		}
		want[pattern] = true
	}
	got := map[string]bool{}
	for pattern := range described(t).operations {
		got[pattern] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// readings is what each path that is only read needs in place of its parts.
var readings = map[string]string{
	"GET /api/v1/incidents/{id}/assess":                  "/api/v1/incidents/{id}/assess?fact=death=no&skip=suspected_malicious_access",
	"GET /api/v1/incidents/{id}/runbooks/{name}":         "/api/v1/incidents/{id}/runbooks/first-hour",
	"GET /api/v1/incidents/{id}/communications/{kind}":   "/api/v1/incidents/{id}/communications/internal_update?lang=de",
	"GET /api/v1/incidents/{id}/reports/{file}":          "/api/v1/incidents/{id}/reports/early_warning.json",
	"GET /api/v1/incidents/{id}/reports/{regime}/{file}": "/api/v1/incidents/{id}/reports/gdpr/notification.pdf",
	"GET /api/v1/incidents/{id}/packet.zip":              "/api/v1/incidents/{id}/packet.zip?profile=auditor",
	"GET /api/v1/incidents/{id}/evidence/{digest}":       "/api/v1/incidents/{id}/evidence/{digest}",
	"GET /api/v1/journal":                                "/api/v1/journal?payload=true",
	"GET /api/v1/proof":                                  "/api/v1/proof?entry=0",
	"GET /tile/entries/{path...}":                        "/tile/entries/000.p/1",
}

// Every path that is only read answers what its description says, of a record
// that holds something of most kinds; so do those that change something, in
// TestEveryChangeIsRecorded.
func TestEveryReadingIsAsDescribed(t *testing.T) {
	s := start(t, func(c *config.Config) { c.Retention.Logs = 1 })
	id := s.alert("RansomNote", "x")
	for _, act := range []struct{ action, body string }{
		{"acknowledge", ``},
		{"command", ``},
		{"hand-over", `{"to":"ben"}`},
		{"notes", `{"text":"hello","privileged":true}`},
		{"aware", `{"aware_at":"2026-01-02T04:00:00Z"}`},
		{"assess", `{"facts":{"damage_to_others":"no","users_in_union":{"value":200000,"estimated":true}}}`},
		{"report-fields", `{"fields":{"indicators_of_compromise":["hxxp://evil[.]example/a"]}}`},
		{"breach", `{"nature":"mails were read","data_sets":[{"name":"tickets","role":"controller","categories":["contact details"]}],"risk":"high","risk_reason":"health data",
			"dpo_advice":{"by":"dpo","at":"2026-01-03T00:00:00Z","text":"tell them"},"informing":{"decision":"not_yet","reason":"they are looked for"}}`},
		{"authority-messages", `{"direction":"in","kind":"request","received_at":"2026-01-04T00:00:00Z","respond_by":"2999-01-01T00:00:00Z"}`},
		{"submissions", `{"stages":["early_warning"],"authority":"CSIRT","incomplete_reason":"not known yet"}`},
		{"approvals", `{"stage":"early_warning","reason":"read twice"}`},
		{"hold", `{"reason":"claim 7"}`},
		{"restricted", `{"on":true,"names":["ben"],"reason":"one of us"}`},
		{"communications", `{"kind":"internal_update","audience":"all","channel":"e-mail","text":"Sorry."}`},
		{"runbooks/first-hour/steps/scribe", `{"done":true}`},
	} {
		if a := s.api("POST", "/incidents/"+id+"/"+act.action, act.body); a.StatusCode != 200 {
			t.Fatalf("%s: %s %s", act.action, a.Status, a.body)
		}
	}
	file := s.api("POST", "/incidents/"+id+"/evidence?name=auth.log", "any bytes").decode(t)["evidence"].([]any)[0].(map[string]any)
	event := s.event("supplier")
	for _, r := range web.Routes() {
		path, ok := strings.CutPrefix(r.Pattern, "GET ")
		if !ok {
			continue
		}
		t.Run(path, func(t *testing.T) {
			if of, ok := readings[r.Pattern]; ok {
				path = of
			}
			of, want := id, 200
			switch {
			case strings.HasPrefix(path, "/api/v1/events"):
				of = event
			case strings.HasSuffix(path, "/exercise"), strings.HasSuffix(path, "/exercise/script"): // the real service refuses an exercise's
				want = 409
			}
			if a := s.send("GET", strings.NewReplacer("{id}", of, "{digest}", file["digest"].(string)).Replace(path), s.admin, ""); a.StatusCode != want {
				t.Errorf("%s %s", a.Status, a.body)
			}
		})
	}
}

// stage is an exercise that stands still.
type stage struct{}

// Board implements [web.Exercise].
func (stage) Board(_ string, script bool) web.Board {
	b := web.Board{
		Exercise: "EX-1", State: "running", Happened: []web.BoardEvent{{ID: "a", To: []string{"ana"}}}, Decisions: []web.BoardDecision{{ID: "d", For: []string{"ana"}}},
		Attendance: []web.BoardPerson{{Name: "ana"}}, Questions: []web.BoardQuestion{{ID: "q"}},
	}
	if script {
		b.Script = &web.BoardScript{Next: []web.BoardNext{{ID: "n"}}, Expected: []web.BoardExpected{{ID: "x", State: "met"}}, Hints: []web.BoardHint{{ID: "h"}}}
	}
	return b
}

// Do implements [web.Exercise].
func (stage) Do(context.Context, incident.Person, bool, web.ExerciseAct) error { return nil }

func TestAnExerciseIsAsDescribed(t *testing.T) {
	s := startAs(t, &app.Exercise{Board: stage{}, Until: time.Until})
	for _, act := range []string{
		"GET /exercise", "GET /exercise/script", `POST /exercise/decide {"decision_point":"d","choice":"pay","reason":"x"}`, `POST /exercise/control/rewind {"to":"2h","reason":"x"}`,
	} {
		method, rest, _ := strings.Cut(act, " ")
		path, body, _ := strings.Cut(rest, " ")
		if a := s.api(method, path, body); a.StatusCode != 200 {
			t.Errorf("%s: %s %s", act, a.Status, a.body)
		}
	}
	s.alert("B", "x")
	s.api("GET", "/incidents", "")
}

// description is what openapi.json says, to hold requests and answers to.
type description struct {
	operations map[string]*operation // by pattern, as in the tables of routes
	mux        *http.ServeMux
	mu         sync.Mutex
	compiler   *jsonschema.Compiler
	schemas    map[string]*jsonschema.Schema // by the pointer to them
}

// operation is one method of a path.
type operation struct {
	pointer string
	Body    *struct {
		Required bool
		Content  map[string]any
	} `json:"requestBody"`
	Responses map[string]response
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]any
}

const descriptionURL = "https://nis2clock.example/openapi.json"

var described = func() func(testing.TB) *description {
	read := sync.OnceValues(readDescription)
	return func(t testing.TB) *description {
		t.Helper()
		d, err := read()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}()

func readDescription() (*description, error) {
	raw, err := os.ReadFile(descriptionFile)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	shut(doc)
	d := &description{operations: map[string]*operation{}, mux: http.NewServeMux(), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	d.compiler.AssertContent()
	if err := d.compiler.AddResource(descriptionURL, doc); err != nil {
		return nil, err
	}
	var in struct {
		Paths      map[string]map[string]*operation
		Components struct{ Responses map[string]response }
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	for path, item := range in.Paths {
		for method, op := range item {
			op.pointer = pointer("paths", path, method)
			for status, r := range op.Responses {
				if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
					r.Content = in.Components.Responses[name].Content
					op.Responses[status] = r
				}
			}
			pattern := strings.ToUpper(method) + " " + strings.Replace(path, "{path}", "{path...}", 1)
			d.operations[pattern] = op
			d.mux.Handle(pattern, http.NotFoundHandler())
		}
	}
	return d, nil
}

// shut closes objects that may grow: nothing that is not described may be in
// them today.
func shut(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			shut(e)
		}
	case map[string]any:
		if _, open := v["additionalProperties"]; !open && v["type"] == "object" && v["properties"] != nil {
			v["additionalProperties"] = false
		}
		for _, e := range v {
			shut(e)
		}
	}
}

func pointer(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	return b.String()
}

// fits is what is wrong with a body by the schema there.
func (d *description) fits(pointer string, body []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	schema := d.schemas[pointer]
	if schema == nil {
		var err error
		if schema, err = d.compiler.Compile(descriptionURL + "#" + (&url.URL{Path: pointer}).EscapedPath()); err != nil {
			return err
		}
		d.schemas[pointer] = schema
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// conforms holds a request that was sent, and its answer, to the description.
func conforms(t testing.TB, sent string, a answer) {
	t.Helper()
	r := a.Request
	d := described(t)
	_, pattern := d.mux.Handler(&http.Request{Method: r.Method, URL: &url.URL{Path: strings.TrimSuffix(r.URL.Path, "/")}, Host: r.Host})
	op := d.operations[pattern]
	if op == nil || r.Method == http.MethodHead {
		return // a page, or no path at all
	}
	status := strconv.Itoa(a.StatusCode)
	answer, ok := op.Responses[status]
	if !ok {
		if answer, ok = op.Responses["default"]; !ok || a.StatusCode < 300 {
			t.Errorf("%s answers %s, of which its description says nothing", pattern, a.Status)
			return
		}
		status = "default"
	}
	where := op.pointer + pointer("responses", status)
	if answer.Ref != "" {
		where = strings.TrimPrefix(answer.Ref, "#")
	}
	content, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case len(answer.Content) == 0 && len(a.body) == 0:
	case err != nil, answer.Content[content] == nil:
		t.Errorf("%s answers %s as %q, of which its description says nothing", pattern, a.Status, a.Header.Get("Content-Type"))
	case strings.HasSuffix(content, "json"):
		if err := d.fits(where+pointer("content", content, "schema"), a.body); err != nil {
			t.Errorf("%s answers %s %.500s: %v", pattern, a.Status, a.body, err)
		}
	}
	if a.StatusCode >= 300 {
		return
	}
	switch {
	case strings.TrimSpace(sent) == "" && (op.Body == nil || !op.Body.Required):
	case op.Body == nil:
		if sent != "{}" {
			t.Errorf("%s takes %s, of which its description says nothing", pattern, sent)
		}
	case op.Body.Content["application/json"] != nil:
		if err := d.fits(op.pointer+pointer("requestBody", "content", "application/json", "schema"), []byte(sent)); err != nil {
			t.Errorf("%s takes %.500s: %v", pattern, sent, err)
		}
	}
}
