package incident

import (
	"fmt"
	"time"
)

// Person is who sends a command, and under which key. A command that comes
// again under its key within [KeyLife] changes nothing and is answered as the
// incident now stands; another command under the same key is [ErrKeyReused].
// The key already names the actor and the route.
type Person struct {
	By     Actor
	Key    string
	Digest string // of the command's content
	// Proposer asked for it where By only confirmed it; zero otherwise.
	Proposer Actor
}

// KeyLife is how long a command's key is remembered.
const KeyLife = 30 * 24 * time.Hour

func (p Person) metaFor(id ID) Meta {
	return Meta{ID: id, By: p.By, Key: p.Key, Digest: p.Digest, ProposedBy: p.Proposer}
}

// repeated reports whether the command was applied before, and to which incident.
func (p Person) repeated(d *decision) (ID, bool, error) {
	was, ok := d.s.commands[p.Key]
	if p.Key == "" || !ok || d.now.Sub(was.at) > KeyLife {
		return "", false, nil
	}
	if was.digest != p.Digest {
		return "", false, fmt.Errorf("%w: send this request under a new Idempotency-Key", ErrKeyReused)
	}
	return was.id, true, nil
}

// Applied reports whether a command was applied under the person's key, with
// the same content, and is remembered at now.
func (s *State) Applied(p Person, now time.Time) bool {
	was, ok := s.commands[p.Key]
	return ok && p.Key != "" && was.digest == p.Digest && now.Sub(was.at) <= KeyLife
}

// onIncident finds the incident of a person's command. done is true when the
// command was applied before.
func (p Person) onIncident(d *decision, id ID) (i *Incident, done bool, err error) {
	i, ok := d.s.incidents[id]
	if !ok {
		return nil, false, fmt.Errorf("%w: %s", ErrUnknown, id)
	}
	if i.Erased {
		return nil, false, refused("%s was erased: only its id and times are left, and nothing can be added", id)
	}
	_, done, err = p.repeated(d)
	return i, done, err
}
