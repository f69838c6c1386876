package pdfake

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// OnCallsPath is where the REST API says who is on call.
const OnCallsPath = "/oncalls"

// Duty is somebody on call. Level counts from 1.
type Duty struct {
	User  User
	Level int
	Until time.Time // zero for an open end
}

// roster is who is on call, and for whom it is kept.
type roster struct {
	token, of string
	duties    []Duty
	asked     int
	limited   time.Duration
}

// OnCall answers whoever has the token and asks for the schedule or escalation
// policy of with the duties.
func (s *Server) OnCall(token, of string, duties ...Duty) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roster.token, s.roster.of, s.roster.duties = token, of, duties
}

// LimitREST answers the REST API with 429 and the headers of PD-19; zero ends
// that.
func (s *Server) LimitREST(reset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roster.limited = reset
}

// Asked is how often somebody asked who is on call.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roster.asked
}

func (s *Server) serveOnCalls(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.roster.asked++
	ro := s.roster
	s.mu.Unlock()
	q := r.URL.Query()
	var wanted []string
	wanted = append(append(wanted, q["schedule_ids[]"]...), q["escalation_policy_ids[]"]...)
	switch {
	case ro.limited > 0:
		w.Header().Set("ratelimit-limit", "960")
		w.Header().Set("ratelimit-remaining", "0")
		w.Header().Set("ratelimit-reset", fmt.Sprint(int(ro.limited/time.Second)))
		w.WriteHeader(http.StatusTooManyRequests)
	case r.Header.Get("Authorization") != "Token token="+ro.token:
		w.WriteHeader(http.StatusUnauthorized)
	case strings.Join(wanted, ",") != ro.of || r.Method != http.MethodGet:
		reply(w, http.StatusNotFound, map[string]any{"error": map[string]any{"message": "Not Found", "code": 2100}})
	default:
		out := []any{}
		for _, d := range ro.duties {
			var end any
			if !d.Until.IsZero() {
				end = d.Until.UTC().Format(time.RFC3339)
			}
			out = append(out, map[string]any{
				"escalation_level": d.Level, "start": nil, "end": end, "schedule": nil,
				"user": map[string]any{"id": d.User.ID, "type": "user", "summary": d.User.Name, "name": d.User.Name},
			})
		}
		reply(w, http.StatusOK, map[string]any{"oncalls": out, "limit": 100, "offset": 0, "more": false, "total": nil})
	}
}
