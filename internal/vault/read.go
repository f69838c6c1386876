package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// Open returns the content of a digest, as 64 lower-case hex digits;
// [fs.ErrNotExist] when it is not here, [ErrSealed] when it is encrypted and no
// identity opens it. The content is checked on the way: at its end the reader
// returns [ErrAltered] instead of [io.EOF] if it was not what the digest says.
// What is read before that must not be trusted.
func (v *Vault) Open(digest string) (io.ReadCloser, error) {
	i, err := v.Stat(digest)
	if err != nil {
		return nil, err
	}
	f, err := v.root.Open(i.Path())
	if err != nil {
		return nil, fmt.Errorf("open %s in the vault: %w", digest, err)
	}
	r, err := v.plain(f, i)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s in the vault: %w", digest, err), f.Close())
	}
	r.close = append(r.close, f.Close)
	return r, nil
}

// OpenStored returns the bytes of an artefact's file as they lie there; they are
// checked at their end like those of Open.
func (v *Vault) OpenStored(i Info) (io.ReadCloser, error) {
	f, err := v.root.Open(i.Path())
	if err != nil {
		return nil, fmt.Errorf("open %s in the vault: %w", i.Digest, err)
	}
	disk := &source{Reader: f}
	return &reader{from: disk, disk: disk, sum: sha256.New(), want: i.Stored, close: []func() error{f.Close}}, nil
}

// plain turns the bytes of a file back into those that were sealed.
func (v *Vault) plain(stored io.Reader, i Info) (*reader, error) {
	disk := &source{Reader: stored}
	r := &reader{from: disk, disk: disk, sum: sha256.New(), want: i.Digest}
	if i.Encrypted {
		plain, err := age.Decrypt(r.from, v.identities()...)
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return nil, fmt.Errorf("%w: give the identity of one of its recipients", ErrSealed)
		}
		if err != nil {
			return nil, r.blame(err)
		}
		r.from = plain
	}
	if i.Compressed {
		z, err := zstd.NewReader(r.from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8*window))
		if err != nil {
			return nil, r.blame(err)
		}
		r.from = z
		r.close = append(r.close, func() error { z.Close(); return nil })
	}
	return r, nil
}

// identities are never none: age takes that for a mistake of ours.
func (v *Vault) identities() []age.Identity {
	if len(v.o.Identities) == 0 {
		return []age.Identity{nobody{}}
	}
	return v.o.Identities
}

// nobody is an identity that opens nothing.
type nobody struct{}

// Unwrap implements [age.Identity].
func (nobody) Unwrap([]*age.Stanza) ([]byte, error) { return nil, age.ErrIncorrectIdentity }

// reader checks bytes against their digest on the way.
type reader struct {
	from  io.Reader
	disk  *source // at the bottom of from
	sum   hash.Hash
	size  int64
	want  string
	err   error
	close []func() error // in order
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.from.Read(p)
	r.sum.Write(p[:n])
	r.size += int64(n)
	switch {
	case err == io.EOF:
		if r.err = err; hex.EncodeToString(r.sum.Sum(nil)) != r.want {
			r.err = fmt.Errorf("%w: %s", ErrAltered, r.want)
		}
	case err != nil:
		r.err = r.blame(err)
	}
	return n, r.err
}

// blame says of an error whether the disk could not be read or what was read
// cannot be decoded.
func (r *reader) blame(err error) error {
	if r.disk.err != nil {
		return fmt.Errorf("read %s in the vault: %w", r.want, r.disk.err)
	}
	return fmt.Errorf("%w: %s: %w", ErrAltered, r.want, err)
}

// source remembers why the disk could not be read.
type source struct {
	io.Reader
	err error
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// Close implements [io.Closer].
func (r *reader) Close() error {
	var errs []error
	for _, f := range r.close {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}
