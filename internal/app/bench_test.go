package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
)

// BenchmarkInteraction is how long Slack waits for the whole service's answer
// over HTTP with a thousand open incidents, while Slack and PagerDuty take
// every call and answer none; beside it, a bare handler that reads the same
// body.
func BenchmarkInteraction(b *testing.B) {
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			<-r.Context().Done()
		}
	}))
	b.Cleanup(hang.Close)
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = b.TempDir(), "127.0.0.1:0"
	cfg.Slack = &slack.Config{Token: "xoxb-good", SigningSecret: slackSecret, Channel: slackfake.DefaultChannel, BaseURL: hang.URL + "/api/", Mark: slack.DefaultMark}
	cfg.PagerDuty = &pagerduty.Config{RoutingKey: routingKey, BaseURL: hang.URL}
	a, err := Start(b.Context(), Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.Stop(); err != nil {
			b.Error(err)
		}
	})
	const open = 1000
	for n := range open {
		if _, err := a.Desk().Do(b.Context(), incident.Declare{
			Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, Title: fmt.Sprint("incident ", n), DetectedAt: time.Now(),
		}); err != nil {
			b.Fatal(err)
		}
	}
	bare := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Error(err)
		}
	}))
	b.Cleanup(bare.Close)
	year := time.Now().UTC().Year()
	payload := func(n int) string {
		return fmt.Sprintf(`{"type":"block_actions","user":{"id":"U1","team_id":"T1"},"team":{"id":"T1"},"trigger_id":"t%d",`+
			`"actions":[{"action_id":%q,"block_id":"x","type":"button","value":"INC-%d-%04d","action_ts":"%d"}]}`, n, slack.AcknowledgeAction, year, n%open+1, n)
	}
	note := func(n int) string {
		return fmt.Sprintf(`{"type":"view_submission","user":{"id":"U1"},"team":{"id":"T1"},"view":{"id":"V%d","callback_id":"nis2clock_note",`+
			`"private_metadata":"{\"incident\":\"INC-%d-%04d\"}","state":{"values":{"text":{"answer":{"type":"plain_text_input","value":"seen %d"}}}}}}`, n, year, n%open+1, n)
	}
	for _, bb := range []struct {
		name, to string
		payload  func(int) string
	}{
		{"floor", bare.URL, payload},
		{"acknowledge", a.URL() + "/webhook/slack/interactions", payload},
		{"note", a.URL() + "/webhook/slack/interactions", note},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var took []time.Duration
			before := a.store.Stats().Entries
			for n := 0; b.Loop(); n++ {
				body := []byte(url.Values{"payload": {bb.payload(n)}}.Encode())
				stamp := strconv.FormatInt(time.Now().Unix(), 10)
				mac := hmac.New(sha256.New, []byte(slackSecret))
				fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, bb.to, bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("X-Slack-Request-Timestamp", stamp)
				req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
				began := time.Now()
				said, err := answer(http.DefaultClient.Do(req))
				took = append(took, time.Since(began))
				if err != nil {
					b.Fatal(err, said)
				}
			}
			if wrote := a.store.Stats().Entries - before; bb.name != "floor" && wrote < uint64(min(len(took), open)) {
				b.Fatalf("%d answers and %d entries: it measures refusals", len(took), wrote)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
