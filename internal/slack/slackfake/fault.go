package slackfake

import (
	"net/http"
	"strconv"
	"time"
)

// Fault is what goes wrong with one call. Exactly one field should be set,
// RetryAfter beside Status.
type Fault struct {
	// Status answers with this status and no JSON; nothing is done.
	Status int
	// RetryAfter is sent along, in whole seconds.
	RetryAfter time.Duration
	// Word refuses with "ok": false and this word; nothing is done.
	Word string
	// Body answers 200 with this; nothing is done.
	Body string
	// Hang never answers; nothing is done.
	Hang bool
	// LoseAnswer does what was asked and then cuts the connection (SL-13).
	LoseAnswer bool
}

// Fail makes the next n calls of any method go wrong, after those that were
// asked for earlier.
func (s *Server) Fail(n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults = append(s.faults, f)
	}
}

// nextFault counts the call and takes its fault.
func (s *Server) nextFault(method string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	if len(s.faults) == 0 {
		return Fault{}
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f
}

// before answers a call that is not to be done; false lets it through.
func (f Fault) before(w http.ResponseWriter, r *http.Request, done <-chan struct{}) bool {
	switch {
	case f.Status != 0:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(int64(f.RetryAfter/time.Second), 10))
		}
		http.Error(w, "<html>fake trouble</html>", f.Status)
	case f.Word != "":
		write(w, refuse(f.Word))
	case f.Body != "":
		if _, err := w.Write([]byte(f.Body)); err != nil {
			return true // the caller has gone away
		}
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-done:
		}
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}
