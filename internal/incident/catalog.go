package incident

import (
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// Query is the audit question: who did what, when. An empty field asks for any.
type Query struct {
	Actor    string
	Incident ID        // or a suspicious event
	Kind     string    // with or without its version: "incident.opened" finds "incident.opened/v1"
	From     time.Time // included
	To       time.Time // not included
	Start    uint64    // the first position looked at
	// Hidden are incidents and suspicious events whose entries are passed over.
	Hidden map[ID]bool
}

// Find is where the first n entries lie that the query asks for, oldest first.
// It looks at a few bytes an entry and at no payload.
func (s *State) Find(q Query, n int) []uint64 {
	c := &s.catalog
	first, end := q.Start, uint64(len(c.at))
	if !q.From.IsZero() {
		first = max(first, c.since(q.From))
	}
	if !q.To.IsZero() {
		end = min(end, c.since(q.To))
	}
	matches, possible := s.visible(q)
	if !possible || first >= end {
		return nil
	}
	var out []uint64
	if q.Incident != "" {
		about, _ := s.EntriesAbout(q.Incident)
		from, _ := slices.BinarySearch(about, first)
		for _, seq := range about[from:] {
			if seq >= end || len(out) == n {
				break
			}
			if matches(seq) {
				out = append(out, seq)
			}
		}
		return out
	}
	for seq := first; seq < end && len(out) < n; seq++ {
		if matches(seq) {
			out = append(out, seq)
		}
	}
	return out
}

// catalog holds of every entry what queries ask for, in columns.
type catalog struct {
	at     []int64  // nanoseconds since 1970; never decreasing
	kinds  []uint32 // into kind
	actors []uint32 // into actor
	kind   names
	actor  names
}

// names numbers strings in the order they came. There are few kinds, and few
// people and programs act.
type names struct {
	all []string
	num map[string]uint32
}

func (n *names) number(s string) uint32 {
	if i, ok := n.num[s]; ok {
		return i
	}
	if n.num == nil {
		n.num = map[string]uint32{}
	}
	i := uint32(len(n.all))
	s = strings.Clone(s) // not the whole payload with it
	n.num[s], n.all = i, append(n.all, s)
	return i
}

func (c *catalog) add(e Entry) {
	c.at = append(c.at, e.At.UnixNano())
	c.kinds = append(c.kinds, c.kind.number(e.Kind))
	switch {
	case e.Event != nil:
		c.actors = append(c.actors, c.actor.number(e.Event.Actor().Name))
	case strings.HasPrefix(e.Kind, journalKinds):
		c.actors = append(c.actors, c.actor.number(""))
	default:
		c.actors = append(c.actors, erasedActor)
	}
}

// erasedActor stands for the actor of an erased entry, who is nobody's match.
const erasedActor = math.MaxUint32

// journalKinds begins the kinds that belong to the journal itself.
const journalKinds = "journal."

// erased reports whether the entry at a position has lost its payload.
func (c *catalog) erased(seq uint64) bool { return c.actors[seq] == erasedActor }

// time is that of the entry at a position.
func (c *catalog) time(seq uint64) time.Time { return time.Unix(0, c.at[seq]).UTC() }

// kindOf is the kind of the entry at a position.
func (c *catalog) kindOf(seq uint64) string { return c.kind.all[c.kinds[seq]] }

// since is the position of the first entry not before t.
func (c *catalog) since(t time.Time) uint64 {
	return uint64(sort.Search(len(c.at), func(n int) bool { return !time.Unix(0, c.at[n]).Before(t) }))
}

// visible is matcher without the entries about what is hidden.
func (s *State) visible(q Query) (matches func(uint64) bool, possible bool) {
	matches, possible = s.catalog.matcher(q)
	if len(q.Hidden) == 0 {
		return matches, possible
	}
	if q.Hidden[q.Incident] {
		return nil, false
	}
	hidden := map[uint64]bool{}
	for id := range q.Hidden {
		about, _ := s.EntriesAbout(id)
		for _, seq := range about {
			hidden[seq] = true
		}
	}
	all := matches
	return func(seq uint64) bool { return !hidden[seq] && all(seq) }, possible
}

// matcher tells whether the entry at a position has the actor and the kind;
// possible is false when none has.
func (c *catalog) matcher(q Query) (matches func(uint64) bool, possible bool) {
	actor, known := c.actor.num[q.Actor]
	kinds := map[uint32]bool{}
	for n, kind := range c.kind.all {
		if bare, _, _ := strings.Cut(kind, "/"); kind == q.Kind || bare == q.Kind {
			kinds[uint32(n)] = true
		}
	}
	matches = func(seq uint64) bool {
		return (q.Actor == "" || c.actors[seq] == actor) && (q.Kind == "" || kinds[c.kinds[seq]])
	}
	return matches, (q.Actor == "" || known) && (q.Kind == "" || len(kinds) > 0)
}
