package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/incident"
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
	if known := []string{"", incident.Open, incident.StatusHandled, incident.StatusClosed}; !slices.Contains(known, status) {
		q.errs = append(q.errs, fmt.Errorf("status=%q is none of %s", status, strings.Join(known[1:], ", ")))
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
	books, who, now := s.Runbooks(), person(r), s.Desk.Now()
	var err error
	s.Desk.View(func(st *incident.State) {
		var page []incident.ID
		page, out.Next, err = newestFirst(without(st.IDs(), st.Hidden(who.Sees)), cursor, limit, func(id incident.ID) bool {
			i, _ := st.Incident(id)
			return matches(i)
		})
		for _, id := range page {
			i, _ := st.Incident(id)
			out.Incidents = append(out.Incidents, present(i, books, who, now))
		}
	})
	if err != nil {
		return err
	}
	return s.write(w, http.StatusOK, out)
}

// without is the ids that are not hidden; all is not changed.
func without(all []incident.ID, hidden map[incident.ID]bool) []incident.ID {
	if len(hidden) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(id incident.ID) bool { return hidden[id] })
}

// newestFirst is one page of a list whose ids stand in the order in which they
// were given out: at most limit that match, from the newest before the cursor
// on. Next is the next page's cursor, nil at the end.
func newestFirst(ids []incident.ID, cursor incident.ID, limit int, matches func(incident.ID) bool) (page []incident.ID, next *incident.ID, err error) {
	end := len(ids)
	if cursor != "" {
		if end = slices.Index(ids, cursor); end < 0 {
			return nil, nil, errBadRequest{fmt.Errorf("cursor=%q is not one this list gave", cursor)}
		}
	}
	for _, id := range slices.Backward(ids[:end]) {
		if !matches(id) {
			continue
		}
		if len(page) == limit {
			return page, new(page[limit-1]), nil
		}
		page = append(page, id)
	}
	return page, nil, nil
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
