package app

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/slack"
)

// act is something that happens in the month, so long after detection.
type act struct {
	at   time.Duration
	what string
	do   func(m *month)
}

const day = 24 * time.Hour

// month is the life of one incident.
type month struct {
	*stage
	detected time.Time
	ideal    bool // nothing goes wrong
}

// script is what people do in the month. The early warning is late: its clock
// wakes people again and again, although the incident is acknowledged.
func script() []act {
	return []act{
		{0, "the alert", func(m *month) {
			m.alert(m.detected, 1)
			m.soon("a page and a message", func() bool {
				_, posted := m.message()
				return posted && m.newestPage() != ""
			})
		}},
		{12 * time.Minute, "acknowledged in Slack", func(m *month) {
			page := m.newestPage()
			m.insist("acknowledge", func() error { return m.press(slack.AcknowledgeAction) })
			m.soon("PagerDuty knows", func() bool { return m.pager.State(page) == pdfake.Acknowledged })
		}},
		{20 * time.Minute, "command taken in Slack", func(m *month) {
			m.insist("take command", func() error { return m.press(slack.TakeCommandAction) })
		}},
		{4 * time.Hour, "the alert again", func(m *month) { m.alert(m.detected, 1) }}, // AM-28
		{18*time.Hour + 50*time.Minute, "the page at 75% answered in PagerDuty", func(m *month) {
			m.soon("a new alert although the first is acknowledged", func() bool { return m.newestPage() != "" })
			for page := m.newestPage(); page != ""; page = m.newestPage() {
				m.pager.Act(page, "acknowledged", pdfake.User{ID: carlaInPager, Name: "C. C."})
			}
			m.soon("Slack's message says so", func() bool { return m.newestPage() == "" })
		}},
		{26*time.Hour + 25*time.Minute, "the early warning submitted, late", func(m *month) {
			m.submit("default/nis2/early_warning", m.detected.Add(26*time.Hour+20*time.Minute))
		}},
		{60 * time.Hour, "the notification submitted", func(m *month) {
			m.submit("default/nis2/notification", m.detected.Add(60*time.Hour-10*time.Minute))
		}},
		{5 * day, "the authority asks for an intermediate report", func(m *month) {
			m.insist("record the request", func() error {
				if len(m.view().Messages) > 0 {
					return nil
				}
				_, err := m.post("/api/v1/incidents/"+string(m.inc)+"/authority-messages", access.AdminFile, map[string]any{
					"direction": "in", "kind": "request", "stage": "intermediate_report", "authority": "CSIRT", "text": "Tell us more.",
					"received_at": m.detected.Add(5*day - time.Hour), "respond_by": m.detected.Add(7 * day),
				})
				return err
			})
		}},
		{6*day + 20*time.Hour, "the intermediate report submitted", func(m *month) {
			m.submit("default/nis2/intermediate_report", m.detected.Add(6*day+19*time.Hour))
		}},
		{28 * day, "the final report submitted", func(m *month) {
			m.submit("default/nis2/final_report", m.detected.Add(28*day-time.Hour))
		}},
		{28*day + 6*time.Hour, "closed", func(m *month) {
			m.insist("close", func() error {
				_, err := m.post("/api/v1/incidents/"+string(m.inc)+"/close", access.AdminFile, struct{}{})
				return err
			})
		}},
		{31 * day, "the end", func(*month) {}},
	}
}

// soon is within ten seconds where nothing goes wrong, and else in the end.
func (m *month) soon(what string, is func() bool) {
	m.t.Helper()
	d := promptly
	if !m.ideal {
		d = 15 * time.Minute
	}
	m.within(d, what, is)
}

