package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"nis2clock/internal/incident"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listIncidents lists incidents, newest first. The cursor is the id the next
// page begins after.
func (s *server) listIncidents(w http.ResponseWriter, r *http.Request) error {
	q := &query{Values: r.URL.Query()}
	status, text, reg, exercise := q.Get("status"), strings.ToLower(q.Get("q")), q.Get("regime"), q.Get("exercise")
	from, to, limit, cursor := q.instant("from"), q.instant("to"), q.limit(), incident.ID(q.Get("cursor"))
	if exercise != "" && exercise != "true" && exercise != "false" {
		q.errs = append(q.errs, fmt.Errorf("exercise=%q is neither true nor false", exercise))
	}
	if err := q.err(); err != nil {
		return err
	}
	matches := func(i *incident.Incident) bool {
		return (status == "" || i.Status == status) &&
			(exercise == "" || (exercise == "true") == i.Exercise) &&
			(reg == "" || slices.ContainsFunc(i.Clocks, func(c incident.Clock) bool { return string(c.Regime) == reg })) &&
			(from.IsZero() || !i.DetectedAt.Before(from)) && (to.IsZero() || i.DetectedAt.Before(to)) &&
			(text == "" || strings.Contains(strings.ToLower(string(i.ID)+" "+i.Title+" "+i.Summary), text))
	}
	out := struct {
		Incidents []incident.View `json:"incidents"`
		Next      *incident.ID    `json:"next"`
	}{Incidents: []incident.View{}}
	unknown, books, who, now := false, s.Runbooks(), person(r), s.Desk.Now()
	s.Desk.View(func(st *incident.State) {
		ids := st.IDs()
		n := len(ids) - 1
		if cursor != "" {
			if n = slices.Index(ids, cursor) - 1; n < -1 {
				unknown = true
				return
			}
		}
		for ; n >= 0; n-- {
			i, _ := st.Incident(ids[n])
			if !matches(i) {
				continue
			}
			if len(out.Incidents) == limit {
				out.Next = &out.Incidents[limit-1].ID
				return
			}
			out.Incidents = append(out.Incidents, present(i, books, who, now))
		}
	})
	if unknown {
		return errBadRequest{fmt.Errorf("cursor=%q is not one this list gave", cursor)}
	}
	return s.write(w, http.StatusOK, out)
}

// query reads the filters of a list; each name can be read once.
type query struct {
	url.Values
	errs []error
}

func (q *query) instant(name string) time.Time {
	s := q.Get(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		q.errs = append(q.errs, fmt.Errorf("%s=%q is not a time with offset (RFC 3339)", name, s))
	}
	return t
}

func (q *query) limit() int {
	n, err := strconv.Atoi(cmp.Or(q.Get("limit"), strconv.Itoa(defaultLimit)))
	if err != nil || n < 1 || n > maxLimit {
		q.errs = append(q.errs, fmt.Errorf("limit=%q is not a number from 1 to %d", q.Get("limit"), maxLimit))
	}
	return n
}

func (q *query) err() error {
	if err := errors.Join(q.errs...); err != nil {
		return errBadRequest{errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))}
	}
	return nil
}

const (
	defaultLimit = 100
	maxLimit     = 1000
)
