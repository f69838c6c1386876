package web_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nis2clock/internal/access"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// stranger has the service's address and its public key, and no code of ours.
type stranger struct {
	t        *testing.T
	url      string
	verifier note.Verifier
	bend     func(path string, data []byte) // what somebody on the way changes
}

func newStranger(s *service) *stranger {
	s.t.Helper()
	key, err := os.ReadFile(filepath.Join(s.dir, "journal.pub"))
	if err != nil {
		s.t.Fatal(err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		s.t.Fatal(err)
	}
	return &stranger{t: s.t, url: s.URL(), verifier: verifier, bend: func(string, []byte) {}}
}

func (o *stranger) get(path, token string) []byte {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), "GET", o.url+path, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	var b strings.Builder
	if _, err := copyAll(&b, resp); err != nil {
		o.t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		o.t.Fatalf("%s: %s %s", path, resp.Status, b.String())
	}
	data := []byte(b.String())
	o.bend(path, data)
	return data
}

// tree reads a signed head.
func (o *stranger) tree(signed string) tlog.Tree {
	o.t.Helper()
	n, err := note.Open([]byte(signed), note.VerifierList(o.verifier))
	if err != nil {
		o.t.Fatal(err)
	}
	lines := strings.Split(n.Text, "\n")
	var tree tlog.Tree
	if _, err := fmt.Sscan(lines[1], &tree.N); err != nil {
		o.t.Fatal(err)
	}
	if tree.Hash, err = tlog.ParseHash(lines[2]); err != nil {
		o.t.Fatal(err)
	}
	return tree
}

// Height implements [tlog.TileReader].
func (o *stranger) Height() int { return 8 }

// ReadTiles implements [tlog.TileReader].
func (o *stranger) ReadTiles(all []tlog.Tile) (out [][]byte, err error) {
	for _, t := range all {
		out = append(out, o.get(strings.Replace(t.Path(), "tile/8/", "/tile/", 1), ""))
	}
	return out, nil
}

// SaveTiles implements [tlog.TileReader].
func (o *stranger) SaveTiles([]tlog.Tile, [][]byte) {}

// leaves are those of a whole log, which an administrator may read.
func (o *stranger) leaves(size int64, token string) (out []string) {
	o.t.Helper()
	for from := int64(0); from < size; from += 256 {
		path := fmt.Sprintf("/tile/entries/%03d", from/256)
		if size-from < 256 {
			path += fmt.Sprintf(".p/%d", size-from)
		}
		for data := o.get(path, token); len(data) > 0; {
			n := int(binary.BigEndian.Uint16(data)) + 2
			out, data = append(out, string(data[2:n])), data[n:]
		}
	}
	return out
}

// storm is so many alerts in one body, each an incident of its own.
func (s *service) storm(n int, name string) {
	s.t.Helper()
	var alerts []string
	for i := range n {
		alerts = append(alerts, fmt.Sprintf(`{"status":"firing","startsAt":"2026-01-02T03:04:05Z","labels":{"alertname":"%s%d","nis2_reportable":"true"}}`, name, i))
	}
	if a := s.send("POST", "/webhook/alertmanager", s.intake, `{"version":"4","alerts":[`+strings.Join(alerts, ",")+`]}`); a.StatusCode != 200 {
		s.t.Fatalf("%s %s", a.Status, a.body)
	}
}

// With the log's paths and the public key alone a stranger proves that each entry
// is in the log, and that the log of today begins with the one of yesterday; and
// notices one changed byte on the way. The leaves need an administrator's token.
func TestStrangerProvesTheLog(t *testing.T) {
	s := start(t)
	o := newStranger(s)
	s.storm(300, "A")
	yesterday := o.tree(string(o.get("/checkpoint", "")))
	s.storm(300, "B")
	today := o.tree(string(o.get("/checkpoint", "")))
	if today.N <= yesterday.N || yesterday.N < 300 {
		t.Fatalf("%d entries, then %d", yesterday.N, today.N)
	}
	hashes := tlog.TileHashReader(today, o)
	leaves := o.leaves(today.N, s.admin)
	if int64(len(leaves)) != today.N {
		t.Fatalf("%d leaves of %d", len(leaves), today.N)
	}
	for seq, leaf := range leaves {
		proof, err := tlog.ProveRecord(today.N, int64(seq), hashes)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, today.N, today.Hash, int64(seq), tlog.RecordHash([]byte(leaf))); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
		if !strings.HasPrefix(leaf, fmt.Sprintf("nis2clock-entry/v1\n%d\n", seq)) {
			t.Errorf("entry %d is %q", seq, leaf)
		}
	}
	proof, err := tlog.ProveTree(today.N, yesterday.N, hashes)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(proof, today.N, today.Hash, yesterday.N, yesterday.Hash); err != nil {
		t.Error(err)
	}

	o.bend = func(path string, data []byte) {
		if path == "/tile/0/001" {
			data[100] ^= 1
		}
	}
	if _, err := tlog.ProveRecord(today.N, 300, hashes); err == nil {
		t.Error("a changed tile is believed")
	}
}

