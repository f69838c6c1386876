package web

import (
	"errors"
	"net/http"
	"time"
)

// stalled is how long a receiver of a backup may take for the next few bytes.
const stalled = time.Minute

// backup streams the whole record, once the entry that says who took it is
// durable. One that fails on the way is cut, so that nobody takes it for whole
// (HTTP has no other word for it once the status is out).
func (s *server) backup(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "application/zstd")
	h.Set("Content-Disposition", `attachment; filename="nis2clock-backup.tar.zst"`)
	if r.Method == http.MethodHead { // nobody is given anything
		return nil
	}
	write, err := s.Backup(r.Context(), actor(r))
	if err != nil {
		h.Del("Content-Disposition")
		return err
	}
	rc := http.NewResponseController(w)
	// The bound on reading a request would end its context in the middle of a long
	// answer. Recorders in tests have no deadlines, and need none.
	if err := rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	out := &patient{to: w, rc: rc}
	if err := write(r.Context(), out); err != nil {
		if !out.begun {
			h.Del("Content-Disposition")
			return err
		}
		s.Logger.Error("Backup not sent whole", "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// patient writes to a receiver as long as it takes something now and then.
type patient struct {
	to    http.ResponseWriter
	rc    *http.ResponseController
	begun bool // the status is out
}

// Write implements [io.Writer].
func (p *patient) Write(b []byte) (int, error) {
	if err := p.rc.SetWriteDeadline(time.Now().Add(stalled)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := p.to.Write(b)
	if !p.begun && err == nil {
		p.begun, err = true, p.rc.Flush()
	}
	return n, err
}
