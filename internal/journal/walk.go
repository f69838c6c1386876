package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A walk goes once through the entries of a journal for Verify, with the three
// buckets in lockstep, in memory that does not grow with the journal (but by 8 bytes
// for each erased entry).
//
// The tree is checked locally: the stored record hash of each leaf against the leaf,
// every other stored hash against the two stored hashes below it. If all of that holds, the
// root above the stored hashes is the root of the leaves; and where it does not hold, the
// entry at hand is the one to name.
type walk struct {
	c                        *verification
	head                     *Head // nil when it cannot be believed
	leaves, payloads, hashes *cursor

	n        uint64      // the entry at hand
	edge     []tlog.Hash // roots of the complete subtrees so far, largest first
	hashKey  uint64      // next stored hash index
	treeLost bool        // stored hashes ran out or cannot be read

	payloadKey  uint64 // key of payload, when there is one
	payload     []byte
	payloadHave bool
	payloadLost bool // payloads cannot be read from here on

	missing []uint64            // entries without payload, ascending
	erased  map[uint64]struct{} // entries that erasure entries name
	last    [len(leafTime)]byte // time of the last leaf, zero for none

	// What is said again and again is kept once.
	kind, incident string
	pre            []byte // what a hash is taken of
}

func (w *walk) run() {
	w.erased = map[uint64]struct{}{}
	w.nextPayload()
	w.witness()
	for w.entry() {
		w.n++
		w.witness()
	}
	w.c.v.Size = w.n
	if at, err := time.Parse(leafTime, string(w.last[:])); err == nil {
		w.c.v.LastAt = at
	}
	w.erasures()
}

// entry judges entry n and reports whether there was one and the next may follow.
func (w *walk) entry() bool {
	key, leaf, flags, err := w.leaves.next()
	switch {
	case err != nil:
		w.c.badEntry(w.n, "leaf cannot be read: %v", err)
		return false
	case key == nil:
		w.end()
		return false
	case flags != 0 || len(key) != 8 || binary.BigEndian.Uint64(key) != w.n:
		w.c.badEntry(w.n, "is missing: the next key is %x", key)
		return false
	case w.head != nil && w.n >= w.head.Size:
		w.c.badEntry(w.n, "is not covered by the signed head, which ends before it")
		return false
	}
	w.tree(leaf)
	parts, err := w.split(leaf)
	if err != nil {
		w.c.badEntry(w.n, "%v", err)
	}
	w.takePayload(parts, err == nil)
	return true
}

// end judges what must be so after the last entry.
func (w *walk) end() {
	if w.head != nil && w.n < w.head.Size {
		w.c.badEntry(w.n, "is missing, with all up to %d: the head is signed for %d entries", w.head.Size-1, w.head.Size)
	}
	if witness := w.c.v.Witness; witness != nil && w.n < witness.Size {
		w.c.badEntry(w.n, "is missing: the last %d entries are missing, %s was signed for %d", witness.Size-w.n, checkpointFile, witness.Size)
	}
	if w.payloadHave && !w.payloadLost {
		w.c.badEntry(w.payloadKey, "has a payload but no leaf")
	}
	if !w.treeLost {
		if key, _, _, err := w.hashes.next(); err != nil {
			w.c.bad("tree hash %d cannot be read: %v", w.hashKey, err)
		} else if key != nil {
			w.c.bad("there are more tree hashes than %d entries have: %x", w.n, key)
		}
	}
	if !w.treeLost {
		w.c.v.Root = w.root()
		if w.head != nil && w.n == w.head.Size && w.c.v.Root != w.head.Root {
			w.c.bad("the entries do not have the root that the head is signed for: they were written anew, and no single entry can be named")
		}
	}
}

// witness compares with the earlier head when the walk has come to its size.
func (w *walk) witness() {
	if h := w.c.v.Witness; h != nil && h.Size == w.n && !w.treeLost && w.root() != h.Root {
		w.c.bad("the first %d entries do not have the root that %s was signed for", w.n, checkpointFile)
	}
}

// tree reads the stored hashes that entry n has added.
func (w *walk) tree(leaf []byte) {
	if w.treeLost {
		return
	}
	stored, ok := w.nextHash()
	if !ok {
		return
	}
	if stored != w.hash(0, leaf, nil) { // RFC 6962 section 2.1
		w.c.badEntry(w.n, "leaf does not match its tree hash")
	}
	w.edge = append(w.edge, stored)
	// Each trailing 1 bit of n completes a subtree, a level higher each time.
	for level, bits := 1, w.n; bits&1 == 1; level, bits = level+1, bits>>1 {
		stored, ok := w.nextHash()
		if !ok {
			return
		}
		left, right := w.edge[len(w.edge)-2], w.edge[len(w.edge)-1]
		if stored != w.hash(1, left[:], right[:]) {
			w.c.badEntry(w.n, "tree hash of level %d does not match the two below it", level)
		}
		w.edge = append(w.edge[:len(w.edge)-2], stored)
	}
}

