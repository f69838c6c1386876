package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"

	"filippo.io/age"
	"github.com/klauspost/compress"
	"github.com/klauspost/compress/zstd"
)

const (
	// block is how much of a draft is hashed and written at a time, side by side.
	block = 512 << 10

	// window is how far back compression looks, in bytes; it bounds the memory of
	// writing and of reading.
	window = 1 << 20

	// compressible is the least estimate, of 0 to 1, for which compression is
	// worth its time: what is compressed already, like noise, comes out at up to
	// 0.024.
	compressible = 0.05
)

// Draft is content on its way in. It ends with Commit or Discard, and is for
// one goroutine at a time.
type Draft struct {
	vault *Vault
	name  string // below the vault
	file  file
	out   io.Writer   // the file, behind encryption and compression
	outer []io.Closer // of out, from the outside in
	store *counting   // what reaches the file; nil while nothing did
	info  Info        // what is known of it so far
	sum   hash.Hash   // of the plain bytes
	buf   []byte      // plain bytes not yet in sum and out
	err   error       // why it cannot go on
	ended bool        // committed or discarded

	// verbatim is what stored bytes that are imported as they are must turn out to
	// be; nil for plain bytes.
	verbatim *Info

	side sync.WaitGroup // the hash of the block that is being written
}

// Create begins a draft.
func (v *Vault) Create() (*Draft, error) {
	name := path.Join(draftsDir, "draft-"+rand.Text())
	f, err := v.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin a vault file: %w", err)
	}
	d := &Draft{vault: v, name: name, file: f, sum: sha256.New()}
	if v.wrap != nil {
		d.file = v.wrap(f)
	}
	return d, nil
}

// Write implements [io.Writer]. After an error, which a full disk is, nothing
// but Discard is left to do, and Commit does that too.
func (d *Draft) Write(p []byte) (int, error) {
	if d.ended {
		return 0, fmt.Errorf("write to a vault file: %w", fs.ErrClosed)
	}
	if d.buf == nil {
		d.buf = make([]byte, 0, min(block, max(len(p), 32<<10)))
	}
	n := 0
	for len(p) > 0 {
		if d.err != nil {
			return n, d.err
		}
		if cap(d.buf) < block && len(d.buf)+len(p) > cap(d.buf) {
			d.buf = append(make([]byte, 0, block), d.buf...)
		}
		took := min(len(p), cap(d.buf)-len(d.buf))
		d.buf = append(d.buf, p[:took]...)
		n, p = n+took, p[took:]
		if len(d.buf) == block {
			d.flush()
		}
	}
	return n, d.err
}

// flush hashes and writes what is in buf, at the same time.
func (d *Draft) flush() {
	if d.store == nil {
		if d.err = d.begin(); d.err != nil {
			return
		}
	}
	b := d.buf
	d.info.Size += int64(len(b))
	if len(b) < block { // the last, or the only one
		d.sum.Write(b)
	} else {
		d.side.Go(func() { d.sum.Write(b) })
	}
	_, err := d.out.Write(b)
	d.side.Wait()
	d.buf = d.buf[:0]
	if err != nil {
		d.err = d.vault.writing(err)
	}
}

// begin chooses the form of the file by the first bytes in buf.
func (d *Draft) begin() error {
	o := d.vault.o
	if d.verbatim != nil {
		o = Options{}
	}
	d.info.Encrypted = len(o.Recipients) > 0
	d.info.Compressed = o.Compression != Off && compress.Estimate(d.buf) >= compressible
	d.store = &counting{to: d.file}
	if d.info.Compressed || d.info.Encrypted {
		d.store.sum = sha256.New()
	}
	d.out = d.store
	if d.info.Encrypted {
		w, err := age.Encrypt(d.out, o.Recipients...)
		if err != nil {
			return d.vault.writing(err)
		}
		d.out, d.outer = w, append(d.outer, w)
	}
	if d.info.Compressed {
		w, err := zstd.NewWriter(d.out, zstd.WithEncoderLevel(o.Compression.zstd()),
			zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(window))
		if err != nil {
			return fmt.Errorf("compress a vault file: %w", err)
		}
		d.out, d.outer = w, append(d.outer, w)
	}
	return nil
}

