package runbook

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
)

// Match is a runbook that fits an incident, and why, best reason first.
type Match struct {
	*Runbook
	Why []string
}

// How well a reason fits, the best first. Who sets a label meant it; a name is
// more exact than a category.
const (
	byLabel = iota
	byAlert
	byType
	byClass
	byEvery
)

// For returns the runbooks that fit the incident in order of fit: by the best
// reason, then by how many there are, then by name. It is a function of its
// arguments alone.
func (l *Library) For(v incident.View) []Match {
	type ranked struct {
		Match
		best int
	}
	var all []ranked
	for _, r := range l.all {
		if why, best := r.Matches.fit(v); len(why) > 0 {
			all = append(all, ranked{Match{r, why}, best})
		}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.best, b.best), cmp.Compare(len(b.Why), len(a.Why)), cmp.Compare(a.Name, b.Name))
	})
	out := make([]Match, len(all))
	for n, r := range all {
		out[n] = r.Match
	}
	return out
}

// fit says why it fits, and the rank of the best reason.
func (m Matches) fit(v incident.View) (why []string, best int) {
	best = byEvery
	because := func(rank int, reason string) {
		best = min(best, rank)
		if !slices.Contains(why, reason) {
			why = append(why, reason)
		}
	}
	for _, a := range v.Alerts {
		if reason, ok := m.labelled(a.Labels); ok {
			because(byLabel, reason)
		}
	}
	for _, a := range v.Alerts {
		name := a.Labels["alertname"]
		if slices.ContainsFunc(m.Alerts, func(p string) bool { return fits(p, name) }) {
			because(byAlert, "alert "+name)
		}
	}
	for _, c := range m.Categories {
		switch {
		case c.Class != v.Category.Class:
		case c.Type != "" && c.Type == v.Category.Type:
			because(byType, "category "+classify.RSIT().Label(c))
		case c.Type == "":
			because(byClass, "category "+classify.RSIT().Label(c))
		}
	}
	if m.Every {
		because(byEvery, "every incident")
	}
	return why, best
}

// labelled reports whether one alert has all the labels, and names them.
func (m Matches) labelled(labels map[string]string) (string, bool) {
	reason := "label"
	for _, name := range slices.Sorted(maps.Keys(m.Labels)) {
		value, ok := labels[name]
		if !ok || !fits(m.Labels[name], value) {
			return "", false
		}
		reason += " " + name + "=" + value
	}
	return reason, len(m.Labels) > 0
}

// fits reports whether the value fits the pattern, which was checked when it
// was read.
func fits(pattern, value string) bool {
	ok, err := path.Match(pattern, value)
	return err == nil && ok
}
