// Package journaltest holds what every journal.Log must do, as tests, and a journal for
// the tests of other packages.
package journaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"nis2clock/internal/journal"
)

// Open returns a new journal in a folder of its own, for one test. When the test
// ends the journal is closed, and the test fails unless Verify finds it consistent.
func Open(t testing.TB) *journal.Store {
	t.Helper()
	dir := t.TempDir()
	s, err := journal.Open(dir, journal.Options{Name: "journaltest", NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		size := s.Head().Size
		if err := s.Close(); err != nil {
			t.Errorf("close journal: %v", err)
		}
		Consistent(t, dir, size)
	})
	return s
}

// Consistent fails the test unless Verify finds the journal in dir consistent, with
// size entries.
func Consistent(t testing.TB, dir string, size uint64) {
	t.Helper()
	v, err := journal.Verify(dir, journal.VerifyOptions{})
	if err != nil {
		t.Errorf("verify journal: %v", err)
		return
	}
	if v.State != journal.Consistent || v.Size != size {
		t.Errorf("journal of %d entries is %v with %d entries: %v", size, v.State, v.Size, v.Problems)
	}
}

// Batch returns n records that differ from each other and from those of other seeds.
func Batch(seed, n int) []journal.Record {
	records := make([]journal.Record, n)
	for i := range records {
		r := &records[i]
		r.At = time.Date(2026, 11, 22, 2, 14, 0, seed*1000+i, time.FixedZone("", 3600))
		r.Kind = fmt.Sprintf("test.happened/v%d", 1+i%3)
		if i%4 != 3 {
			r.Incident = fmt.Sprintf("INC-2026-%04d", seed)
		}
		r.Payload = bytes.Repeat([]byte{byte(seed), byte(i)}, i%7*10)
	}
	return records
}

// Run checks that the logs open returns, each of them empty, are a [journal.Log]. open
// registers what closes and verifies the log with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) journal.Log) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, log journal.Log)
	}{
		{"a new log is empty", testEmpty},
		{"entries come back as they were appended", testRoundTrip},
		{"heads are roots of the RFC 6962 tree", testHeads},
		{"appending nothing changes nothing", testAppendNothing},
		{"append at another size is refused", testSizeConflict},
		{"of writers at one size exactly one succeeds", testRace},
		{"a batch with one bad record leaves nothing", testBadRecord},
		{"an append with an ended context leaves nothing", testAppendCancelled},
		{"a range outside the log is refused", testRange},
		{"an empty range yields nothing", testEmptyRange},
		{"a read can be left", testBreak},
		{"a read ends with its context", testReadCancelled},
		{"a read loop may append", testAppendWhileReading},
		{"entries are the reader's own copies", testCopies},
		{"readers see whole batches while a writer appends", testConcurrent},
		{"follow yields what is there and what comes", testFollow},
		{"follow ends with its context", testFollowCancelled},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := open(t)
			t.Cleanup(func() { wellFormed(t, log) })
			test.run(t, log)
		})
	}
}

// wellFormed reads the whole log and computes its tree anew.
func wellFormed(t *testing.T, log journal.Log) {
	// The test's own context has ended when its cleanup runs.
	entries := readAll(t, context.Background(), log, 0, log.Head().Size)
	if got, want := rootOf(t, entries), log.Head().Root; got != want {
		t.Errorf("tree of the entries has root %v, the head says %v", got, want)
	}
}

