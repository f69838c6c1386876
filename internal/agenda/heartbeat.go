package agenda

import (
	"time"

	"nis2clock/internal/incident"
)

// DueHeartbeat is what ought to be said about the sender of alerts: that its
// dead-man alert has stayed away for longer than the policy allows. One notice
// goes out per silence.
func DueHeartbeat(s *incident.State, now time.Time) []Item {
	return ready(OwedHeartbeat(s, now), now)
}

// OwedHeartbeat is [DueHeartbeat] with what waits for its next try.
func OwedHeartbeat(s *incident.State, now time.Time) []Item {
	since, silent := silentSince(s, now)
	if !silent {
		return nil
	}
	pending, done := s.Ops()
	var items []Item
	for _, ch := range s.Policy.Channels {
		e := incident.Effect{Key: key("heartbeat", s.Policy.Heartbeat, since.UTC().Format(time.RFC3339), ch), Role: incident.Heartbeat, For: ch}
		if !done[e.Key].IsZero() {
			continue
		}
		items = append(items, item("", e, pending[e.Key], s.Policy.Channels, since))
	}
	return items
}

// NextHeartbeat is when [DueHeartbeat] can next return something new.
func NextHeartbeat(s *incident.State, now time.Time) time.Time {
	if s.Policy == nil || s.Policy.Heartbeat == "" {
		return time.Time{}
	}
	since, silent := silentSince(s, now)
	if !silent {
		return since.Add(time.Duration(s.Policy.HeartbeatWithin))
	}
	var next time.Time
	for _, it := range OwedHeartbeat(s, now) {
		if it.NotBefore.After(now) && (next.IsZero() || it.NotBefore.Before(next)) {
			next = it.NotBefore
		}
	}
	return next
}

// silentSince is when the heartbeat was last seen, or began to be expected,
// and whether that is too long ago.
func silentSince(s *incident.State, now time.Time) (time.Time, bool) {
	if s.Policy == nil || s.Policy.Heartbeat == "" {
		return time.Time{}, false
	}
	since := s.PolicyAt
	if seen := s.HeartbeatSeen(s.Policy.Heartbeat); seen.After(since) {
		since = seen
	}
	return since, now.Sub(since) >= time.Duration(s.Policy.HeartbeatWithin)
}
