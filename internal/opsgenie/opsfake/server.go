// Package opsfake stands in for Opsgenie's Alert API v2 where there is none: in
// tests. It refuses what Opsgenie refuses, keeps alerts by their alias as
// Opsgenie does and fails when told to. It is no notification service: nobody
// is woken.
package opsfake

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// States of an alert.
const (
	Open         = "open"
	Acknowledged = "acknowledged"
	Closed       = "closed"
)

// Limits of the fields of an alert, in characters.
const (
	maxMessage     = 130
	maxAlias       = 512
	maxDescription = 15_000
	maxTags        = 20
	maxTag         = 50
	maxDetails     = 8_000
	maxEntity      = 512
	maxSource      = 100
	maxNote        = 25_000
	maxUser        = 100
)

// Alert is what a request that creates one says.
type Alert struct {
	Message     string            `json:"message"`
	Alias       string            `json:"alias"`
	Description string            `json:"description"`
	Tags        []string          `json:"tags"`
	Details     map[string]string `json:"details"`
	Entity      string            `json:"entity"`
	Source      string            `json:"source"`
	Priority    string            `json:"priority"`
	Note        string            `json:"note"`
	User        string            `json:"user"`
}

// Request is one that was taken.
type Request struct {
	At     time.Time
	Action string // create, acknowledge or close
	Alert         // of an action on one, with its alias and note alone
	// Paged is true when somebody was woken by it: it opened an alert.
	Paged bool
}

// Server is the fake, an [http.Handler]. It is safe for concurrent use.
type Server struct {
	now func() time.Time
	key string

	mu       sync.Mutex
	limit    int
	calls    []time.Time // within the last minute
	faults   []fault
	alerts   map[string]string // state by alias
	requests []Request
}

type fault struct {
	status int
	body   string
	drop   bool // taken, then the connection breaks
}

// New makes a fake that knows the API key. Its times are those of now.
func New(now func() time.Time, key string) *Server {
	return &Server{now: now, key: key, alerts: map[string]string{}}
}

// LimitRate refuses with 429 what is more than n calls within a minute. Zero,
// the default, limits nothing.
func (s *Server) LimitRate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = n
}

// FailNext answers the next n calls with the status and the body, and takes
// nothing. Faults of all kinds happen in the order in which they were asked for.
func (s *Server) FailNext(n, status int, body string) { s.fault(n, fault{status: status, body: body}) }

// DropNext takes the next n calls and breaks the connection in place of an
// answer.
func (s *Server) DropNext(n int) { s.fault(n, fault{drop: true}) }

func (s *Server) fault(n int, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, slices.Repeat([]fault{f}, n)...)
}

// Requests are those taken, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// State is that of the alert with the alias; empty when there never was one.
func (s *Server) State(alias string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alerts[alias]
}

const path = "/v2/alerts"

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the caller hung up
	}
	f := s.next()
	if f.status != 0 {
		if f.status == http.StatusTooManyRequests {
			w.Header().Set("X-RateLimit-State", "THROTTLED")
			w.Header().Set("X-RateLimit-Period-In-Sec", "60")
		}
		w.WriteHeader(f.status)
		if _, err := io.WriteString(w, f.body); err != nil {
			return // the caller has gone away
		}
		return
	}
	status, said := s.serve(r, body)
	if f.drop {
		panic(http.ErrAbortHandler)
	}
	reply(w, status, said)
}

