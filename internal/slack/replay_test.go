package slack

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// slash is a signed slash command.
func slash(text string, at time.Time) *http.Request {
	body := url.Values{"command": {Command}, "text": {text}, "user_id": {"UC"}, "team_id": {team}, "trigger_id": {"13.37." + text}}.Encode()
	r := request(body, secret, at)
	r.URL.Path = "/webhook/slack/commands"
	return r
}

// A request that comes again under its signature does nothing and tells nothing:
// Slack signs each call anew, so that it comes from somebody who has read one.
func TestReplayedSignature(t *testing.T) {
	h := newHouse(t)
	send := func(r *http.Request) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		h.Wait()
		return w.Code, w.Body.String()
	}
	at := h.wall.now()
	for _, text := range []string{"list", "note " + string(inc) + " once", "declare Once"} {
		if code, said := send(slash(text, at)); code != 200 || said == "" {
			t.Fatalf("%s: %d %q", text, code, said)
		}
		for _, later := range []time.Duration{0, 4 * time.Minute} { // the signature holds for five
			h.wall.advance(later)
			if code, said := send(slash(text, at)); code != 200 || said != "" {
				t.Errorf("%s again: %d %q, want 200 and nothing", text, code, said)
			}
			h.wall.advance(-later)
		}
	}
	h.counted("replayed", 6)
	if n := strings.Count(h.logs.String(), "a second time under the same signature"); n != 6 || strings.Contains(h.logs.String(), secret) {
		t.Errorf("%d lines of the log tell of it", n)
	}
	if got := h.entries(1); len(got) != 1 || !strings.HasPrefix(got[0], "incident.noted/v1") {
		t.Errorf("entries %v", got)
	}
	h.desk.View(func(s *incident.State) {
		if n := len(s.IDs()); n != 2 {
			t.Errorf("%d incidents, want 2", n)
		}
	})
	h.wall.advance(5*time.Minute + time.Second)
	if code, _ := send(slash("list", at)); code != 401 {
		t.Errorf("after five minutes it gets %d, want 401", code)
	}
	if code, said := send(slash("list", h.wall.now())); code != 200 || said == "" {
		t.Errorf("signed anew it gets %d %q", code, said)
	}
}

// Of a request and its copies at the same instant one is taken.
func TestReplaysAtOnce(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { h.ServeHTTP(httptest.NewRecorder(), slash("note "+string(inc)+" once", h.wall.now())) })
	}
	wg.Wait()
	h.Wait()
	h.counted("taken", 1)
	h.counted("replayed", 7)
}

// What could not be stored may come again: that is Slack's own next try.
func TestFailedRequestMayComeAgain(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	msg := h.fake.Write(home, ts, "UR", "found it")
	body := `{"type":"event_callback","team_id":"` + team + `","event":{"type":"reaction_added","user":"UC","reaction":"memo","item":{"type":"message","channel":"` + home + `","ts":"` + msg + `"}}}`
	event := func() int {
		r := request(body, secret, h.wall.now())
		r.URL.Path = "/webhook/slack/events"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	h.fake.Fail(1, faultStatus(503))
	if code := event(); code != 503 {
		t.Fatalf("the first try got %d", code)
	}
	if code := event(); code != 200 {
		t.Errorf("the second got %d", code)
	}
	h.counted("not_stored", 1)
	h.counted("taken", 1)
	if got := h.entries(2); len(got) != 1 {
		t.Errorf("entries %v", got)
	}
}

// A bad signature shows for a day where people look.
func TestBadSignatureShows(t *testing.T) {
	h := newHouse(t)
	if s := h.Handler.Status(); len(s) != 0 {
		t.Errorf("at first %q", s)
	}
	h.ServeHTTP(httptest.NewRecorder(), request(form(pressed), "wrong", h.wall.now()))
	h.counted("bad_signature", 1)
	if s := h.Handler.Status(); len(s) != 1 || !strings.Contains(s[0], "slack.signing_secret is wrong") {
		t.Errorf("status %q", s)
	}
	h.wall.advance(badFor + time.Second)
	if s := h.Handler.Status(); len(s) != 0 {
		t.Errorf("a day later %q", s)
	}
}
