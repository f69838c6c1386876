package slack

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/slack/slackfake"
)

// wantError compares the error as a caller sees it, and looks for secrets.
func wantError(t *testing.T, err error, want dispatch.Error) {
	t.Helper()
	got, ok := err.(*dispatch.Error)
	if !ok {
		t.Fatalf("error %v (%T), want %+v", err, err, want)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "http://") {
		t.Errorf("error %q tells a secret", err)
	}
}

func TestFailures(t *testing.T) {
	temporary := func(r dispatch.Reason, detail string) dispatch.Error {
		return dispatch.Error{Reason: r, Detail: detail}
	}
	permanent := func(r dispatch.Reason, detail string) dispatch.Error {
		return dispatch.Error{Reason: r, Permanent: true, Detail: detail}
	}
	type test struct {
		fault slackfake.Fault
		want  dispatch.Error
	}
	tests := map[string]test{
		"429 with a time":     {slackfake.Fault{Status: 429, RetryAfter: 30 * time.Second}, dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: 30 * time.Second, Detail: "http_429"}},
		"429 without":         {slackfake.Fault{Status: 429}, temporary(dispatch.RateLimited, "http_429")},
		"500":                 {slackfake.Fault{Status: 500}, temporary(dispatch.ServerError, "http_500")},
		"502":                 {slackfake.Fault{Status: 502}, temporary(dispatch.ServerError, "http_502")},
		"503 with a time":     {slackfake.Fault{Status: 503, RetryAfter: time.Hour}, temporary(dispatch.ServerError, "http_503")},
		"408":                 {slackfake.Fault{Status: 408}, temporary(dispatch.Unreachable, "http_408")},
		"a redirect":          {slackfake.Fault{Status: 307}, temporary(dispatch.Unreachable, "http_307")},
		"204":                 {slackfake.Fault{Status: 204}, temporary(dispatch.Unreachable, "http_204")},
		"a proxy wants auth":  {slackfake.Fault{Status: 407}, permanent(dispatch.BadAuth, "http_407")},
		"403":                 {slackfake.Fault{Status: 403}, permanent(dispatch.BadAuth, "http_403")},
		"no such place":       {slackfake.Fault{Status: 404}, permanent(dispatch.Rejected, "http_404")},
		"too large":           {slackfake.Fault{Status: 413}, permanent(dispatch.Rejected, "http_413")},
		"a page of HTML":      {slackfake.Fault{Body: "<html>"}, temporary(dispatch.Unreachable, "bad_answer")},
		"half an answer":      {slackfake.Fault{Body: `{"ok":true,"ts":"17`}, temporary(dispatch.Unreachable, "bad_answer")},
		"an empty object":     {slackfake.Fault{Body: "{}"}, temporary(dispatch.Unreachable, "bad_answer")},
		"no, without a word":  {slackfake.Fault{Body: `{"ok":false}`}, temporary(dispatch.Unreachable, "bad_answer")},
		"yes, without a ts":   {slackfake.Fault{Body: `{"ok":true}`}, temporary(dispatch.Unreachable, "bad_answer")},
		"a word with a token": {slackfake.Fault{Word: "bad token " + token}, permanent(dispatch.Rejected, "unreadable_error")},
		"a word not known":    {slackfake.Fault{Word: "restricted_action_new"}, permanent(dispatch.Rejected, "restricted_action_new")},
		"connection cut":      {slackfake.Fault{LoseAnswer: true}, temporary(dispatch.Unreachable, "no_answer")},
	}
	for _, word := range []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "external_channel_migrating"} {
		tests[word] = test{slackfake.Fault{Word: word}, temporary(dispatch.ServerError, word)}
	}
	for _, word := range []string{"ratelimited", "rate_limited"} {
		tests[word] = test{slackfake.Fault{Word: word}, temporary(dispatch.RateLimited, word)}
	}
	// SL-15, but for the words about blocks, which are tried again as text.
	for _, word := range []string{
		"channel_not_found", "is_archived", "not_in_channel", "message_not_found", "cant_update_message", "edit_window_closed", "msg_too_long", "message_limit_exceeded",
	} {
		tests[word] = test{slackfake.Fault{Word: word}, permanent(dispatch.Rejected, word)}
	}
	for _, word := range []string{"invalid_auth", "token_revoked", "token_expired", "account_inactive", "missing_scope", "not_authed"} {
		tests[word] = test{slackfake.Fault{Word: word}, permanent(dispatch.BadAuth, word)}
	}
	fake, ch, _ := pair(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fake.Fail(1, tt.fault)
			_, err := ch.Send(t.Context(), named(t, "post-fresh"))
			wantError(t, err, tt.want)
		})
	}
	if _, err := ch.Send(t.Context(), named(t, "post-fresh")); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// The fake's own refusals reach the caller as Slack's would.
func TestRefusedByTheFake(t *testing.T) {
	fake, _, _ := pair(t)
	fake.AddChannel("C0OTHER")
	tests := []struct {
		cfg  Config
		want string
	}{
		{Config{Token: "xoxb-wrong", Channel: home}, "invalid_auth"},
		{Config{Token: token, Channel: "C0UNKNOWN"}, "channel_not_found"},
		{Config{Token: token, Channel: "C0OTHER"}, "not_in_channel"},
	}
	for _, tt := range tests {
		tt.cfg.BaseURL = fake.URL()
		ch, err := New(tt.cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ch.Send(t.Context(), named(t, "post-fresh"))
		got, ok := err.(*dispatch.Error)
		if !ok || !got.Permanent || got.Detail != tt.want {
			t.Errorf("%v, want %s for good", err, tt.want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	other, err := slackfake.Start(slackfake.Config{})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := New(Config{Token: token, Channel: home, BaseURL: other.URL()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = gone.Send(t.Context(), named(t, "post-fresh"))
	wantError(t, err, dispatch.Error{Reason: dispatch.Unreachable, Detail: "no_answer"})

	fake, _, _ := pair(t)
	hasty, err := New(Config{Token: token, Channel: home, BaseURL: fake.URL()}, &http.Client{Timeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	fake.Fail(1, slackfake.Fault{Hang: true})
	_, err = hasty.Send(t.Context(), named(t, "post-fresh"))
	wantError(t, err, dispatch.Error{Reason: dispatch.Unreachable, Detail: "timeout"})
}

// The token is in the body of each call: it is not carried to where a redirect
// points.
func TestRedirectIsNotFollowed(t *testing.T) {
	fake, _, _ := pair(t)
	elsewhere := httptest.NewServer(http.RedirectHandler(fake.URL()+"chat.postMessage", http.StatusTemporaryRedirect))
	t.Cleanup(elsewhere.Close)
	ch, err := New(Config{Token: token, Channel: home, BaseURL: elsewhere.URL}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ch.Send(t.Context(), named(t, "post-fresh"))
	wantError(t, err, dispatch.Error{Reason: dispatch.Unreachable, Detail: "http_307"})
	if len(fake.Messages()) != 0 {
		t.Error("the redirect was followed")
	}
}

func TestRetryAfterThatIsNoNumber(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(srv.Close)
	ch, err := New(Config{Token: token, Channel: home, BaseURL: srv.URL}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ch.Send(t.Context(), named(t, "post-fresh"))
	wantError(t, err, dispatch.Error{Reason: dispatch.RateLimited, Detail: "http_429"})
}

func faultWord(word string) slackfake.Fault { return slackfake.Fault{Word: word} }

func faultStatus(status int) slackfake.Fault { return slackfake.Fault{Status: status} }
