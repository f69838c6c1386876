package regime

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oneStage is a regime of one stage after a report called "first".
func oneStage(t *testing.T, keys string) Regime {
	t.Helper()
	r, _ := load(t, `id: one
title: One
version: "1"
reviewed: 2026-11-22
act: Act 1
stages:
  - {id: first, title: First, period: 24 hours, from: awareness, source: Art. 1, confidence: verified}
  - {id: second, title: Second, source: Art. 2, confidence: verified, `+keys+"}\n").Regime("one")
	return r
}

func TestRule(t *testing.T) {
	at := func(s string) time.Time { return instant(t, s) }
	berlin := Place{Zone: zone(t, "Europe/Berlin"), Holidays: Holidays{date(t, "2026-10-05"): ""}}
	aware := Facts{DetectedAt: at("2026-10-01T08:00:00Z"), AwareAt: at("2026-10-01T10:00:00Z")}
	with := func(change func(*Facts)) Facts {
		f := aware
		change(&f)
		return f
	}
	sent := func(s string) map[StageID]Submission { return map[StageID]Submission{"first": {LoggedAt: at(s)}} }
	for _, tt := range []struct {
		name, keys string
		facts      Facts
		want       string // of the second stage; empty: there is none
	}{
		{"classification: projected", "period: 4 hours, from: classification", aware,
			"second | detection projected | 2026-10-01T08:00:00Z | 2026-10-01T12:00:00Z | 2026-10-01T12:00:00Z | -"},
		{"classification", "period: 4 hours, from: classification", with(func(f *Facts) { f.ClassifiedAt = at("2026-10-01T11:10:00Z") }),
			"second | classification | 2026-10-01T11:10:00Z | 2026-10-01T12:00:00Z | 2026-10-01T15:10:00Z | 2026-10-01T16:00:00Z"},
		{"the limit is the earlier", "period: 4 hours, from: classification, no_later_than: 24 hours from awareness",
			with(func(f *Facts) { f.ClassifiedAt = at("2026-10-02T09:59:59Z") }),
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-01T12:00:00Z | 2026-10-02T10:00:00Z | 2026-10-02T11:00:00Z"},
		{"the limit is the later", "period: 4 hours, from: classification, no_later_than: 24 hours from awareness",
			with(func(f *Facts) { f.ClassifiedAt = at("2026-10-01T11:10:00Z") }),
			"second | classification | 2026-10-01T11:10:00Z | 2026-10-01T12:00:00Z | 2026-10-01T15:10:00Z | 2026-10-01T16:00:00Z"},
		{"the limit has passed, at the very instant", "period: 4 hours, from: classification, no_later_than: 24 hours from awareness",
			with(func(f *Facts) { f.ClassifiedAt = at("2026-10-02T10:00:00Z") }),
			"second | classification | 2026-10-02T10:00:00Z | 2026-10-01T12:00:00Z | 2026-10-02T14:00:00Z | 2026-10-02T15:00:00Z"},

		{"days from a fix", "period: 14 days, from: fix_available", with(func(f *Facts) { f.FixAvailableAt = at("2026-10-19T15:00:00Z") }),
			"second | fix_available | 2026-10-19T15:00:00Z | 2026-10-15T08:00:00Z | 2026-11-02T16:00:00Z | 2026-11-02T23:00:00Z"},
		{"days to a Saturday", "period: 2 days, from: awareness", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-03T08:00:00Z | 2026-10-03T10:00:00Z | 2026-10-06T22:00:00Z"},
		{"working days pass over weekend and holiday", "period: 2 working days, from: awareness", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-06T08:00:00Z | 2026-10-06T10:00:00Z | 2026-10-06T22:00:00Z"},
		{"end of impact, when there is none", "period: 24 hours, from: impact_end, only_if: impact_ended", aware, ""},
		{"end of impact", "period: 24 hours, from: impact_end, only_if: impact_ended", with(func(f *Facts) { f.ImpactEndedAt = at("2026-10-02T09:30:00Z") }),
			"second | impact_end | 2026-10-02T09:30:00Z | 2026-10-02T08:00:00Z | 2026-10-03T09:30:00Z | 2026-10-03T10:00:00Z"},

		{"nobody requested it", "period: as requested, from: request", aware, ""},
		{"a request without a date", "period: as requested, from: request", with(func(f *Facts) { f.Requests = []Request{{At: at("2026-10-03T09:00:00Z")}} }), ""},
		{"a request's own date", "period: as requested, from: request", with(func(f *Facts) {
			f.Requests = []Request{{At: at("2026-10-03T09:00:00Z"), DueAt: at("2026-10-09T12:00:00+02:00")}}
		}), "second | request | 2026-10-03T09:00:00Z | 2026-10-09T10:00:00Z | 2026-10-09T10:00:00Z | 2026-10-09T10:00:00Z"},
		{"a period from a request", "period: 3 days, from: request, only_if: requested", with(func(f *Facts) { f.Requests = []Request{{At: at("2026-10-06T09:00:00Z")}} }),
			"second | request | 2026-10-06T09:00:00Z | 2026-10-04T08:00:00Z | 2026-10-09T09:00:00Z | 2026-10-09T22:00:00Z"},

		{"a late submission earns no time", "period: 1 day, from: submission of first", with(func(f *Facts) { f.Submitted = sent("2026-10-06T09:00:00Z") }),
			"second | submission | 2026-10-02T10:00:00Z | 2026-10-02T08:00:00Z | 2026-10-03T10:00:00Z | 2026-10-07T22:00:00Z"},
		{"unless the actual one counts", "period: 1 day, from: actual submission of first", with(func(f *Facts) { f.Submitted = sent("2026-10-06T09:00:00Z") }),
			"second | submission | 2026-10-06T09:00:00Z | 2026-10-02T08:00:00Z | 2026-10-07T09:00:00Z | 2026-10-07T22:00:00Z"},
		{"conservative from what came first", "period: 1 day, from: submission of first, conservative_from: awareness", with(func(f *Facts) { f.Submitted = sent("2026-10-06T09:00:00Z") }),
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-02T08:00:00Z | 2026-10-02T10:00:00Z | 2026-10-07T22:00:00Z"},
		{"no outer reading before its own event", "period: 1 day, from: submission of first, conservative_from: awareness", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-02T08:00:00Z | 2026-10-02T10:00:00Z | -"},
		{"the other event has not happened", "period: 1 day, from: submission of first, conservative_from: handling", with(func(f *Facts) { f.Submitted = sent("2026-10-02T09:00:00Z") }),
			"second | submission | 2026-10-02T09:00:00Z | 2026-10-02T08:00:00Z | 2026-10-03T09:00:00Z | 2026-10-06T22:00:00Z"},

		{"relief of an hour on a Saturday", "period: 48 hours, from: awareness, relief: '12:00 of the next working day'", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-03T08:00:00Z | 2026-10-03T10:00:00Z | 2026-10-06T10:00:00Z"},
		{"no relief on a working day", "period: 24 hours, from: awareness, relief: '12:00 of the next working day'", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-02T08:00:00Z | 2026-10-02T10:00:00Z | 2026-10-02T11:00:00Z"},
		{"midnight to Saturday ends Friday", "period: 35 hours, from: awareness, relief: '12:00 of the next working day'", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-02T19:00:00Z | 2026-10-02T21:00:00Z | 2026-10-02T22:00:00Z"},
		{"midnight to a working day ends the holiday", "period: 107 hours, from: awareness, relief: '12:00 of the next working day'", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-05T19:00:00Z | 2026-10-05T21:00:00Z | 2026-10-06T10:00:00Z"},
		{"relief of days", "period: 2 days, from: awareness, relief: '12:00 of the next working day'", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-03T08:00:00Z | 2026-10-03T10:00:00Z | 2026-10-06T10:00:00Z"},
		{"relief of days that end on a working day", "period: 1 day, from: awareness, relief: '12:00 of the next working day'", aware,
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-02T08:00:00Z | 2026-10-02T10:00:00Z | 2026-10-02T22:00:00Z"},
		{"no relief for who is excluded", "period: 48 hours, from: awareness, relief: '12:00 of the next working day', " +
			"except: [{if: weekend_relief_excluded, period: 48 hours, from: awareness, source: Art. 3, confidence: verified}]",
			with(func(f *Facts) { f.WeekendReliefExcluded = true }),
			"second | awareness | 2026-10-01T10:00:00Z | 2026-10-03T08:00:00Z | 2026-10-03T10:00:00Z | 2026-10-03T11:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, c := range oneStage(t, tt.keys).Explained(tt.facts, berlin) {
				if c.Stage != "second" {
					continue
				}
				got = line(c)
				if c.How.Target == "" || c.How.Due == "" || (c.How.Outer == "" && !c.Projected) {
					t.Errorf("an instant is not explained: %+v", c.How)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// National law that counts from minute to minute leaves no hour out; all else stays.
func TestExactHours(t *testing.T) {
	exact, _ := load(t, "hour_rounding: none\n"+good).Regime("one")
	rounded, _ := load(t, good).Regime("one")
	f := Facts{AwareAt: instant(t, "2026-10-01T10:20:00Z"), Submitted: map[StageID]Submission{"first": {LoggedAt: instant(t, "2026-10-01T12:00:00Z")}}, Ongoing: true}
	got, want := exact.Explained(f, Place{}), rounded.Explained(f, Place{})
	if len(got) != 2 || got[0].OuterReadingAt != got[0].DueAt || !strings.Contains(got[0].How.Outer, "from minute to minute") {
		t.Errorf("hours: got %+v", got[0])
	}
	if want[0].OuterReadingAt == want[0].DueAt || got[1] != want[1] {
		t.Errorf("months: got %+v, want %+v", got[1], want[1])
	}
}

// Over random facts: a later event never ends a period earlier, and the outer reading never ends before the conservative one. Two
// exceptions lie in the law: the relief gives a limit on a weekend more of Monday than a limit on Monday morning gets, and the
// conservative reading of working days keeps the time of day, whichever free day the event fell on.
func TestRuleProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(2025, 301))
	start := instant(t, "2026-01-01T00:00:00Z")
	later := func(t time.Time) time.Time { return t.Add(time.Duration(random.Int64N(int64(5 * 24 * time.Hour)))) }
	place := Place{Zone: zone(t, "Europe/Dublin"), Holidays: Holidays{date(t, "2026-12-25"): ""}}
	sameDay := func(a, b time.Time) bool { return DateOf(a.In(place.Zone)) == DateOf(b.In(place.Zone)) }
	major := oneStage(t, "period: 4 hours, from: classification, no_later_than: 24 hours from awareness")
	relieved := oneStage(t, "period: 4 hours, from: classification, no_later_than: 24 hours from awareness, relief: '12:00 of the next working day'")
	working := oneStage(t, "period: 30 working days, from: classification")
	inverted := map[string]int{}
	for range 5_000 {
		f := Facts{DetectedAt: start.Add(time.Duration(random.Int64N(int64(366 * 24 * time.Hour))))}
		f.AwareAt = later(f.DetectedAt)
		f.ClassifiedAt = later(f.AwareAt)
		g := f
		g.ClassifiedAt = later(f.ClassifiedAt)
		for name, r := range map[string]Regime{"major": major, "relieved": relieved, "working": working} {
			a, b := r.Explained(f, place)[1], r.Explained(g, place)[1]
			if !a.OuterReadingAt.After(a.DueAt) || a.TargetAt != b.TargetAt {
				t.Fatalf("%s: from %+v: %s", name, f, line(a))
			}
			due := b.DueAt.Before(a.DueAt)
			outer := b.OuterReadingAt.Before(a.OuterReadingAt)
			allowed := (!due || name == "working" && sameDay(a.DueAt, b.DueAt)) &&
				(!outer || name == "relieved" && strings.Contains(a.How.Outer, "the relief") && sameDay(a.OuterReadingAt, b.OuterReadingAt))
			if !allowed {
				t.Fatalf("%s: from %+v: %s\nfrom the later %+v: %s", name, f, line(a), g, line(b))
			}
			if due || outer {
				inverted[name]++
			}
		}
	}
	if inverted["working"] == 0 || inverted["relieved"] == 0 {
		t.Errorf("the random facts do not reach the exceptions: %v", inverted)
	}
}

func TestParseRelief(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"12:00 of the next working day": 12 * time.Hour, "09:30 of the next working day": 9*time.Hour + 30*time.Minute,
		"00:01 of the next working day": time.Minute, "00:00 of the next working day": 0, "24:00 of the next working day": 0,
		"12:00": 0, "": 0,
	} {
		if got, err := parseRelief(s); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: got %s, %v, want %s", s, got, err, want)
		}
	}
}
