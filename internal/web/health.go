package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

func (s *server) healthy(w http.ResponseWriter, _ *http.Request) {
	s.say(w, http.StatusOK, "nis2clock is healthy.\n")
}

// ready answers 503 while alerts or deadlines could be missed, and says why in
// words. What a person should know but does not stop the service is said too.
func (s *server) ready(w http.ResponseWriter, _ *http.Request) {
	problems, notes := s.Ready()
	status, text := http.StatusOK, "nis2clock is ready.\n"
	if len(problems) > 0 {
		status, text = http.StatusServiceUnavailable, "nis2clock is not ready.\n"
	}
	var b strings.Builder
	b.WriteString(text)
	for _, line := range append(problems, notes...) {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	s.say(w, status, b.String())
}

func (s *server) say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if _, err := io.WriteString(w, text); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
}
