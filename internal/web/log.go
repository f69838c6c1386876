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

// proven is a proof as it is answered.
type proven struct {
	// Entry is what is in the log, by its number, and LeafHash its own hash,
	// SHA-256(0x00 ‖ leaf).
	Entry    *uint64       `json:"entry,omitzero"`
	LeafHash *journal.Hash `json:"leaf_hash,omitzero"`
	// Old is how many entries are the log's beginning.
	Old *uint64 `json:"old,omitzero"`

	Size  uint64        `json:"size"` // of the log
	Proof journal.Proof `json:"proof"`
	// Checkpoint is the signed head of that size.
	Checkpoint string `json:"checkpoint"`
}

// proof proves that an entry is in the log of some size (?entry=N&size=M), or
// that the log of some size begins with the one of an earlier size
// (?old=N&size=M). Size is the newest if it is not said.
func (s *server) proof(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if q.Has("entry") == q.Has("old") {
		return errBadRequest{errors.New("say what is to be proven: entry=N is in the log, or old=N entries are its beginning; and size=M for a log that was smaller")}
	}
	out := proven{Size: s.Journal.Head().Size}
	number := func(key string) (n uint64, err error) {
		if n, err = strconv.ParseUint(q.Get(key), 10, 63); err != nil {
			err = errBadRequest{fmt.Errorf("%s=%.40q: want a number of entries", key, q.Get(key))}
		}
		return n, err
	}
	what, into := "entry", &out.Entry
	if q.Has("old") {
		what, into = "old", &out.Old
	}
	n, err := number(what)
	*into = &n
	if err == nil && q.Has("size") {
		out.Size, err = number("size")
	}
	if err != nil {
		return err
	}
	if err := s.prove(&out); err != nil {
		return err
	}
	return s.write(w, http.StatusOK, out)
}

// prove fills in what proves it.
func (s *server) prove(p *proven) (err error) {
	if p.Entry != nil {
		leaf, err := s.Journal.LeafHash(*p.Entry)
		if err != nil {
			return err
		}
		p.LeafHash = &leaf
		p.Proof, err = s.Journal.ProveEntry(*p.Entry, p.Size)
		if err != nil {
			return err
		}
	} else if p.Proof, err = s.Journal.ProveHead(*p.Old, p.Size); err != nil {
		return err
	}
	note, err := s.Journal.CheckpointAt(p.Size)
	p.Checkpoint = string(note)
	return err
}
