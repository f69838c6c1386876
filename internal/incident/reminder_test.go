package incident

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

func TestParseThreshold(t *testing.T) {
	for _, tt := range []struct{ in, name string }{
		{"75%", "75%"}, {" 50 %", "50%"}, {"99.9%", "99.9%"}, {"7%", "7%"}, {"0.5%", "0.5%"},
		{"1h", "1h"}, {"60m", "1h"}, {"90m", "1h30m"}, {"0s", "0s"}, {"10h", "10h"}, {"10m", "10m"}, {"1h0m5s", "1h0m5s"}, {"168h", "168h"}, {"1m30s", "1m30s"},
		{"0%", ""}, {"100%", ""}, {"-5%", ""}, {"NaN%", ""}, {"Inf%", ""}, {"%", ""}, {"-1h", ""}, {"soon", ""}, {"", ""}, {"75", ""},
	} {
		got, err := ParseThreshold(tt.in)
		if (err == nil) != (tt.name != "") || err == nil && got.String() != tt.name {
			t.Errorf("%q reads as %q, %v; want %q", tt.in, got, err, tt.name)
		}
	}
}

// A threshold's name is what makes it: whatever an operator writes reads back
// as itself, so that a restart is no change of policy.
func TestThresholdRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 10_000 {
		in := strconv.FormatFloat(rng.Float64()*100, 'f', n%6, 64) + "%"
		if n%2 == 0 {
			in = time.Duration(rng.Int64N(int64(1000 * time.Hour))).Round([]time.Duration{1, time.Second, time.Minute, time.Hour}[n/2%4]).String()
		}
		first, err := ParseThreshold(in)
		if err != nil {
			continue // rounded to nothing or to the whole
		}
		again, err := ParseThreshold(first.String())
		if err != nil || again != first || again.String() != first.String() {
			t.Fatalf("%q is %q, which reads as %q, %v", in, first, again, err)
		}
	}
}

// Shares count from detection when the target rules, from awareness when the
// due instant does; leads count back from the end.
func TestThresholdAt(t *testing.T) {
	detected, aware := at("2026-03-28T12:00:00Z"), at("2026-03-28T08:00:00Z")
	target := Clock{TargetAt: detected.Add(24 * time.Hour), DueAt: detected.Add(30 * time.Hour), StartedAt: detected.Add(6 * time.Hour)}
	due := Clock{TargetAt: detected.Add(24 * time.Hour), DueAt: aware.Add(24 * time.Hour), StartedAt: aware}
	for _, tt := range []struct {
		threshold string
		clock     Clock
		want      string
	}{
		{"50%", target, "2026-03-29T00:00:00Z"}, {"90%", target, "2026-03-29T09:36:00Z"}, {"1h", target, "2026-03-29T11:00:00Z"}, {"0s", target, "2026-03-29T12:00:00Z"},
		{"50%", due, "2026-03-28T20:00:00Z"}, {"75%", due, "2026-03-29T02:00:00Z"}, {"1h", due, "2026-03-29T07:00:00Z"}, {"0s", due, "2026-03-29T08:00:00Z"},
	} {
		threshold, err := ParseThreshold(tt.threshold)
		if err != nil {
			t.Fatal(err)
		}
		if got := threshold.At(&tt.clock, detected); !got.Equal(at(tt.want)) {
			t.Errorf("%s of a clock to %s is at %s, want %s", tt.threshold, tt.clock.Deadline(), got, tt.want)
		}
	}
}

// What is pending, once covered, is covered; a clock that moves earlier owes
// what it newly passed and nothing again, one that moves later owes what lies
// ahead of it.
func TestCoverage(t *testing.T) {
	start := at("2026-11-20T10:00:00Z")
	clock := func(end time.Time) *Clock {
		return &Clock{ClockID: ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}, TargetAt: end, DueAt: end, StartedAt: start}
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		p := ReminderPolicy{OverdueEvery: Span(time.Hour), Channels: []string{"slack"}}
		for _, name := range []string{"29%", "50%", "75%", "1h", "0s"} {
			threshold, err := ParseThreshold(name)
			if err != nil {
				t.Fatal(err)
			}
			p.Reminders = append(p.Reminders, threshold)
		}
		var cov Coverage
		told := map[Passed]bool{}
		now, end := start, start.Add(24*time.Hour)
		for range 12 {
			now = now.Add(time.Duration(rng.Int64N(int64(8 * time.Hour))))
			if rng.IntN(4) == 0 {
				end = start.Add(time.Duration(rng.Int64N(int64(40 * time.Hour))))
			}
			c := clock(end)
			passed := p.Pending(c, start, "slack", cov, now)
			for n, one := range passed {
				if told[one] || one.At.After(now) || n > 0 && one.At.Before(passed[n-1].At) {
					t.Fatalf("at %s pending %v, told before %v", now, passed, told[one])
				}
				told[one] = true
			}
			cov.cover(passed)
			if again := p.Pending(c, start, "slack", cov, now); len(again) > 0 {
				t.Fatalf("covered, and pending: %v", again)
			}
			if next := p.NextAfter(c, start, now); !next.After(now) || len(p.Pending(c, start, "slack", cov, next.Add(-1))) > 0 {
				t.Fatalf("at %s the next is said to be %s", now, next)
			}
		}
	}
}

