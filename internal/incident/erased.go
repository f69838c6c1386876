package incident

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Of an erased entry the leaf is left: its position, time, kind and incident.
// What follows folds that, and keeps track of which entries about the service
// the state still rests on, so that none of those is erased.

// erasedText stands where a text or a name was erased.
const erasedText = "(erased)"

// loggedEvent is an event about the service that nothing is decided by in the
// long run: its entries go after [RetentionPolicy.Logs], but for those that the
// state still rests on ([State.needed]). logged is what they are, in the plural.
//
// An effect that belongs to an incident goes with the incident.
type loggedEvent interface {
	stateEvent
	logged() string
}

// lastingEvent is an event besides the content of an incident whose entries
// are never erased by themselves. lasting is what they tell.
type lastingEvent interface {
	stateEvent
	lasting() string
}

// eventRegister is what the entries about suspicious events tell.
const eventRegister = "which suspicious events were reported and how they were judged"

// loneEvent is a piece of an incident that can be erased by itself: no clock,
// no status and no decision depends on it.
type loneEvent interface {
	contentEvent
	// whileOpen reports whether it can go before the incident is closed.
	whileOpen() bool
	// erasedFrom folds what is left of it.
	erasedFrom(i *Incident, e Entry)
}

func (Noted) whileOpen() bool { return true }

func (Noted) erasedFrom(i *Incident, e Entry) {
	i.Notes = append(i.Notes, Note{Stamp: Stamp{By: Actor{Name: erasedText}, At: e.At}, Text: erasedText})
}

func (Acknowledged) whileOpen() bool { return false }

func (Acknowledged) erasedFrom(i *Incident, e Entry) {
	Acknowledged{Meta: Meta{By: Actor{Name: erasedText}}}.applyTo(nil, i, e)
}

func (CommandTaken) whileOpen() bool { return false }

func (CommandTaken) erasedFrom(i *Incident, e Entry) {
	CommandTaken{Meta{By: Actor{Name: erasedText}}}.applyTo(nil, i, e)
}

// blank is an event of that kind that says nothing; nil for a kind not known.
func blank(kind string) Event {
	e, err := Decode(kind, []byte("{}"))
	if err != nil {
		return nil
	}
	return e
}

// applyErased keeps what the leaf alone says: that an incident was opened and
// closed or a suspicious event reported, and that its number is taken.
func (s *State) applyErased(e Entry) {
	if e.About == "" {
		s.applyErasedToken(e)
		return
	}
	s.took(e.About)
	i := s.incidents[e.About]
	switch ev := blank(e.Kind).(type) {
	case Opened:
		s.add(&Incident{
			ID: e.About, Title: erasedText, Status: StatusClosed, Reportability: Undecided, Exercise: strings.HasPrefix(string(e.About), "EX-"), Erased: true,
			ReceivedAt: e.At, DetectedAt: e.At, OpenedAt: e.At, ClosedAt: e.At,
		})
	case SuspicionReported:
		s.addEvent(&Suspicion{ID: e.About, What: erasedText, Exercise: strings.HasPrefix(string(e.About), "EVX-"), Erased: true, ReceivedAt: e.At, Recorded: Stamp{At: e.At}, TriageBy: e.At,
			Assessments: []Verdict{{Outcome: erasedText, Reportability: Undecided, Record: Stamp{At: e.At}}}})
	case Closed:
		if i != nil && i.Erased {
			i.ClosedAt = e.At
		}
	case loneEvent:
		if i != nil && !i.Erased {
			ev.erasedFrom(i, e)
		}
	}
	s.touch(e)
	s.touchEvent(e)
}

// roots are the entries about the service that the state may rest on.
type roots struct {
	heartbeats map[string]uint64   // the newest, by dead-man alert
	asked      map[string]asked    // by source
	cuts       map[string][]uint64 // by digest of the body that was cut
	messages   map[string][]uint64 // effects about the service, by key
}

// messages is what effects about the service are called.
const messages = "messages about the service"

// asked are the entries that a [Reconciliation] is made of.
type asked struct {
	answered []uint64 // the newest answer
	failed   []uint64 // the first failure since, and the newest
}

