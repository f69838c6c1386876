package journal

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

func key8(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func TestVerifyConsistent(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 8, 500, 3000} {
		dir := newJournal(t, batch(n/2, 50), batch(n-n/2, 100))
		before := readFile(t, dir, dbFile)
		info, err := os.Stat(dir + "/" + dbFile)
		if err != nil {
			t.Fatal(err)
		}
		v := mustVerify(t, dir, VerifyOptions{})
		if v.State != Consistent || v.Size != uint64(n) || len(v.Problems) != 0 {
			t.Errorf("%d entries: verdict is %+v", n, v)
		}
		if v.Origin != "test" || v.KeyGiven || len(v.KeyFingerprint) != 64 {
			t.Errorf("%d entries: key is %+v", n, v)
		}
		after, err := os.Stat(dir + "/" + dbFile)
		if err != nil || !after.ModTime().Equal(info.ModTime()) || string(before) != string(readFile(t, dir, dbFile)) {
			t.Errorf("%d entries: verify changed the file (%v)", n, err)
		}
		s := mustOpen(t, dir, Options{})
		if v.Root != s.Head().Root {
			t.Errorf("%d entries: root is %v, want %v", n, v.Root, s.Head().Root)
		}
	}
}

// What someone with a bbolt tool might do.
func TestVerifyNamesWhatWasDone(t *testing.T) {
	put := func(bucket []byte, key uint64, value string) func(*bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put(key8(key), []byte(value)) }
	}
	del := func(bucket []byte, key uint64) func(*bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket(bucket).Delete(key8(key)) }
	}
	for _, test := range []struct {
		name   string
		change func(*bolt.Tx) error
		seq    int
		says   string
	}{
		{"leaf rewritten with a later time", func(tx *bolt.Tx) error {
			b := tx.Bucket(leavesBucket)
			return b.Put(key8(41), []byte(strings.Replace(string(b.Get(key8(41))), "T02:14", "T03:14", 1)))
		}, 41, "leaf does not match its tree hash"},
		{"payload replaced", func(tx *bolt.Tx) error {
			b := tx.Bucket(payloadsBucket)
			v := append([]byte(nil), b.Get(key8(41))...)
			return b.Put(key8(41), append(v[:32], "nothing happened"...))
		}, 41, "payload does not match its digest"},
		{"payload removed", del(payloadsBucket, 41), 41, "payload is missing"},
		{"payload without salt", put(payloadsBucket, 41, "x"), 41, "payload does not match"},
		{"leaf removed", del(leavesBucket, 41), 41, "is missing"},
		{"leaf replaced by another", func(tx *bolt.Tx) error {
			b := tx.Bucket(leavesBucket)
			return b.Put(key8(41), append([]byte(nil), b.Get(key8(40))...))
		}, 41, "leaf"},
		{"last leaf removed", del(leavesBucket, 99), 99, "is missing"},
		{"leaf added", put(leavesBucket, 100, "x"), 100, "not covered"},
		{"payload added", put(payloadsBucket, 100, "x"), 100, "payload but no leaf"},
		{"payload key of another length", func(tx *bolt.Tx) error { return tx.Bucket(payloadsBucket).Put([]byte("x"), nil) }, 100, "payload"},
		{"tree hash removed", del(hashesBucket, 0), 0, "tree hash"},
		{"tree hash added", put(hashesBucket, 1<<40, "x"), -1, "more tree hashes"},
		{"bucket removed", func(tx *bolt.Tx) error { return tx.DeleteBucket(payloadsBucket) }, -1, `"payloads" is missing`},
		{"bucket added", func(tx *bolt.Tx) error {
			_, err := tx.CreateBucket([]byte("notes"))
			return err
		}, -1, "5 buckets"},
		{"head removed", func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Delete(headKey) }, -1, "head"},
		{"something beside the head", func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put([]byte("x"), nil) }, -1, "not part of a journal"},
		{"sequence number", func(tx *bolt.Tx) error { return tx.Bucket(leavesBucket).SetSequence(1) }, -1, "sequence"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := newJournal(t, batch(60, 100), batch(40, 5))
			change(t, dir, test.change)
			v := mustVerify(t, dir, VerifyOptions{})
			if v.State != Altered || seqOf(v) != test.seq || !strings.Contains(v.Problems[0].What, test.says) {
				t.Errorf("verdict is %v: %v; want altered, entry %d, saying %q", v.State, v.Problems, test.seq, test.says)
			}
		})
	}
}

// rewrite makes a journal of the same key and size with other entries.
func rewrite(t *testing.T, dir string, n int) {
	t.Helper()
	other := t.TempDir()
	overwrite(t, readFile(t, dir, keyFile), other, keyFile)
	s := mustOpen(t, other, Options{})
	mustAppend(t, s, batch(n, 7)...)
	mustClose(t, s)
	overwrite(t, readFile(t, other, dbFile), dir, dbFile)
}

func TestVerifyWitness(t *testing.T) {
	dir := newJournal(t, batch(20, 5))
	old := readFile(t, dir, dbFile)
	s := mustOpen(t, dir, Options{})
	mustAppend(t, s, batch(3, 1)...)
	mustClose(t, s)
	now, witness := readFile(t, dir, dbFile), readFile(t, dir, checkpointFile)

	overwrite(t, old, dir, dbFile)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Altered || seqOf(v) != 20 || !strings.Contains(v.Problems[0].What, "the last 3 entries are missing") {
		t.Errorf("an older copy: verdict is %v: %v", v.State, v.Problems)
	}
	rewrite(t, dir, 23)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Altered || !strings.Contains(v.Problems[0].What, "first 23 entries") {
		t.Errorf("another history: verdict is %v: %v", v.State, v.Problems)
	}
	remove(t, dir, dbFile)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Altered {
		t.Errorf("no journal beside a witness: verdict is %v: %v", v.State, v.Problems)
	}
	overwrite(t, now, dir, dbFile)
	for i := range witness {
		flipped := append([]byte(nil), witness...)
		flipped[i] ^= 1 << (i % 8)
		overwrite(t, flipped, dir, checkpointFile)
		if v := mustVerify(t, dir, VerifyOptions{}); v.State != Altered {
			t.Errorf("byte %d of the witness flipped: verdict is %v", i, v.State)
		}
	}
}

