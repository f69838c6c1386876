// Package kubefake is a Kubernetes API server to test against: one namespace,
// whose objects are listed in pages, and the logs of its pods. It refuses a
// wrong token and what was not asked for in Kubernetes' words.
package kubefake

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// Server is the fake, an [http.Handler]. Set its fields before it serves.
type Server struct {
	Namespace string
	Token     string // bearer
	Pods      []Pod
	Events    int
	// Expired makes every second page fail with 410, as after a compaction.
	Expired bool
}

// Pod is one pod, on the node "node-1".
type Pod struct {
	Name       string
	Containers []Container
}

// Container is one container and what it wrote.
type Container struct {
	Name          string
	Log, Previous string // Previous is empty when it was not restarted
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in := "/api/v1/namespaces/" + s.Namespace
	path := r.URL.Path
	switch {
	case path == "/version":
		write(w, http.StatusOK, map[string]string{"gitVersion": "v1.35.0"})
	case r.Header.Get("Authorization") != "Bearer "+s.Token:
		status(w, http.StatusUnauthorized, "Unauthorized")
	case r.Method != http.MethodGet:
		status(w, http.StatusMethodNotAllowed, "only GET is known here")
	case path == in+"/events":
		s.list(w, r, s.Events, func(i int) any { return object{"metadata": object{"name": fmt.Sprintf("event-%d", i)}} })
	case path == in+"/pods":
		s.list(w, r, len(s.Pods), func(i int) any { return s.Pods[i].object() })
	case path == "/api/v1/nodes/node-1":
		write(w, http.StatusOK, object{"kind": "Node", "metadata": object{"name": "node-1"}})
	case strings.HasPrefix(path, in+"/pods/") && strings.HasSuffix(path, "/log"):
		s.log(w, r, strings.TrimSuffix(strings.TrimPrefix(path, in+"/pods/"), "/log"))
	default:
		status(w, http.StatusForbidden, "the account cannot get "+path)
	}
}

type object = map[string]any

func (p Pod) object() any {
	var specs, states []any
	for _, c := range p.Containers {
		restarts := 0
		if c.Previous != "" {
			restarts = 1
		}
		specs = append(specs, object{"name": c.Name})
		states = append(states, object{"name": c.Name, "restartCount": restarts})
	}
	return object{
		"metadata": object{"name": p.Name},
		"spec":     object{"nodeName": "node-1", "containers": specs},
		"status":   object{"containerStatuses": states},
	}
}

// list gives a page of n objects.
func (s *Server) list(w http.ResponseWriter, r *http.Request, n int, at func(int) any) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		status(w, http.StatusBadRequest, "this fake lists in pages only")
		return
	}
	from := 0
	if token := r.URL.Query().Get("continue"); token != "" {
		if from, err = strconv.Atoi(token); err != nil || s.Expired {
			status(w, http.StatusGone, "The provided continue parameter is too old")
			return
		}
	}
	to, next := min(n, from+limit), ""
	if to < n {
		next = strconv.Itoa(to)
	}
	items := []any{}
	for i := from; i < to; i++ {
		items = append(items, at(i))
	}
	write(w, http.StatusOK, object{"kind": "List", "metadata": object{"continue": next}, "items": items})
}

func (s *Server) log(w http.ResponseWriter, r *http.Request, pod string) {
	q := r.URL.Query()
	for _, p := range s.Pods {
		for _, c := range p.Containers {
			if p.Name != pod || c.Name != q.Get("container") {
				continue
			}
			text := c.Log
			if q.Get("previous") == "true" {
				if text = c.Previous; text == "" {
					status(w, http.StatusBadRequest, "previous terminated container not found")
					return
				}
			}
			if most, err := strconv.Atoi(q.Get("limitBytes")); err == nil && len(text) > most {
				text = text[:most]
			}
			w.Header().Set("Content-Type", "text/plain")
			if _, err := io.WriteString(w, text); err != nil {
				return // the caller has gone away
			}
			return
		}
	}
	status(w, http.StatusNotFound, fmt.Sprintf("pods %q not found", pod))
}

func status(w http.ResponseWriter, code int, message string) {
	write(w, code, object{"kind": "Status", "status": "Failure", "message": message, "code": code})
}

func write(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.MarshalWrite(w, v); err != nil {
		return // the caller has gone away
	}
}
