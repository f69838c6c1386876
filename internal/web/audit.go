package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"nis2clock/internal/access"
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

// lineOf shows an entry to somebody, and what it withholds from most to those
// who may decide.
func lineOf(e incident.Entry, who access.Identity) line {
	l := line{Seq: e.Seq, At: e.At, Kind: e.Kind, Erased: e.Event == nil}
	if e.About != "" {
		l.Incident = new(string(e.About))
	}
	if e.Event != nil {
		l.Actor, l.Via, l.Summary = e.Event.Actor().Name, e.Event.Actor().Via, wording(e, who)
	}
	return l
}

// journal answers who did what, when, oldest first. The cursor is the position
// the next page begins at; payload=true adds the entries' content.
func (s *server) journal(w http.ResponseWriter, r *http.Request) error {
	q := &query{Values: r.URL.Query()}
	ask := incident.Query{
		Actor: q.Get("actor"), Incident: incident.ID(q.Get("incident")), Kind: q.Get("type"),
		From: q.instant("from"), To: q.instant("to"),
	}
	limit := q.limit()
	var err error
	if ask.Start, err = strconv.ParseUint("0"+q.Get("cursor"), 10, 64); err != nil || ask.Start > s.Journal.Head().Size {
		q.errs = append(q.errs, fmt.Errorf("cursor=%q is not one this list gave", q.Get("cursor")))
	}
	if err := q.err(); err != nil {
		return err
	}
	ask.Hidden = s.hidden(r)
	found, err := desk.Find(r.Context(), s.Desk, s.Journal, ask, limit+1)
	if err != nil {
		return err
	}
	out := struct {
		Entries []line  `json:"entries"`
		Next    *string `json:"next"`
	}{Entries: []line{}}
	who := person(r)
	for n, raw := range found {
		if n == limit {
			out.Next = new(strconv.FormatUint(raw.Seq, 10))
			break
		}
		e, err := desk.Decode(raw)
		if err != nil {
			return err
		}
		l := lineOf(e, who)
		if removed, reason, ok := raw.Erasure(); ok {
			l.Erased, l.Summary = false, fmt.Sprintf("removed the content of %d entries: %s", len(removed), reason)
		}
		if q.Get("payload") == "true" && !raw.Erased && (!e.Privileged() || who.Role.Has(access.MayDecide)) && !s.tellsOf(e, ask.Hidden) {
			l.Payload = raw.Payload
		}
		out.Entries = append(out.Entries, l)
	}
	return s.write(w, http.StatusOK, out)
}

// tellsOf reports whether an entry holds a webhook body, as received, that
// speaks of what is hidden too.
func (s *server) tellsOf(e incident.Entry, hidden map[incident.ID]bool) (tells bool) {
	if len(hidden) == 0 || incident.ReceiptOf(e.Event) == nil {
		return false
	}
	s.Desk.View(func(st *incident.State) {
		tells = st.BesideRestricted(e.About, func(id incident.ID) bool { return hidden[id] })
	})
	return tells
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
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
	case "csv":
		return s.timelineCSV(w, id(r), entries, person(r))
	default:
		return errBadRequest{fmt.Errorf("format=%q: want json or csv", format)}
	}
	out := struct {
		Entries []line `json:"entries"`
	}{Entries: make([]line, len(entries))}
	for n, e := range entries {
		out.Entries[n] = lineOf(e, person(r))
	}
	return s.write(w, http.StatusOK, out)
}
