package web

import "nis2clock/internal/access"

// Route is a path, as method and pattern, and the right it needs.
type Route struct {
	Pattern string
	Needs   access.Right
}

// Routes are all paths that answer programs.
func Routes() []Route { return exported((&server{}).routes()) }

// Pages are all paths that answer a signed-in person.
func Pages() []Route { return exported((&server{}).pages()) }

func exported(routes []route) []Route {
	out := make([]Route, len(routes))
	for n, r := range routes {
		out[n] = Route{r.pattern, r.needs}
	}
	return out
}
