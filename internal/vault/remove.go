package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// Has reports whether an artefact of that digest is here.
func (v *Vault) Has(digest string) (bool, error) {
	_, err := v.Stat(digest)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Remove deletes an artefact by its digest, durably; [fs.ErrNotExist] when it
// is not here. It is for erasure alone: the caller knows that nothing names the
// digest any more.
func (v *Vault) Remove(digest string) error {
	i, err := v.Stat(digest)
	if err != nil {
		return fmt.Errorf("remove from the vault: %w", err)
	}
	if err := v.root.Remove(i.Path()); err != nil {
		return fmt.Errorf("remove %s from the vault: %w", digest, err)
	}
	return v.syncDir(path.Dir(i.Path()))
}
