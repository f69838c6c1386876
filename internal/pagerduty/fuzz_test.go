package pagerduty_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/regime"
)

// FuzzRender: whatever a notice holds, its event keeps PagerDuty's limits and
// the stand-in takes it (demands 32).
func FuzzRender(f *testing.F) {
	f.Add("key", "INC-2026-0001", "title", "label", "value", "slack", "channel_not_found", uint16(3), uint16(3), int64(0), uint8(0))
	f.Add(strings.Repeat("k", 300), strings.Repeat("I", 300), strings.Repeat("<", 5000), strings.Repeat("&", 300), strings.Repeat("<", 9000),
		strings.Repeat(">", 300), strings.Repeat("\u2028", 3000), uint16(500), uint16(300), int64(1<<40), uint8(7))
	f.Add("\xff", "\x00", "\U0001F525\U0001F525", "é", "\xed\xa0\x80", "", "\n", uint16(1), uint16(1), int64(-1<<62), uint8(2))
	f.Add("k", "x", strings.Repeat("日本", 2000), "", "\"\\", "a", "b", uint16(65535), uint16(9), int64(1e9), uint8(1))
	cfg := pagerduty.Config{RoutingKey: testKey, Zone: time.FixedZone("X", 19800)}
	f.Fuzz(func(t *testing.T, key, id, text, name, value, channel, reason string, nAlerts, nClocks uint16, seconds int64, role uint8) {
		n := page(detected.Add(time.Duration(seconds)))
		n.Key, n.ID, n.Text, n.Page, n.Reason = key, incident.ID(id), text, "https://x.example/"+text, reason
		n.Effect.Role = []incident.Role{incident.Page, incident.Reminder, incident.Heartbeat, incident.Post}[role%4]
		n.Refused = []string{channel, name}
		v := &n.Incident
		v.Exercise, v.Title, v.Summary, v.Service, v.Severity, v.Status = role&4 != 0, text, value, name, value, value
		v.Category.Class, v.Category.Type, v.AcknowledgedBy = text, value, &value
		v.DetectedAt = time.Unix(seconds, 0)
		v.Alerts, v.Clocks, v.Incomplete = nil, nil, nil
		labels := map[string]string{name: value, value: name}
		for i := range nAlerts % 64 {
			labels[fmt.Sprint(name, i)] = value
		}
		for range nAlerts % 1024 {
			v.Alerts = append(v.Alerts, incident.AlertView{Status: text, Labels: labels, Annotations: labels, GeneratorURL: "https://" + name, StartsAt: v.DetectedAt})
		}
		for i := range nClocks % 512 {
			c := clock(incident.ClockID{Entity: name, Regime: regime.ID(value), Stage: regime.StageID(text)}, text, time.Unix(seconds, int64(i)), n.Now)
			c.State, c.Source = value, text
			if i%5 == 4 {
				c.Stopped = &value
			}
			v.Clocks = append(v.Clocks, c)
			v.Incomplete = append(v.Incomplete, text)
			n.Effect.Thresholds = append(n.Effect.Thresholds, incident.Passed{Name: value})
			n.Effect.Covers = append(n.Effect.Covers, incident.ClockPassed{Clock: c.ClockID, Thresholds: n.Effect.Thresholds})
			n.Effect.Clock = c.ClockID
		}
		checkLimits(t, cfg, n)
	})
}

func checkLimits(t *testing.T, cfg pagerduty.Config, n dispatch.Notice) {
	t.Helper()
	e := pagerduty.Render(n, cfg)
	e.RoutingKey = testKey
	body := encode(t, e)
	if len(body) >= 512_000 {
		t.Errorf("event of %d bytes", len(body))
	}
	if s := e.Payload.Summary; len(s) > 1024 || !utf8.ValidString(s) {
		t.Errorf("summary of %d bytes, valid %t", len(s), utf8.ValidString(s))
	}
	if n.Incident.Exercise && n.Effect.Role != incident.Heartbeat && !strings.HasPrefix(e.Payload.Summary, "[EXERCISE] ") {
		t.Errorf("an exercise must say so first: %q", e.Payload.Summary)
	}
	if len(e.DedupKey) > 255 {
		t.Errorf("dedup key of %d bytes", len(e.DedupKey))
	}
	fake := pdfake.New(func() time.Time { return detected })
	w := httptest.NewRecorder()
	fake.ServeHTTP(w, httptest.NewRequest(http.MethodPost, pdfake.Path, bytes.NewReader(body)))
	if w.Code != http.StatusAccepted {
		t.Errorf("refused with %d: %s", w.Code, w.Body)
	}
}

// The largest event there can be stays below the limit: every part is at its
// bound and every byte of it is written as six.
func TestLargestEvent(t *testing.T) {
	n := exercise(refusedBySlack(remind(detected.Add(48*time.Hour), earlyWarning, detected, "0s")))
	worst := strings.Repeat("<", 4000)
	v := &n.Incident
	v.Title, v.Summary, v.Service, v.Status, v.Reportability, v.AcknowledgedBy = worst, worst, worst, worst, worst, &worst
	n.Reason, n.Page = worst, "https://nis2.example/"+strings.Repeat("<", 2000)
	n.ID, n.Key = incident.ID(worst), strings.Repeat("<", 255)
	labels := map[string]string{}
	for i := range 60 {
		labels[fmt.Sprintf("%02d%s", i, worst)] = worst
	}
	for range 5000 {
		c := clock(incident.ClockID{Entity: worst, Regime: "<", Stage: "s"}, worst, detected, n.Now)
		c.Source, c.State = worst, worst
		v.Clocks = append(v.Clocks, c)
		v.Alerts = append(v.Alerts, incident.AlertView{Status: worst, Labels: labels, Annotations: labels})
		v.Incomplete = append(v.Incomplete, worst)
		n.Effect.Thresholds = append(n.Effect.Thresholds, incident.Passed{Name: worst})
	}
	n.Effect.Covers = []incident.ClockPassed{{Clock: v.Clocks[0].ClockID, Thresholds: n.Effect.Thresholds}}
	checkLimits(t, config(t), n)
	got := len(encode(t, pagerduty.Render(n, config(t))))
	if got < 200_000 {
		t.Errorf("an event of %d bytes is not the largest: the test has lost its point", got)
	}
	t.Logf("%d bytes", got)
}