// serve judges a call as Opsgenie does before it works on it.
func (s *Server) serve(r *http.Request, body []byte) (int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over() {
		return http.StatusTooManyRequests, "You are making too many requests!"
	}
	switch key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "GenieKey "); {
	case !ok:
		return http.StatusUnauthorized, "API Key is missing"
	case key != s.key:
		return http.StatusUnauthorized, "Could not authenticate: " + key
	}
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), path)
	if !ok {
		return http.StatusNotFound, "no such path"
	}
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, "Request method is not supported"
	}
	in := Request{At: s.now()}
	if err := json.Unmarshal(body, &in.Alert); err != nil {
		return http.StatusBadRequest, "Request body is not processable. Please check if the request body contains a valid json"
	}
	if rest == "" {
		in.Action = "create"
		if in.Message == "" {
			return http.StatusUnprocessableEntity, "Message can not be empty."
		}
	} else {
		parts := strings.Split(strings.TrimPrefix(rest, "/"), "/")
		if len(parts) != 2 || parts[1] != "acknowledge" && parts[1] != "close" || r.URL.Query().Get("identifierType") != "alias" {
			return http.StatusNotFound, "no such path, or not by alias"
		}
		alias, err := url.PathUnescape(parts[0])
		if err != nil {
			return http.StatusBadRequest, "the alias is not escaped"
		}
		in.Action, in.Alias = parts[1], alias
	}
	if wrong := in.wrong(); wrong != "" {
		return http.StatusUnprocessableEntity, wrong
	}
	s.take(in)
	return http.StatusAccepted, ""
}

// wrong says which field is over its limit.
func (a Alert) wrong() string {
	details := 0
	for k, v := range a.Details {
		details += utf8.RuneCountInString(k) + utf8.RuneCountInString(v)
	}
	for _, f := range []struct {
		name     string
		n, limit int
	}{
		{"message", utf8.RuneCountInString(a.Message), maxMessage}, {"alias", utf8.RuneCountInString(a.Alias), maxAlias},
		{"description", utf8.RuneCountInString(a.Description), maxDescription}, {"tags", len(a.Tags), maxTags}, {"details", details, maxDetails},
		{"entity", utf8.RuneCountInString(a.Entity), maxEntity}, {"source", utf8.RuneCountInString(a.Source), maxSource},
		{"note", utf8.RuneCountInString(a.Note), maxNote}, {"user", utf8.RuneCountInString(a.User), maxUser},
	} {
		if f.n > f.limit {
			return fmt.Sprintf("%s is %d, over its limit of %d", f.name, f.n, f.limit)
		}
	}
	for _, t := range a.Tags {
		if t == "" || utf8.RuneCountInString(t) > maxTag {
			return fmt.Sprintf("tag %q is empty or over its limit of %d", t, maxTag)
		}
	}
	if a.Priority != "" && !slices.Contains([]string{"P1", "P2", "P3", "P4", "P5"}, a.Priority) {
		return "priority should be one of [ P1, P2, P3, P4, P5 ]"
	}
	return ""
}

// take keeps a request and does to its alert what Opsgenie does: one that is
// open under the alias only counts another, and what is about none that is open
// is dropped.
func (s *Server) take(r Request) {
	switch state := s.alerts[r.Alias]; {
	case r.Action == "create" && (r.Alias == "" || state == "" || state == Closed):
		r.Paged = true
		s.alerts[r.Alias] = Open
	case r.Action == "acknowledge" && state == Open:
		s.alerts[r.Alias] = Acknowledged
	case r.Action == "close" && state != "":
		s.alerts[r.Alias] = Closed
	}
	s.requests = append(s.requests, r)
}

func (s *Server) next() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return fault{}
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f
}

// over counts a call, and reports whether it is one too many; s.mu is held.
func (s *Server) over() bool {
	if s.limit <= 0 {
		return false
	}
	now := s.now()
	s.calls = slices.DeleteFunc(s.calls, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(s.calls) >= s.limit {
		return true
	}
	s.calls = append(s.calls, now)
	return false
}

// reply answers with JSON. A caller who has gone is not told.
func reply(w http.ResponseWriter, status int, problem string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-RateLimit-State", "OK")
	if status == http.StatusTooManyRequests {
		w.Header().Set("X-RateLimit-State", "THROTTLED")
		w.Header().Set("X-RateLimit-Period-In-Sec", "60")
	}
	out := map[string]any{"took": 0.107, "requestId": "43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}
	if problem == "" {
		out["result"] = "Request will be processed"
	} else {
		out["message"] = problem
	}
	w.WriteHeader(status)
	if err := json.MarshalWrite(w, out); err != nil {
		panic(http.ErrAbortHandler)
	}
}
