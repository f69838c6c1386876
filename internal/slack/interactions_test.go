package slack

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/slack/slackfake"
)

// office stands for what records actions.
type office struct {
	mu      sync.Mutex
	secrets []string
	actions []Action
	fail    error
	during  func(context.Context)
	*Clerk  // for what these tests do not ask for
}

// Form opens none: each button acts at once.
func (d *office) Form(Action) (*Form, error) { return nil, nil }

// Next has no form after the first.
func (d *office) Next(Action) (*Form, error) { return nil, nil }

func (d *office) Act(ctx context.Context, a Action) (string, error) {
	if d.during != nil {
		d.during(ctx)
	}
	a.Key = "" // another for each press
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return "", d.fail
	}
	for _, was := range d.actions {
		if was.Incident == a.Incident {
			return "Already acknowledged by " + was.User + " <first>.", nil
		}
	}
	d.actions = append(d.actions, a)
	return "Acknowledged.", nil
}

func (d *office) valid() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.secrets
}

func (d *office) rotate(secrets ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secrets = secrets
}

func (d *office) done() []Action {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Action(nil), d.actions...)
}

// logBuffer is a log that several goroutines write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// door is a handler with what stands behind it.
type door struct {
	*Handler
	desk *office
	wall *wallClock
	log  *logBuffer
}

