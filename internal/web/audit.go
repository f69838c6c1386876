package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json/jsontext"
)

// line is one journal entry as the audit query shows it.
type line struct {
	Seq      uint64         `json:"seq"`
	At       time.Time      `json:"at"`
	Kind     string         `json:"kind"`
	Incident *string        `json:"incident"`
	Actor    string         `json:"actor"`
	Via      string         `json:"via"`
	Summary  string         `json:"summary"`
	Erased   bool           `json:"erased,omitzero"`
	Payload  jsontext.Value `json:"payload,omitzero"`
}

func lineOf(e incident.Entry) line {
	l := line{Seq: e.Seq, At: e.At, Kind: e.Kind, Erased: e.Event == nil}
	if e.About != "" {
		l.Incident = new(string(e.About))
	}
	if e.Event != nil {
		l.Actor, l.Via, l.Summary = e.Event.Actor().Name, e.Event.Actor().Via, e.Event.Describe()
	}
	return l
}

// journal answers who did what, when, oldest first. The cursor is the position
// the next page begins at; payload=true adds the entries' content.
func (s *server) journal(w http.ResponseWriter, r *http.Request) error {
	q := &query{Values: r.URL.Query()}
	who, about, kind := q.Get("actor"), q.Get("incident"), q.Get("type")
	from, to, limit := q.instant("from"), q.instant("to"), q.limit()
	start, err := strconv.ParseUint("0"+q.Get("cursor"), 10, 64)
	if err != nil {
		q.errs = append(q.errs, fmt.Errorf("cursor=%q is not one this list gave", q.Get("cursor")))
	}
	size := s.Journal.Head().Size
	if start > size {
		q.errs = append(q.errs, fmt.Errorf("cursor=%q is not one this list gave", q.Get("cursor")))
	}
	if err := q.err(); err != nil {
		return err
	}
	out := struct {
		Entries []line  `json:"entries"`
		Next    *string `json:"next"`
	}{Entries: []line{}}
	for raw, err := range s.Journal.Read(r.Context(), start, size) {
		if err != nil {
			return err
		}
		if about != "" && raw.Incident != about || kind != "" && !kindMatches(raw.Kind, kind) ||
			!from.IsZero() && raw.At.Before(from) || !to.IsZero() && !raw.At.Before(to) {
			continue
		}
		e, err := desk.Decode(raw)
		if err != nil {
			return err
		}
		l := lineOf(e)
		if who != "" && l.Actor != who {
			continue
		}
		if len(out.Entries) == limit {
			out.Next = new(strconv.FormatUint(raw.Seq, 10))
			break
		}
		if q.Get("payload") == "true" && !raw.Erased {
			l.Payload = raw.Payload
		}
		out.Entries = append(out.Entries, l)
	}
	return s.write(w, http.StatusOK, out)
}

// kindMatches compares an entry's kind with what was asked for, with or
// without its version: "incident.opened" finds "incident.opened/v1".
func kindMatches(kind, asked string) bool {
	bare, _, _ := strings.Cut(kind, "/")
	return kind == asked || bare == asked
}

// entriesOf reads everything about an incident, oldest first.
func (s *server) entriesOf(ctx context.Context, id incident.ID) ([]incident.Entry, error) {
	return desk.Entries(ctx, s.Desk, s.Journal, id)
}

func (s *server) timeline(w http.ResponseWriter, r *http.Request) error {
	entries, err := s.entriesOf(r.Context(), id(r))
	if err != nil {
		return err
	}
	out := struct {
		Entries []line `json:"entries"`
	}{Entries: make([]line, len(entries))}
	for n, e := range entries {
		out.Entries[n] = lineOf(e)
	}
	return s.write(w, http.StatusOK, out)
}
