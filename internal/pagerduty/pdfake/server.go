// Package pdfake stands in for PagerDuty's Events API v2 and its v3 webhooks
// where there is none: in tests and in the demo. It refuses what PagerDuty refuses (PD-2 to PD-5),
// keeps alerts as PagerDuty does (PD-6 to PD-9) and fails when told to. It is
// no notification service: nobody is woken.
package pdfake

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Path is where events are posted.
const Path = "/v2/enqueue"

// rateWindow is the sliding window over which calls are counted (PD-5).
const rateWindow = time.Minute

// States of an alert.
const (
	Triggered    = "triggered"
	Acknowledged = "acknowledged"
	Resolved     = "resolved"
)

// Event is one that was taken.
type Event struct {
	At         time.Time
	RoutingKey string
	Action     string
	// DedupKey is the one sent, or the one made up for an event without.
	DedupKey  string
	Payload   Payload
	Client    string
	ClientURL string
	Links     []Link
	// Body is the event as it came.
	Body jsontext.Value
	// Paged is true when somebody was woken by it: it opened an alert.
	Paged bool
}

// Server is the fake, an [http.Handler]. It is safe for concurrent use.
type Server struct {
	now  func() time.Time
	keys []string

	mu      sync.Mutex
	onEvent func(Event)
	limit   int
	calls   map[string][]time.Time // by routing key, within the window
	faults  []fault
	alerts  map[alertKey]string // state
	events  []Event
	made    int // dedup keys made up
	hooks   *hooks
	roster  roster
}

type alertKey struct{ routing, dedup string }

// fault is what befalls one call.
type fault struct {
	status int  // answered when not zero
	hang   bool // never answered
	drop   bool // taken, then the connection breaks
}

// New makes a fake that knows the routing keys; with none it takes every one
// of the right length. Its times are those of now.
func New(now func() time.Time, routingKeys ...string) *Server {
	return &Server{now: now, keys: routingKeys, calls: map[string][]time.Time{}, alerts: map[alertKey]string{}}
}

// OnEvent sets what is called with each event taken, before it is answered and
// from the goroutine that serves it.
func (s *Server) OnEvent(f func(Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onEvent = f
}

// LimitRate refuses with 429 and an empty body what is more than n calls of
// one routing key within 60 seconds (PD-5). Zero, the default, limits nothing.
func (s *Server) LimitRate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = n
}

// FailNext answers the next n calls with the status and takes nothing. Faults
// of all kinds happen in the order in which they were asked for.
func (s *Server) FailNext(n, status int) { s.fault(n, fault{status: status}) }

// HangNext never answers the next n calls and takes nothing: each ends when
// its caller gives up.
func (s *Server) HangNext(n int) { s.fault(n, fault{hang: true}) }

// DropNext takes the next n events and breaks the connection in place of an
// answer.
func (s *Server) DropNext(n int) { s.fault(n, fault{drop: true}) }

func (s *Server) fault(n int, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, slices.Repeat([]fault{f}, n)...)
}

// Events are those taken, oldest first.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Pages are the events by which somebody was woken, oldest first.
func (s *Server) Pages() []Event {
	return slices.DeleteFunc(s.Events(), func(e Event) bool { return !e.Paged })
}

// State is that of the alert with the key; empty when there never was one. It
// is meant for one routing key: with several, any one of their alerts answers.
func (s *Server) State(dedupKey string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, state := range s.alerts {
		if k.dedup == dedupKey {
			return state
		}
	}
	return ""
}

// Acknowledge is a person taking the alert, and reports whether one was open
// for that.
func (s *Server) Acknowledge(dedupKey string) bool { return s.act(dedupKey, Acknowledged) }

// Resolve is a person ending the alert, and reports whether one was open.
func (s *Server) Resolve(dedupKey string) bool { return s.act(dedupKey, Resolved) }