func newDoor(t *testing.T, baseURL string, wall *wallClock) door {
	t.Helper()
	d := door{desk: &office{secrets: []string{secret}}, wall: wall, log: &logBuffer{}}
	h, err := NewHandler(Inbound{Secrets: d.desk.valid, Now: wall.now, Office: d.desk, BaseURL: baseURL, Log: slog.New(slog.NewTextHandler(d.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	d.Handler = h
	return d
}

const pressed = `{"type":"block_actions","user":{"id":"U1","username":"","team_id":"T1"},"team":{"id":"T1","domain":""},"enterprise":null,
	"message":{"blocks":[{"type":"of the future"}]},"actions":[{"action_id":"nis2clock_acknowledge","block_id":"x","type":"button","value":"INC-2026-0001"}]}`

func form(payload string) string { return url.Values{"payload": {payload}}.Encode() }

// sign signs as Slack does.
func sign(secret string, at time.Time, body string) string {
	return "v0=" + hex.EncodeToString(digest(secret, strconv.FormatInt(at.Unix(), 10), []byte(body)))
}

// request is signed by Slack at that time.
func request(body, secret string, at time.Time) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook/slack/interactions", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(timestampHeader, strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(signatureHeader, sign(secret, at, body))
	return r
}

func TestInteractions(t *testing.T) {
	now := opened
	ack := []Action{{Kind: Acknowledge, Incident: "INC-2026-0001", User: "U1@T1"}}
	of := func(old, new string) string {
		if !strings.Contains(pressed, old) {
			t.Fatalf("%q is not in the payload", old)
		}
		return form(strings.ReplaceAll(pressed, old, new))
	}
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	tests := []struct {
		name   string
		body   string
		secret string // of the signature; the right one if empty
		at     time.Duration
		change func(*http.Request)
		status int
		want   []Action
	}{
		{name: "the button", body: form(pressed), status: 200, want: ack},
		{name: "other fields of the form", body: "a=b&" + form(pressed), status: 200, want: ack},
		{name: "an organisation-wide app", body: of(`"team":{"id":"T1","domain":""}`, `"team":null`), status: 200, want: ack},
		{name: "a name twice", body: form(`{"type":"x",` + pressed[1:]), status: 200, want: ack},
		{name: "ours is the second action", body: of(`"actions":[`, `"actions":[{"action_id":"other","value":"x"},`), status: 200, want: ack},
		{name: "another button", body: of("nis2clock_acknowledge", "someone_elses"), status: 200},
		{name: "another kind", body: of("block_actions", "view_submission"), status: 200},
		{name: "a button without a value", body: of("INC-2026-0001", ""), status: 200},
		{name: "a value too long", body: of("INC-2026-0001", strings.Repeat("I", 65)), status: 200},
		{name: "nobody", body: of(`"id":"U1"`, `"id":""`), status: 200},
		{name: "no team at all", body: of(`T1`, ``), status: 200},

		{name: "no payload", body: "a=b", status: 400},
		{name: "not a form", body: "payload=%zz", status: 400},
		{name: "no JSON", body: form("{"), status: 400},
		{name: "an array", body: form("[]"), status: 400},
		{name: "empty", body: "", status: 400},

		{name: "another secret", body: form(pressed), secret: "wrong", status: 401},
		{name: "no signature", body: form(pressed), change: func(r *http.Request) { r.Header.Del(signatureHeader) }, status: 401},
		{name: "half a signature", body: form(pressed), change: func(r *http.Request) { r.Header.Set(signatureHeader, r.Header.Get(signatureHeader)[:30]) }, status: 401},
		{name: "no hex", body: form(pressed), change: with(signatureHeader, "v0=zz"), status: 401},
		{name: "another version", body: form(pressed), change: func(r *http.Request) {
			r.Header.Set(signatureHeader, "v1"+strings.TrimPrefix(r.Header.Get(signatureHeader), "v0"))
		}, status: 401},
		{name: "another body", body: form(pressed), change: func(r *http.Request) {
			r.Body = http.NoBody
		}, status: 401},
		{name: "another time than signed", body: form(pressed), change: with(timestampHeader, strconv.FormatInt(now.Unix()+1, 10)), status: 401},
		{name: "no time", body: form(pressed), change: func(r *http.Request) { r.Header.Del(timestampHeader) }, status: 401},
		{name: "a time that is none", body: form(pressed), change: with(timestampHeader, "now"), status: 401},
		{name: "5 minutes old", body: form(pressed), at: -5 * time.Minute, status: 200, want: ack},
		{name: "older", body: form(pressed), at: -5*time.Minute - time.Second, status: 401},
		{name: "5 minutes ahead", body: form(pressed), at: 5 * time.Minute, status: 200, want: ack},
		{name: "further ahead", body: form(pressed), at: 5*time.Minute + time.Second, status: 401},

		{name: "GET", body: form(pressed), change: func(r *http.Request) { r.Method = http.MethodGet }, status: 405},
		{name: "1 MiB", body: strings.Repeat("x", 1<<20), status: 400},
		{name: "over 1 MiB", body: strings.Repeat("x", 1<<20+1), status: 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t, "", &wallClock{t: now})
			r := request(tt.body, or(tt.secret, secret), now.Add(tt.at))
			if tt.change != nil {
				tt.change(r)
			}
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if diff := cmp.Diff(tt.want, d.desk.done()); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			said := w.Body.String()
			if tt.status == 200 && said != "" || tt.status != 200 && strings.Count(said, "\n") != 1 || strings.Contains(said, secret) {
				t.Errorf("body %q", said)
			}
			if tt.status == 405 && w.Header().Get("Allow") != "POST" {
				t.Errorf("Allow: %q", w.Header().Get("Allow"))
			}
		})
	}
}

// Slack's own library accepts what these tests sign.
func TestSignatureIsSlacks(t *testing.T) {
	r := request(form(pressed), secret, time.Now())
	v, err := slackapi.NewSecretsVerifier(r.Header, secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Write([]byte(form(pressed))); err != nil {
		t.Fatal(err)
	}
	if err := v.Ensure(); err != nil {
		t.Error(err)
	}
}

func TestSecretRotation(t *testing.T) {
	d := newDoor(t, "", &wallClock{t: opened})
	status := func(secret string) int {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, request(form(pressed), secret, opened))
		return w.Code
	}
	steps := []struct {
		valid    []string
		old, new int
	}{
		{[]string{"old"}, 200, 401},
		{[]string{"new", "old"}, 200, 200},
		{[]string{"new"}, 401, 200},
		{[]string{"", "new"}, 401, 200},
	}
	for _, s := range steps {
		d.desk.rotate(s.valid...)
		if got := status("old"); got != s.old {
			t.Errorf("with %q valid: the old secret gave %d, want %d", s.valid, got, s.old)
		}
		if got := status("new"); got != s.new {
			t.Errorf("with %q valid: the new secret gave %d, want %d", s.valid, got, s.new)
		}
	}
	for _, none := range [][]string{nil, {""}} {
		d.desk.rotate(none...)
		if got := status(""); got != 401 {
			t.Errorf("without a secret, an empty one gave %d, want 401", got)
		}
	}
}

func TestNotDurable(t *testing.T) {
	d := newDoor(t, "", &wallClock{t: opened})
	d.desk.fail = errors.New("disk full")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, request(form(pressed), secret, opened))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "press again") || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if !strings.Contains(d.log.String(), "disk full") {
		t.Errorf("the log does not say why: %q", d.log)
	}
}

