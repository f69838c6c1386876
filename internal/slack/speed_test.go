package slack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/slack/slackfake"
)

// While Slack takes every call and answers none, people are still answered at
// once: nothing they wait for asks Slack.
func TestAnswersWhileSlackHangs(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	h.fake.Fail(100, slackfake.Fault{Hang: true})
	began := time.Now()
	for _, action := range []string{AcknowledgeAction, TakeCommandAction, SubmitAction, NoteAction} {
		if err := h.fake.Press(t.Context(), ts, action, "UC", team); err != nil {
			t.Error(err)
		}
	}
	if got, err := h.fake.Command(t.Context(), Command, "list", "UC", team); err != nil || !strings.Contains(got, string(inc)) {
		t.Errorf("%q, %v", got, err)
	}
	if err := h.fake.OpenHome(t.Context(), "UC", team); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took >= replyWithin {
		t.Errorf("%s for six answers: they waited for Slack", took)
	}
	if v := h.incident(); v.AcknowledgedAt == nil || v.Commander == nil {
		t.Errorf("acknowledged %v, commander %v", v.AcknowledgedAt, v.Commander)
	}
}

// BenchmarkAnswer is how long Slack waits for an answer, with a
// thousand open incidents and Slack itself hanging, beside the floor: a signed
// call about nothing of ours.
func BenchmarkAnswer(b *testing.B) {
	h := newHouse(b)
	for n := range 999 {
		h.do(incident.Declare{Person: incident.Person{By: incident.Actor{Name: "x", Via: "api"}}, Title: fmt.Sprint("incident ", n), DetectedAt: opened})
	}
	h.fake.Fail(1<<20, slackfake.Fault{Hang: true})
	serve := func(b *testing.B, door string, body func(n int) string) {
		var took []time.Duration
		n := 0
		for b.Loop() {
			n++
			r := request(body(n), secret, h.wall.now())
			r.URL.Path = "/webhook/slack/" + door
			w := httptest.NewRecorder()
			began := time.Now()
			h.ServeHTTP(w, r)
			took = append(took, time.Since(began))
			if w.Code != http.StatusOK {
				b.Fatal(w.Code, w.Body)
			}
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	}
	b.Run("floor", func(b *testing.B) {
		serve(b, "interactions", func(int) string { return form(`{"type":"of the future"}`) })
	})
	b.Run("note", func(b *testing.B) {
		serve(b, "interactions", func(n int) string {
			return form(fmt.Sprintf(`{"type":"view_submission","user":{"id":"UC"},"team":{"id":"T1"},"view":{"id":"V%s%d","callback_id":"nis2clock_note",`+
				`"private_metadata":"{\"incident\":\"INC-2026-%04d\"}","state":{"values":{"text":{"answer":{"type":"plain_text_input","value":"seen"}}}}}}`, b.Name(), n, n%1000+1))
		})
	})
	b.Run("acknowledge", func(b *testing.B) {
		serve(b, "interactions", func(n int) string {
			return form(strings.Replace(pressed, "INC-2026-0001", fmt.Sprintf("INC-2026-%04d", n%1000+1), 1))
		})
	})
	b.Run("list", func(b *testing.B) {
		serve(b, "commands", func(int) string { return "command=%2Fnis2&text=list&user_id=UC&team_id=T1" })
	})
	b.Run("home", func(b *testing.B) {
		serve(b, "events", func(int) string {
			return `{"type":"event_callback","team_id":"T1","event":{"type":"app_home_opened","tab":"home","user":"UC"}}`
		})
	})
}