// rootOf computes the root of RFC 6962 section 2.1, recursively as it stands there.
func rootOf(t *testing.T, entries []journal.Entry) tlog.Hash {
	t.Helper()
	if len(entries) == 0 {
		root, err := tlog.TreeHash(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	if len(entries) == 1 {
		return tlog.RecordHash(entries[0].Leaf())
	}
	k := 1 << (bits.Len(uint(len(entries)-1)) - 1) // largest power of two below the length
	return tlog.NodeHash(rootOf(t, entries[:k]), rootOf(t, entries[k:]))
}

func readAll(t *testing.T, ctx context.Context, log journal.Log, from, to uint64) []journal.Entry {
	t.Helper()
	var entries []journal.Entry
	for e, err := range log.Read(ctx, from, to) {
		if err != nil {
			t.Fatalf("read [%d, %d): %v", from, to, err)
		}
		entries = append(entries, e)
	}
	return entries
}

func mustAppend(t *testing.T, log journal.Log, batch []journal.Record) journal.Head {
	t.Helper()
	head, err := log.Append(t.Context(), log.Head().Size, batch)
	if err != nil {
		t.Fatalf("append %d records: %v", len(batch), err)
	}
	return head
}

// records turns entries back into what was appended, with times in UTC.
func records(entries []journal.Entry) []journal.Record {
	records := make([]journal.Record, len(entries))
	for i, e := range entries {
		records[i] = journal.Record{At: e.At, Kind: e.Kind, Incident: e.Incident, Payload: e.Payload}
	}
	return records
}

func inUTC(batch []journal.Record) []journal.Record {
	utc := append([]journal.Record(nil), batch...)
	for i := range utc {
		utc[i].At = utc[i].At.UTC()
	}
	return utc
}

func testEmpty(t *testing.T, log journal.Log) {
	if got := log.Head().Size; got != 0 {
		t.Errorf("size is %d, want 0", got)
	}
	if got := readAll(t, t.Context(), log, 0, 0); len(got) != 0 {
		t.Errorf("read yields %v", got)
	}
}

// written is the batch with every second payload written by a function.
func written(batch []journal.Record) []journal.Record {
	batch = slices.Clone(batch)
	for i := 1; i < len(batch); i += 2 {
		payload := batch[i].Payload
		batch[i].Payload = []byte("not this")
		batch[i].Write = func(b []byte) ([]byte, error) { return append(b, payload...), nil }
	}
	return batch
}

func testRoundTrip(t *testing.T, log journal.Log) {
	batch := append(Batch(1, 70), journal.Record{
		At: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), Kind: "κίνδος „ẞ“/v1", Incident: "ü 1", Payload: []byte("\x00\n\xff"),
	}, journal.Record{At: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), Kind: "k", Payload: []byte{}})
	batch[3].Payload = bytes.Repeat([]byte("long"), 100_000) // longer than any room made beforehand
	head := mustAppend(t, log, written(batch))
	if head.Size != uint64(len(batch)) || head != log.Head() {
		t.Errorf("append returned head %v, the log has %v, want size %d", head, log.Head(), len(batch))
	}
	entries := readAll(t, t.Context(), log, 0, head.Size)
	want := inUTC(batch)
	for i := range want {
		if want[i].Payload == nil {
			want[i].Payload = []byte{}
		}
	}
	if diff := cmp.Diff(records(entries), want); diff != "" {
		t.Errorf("entries differ from what was appended (-got +want):\n%s", diff)
	}
	salts := map[[32]byte]bool{}
	for i, e := range entries {
		if e.Seq != uint64(i) || e.Erased || e.At.Location() != time.UTC {
			t.Errorf("entry %d: seq %d, erased %v, zone %v", i, e.Seq, e.Erased, e.At.Location())
		}
		salts[e.Salt] = true
	}
	if len(salts) != len(entries) {
		t.Errorf("%d entries have %d salts", len(entries), len(salts))
	}
}

func testHeads(t *testing.T, log journal.Log) {
	for i, n := range []int{1, 1, 1, 2, 3, 5, 1, 17, 33} {
		head := mustAppend(t, log, Batch(i, n))
		if want := rootOf(t, readAll(t, t.Context(), log, 0, head.Size)); head.Root != want {
			t.Errorf("root of size %d is %v, want %v", head.Size, head.Root, want)
		}
	}
}

func testAppendNothing(t *testing.T, log journal.Log) {
	want := mustAppend(t, log, Batch(1, 3))
	for _, batch := range [][]journal.Record{nil, {}} {
		got, err := log.Append(t.Context(), 3, batch)
		if err != nil || got != want || log.Head() != want {
			t.Errorf("append of nothing returned %v and %v, want %v", got, err, want)
		}
	}
	if _, err := log.Append(t.Context(), 2, nil); !errors.Is(err, journal.ErrSize) {
		t.Errorf("append of nothing at another size returned %v, want ErrSize", err)
	}
}

