package packet

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
)

// ErrChanged is returned by [Packet.Write] when what is read for the second time is
// not what the signed manifest says. What was written until then is no packet.
var ErrChanged = errors.New("changed while the packet was made")

// Write writes the packet as a zip file, or, where there are recipients, as that
// encrypted with age. An artefact that is not what its digest says ends it with
// the vault's error. Without error every byte was written.
func (p *Packet) Write(ctx context.Context, w io.Writer, recipients ...age.Recipient) error {
	out := w
	var sealed io.WriteCloser
	if len(recipients) > 0 {
		var err error
		if sealed, err = age.Encrypt(w, recipients...); err != nil {
			return fmt.Errorf("encrypt the packet: %w", err)
		}
		out = sealed
	}
	buffered := bufio.NewWriterSize(out, copyBuffer)
	z := newArchive(buffered, p.manifest.AsOf)
	err := p.write(ctx, z)
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil && sealed != nil {
		err = sealed.Close()
	}
	if err != nil {
		return fmt.Errorf("write the packet of %s: %w", p.manifest.Incident, err)
	}
	return nil
}

func (p *Packet) write(ctx context.Context, z *archive) error {
	for n, f := range p.files {
		if err := z.put(ctx, f); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		// What is in the packet stands right behind the README, as it is the next
		// thing to read.
		for i, name := range []string{manifestFile, noteFile} {
			if err := z.bytes(name, p.signed[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// archive is a zip file in the one form that a packet has.
type archive struct {
	*zip.Writer
	at time.Time
}

func newArchive(w io.Writer, at time.Time) *archive {
	return &archive{zip.NewWriter(w), at.UTC().Truncate(time.Second)}
}

// create begins the next file.
func (z *archive) create(name string) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: z.at})
}

func (z *archive) bytes(name string, data []byte) error {
	w, err := z.create(name)
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// put writes a file and compares it with its digest.
func (z *archive) put(ctx context.Context, f file) error {
	w, err := z.create(f.Name)
	if err != nil {
		return err
	}
	n := new(counter)
	if f.checked {
		err = f.write(ctx, io.MultiWriter(w, n))
	} else {
		sum := sha256.New()
		err = f.write(ctx, io.MultiWriter(w, n, sum))
		if err == nil && hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
			err = ErrChanged
		}
	}
	if err == nil && int64(*n) != f.Bytes {
		err = fmt.Errorf("%w: it has %d bytes, the record says %d", ErrChanged, int64(*n), f.Bytes)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}
