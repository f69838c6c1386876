package journal

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The paths of the specification, and nothing that looks like one.
func TestTilePaths(t *testing.T) {
	for path, want := range map[string]Tile{
		"0/000":                    {Width: 256},
		"63/999":                   {Level: 63, N: 999, Width: 256},
		"0/x001/x234/067":          {N: 1234067, Width: 256},
		"1/x001/000.p/255":         {Level: 1, N: 1000, Width: 255},
		"entries/000.p/1":          {Entries: true, Width: 1},
		"entries/x123/456":         {Entries: true, N: 123456, Width: 256},
		"0/x009/x223/x372/036.p/7": {N: 9223372036, Width: 7},
	} {
		if got, err := ParseTile(path); err != nil || got != want || got.String() != path {
			t.Errorf("%s: %+v (%s), %v, want %+v", path, got, got, err, want)
		}
	}
	for _, path := range []string{
		"", "0", "0/", "/000", "0/0", "0/1", "0/0000", "0/1000", "0/x000/001", "0/001/000", "0/x001", "0/x001/0", "00/000", "01/000", "64/000", "-1/000",
		"+1/000", "0/-01", "0/+01", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p", "0/000.p/1/2", "0/000/", "0//000", "0/x/000", "0/xx01/000",
		"entries", "entries/", "entries/0", "Entries/000", "entries/000.p/256", "0/x999/x999/x999/x999/x999/x999/999", "x/000", "0/000 ", "0/٠٠٠",
	} {
		if got, err := ParseTile(path); !errors.Is(err, ErrTile) {
			t.Errorf("%q is read as %+v, %v", path, got, err)
		}
	}
}

// tiles reads the tiles of a store by their paths, as a stranger does.
type tiles struct {
	t testing.TB
	s *Store
}

func (r tiles) Height() int { return tileHeight }

func (r tiles) ReadTiles(all []tlog.Tile) (out [][]byte, err error) {
	for _, t := range all {
		// tile/8/<L>/<N> of x/mod is <L>/<N> here.
		one, err := ParseTile(strings.TrimPrefix(t.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		data, err := r.s.Tile(one)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func (r tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// From the tiles, the checkpoint and the public key alone, every entry of every
// size is proven, and that each size begins with the smaller ones.
func TestTilesProveEverything(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{NoSync: true})
	verifier, err := note.NewVerifier(s.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	var older tlog.Tree
	for _, n := range []int{1, 254, 1, 1, 255, 65_024, 300} { // to 1, 255, 256, 257, 512, 65 536 and 65 836
		mustAppend(t, s, batch(n, 1)...)
		msg, err := note.Open(s.Checkpoint(), note.VerifierList(verifier))
		if err != nil {
			t.Fatal(err)
		}
		tree, err := tlog.ParseTree([]byte(strings.Replace(msg.Text, s.key.verifier.Name()+"\n", "go.sum database tree\n", 1)))
		if err != nil {
			t.Fatal(err)
		}
		hashes := tlog.TileHashReader(tree, tiles{t, s})
		for _, seq := range []int64{0, tree.N / 2, tree.N - 1} {
			proof, err := tlog.ProveRecord(tree.N, seq, hashes)
			if err != nil {
				t.Fatalf("entry %d of %d: %v", seq, tree.N, err)
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, seq, tlog.RecordHash(leafAt(t, s, uint64(seq)))); err != nil {
				t.Errorf("entry %d of %d: %v", seq, tree.N, err)
			}
		}
		if older.N > 0 {
			proof, err := tlog.ProveTree(tree.N, older.N, hashes)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
				t.Errorf("%d in %d: %v", older.N, tree.N, err)
			}
		}
		older = tree
	}
}

// leafAt is a leaf out of the bundle that it lies in.
func leafAt(t *testing.T, s *Store, seq uint64) []byte {
	t.Helper()
	width := min(tileWidth, s.Head().Size-seq/tileWidth*tileWidth)
	data, err := s.Tile(Tile{Entries: true, N: seq / tileWidth, Width: int(width)})
	if err != nil {
		t.Fatal(err)
	}
	for n := uint64(0); ; n++ {
		size := binary.BigEndian.Uint16(data)
		leaf, rest := data[2:2+size], data[2+size:]
		if n == seq%tileWidth {
			return leaf
		}
		data = rest
	}
}

// What the log has not grown to is not there, also where numbers would overflow.
func TestTilesBeyondTheEnd(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{NoSync: true})
	mustAppend(t, s, batch(300, 1)...)
	for path, there := range map[string]bool{
		"0/000": true, "0/000.p/255": true, "0/001.p/44": true, "0/001.p/45": false, "0/001": false, "0/002.p/1": false,
		"1/000.p/1": true, "1/000.p/2": false, "1/000": false, "2/000.p/1": false, "63/000.p/1": false, "entries/001.p/44": true, "entries/001.p/45": false,
		"entries/000": true, "0/x036/x028/x797/x018/x963/967": false, "0/x009/x223/x372/x036/x854/x775/807": false,
	} {
		one, err := ParseTile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, err := s.Tile(one)
		if there != (err == nil) || !there && !errors.Is(err, ErrRange) || there && !one.Entries && len(data) != 32*one.Width {
			t.Errorf("%s: %d bytes, %v", path, len(data), err)
		}
	}
}

// A bundle is the same after its payloads were erased.
func TestBundleOfErasedEntries(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{NoSync: true})
	mustAppend(t, s, batch(10, 20)...)
	one := Tile{Entries: true, Width: 10}
	before, err := s.Tile(one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(t.Context(), 10, batch(1, 1)[0], []uint64{3, 4}, "Art. 17(1)(d) GDPR"); err != nil {
		t.Fatal(err)
	}
	if after, err := s.Tile(one); err != nil || string(after) != string(before) {
		t.Errorf("%d bytes became %d, %v", len(before), len(after), err)
	}
}
