// Package evidencetest runs collectors in tests and checks what holds for
// every artefact, whoever made it.
package evidencetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/evidence"
)

// Sink keeps bytes in files of a temporary folder. It is safe for concurrent
// use.
type Sink struct {
	dir string

	mu   sync.Mutex
	open int
	n    int
}

// NewSink makes one. The test fails if a draft is still open when it ends.
func NewSink(t testing.TB) *Sink {
	s := &Sink{dir: t.TempDir()}
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open != 0 {
			t.Errorf("%d drafts were neither kept nor discarded", s.open)
		}
	})
	return s
}

type draft struct {
	sink *Sink
	file *os.File
	sum  hash.Hash
}

// Create implements [evidence.Sink].
func (s *Sink) Create() (evidence.Draft, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	s.open++
	f, err := os.Create(filepath.Join(s.dir, fmt.Sprintf("draft-%d", s.n)))
	return &draft{s, f, sha256.New()}, err
}

// Write implements [io.Writer].
func (d *draft) Write(p []byte) (int, error) {
	d.sum.Write(p)
	return d.file.Write(p)
}

func (d *draft) end() error {
	d.sink.mu.Lock()
	defer d.sink.mu.Unlock()
	d.sink.open--
	return d.file.Close()
}

// Commit implements [evidence.Draft].
func (d *draft) Commit() (string, error) {
	digest := hex.EncodeToString(d.sum.Sum(nil))
	return digest, errors.Join(d.end(), os.Rename(d.file.Name(), filepath.Join(d.sink.dir, digest)))
}

// Discard implements [evidence.Draft].
func (d *draft) Discard() error { return errors.Join(d.end(), os.Remove(d.file.Name())) }

// Content is what was kept of an artefact.
func (s *Sink) Content(t testing.TB, a evidence.Artefact) string {
	t.Helper()
	digest, ok := strings.CutPrefix(a.Digest, "sha256:")
	if !ok {
		t.Fatalf("artefact %s has no content: %+v", a.Kind, a)
	}
	raw, err := os.ReadFile(filepath.Join(s.dir, digest))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Request is about an alert with these labels, at an hour before now.
func Request(now time.Time, labels map[string]string) evidence.Request {
	at := now.Add(-time.Hour).UTC()
	return evidence.Request{
		Incident: "INC-2026-0001", DetectedAt: at, From: at.Add(-30 * time.Minute), To: at.Add(30 * time.Minute),
		Alert: evidence.Alert{Labels: labels, StartsAt: at},
	}
}

// Collect runs one collector and returns its artefacts, checked.
func Collect(t testing.TB, sink *Sink, m evidence.Maker, req evidence.Request) []evidence.Artefact {
	t.Helper()
	c, err := m.Make()
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.NewRunner(sink, time.Now, c)
	if err != nil {
		t.Fatal(err)
	}
	var all []evidence.Artefact
	r.Run(t.Context(), req, r.Names(), func(o evidence.Outcome) { all = append(all, o.Artefacts...) })
	for _, a := range all {
		check(t, sink, c.Source(), a)
	}
	return all
}

// check holds an artefact to what its fields promise.
func check(t testing.TB, sink *Sink, s evidence.Source, a evidence.Artefact) {
	t.Helper()
	if a.Collector != s.Name || a.Kind == "" || a.CollectedAt.IsZero() {
		t.Errorf("nobody can tell what %+v is", a)
	}
	if a.Complete && (a.Error != "" || len(a.Gaps) > 0) || !a.Complete && a.Error == "" && len(a.Gaps) == 0 {
		t.Errorf("%s is complete=%t with error %q and gaps %v", a.Kind, a.Complete, a.Error, a.Gaps)
	}
	if a.Retry && a.Error == "" {
		t.Errorf("%s asks for another try and says no reason", a.Kind)
	}
	content := ""
	if a.Digest != "" {
		content = sink.Content(t, a)
	}
	if int64(len(content)) != a.Bytes || a.Bytes > s.MaxBytes {
		t.Errorf("%s has %d bytes in the record, %d in the sink, and may have %d", a.Kind, a.Bytes, len(content), s.MaxBytes)
	}
	end := int64(0)
	for _, p := range a.Parts {
		if p.Offset != end {
			t.Errorf("a part of %s begins at %d, the one before ends at %d", a.Kind, p.Offset, end)
		}
		end = p.Offset + p.Bytes
	}
	all := !slices.ContainsFunc(a.Warnings, func(w string) bool { return strings.Contains(w, "not listed") })
	if len(a.Parts) > 0 && all && end != a.Bytes {
		t.Errorf("the parts of %s end at %d of %d bytes", a.Kind, end, a.Bytes)
	}
}

// Of are the artefacts of a kind.
func Of(all []evidence.Artefact, kind string) []evidence.Artefact {
	var some []evidence.Artefact
	for _, a := range all {
		if a.Kind == kind {
			some = append(some, a)
		}
	}
	return some
}

// One is the only artefact of a kind.
func One(t testing.TB, all []evidence.Artefact, kind string) evidence.Artefact {
	t.Helper()
	some := Of(all, kind)
	if len(some) != 1 {
		t.Fatalf("%d artefacts of kind %s, want 1, in %+v", len(some), kind, all)
	}
	return some[0]
}
