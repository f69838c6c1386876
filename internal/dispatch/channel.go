// Package dispatch says to the outside world what the agenda finds due.
//
// An effect is recorded as intended before it is sent and as delivered or
// failed afterwards; the vendor's own de-duplication goes by the same key.
// What was intended and has no outcome after a crash is looked for and said
// again, marked as a possible repeat, only if it is not found.
package dispatch

import (
	"context"
	"fmt"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

// Notice is one effect with all a channel needs to put it into words.
type Notice struct {
	agenda.Item
	// Key names the effect across installations: what a vendor may use to
	// de-duplicate. At most 255 bytes (PD-3). That of an effect about another's
	// alert ([incident.Effect.Of]) is the other's.
	Key string
	// Incident is as it stands at Now; zero for a notice about the service.
	Incident incident.View
	// Message is the channel's reference of the incident's message: what an
	// update changes and a reminder answers to. Empty when there is none.
	Message string
	// Room is the incident's own room in a chat; nil without one.
	Room *incident.Room
	// Page is the address of the incident's page.
	Page string
	// Repeat is true when the same may have been said before.
	Repeat bool
	// Text is what a notice about the service says.
	Text string
	// Extent is how much of the incident is in the notice; see [Notice.Confine].
	Extent Extent
	Now    time.Time
}

// A Channel speaks to one vendor. Its methods are called by one goroutine at a
// time, must end when ctx does, and return [*Error] for what the vendor refused.
type Channel interface {
	// Name is the channel's name in effects and metrics.
	Name() string
	// Send says it once and returns the vendor's reference.
	Send(ctx context.Context, n Notice) (ref string, err error)
	// Find looks for a notice that may have been sent. Not finding it is no error.
	// A vendor that de-duplicates by key needs no search: it never finds.
	Find(ctx context.Context, n Notice) (ref string, found bool, err error)
	// Pace is the least time between two calls.
	Pace() time.Duration
}

// Reason says in one word why a vendor did not take something; it is a metric
// label and therefore one of these.
type Reason string

const (
	Unreachable Reason = "unreachable" // no answer, or not one of the vendor's
	ServerError Reason = "server_error"
	RateLimited Reason = "rate_limited"
	BadAuth     Reason = "auth_error"
	Rejected    Reason = "rejected" // the vendor will never take it
)

// Error is a try that failed. Its text never holds a key or a token.
type Error struct {
	Reason Reason
	// Permanent: the same call will never succeed on this channel.
	Permanent bool
	// RetryAfter is what the vendor asked for; zero when it did not say.
	RetryAfter time.Duration
	// Detail is the vendor's word for it, such as channel_not_found.
	Detail string
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return string(e.Reason)
	}
	return fmt.Sprintf("%s: %s", e.Reason, e.Detail)
}
