package custody

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/incident"
	"nis2clock/internal/vault"
)

// small is a disk with room for so many bytes of an artefact.
type small struct {
	evidence.Sink
	room *atomic.Int64 // negative for enough
}

// Create implements [evidence.Sink].
func (s small) Create() (evidence.Draft, error) {
	d, err := s.Sink.Create()
	return &filling{Draft: d, room: s.room}, err
}

type filling struct {
	evidence.Draft
	room *atomic.Int64
	n    int64
}

// Write implements [evidence.Draft].
func (f *filling) Write(p []byte) (int, error) {
	if room := f.room.Load(); room >= 0 && f.n+int64(len(p)) > room {
		return 0, &os.PathError{Op: "write", Path: "draft", Err: syscall.ENOSPC}
	}
	f.n += int64(len(p))
	return f.Draft.Write(p)
}

// The disk fills up in the middle of an artefact: that is recorded with its
// reason, nothing half is kept, alerts are taken as before, and once there is room
// the capture is made again.
func TestDiskFullInMidArtefact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, vault.Options{})
		room := new(atomic.Int64)
		room.Store(100 << 10)
		runner, err := evidence.NewRunner(small{Sink(h.vault), room}, time.Now, says("prom", strings.Repeat("up 1\n", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		r := NewRounds(RoundsOptions{Desk: h.Desk, Runner: runner, Schedule: evidence.DefaultSchedule(), Vault: h.vault, Logger: logger(t)})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); r.Run(ctx) }()
		defer func() { cancel(); <-ended }()

		id := h.alert("Exfiltration")
		time.Sleep(time.Second)
		synctest.Wait()
		held := func() (out []incident.EvidenceView) {
			v, _ := h.Incident(id)
			return v.Evidence
		}
		if e := held(); len(e) != 1 || e[0].Complete || e[0].Digest != nil || !e[0].Retry || e[0].Error == nil || !strings.Contains(*e[0].Error, "no space left on device") {
			t.Fatalf("on a full disk: %+v", e)
		}
		if left, err := filepath.Glob(filepath.Join(h.dir, "*", "*")); err != nil || len(left) != 0 {
			t.Errorf("of the artefact there remain %v, %v", left, err)
		}
		if other := h.alert("Another"); other == id {
			t.Error("the next alert did not open an incident")
		}
		room.Store(-1)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if e := held(); len(e) != 2 || !e[1].Complete || e[1].Bytes != 500_000 {
			t.Errorf("once there is room: %+v", e)
		}
	})
}
