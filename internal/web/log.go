package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"nis2clock/internal/journal"
)

// immutable is what a tile may be kept for: one that is there never changes.
const immutable = "public, max-age=604800, immutable"

// checkpoint serves the newest signed head of the log (C2SP tlog-checkpoint).
func (s *server) checkpoint(w http.ResponseWriter, _ *http.Request) {
	s.say(w, http.StatusOK, string(s.Journal.Checkpoint()))
}

// tile serves hashes of the log (C2SP tlog-tiles), to everybody: a leaf holds the
// digest of a salted payload, so that its hash gives away nothing.
func (s *server) tile(w http.ResponseWriter, r *http.Request) {
	problems(s.Logger, func(w http.ResponseWriter, r *http.Request) error {
		t, err := journal.ParseTile(r.PathValue("path"))
		if err != nil || t.Entries {
			return journal.ErrTile
		}
		return s.sendTile(w, t, immutable)
	}).ServeHTTP(w, r)
}

// entries serves leaves of the log: time, kind and incident of each entry, and
// the digest of its payload.
func (s *server) entries(w http.ResponseWriter, r *http.Request) error {
	t, err := journal.ParseTile("entries/" + r.PathValue("path"))
	if err != nil {
		return err
	}
	return s.sendTile(w, t, "") // not for whoever asks the same cache
}

func (s *server) sendTile(w http.ResponseWriter, t journal.Tile, cache string) error {
	data, err := s.Journal.Tile(t)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	if cache != "" {
		h.Set("Cache-Control", cache)
	}
	if _, err := w.Write(data); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
	return nil
}

// proof proves that an entry is in the log of some size (?entry=N&size=M), or
// that the log of some size begins with the one of an earlier size
// (?old=N&size=M). Size is the newest if it is not said.
func (s *server) proof(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	number := func(key string) (uint64, error) {
		n, err := strconv.ParseUint(q.Get(key), 10, 63)
		if err != nil {
			err = errBadRequest{fmt.Errorf("%s=%.40q: want a number of entries", key, q.Get(key))}
		}
		return n, err
	}
	size := s.Journal.Head().Size
	var err error
	if q.Has("size") {
		if size, err = number("size"); err != nil {
			return err
		}
	}
	if q.Has("entry") == q.Has("old") {
		return errBadRequest{errors.New("say what is to be proven: entry=N is in the log, or old=N entries are its beginning; and size=M for a log that was smaller")}
	}
	out := struct {
		Entry *uint64 `json:"entry,omitzero"`
		// LeafHash is the entry's own hash, SHA-256(0x00 ‖ leaf).
		LeafHash *journal.Hash `json:"leaf_hash,omitzero"`
		Old      *uint64       `json:"old,omitzero"`
		Size     uint64        `json:"size"`
		Proof    journal.Proof `json:"proof"`
		// Checkpoint is the signed head of that size.
		Checkpoint string `json:"checkpoint"`
	}{Size: size}
	var note []byte
	if q.Has("entry") {
		var seq uint64
		if seq, err = number("entry"); err != nil {
			return err
		}
		var leaf journal.Hash
		out.Entry = &seq
		if out.Proof, err = s.Journal.ProveEntry(seq, size); err == nil {
			leaf, err = s.Journal.LeafHash(seq)
		}
		out.LeafHash = &leaf
	} else {
		var old uint64
		if old, err = number("old"); err != nil {
			return err
		}
		out.Old = &old
		out.Proof, err = s.Journal.ProveHead(old, size)
	}
	if err == nil {
		note, err = s.Journal.CheckpointAt(size)
	}
	if err != nil {
		return err
	}
	out.Checkpoint = string(note)
	return s.write(w, http.StatusOK, out)
}
