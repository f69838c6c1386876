package slackfake

import (
	"slices"
	"time"
)

// tiers are how many calls of a method Slack takes in a minute (SL-11).
var tiers = map[string]int{
	"chat.update": 50, "conversations.history": 50, "conversations.replies": 50, "views.open": 100, "views.publish": 100,
}

// overTier counts a call, and reports whether it is one too many for its
// method's tier.
func (s *Server) overTier(name string) bool {
	limit, ok := tiers[name]
	if !s.limited || !ok {
		return false
	}
	now := s.cfg.Now()
	recent := slices.DeleteFunc(s.recent[name], func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	over := len(recent) >= limit
	if !over {
		recent = append(recent, now)
	}
	s.recent[name] = recent
	return over
}

// Limited is how many calls were over a rate limit.
func (s *Server) Limited() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}