// misfortunes are what goes wrong between what people do: restarts at any
// instant, power cuts in the middle of calls, and vendors that are out for as
// long as a day. Each outage ends, and a while for the next try passes, before
// people do something: else they would answer what nobody has told them, and
// what they have answered is rightly said no more. Sockets die at any time, also
// as somebody is about to press a button.
func misfortunes(r *rand.Rand, acts []act, sockets bool) []act {
	const least, after, retry = 2 * time.Minute, time.Minute, 10 * time.Minute
	var out []act
	add := func(at time.Duration, what string, do func(m *month)) { out = append(out, act{at, what, do}) }
	between := func(from, to time.Duration) time.Duration { return from + time.Duration(r.Int64N(int64(to-from))) }
	for n, a := range acts[1:] {
		from, to := acts[n].at+after, a.at-retry
		if to-from < least {
			continue
		}
		for range 1 + r.IntN(3) {
			begin := between(from, to)
			end := min(between(begin, to), begin+day)
			host, what := pick(r, hosts(pagerAt, slackAt)), pick(r, troubles)
			add(begin, fmt.Sprintf("%s is %s", host, what), func(m *month) { m.weather.set(host, what) })
			add(end, host+" is well", func(m *month) { m.weather.set(host, "") })
		}
		for range 1 + r.IntN(4) {
			orderly, away := r.IntN(2) == 0, time.Duration(r.Int64N(int64(5*time.Minute)))
			add(between(from, to), fmt.Sprintf("a restart, orderly %v, for %s", orderly, away), func(m *month) { m.restart(orderly, away) })
		}
		for range 1 + r.IntN(4) {
			calls, taken := 1+r.IntN(4), r.IntN(2) == 0
			add(between(from, to), fmt.Sprintf("the power goes in call %d, taken %v", calls, taken), func(m *month) { m.weather.arm(calls, taken) })
		}
		if sockets {
			for range 1 + r.IntN(4) {
				add(between(from, to), "", pick(r, deaths))
			}
			if r.IntN(2) == 0 {
				add(a.at-time.Duration(r.Int64N(int64(time.Minute))), "", pick(r, deaths))
			}
		}
		add(to, "all is well", func(m *month) {
			for _, host := range hosts(pagerAt, slackAt) {
				m.weather.set(host, "")
			}
		})
	}
	return out
}

// deaths are how a socket to Slack ends.
var deaths = []func(m *month){
	func(m *month) {
		m.t.Log("a socket falls silent")
		m.slack.Die()
	},
	func(m *month) {
		m.t.Log("the sockets end without a word")
		m.slack.Drop()
	},
	func(m *month) {
		m.t.Logf("Slack warns of a socket: %v", m.slack.Warn())
		m.wait(10 * time.Second)
		m.t.Logf("and closes the oldest: %v", m.slack.Refresh())
	},
}

// effects are what was said to the outside in a month, as those see it whom it
// was said to.
type effects struct {
	// Said is each thing that was said. That it was said again without being
	// marked as a possible repeat fails the test.
	Said map[string]bool
	// Did is what people did, by the journal, and how often.
	Did map[string]int
	// Alerts are the states PagerDuty's alerts are left in.
	Alerts map[string]bool
	// Message is Slack's, at the end.
	Message string
	// Clocks are how the reports stand.
	Clocks []string
}

// play plays the month, over Slack's signed calls or its sockets, and gives its
// effects.
func play(t *testing.T, seed uint64, sockets bool) effects {
	t.Helper()
	var change func(*config.Config)
	if sockets {
		change = socketMode
	}
	m := &month{stage: newStage(t, change), ideal: seed == 0}
	m.detected = time.Now().Add(-time.Minute).Truncate(time.Second)
	all := script()
	if !m.ideal {
		all = append(all, misfortunes(rand.New(rand.NewPCG(seed, 2555)), all, sockets)...)
	}
	slices.SortStableFunc(all, func(a, b act) int { return cmp.Compare(a.at, b.at) })
	for _, a := range all {
		m.wait(time.Until(m.detected.Add(a.at)))
		if !m.ideal && a.what != "" {
			t.Logf("%s: %s", a.at.Round(time.Second), a.what)
		}
		a.do(m)
	}
	open, opened := m.slack.Sockets()
	t.Logf("%d processes, %d of them lost power; %d entries; %d sockets to Slack", m.starts, m.cuts, len(m.entries()), opened)
	if sockets && (open != 1 || !m.ideal && opened <= m.starts) {
		t.Errorf("%d sockets are open of %d, in %d processes", open, opened, m.starts)
	}
	return m.effects()
}

// marks are how a message says that it may have been said before.
const repeated = "may have been said before"