func TestActingIsBounded(t *testing.T) {
	d := newDoor(t, "", &wallClock{t: opened})
	var left time.Duration
	d.desk.during = func(ctx context.Context) {
		deadline, ok := ctx.Deadline()
		if !ok {
			t.Error("no deadline")
		}
		left = time.Until(deadline)
	}
	d.ServeHTTP(httptest.NewRecorder(), request(form(pressed), secret, opened))
	if left <= 0 || left >= 3*time.Second {
		t.Errorf("%v to act, Slack waits 3 s", left)
	}
}

// A wrong secret shows in the log, and a flood of bad calls does not fill it.
func TestBadSignatureIsLoggedOnceAMinute(t *testing.T) {
	d := newDoor(t, "", &wallClock{t: opened})
	for i := range 121 {
		at := d.wall.now()
		d.ServeHTTP(httptest.NewRecorder(), request(form(pressed), "wrong"+strconv.Itoa(i), at))
		d.wall.advance(time.Second)
	}
	if got := strings.Count(d.log.String(), "bad signature"); got != 3 {
		t.Errorf("%d lines in two minutes, want 3:\n%s", got, d.log)
	}
	if strings.Contains(d.log.String(), secret) {
		t.Error("the log tells the secret")
	}
}

// The whole way: a message with a button, the press, the private reply.
func TestPress(t *testing.T) {
	fake, ch, wall := pair(t)
	d := newDoor(t, fake.URL(), wall)
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)
	fake.SetCallback(srv.URL+"/webhook/slack/interactions", secret)
	ref, ts := send(t, ch, named(t, "post-fresh"))

	for _, who := range []struct{ user, team string }{{"U1", "T1"}, {"U1", "T1"}, {"U2", "T1"}} {
		if err := fake.Press(t.Context(), ts, AcknowledgeAction, who.user, who.team); err != nil {
			t.Fatal(err)
		}
		d.Wait()
	}
	if diff := cmp.Diff([]Action{{Kind: Acknowledge, Incident: "INC-2026-0001", User: "U1@T1"}}, d.desk.done()); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	want := []slackfake.Reply{
		{User: "U1", Text: "Acknowledged.", MessageTS: ts},
		{User: "U1", Text: "Already acknowledged by U1@T1 &lt;first&gt;.", MessageTS: ts},
		{User: "U2", Text: "Already acknowledged by U1@T1 &lt;first&gt;.", MessageTS: ts},
	}
	if diff := cmp.Diff(want, fake.Replies()); diff != "" {
		t.Errorf("replies (-want +got):\n%s", diff)
	}

	d.desk.rotate("another")
	if err := fake.Press(t.Context(), ts, AcknowledgeAction, "U3", "T1"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a press with the old secret: %v, want 401", err)
	}
	change := named(t, "update-acknowledged")
	change.Message = ref
	send(t, ch, change)
	if err := fake.Press(t.Context(), ts, AcknowledgeAction, "U3", "T1"); err == nil || !strings.Contains(err.Error(), "no button") {
		t.Errorf("a press on the updated message: %v, want that there is no button", err)
	}
}

// The answer to Slack does not wait for the reply to the person.
func TestReplyComesAfterTheAnswer(t *testing.T) {
	release, asked := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
	}))
	t.Cleanup(slow.Close)
	d := newDoor(t, slow.URL, &wallClock{t: opened})
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)

	body := form(`{"response_url":"` + slow.URL + `/r",` + pressed[1:])
	r := request(body, secret, opened)
	out, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/interactions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out.Header = r.Header
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
	<-asked // the reply is under way, and the answer is here already
	close(release)
	d.Wait()
}