func testSizeConflict(t *testing.T, log journal.Log) {
	want := mustAppend(t, log, Batch(1, 5))
	for _, size := range []uint64{0, 4, 6, 1 << 63, 1<<64 - 1} {
		if _, err := log.Append(t.Context(), size, Batch(2, 1)); !errors.Is(err, journal.ErrSize) {
			t.Errorf("append at size %d returned %v, want ErrSize", size, err)
		}
	}
	if log.Head() != want {
		t.Errorf("head became %v, want %v", log.Head(), want)
	}
}

func testRace(t *testing.T, log journal.Log) {
	const writers, rounds = 8, 20
	for round := range rounds {
		size := log.Head().Size
		won := make(chan int, writers)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				_, err := log.Append(t.Context(), size, Batch(round, 1+w))
				if err == nil {
					won <- 1 + w
				} else if !errors.Is(err, journal.ErrSize) {
					t.Errorf("append: %v", err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d writers succeeded at size %d, want 1", len(won), size)
		}
		if got, want := log.Head().Size, size+uint64(<-won); got != want {
			t.Fatalf("size is %d, want %d", got, want)
		}
	}
}

func testBadRecord(t *testing.T, log journal.Log) {
	want := mustAppend(t, log, Batch(1, 2))
	good := Batch(2, 1)[0]
	for name, spoil := range map[string]func(*journal.Record){
		"zero time":               func(r *journal.Record) { r.At = time.Time{} },
		"year 10000":              func(r *journal.Record) { r.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 0":                  func(r *journal.Record) { r.At = time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC) },
		"empty kind":              func(r *journal.Record) { r.Kind = "" },
		"newline in kind":         func(r *journal.Record) { r.Kind = "a\nb" },
		"control in kind":         func(r *journal.Record) { r.Kind = "a\x7f" },
		"kind is not UTF-8":       func(r *journal.Record) { r.Kind = "a\xff" },
		"long kind":               func(r *journal.Record) { r.Kind = strings.Repeat("k", journal.MaxName+1) },
		"the journal's own kind":  func(r *journal.Record) { r.Kind = "journal.erased/v1" },
		"newline in incident":     func(r *journal.Record) { r.Incident = "INC\n1" },
		"tab in incident":         func(r *journal.Record) { r.Incident = "INC\t1" },
		"C1 control in incident":  func(r *journal.Record) { r.Incident = "INC\u0085" },
		"incident that says none": func(r *journal.Record) { r.Incident = "-" },
		"large payload":           func(r *journal.Record) { r.Payload = make([]byte, journal.MaxPayload+1) },
		"large written payload": func(r *journal.Record) {
			r.Write = func(b []byte) ([]byte, error) { return append(b, make([]byte, journal.MaxPayload+1)...), nil }
		},
		"payload that cannot be written": func(r *journal.Record) {
			r.Write = func(b []byte) ([]byte, error) { return append(b, "half"...), errors.New("no such text") }
		},
	} {
		bad := good
		spoil(&bad)
		if _, err := log.Append(t.Context(), 2, []journal.Record{good, bad, good}); !errors.Is(err, journal.ErrRecord) {
			t.Errorf("%s: append returned %v, want ErrRecord", name, err)
		}
	}
	if log.Head() != want {
		t.Errorf("head became %v, want %v", log.Head(), want)
	}
}

func testAppendCancelled(t *testing.T, log journal.Log) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := log.Append(ctx, 0, Batch(1, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("append returned %v, want context.Canceled", err)
	}
	if got := log.Head().Size; got != 0 {
		t.Errorf("size became %d", got)
	}
}

func testRange(t *testing.T, log journal.Log) {
	mustAppend(t, log, Batch(1, 5))
	for _, r := range [][2]uint64{{0, 6}, {5, 6}, {6, 6}, {3, 2}, {1<<64 - 1, 0}, {0, 1<<64 - 1}} {
		n := 0
		for e, err := range log.Read(t.Context(), r[0], r[1]) {
			n++
			if !errors.Is(err, journal.ErrRange) || !cmp.Equal(e, journal.Entry{}) {
				t.Errorf("read [%d, %d) yielded %v and %v, want ErrRange", r[0], r[1], e, err)
			}
		}
		if n != 1 {
			t.Errorf("read [%d, %d) yielded %d times, want once", r[0], r[1], n)
		}
	}
	for _, err := range log.Follow(t.Context(), 6) {
		if !errors.Is(err, journal.ErrRange) {
			t.Errorf("follow from 6 yielded %v, want ErrRange", err)
		}
	}
}

func testEmptyRange(t *testing.T, log journal.Log) {
	mustAppend(t, log, Batch(1, 5))
	for _, at := range []uint64{0, 3, 5} {
		if got := readAll(t, t.Context(), log, at, at); len(got) != 0 {
			t.Errorf("read [%d, %d) yielded %d entries", at, at, len(got))
		}
	}
}

func testBreak(t *testing.T, log journal.Log) {
	mustAppend(t, log, Batch(1, 50))
	for range log.Read(t.Context(), 0, 50) {
		break
	}
	for range log.Follow(t.Context(), 0) {
		break
	}
	mustAppend(t, log, Batch(2, 50)) // nothing is held
}

func testReadCancelled(t *testing.T, log journal.Log) {
	mustAppend(t, log, Batch(1, 50))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range log.Read(ctx, 0, 50) {
		if last = err; err == nil {
			n++
		}
		if n == 7 {
			cancel()
		}
	}
	if n != 7 || !errors.Is(last, context.Canceled) {
		t.Errorf("read yielded %d entries and ended with %v, want 7 and context.Canceled", n, last)
	}
	for _, err := range log.Read(ctx, 0, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("an empty read with an ended context yielded %v", err)
		}
	}
}

func testAppendWhileReading(t *testing.T, log journal.Log) {
	mustAppend(t, log, Batch(1, 20))
	for e, err := range log.Read(t.Context(), 0, 20) {
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, log, Batch(int(e.Seq), 30))
	}
	if got, want := log.Head().Size, uint64(20+20*30); got != want {
		t.Errorf("size is %d, want %d", got, want)
	}
}

