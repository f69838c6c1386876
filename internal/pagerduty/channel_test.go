package pagerduty_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answers is a transport that answers every request alike.
func answers(status int, header http.Header, body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		if header == nil {
			header = http.Header{"Content-Type": {"application/json"}}
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func channel(t testing.TB, rt http.RoundTripper) *pagerduty.Channel {
	return pagerduty.New(config(t), &http.Client{Transport: rt})
}

func TestIdentity(t *testing.T) {
	c := channel(t, nil)
	if c.Name() != "pagerduty" || c.Pace() != 500*time.Millisecond {
		t.Errorf("got %s every %s", c.Name(), c.Pace())
	}
	ref, found, err := channel(t, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("nothing may be asked")
	})).Find(t.Context(), page(detected))
	if ref != "" || found || err != nil {
		t.Errorf("Find: %q %t %v, want nothing", ref, found, err)
	}
}

func TestSendAnswers(t *testing.T) {
	key := page(detected).Key
	accepted := fmt.Sprintf(`{"status":"success","message":"Event processed","dedup_key":%q}`, key)
	text := http.Header{"Content-Type": {"text/html"}}
	broken := errors.New("connection reset by " + testKey)
	tests := []struct {
		name string
		rt   http.RoundTripper
		want *dispatch.Error // nil: sent
	}{
		{"accepted", answers(202, nil, accepted), nil},
		{"accepted, odd type", answers(202, text, accepted), nil},
		{"202 and no body", answers(202, nil, ""), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "HTTP 202, but not PagerDuty's acceptance of this event"}},
		{"202 and not JSON", answers(202, text, "<html>"), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "HTTP 202, but not PagerDuty's acceptance of this event"}},
		{"202 for another event", answers(202, nil, `{"status":"success","dedup_key":"other"}`), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "HTTP 202, but not PagerDuty's acceptance of this event"}},
		{"202 without end", answers(202, nil, accepted[:len(accepted)-1]+strings.Repeat(" ", 1<<20)+"}"), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "HTTP 202, but not PagerDuty's acceptance of this event"}},
		{"200", answers(200, nil, accepted), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "HTTP 200, but not PagerDuty's acceptance of this event"}},
		{"redirect", answers(307, http.Header{"Location": {"https://elsewhere.example/"}}, ""), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "HTTP 307: a redirect is not followed, check the base URL"}},
		{"400", answers(400, nil, `{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing or blank","two"]}`),
			&dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "Event object is invalid: 'payload.summary' is missing or blank; two"}},
		{"400 with one error", answers(400, nil, `{"status":"invalid event","errors":"only one"}`),
			&dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "invalid event: only one"}},
		{"400 and no JSON", answers(400, text, "Bad Request"), &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "HTTP 400"}},
		{"400 and no body", answers(400, nil, ""), &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "HTTP 400"}},
		{"400 with the key", answers(400, nil, `{"message":"no such key: `+testKey+`","errors":["`+strings.ToLower(testKey)+`","\u0030123456789abcdef0123456789ABC\u0044EF"]}`),
			&dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "no such key: [routing key]: [routing key]; [routing key]"}},
		{"400 with control characters", answers(400, nil, `{"message":"a\r\nlevel=error\u001b[0m\u202e b"}`),
			&dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "a level=error [0m b"}},
		{"404", answers(404, text, "not found"), &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "HTTP 404"}},
		{"413", answers(413, nil, ""), &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "HTTP 413"}},
		{"401", answers(401, nil, ""), &dispatch.Error{Reason: dispatch.BadAuth, Permanent: true, Detail: "HTTP 401"}},
		{"403", answers(403, nil, `{"message":"forbidden"}`), &dispatch.Error{Reason: dispatch.BadAuth, Permanent: true, Detail: "forbidden"}},
		{"429 as PagerDuty sends it", answers(429, http.Header{}, ""), &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: 30 * time.Second, Detail: "HTTP 429"}},
		{"429 in seconds", answers(429, http.Header{"Retry-After": {"7"}}, ""), &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: 7 * time.Second, Detail: "HTTP 429"}},
		{"429 by date", answers(429, http.Header{"Date": {"Sat, 28 Mar 2026 09:12:30 GMT"}, "Retry-After": {"Sat, 28 Mar 2026 09:13:30 GMT"}}, ""),
			&dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: time.Minute, Detail: "HTTP 429"}},
		{"429 by date alone", answers(429, http.Header{"Retry-After": {"Sat, 28 Mar 2026 09:13:30 GMT"}}, ""), &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: 30 * time.Second, Detail: "HTTP 429"}},
		{"429 for a day", answers(429, http.Header{"Retry-After": {"86400"}}, ""), &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: 5 * time.Minute, Detail: "HTTP 429"}},
		{"429 with nonsense", answers(429, http.Header{"Retry-After": {"-1"}}, ""), &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: 30 * time.Second, Detail: "HTTP 429"}},
		{"408", answers(408, nil, ""), &dispatch.Error{Reason: dispatch.ServerError, Detail: "HTTP 408"}},
		{"500", answers(500, text, "oops "+testKey), &dispatch.Error{Reason: dispatch.ServerError, Detail: "HTTP 500"}},
		{"503 with a wait", answers(503, http.Header{"Retry-After": {"12"}}, ""), &dispatch.Error{Reason: dispatch.ServerError, RetryAfter: 12 * time.Second, Detail: "HTTP 503"}},
		{"network", roundTrip(func(*http.Request) (*http.Response, error) { return nil, broken }), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "connection reset by [routing key]"}},
		{"body breaks off", roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 202, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(accepted), failing{}))}, nil
		}), &dispatch.Error{Reason: dispatch.Unreachable, Detail: "unexpected EOF"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ref, err := channel(t, tt.rt).Send(t.Context(), page(detected))
			if tt.want == nil {
				if err != nil || ref != key {
					t.Errorf("got %q, %v; want %q", ref, err, key)
				}
				return
			}
			failed, ok := errors.AsType[*dispatch.Error](err)
			if !ok {
				t.Fatalf("got %v, want a *dispatch.Error", err)
			}
			if diff := cmp.Diff(tt.want, failed); diff != "" {
				t.Errorf("wrong error (-want +got):\n%s", diff)
			}
			if ref != "" || strings.Contains(strings.ToLower(err.Error()), strings.ToLower(testKey)) {
				t.Errorf("ref %q, error %v", ref, err)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A detail that is cut must not end in the head of the key.
func TestCutDetailHoldsNoPartOfTheKey(t *testing.T) {
	for pad := 250; pad < 310; pad++ {
		body := `{"message":"` + strings.Repeat("x", pad) + testKey + strings.Repeat("y", 400) + `"}`
		_, err := channel(t, answers(400, nil, body)).Send(t.Context(), page(detected))
		if err == nil || strings.Contains(err.Error(), testKey[:4]) || len(err.Error()) > 330 {
			t.Errorf("pad %d: %v", pad, err)
		}
	}
}

func TestSendWithoutKeyAsksNobody(t *testing.T) {
	n := page(detected)
	n.Key = ""
	_, err := channel(t, roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a notice without key was sent")
		return nil, io.EOF
	})).Send(t.Context(), n)
	if failed, ok := errors.AsType[*dispatch.Error](err); !ok || !failed.Permanent {
		t.Errorf("got %v, want a permanent error", err)
	}
}

