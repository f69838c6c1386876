package incident

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ErrNothingExpired: nothing's retention has run out. [State.PlanErasure]
// returns it.
var ErrNothingExpired = errors.New("nothing has expired")

// MaxErasure bounds the entries of one erasure; retention takes the rest the
// next time.
const MaxErasure = 1_000_000

// ErasureRequest is who asks for what to be erased. It names one of Retention,
// Incidents and Entries.
type ErasureRequest struct {
	By Actor
	// Retention erases what has expired under it.
	Retention *RetentionPolicy
	// Incidents, and suspicious events, are erased as a whole.
	Incidents []ID
	// Entries are erased by themselves.
	Entries []uint64
	// Reason is the legal ground in words; retention gives its own.
	Reason string
}

// Erasure is what a request leads to: an answer of [State.PlanErasure], and a
// [Command] that records it as ordered.
type Erasure struct {
	By        Actor
	Reason    string
	Incidents []ID     // those erased as a whole
	Entries   []uint64 // in order, each once
}

// PlanErasure decides what a request erases at now. The error is [ErrInvalid],
// [ErrUnknown], [ErrRefused] with what protects it, or [ErrNothingExpired].
func (s *State) PlanErasure(q ErasureRequest, now time.Time) (Erasure, error) {
	out := Erasure{By: q.By, Reason: strings.TrimSpace(q.Reason)}
	var err error
	switch {
	case q.Retention != nil:
		out.Reason = q.Retention.ground()
		out.Incidents, out.Entries = goes(Expired(s, *q.Retention, now))
		if len(out.Entries) == 0 {
			return Erasure{}, ErrNothingExpired
		}
	case len(q.Incidents) == 0 == (len(q.Entries) == 0):
		return Erasure{}, invalid("say what is to be erased: incidents or entries")
	case out.Reason == "":
		return Erasure{}, invalid("an erasure needs its reason: the legal ground, in words")
	case len(q.Incidents) > 0:
		out.Incidents = slices.Compact(slices.Sorted(slices.Values(q.Incidents)))
		out.Entries, err = s.eraseWhole(out.Incidents)
	default:
		out.Entries = slices.Compact(slices.Sorted(slices.Values(q.Entries)))
		err = s.eraseAlone(out.Entries)
	}
	if err != nil {
		return Erasure{}, err
	}
	slices.Sort(out.Entries)
	if len(out.Entries) > MaxErasure {
		return Erasure{}, invalid("%d entries are more than %d: erase fewer at a time", len(out.Entries), MaxErasure)
	}
	return out, nil
}

// goes is what of the candidates goes, at most [MaxErasure] entries.
func goes(all []Candidate) (incidents []ID, entries []uint64) {
	for _, c := range all {
		switch room := MaxErasure - len(entries); {
		case c.Kept != "":
		case len(c.Entries) <= room:
			entries = append(entries, c.Entries...)
			if c.Incident != "" {
				incidents = append(incidents, c.Incident)
			}
		case c.Class == ClassLogs: // the oldest: what follows an entry never rests on it
			entries = append(entries, c.Entries[:room]...)
		}
	}
	return incidents, entries
}

// ground is the reason of an erasure under the policy.
func (p RetentionPolicy) ground() string {
	var parts []string
	for _, class := range []struct {
		name string
		keep time.Duration
	}{{ClassLogs, p.Logs}, {ClassEvents, p.Events}, {ClassIncidents, p.Incidents}, {ClassExercises, p.Exercises}} {
		switch {
		case class.keep == 0:
			parts = append(parts, class.name+" for good")
		case class.keep%Year == 0:
			parts = append(parts, class.name+" "+plural(int(class.keep/Year), "year"))
		default:
			parts = append(parts, class.name+" "+Words(class.keep))
		}
	}
	return "retention: " + strings.Join(parts, ", ")
}

