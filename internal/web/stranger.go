package web

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nis2clock/internal/incident"
)

// slackUser is how a person is called whom only Slack knows (SL-7).
var slackUser = regexp.MustCompile(`^[UW][A-Z0-9]+@[TE][A-Z0-9]+$`)

// strangers warns, a sentence each, of names that nobody has now: no person of
// the configuration, no live token, nobody on call and no user of Slack. They
// are taken all the same, because people may be added later; but a slip in one
// gives command to nobody, or locks out whoever was meant.
func (s *server) strangers(names ...string) (warnings []string) {
	now := s.SignIn.now()
	var tokens []incident.Token
	s.Desk.View(func(st *incident.State) { tokens = st.Tokens() })
	for _, name := range names {
		name = strings.TrimSpace(name)
		known := s.Named(name) || slackUser.MatchString(name) ||
			slices.ContainsFunc(tokens, func(t incident.Token) bool { return t.Name == name && t.Live(now) }) ||
			slices.ContainsFunc(s.OnCall().People, func(p PersonOnCall) bool { return p.Name == name })
		if !known {
			warnings = append(warnings, fmt.Sprintf("Nobody is called %q: neither a person of the configuration nor a token. "+
				"It was recorded as given: check how it is written, or add them to people or with nis2clock token create.", name))
		}
	}
	return warnings
}