func TestSendToAnImpossibleAddress(t *testing.T) {
	cfg := config(t)
	cfg.BaseURL = "https://bad host/" + testKey
	_, err := pagerduty.New(cfg, nil).Send(t.Context(), page(detected))
	if failed, ok := errors.AsType[*dispatch.Error](err); !ok || !failed.Permanent || strings.Contains(err.Error(), testKey) {
		t.Errorf("got %v, want a permanent error without the key", err)
	}
}

// hangs is a vendor who never answers.
var hangs = roundTrip(func(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
})

// slowBody is a vendor who begins to answer and goes quiet.
var slowBody = roundTrip(func(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(untilDone{r.Context()})}, nil
})

type untilDone struct{ ctx context.Context }

func (u untilDone) Read([]byte) (int, error) {
	<-u.ctx.Done()
	return 0, u.ctx.Err()
}

func TestSendTimesOut(t *testing.T) {
	for name, rt := range map[string]http.RoundTripper{"no answer": hangs, "half an answer": slowBody} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := channel(t, rt).Send(t.Context(), page(detected))
				want := &dispatch.Error{Reason: dispatch.Unreachable, Detail: "pagerduty did not answer in time (10s)"}
				failed, ok := errors.AsType[*dispatch.Error](err)
				if !ok {
					t.Fatalf("got %v, want a *dispatch.Error", err)
				}
				if diff := cmp.Diff(want, failed); diff != "" {
					t.Errorf("wrong error (-want +got):\n%s", diff)
				}
				if took := time.Since(began); took != 10*time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopping := errors.New("stopping")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(stopping) })
		began := time.Now()
		_, err := channel(t, hangs).Send(ctx, page(detected))
		failed, ok := errors.AsType[*dispatch.Error](err)
		if !ok || failed.Permanent || failed.Reason != dispatch.Unreachable || !errors.Is(err, stopping) {
			t.Errorf("got %v, want a temporary failure that names the cause", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// vendor is a stand-in on loopback, and a channel to it.
func vendor(t *testing.T, now func() time.Time) (*pdfake.Server, *pagerduty.Channel) {
	t.Helper()
	fake := pdfake.New(now, testKey)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	cfg := config(t)
	cfg.BaseURL = srv.URL + "/"
	return fake, pagerduty.New(cfg, srv.Client())
}

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func send(t *testing.T, c *pagerduty.Channel, n dispatch.Notice) {
	t.Helper()
	if ref, err := c.Send(t.Context(), n); err != nil || ref != n.Key {
		t.Fatalf("sent as %q, %v; want %q", ref, err, n.Key)
	}
}

func TestRoundTrip(t *testing.T) {
	fake, c := vendor(t, at(detected))
	n := page(detected.Add(time.Minute))
	send(t, c, n)
	events := fake.Events()
	if len(events) != 1 || !events[0].Paged {
		t.Fatalf("got %+v, want one event that paged", events)
	}
	e := events[0]
	if e.RoutingKey != testKey || e.Action != "trigger" || e.DedupKey != n.Key || e.Client != "nis2clock" || e.ClientURL != n.Page ||
		len(e.Links) != 1 || e.Payload.Severity != "critical" || e.Payload.Group != "INC-2026-0001" {
		t.Errorf("got %+v", e)
	}
	var details struct {
		DetectedAt string `json:"detected_at"`
		Clocks     []struct {
			Clock string `json:"clock"`
			DueAt string `json:"due_at"`
			State string `json:"state"`
		} `json:"clocks"`
	}
	if err := json.Unmarshal(e.Payload.CustomDetails, &details); err != nil {
		t.Fatal(err)
	}
	if len(details.Clocks) != 3 || details.Clocks[0].DueAt != "2026-03-29T09:12:30Z" || details.Clocks[0].State != "projected" {
		t.Errorf("got %+v", details)
	}
}

// The answer is lost, not the event: saying it again under the same key wakes
// nobody twice.
func TestLostAnswerThenTheSameKeyIsOnePage(t *testing.T) {
	fake, c := vendor(t, at(detected))
	n := page(detected)
	fake.DropNext(1)
	_, err := c.Send(t.Context(), n)
	if failed, ok := errors.AsType[*dispatch.Error](err); !ok || failed.Permanent || failed.Reason != dispatch.Unreachable {
		t.Fatalf("got %v, want a temporary failure", err)
	}
	n.Repeat = true
	send(t, c, n)
	if events, pages := fake.Events(), fake.Pages(); len(events) != 2 || len(pages) != 1 {
		t.Errorf("got %d events and %d pages, want 2 and 1", len(events), len(pages))
	}
}

// After the first page is acknowledged a deadline still wakes somebody,
// because it has a key of its own (PD-8, demands 19).
func TestAcknowledgedIncidentIsPagedAgainForItsDeadline(t *testing.T) {
	fake, c := vendor(t, at(detected))
	first := page(detected)
	send(t, c, first)
	if !fake.Acknowledge(first.Key) {
		t.Fatal("nothing to acknowledge")
	}
	send(t, c, first)
	if got := len(fake.Pages()); got != 1 {
		t.Fatalf("the acknowledged page woke %d times", got)
	}
	send(t, c, remind(detected.Add(23*time.Hour), earlyWarning, detected.Add(23*time.Hour), "1h"))
	if got := len(fake.Pages()); got != 2 {
		t.Errorf("got %d pages, want the deadline's to be the second", got)
	}
}

func TestVendorFailuresOverHTTP(t *testing.T) {
	fake, c := vendor(t, at(detected))
	reason := func(n dispatch.Notice) dispatch.Reason {
		t.Helper()
		_, err := c.Send(t.Context(), n)
		failed, ok := errors.AsType[*dispatch.Error](err)
		if !ok {
			t.Fatalf("got %v, want a *dispatch.Error", err)
		}
		if strings.Contains(err.Error(), testKey) {
			t.Errorf("the error holds the key: %v", err)
		}
		return failed.Reason
	}
	fake.FailNext(1, http.StatusBadGateway)
	if got := reason(page(detected)); got != dispatch.ServerError {
		t.Errorf("502: %s", got)
	}
	fake.LimitRate(1)
	send(t, c, page(detected))
	if got := reason(page(detected)); got != dispatch.RateLimited {
		t.Errorf("over the rate: %s", got)
	}
	if got := len(fake.Pages()); got != 1 {
		t.Errorf("%d pages", got)
	}
}

func TestUnknownRoutingKeyIsRefusedForGood(t *testing.T) {
	fake := pdfake.New(at(detected), strings.Repeat("z", 32))
	srv := httptest.NewServer(fake)
	defer srv.Close()
	cfg := config(t)
	cfg.BaseURL = srv.URL
	_, err := pagerduty.New(cfg, srv.Client()).Send(t.Context(), page(detected))
	want := &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "Event object is invalid: 'routing_key' is unknown"}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("wrong error (-want +got):\n%s", diff)
	}
}

