package custody

import (
	"nis2clock/internal/evidence"
	"nis2clock/internal/vault"
)

// Sink keeps what collectors capture in a vault.
func Sink(v *vault.Vault) evidence.Sink { return sink{v} }

type sink struct{ vault *vault.Vault }

// Create implements [evidence.Sink].
func (s sink) Create() (evidence.Draft, error) {
	d, err := s.vault.Create()
	if err != nil {
		return nil, err
	}
	return draft{d}, nil
}

type draft struct{ *vault.Draft }

// Commit implements [evidence.Draft].
func (d draft) Commit() (string, error) {
	info, err := d.Draft.Commit()
	return info.Digest, err
}