func (s *Server) act(dedupKey, state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	acted := false
	for k := range s.alerts {
		if k.dedup == dedupKey && s.move(k, state) {
			acted = true
			s.tell("incident."+state, dedupKey, &agent{Somebody.ID, "user_reference", Somebody.Name})
		}
	}
	return acted
}

// move changes an open alert; without one it does nothing (PD-7).
func (s *Server) move(k alertKey, state string) bool {
	if was := s.alerts[k]; was == "" || was == Resolved {
		return false
	}
	s.alerts[k] = state
	return true
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == OnCallsPath {
		s.serveOnCalls(w, r)
		return
	}
	if r.URL.Path != Path {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEvent+1))
	if err != nil {
		return // the caller hung up
	}
	f := s.nextFault()
	switch {
	case f.hang:
		<-r.Context().Done()
		return
	case f.status != 0:
		w.WriteHeader(f.status)
		return
	}
	req, wrong := check(body)
	if len(wrong) == 0 && len(s.keys) > 0 && !slices.Contains(s.keys, req.RoutingKey) {
		wrong = []string{"'routing_key' is unknown"}
	}
	if !s.within(req.RoutingKey) {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	if len(wrong) > 0 {
		reply(w, http.StatusBadRequest, refusal{Status: "invalid event", Message: "Event object is invalid", Errors: wrong})
		return
	}
	e := s.take(req, body)
	if f.drop {
		panic(http.ErrAbortHandler) // the server's way to break a connection
	}
	reply(w, http.StatusAccepted, acceptance{Status: "success", Message: "Event processed", DedupKey: e.DedupKey})
}

func (s *Server) nextFault() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return fault{}
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f
}

// within counts a call and reports whether the key may still make it. Calls
// refused for their rate do not count.
func (s *Server) within(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit <= 0 {
		return true
	}
	now := s.now()
	recent := slices.DeleteFunc(s.calls[key], func(t time.Time) bool { return now.Sub(t) >= rateWindow })
	if len(recent) >= s.limit {
		s.calls[key] = recent
		return false
	}
	s.calls[key] = append(recent, now)
	return true
}

// take keeps an event and does to its alert what PagerDuty does.
func (s *Server) take(r request, body []byte) Event {
	s.mu.Lock()
	e := Event{
		At: s.now(), RoutingKey: r.RoutingKey, Action: r.Action, DedupKey: r.DedupKey, Payload: r.Payload,
		Client: r.Client, ClientURL: r.ClientURL, Links: r.Links, Body: body,
	}
	if e.DedupKey == "" { // every such event is an alert of its own (PD-9)
		s.made++
		e.DedupKey = fmt.Sprintf("pdfake-%d", s.made)
	}
	k := alertKey{e.RoutingKey, e.DedupKey}
	switch e.Action {
	case "trigger":
		// An open alert, acknowledged or not, only logs it (PD-6, PD-8).
		if state := s.alerts[k]; state == "" || state == Resolved {
			s.alerts[k] = Triggered
			e.Paged = true
			s.tell("incident.triggered", e.DedupKey, &integration)
		}
	case "acknowledge":
		if s.move(k, Acknowledged) {
			s.tell("incident.acknowledged", e.DedupKey, &integration)
		}
	case "resolve":
		if s.move(k, Resolved) {
			s.tell("incident.resolved", e.DedupKey, &integration)
		}
	}
	s.events = append(s.events, e)
	f := s.onEvent
	s.mu.Unlock()
	if f != nil {
		f(e)
	}
	return e
}

type acceptance struct {
	Status   string `json:"status"`
	Message  string `json:"message"`
	DedupKey string `json:"dedup_key"`
}

type refusal struct {
	Status  string   `json:"status"`
	Message string   `json:"message"`
	Errors  []string `json:"errors"`
}

// reply answers with JSON. A caller who has gone is not told.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.MarshalWrite(w, v); err != nil {
		panic(http.ErrAbortHandler)
	}
}
