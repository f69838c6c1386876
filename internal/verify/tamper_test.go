package verify_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"
)

// held is a record that is not in use any more, whose files can be changed and
// put back.
type held struct {
	*record
	t     *testing.T
	files map[string]string
}

func hold(t *testing.T) *held {
	t.Helper()
	r := newRecord(t, vault.Options{})
	for range 100 {
		r.do(incident.AddNote{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, ID: r.id, Text: "what was done about it"})
	}
	r.release()
	// Pages that are free keep older copies of entries, and behind the last page
	// the file is empty, since it grows by 16 MiB at a time. Both go, so that
	// whatever is changed or cut below is of use.
	if _, _, err := journal.Compact(r.dir, journal.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(r.dir, "journal.db")
	raw, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	used := (len(bytes.TrimRight(raw, "\x00")) + page - 1) / page * page
	if err := os.Truncate(db, int64(used)); err != nil {
		t.Fatal(err)
	}
	if v := r.verify(verify.Options{}); v.State != verify.Consistent {
		t.Fatalf("untouched it is %v: %v", v.State, v.Problems)
	}
	return &held{record: r, t: t, files: contents(t, r.dir)}
}

// with is the verdict on the folder while one file of it has other content; nil
// for none.
func (h *held) with(path string, content []byte) verify.Verdict {
	h.t.Helper()
	defer func() {
		h.t.Helper()
		if err := os.WriteFile(path, []byte(h.files[path]), 0o600); err != nil {
			h.t.Fatal(err)
		}
	}()
	var err error
	if content == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	v, err := verify.Folder(h.t.Context(), h.dir, verify.Options{Key: h.log.VerifierKey()})
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// One flipped bit anywhere in an entry, an artefact or a signed head is found, and
// what holds it is named.
func TestFlippedBitInAnyFile(t *testing.T) {
	h := hold(t)
	rng := rand.New(rand.NewPCG(2555, 2022))
	seen := map[string]int{}
	for path, content := range h.files {
		name, err := filepath.Rel(h.dir, path)
		if err != nil {
			t.Fatal(err)
		}
		for range min(60, len(content)) {
			at := rng.IntN(len(content))
			if name == "journal.db" { // a byte of an entry: others may be of no use
				start := strings.Index(content[at:], "what was done about it")
				if start < 0 {
					continue
				}
				at += start + rng.IntN(22)
			}
			changed := []byte(content)
			changed[at] ^= 1 << rng.IntN(8)
			v := h.with(path, changed)
			switch {
			case name == "journal.key": // no part of the record
				continue
			case name == "journal.pub": // the key that was given counts
				if v.State != verify.Consistent {
					t.Errorf("%s, byte %d: %v %v", name, at, v.State, v.Problems)
				}
			case v.State != verify.Altered || len(v.Problems) == 0:
				t.Errorf("%s, byte %d: %v %v", name, at, v.State, v.Problems)
			case name == "journal.db" && (v.Problems[0].Entry == nil || !strings.Contains(v.Problems[0].What, "payload does not match")),
				name != "journal.db" && !strings.Contains(v.Problems[0].String(), filepath.ToSlash(name)):
				t.Errorf("%s, byte %d is said to be: %v", name, at, v.Problems)
			}
			seen[filepath.Base(name)]++
		}
	}
	if len(seen) != 3+3 { // journal.db, .pub and .checkpoint, and three artefacts
		t.Errorf("looked at %v", seen)
	}
}

// A journal that was cut at any length, or is an older one, is not taken for
// whole; and neither is a folder that lacks any file of the record.
func TestCutJournalAndMissingFiles(t *testing.T) {
	h := hold(t)
	db := filepath.Join(h.dir, "journal.db")
	whole := []byte(h.files[db])
	rng := rand.New(rand.NewPCG(2555, 2022))
	lengths := []int{0, 1, len(whole) - 1}
	for range 60 {
		at := rng.IntN(len(whole))
		lengths = append(lengths, at, at/os.Getpagesize()*os.Getpagesize())
	}
	for _, n := range lengths {
		if v := h.with(db, bytes.Clone(whole[:n:n])); v.State != verify.Altered || len(v.Problems) == 0 || !strings.Contains(v.Problems[0].String(), "journal.db") {
			t.Errorf("cut to %d bytes of %d: %v %v", n, len(whole), v.State, v.Problems)
		}
	}
	for path := range h.files {
		v := h.with(path, nil)
		switch name := filepath.Base(path); {
		case name == "journal.key", name == "journal.pub": // the key was given
			if v.State != verify.Consistent {
				t.Errorf("without %s: %v %v", name, v.State, v.Problems)
			}
		case name == "journal.checkpoint": // it tells of no entry, but of those that may be gone
			if v.State != verify.Consistent || len(v.Notes) != 1 || !strings.Contains(v.Notes[0], "journal.checkpoint is missing") {
				t.Errorf("without %s: %v %v", name, v.State, v.Notes)
			}
		case name == "journal.db":
			if v.State != verify.Altered || !strings.Contains(v.Problems[0].String(), name) {
				t.Errorf("without %s: %v %v", name, v.State, v.Problems)
			}
		default:
			if v.State != verify.Missing || !strings.Contains(v.Problems[0].String(), name) || v.Problems[0].Entry == nil {
				t.Errorf("without %s: %v %v", name, v.State, v.Problems)
			}
		}
	}
}

// An older copy of the journal in the place of the newer one lacks entries, and
// the head beside it says so.
func TestOlderJournal(t *testing.T) {
	r := newRecord(t, vault.Options{})
	db := filepath.Join(r.dir, "journal.db")
	older, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	size := r.log.Head().Size
	for range 3 {
		r.do(incident.AddNote{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, ID: r.id, Text: "to be forgotten"})
	}
	r.release()
	if err := os.WriteFile(db, older, 0o600); err != nil {
		t.Fatal(err)
	}
	v := r.verify(verify.Options{})
	if v.State != verify.Altered || len(v.Problems) == 0 || v.Problems[0].Entry == nil || *v.Problems[0].Entry != size || !strings.Contains(v.Problems[0].What, "the last 3 entries are missing") {
		t.Errorf("%v: %v", v.State, v.Problems)
	}
}
