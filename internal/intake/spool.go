package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"nis2clock/internal/vault"
)

// inline is the largest body that lies in a journal entry itself; a larger one
// goes to the vault.
const inline = 64 << 10

// spool keeps a body as it streams by: in memory while it is small, in a vault
// draft from there on.
type spool struct {
	vault *vault.Vault
	sum   hash.Hash
	size  int64
	small bytes.Buffer
	draft *vault.Draft
	err   error // why it could not take what was written

	stored string // digest of the file it was kept in, where that is encrypted
}

// newSpool returns a spool for a body of the announced length; 0 or less for
// none.
func newSpool(v *vault.Vault, length int64) *spool {
	s := &spool{vault: v, sum: sha256.New()}
	if length > 0 && length <= inline {
		s.small.Grow(int(length))
	}
	return s
}

// Write implements [io.Writer].
func (s *spool) Write(p []byte) (int, error) {
	s.sum.Write(p)
	s.size += int64(len(p))
	if s.draft == nil && s.small.Len()+len(p) <= inline {
		return s.small.Write(p)
	}
	n, err := s.spill(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

func (s *spool) spill(p []byte) (int, error) {
	if s.draft == nil {
		d, err := s.vault.Create()
		if err != nil {
			return 0, err
		}
		s.draft = d
		if _, err := d.Write(s.small.Bytes()); err != nil {
			return 0, err
		}
		s.small = bytes.Buffer{}
	}
	return s.draft.Write(p)
}

func (s *spool) digest() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// keep makes a large body durable; a small one is kept by the entry.
func (s *spool) keep() error {
	if s.draft == nil {
		return nil
	}
	d := s.draft
	s.draft = nil
	info, err := d.Commit()
	if info.Encrypted {
		s.stored = info.Stored
	}
	return err
}

// drop throws away a draft that was not kept.
func (s *spool) drop() error {
	if s.draft == nil {
		return nil
	}
	return s.draft.Discard()
}
