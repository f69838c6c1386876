package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/classify"
)

// Reconcile is what a source of alerts answered when it was asked for those
// that no webhook brought: an alert that fired while nobody listened is an
// incident all the same (AM-24). Its reply is a [Receiving].
//
// An alert is decided on as in [ReceiveBatch]; [Delivery.Found] says where it
// was found.
//
// A pass that brings nothing new leaves an entry only when the source begins
// or ceases to fail, what it hides changes, or [ReconcileEvery] has gone by:
// it marks how far we have listened.
type Reconcile struct {
	By     Actor
	Source string    // names the server, for example "prometheus prom-1:9090"
	From   time.Time // the time asked about; zero when the source only knows the present
	To     time.Time
	Alerts []Delivery
	Hidden []Hidden
	Error  string // why it could not be asked; the rest is empty then
	// Receipt is the answer as kept.
	Receipt    Receipt
	Unreadable int
	Problems   []Problem
}

// ReconcileEvery is the longest time without an entry about a source.
const ReconcileEvery = time.Hour

// Hidden is a reportable alert that Alertmanager knows and does not deliver,
// because somebody silenced it or another alert inhibits it (AM-32).
type Hidden struct {
	Series   string            `json:"series"`
	Labels   map[string]string `json:"labels"`
	StartsAt time.Time         `json:"starts_at"`
	// By says what hides it, in words: the silence, its author and its comment.
	By []string `json:"by"`
}

func (h Hidden) equal(o Hidden) bool { return h.Series == o.Series && slices.Equal(h.By, o.By) }

// Reconciled is the outcome of asking a source.
type Reconciled struct {
	Meta
	Source string    `json:"source"`
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Asked  int       `json:"asked"` // alerts it named
	Found  int       `json:"found"` // of these, what changed something
	Hidden []Hidden  `json:"hidden,omitempty"`
	Error  string    `json:"error,omitzero"`
}

// Reconciliation is how far a source has been asked.
type Reconciliation struct {
	Source string
	// To is the end of the time asked about, when it last answered.
	To time.Time
	// Error is why it cannot be asked since FailingSince; empty when it can.
	Error        string
	FailingSince time.Time
	Hidden       []Hidden
	At           time.Time // of the newest entry
}

// Reconciled is how far the source has been asked.
func (s *State) Reconciled(source string) (Reconciliation, bool) {
	r, ok := s.reconciled[source]
	return r, ok
}

func (c Reconcile) decide(r *Rules, d *decision) (any, error) {
	in := receiver{r: r, d: d, b: &ReceiveBatch{By: c.By, Receipt: c.Receipt}, received: d.now, unused: &c.Receipt}
	hidden := slices.DeleteFunc(slices.Clone(c.Hidden), func(h Hidden) bool {
		return r.Classify.Classify("", h.Labels).Verdict == classify.Ignore
	})
	for _, alert := range c.Alerts {
		in.alert(alert)
	}
	if c.Unreadable > 0 {
		receipt := c.Receipt
		if in.unused == nil {
			receipt.Raw = nil // it stands in an entry before this one
		}
		d.emit(Quarantined{Meta: Meta{By: c.By}, Receipt: receipt, Count: c.Unreadable, Problems: c.Problems})
	}
	in.reply.Quarantined = c.Unreadable
	in.reply.Received = in.reply.Sum()
	found := in.reply.Opened + in.reply.Attached + in.reply.Resolved
	was, known := d.s.reconciled[c.Source]
	if !known || found > 0 || (was.Error == "") != (c.Error == "") || !slices.EqualFunc(was.Hidden, hidden, Hidden.equal) || !d.now.Before(was.At.Add(ReconcileEvery)) {
		d.emit(Reconciled{
			Meta: Meta{By: c.By}, Source: c.Source, From: c.From.UTC(), To: c.To.UTC(),
			Asked: len(c.Alerts), Found: found, Hidden: hidden, Error: c.Error,
		})
	}
	return in.reply, nil
}

// Kind implements [Event].
func (Reconciled) Kind() string { return "intake.reconciled/v1" }

func (Reconciled) logged() string { return "reconciliation" }

// Describe implements [Event].
func (e Reconciled) Describe() string {
	if e.Error != "" {
		return fmt.Sprintf("%s could not be asked what was missed: %s", e.Source, e.Error)
	}
	s := fmt.Sprintf("asked %s what was missed", e.Source)
	if !e.From.IsZero() {
		s += fmt.Sprintf(" from %s to %s", utc(e.From), utc(e.To))
	}
	s += fmt.Sprintf(": it named %s, %d new", plural(e.Asked, "alert"), e.Found)
	for _, h := range e.Hidden {
		s += fmt.Sprintf("; reportable alert %s is hidden: %s", name(h.Labels), strings.Join(h.By, ", "))
	}
	return s
}

func (e Reconciled) apply(s *State, at Entry) {
	was := s.reconciled[e.Source]
	now := Reconciliation{Source: e.Source, To: e.To, Error: e.Error, Hidden: e.Hidden, At: at.At}
	if e.Error != "" {
		now.To, now.Hidden, now.FailingSince = was.To, was.Hidden, was.FailingSince
		if was.Error == "" {
			now.FailingSince = at.At
		}
	}
	s.reconciled[e.Source] = now
}

// SameAlert reports whether two label sets may be one alert's: the same name,
// and no label that both have with different values.
func SameAlert(a, b map[string]string) bool {
	if a["alertname"] != b["alertname"] {
		return false
	}
	for name, v := range a {
		if w, ok := b[name]; ok && v != w {
			return false
		}
	}
	return true
}

// alike finds the newest occurrence the alert overlaps and agrees with.
func (s *State) alike(seen Alert) (occurrenceRef, bool) {
	for n := len(s.order) - 1; n >= 0; n-- {
		i := s.incidents[s.order[n]]
		for m := len(i.Alerts) - 1; m >= 0; m-- {
			if a := i.Alerts[m]; SameAlert(a.Labels, seen.Labels) && a.overlaps(seen.StartsAt, seen.EndsAt) {
				return occurrenceRef{i, a}, true
			}
		}
	}
	return occurrenceRef{}, false
}

// alikeFound is [State.alike] among the occurrences that Prometheus named: a
// webhook can bring one of them under more labels.
func (s *State) alikeFound(seen Alert) (occurrenceRef, bool) {
	for n := len(s.found) - 1; n >= 0; n-- {
		if ref := s.found[n]; SameAlert(ref.alert.Labels, seen.Labels) && ref.alert.overlaps(seen.StartsAt, seen.EndsAt) {
			return ref, true
		}
	}
	return occurrenceRef{}, false
}
