package pagerduty_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
)

var update = flag.Bool("update", false, "write the golden files")

// encode writes the event as the client library does.
func encode(t testing.TB, e *pd.V2Event) []byte {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRenderGolden(t *testing.T) {
	at := func(d time.Duration) time.Time { return detected.Add(d) }
	aware := page(at(26 * time.Hour))
	aware.Incident.AwareAt = new(at(4 * time.Hour))
	aware.Incident.AcknowledgedBy = new("U1@T1")
	aware.Incident.Clocks[0].DueAt = at(28 * time.Hour)
	aware.Incident.Clocks[0].State, aware.Incident.Clocks[0].Late = incident.ClockRunning, false
	aware.Since = at(21*time.Hour + 36*time.Minute)
	aware.Effect = remind(aware.Now, earlyWarning, aware.Since, "90%", "1h", "0s").Effect

	late := page(at(30*time.Hour + 20*time.Second)) // found when the early warning was over and the notification not
	late.Incident.Severity, late.Since = "warning", late.Now.Add(-time.Second)
	late.Effect.Covers = []incident.ClockPassed{
		{Clock: earlyWarning, Thresholds: remind(late.Now, earlyWarning, at(18*time.Hour), "75%", "90%", "1h", "0s", "overdue 6h").Effect.Thresholds},
		{Clock: notification, Thresholds: remind(late.Now, notification, at(29*time.Hour), "40%").Effect.Thresholds},
	}

	for name, n := range map[string]dispatch.Notice{
		"fresh":         page(at(40 * time.Second)),
		"opened_late":   late,
		"reminder":      remind(at(18*time.Hour), earlyWarning, at(18*time.Hour), "75%"),
		"target_missed": aware,
		"overdue":       remind(at(26*time.Hour+5*time.Minute), earlyWarning, at(21*time.Hour+36*time.Minute), "90%", "1h", "0s", "overdue 2h"),
		"exercise":      exercise(remind(at(12*time.Hour), earlyWarning, at(12*time.Hour), "50%")),
		"heartbeat":     heartbeat(),
		"fallback":      refusedBySlack(page(at(50 * time.Second))),
		"storm":         storm(page(at(40 * time.Second))),
	} {
		t.Run(name, func(t *testing.T) {
			got := encode(t, pagerduty.Render(n, config(t)))
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, got, "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, pretty.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
				t.Errorf("event differs from %s (-want +got):\n%s", file, diff)
			}
			if bytes.Contains(got, []byte(testKey)) {
				t.Error("the rendered event holds the routing key")
			}
		})
	}
}

func TestRenderIsPure(t *testing.T) {
	n := storm(page(detected.Add(time.Minute)))
	first, second := encode(t, pagerduty.Render(n, config(t))), encode(t, pagerduty.Render(n, config(t)))
	if !bytes.Equal(first, second) {
		t.Error("the same notice renders differently")
	}
}

func TestReminderSeverity(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration // of detection
		clock incident.ClockID
		want  string
	}{
		{"half", 12 * time.Hour, earlyWarning, "warning"},
		{"just before nine tenths", 21*time.Hour + 35*time.Minute, earlyWarning, "warning"},
		{"nine tenths", 21*time.Hour + 36*time.Minute, earlyWarning, "error"},
		{"just before the last hour", 23*time.Hour - time.Second, earlyWarning, "error"},
		{"the last hour", 23 * time.Hour, earlyWarning, "critical"},
		{"expiry", 24 * time.Hour, earlyWarning, "critical"},
		{"overdue", 90 * time.Hour, earlyWarning, "critical"},
		{"a long clock's nine tenths", 65 * time.Hour, notification, "error"},
		{"a clock that is gone", time.Hour, incident.ClockID{Stage: "other"}, "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := detected.Add(tt.after)
			e := pagerduty.Render(remind(now, tt.clock, now, "50%"), config(t))
			if got := e.Payload.Severity; got != tt.want {
				t.Errorf("severity %s, want %s", got, tt.want)
			}
		})
	}
}

func TestReminderOfAnEndedClockIsAWarning(t *testing.T) {
	now := detected.Add(30 * time.Hour)
	submitted := remind(now, earlyWarning, now, "0s")
	submitted.Incident.Clocks[0].SubmittedAt = new(detected.Add(20 * time.Hour))
	stopped := remind(now, earlyWarning, now, "0s")
	stopped.Incident.Clocks[0].Stopped = new("not reportable")
	for want, n := range map[string]dispatch.Notice{
		"was submitted 2026-03-29 05:12 UTC": submitted,
		"was stopped: not reportable":        stopped,
	} {
		p := pagerduty.Render(n, config(t)).Payload
		if p.Severity != "warning" || !strings.Contains(p.Summary, want) {
			t.Errorf("got %s %q, want a warning with %q", p.Severity, p.Summary, want)
		}
	}
}

func TestPageSeverity(t *testing.T) {
	for label, want := range map[string]string{
		"critical": "critical", "Critical": "critical", "page": "critical",
		"warning": "error", "info": "error", "": "error", "sev-17": "error",
	} {
		n := page(detected.Add(time.Minute))
		n.Incident.Severity = label
		if got := pagerduty.Render(n, config(t)).Payload.Severity; got != want {
			t.Errorf("severity %q: got %s, want %s", label, got, want)
		}
	}
}

