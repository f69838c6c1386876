package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Walk yields every artefact in order of its path. A file that has no place in a
// vault is yielded as [ErrForeign], and the walk goes on; any other error ends it.
// What is committed meanwhile may be yielded or not.
func (v *Vault) Walk(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for n := range 256 {
			err := ctx.Err()
			var found []listed
			if err == nil {
				found, err = v.list(hex.EncodeToString([]byte{byte(n)}))
			}
			if err != nil {
				yield(Info{}, fmt.Errorf("walk the vault: %w", err))
				return
			}
			for _, e := range found {
				if !yield(e.info, e.err) {
					return
				}
			}
		}
	}
}

// A Check says how far [Vault.Verify] could look.
type Check struct {
	Info
	// Plain says that the plain bytes were compared with their digest too. It is
	// false for an encrypted artefact that no identity at hand opens: of that, the
	// bytes in the file agree with the digest that was taken of them.
	Plain bool
}

// Verify reads an artefact and compares it with its digests. It needs no key to
// find a changed byte. The error is [ErrAltered] when one does not agree, and
// [io/fs.ErrNotExist] when there is no such file.
func (v *Vault) Verify(ctx context.Context, i Info) (_ Check, err error) {
	f, err := v.root.Open(i.Path())
	if err != nil {
		return Check{}, fmt.Errorf("verify %s in the vault: %w", i.Digest, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()

	stored := sha256.New()
	size := new(counter)
	file := io.TeeReader(&until{ctx, f}, io.MultiWriter(stored, size))
	c := Check{Info: i}
	problem := error(nil)
	if i.Compressed || i.Encrypted {
		c.Plain, c.Size, problem = v.verifyPlain(file, i)
	}
	// Decoding may have stopped early; the digest is of all there is.
	if _, err := io.Copy(io.Discard, file); err != nil {
		return Check{}, fmt.Errorf("verify %s in the vault: %w", i.Digest, err)
	}
	c.StoredSize = int64(*size)
	if got := hex.EncodeToString(stored.Sum(nil)); got != i.Stored {
		return Check{}, fmt.Errorf("%w: %s: its SHA-256 is %s", ErrAltered, i.Path(), got)
	}
	if problem != nil {
		return Check{}, problem
	}
	if !i.Compressed && !i.Encrypted {
		c.Plain, c.Size = true, c.StoredSize
	}
	return c, nil
}

// verifyPlain decodes a file and compares what comes out. It reports false when
// nobody here can decrypt it.
func (v *Vault) verifyPlain(file io.Reader, i Info) (read bool, size int64, err error) {
	r, err := v.plain(file, i)
	if errors.Is(err, ErrSealed) {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, fmt.Errorf("%s: %w", i.Path(), err)
	}
	_, err = io.Copy(io.Discard, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return false, 0, fmt.Errorf("%s: %w", i.Path(), err)
	}
	return true, r.size, nil
}

// Import files bytes as another vault stored them: name is their [Info.Path].
// They are kept only if they agree with it; otherwise the error is [ErrAltered].
// What is there already stays as it is.
func (v *Vault) Import(name string, stored io.Reader) (Info, error) {
	i, err := ParsePath(name)
	if err != nil {
		return Info{}, err
	}
	// The bytes are final: they go in as they are.
	d, err := v.Create()
	if err != nil {
		return Info{}, err
	}
	d.verbatim = &i
	if _, err := io.Copy(d, stored); err != nil {
		return Info{}, errors.Join(fmt.Errorf("import %s into the vault: %w", name, err), d.Discard())
	}
	return d.Commit()
}

// counter counts bytes.
type counter int64

// Write implements [io.Writer].
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// until reads until ctx ends.
type until struct {
	ctx context.Context
	io.Reader
}

// Read implements [io.Reader].
func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}