// Commit makes the content durable under its digest and describes it. Content
// that is already there stays in the form in which it is. On error nothing of
// the draft remains.
func (d *Draft) Commit() (_ Info, err error) {
	if d.ended {
		return Info{}, fmt.Errorf("commit a vault file: %w", fs.ErrClosed)
	}
	d.ended = true
	v := d.vault
	defer func() { err = errors.Join(err, v.root.Remove(d.name)) }()
	if err := d.finish(); err != nil {
		return Info{}, err
	}
	d.info.Digest = hex.EncodeToString(d.sum.Sum(nil))
	d.info.Stored, d.info.StoredSize = d.info.Digest, d.store.size
	if d.store.sum != nil {
		d.info.Stored = hex.EncodeToString(d.store.sum.Sum(nil))
	}
	if want := d.verbatim; want != nil {
		if d.info.Digest != want.Stored {
			return Info{}, fmt.Errorf("%w: %s: its SHA-256 is %s", ErrAltered, want.Path(), d.info.Digest)
		}
		want.StoredSize = d.info.StoredSize
		d.info = *want
	}
	return v.install(d.name, d.info)
}

// finish writes what is left and closes the file, synced.
func (d *Draft) finish() error {
	if d.err == nil && (len(d.buf) > 0 || d.store == nil) {
		d.flush()
	}
	if d.err != nil {
		return errors.Join(d.err, d.file.Close())
	}
	var err error
	for i := len(d.outer) - 1; i >= 0 && err == nil; i-- {
		err = d.outer[i].Close()
	}
	if err == nil {
		err = d.file.Sync()
	}
	if err = errors.Join(err, d.file.Close()); err != nil {
		return d.vault.writing(err)
	}
	return nil
}

// Discard throws the draft away. After Commit, or a second time, it does
// nothing.
func (d *Draft) Discard() error {
	if d.ended {
		return nil
	}
	d.ended = true
	return errors.Join(d.file.Close(), d.vault.root.Remove(d.name))
}

// install links a file that is complete to its final name, unless its content is
// there already in one form or another, and returns how it lies there.
func (v *Vault) install(name string, i Info) (Info, error) {
	dd := path.Join(sealedDir, i.Digest[:2])
	if err := v.root.Mkdir(dd, 0o700); err == nil {
		if err := v.syncDir(sealedDir); err != nil {
			return Info{}, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return Info{}, fmt.Errorf("file %s in the vault: %w", i.Digest, v.writing(err))
	}
	if err := v.link(name, &i); err != nil {
		return Info{}, fmt.Errorf("file %s in the vault: %w", i.Digest, v.writing(err))
	}
	// Also when another draft was faster: its name may not be durable yet.
	return i, v.syncDir(dd)
}

func (v *Vault) link(name string, i *Info) error {
	v.filing.Lock()
	defer v.filing.Unlock()
	there, err := v.Stat(i.Digest)
	if err == nil {
		there.Size = i.Size
		*i = there
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return v.root.Link(name, i.Path())
}

// writing words a failed write.
func (v *Vault) writing(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("write a vault file: the disk of %s is full, nothing of the artefact was kept: make room: %w", v.dir, err)
	}
	return fmt.Errorf("write a vault file: %w", err)
}

// counting passes on what reaches the file, counts it and, where it differs from
// the plain bytes, hashes it.
type counting struct {
	to   io.Writer
	sum  hash.Hash // nil when it would be that of the plain bytes
	size int64
}

// Write implements [io.Writer].
func (c *counting) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.size += int64(n)
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	return n, err
}