// The boundary of overdue is the due instant itself (demands 15), and what is
// late says by how much (demands 18).
func TestSummarySaysHowLongIsLeft(t *testing.T) {
	due := detected.Add(24 * time.Hour)
	tests := []struct {
		name       string
		now, since time.Time
		want, not  string
	}{
		{"before due", due.Add(-time.Second), due.Add(-time.Second), "due in less than a minute, by 2026-03-29 09:12 UTC (11:12 CEST)", "OVERDUE"},
		{"at due", due, due, "OVERDUE by less than a minute, was due 2026-03-29 09:12 UTC (11:12 CEST)", "late by"},
		{"after due", due.Add(61 * time.Second), due, "OVERDUE by 1 min", "late by"},
		{"after a pause", due.Add(5 * time.Hour), due, "late by 5 h", "due in"},
		{"long after", due.Add(50 * time.Hour), due, "OVERDUE by 50 h", "due in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := pagerduty.Render(remind(tt.now, earlyWarning, tt.since, "0s"), config(t)).Payload.Summary
			if !strings.Contains(got, tt.want) || strings.Contains(got, tt.not) {
				t.Errorf("got %q, want it with %q and without %q", got, tt.want, tt.not)
			}
		})
	}
}

func TestPageSpeaksOfTheNearestOpenClock(t *testing.T) {
	n := page(detected.Add(time.Hour))
	n.Incident.Clocks[0].SubmittedAt = new(detected.Add(30 * time.Minute))
	n.Incident.Clocks[1], n.Incident.Clocks[2] = n.Incident.Clocks[2], n.Incident.Clocks[1]
	if got, want := pagerduty.Render(n, config(t)).Payload.Summary, "Incident notification (NIS2) due in 71 h"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q in it", got, want)
	}
	n.Incident.Clocks = nil
	if got, want := pagerduty.Render(n, config(t)).Payload.Summary, "No clock is running"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q in it", got, want)
	}
}

// The longest texts leave room for what a woken person must know.
func TestSummaryKeepsWhatMatters(t *testing.T) {
	n := exercise(refusedBySlack(remind(detected.Add(26*time.Hour), earlyWarning, detected.Add(12*time.Hour), "50%", "75%", "90%", "1h", "0s", "overdue 2h")))
	n.Incident.Title = strings.Repeat("Ωμέγα ", 1000)
	n.Incident.Clocks[0].Title, n.Incident.Clocks[0].Entity = strings.Repeat("t", 5000), strings.Repeat("e", 5000)
	n.Effect.Clock = n.Incident.Clocks[0].ClockID
	got := pagerduty.Render(n, config(t)).Payload.Summary
	if !strings.HasPrefix(got, "[EXERCISE] EX-2026-0001: ") {
		t.Errorf("an exercise must say so first: %q", got)
	}
	for _, want := range []string{"OVERDUE by 2 h", "overdue 2h", "late by 14 h", "Slack refused: channel_not_found"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from %q", want, got)
		}
	}
}

func TestDedupKey(t *testing.T) {
	long := strings.Repeat("k", 256)
	keys := map[string]bool{}
	for _, tt := range []struct {
		name, key string
		same      bool
	}{
		{"usual", "example/INC-2026-0001/opened/pagerduty", true},
		{"longest", long[:255], true},
		{"too long", long, false},
		{"too long, other end", long[:255] + "x", false},
		{"not UTF-8", "a\xff", false},
		{"control character", "a\n", false},
		{"outer space", " a", false},
	} {
		n := page(detected)
		n.Key = tt.key
		got := pagerduty.Render(n, config(t)).DedupKey
		if (got == tt.key) != tt.same || len(got) > 255 || got == "" {
			t.Errorf("%s: key %q became %q", tt.name, tt.key, got)
		}
		if keys[got] {
			t.Errorf("%s: %q names two effects", tt.name, got)
		}
		keys[got] = true
		if again := pagerduty.Render(n, config(t)).DedupKey; again != got {
			t.Errorf("%s: %q then %q", tt.name, got, again)
		}
	}
}

func TestOnlyFollowableAddressesAreLinked(t *testing.T) {
	for addr, want := range map[string]bool{
		"https://nis2.example/incidents/INC-2026-0001": true,
		"http://127.0.0.1:2555/incidents/X":            true,
		"/incidents/INC-2026-0001":                     false,
		"javascript:alert(1)":                          false,
		"":                                             false,
		"https://nis2.example/" + strings.Repeat("a", 3000): false,
	} {
		n := page(detected)
		n.Page = addr
		e := pagerduty.Render(n, config(t))
		if got := e.ClientURL == addr && len(e.Links) == 1; addr != "" && got != want {
			t.Errorf("%.60s: linked %t, want %t", addr, got, want)
		}
		if !want && (e.ClientURL != "" || len(e.Links) != 0) {
			t.Errorf("%.60s: must not be linked", addr)
		}
	}
}

func TestFallbackSaysWhoRefusedAndWhy(t *testing.T) {
	for _, tt := range []struct {
		refused []string
		reason  string
		want    string // how the summary ends
	}{
		{nil, "pagerduty: unreachable: no answer", "(11:12 CEST)"},
		{[]string{"slack"}, "slack: rejected: channel_not_found", ". Slack refused: channel_not_found"},
		{[]string{"slack"}, "slack: auth_error: token_revoked", ". Slack refused: auth_error: token_revoked"},
		{[]string{"slack"}, "channel_not_found", ". Slack refused: channel_not_found"},
		{[]string{"slack"}, "pagerduty: server_error: HTTP 502", ". Slack refused"},
		{[]string{"slack"}, "", ". Slack refused"},
		{[]string{"slack", "mail"}, "mail: rejected: no such mailbox", ". Slack, mail refused: no such mailbox"},
	} {
		n := page(detected)
		n.Refused, n.Reason = tt.refused, tt.reason
		if got := pagerduty.Render(n, config(t)).Payload.Summary; !strings.HasSuffix(got, tt.want) {
			t.Errorf("refused by %q with %q: got %q, want it to end with %q", tt.refused, tt.reason, got, tt.want)
		}
	}
}