func testCopies(t *testing.T, log journal.Log) {
	batch := Batch(1, 20)
	mustAppend(t, log, batch)
	before := readAll(t, t.Context(), log, 0, 20)
	for _, list := range [][]journal.Record{batch, records(before)} {
		for _, r := range list {
			for i := range r.Payload {
				r.Payload[i] ^= 0xff
			}
		}
	}
	mustAppend(t, log, Batch(2, 200))
	after := readAll(t, t.Context(), log, 0, 20)
	if diff := cmp.Diff(records(after), inUTC(Batch(1, 20))); diff != "" {
		t.Errorf("a caller's write reached the log (-got +want):\n%s", diff)
	}
}

func testConcurrent(t *testing.T, log journal.Log) {
	const batches, each = 100, 10
	ctx, done := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				head := log.Head()
				if head.Size%each != 0 {
					t.Errorf("head of size %d splits a batch", head.Size)
				}
				// Not readAll: Fatal is for the test's own goroutine.
				next := uint64(0)
				for e, err := range log.Read(t.Context(), 0, head.Size) {
					if err != nil || e.Seq != next {
						t.Errorf("read yielded entry %d and %v, want entry %d", e.Seq, err, next)
						return
					}
					next++
				}
				if next != head.Size {
					t.Errorf("read %d entries of %d", next, head.Size)
				}
			}
		})
	}
	for i := range batches {
		mustAppend(t, log, Batch(i, each))
	}
	done()
	wg.Wait()
}

func testFollow(t *testing.T, log journal.Log) {
	mustAppend(t, log, Batch(0, 10))
	const batches, each, followers = 20, 10, 3
	var wg sync.WaitGroup
	for f := range uint64(followers) {
		wg.Go(func() {
			next := 4 * f
			for e, err := range log.Follow(t.Context(), next) {
				if err != nil || e.Seq != next {
					t.Errorf("follow yielded entry %d and %v, want entry %d", e.Seq, err, next)
					return
				}
				if next++; next == 10+batches*each {
					return
				}
			}
		})
	}
	for i := range batches {
		mustAppend(t, log, Batch(1+i, each))
	}
	wg.Wait()
}

func testFollowCancelled(t *testing.T, log journal.Log) {
	mustAppend(t, log, Batch(0, 3))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for e, err := range log.Follow(ctx, 0) {
		if last = err; err == nil {
			n++
		}
		if e.Seq == 2 {
			cancel() // before it waits, or while it does
		}
	}
	if n != 3 || !errors.Is(last, context.Canceled) {
		t.Errorf("follow yielded %d entries and ended with %v, want 3 and context.Canceled", n, last)
	}
}