func TestNobodyListens(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	cfg := config(t)
	cfg.BaseURL = srv.URL
	srv.Close()
	_, err := pagerduty.New(cfg, nil).Send(t.Context(), page(detected))
	if failed, ok := errors.AsType[*dispatch.Error](err); !ok || failed.Permanent || failed.Reason != dispatch.Unreachable || strings.Contains(err.Error(), "enqueue") {
		t.Errorf("got %v, want a temporary failure without the address", err)
	}
}

func TestRedirectDoesNotCarryTheKeyElsewhere(t *testing.T) {
	asked := make(chan string, 1)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Method }))
	defer elsewhere.Close()
	srv := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	cfg := config(t)
	cfg.BaseURL = srv.URL
	if _, err := pagerduty.New(cfg, srv.Client()).Send(t.Context(), page(detected)); err == nil {
		t.Error("a redirect is no acceptance")
	}
	select {
	case method := <-asked:
		t.Errorf("the redirect was followed with %s", method)
	default:
	}
}

// What became of an alert is told under the key it was raised with (PD-7).
func TestAlertIsAcknowledgedAndResolved(t *testing.T) {
	fake, c := vendor(t, at(detected))
	n := page(detected)
	send(t, c, n)
	for _, tt := range []struct {
		role incident.Role
		want string
	}{{incident.PagerAcknowledge, pdfake.Acknowledged}, {incident.PagerResolve, pdfake.Resolved}} {
		told := n
		told.Effect = incident.Effect{Key: n.Effect.Key + "/" + string(tt.role), Role: tt.role, Of: n.Effect.Key, For: pagerduty.Name, Channel: pagerduty.Name}
		for range 2 { // a repeat changes nothing
			send(t, c, told)
			if got := fake.State(n.Key); got != tt.want {
				t.Errorf("after %s the alert is %s, want %s", tt.role, got, tt.want)
			}
		}
	}
	if pages := fake.Pages(); len(pages) != 1 {
		t.Errorf("%d pages", len(pages))
	}
}

