package slack

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/slack/slackfake"
)

const (
	token  = "xoxb-1111-secret-Token"
	secret = "8f742231b10e8888abcd99yyyzzz85a5"
	home   = slackfake.DefaultChannel
)

// wallClock is a clock that tests set.
type wallClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *wallClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *wallClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// pair is a fake and a channel that speaks to it.
func pair(t *testing.T) (*slackfake.Server, *Channel, *wallClock) {
	t.Helper()
	wall := &wallClock{t: opened.Add(3 * time.Second)}
	fake, err := slackfake.Start(slackfake.Config{Token: token, Now: wall.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fake.Close(); err != nil {
			t.Error(err)
		}
	})
	ch, err := New(Config{Token: token, SigningSecret: secret, Channel: home, BaseURL: strings.TrimSuffix(fake.URL(), "/"), Zone: brussels}, &http.Client{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return fake, ch, wall
}

// send sends what must arrive, and returns its reference and ts.
func send(t *testing.T, ch *Channel, n dispatch.Notice) (ref, ts string) {
	t.Helper()
	ref, err := ch.Send(t.Context(), n)
	if err != nil {
		t.Fatalf("send %s: %v", n.Key, err)
	}
	r, ok := parseRef(ref, "")
	if !ok || r.channel != home {
		t.Fatalf("reference %q", ref)
	}
	return ref, r.ts
}

func TestEveryCaseIsTaken(t *testing.T) {
	fake, ch, _ := pair(t)
	for name, n := range cases() {
		if n.Effect.Role == incident.Update {
			n.Effect.Role = incident.Post
		}
		n.Key = name
		send(t, ch, n)
	}
	for _, m := range fake.Messages() {
		if m.Blocks == nil || m.Text == "" || m.Metadata == nil || m.Metadata.EventType != "nis2clock_notice" {
			t.Errorf("message %s lacks something: %+v", m.TS, m)
		}
	}
	if got, want := len(fake.Messages()), len(cases()); got != want {
		t.Errorf("%d messages, want %d", got, want)
	}
}

func TestPostThenUpdate(t *testing.T) {
	fake, ch, wall := pair(t)
	post := named(t, "post-fresh")
	ref, ts := send(t, ch, post)

	wall.advance(time.Minute)
	change := named(t, "update-acknowledged")
	change.Message = ref
	if again, _ := send(t, ch, change); again != ref {
		t.Errorf("an update gave another reference: %q, want %q", again, ref)
	}
	msgs := fake.Messages()
	if len(msgs) != 1 {
		t.Fatalf("%d messages, want 1", len(msgs))
	}
	m := msgs[0]
	if m.TS != ts || m.Edits != 1 || strings.Contains(string(m.Blocks), AcknowledgeAction) || !strings.Contains(string(m.Blocks), "U024BE7LH") {
		t.Errorf("after the update: %+v", m)
	}
	if diff := cmp.Diff(map[string]any{"key": post.Key}, m.Metadata.Payload); diff != "" {
		t.Errorf("the update changed the key (-want +got):\n%s", diff)
	}
	wantCalls(t, fake, map[string]int{"chat.postMessage": 1, "chat.update": 1})
}

func wantCalls(t *testing.T, fake *slackfake.Server, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, fake.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// An update without blocks must not leave the old ones, with their button.
func TestPlainTextUpdateRemovesTheBlocks(t *testing.T) {
	fake, ch, _ := pair(t)
	ref, _ := send(t, ch, named(t, "post-fresh"))
	change := named(t, "update-acknowledged")
	change.Message = ref
	fake.Fail(1, slackfake.Fault{Word: "msg_blocks_too_long"})
	send(t, ch, change)
	if m := fake.Messages()[0]; m.Blocks != nil || !strings.Contains(m.Text, "Acknowledged by <@U024BE7LH>") {
		t.Errorf("blocks %s, text %q", m.Blocks, m.Text)
	}
}

func TestPlainTextWhenBlocksAreRefused(t *testing.T) {
	for _, word := range []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"} {
		t.Run(word, func(t *testing.T) {
			fake, ch, _ := pair(t)
			fake.Fail(1, slackfake.Fault{Word: word})
			n := named(t, "post-exercise")
			send(t, ch, n)
			m := fake.Messages()[0]
			for _, want := range []string{"[EXERCISE] EX-2026-0001", "Early warning", "2026-11-23 02:05 UTC", n.Page} {
				if !strings.Contains(m.Text, want) {
					t.Errorf("no %q in %q", want, m.Text)
				}
			}
			if m.Blocks != nil || m.Metadata == nil {
				t.Errorf("blocks %s, metadata %v", m.Blocks, m.Metadata)
			}
			wantCalls(t, fake, map[string]int{"chat.postMessage": 2})
		})
	}
	t.Run("only once", func(t *testing.T) {
		fake, ch, _ := pair(t)
		fake.Fail(2, slackfake.Fault{Word: "invalid_blocks"})
		_, err := ch.Send(t.Context(), named(t, "post-fresh"))
		wantError(t, err, dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "invalid_blocks"})
		wantCalls(t, fake, map[string]int{"chat.postMessage": 2})
	})
}

func TestReminderAnswersInTheThread(t *testing.T) {
	fake, ch, _ := pair(t)
	ref, ts := send(t, ch, named(t, "post-fresh"))

	n := named(t, "reminder")
	n.Message = ref
	send(t, ch, n)
	n.Key, n.Message = "no message known", ""
	send(t, ch, n)
	n.Key, n.Message = "a message elsewhere", "C0ELSEWHERE/1795399537.000001"
	send(t, ch, n)
	refused := named(t, "reminder-refused")
	refused.Key, refused.Message = "a call to everyone", ref
	send(t, ch, refused)
	n.Key, n.Message = "a bare ts", ts
	send(t, ch, n)

	type where struct {
		Thread    string
		Broadcast bool
	}
	var got []where
	for _, m := range fake.Messages() {
		got = append(got, where{m.ThreadTS, m.Broadcast})
	}
	want := []where{{}, {ts, true}, {}, {}, {}, {ts, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUpdateOfNoMessage(t *testing.T) {
	fake, ch, _ := pair(t)
	_, err := ch.Send(t.Context(), named(t, "update-overdue"))
	wantError(t, err, dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "message_not_found"})
	wantCalls(t, fake, map[string]int{})

	n := named(t, "update-overdue")
	n.Message = home + "/1795399537.000001"
	_, err = ch.Send(t.Context(), n)
	wantError(t, err, dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "message_not_found"})
}

// The answer is lost after Slack stored the message; Find finds it, so that it
// is not sent twice.
func TestLostAnswerIsFound(t *testing.T) {
	fake, ch, wall := pair(t)
	ref, _ := send(t, ch, named(t, "post-fresh"))
	for _, name := range []string{"post-storm", "reminder", "page-refused", "heartbeat"} {
		t.Run(name, func(t *testing.T) {
			n := named(t, name)
			n.Key = "lost/" + name
			n.Since = wall.now()
			if n.Effect.Role == incident.Reminder {
				n.Message = ref
			}
			if _, found, err := ch.Find(t.Context(), n); found || err != nil {
				t.Fatalf("found before it was sent: %v, %v", found, err)
			}
			fake.Fail(1, slackfake.Fault{LoseAnswer: true})
			_, err := ch.Send(t.Context(), n)
			wantError(t, err, dispatch.Error{Reason: dispatch.Unreachable, Detail: "no_answer"})

			msgs := fake.Messages()
			want := home + "/" + msgs[len(msgs)-1].TS
			got, found, err := ch.Find(t.Context(), n)
			if got != want || !found || err != nil {
				t.Errorf("Find = %q, %v, %v, want %q", got, found, err, want)
			}
			other := n
			other.Key += "-other"
			if _, found, err := ch.Find(t.Context(), other); found || err != nil {
				t.Errorf("another key was found: %v, %v", found, err)
			}
			wall.advance(time.Second)
		})
	}
}

func TestFindGoesThroughPages(t *testing.T) {
	fake, ch, wall := pair(t)
	n := named(t, "post-fresh")
	n.Since = wall.now()
	ref, _ := send(t, ch, n)
	other := named(t, "heartbeat")
	for range 450 {
		wall.advance(time.Second)
		send(t, ch, other)
	}
	before := fake.Calls()["conversations.history"]
	got, found, err := ch.Find(t.Context(), n)
	if got != ref || !found || err != nil {
		t.Errorf("Find = %q, %v, %v, want %q", got, found, err, ref)
	}
	if calls := fake.Calls()["conversations.history"] - before; calls != 3 {
		t.Errorf("%d calls for 451 messages, want 3", calls)
	}
	// What is older than the notice is not looked at, and a search ends.
	n.Since = wall.now().Add(findMargin)
	if _, found, err := ch.Find(t.Context(), n); found || err != nil {
		t.Errorf("found %v, %v in messages older than the notice", found, err)
	}
	n.Since = time.Time{}
	n.Key = "never sent"
	for range 700 {
		send(t, ch, other)
	}
	before = fake.Calls()["conversations.history"]
	if _, found, err := ch.Find(t.Context(), n); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	if calls := fake.Calls()["conversations.history"] - before; calls != findPages {
		t.Errorf("%d calls for a search without end, want %d", calls, findPages)
	}
}

// In an exercise the notice's times are not Slack's.
func TestFindInAnExercise(t *testing.T) {
	_, ch, wall := pair(t)
	n := named(t, "post-exercise")
	n.Since = wall.now().Add(72 * time.Hour)
	ref, _ := send(t, ch, n)
	if got, found, err := ch.Find(t.Context(), n); got != ref || !found || err != nil {
		t.Errorf("Find = %q, %v, %v, want %q", got, found, err, ref)
	}
}

func TestFindWhenItCannotSearch(t *testing.T) {
	fake, ch, _ := pair(t)
	n := named(t, "reminder")
	n.Message, _ = send(t, ch, named(t, "post-fresh"))

	fake.Fail(1, slackfake.Fault{Status: 503})
	_, _, err := ch.Find(t.Context(), n)
	wantError(t, err, dispatch.Error{Reason: dispatch.ServerError, Detail: "http_503"})

	fake.Fail(2, slackfake.Fault{Body: "{}"}) // neither yes nor no
	_, _, err = ch.Find(t.Context(), n)
	wantError(t, err, dispatch.Error{Reason: dispatch.Unreachable, Detail: "bad_answer"})

	fake.SetScopes("chat:write")
	if _, found, err := ch.Find(t.Context(), n); found || err != nil {
		t.Errorf("Find without the scope = %v, %v, want nothing found and no error", found, err)
	}

	change := named(t, "update-overdue")
	change.Message = n.Message
	before := fake.Calls()
	if _, found, err := ch.Find(t.Context(), change); found || err != nil {
		t.Errorf("Find of an update = %v, %v", found, err)
	}
	wantCalls(t, fake, before)
}

// A thread whose first message was deleted: the reminder is in the channel.
func TestReminderToADeletedMessage(t *testing.T) {
	fake, ch, wall := pair(t)
	ref, ts := send(t, ch, named(t, "post-fresh"))
	if !fake.Delete(home, ts) {
		t.Fatal("not deleted")
	}
	n := named(t, "reminder")
	n.Message, n.Since = ref, wall.now()
	want, _ := send(t, ch, n)
	if got, found, err := ch.Find(t.Context(), n); got != want || !found || err != nil {
		t.Errorf("Find = %q, %v, %v, want %q", got, found, err, want)
	}
}

func TestRateLimit(t *testing.T) {
	fake, ch, wall := pair(t)
	fake.LimitRate(true)
	n := named(t, "post-fresh")
	send(t, ch, n)
	_, err := ch.Send(t.Context(), n)
	wantError(t, err, dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: time.Second, Detail: "http_429"})
	wall.advance(ch.Pace())
	send(t, ch, n)
}

func TestCheck(t *testing.T) {
	fake, ch, _ := pair(t)
	if err := ch.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		spoil func(*slackfake.Server)
		want  string
	}{
		{"no scope for the command", func(f *slackfake.Server) { f.SetScopes("chat:write", "channels:history") }, "lacks the scope commands"},
		{"no scope to read", func(f *slackfake.Server) { f.SetScopes("chat:write", "commands", "reactions:read") }, "channels:history, or groups:history"},
		{"archived", func(f *slackfake.Server) { f.SetScopes(Scopes()...); f.Archive(home) }, "is_archived"},
		{"not Slack", func(f *slackfake.Server) { f.Fail(1, slackfake.Fault{Body: "{}"}) }, "bad_answer"},
		{"bad token", func(f *slackfake.Server) { f.Fail(1, slackfake.Fault{Word: "invalid_auth"}) }, "token: auth_error: invalid_auth"},
	}
	for _, tt := range tests {
		tt.spoil(fake)
		if err := ch.Check(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

func TestNewRefusesBadSettings(t *testing.T) {
	good := Config{Token: token, Channel: home}
	if _, err := New(good, nil); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cfg  Config
		want []string
	}{
		{"nothing", Config{}, []string{"no bot token", `"" is not a channel id`}},
		{"token with a line end", Config{Token: token + "\n", Channel: home}, []string{"holds a space"}},
		{"channel by name", Config{Token: token, Channel: "#incidents"}, []string{`"#incidents" is not a channel id`}},
		{"no address", Config{Token: token, Channel: home, BaseURL: "slack.com/api"}, []string{`base URL "slack.com/api"`}},
		{"another scheme", Config{Token: token, Channel: home, BaseURL: "file:///x"}, []string{"base URL"}},
		{"credentials in the address", Config{Token: token, Channel: home, BaseURL: "https://u:p@slack.com/"}, []string{"base URL"}},
	}
	for _, tt := range tests {
		_, err := New(tt.cfg, nil)
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
				t.Errorf("%s: %v, want %q in it and no token", tt.name, err, want)
			}
		}
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	fake, ch, _ := pair(t)
	fake.Fail(1, slackfake.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := ch.Send(ctx, named(t, "post-fresh"))
	wantError(t, err, dispatch.Error{Reason: dispatch.Unreachable, Detail: "timeout"})

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = ch.Send(ctx, named(t, "post-fresh"))
	wantError(t, err, dispatch.Error{Reason: dispatch.Unreachable, Detail: "canceled"})
}