func (m *month) effects() effects {
	m.t.Helper()
	out := effects{Said: map[string]bool{}, Did: map[string]int{}, Alerts: map[string]bool{}}
	known, delivered := map[string]incident.Effect{}, map[string]bool{}
	for _, e := range m.entries() {
		switch ev := e.Event.(type) {
		case incident.Delivered:
			known[ev.Effect.Key], delivered[ev.Effect.Key] = ev.Effect, true
		case incident.Intended:
			if !delivered[ev.Effect.Key] { // taken, perhaps, and the answer was lost
				known[ev.Effect.Key] = ev.Effect
			}
		case incident.Failed, incident.PolicyAdopted, incident.PagerLinked:
		default:
			if by := e.Event.Actor(); by.Name == carla {
				out.Did[e.Kind+" "+by.Via]++
			}
		}
	}
	paged := map[string]time.Time{} // by key: when it woke people
	for _, e := range m.pager.Pages() {
		if !paged[e.DedupKey].IsZero() {
			m.t.Errorf("two alerts under the key %s", e.DedupKey)
		}
		paged[e.DedupKey] = e.At
		out.Alerts[m.pager.State(e.DedupKey)] = true
	}
	newest := map[string]incident.Passed{} // of the overdue reminders, by what
	fresh := map[string]int{}
	say := func(key string, again bool) {
		said := key
		key = strings.TrimPrefix(key, m.app.install()+"/")
		e, ok := known[key]
		if !ok {
			m.t.Errorf("%s was said, and the journal does not know of it", key)
			return
		}
		if !again {
			if fresh[key]++; fresh[key] > 1 {
				m.t.Errorf("%s was said %d times without a word that it may be a repeat", key, fresh[key])
			}
		}
		what := fmt.Sprintf("%s %s %s %s", e.Role, e.For, e.To, e.Clock)
		switch e.Role {
		case incident.Reminder:
			for _, p := range e.Thresholds {
				if strings.HasPrefix(p.Name, "overdue") { // one covers those before it
					if p.At.After(newest[what].At) {
						newest[what] = p
					}
					continue
				}
				if e.For == pagerduty.Name && paged[said].Before(p.At) {
					continue // PagerDuty knew the alert, and woke nobody (PD-8)
				}
				out.Said[what+" "+p.Name+" of "+p.At.Sub(m.detected).String()] = true
			}
		case incident.Escalate:
			out.Said[key] = true
		default:
			out.Said[what] = true
		}
	}
	for _, e := range m.pager.Events() {
		if e.Action != "trigger" {
			continue
		}
		say(e.DedupKey, strings.Contains(string(e.Body), repeated))
	}
	for _, msg := range m.slack.Messages() {
		say(fmt.Sprint(msg.Metadata.Payload["key"]), strings.Contains(msg.Text, repeated))
	}
	for what, p := range newest {
		out.Said[what+" "+p.Name] = true
	}
	if msg, ok := m.message(); ok {
		out.Message = msg.Text
	}
	for _, c := range m.view().Clocks {
		s := fmt.Sprintf("%s %s late %v", c.ClockID, c.State, c.Late)
		if c.Reference != nil {
			s += " " + *c.Reference
		}
		out.Clocks = append(out.Clocks, s)
	}
	return out
}

var (
	months = flag.Int("months", 3, "how many months with misfortunes TestMonth plays")
	first  = flag.Uint64("month", 1, "the seed of the first of them")
)

// A month of one incident has the same effects whether all goes well or
// processes die, lose power in the middle of a call and vendors are out: none
// is lost, and none repeated but what is marked as a possible repeat. So it has
// over Slack's signed calls, with an even seed, and over Socket Mode, with an odd
// one. The seed settles what goes wrong and when; only what happens at the same
// instant may happen in another order when it is played again.
func TestMonth(t *testing.T) {
	var want effects
	synctest.Test(t, func(t *testing.T) { want = play(t, 0, false) })
	same := func(t *testing.T, seed uint64, sockets bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			if diff := gocmp.Diff(want, play(t, seed, sockets)); diff != "" {
				t.Errorf("effects (-without misfortune +with):\n%s", diff)
			}
		})
	}
	t.Run("Socket Mode", func(t *testing.T) { same(t, 0, true) })
	for n := range *months {
		seed := *first + uint64(n)
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			same(t, seed, seed%2 == 1)
			if t.Failed() {
				t.Logf("play it again: go test ./internal/app -run 'TestMonth$' -v -month %d -months 1", seed)
			}
		})
	}
}