// An escalation goes to the service it names and says what is the matter; one
// that is no longer configured is refused, so that another way is taken.
func TestEscalationToAService(t *testing.T) {
	const board = "fedcba9876543210fedcba9876543210"
	fake := pdfake.New(at(detected), testKey, board)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	c := pagerduty.New(pagerduty.Config{RoutingKey: testKey, BaseURL: srv.URL, Services: map[string]string{"board": board}}, srv.Client())
	n := page(detected.Add(31 * time.Minute))
	n.Effect.Role, n.Effect.To, n.Effect.After, n.Effect.Clock = incident.Escalate, "board", incident.Span(30*time.Minute), notification
	send(t, c, n)
	e := fake.Events()[0]
	if want := "INC-2026-0001: NOBODY HAS ANSWERED for 30 min. Login service"; e.RoutingKey != board || e.Payload.Severity != "critical" || !strings.HasPrefix(e.Payload.Summary, want) || !strings.Contains(e.Payload.Summary, "Incident notification") {
		t.Errorf("key of the board: %v, %s, %q", e.RoutingKey == board, e.Payload.Severity, e.Payload.Summary)
	}
	n.Effect.To = "gone"
	_, err := c.Send(t.Context(), n)
	if refused, ok := errors.AsType[*dispatch.Error](err); !ok || !refused.Permanent || strings.Contains(err.Error(), board) {
		t.Errorf("got %v", err)
	}
}
