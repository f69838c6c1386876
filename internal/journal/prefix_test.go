package journal_test

import (
	"bytes"
	"testing"

	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
)

// Verify shows each entry, and the roots of all earlier sizes are those that
// the store knew then.
func TestVerifyShowsEntriesAndPrefixes(t *testing.T) {
	dir := t.TempDir()
	s, err := journal.Open(dir, journal.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	const n = 300
	batch := journaltest.Batch(1, n)
	want := map[uint64]journal.Head{}
	for i := range batch {
		head, err := s.Append(t.Context(), uint64(i), batch[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		want[head.Size] = head
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	v, err := journal.Verify(dir, journal.VerifyOptions{
		Entry: func(e journal.Entry) {
			if e.Seq != uint64(seen) || e.Kind != batch[seen].Kind || e.Incident != batch[seen].Incident || !bytes.Equal(e.Payload, batch[seen].Payload) {
				t.Errorf("entry %d is shown as %+v", seen, e)
			}
			seen++
		},
		Prefixes: func() []uint64 {
			sizes := []uint64{n + 1}
			for size := range want {
				sizes = append(sizes, size)
			}
			return sizes
		},
	})
	if err != nil || v.State != journal.Consistent || seen != n || len(v.Prefixes) != n {
		t.Fatalf("%v, %v: %d entries and %d roots, want %d", v.State, err, seen, len(v.Prefixes), n)
	}
	for size, head := range want {
		if v.Prefixes[size] != head.Root {
			t.Errorf("root of %d entries is %v, want %v", size, v.Prefixes[size], head.Root)
		}
	}
}
