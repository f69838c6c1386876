// Package searchfake is an OpenSearch to test against: a scroll over documents
// in memory. It refuses what OpenSearch refuses, and a search of another form
// than it knows.
package searchfake

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// Document is one in the only index.
type Document struct {
	At   time.Time
	Host string
}

// Server is the fake, an [http.Handler]. Set its fields before it serves.
type Server struct {
	Index string
	Docs  []Document
	// FailedShards and TimedOut are said in every answer.
	FailedShards int
	TimedOut     bool
	// FailAfter makes every answer after so many fail with 503; 0 for none.
	FailAfter int

	mu      sync.Mutex
	scrolls map[string][]Document
	size    map[string]int
	answers int
	begun   int
}

// Open is how many scrolls were not given back.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.scrolls)
}

type search struct {
	Size  int                 `json:"size"`
	Sort  []map[string]string `json:"sort"`
	Track bool                `json:"track_total_hits"`
	Query struct {
		Bool struct {
			Filter []struct {
				Range map[string]struct {
					GTE time.Time `json:"gte"`
					LT  time.Time `json:"lt"`
				} `json:"range"`
				Term     map[string]string `json:"term"`
				MatchAll *struct{}         `json:"match_all"`
			} `json:"filter"`
		} `json:"bool"`
	} `json:"query"`
}

type scroll struct {
	Scroll string `json:"scroll"`
	ID     string `json:"scroll_id"`
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scrolls == nil {
		s.scrolls, s.size = map[string][]Document{}, map[string]int{}
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /":
		write(w, map[string]any{"version": map[string]string{"distribution": "opensearch", "number": "2.19.0"}})
	case "POST /" + s.Index + "/_search":
		s.first(w, r)
	case "POST /_search/scroll":
		var in scroll
		if err := json.UnmarshalRead(r.Body, &in, json.RejectUnknownMembers(true)); err != nil || s.size[in.ID] == 0 {
			refuse(w, http.StatusNotFound, "search_context_missing_exception", "No search context found for id ["+in.ID+"]")
			return
		}
		s.page(w, in.ID, -1)
	case "DELETE /_search/scroll":
		var in scroll
		if err := json.UnmarshalRead(r.Body, &in); err != nil {
			refuse(w, http.StatusBadRequest, "parse_exception", err.Error())
			return
		}
		delete(s.scrolls, in.ID)
		delete(s.size, in.ID)
		write(w, map[string]any{"succeeded": true})
	default:
		refuse(w, http.StatusNotFound, "index_not_found_exception", "no such index "+r.URL.Path)
	}
}

func (s *Server) first(w http.ResponseWriter, r *http.Request) {
	var in search
	if err := json.UnmarshalRead(r.Body, &in, json.RejectUnknownMembers(true)); err != nil {
		refuse(w, http.StatusBadRequest, "parsing_exception", err.Error())
		return
	}
	switch {
	case in.Size > 10_000:
		refuse(w, http.StatusBadRequest, "illegal_argument_exception", "Batch size is too large, size must be less than or equal to: [10000]")
		return
	case r.URL.Query().Get("scroll") == "" || len(in.Sort) == 0 || !in.Track:
		refuse(w, http.StatusBadRequest, "illegal_argument_exception", "this fake only scrolls, sorted and with all hits counted")
		return
	}
	var found []Document
	for _, d := range s.Docs {
		ok := true
		for _, f := range in.Query.Bool.Filter {
			for _, between := range f.Range {
				ok = ok && !d.At.Before(between.GTE) && d.At.Before(between.LT)
			}
			if host, by := f.Term["host"]; by {
				ok = ok && d.Host == host
			}
		}
		if ok {
			found = append(found, d)
		}
	}
	slices.SortStableFunc(found, func(a, b Document) int { return a.At.Compare(b.At) })
	s.begun++
	id := fmt.Sprintf("scroll-%d", s.begun)
	s.scrolls[id], s.size[id] = found, cmp.Or(in.Size, 10)
	s.page(w, id, len(found))
}

// page gives the next hits of a scroll.
func (s *Server) page(w http.ResponseWriter, id string, total int) {
	s.answers++
	if s.FailAfter > 0 && s.answers > s.FailAfter {
		refuse(w, http.StatusServiceUnavailable, "es_rejected_execution_exception", "rejected execution")
		return
	}
	left := s.scrolls[id]
	n := min(s.size[id], len(left))
	s.scrolls[id] = left[n:]
	hits := []any{}
	for _, d := range left[:n] {
		hits = append(hits, map[string]any{"_index": s.Index, "_source": map[string]any{"@timestamp": d.At, "host": d.Host}})
	}
	if total < 0 {
		total = len(s.Docs)
	}
	write(w, map[string]any{
		"_scroll_id": id, "timed_out": s.TimedOut,
		"_shards": map[string]int{"total": 5, "successful": 5 - s.FailedShards, "failed": s.FailedShards},
		"hits":    map[string]any{"total": map[string]any{"value": total, "relation": "eq"}, "hits": hits},
	})
}

func refuse(w http.ResponseWriter, status int, kind, reason string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	send(w, map[string]any{"error": map[string]string{"type": kind, "reason": strings.TrimSpace(reason)}, "status": status})
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	send(w, v)
}

func send(w http.ResponseWriter, v any) {
	if err := json.MarshalWrite(w, v); err != nil {
		return // the caller has gone away
	}
}
