package journal

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
)

func TestLeafIsReadableText(t *testing.T) {
	e := Entry{
		Seq: 41, At: time.Date(2026, 11, 22, 3, 14, 7, 90, time.FixedZone("", 3600)),
		Kind: "incident.opened/v1", Incident: "INC-2026-0007", Digest: sha256.Sum256(nil),
	}
	want := `nis2clock-entry/v1
41
2026-11-22T02:14:07.000000090Z
incident.opened/v1
INC-2026-0007
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
`
	if got := string(e.Leaf()); got != want {
		t.Errorf("leaf is %q, want %q", got, want)
	}
	e.Incident = ""
	if got, want := string(e.Leaf()), strings.Replace(want, "INC-2026-0007", "-", 1); got != want {
		t.Errorf("leaf is %q, want %q", got, want)
	}
}

func TestDecodeLeafAcceptsNothingElse(t *testing.T) {
	good := string(Entry{Seq: 1, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Kind: "k", Incident: "i"}.Leaf())
	if _, err := decodeLeaf([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, replace := range [][2]string{
		{"entry/v1", "entry/v2"}, {"\n1\n", "\n01\n"}, {"\n1\n", "\n+1\n"}, {"\n1\n", "\n-1\n"}, {"\n1\n", "\n18446744073709551616\n"},
		{".000000000Z", "Z"}, {".000000000Z", ".00000000Z"}, {".000000000Z", ",000000000Z"}, {"000Z", "000+00:00"}, {"2026-01-02", "2026-02-30"},
		{"\nk\n", "\n\n"}, {"\nk\n", "\nk\x00\n"}, {"\ni\n", "\n\n"}, {"\ni\n", "\ni\r\n"}, {"\nk\n", "\nk\nk\n"}, {"\nk\n", "\n"},
		{"0000\n", "000A\n"}, {"0000\n", "000\n"}, {"0000\n", "0000"}, {"0000\n", "0000\n\n"}, {"0000\n", "000g\n"},
	} {
		bad := strings.Replace(good, replace[0], replace[1], 1)
		if bad == good {
			t.Fatalf("nothing was replaced by %q", replace)
		}
		if e, err := decodeLeaf([]byte(bad)); err == nil {
			t.Errorf("leaf %q was read as %+v", bad, e)
		}
		if _, err := (&walk{n: 1}).split([]byte(bad)); err == nil {
			t.Errorf("verify takes leaf %q for a good one", bad)
		}
	}
}

// Encoding and decoding are inverse; and Verify's reader agrees with the store's.
func FuzzLeaf(f *testing.F) {
	f.Add(uint64(0), int64(0), "a/v1", "", []byte("x"))
	f.Add(uint64(1<<64-1), int64(1<<62), "κ", "INC-2026-0001", []byte{})
	f.Fuzz(func(t *testing.T, seq uint64, nanos int64, kind, incident string, raw []byte) {
		if incident == noIncident {
			return // stands for none, and is refused by Append
		}
		e := Entry{Seq: seq, At: time.Unix(0, nanos).UTC(), Kind: kind, Incident: incident, Digest: sha256.Sum256(raw)}
		leaf := e.Leaf()
		got, err := decodeLeaf(leaf)
		if valid := checkNames(e.At, kind, incident) == nil; valid != (err == nil) {
			t.Fatalf("names are valid: %v, but leaf %q was read with %v", valid, leaf, err)
		}
		if err == nil && !cmp.Equal(got, e) {
			t.Errorf("leaf %q was read as %+v, want %+v", leaf, got, e)
		}
		parts, splitErr := (&walk{n: seq}).split(leaf)
		if (splitErr == nil) != (err == nil) || err == nil && (parts.kind != kind || parts.digest != e.Digest || parts.incident != incident) {
			t.Errorf("leaf %q was read as %+v with %v, want %v", leaf, parts, splitErr, err)
		}
		// Any other bytes that are accepted are canonical.
		if e, err := decodeLeaf(raw); err == nil && string(e.Leaf()) != string(raw) {
			t.Errorf("%q was read as an entry whose leaf is %q", raw, e.Leaf())
		}
	})
}

// What Verify takes for an instant is what the clock of the standard library does.
func TestInstantsOfLeaves(t *testing.T) {
	check := func(text string) {
		t.Helper()
		at, err := time.Parse(leafTime, text)
		want := err == nil && !at.IsZero() && at.Year() > 0 && at.Format(leafTime) == text
		if got := isTime([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, date := range []string{
		"2024-02-29", "2023-02-29", "2100-02-29", "2000-02-29", "2026-04-31", "2026-12-31", "2026-12-32", "2026-00-01", "2026-13-01", "2026-01-00", "0000-01-01", "0001-01-01", "9999-12-31",
	} {
		for _, clock := range []string{"00:00:00", "23:59:59", "24:00:00", "23:60:00", "23:59:60", "1:00:000", "00-00-00"} {
			for _, end := range []string{".000000000Z", ".123456789Z", ".12345678Z", ".1234567890Z", "Z", ",123456789Z", ".123456789z", ".12345678٣Z", ".123456789Z\n"} {
				check(date + "T" + clock + end)
				check(date + " " + clock + end)
			}
		}
	}
	for at := time.Date(2023, 12, 1, 0, 0, 0, 7, time.UTC); at.Year() < 2029; at = at.Add(11 * time.Hour) {
		check(at.Format(leafTime))
	}
}

// The stored format, spelled out once more without the package's own code. When this
// test fails, the format has changed: it needs a new version and a reader for the old one.
func TestStoredFormatIsV1(t *testing.T) {
	dir := newJournal(t, []Record{
		{At: time.Date(2026, 11, 22, 2, 14, 7, 90, time.UTC), Kind: "a/v1", Incident: "INC-1", Payload: []byte("one")},
		{At: time.Date(2026, 11, 22, 2, 14, 8, 0, time.UTC), Kind: "b/v1", Payload: []byte("two")},
	}, []Record{
		{At: time.Date(2026, 11, 22, 2, 14, 9, 0, time.UTC), Kind: "c/v1", Incident: "INC-2"},
	})
	got := map[string]map[string]string{}
	change(t, dir, func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			got[string(name)] = map[string]string{}
			return b.ForEach(func(k, v []byte) error {
				got[string(name)][string(k)] = string(v)
				return nil
			})
		})
	})
	number := func(n byte) string { return "\x00\x00\x00\x00\x00\x00\x00" + string(rune(n)) }
	sum := func(parts ...string) string {
		h := sha256.Sum256([]byte(strings.Join(parts, "")))
		return string(h[:])
	}
	salt := func(n byte) string { return got["payloads"][number(n)][:32] }
	leaves := []string{
		fmt.Sprintf("nis2clock-entry/v1\n0\n2026-11-22T02:14:07.000000090Z\na/v1\nINC-1\n%x\n", sum(salt(0), "one")),
		fmt.Sprintf("nis2clock-entry/v1\n1\n2026-11-22T02:14:08.000000000Z\nb/v1\n-\n%x\n", sum(salt(1), "two")),
		fmt.Sprintf("nis2clock-entry/v1\n2\n2026-11-22T02:14:09.000000000Z\nc/v1\nINC-2\n%x\n", sum(salt(2), "")),
	}
	h0, h1, h2 := sum("\x00", leaves[0]), sum("\x00", leaves[1]), sum("\x00", leaves[2])
	h01 := sum("\x01", h0, h1)
	want := map[string]map[string]string{
		"leaves":   {number(0): leaves[0], number(1): leaves[1], number(2): leaves[2]},
		"payloads": {number(0): salt(0) + "one", number(1): salt(1) + "two", number(2): salt(2)},
		"hashes":   {number(0): h0, number(1): h1, number(2): h01, number(3): h2},
		"meta":     {"format": "nis2clock-journal/v1", "head": string(readFile(t, dir, checkpointFile))},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("stored format differs (-got +want):\n%s", diff)
	}
	root := base64.StdEncoding.EncodeToString([]byte(sum("\x01", h01, h2)))
	if head := got["meta"]["head"]; !strings.HasPrefix(head, "test\n3\n"+root+"\n\n— test ") {
		t.Errorf("head is %q, want size 3 and root %s", head, root)
	}
}
