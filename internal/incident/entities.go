package incident

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nis2clock/internal/classify"
	"nis2clock/internal/regime"
)

// tracks are those of the entities named. With none named, or one that is not
// configured, they are all: no label can leave an incident without clocks.
func (r *Rules) tracks(entities []string) []Track {
	if len(entities) == 0 || len(r.unknownEntities(entities)) > 0 {
		return r.Tracks
	}
	return slices.DeleteFunc(slices.Clone(r.Tracks), func(t Track) bool { return !slices.Contains(entities, t.Entity) })
}

func (r *Rules) unknownEntities(names []string) []string {
	return missing(names, func(name string) bool {
		return slices.ContainsFunc(r.Tracks, func(t Track) bool { return t.Entity == name })
	})
}

// missing are the names that are not there.
func missing(names []string, there func(string) bool) (out []string) {
	for _, name := range names {
		if !there(name) {
			out = append(out, name)
		}
	}
	return out
}

// Oddities says in words what a decision names that is not known here.
func (r *Rules) Oddities(v classify.Decision) []string {
	odd := v.Flags
	if names := r.unknownEntities(v.Entities); len(names) > 0 {
		odd = append(odd[:len(odd):len(odd)], fmt.Sprintf("%s names %s, which is not configured: the clocks of every entity run", classify.LabelEntity, quoted(names)))
	}
	if names := r.unboundRegimes(v.Regimes); len(names) > 0 {
		odd = append(odd[:len(odd):len(odd)], fmt.Sprintf("%s names %s, which binds no entity here", classify.LabelRegimes, quoted(names)))
	}
	return odd
}

// unboundRegimes are those named that bind no entity.
func (r *Rules) unboundRegimes(names []string) []string {
	return missing(names, func(name string) bool {
		return slices.ContainsFunc(r.Tracks, func(t Track) bool {
			return slices.ContainsFunc(t.Regimes, func(id regime.ID) bool { return string(id) == name })
		})
	})
}

// quoted lists names from outside.
func quoted(names []string) string {
	const most = 10
	short := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		short = append(short, strconv.Quote(cleanTitle(name)))
	}
	return strings.Join(short, ", ")
}

// Widened is what an alert that joined brings to an incident: entities and
// regimes whose clocks did not run before.
type Widened struct {
	Entities []string `json:"entities,omitempty"` // all of them now; empty for every entity
	Regimes  []string `json:"regimes,omitempty"`  // likewise
	Clocks   []Clock  `json:"clocks"`
	Law      Law      `json:"law"`
}

// widen computes the clocks anew when the alert that joins names an entity or
// a regime that the incident does not; nil when it does not, or when the
// incident was decided not reportable. What an alert leaves out takes nothing
// away.
func (in *receiver) widen(i *Incident, v classify.Decision, seen Alert) *Widened {
	entities, regimes := union(i.Entities, v.Entities), union(i.Regimes, v.Regimes)
	if i.Reportability == ReportNotReportable || len(entities) == len(i.Entities) && len(regimes) == len(i.Regimes) {
		return nil
	}
	moved := *i
	moved.Entities, moved.Regimes = entities, regimes
	if seen.StartsAt.Before(i.DetectedAt) {
		moved.DetectedAt = seen.StartsAt
	}
	clocks, law := in.r.clocks(&moved)
	return &Widened{Entities: entities, Regimes: regimes, Clocks: clocks, Law: law}
}

// union adds names to those there; none there stands for all.
func union(there, more []string) []string {
	if len(there) == 0 {
		return there
	}
	return append(there[:len(there):len(there)], missing(more, func(name string) bool { return slices.Contains(there, name) })...)
}

// describe says which clocks run since.
func (w *Widened) describe() string {
	if w == nil {
		return ""
	}
	parts := make([]string, len(w.Clocks))
	for n, c := range w.Clocks {
		parts[n] = fmt.Sprintf("%s due %s", c.ClockID, utc(c.DueAt))
	}
	return "; more clocks run since: " + strings.Join(parts, ", ")
}

// widen takes over the clocks that an alert brought.
func (i *Incident) widen(w *Widened) {
	if w == nil {
		return
	}
	i.Entities, i.Regimes = w.Entities, w.Regimes
	i.recounted(Recount{Clocks: w.Clocks, Law: w.Law})
}