// hash is that of a leaf, prefix 0, or of two hashes, prefix 1. It has the bytes in
// one piece, because a million short hashes spend more time on setting out than
// on hashing.
func (w *walk) hash(prefix byte, a, b []byte) tlog.Hash {
	w.pre = append(append(append(w.pre[:0], prefix), a...), b...)
	return sha256.Sum256(w.pre)
}

func (w *walk) nextHash() (h tlog.Hash, ok bool) {
	key, value, flags, err := w.hashes.next()
	switch {
	case err != nil:
		w.c.badEntry(w.n, "tree hash cannot be read: %v", err)
	case key == nil:
		w.c.badEntry(w.n, "tree hash is missing")
	case flags != 0 || len(key) != 8 || binary.BigEndian.Uint64(key) != w.hashKey:
		w.c.badEntry(w.n, "tree hash %d is missing: the next key is %x", w.hashKey, key)
	case len(value) != tlog.HashSize:
		w.c.badEntry(w.n, "tree hash has %d bytes", len(value))
	default:
		w.hashKey++
		return tlog.Hash(value), true
	}
	w.treeLost = true
	return h, false
}

// root returns the root over the entries so far.
func (w *walk) root() tlog.Hash {
	if len(w.edge) == 0 {
		return sha256.Sum256(nil) // RFC 6962 section 2.1
	}
	h := w.edge[len(w.edge)-1]
	for _, left := range slices.Backward(w.edge[:len(w.edge)-1]) {
		h = tlog.NodeHash(left, h)
	}
	return h
}

func (w *walk) nextPayload() {
	key, value, flags, err := w.payloads.next()
	switch {
	case err != nil:
		w.c.badEntry(w.n, "payload cannot be read: %v", err)
		w.payloadLost = true
	case key == nil:
		w.payloadHave = false
	case flags != 0 || len(key) != 8 || binary.BigEndian.Uint64(key) < w.n:
		w.c.badEntry(w.n, "payload has the key %x", key)
		w.payloadLost = true
	default:
		w.payloadKey, w.payload, w.payloadHave = binary.BigEndian.Uint64(key), value, true
	}
}

// takePayload judges the payload of entry n, which says leaf parts of itself.
func (w *walk) takePayload(leaf leafParts, good bool) {
	if w.payloadLost {
		return
	}
	if !w.payloadHave || w.payloadKey != w.n {
		w.missing = append(w.missing, w.n)
		if leaf.kind == erasedKind {
			w.c.badEntry(w.n, "payload is missing, and an erasure entry cannot be erased")
		}
		return
	}
	if good { // else the leaf was reported
		if len(w.payload) < saltSize || sha256.Sum256(w.payload) != leaf.digest {
			w.c.badEntry(w.n, "payload does not match its digest")
		} else {
			w.show(leaf)
		}
	}
	n := w.n
	w.n++ // trouble with the next payload belongs to the entry after this
	w.nextPayload()
	w.n = n
}

// show hands on the payload of entry n, which has the digest that leaf says.
func (w *walk) show(leaf leafParts) {
	if leaf.kind == erasedKind {
		w.erasure(w.payload[saltSize:])
	}
	if w.c.entry != nil {
		w.c.entry(Entry{Seq: w.n, Kind: leaf.kind, Incident: leaf.incident, Payload: w.payload[saltSize:]})
	}
}

// erasure takes note of what an erasure entry names.
func (w *walk) erasure(payload []byte) {
	e, err := decodeErased(payload)
	if err != nil {
		w.c.badEntry(w.n, "%v", err)
		return
	}
	for _, seq := range e.Entries {
		if seq >= w.n {
			w.c.badEntry(w.n, "erasure entry names entry %d, which is not older than it", seq)
			return
		}
		w.erased[seq] = struct{}{}
	}
}

// erasures compares the payloads that are missing with those that were erased.
func (w *walk) erasures() {
	w.c.listed = 0
	for _, seq := range w.missing {
		if _, ok := w.erased[seq]; !ok {
			w.c.badEntry(seq, "payload is missing, and no erasure entry names it")
			continue
		}
		delete(w.erased, seq)
		w.c.v.Erased++
	}
	if w.payloadLost {
		return
	}
	present := make([]uint64, 0, len(w.erased))
	for seq := range w.erased {
		present = append(present, seq)
	}
	slices.Sort(present)
	for _, seq := range present {
		w.c.badEntry(seq, "payload is there, although an erasure entry says that it is not")
	}
}