// The proofs that the service computes are those that the log's head needs.
func TestProofs(t *testing.T) {
	s := start(t)
	o := newStranger(s)
	responder := s.token(access.Responder, "ben")
	s.storm(20, "A")
	leaves := o.leaves(21, s.admin)
	type answered struct {
		Entry      *int64
		LeafHash   tlog.Hash `json:"leaf_hash"`
		Old        *int64
		Size       int64
		Proof      []tlog.Hash
		Checkpoint string
	}
	ask := func(query string) (a answered) {
		t.Helper()
		if err := json.Unmarshal(o.get("/api/v1/proof?"+query, responder), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, size := range []int64{1, 8, 13, 21} {
		for seq := range size {
			if seq%3 != 0 && seq != size-1 {
				continue
			}
			a := ask(fmt.Sprintf("entry=%d&size=%d", seq, size))
			tree := o.tree(a.Checkpoint)
			if tree.N != size || a.Size != size || a.Entry == nil || *a.Entry != seq || a.Old != nil || a.LeafHash != tlog.RecordHash([]byte(leaves[seq])) {
				t.Fatalf("%+v", a)
			}
			if err := tlog.CheckRecord(a.Proof, size, tree.Hash, seq, a.LeafHash); err != nil {
				t.Errorf("entry %d of %d: %v", seq, size, err)
			}
		}
	}
	newer := ask("old=13")
	older, tree := o.tree(ask("entry=0&size=13").Checkpoint), o.tree(newer.Checkpoint)
	if err := tlog.CheckTree(newer.Proof, tree.N, tree.Hash, older.N, older.Hash); err != nil || tree.N <= 21 || newer.Entry != nil {
		t.Errorf("13 in %d: %v", tree.N, err)
	}
	for query, want := range map[string]int{
		"": 400, "entry=1&old=1": 400, "size=3": 400, "entry=-1": 400, "entry=x": 400, "entry=": 400, "entry=1&size=y": 400, "entry=99999999999999999999": 400,
		"entry=9&size=9": 404, "entry=0&size=0": 404, "entry=0&size=5000": 404, "old=0": 404, "old=5000": 404, "old=9&size=8": 404,
	} {
		if a := s.api("GET", "/proof?"+query, ""); a.StatusCode != want {
			t.Errorf("%s: %s %s, want %d", query, a.Status, a.body, want)
		}
	}
}

// Tiles are for everybody and may be kept; leaves are for administrators and may not.
func TestTilesAndWhoReadsThem(t *testing.T) {
	s := start(t)
	s.storm(300, "A")
	responder, auditor := s.token(access.Responder, "ben"), s.token(access.Auditor, "cas")
	for _, tt := range []struct {
		path, token string
		status      int
		cache       string
	}{
		{"/tile/0/000", "", 200, "public, max-age=604800, immutable"},
		{"/tile/0/001.p/5", "", 200, "public, max-age=604800, immutable"},
		{"/tile/1/000.p/1", "", 200, "public, max-age=604800, immutable"},
		{"/tile/0/001", "", 404, "no-store"},
		{"/tile/0/1", "", 404, "no-store"},
		{"/tile/", "", 404, "no-store"},
		{"/checkpoint", "", 200, "no-store"},
		{"/tile/entries/000", "", 401, "no-store"},
		{"/tile/entries/000", responder, 403, "no-store"},
		{"/tile/entries/000", auditor, 403, "no-store"},
		{"/tile/entries/000", s.intake, 403, "no-store"},
		{"/tile/entries/000", s.admin, 200, "no-store"},
		{"/tile/entries/005", s.admin, 404, "no-store"},
		{"/api/v1/proof?entry=1", "", 401, "no-store"},
	} {
		a := s.send("GET", tt.path, tt.token, "")
		if a.StatusCode != tt.status || a.Header.Get("Cache-Control") != tt.cache {
			t.Errorf("%s: %s, %q, want %d, %q", tt.path, a.Status, a.Header.Get("Cache-Control"), tt.status, tt.cache)
		}
	}
}
