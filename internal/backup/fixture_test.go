package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nis2clock/internal/backup"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"
)

var at = time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC)

// folder is a data folder in use.
type folder struct {
	t     testing.TB
	dir   string
	log   *journal.Store
	vault *vault.Vault
}

func newFolder(t testing.TB, o vault.Options) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir()}
	var err error
	if f.log, err = journal.Open(f.dir, journal.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	if f.vault, err = vault.Open(filepath.Join(f.dir, "vault"), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.log.Close(), f.vault.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// entries appends n entries with payloads that do not compress.
func (f *folder) entries(n, size int) {
	f.t.Helper()
	noise := rand.NewChaCha8([32]byte{byte(n)})
	batch := make([]journal.Record, n)
	for i := range batch {
		payload := make([]byte, size)
		if _, err := noise.Read(payload); err != nil {
			f.t.Fatal(err)
		}
		batch[i] = journal.Record{At: at, Kind: "alert.received/v1", Incident: "INC-2026-0001", Payload: payload}
	}
	f.append(batch...)
}

func (f *folder) append(batch ...journal.Record) {
	f.t.Helper()
	if _, err := f.log.Append(f.t.Context(), f.log.Head().Size, batch); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) erase(entries ...uint64) {
	f.t.Helper()
	order := journal.Record{At: at, Kind: "erasure.ordered/v1"}
	if _, err := f.log.Erase(f.t.Context(), f.log.Head().Size, order, entries, "Art. 17(1)(d) GDPR"); err != nil {
		f.t.Fatal(err)
	}
}

// artefact keeps content, and an entry names it.
func (f *folder) artefact(content []byte) vault.Info {
	f.t.Helper()
	d, err := f.vault.Create()
	if err == nil {
		_, err = d.Write(content)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	info, err := d.Commit()
	if err != nil {
		f.t.Fatal(err)
	}
	a := incident.Artefact{Collector: "prom", Kind: "prometheus_range", Digest: "sha256:" + info.Digest, Bytes: info.Size, CollectedAt: at, Complete: true}
	if info.Encrypted {
		a.Stored = info.Stored
	}
	e := incident.Collected{Meta: incident.Meta{ID: "INC-2026-0001", By: incident.System}, Artefact: a}
	payload, err := incident.Encode(e)
	if err != nil {
		f.t.Fatal(err)
	}
	f.append(journal.Record{At: at, Kind: e.Kind(), Incident: "INC-2026-0001", Payload: payload})
	return info
}

func (f *folder) begin() *backup.Backup { return backup.Begin(f.log, f.vault, at) }

func (f *folder) backup() []byte {
	f.t.Helper()
	var out bytes.Buffer
	done, err := f.begin().Write(f.t.Context(), &out)
	if err != nil {
		f.t.Fatal(err)
	}
	if done.Entries < f.log.Head().Size {
		f.t.Fatalf("it holds %d entries of %d", done.Entries, f.log.Head().Size)
	}
	return out.Bytes()
}

// restore restores into a new folder and returns its path.
func restore(t testing.TB, archive []byte, o backup.Options) (string, verify.Verdict, error) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "data")
	}
	v, err := backup.Restore(t.Context(), bytes.NewReader(archive), o)
	if err != nil {
		for _, name := range []string{o.Dir, o.Dir + ".restoring"} {
			if _, statErr := os.Lstat(name); !errors.Is(statErr, fs.ErrNotExist) {
				t.Errorf("after %v there is %s: %v", err, name, statErr)
			}
		}
	}
	return o.Dir, v, err
}

// entriesOf is all that a journal holds, entry by entry.
func entriesOf(t testing.TB, s *journal.Store) []string {
	t.Helper()
	var out []string
	for e, err := range s.Read(t.Context(), 0, s.Head().Size) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s%x %x %v", e.Leaf(), e.Salt, e.Payload, e.Erased))
	}
	return out
}

func readAll(t testing.TB, r io.ReadCloser, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return raw
}
