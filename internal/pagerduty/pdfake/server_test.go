package pdfake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/pagerduty/pdfake"
)

const key = "0123456789abcdef0123456789abcdef"

var start = time.Date(2026, 3, 28, 9, 0, 0, 0, time.UTC)

func still() time.Time { return start }

// event is a valid trigger with some fields changed; a nil value removes one.
func event(changes map[string]any) string {
	payload := map[string]any{"summary": "s", "source": "here", "severity": "error"}
	e := map[string]any{"routing_key": key, "event_action": "trigger", "dedup_key": "k", "payload": payload}
	for name, value := range changes {
		in := e
		if short, ok := strings.CutPrefix(name, "payload."); ok {
			in, name = payload, short
		}
		if in[name] = value; value == nil {
			delete(in, name)
		}
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func post(h http.Handler, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, pdfake.Path, strings.NewReader(body)))
	return w
}

func TestRefusals(t *testing.T) {
	type change = map[string]any
	tests := []struct {
		name, body, want string // want is the one error; empty when taken
	}{
		{"valid", event(nil), ""},
		{"unknown fields", event(change{"x": 1, "payload.y": 2}), ""},
		{"longest", event(change{"dedup_key": strings.Repeat("é", 255), "payload.summary": strings.Repeat("é", 1024)}), ""},
		{"no dedup key", event(change{"dedup_key": nil}), ""},
		{"no routing key", event(change{"routing_key": nil}), "'routing_key' is missing or blank"},
		{"short routing key", event(change{"routing_key": key[1:]}), "'routing_key' is invalid (expecting 32 characters)"},
		{"unknown routing key", event(change{"routing_key": strings.Repeat("z", 32)}), "'routing_key' is unknown"},
		{"no action", event(change{"event_action": nil}), "'event_action' is missing or blank"},
		{"bad action", event(change{"event_action": "open"}), "'event_action' is invalid (expecting 'trigger', 'acknowledge', 'resolve')"},
		{"no summary", event(change{"payload.summary": nil}), "'payload.summary' is missing or blank"},
		{"blank summary", event(change{"payload.summary": "  "}), "'payload.summary' is missing or blank"},
		{"long summary", event(change{"payload.summary": strings.Repeat("x", 1025)}), "'payload.summary' is too long (maximum is 1024 characters)"},
		{"no source", event(change{"payload.source": nil}), "'payload.source' is missing or blank"},
		{"no severity", event(change{"payload.severity": nil}), "'payload.severity' is missing or blank"},
		{"bad severity", event(change{"payload.severity": "fatal"}), "'payload.severity' is invalid (expecting 'critical', 'error', 'warning', 'info')"},
		{"bad timestamp", event(change{"payload.timestamp": "yesterday"}), "'payload.timestamp' is invalid (expecting ISO 8601)"},
		{"long dedup key", event(change{"dedup_key": strings.Repeat("x", 256)}), "'dedup_key' is too long (maximum is 255 characters)"},
		{"link without address", event(change{"links": []any{change{"text": "t"}}}), "'links.href' is missing or blank"},
		{"image over http", event(change{"images": []any{change{"src": "http://x.example/i.png"}}}), "'images.src' is invalid (expecting an HTTPS address)"},
		{"too large", event(change{"payload.custom_details": strings.Repeat("x", 512_000)}), "Event size exceeds the maximum of 512000 bytes"},
		{"not JSON", "{", "JSON is invalid"},
		{"resolve without key", event(change{"event_action": "resolve", "dedup_key": nil}), "'dedup_key' is missing or blank"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := pdfake.New(still, key)
			w := post(fake, tt.body)
			if tt.want == "" {
				if w.Code != http.StatusAccepted || len(fake.Events()) != 1 {
					t.Errorf("got %d %s and %d events", w.Code, w.Body, len(fake.Events()))
				}
				return
			}
			want, err := json.Marshal(struct {
				Status  string   `json:"status"`
				Message string   `json:"message"`
				Errors  []string `json:"errors"`
			}{"invalid event", "Event object is invalid", []string{tt.want}})
			if err != nil {
				t.Fatal(err)
			}
			// Both sides are decoded: only the meaning counts.
			var got, wanted any
			for dst, src := range map[*any][]byte{&got: w.Body.Bytes(), &wanted: want} {
				if err := json.Unmarshal(src, dst); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(wanted, got); diff != "" || w.Code != http.StatusBadRequest {
				t.Errorf("%d (-want +got):\n%s", w.Code, diff)
			}
			if len(fake.Events()) != 0 {
				t.Error("a refused event was kept")
			}
		})
	}
}

func TestOtherRequests(t *testing.T) {
	fake := pdfake.New(still)
	for target, want := range map[string]int{"GET " + pdfake.Path: 405, "POST /v2/change/enqueue": 404} {
		method, path, _ := strings.Cut(target, " ")
		w := httptest.NewRecorder()
		fake.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", target, w.Code, want)
		}
	}
}

