package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// knows refuses an entity or a regime that has no clock here; empty is any.
func (i *Incident) knows(entity string, id regime.ID) error {
	if entity == "" && id == "" {
		return nil
	}
	var have []string
	for _, c := range i.Clocks {
		if (entity == "" || c.Entity == entity) && (id == "" || c.Regime == id) {
			return nil
		}
		if name := c.Entity + "/" + string(c.Regime); !slices.Contains(have, name) {
			have = append(have, name)
		}
	}
	return invalid("%s has no clock%s: it has those of %s", i.ID, DateID{Entity: entity, Regime: id}.of(), strings.Join(have, ", "))
}

// duty completes for whom and under which regime a person speaks: the only one, or nis2 where there are several regimes.
func (i *Incident) duty(entity string, id regime.ID) (string, regime.ID, error) {
	if err := i.knows(entity, id); err != nil {
		return "", "", err
	}
	var entities, regimes []string
	for _, c := range i.Clocks {
		if (entity == "" || c.Entity == entity) && (id == "" || c.Regime == id) {
			if !slices.Contains(entities, c.Entity) {
				entities = append(entities, c.Entity)
			}
			if !slices.Contains(regimes, string(c.Regime)) {
				regimes = append(regimes, string(c.Regime))
			}
		}
	}
	const usual = "nis2"
	switch {
	case len(entities) == 0:
		return "", "", refused("%s has no clocks", i.ID)
	case len(entities) > 1:
		return "", "", invalid("say for which entity: %s", strings.Join(entities, ", "))
	case len(regimes) > 1 && slices.Contains(regimes, usual):
		return entities[0], usual, nil
	case len(regimes) > 1:
		return "", "", invalid("say under which regime: %s", strings.Join(regimes, ", "))
	}
	return entities[0], regime.ID(regimes[0]), nil
}

// warnings are what a person should know of the law on an incident, a sentence each.
func (r *Rules) warnings(i *Incident, tracks []Track, only []string) []string {
	var out []string
	for _, t := range tracks {
		bound := func(id regime.ID) (regime.Regime, bool) {
			reg, ok := r.law(id, t.MemberState)
			return reg, ok && slices.Contains(t.Regimes, id) && (len(only) == 0 || slices.Contains(only, string(id)))
		}
		for _, id := range t.Regimes {
			reg, ok := bound(id)
			if !ok {
				continue
			}
			if reg.AppliesFrom != "" && !reg.Applies(i.facts(t, id), t.Place) {
				out = append(out, fmt.Sprintf("%s applies since %s, and this incident is older: no clock of it runs for %s.", reg.Title, reg.AppliesFrom, t.Entity))
				continue
			}
			for _, d := range reg.Displaces {
				if other, ok := bound(d.Regime); ok {
					out = append(out, Displaced(t.Entity, reg, other, d.Source))
				}
			}
			if there, ok := r.Law.State(t.MemberState); ok && there.Regime == id && there.Since != "" {
				if zone := zoneOf(t.Place); i.began().In(zone).Format(time.DateOnly) < there.Since {
					out = append(out, fmt.Sprintf("%s of %s holds since %s, and this incident is older: check which law it falls under; the clocks of %s run meanwhile.",
						there.Act, there.Code, there.Since, t.Entity))
				}
			}
		}
	}
	return out
}

// Displaced is the sentence on an entity for which the configuration names two regimes of which one takes the place of the other.
func Displaced(entity string, by, displaced regime.Regime, source string) string {
	return fmt.Sprintf("%s takes the place of %s for an entity that both bind, %s; for %s the clocks of both run: "+
		"leave %s out of its regimes in the configuration once it is clear that it does not bind it.",
		by.Title, displaced.Title, source, entity, displaced.ID)
}
