package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// Encode compresses bytes and, where the options have recipients, encrypts
// them, for a place outside the vault. The suffix, ".zst" or ".zst.age", says what
// was done.
func (o Options) Encode(plain []byte) (stored []byte, suffix string, err error) {
	suffix = ".zst"
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return nil, "", fmt.Errorf("compress: %w", err)
	}
	stored = z.EncodeAll(plain, nil)
	if err := z.Close(); err != nil {
		return nil, "", fmt.Errorf("compress: %w", err)
	}
	if len(o.Recipients) == 0 {
		return stored, suffix, nil
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, o.Recipients...)
	if err != nil {
		return nil, "", fmt.Errorf("encrypt: %w", err)
	}
	_, err = w.Write(stored)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, "", fmt.Errorf("encrypt: %w", err)
	}
	return out.Bytes(), suffix + ".age", nil
}

// Decode is the inverse of Encode, for a name that ends with its suffix. It
// returns [ErrSealed] when no identity fits, and [ErrAltered] for bytes that
// Encode did not make, or of which more than limit come out.
func (o Options) Decode(name string, stored []byte, limit int64) ([]byte, error) {
	i := Info{Compressed: true, Encrypted: strings.HasSuffix(name, ".age")}
	if !strings.HasSuffix(strings.TrimSuffix(name, ".age"), ".zst") {
		return nil, fmt.Errorf("%w: its name does not end in .zst or .zst.age", ErrAltered)
	}
	v := Vault{o: o}
	r, err := v.plain(bytes.NewReader(stored), i)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r.from, limit+1))
	if err == nil && int64(len(plain)) > limit {
		err = fmt.Errorf("more than %d bytes come out", limit)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return plain, errors.Join(err, r.Close())
}
