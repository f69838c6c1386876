package web

import (
	"net/http"
	"slices"
	"strings"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// awareForms ask when somebody became aware that the incident is significant.
func awareForms(s *server, v incident.View, _ access.Identity) ([]*form, error) {
	f := &form{
		Title: "Awareness", State: "not recorded yet: clocks run from detection", Button: "Record awareness",
		Intro: "Since when is it clear that this incident is significant? The clocks that count from awareness are computed anew.",
		Fields: []field{
			instantField("at", "Aware at", s.zone(v, "")),
			{Name: "by", Label: "Who became aware", Hint: "Empty: you."},
			{Name: "reason", Label: "Why then", Hint: "What showed it. To change what is recorded a reason is needed."},
		},
	}
	var known []string
	for _, d := range v.Dates {
		if d.Date == incident.AwareAt {
			known = append(known, utc(d.At)+", "+d.Person+scopeOf(d.Entity, string(d.Regime)))
		}
	}
	if len(known) > 0 {
		f.State = strings.Join(known, "; ")
	}
	if scopes := scopes(v); len(scopes) > 0 {
		f.Fields = append(f.Fields, field{Name: "of", Label: "For which entity and law", Choices: append([]choice{{"", "every entity and law of this incident"}}, scopes...)})
	}
	return []*form{f}, nil
}

func scopeOf(entity, law string) string {
	switch {
	case entity == "" && law == "":
		return ""
	case law == "":
		return " (" + entity + ")"
	case entity == "":
		return " (under " + law + ")"
	}
	return " (" + entity + " under " + law + ")"
}

// scopes are the entities and regimes of an incident for which awareness may
// differ, as entity/regime, of which either may be empty.
func scopes(v incident.View) (out []choice) {
	var entities, laws, both []string
	add := func(to *[]string, s string) {
		if !slices.Contains(*to, s) {
			*to = append(*to, s)
		}
	}
	for _, c := range v.Clocks {
		add(&entities, c.Entity+"/")
		add(&laws, "/"+string(c.Regime))
		add(&both, c.Entity+"/"+string(c.Regime))
	}
	var all []string
	if len(entities) > 1 {
		all = append(all, entities...)
	}
	if len(laws) > 1 {
		all = append(all, laws...)
	}
	if len(entities) > 1 && len(laws) > 1 {
		all = append(all, both...)
	}
	for _, s := range all {
		entity, law, _ := strings.Cut(s, "/")
		out = append(out, choice{s, strings.Trim(scopeOf(entity, law), " ()")})
	}
	return out
}

// aware is the command of a form of [awareForms].
func aware(s *server, _ *http.Request, v incident.View, f *form, by incident.Person) (incident.Command, error) {
	entity, law, _ := strings.Cut(f.said.Get("of"), "/")
	return incident.SetDate{
		Person: by, ID: v.ID, Date: incident.DateID{Date: incident.AwareAt, Entity: entity, Regime: regime.ID(law)},
		At: f.instant("at", s.zone(v, ""), s.Desk.Now()), Who: f.text("by"), Reason: f.text("reason"),
	}, nil
}