// root notes which entries the state rests on since the entry.
func (s *State) root(e Entry) {
	r := &s.roots
	switch ev := e.Event.(type) {
	case Received:
		if ev.Heartbeat != "" {
			put(&r.heartbeats, ev.Heartbeat, e.Seq)
		}
	case Reconciled:
		a := r.asked[ev.Source]
		switch {
		case ev.Error == "":
			a = asked{answered: []uint64{e.Seq}}
		case len(a.failed) == 0:
			a.failed = []uint64{e.Seq}
		default:
			a.failed = []uint64{a.failed[0], e.Seq}
		}
		put(&r.asked, ev.Source, a)
	case Truncated:
		put(&r.cuts, ev.Body, append(r.cuts[ev.Body], e.Seq))
	case ReadBack:
		put(&r.cuts, ev.Body, append(r.cuts[ev.Body], e.Seq))
	case Intended:
		r.message(ev.ID, ev.Effect, e.Seq)
	case Delivered:
		r.message(ev.ID, ev.Effect, e.Seq)
	case Failed:
		r.message(ev.ID, ev.Effect, e.Seq)
	}
}

func (r *roots) message(id ID, effect Effect, seq uint64) {
	if id == "" {
		put(&r.messages, effect.Key, append(r.messages[effect.Key], seq))
	}
}

// beside are the entries that tell one thing together with seq and are not
// among those named.
func (r *roots) beside(seq uint64, named []uint64) []uint64 {
	for _, units := range []map[string][]uint64{r.cuts, r.messages} {
		for _, entries := range units {
			if slices.Contains(entries, seq) {
				return slices.DeleteFunc(slices.Clone(entries), func(e uint64) bool { return slices.Contains(named, e) })
			}
		}
	}
	return nil
}

// put sets a value in a map that may still be nil.
func put[V any](m *map[string]V, key string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = v
}

// needed are the entries about the service that the state rests on. Of what
// several entries tell together, none goes before the newest lies before end.
func (s *State) needed(end uint64) map[uint64]bool {
	out := map[uint64]bool{}
	need := func(entries ...uint64) {
		for _, seq := range entries {
			out[seq] = true
		}
	}
	need(slices.Collect(maps.Values(s.roots.heartbeats))...)
	for _, a := range s.roots.asked {
		need(a.answered...)
		need(a.failed...)
	}
	cut := map[string]bool{}
	for body := range s.cuts {
		cut[body] = true
	}
	for _, i := range s.incidents {
		for _, c := range i.Cut {
			cut[c.Body] = true
		}
	}
	for body, entries := range s.roots.cuts {
		if cut[body] || entries[len(entries)-1] >= end {
			need(entries...)
		}
	}
	since := s.silentFrom()
	for key, entries := range s.roots.messages {
		last := entries[len(entries)-1]
		if s.ops.Pending[key] != nil || last >= end || !s.catalog.time(last).Before(since) {
			need(entries...)
		}
	}
	return out
}

// silentFrom is the earliest instant that a notice of silence now would speak
// of: those of earlier silences are not asked for any more.
func (s *State) silentFrom() time.Time {
	since := s.PolicyAt
	if s.Policy != nil {
		if seen := s.heartbeats[s.Policy.Heartbeat]; seen.After(since) {
			since = seen
		}
	}
	return since
}

// body is what several incidents came in together: one of their entries holds
// its bytes, and they name all of them.
type body struct {
	digest    string
	incidents []ID // in order, each once
}

// bodied is an event that an alert in a body led to.
type bodied interface{ bodyDigest() string }

func (e Opened) bodyDigest() string        { return e.Body }
func (e Attached) bodyDigest() string      { return e.Body }
func (e AlertResolved) bodyDigest() string { return e.Body }
func (e AlertMoved) bodyDigest() string    { return e.Body }

// share notes which incidents came in the same body. The entries of one body
// stand together, so only the newest has to be remembered.
func (s *State) share(e Entry) {
	ev, ok := e.Event.(bodied)
	if !ok || ev.bodyDigest() == "" {
		return
	}
	if s.body == nil || s.body.digest != ev.bodyDigest() {
		s.body = &body{digest: strings.Clone(ev.bodyDigest())}
	}
	b, i := s.body, s.incidents[e.About]
	switch n := len(b.incidents); {
	case i == nil, n == 1 && b.incidents[0] == e.About, len(i.bodies) > 0 && i.bodies[len(i.bodies)-1] == b:
		return // it stands there already
	case n == 1: // from here on it is shared
		first := s.incidents[b.incidents[0]]
		first.bodies = append(first.bodies, b)
		fallthrough
	case n > 1:
		i.bodies = append(i.bodies, b)
	}
	b.incidents = append(b.incidents, e.About)
}
