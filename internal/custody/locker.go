package custody

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/vault"
)

var (
	// ErrMissing is returned by [Locker.Open] when the record names the artefact
	// and the vault does not hold it.
	ErrMissing = errors.New("the artefact is missing from the vault: run nis2clock verify")

	// ErrSealed is returned by [Locker.Open] for an artefact that the service
	// cannot decrypt.
	ErrSealed = errors.New("the artefact is encrypted to somebody else: open its file with age and the identity of a recipient")
)

// recordWithin bounds the wait for an entry to be durable.
const recordWithin = 10 * time.Second

// Locker takes artefacts in from people and gives them out. It is safe for
// concurrent use.
type Locker struct {
	Desk  *desk.Desk
	Vault *vault.Vault
	Now   func() time.Time // wall time
}

// Handed is a file that a person hands in.
type Handed struct {
	Person    incident.Person // its Digest is filled in from the content
	Incident  incident.ID
	Name      string
	MediaType string
	Note      string
}

// Add keeps a file and records it. Content that cannot be read to its end
// leaves nothing behind. The reply is the digest, as in [incident.Artefact].
func (l *Locker) Add(ctx context.Context, h Handed, content io.Reader) (digest string, err error) {
	if err := l.known(h.Incident); err != nil {
		return "", err
	}
	at := l.Now().UTC()
	d, err := l.Vault.Create()
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(d, content); err != nil {
		return "", errors.Join(err, d.Discard())
	}
	info, err := d.Commit()
	if err != nil {
		return "", err
	}
	digest = "sha256:" + info.Digest
	a := incident.Artefact{Digest: digest, Bytes: info.Size, CollectedAt: at, Name: h.Name, MediaType: h.MediaType, Note: h.Note}
	if info.Encrypted {
		a.Stored = info.Stored
	}
	if h.Person.Key != "" {
		sum := sha256.Sum256([]byte(strings.Join([]string{digest, h.Name, h.MediaType, h.Note}, "\x00")))
		h.Person.Digest = hex.EncodeToString(sum[:])
	}
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	_, err = l.Desk.Do(ctx, incident.AddEvidence{Person: h.Person, ID: h.Incident, Artefact: a})
	return digest, err
}

// known refuses an incident that there is none of before its file is read.
func (l *Locker) known(id incident.ID) error {
	known := false
	l.Desk.View(func(s *incident.State) { _, known = s.Incident(id) })
	if !known {
		return fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	}
	return nil
}

// Holds is the artefact of an incident with that digest, [incident.ErrUnknown]
// or [incident.ErrNoArtefact] when there is none. A digest may be written
// without its "sha256:".
func (l *Locker) Holds(id incident.ID, digest string) (h incident.Holding, err error) {
	digest = "sha256:" + strings.TrimPrefix(digest, "sha256:")
	l.Desk.View(func(s *incident.State) {
		i, ok := s.Incident(id)
		if !ok {
			err = fmt.Errorf("%w: %s", incident.ErrUnknown, id)
			return
		}
		if h, ok = i.Holds(digest); !ok {
			err = fmt.Errorf("%w: %s has none of digest %.80s", incident.ErrNoArtefact, id, digest)
		}
	})
	return h, err
}

// Open gives out an artefact: that it was read is recorded before its content
// can be. The content ends in [vault.ErrAltered] in place of [io.EOF] when it
// is not what the digest says.
func (l *Locker) Open(ctx context.Context, by incident.Actor, h incident.Holding, id incident.ID) (io.ReadCloser, error) {
	content, err := l.Vault.Open(strings.TrimPrefix(h.Digest, "sha256:"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", h.Digest, ErrMissing)
	case errors.Is(err, vault.ErrSealed):
		return nil, fmt.Errorf("%s: %w", h.Digest, ErrSealed)
	case err != nil:
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	if _, err := l.Desk.Do(ctx, incident.ReadEvidence{By: by, ID: id, Digest: h.Digest}); err != nil {
		return nil, errors.Join(err, content.Close())
	}
	return content, nil
}
