package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"

	"github.com/prometheus/client_golang/prometheus"
)

// gather is the least time between two looks at the agenda: what changes in a
// storm is evaluated together.
const gather = 20 * time.Millisecond

// LookAtLeast is how often the agenda is looked at when nothing else asks for
// it, so that a clock that jumped or a machine that slept is noticed.
const LookAtLeast = 15 * time.Second

// Options is what a dispatcher is made of.
type Options struct {
	Desk     *desk.Desk
	Channels []Channel
	// Install tells this installation's keys from another's at the same vendor.
	Install string
	// PageURL is the address of an incident's page.
	PageURL func(incident.ID) string
	// Until is how long, in wall time, the desk's clock takes to reach an
	// instant; nil where it keeps wall time. What it returns may be too short.
	Until    func(time.Time) time.Duration
	Logger   *slog.Logger
	Register prometheus.Registerer
}

// Dispatcher delivers what is due. Its methods are safe for concurrent use.
type Dispatcher struct {
	o       Options
	workers []*worker
	metrics *metrics
	ran     atomic.Int64 // wall time of the last look at the agenda, Unix nanoseconds

	// Owned by Run: when each incident is to be looked at again, and an instant
	// before which none is. Both only save work; the agenda is computed anew.
	next    map[incident.ID]time.Time
	soonest time.Time
}

// New returns a dispatcher; [Dispatcher.Run] starts it.
func New(o Options) *Dispatcher {
	d := &Dispatcher{o: o, next: map[incident.ID]time.Time{}}
	for _, c := range o.Channels {
		d.workers = append(d.workers, newWorker(d, c))
	}
	d.metrics = newMetrics(o.Register, d)
	return d
}

// LastRun is the wall time at which the agenda was last looked at; zero before
// the first time.
func (d *Dispatcher) LastRun() time.Time {
	if n := d.ran.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

// Run looks at the agenda and delivers what is due until ctx ends. What is
// being sent then is given its outcome first.
func (d *Dispatcher) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, w := range d.workers {
		wg.Go(func() { w.run(ctx) })
	}
	feed := d.o.Desk.Subscribe()
	defer feed.Close()
	for all := true; ; all = false {
		wait := d.look(feed.Take(), all)
		select {
		case <-ctx.Done():
			return
		case <-time.After(gather):
		}
		if wait <= gather {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-feed.C:
		case <-time.After(wait - gather):
		}
	}
}

// look evaluates the incidents that changed, and those whose time has come,
// and returns how long to wait for the next.
func (d *Dispatcher) look(changed []incident.ID, all bool) time.Duration {
	now := d.o.Desk.Now()
	if all {
		d.o.Desk.View(func(s *incident.State) { changed = append(changed, s.IDs()...) })
	}
	if !d.soonest.After(now) {
		d.soonest = now.Add(LookAtLeast)
		for id, at := range d.next {
			if !at.After(now) {
				changed = append(changed, id)
				delete(d.next, id)
			} else if at.Before(d.soonest) {
				d.soonest = at
			}
		}
	}
	changed = append(changed, "")
	for len(changed) > 0 { // in portions, so that the writer never waits long
		n := min(len(changed), 256)
		d.evaluate(changed[:n], now)
		changed = changed[n:]
	}
	d.ran.Store(time.Now().UnixNano())
	wait := d.soonest.Sub(now)
	if d.o.Until != nil {
		wait = d.o.Until(d.soonest)
	}
	return min(max(wait, 0), LookAtLeast) // soonest is far off when the clock was set back
}

// evaluate queues what is owed for the incidents, and forgets what was.
func (d *Dispatcher) evaluate(ids []incident.ID, now time.Time) {
	owed := make(map[incident.ID][]agenda.Item, len(ids))
	d.o.Desk.View(func(s *incident.State) {
		for _, id := range ids {
			if id == "" {
				owed[id] = append(agenda.OwedHeartbeat(s, now), agenda.OwedTriage(s, now)...)
				d.lookAgain(id, sooner(agenda.NextHeartbeat(s, now), agenda.NextTriage(s, now)))
				continue
			}
			i, ok := s.Incident(id)
			if !ok {
				continue
			}
			owed[id] = agenda.Owed(i, s.Policy, now)
			d.lookAgain(id, agenda.Next(i, s.Policy, now))
		}
	})
	for _, w := range d.workers {
		w.replace(owed)
	}
}

// sooner is the earlier of two instants, of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// lookAgain notes when the incident can next have something due; zero for
// never.
func (d *Dispatcher) lookAgain(id incident.ID, at time.Time) {
	if at.IsZero() {
		delete(d.next, id)
		return
	}
	d.next[id] = at
	if at.Before(d.soonest) {
		d.soonest = at
	}
}

