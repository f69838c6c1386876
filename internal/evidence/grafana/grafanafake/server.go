// Package grafanafake is a Grafana to test against: it renders panels of one
// dashboard as plain pictures. Without a renderer it answers as Grafana does,
// with a picture and 200.
package grafanafake

import (
	"image"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// Server is the fake, an [http.Handler]. Set its fields before it serves.
type Server struct {
	Dashboard  string // uid
	Panel      int
	Token      string // bearer; empty for none
	NoRenderer bool

	mu    sync.Mutex
	asked url.Values
}

// Asked is the query of the last panel.
func (s *Server) Asked() url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	say := func(body string) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		if _, err := io.WriteString(w, body); err != nil {
			return // the caller has gone away
		}
	}
	switch {
	case r.URL.Path == "/api/health":
		say(`{"database":"ok","version":"12.3.0","commit":"fake"}`)
	case s.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.Token: // a person would be sent to sign in
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		if _, err := io.WriteString(w, "<!DOCTYPE html><title>Grafana</title>"); err != nil {
			return
		}
	case r.URL.Path == "/api/frontend/settings":
		say(`{"rendererAvailable":` + strconv.FormatBool(!s.NoRenderer) + `}`)
	case r.URL.Path != "/render/d-solo/"+s.Dashboard+"/_" || r.URL.Query().Get("panelId") != strconv.Itoa(s.Panel):
		w.WriteHeader(http.StatusNotFound)
	default:
		s.render(w, r)
	}
}

func (s *Server) render(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	s.asked = q
	s.mu.Unlock()
	width, err := strconv.Atoi(q.Get("width"))
	height, err2 := strconv.Atoi(q.Get("height"))
	if err != nil || err2 != nil {
		http.Error(w, "width and height must be numbers", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	if err := png.Encode(w, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		return // the caller has gone away
	}
}
