package journal

import (
	"encoding/hex"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// The leaves and roots of the tests of Certificate Transparency's reference
// implementation (google/certificate-transparency, merkle_tree_test.cc).
func TestTailComputesRFC6962Trees(t *testing.T) {
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	grown := newTail(nil, 0, len(leaves))
	for i, leaf := range leaves {
		data, err := hex.DecodeString(leaf)
		if err != nil {
			t.Fatal(err)
		}
		if err := grown.add(uint64(i), tlog.RecordHash(data)); err != nil {
			t.Fatal(err)
		}
		root, err := tlog.TreeHash(int64(i+1), grown)
		if got := hex.EncodeToString(root[:]); err != nil || got != roots[i] {
			t.Errorf("root of %d leaves is %s (%v), want %s", i+1, got, err, roots[i])
		}
	}
}

func TestProofs(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{NoSync: true})
	for _, n := range []int{1, 2, 30, 4, 1} {
		mustAppend(t, s, batch(n, 10)...)
	}
	for size := int64(1); size <= 38; size++ {
		root, err := s.Root(uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		for e, err := range s.Read(t.Context(), 0, uint64(size)) {
			if err != nil {
				t.Fatal(err)
			}
			proof, err := tlog.ProveRecord(size, int64(e.Seq), s)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(proof, size, root, int64(e.Seq), tlog.RecordHash(e.Leaf())); err != nil {
				t.Errorf("entry %d in %d: %v", e.Seq, size, err)
			}
			e.Kind += "!"
			if tlog.CheckRecord(proof, size, root, int64(e.Seq), tlog.RecordHash(e.Leaf())) == nil {
				t.Errorf("entry %d in %d: a changed leaf is proved as well", e.Seq, size)
			}
		}
		newer, err := tlog.ProveTree(38, size, s)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(newer, 38, s.Head().Root, size, root); err != nil {
			t.Errorf("tree of 38 does not continue that of %d: %v", size, err)
		}
	}
	if _, err := s.Root(39); !errors.Is(err, ErrRange) {
		t.Errorf("root of 39 returned %v, want ErrRange", err)
	}
}