// find returns the item of that key as it is due now, with what a channel
// needs to say it.
func (d *Dispatcher) find(id incident.ID, key, channel string) (n Notice, ok bool) {
	now := d.o.Desk.Now()
	d.o.Desk.View(func(s *incident.State) {
		items := []agenda.Item(nil)
		if i, known := s.Incident(id); known {
			items = agenda.Due(i, s.Policy, now)
			n.Incident = i.View(now)
			if i.Room != nil {
				n.Room = new(*i.Room)
			}
			if i.Message != nil && i.Message.Channel == channel {
				n.Message = i.Message.Ref
			}
		} else if id == "" {
			items = append(agenda.DueHeartbeat(s, now), agenda.DueTriage(s, now)...)
		}
		for _, it := range items {
			if it.Effect.Key == key && it.Effect.Channel == channel {
				n.Item, ok = it, true
				break
			}
		}
		if ok && n.Effect.Role == incident.Heartbeat {
			n.Text = heartbeatText(s.Policy, n.Since, now)
		}
		if ok && n.Effect.Role == incident.Triage {
			n.Text = triageText(s, id, key, now)
		}
	})
	n.Key, n.Now, n.Page = d.o.Install+"/"+key, now, d.o.PageURL(id)
	if n.Effect.Of != "" {
		n.Key = d.o.Install + "/" + n.Effect.Of
	}
	return n, ok
}

func heartbeatText(p *incident.ReminderPolicy, since, now time.Time) string {
	return fmt.Sprintf("No %s alert has come in since %s (%s): Prometheus, Alertmanager or the way between them and nis2clock may be down. Reportable alerts may be missed.",
		p.Heartbeat, since.UTC().Format("2006-01-02 15:04:05Z"), now.Sub(since).Round(time.Second))
}

// triageText says which incident, or event of the register, waits for a
// decision; the event stands in the effect's key.
func triageText(s *incident.State, about incident.ID, key string, now time.Time) string {
	if i, ok := s.Incident(about); ok {
		mark := ""
		if i.Exercise {
			mark = "[EXERCISE] "
		}
		return mark + fmt.Sprintf("Nobody has decided whether %s is significant; that was to be decided before %s (%s ago), and its clocks run: %s",
			i.ID, i.TriageBy.UTC().Format("2006-01-02 15:04:05Z"), incident.Words(now.Sub(i.TriageBy)), i.Title)
	}
	_, rest, _ := strings.Cut(key, "/")
	id, _, _ := strings.Cut(rest, "/")
	ev, ok := s.Event(incident.ID(id))
	if !ok {
		return ""
	}
	mark := ""
	if ev.Exercise {
		mark = "[EXERCISE] "
	}
	return mark + fmt.Sprintf("Nobody has assessed %s, reported by %s on %s; it was to be assessed before %s (%s ago): %s",
		ev.ID, ev.Reporter, ev.ReceivedAt.UTC().Format("2006-01-02 15:04:05Z"), ev.TriageBy.UTC().Format("2006-01-02 15:04:05Z"), incident.Words(now.Sub(ev.TriageBy)), ev.What)
}

// Unpaged says in a sentence why nobody can be woken under the policy, which may
// be nil; empty where somebody can.
func Unpaged(p *incident.ReminderPolicy) string {
	switch {
	case p == nil || len(p.Channels) == 0:
		return "nobody can be told: none of pagerduty, slack, opsgenie, mail and webhook is configured"
	case len(p.Pagers) == 0:
		return "nobody can be paged: neither pagerduty nor opsgenie is configured"
	}
	return ""
}

// waitTooLong is how long a notice may wait before [Dispatcher.Status] says so.
const waitTooLong = time.Minute

// Status says in sentences what stands between the service and people, as of
// the last look at the agenda.
func (d *Dispatcher) Status() []string {
	var out []string
	told := false
	d.o.Desk.View(func(s *incident.State) {
		told = s.Policy != nil && len(s.Policy.Channels) > 0
		if why := Unpaged(s.Policy); why != "" {
			out = append(out, why)
		}
	})
	if !told {
		return out
	}
	lost, reason := 0, ""
	for _, w := range d.workers {
		b := w.backlog()
		if b.lost > 0 {
			lost, reason = lost+b.lost, b.refusal
		}
		if age := d.o.Desk.Now().Sub(b.oldest); b.n > 0 && age >= waitTooLong {
			s := fmt.Sprintf("%d notice(s) wait for %s, the oldest for %s", b.n, w.channel.Name(), age.Round(time.Second))
			if b.failure != "" {
				s += "; it said: " + b.failure
			}
			out = append(out, s)
		}
	}
	if lost > 0 {
		out = append(out, fmt.Sprintf("%d notice(s) could reach nobody, every channel refused them; the last said: %s", lost, reason))
	}
	return out
}
