package pdfake_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/pagerduty/pdfake"
)

// roundTrip answers in place of a server, so that no socket holds up the bubble.
type roundTrip func(*http.Request) int

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Code = f(r)
	return w.Result(), nil
}

// A delivery is tried again under its id for 5xx and 429, dropped for another
// 4xx, and three drops in a row end the subscription (PD-14, PD-15, PD-16).
func TestWebhooksAreRetriedAndDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []int{503, 429, 200, 400, 200, 404, 401, 410}
		var mu sync.Mutex
		var got []string
		s := pdfake.New(time.Now)
		s.Subscribe(pdfake.Subscription{URL: "http://x.example/", Secrets: []string{"a", "b"}, RetryAfter: time.Minute, Client: &http.Client{Transport: roundTrip(func(r *http.Request) int {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, r.Header.Get("X-Webhook-Id"))
			status := answers[0]
			answers = answers[1:]
			return status
		})}})
		defer s.Unsubscribe()
		for range 8 {
			s.Send("service.updated", map[string]any{"id": "P1"})
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		want := []string{"delivery-1", "delivery-1", "delivery-1", "delivery-2", "delivery-3", "delivery-4", "delivery-5", "delivery-6"}
		if !slices.Equal(got, want) {
			t.Errorf("tried %q, want %q", got, want)
		}
		if tries, waiting, disabled := s.Deliveries(); len(tries) != len(want) || waiting != 0 || !disabled {
			t.Errorf("%d tries, %d wait, disabled %v", len(tries), waiting, disabled)
		}
	})
}