// eraseWhole are the entries of incidents and suspicious events that can go
// together.
func (s *State) eraseWhole(ids []ID) ([]uint64, error) {
	var out []uint64
	for _, id := range ids {
		if ev, ok := s.events[id]; ok {
			entries, err := s.eraseEvent(ev, ids)
			if err != nil {
				return nil, err
			}
			out = append(out, entries...)
			continue
		}
		i, ok := s.incidents[id]
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrUnknown, id)
		}
		entries := s.present(i.Entries)
		if len(entries) == 0 {
			return nil, refused("%s is erased already", id)
		}
		if why := i.protected(); why != "" {
			return nil, refused("%s stays: %s", id, why)
		}
		if other := s.staysBeside(id, func(id ID) bool { return slices.Contains(ids, id) }); other != "" {
			return nil, refused("%s came in the same webhook body as %s: erasing one takes evidence of the other, or leaves its own text there; erase both or neither", id, other)
		}
		out = append(out, entries...)
	}
	return out, nil
}

// eraseAlone says whether each of the entries can go by itself.
func (s *State) eraseAlone(entries []uint64) error {
	needed := s.needed(s.Size)
	for _, seq := range entries {
		if seq >= s.Size {
			return invalid("there is no entry %d: the journal has %d", seq, s.Size)
		}
		kind := s.catalog.kindOf(seq)
		what := fmt.Sprintf("entry %d (%s)", seq, kind)
		if s.catalog.erased(seq) {
			return refused("%s is erased already", what)
		}
		if i := s.incidentOf(seq); i != nil {
			if err := i.eraseAlone(what, kind); err != nil {
				return err
			}
			continue
		}
		switch ev := blank(kind).(type) {
		case loggedEvent:
			if needed[seq] {
				return refused("%s stays: what the service does next rests on it", what)
			}
			if missing := s.roots.beside(seq, entries); len(missing) > 0 {
				return refused("%s tells one thing with others: name entries %v too", what, missing)
			}
		case SuspicionReported, SuspicionAssessed, SuspicionNoted:
			return refused("%s does not go alone: once the suspicious event is assessed, erase it as a whole", what)
		case lastingEvent:
			return refused("%s stays: it tells %s", what, ev.lasting())
		default:
			return refused("%s stays: it is the record of an erasure", what)
		}
	}
	return nil
}

func (i *Incident) eraseAlone(what, kind string) error {
	ev, ok := blank(kind).(loneEvent)
	switch {
	case i.Held != nil:
		return refused("%s stays: %s is under %s", what, i.ID, i.protected())
	case ok && (ev.whileOpen() || i.Status == StatusClosed):
		return nil
	case ok:
		return refused("%s stays until %s is closed: people still act by it", what, i.ID)
	}
	return refused("%s is part of what %s says and of its clocks, and does not go alone: once the incident is closed, erase it as a whole", what, i.ID)
}

// incidentOf is the incident an entry belongs to; nil for none.
func (s *State) incidentOf(seq uint64) *Incident {
	for _, i := range s.incidents {
		if _, ok := slices.BinarySearch(i.Entries, seq); ok {
			return i
		}
	}
	return nil
}

func (c Erasure) decide(_ *Rules, d *decision) (any, error) {
	d.emit(ErasureOrdered{Meta: Meta{By: c.By}, Reason: c.Reason, Incidents: c.Incidents, Count: len(c.Entries)})
	return nil, nil
}

// ErasureOrdered says who had payloads erased, and why. The journal's own entry
// after it, written in the same commit, names them.
type ErasureOrdered struct {
	Meta
	Reason    string `json:"reason"`
	Incidents []ID   `json:"incidents,omitempty"` // erased as a whole
	Count     int    `json:"count"`               // of entries
}

// Kind implements [Event].
func (ErasureOrdered) Kind() string { return "erasure.ordered/v1" }

func (ErasureOrdered) lasting() string { return "what was erased, and by whom" }

// Describe implements [Event].
func (e ErasureOrdered) Describe() string {
	n := "1 entry"
	if e.Count != 1 {
		n = fmt.Sprintf("%d entries", e.Count)
	}
	s := "had " + n + " erased"
	if len(e.Incidents) > 0 {
		names := make([]string, len(e.Incidents))
		for i, id := range e.Incidents {
			names[i] = string(id)
		}
		s += ", with all of " + strings.Join(names, ", ")
	}
	return s + ": " + e.Reason
}

// apply keeps nothing: the leaves themselves show what is erased.
func (ErasureOrdered) apply(*State, Entry) {}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
