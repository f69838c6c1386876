// Package lokifake is a Loki to test against: query_range over lines in
// memory, with the limits of the real one (LK-1 to LK-9) and its words for
// them. What it does not know of Loki it refuses.
package lokifake

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// Line is one line of one stream.
type Line struct {
	At     int64 // Unix time in nanoseconds
	Stream map[string]string
	Text   string
}

// Server is the fake, an [http.Handler]. Set its fields before it serves.
type Server struct {
	Lines []Line
	// Limit is max_entries_limit_per_query; 0 means 5000 (LK-2).
	Limit int
	// Tenant must be sent as X-Scope-OrgID when it is set (LK-8).
	Tenant string
	// MaxBytes refuses larger answers as gRPC does between Loki's parts; 0 means
	// 4 MiB (LK-5).
	MaxBytes int
	// FailFrom makes every question whose range starts then or later fail with
	// 503; 0 for none.
	FailFrom int64

	sorted sync.Once // Lines, at the first question

	mu      sync.Mutex
	queries []string
}

// Queries are the queries that were asked.
func (s *Server) Queries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.queries)
}

// Limits of the real one that cannot be set here.
const (
	defaultLimit   = 100                         // LK-1
	maxQueryLength = 30*24*time.Hour + time.Hour // LK-5
)

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/loki/api/v1/status/buildinfo":
		write(w, http.StatusOK, []byte(`{"version":"3.7.8","revision":"fake"}`))
	case r.URL.Path != "/loki/api/v1/query_range" || r.Method != http.MethodGet:
		http.NotFound(w, r)
	case s.Tenant != "" && r.Header.Get("X-Scope-OrgID") != s.Tenant:
		http.Error(w, "no org id", http.StatusUnauthorized)
	default:
		s.queryRange(w, r)
	}
}

func (s *Server) queryRange(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	number := func(name string, without int64) int64 {
		if !q.Has(name) {
			return without
		}
		n, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	limit, most := number("limit", defaultLimit), int64(cmp.Or(s.Limit, 5000))
	start, end := number("start", -1), number("end", -1)
	switch {
	case !strings.HasPrefix(q.Get("query"), "{"):
		http.Error(w, "parse error at line 1, col 1: syntax error", http.StatusBadRequest)
		return
	case start < 0 || end < 0 || limit <= 0:
		http.Error(w, "limit, start and end must be positive integers", http.StatusBadRequest)
		return
	case end <= start:
		http.Error(w, "end timestamp must not be before or equal to start time", http.StatusBadRequest)
		return
	case limit > most:
		http.Error(w, fmt.Sprintf("max entries limit per query exceeded, limit > max_entries_limit_per_query (%d > %d)", limit, most), http.StatusBadRequest)
		return
	case end-start > int64(maxQueryLength):
		http.Error(w, "the query time range exceeds the limit", http.StatusBadRequest)
		return
	case s.FailFrom != 0 && start >= s.FailFrom:
		http.Error(w, "too many outstanding requests", http.StatusServiceUnavailable)
		return
	}
	s.mu.Lock()
	s.queries = append(s.queries, q.Get("query"))
	s.mu.Unlock()
	body, err := s.answer(start, end, int(limit), q.Get("direction") == "forward")
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case len(body) > cmp.Or(s.MaxBytes, 4<<20):
		http.Error(w, fmt.Sprintf("rpc error: code = ResourceExhausted desc = grpc: received message larger than max (%d vs. %d)", len(body), cmp.Or(s.MaxBytes, 4<<20)), http.StatusInternalServerError)
	default:
		write(w, http.StatusOK, body)
	}
}

type stream struct {
	Stream map[string]string `json:"stream"`
	Values [][2]string       `json:"values"`
}

// answer has the first lines of the range in its direction, by stream.
func (s *Server) answer(start, end int64, limit int, forward bool) ([]byte, error) {
	s.sorted.Do(func() {
		slices.SortStableFunc(s.Lines, func(a, b Line) int { return cmp.Compare(a.At, b.At) })
	})
	at := func(ns int64) int {
		i, _ := slices.BinarySearchFunc(s.Lines, ns, func(l Line, ns int64) int { return cmp.Compare(l.At, ns) })
		return i
	}
	in := s.Lines[at(start):at(end)]
	if !forward {
		in = slices.Clone(in)
		slices.Reverse(in)
	}
	if len(in) > limit {
		in = in[:limit]
	}
	byName := map[string]*stream{}
	for _, l := range in {
		name := fmt.Sprint(l.Stream)
		if byName[name] == nil {
			labels := map[string]string{"detected_level": "info", "service_name": "unknown_service"}
			for k, v := range l.Stream {
				labels[k] = v
			}
			byName[name] = &stream{Stream: labels}
		}
		byName[name].Values = append(byName[name].Values, [2]string{strconv.FormatInt(l.At, 10), l.Text})
	}
	result := []stream{}
	for _, one := range byName { // in no order, as Loki's
		result = append(result, *one)
	}
	return json.Marshal(map[string]any{
		"status": "success",
		"data": map[string]any{
			"resultType": "streams", "result": result,
			"stats": map[string]any{"summary": map[string]any{"execTime": rand.Float64()}}, // differs every time
		},
	})
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return // the caller has gone away
	}
}