func TestReplyAddresses(t *testing.T) {
	tests := []struct {
		base, address string
		want          bool
	}{
		{"", "https://hooks.slack.com/actions/T1/1/x", true},
		{"", "https://hooks.slack-gov.com/actions/T1/1/x", true},
		{"http://127.0.0.1:8080/api/", "http://127.0.0.1:8080/response/1", true},
		{"", "http://hooks.slack.com/actions/T1/1/x", false},
		{"", "https://hooks.slack.com.evil.example/", false},
		{"", "https://hooks.slack.com@evil.example/", false},
		{"", "https://user:pw@hooks.slack.com/", false},
		{"", "https://hooks.slack.com:8443/", false},
		{"", "http://169.254.169.254/latest/meta-data", false},
		{"http://127.0.0.1:8080/api/", "http://127.0.0.1:8081/response/1", false},
		{"http://127.0.0.1:8080/api/", "https://127.0.0.1:8080/response/1", false},
		{"", "file:///etc/passwd", false},
		{"", "//hooks.slack.com/", false},
		{"", "https:hooks.slack.com", false},
		{"", "%zz", false},
	}
	for _, tt := range tests {
		base, err := Config{BaseURL: tt.base}.base()
		if err != nil {
			t.Fatal(err)
		}
		if got := newReplier(nil, base, slog.New(slog.DiscardHandler)).allowed(tt.address); got != tt.want {
			t.Errorf("allowed(%q) with base %q = %v, want %v", tt.address, tt.base, got, tt.want)
		}
	}
}

func TestReplyElsewhereIsNotSent(t *testing.T) {
	called := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	t.Cleanup(inside.Close)
	d := newDoor(t, "", &wallClock{t: opened})
	w := httptest.NewRecorder()
	d.ServeHTTP(w, request(form(`{"response_url":"`+inside.URL+`",`+pressed[1:]), secret, opened))
	d.Wait()
	if w.Code != 200 || called || len(d.desk.done()) != 1 || strings.Contains(d.log.String(), inside.URL) {
		t.Errorf("status %d, called %v, actions %v, log %q", w.Code, called, d.desk.done(), d.log)
	}
}

func TestReplyThatFailsIsLoggedWithoutItsAddress(t *testing.T) {
	fake, _, wall := pair(t)
	d := newDoor(t, fake.URL(), wall)
	address := strings.TrimSuffix(fake.URL(), "api/") + "response/no-such"
	d.ServeHTTP(httptest.NewRecorder(), request(form(`{"response_url":"`+address+`",`+pressed[1:]), secret, wall.now()))
	d.Wait()
	if log := d.log.String(); !strings.Contains(log, "reply not sent") || !strings.Contains(log, "http_404") || strings.Contains(log, "no-such") {
		t.Errorf("log %q", log)
	}
}

func TestRepliesAreBounded(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(slow.Close)
	base, err := Config{BaseURL: slow.URL}.base()
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	r := newReplier(nil, base, slog.New(slog.NewTextHandler(log, nil)))
	for range maxReplies + 3 {
		r.prepare(slow.URL+"/r", "done")()
	}
	if got := strings.Count(log.String(), "too many"); got != 3 {
		t.Errorf("%d refused, want 3", got)
	}
	close(release)
	r.running.Wait()
	r.prepare(slow.URL+"/r", "done")()
	r.running.Wait()
	if got := strings.Count(log.String(), "too many"); got != 3 {
		t.Error("the slots were not given back")
	}
}

func TestHandlerNeedsItsParts(t *testing.T) {
	whole := Inbound{Office: &office{}, Log: slog.New(slog.DiscardHandler)}
	if _, err := NewHandler(whole); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Inbound){
		"office": func(in *Inbound) { in.Office = nil }, "log": func(in *Inbound) { in.Log = nil },
		"base": func(in *Inbound) { in.BaseURL = "nowhere" },
	} {
		in := whole
		spoil(&in)
		if _, err := NewHandler(in); err == nil {
			t.Errorf("without %s: no error", name)
		}
	}
}

// FuzzInteraction: whatever a signed body holds, only our buttons act, and
// there is always an answer.
func FuzzInteraction(f *testing.F) {
	f.Add(form(pressed))
	f.Add("payload={}")
	f.Add("payload=null")
	f.Add(form(`{"type":"block_actions","actions":[null],"user":null}`))
	f.Fuzz(func(t *testing.T, body string) {
		d := newDoor(t, "", &wallClock{t: opened})
		w := httptest.NewRecorder()
		d.ServeHTTP(w, request(body, secret, opened))
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("status %d", w.Code)
		}
		for _, a := range d.desk.done() {
			user, team, ok := strings.Cut(a.User, "@")
			if a.Kind == "" || a.Kind == Declare || a.Incident == "" || len(a.Incident) > maxValue || user == "" || team == "" || !ok {
				t.Errorf("acted on %+v", a)
			}
		}
		d.Wait()
	})
}