// PD-6 to PD-9, step by step.
func TestAlerts(t *testing.T) {
	fake := pdfake.New(still, key, strings.Repeat("o", 32))
	do := func(changes map[string]any) string {
		t.Helper()
		w := post(fake, event(changes))
		var answer struct {
			DedupKey string `json:"dedup_key"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusAccepted {
			t.Fatalf("got %d %s: %v", w.Code, w.Body, err)
		}
		return answer.DedupKey
	}
	expect := func(step string, pages int, state string) {
		t.Helper()
		if got := len(fake.Pages()); got != pages || fake.State("k") != state {
			t.Fatalf("%s: %d pages, %q; want %d, %q", step, got, fake.State("k"), pages, state)
		}
	}
	type change = map[string]any

	do(change{"event_action": "resolve"})
	expect("a resolve before any alert is dropped", 0, "")
	if got := do(nil); got != "k" {
		t.Errorf("answered with key %q", got)
	}
	expect("the first trigger", 1, pdfake.Triggered)
	do(nil)
	expect("the same again", 1, pdfake.Triggered)
	if !fake.Acknowledge("k") || fake.Acknowledge("other") {
		t.Error("only an open alert can be acknowledged")
	}
	do(nil)
	expect("a trigger while acknowledged pages nobody", 1, pdfake.Acknowledged)
	do(change{"event_action": "resolve", "routing_key": strings.Repeat("o", 32)})
	expect("a resolve through another routing key is dropped", 1, pdfake.Acknowledged)
	if !fake.Resolve("k") || fake.Resolve("k") {
		t.Error("an alert is resolved once")
	}
	expect("resolved", 1, pdfake.Resolved)
	do(nil)
	expect("a trigger after the resolve is a new alert", 2, pdfake.Triggered)
	do(change{"event_action": "acknowledge"})
	expect("acknowledged by event", 2, pdfake.Acknowledged)
	if a, b := do(change{"dedup_key": nil}), do(change{"dedup_key": nil}); a == b || a == "" {
		t.Errorf("keys made up: %q and %q", a, b)
	}
	expect("each event without a key is an alert", 4, pdfake.Acknowledged)
}

func TestRateIsCountedOverASlidingMinute(t *testing.T) {
	now := start
	fake := pdfake.New(func() time.Time { return now })
	fake.LimitRate(2)
	step := func(after time.Duration, routing string, want int) {
		t.Helper()
		now = start.Add(after)
		w := post(fake, event(map[string]any{"routing_key": routing}))
		if w.Code != want {
			t.Fatalf("after %s: got %d, want %d", after, w.Code, want)
		}
		if want == http.StatusTooManyRequests && (w.Body.Len() != 0 || w.Header().Get("Content-Type") != "") {
			t.Errorf("429 must be empty: %q %v", w.Body, w.Header())
		}
	}
	other := strings.Repeat("o", 32)
	step(0, key, 202)
	step(40*time.Second, key, 202)
	step(50*time.Second, key, 429)
	step(50*time.Second, other, 202)
	step(60*time.Second-1, key, 429)
	step(60*time.Second, key, 202)
	step(99*time.Second, key, 429)
	step(100*time.Second, key, 202)
	fake.LimitRate(0)
	step(101*time.Second, key, 202)
	if got := len(fake.Events()); got != 6 {
		t.Errorf("%d events were taken, want 6", got)
	}
}

func TestFaultsComeInOrder(t *testing.T) {
	fake := pdfake.New(still)
	srv := httptest.NewServer(fake)
	defer srv.Close()
	call := func(ctx context.Context) (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+pdfake.Path, strings.NewReader(event(nil)))
		if err != nil {
			return 0, err
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, errors.Join(err, resp.Body.Close())
	}
	fake.FailNext(2, http.StatusServiceUnavailable)
	fake.DropNext(1)
	for range 2 {
		if status, err := call(t.Context()); status != http.StatusServiceUnavailable || err != nil {
			t.Errorf("got %d, %v; want 503", status, err)
		}
	}
	if got := len(fake.Events()); got != 0 {
		t.Errorf("a failed call left %d events", got)
	}
	if status, err := call(t.Context()); err == nil {
		t.Errorf("got %d; want a broken connection", status)
	}
	if got := len(fake.Events()); got != 1 {
		t.Errorf("a dropped call left %d events, want 1", got)
	}
	if status, err := call(t.Context()); status != http.StatusAccepted || err != nil {
		t.Errorf("got %d, %v; want 202 again", status, err)
	}
	if got := len(fake.Events()); got != 2 {
		t.Errorf("%d events in all, want 2", got)
	}
}

// A call that hangs lasts until its caller gives up, and does nothing.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := pdfake.New(time.Now)
		fake.HangNext(1)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		for _, want := range []struct {
			lasted time.Duration
			events int
		}{{50 * time.Millisecond, 0}, {50 * time.Millisecond, 1}} { // the second is answered at once
			fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, pdfake.Path, strings.NewReader(event(nil))))
			if lasted := time.Since(began); lasted != want.lasted || len(fake.Events()) != want.events {
				t.Errorf("%s later there are %d events; want %s and %d", lasted, len(fake.Events()), want.lasted, want.events)
			}
		}
	})
}

// Fifty callers at once with five keys: five pages, and the hook sees all.
func TestConcurrentCalls(t *testing.T) {
	fake := pdfake.New(still)
	var mu sync.Mutex
	var seen []string
	fake.OnEvent(func(e pdfake.Event) {
		mu.Lock()
		defer mu.Unlock()
		if fake.State(e.DedupKey) != pdfake.Triggered { // the hook may ask the fake
			t.Errorf("%s is not triggered", e.DedupKey)
		}
		seen = append(seen, e.DedupKey)
	})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if w := post(fake, event(map[string]any{"dedup_key": fmt.Sprint("k", i%5)})); w.Code != http.StatusAccepted {
				t.Errorf("got %d", w.Code)
			}
		})
	}
	wg.Wait()
	slices.Sort(seen)
	if len(seen) != 50 || len(slices.Compact(seen)) != 5 || len(fake.Events()) != 50 || len(fake.Pages()) != 5 {
		t.Errorf("hook %d, events %d, pages %d", len(seen), len(fake.Events()), len(fake.Pages()))
	}
}
