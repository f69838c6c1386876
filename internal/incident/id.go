package incident

import (
	"fmt"
	"time"
)

// ID names what an entry is about: an incident, INC-<year of opening,
// UTC>-<4 or more digits>, or a suspicious event, EVT-…; in an exercise EX-… and
// EVX-…. It is never reused.
type ID string

func newID(exercise bool, opened time.Time, n int) ID {
	prefix := "INC"
	if exercise {
		prefix = "EX"
	}
	return ID(fmt.Sprintf("%s-%d-%04d", prefix, opened.UTC().Year(), n))
}

// Actor is who caused an entry.
type Actor struct {
	// Name is a token's name, a person's, the Slack user and team id of
	// somebody nobody named (U1@T1), or the sending system.
	Name string `json:"name"`
	// Via is the route: webhook, readback, api, cli, slack, system.
	Via string `json:"via"`
	// ID is how the route itself knows a person: in Slack U1@T1 (SL-7). Empty
	// where it has nothing of the kind.
	ID string `json:"id,omitzero"`
}

// System is the service itself.
var System = Actor{Name: "nis2clock", Via: "system"}

func (a Actor) String() string {
	if a.Name == "" {
		return a.Via
	}
	return a.Name + " via " + a.Via
}