// The outbox: an effect is pending from its intent to its delivery, whatever
// fails between.
func TestOutbox(t *testing.T) {
	now := at("2026-11-20T10:00:00Z")
	page := Effect{Key: "k", Role: Page, For: "pagerduty", Channel: "pagerduty"}
	other := page
	other.Channel = "slack"
	var o outbox
	o.intend(page, now)
	if p := o.Pending["k"]; p == nil || !p.RetryAt.IsZero() {
		t.Fatalf("intended: %+v", p)
	}
	o.fail(page, "busy", false, now.Add(5*time.Second), now)
	o.intend(page, now.Add(5*time.Second))
	if p := o.Pending["k"]; p.Attempts != 1 || !p.RetryAt.IsZero() || !p.IntendedAt.Equal(now) {
		t.Errorf("intended again: %+v", p)
	}
	o.fail(page, "wrong key", true, time.Time{}, now)
	o.fail(other, "no such channel", true, time.Time{}, now)
	if p := o.Pending["k"]; len(p.Refused) != 2 || p.Attempts != 0 || p.Reason != "no such channel" {
		t.Errorf("refused by both: %+v", p)
	}
	o.fail(page, "wrong key", true, time.Time{}, now)
	if p := o.Pending["k"]; len(p.Refused) != 1 || p.Refused[0] != "pagerduty" {
		t.Errorf("a new round begins: %+v", p)
	}
	o.deliver(other, "ref", now)
	if len(o.Pending) != 0 || !o.Done["k"].Equal(now) || o.Message != nil {
		t.Errorf("delivered: %+v", o)
	}
	// A failure whose intent is missing, as in a journal of which parts were
	// erased, is pending all the same.
	o.fail(Effect{Key: "x", Role: Reminder, For: "slack", Channel: "slack"}, "busy", false, now.Add(time.Minute), now)
	if p := o.Pending["x"]; p == nil || p.Attempts != 1 {
		t.Errorf("without an intent: %+v", p)
	}
}

// A missed target whose report is legally due weeks later is repeated once a
// day, and as often as configured from a day before the law's own instant on.
func TestOverdueRemindersOfATargetThatIsNotTheLaws(t *testing.T) {
	target := at("2026-04-01T12:00:00Z")
	for name, tt := range map[string]struct {
		due   time.Time
		every time.Duration
		// want is how many there are in the week after the target, and in the day
		// before the due instant and the hour it falls in.
		week, last int
	}{
		"seven weeks later":        {target.Add(49 * 24 * time.Hour), time.Hour, 7, 25},
		"an hour from that later":  {target.Add(49*24*time.Hour + 30*time.Minute), time.Hour, 7, 25},
		"every five hours":         {target.Add(49 * 24 * time.Hour), 5 * time.Hour, 8, 5},
		"every two days":           {target.Add(49 * 24 * time.Hour), 48 * time.Hour, 3, 1},
		"twenty hours later":       {target.Add(20 * time.Hour), time.Hour, 168, 20},
		"the due instant is first": {target.Add(-time.Hour), time.Hour, 169, 25},
		"no due instant":           {time.Time{}, time.Hour, 168, 25},
		"never":                    {target.Add(49 * 24 * time.Hour), 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := ReminderPolicy{OverdueEvery: Span(tt.every)}, &Clock{TargetAt: target, DueAt: tt.due}
			week, last := 0, 0
			end := tt.due.Add(time.Hour)
			if tt.due.Before(target) {
				end = target.Add(26 * time.Hour)
			}
			horizon := end
			if w := target.Add(7 * 24 * time.Hour); w.After(horizon) {
				horizon = w
			}
			for now := target.Add(-100 * time.Hour); ; {
				next := p.overdueAfter(c, now)
				if next.IsZero() || next.After(horizon) {
					break
				}
				if before, after := p.overdue(c, next.Add(-1)), p.overdue(c, next); before != p.overdue(c, now) || after <= before {
					t.Fatalf("from %s to %s it goes from %s over %s to %s", now, next, p.overdue(c, now), before, after)
				}
				if !next.After(target.Add(7 * 24 * time.Hour)) {
					week++
				}
				if next.After(end.Add(-25*time.Hour-1)) && next.Before(end) {
					last++
				}
				now = next
			}
			if week != tt.week || last != tt.last {
				t.Errorf("%d in the first week and %d at the end, want %d and %d", week, last, tt.week, tt.last)
			}
		})
	}
}