func TestVerifyKeys(t *testing.T) {
	dir, other := newJournal(t, batch(20, 5)), newJournal(t)
	own, foreign := string(readFile(t, dir, pubFile)), string(readFile(t, other, pubFile))
	if v := mustVerify(t, dir, VerifyOptions{Key: own}); v.State != Consistent || !v.KeyGiven {
		t.Errorf("the right key: verdict is %+v", v)
	}
	if v := mustVerify(t, dir, VerifyOptions{Key: foreign}); v.State != Altered || !strings.Contains(v.Problems[0].What, "signed by key test+") {
		t.Errorf("another key: verdict is %v: %v", v.State, v.Problems)
	}
	if _, err := Verify(dir, VerifyOptions{Key: "no key"}); err == nil {
		t.Error("a malformed key was accepted")
	}
	overwrite(t, []byte("no key"), dir, pubFile)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Altered {
		t.Errorf("a broken exported key: verdict is %v: %v", v.State, v.Problems)
	}
	remove(t, dir, pubFile)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != CannotTell || v.Size != 20 {
		t.Errorf("no key: verdict is %v: %v", v.State, v.Problems)
	}
	change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(payloadsBucket).Delete(key8(7)) })
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Altered || seqOf(v) != 7 {
		t.Errorf("no key and an alteration: verdict is %v: %v", v.State, v.Problems)
	}
	if _, err := Verify(t.TempDir(), VerifyOptions{}); !errors.Is(err, ErrNone) {
		t.Errorf("no journal: verify returned %v, want ErrNone", err)
	}
}

func TestVerifyNewerFormat(t *testing.T) {
	dir := newJournal(t, batch(2, 5))
	change(t, dir, func(tx *bolt.Tx) error {
		return tx.Bucket(metaBucket).Put(formatKey, []byte("nis2clock-journal/v2"))
	})
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != CannotTell || !strings.Contains(v.Problems[0].What, "newer") {
		t.Errorf("verdict is %v: %v", v.State, v.Problems)
	}
}

// erase appends an erasure entry with the given payload and removes payloads.
func erase(t *testing.T, dir, payload string, seqs ...uint64) {
	t.Helper()
	s := mustOpen(t, dir, Options{})
	size := s.Head().Size
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	rows, err := new(scratch).make(size, []Record{{At: at, Kind: "placeholder", Payload: []byte(payload)}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := decodeLeaf(rows[0].leaf)
	if err != nil {
		t.Fatal(err)
	}
	e.Kind = erasedKind
	rows[0].leaf, rows[0].record = e.Leaf(), tlog.RecordHash(e.Leaf())
	err = s.db.Update(func(tx *bolt.Tx) error {
		for _, seq := range seqs {
			if err := tx.Bucket(payloadsBucket).Delete(key8(seq)); err != nil {
				return err
			}
		}
		return s.write(tx, size, rows, &state{})
	})
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
}

func TestVerifyErasure(t *testing.T) {
	for _, test := range []struct {
		name    string
		payload string
		remove  []uint64
		state   State
		seq     int
		says    string
	}{
		{"named and removed", `{"entries":[3,60,61,62,63,99],"reason":"Art. 17 GDPR"}`, []uint64{3, 60, 61, 62, 63, 99}, Consistent, -1, ""},
		{"removed but not named", `{"entries":[3],"reason":""}`, []uint64{2, 3}, Altered, 2, "no erasure entry names it"},
		{"named but not removed", `{"entries":[3,4],"reason":""}`, []uint64{4}, Altered, 3, "payload is there"},
		{"names itself", `{"entries":[100],"reason":""}`, nil, Altered, 100, "not older"},
		{"erases itself", `{"entries":[],"reason":""}`, []uint64{100}, Altered, -2, ""},
		{"is not JSON", `{"entries":[3]`, []uint64{3}, Altered, 3, ""},
		{"has unknown members", `{"entries":[3],"reason":"","also":[4]}`, []uint64{3, 4}, Altered, 3, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := newJournal(t, batch(60, 100), batch(40, 5))
			erase(t, dir, test.payload, test.remove...)
			if test.seq == -2 { // the entry did not exist when it was to be removed
				change(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(payloadsBucket).Delete(key8(100)) })
				test.seq, test.says = 100, "cannot be erased"
			}
			v := mustVerify(t, dir, VerifyOptions{})
			if v.State != test.state || seqOf(v) != test.seq || test.seq >= 0 && !strings.Contains(v.Problems[0].What, test.says) {
				t.Errorf("verdict is %v: %v; want %v, entry %d, saying %q", v.State, v.Problems, test.state, test.seq, test.says)
			}
			if test.state != Consistent {
				return
			}
			if v.Erased != uint64(len(test.remove)) {
				t.Errorf("%d payloads are counted as erased, want %d", v.Erased, len(test.remove))
			}
			s := mustOpen(t, dir, Options{})
			for e, err := range s.Read(t.Context(), 0, 101) {
				want := slices.Contains(test.remove, e.Seq)
				if err != nil || e.Erased != want || want != (e.Payload == nil) || want != (e.Salt == [32]byte{}) {
					t.Errorf("entry %d: erased is %v, want %v (%v)", e.Seq, e.Erased, want, err)
				}
			}
		})
	}
}
