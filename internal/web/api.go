package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
)

// maxRequest bounds a request body of the API, in bytes.
const maxRequest = 1 << 20

// commitWithin bounds the wait for a command to be durable.
const commitWithin = 10 * time.Second

// read decodes a JSON body into v, refusing what it does not know, and returns
// who sends it under which idempotency key. An empty body is an empty object.
func read(r *http.Request, v any) (incident.Person, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxRequest))
	if err != nil {
		return incident.Person{}, errBadRequest{fmt.Errorf("read the request: %w", err)}
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	if err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true)); err != nil {
		return incident.Person{}, errBadRequest{fmt.Errorf("the request is not what this path takes: %w", plain(err))}
	}
	p := incident.Person{By: actor(r)}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		sum := sha256.Sum256(raw)
		p.Key = p.By.Name + " " + r.Method + " " + r.URL.Path + " " + key
		p.Digest = hex.EncodeToString(sum[:])
	}
	return p, nil
}

// plain words a decoding error: where and what.
func plain(err error) error {
	var se *json.SemanticError
	if !errors.As(err, &se) {
		return err
	}
	where := string(se.JSONPointer)
	switch {
	case where == "":
		return errors.New("the body is not an object")
	case errors.Is(se.Err, json.ErrUnknownName):
		return fmt.Errorf("%s is not known here", where)
	case se.Err != nil:
		return fmt.Errorf("%s: %w", where, se.Err)
	}
	return fmt.Errorf("%s is not of the right type", where)
}

func (s *server) write(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.MarshalWrite(w, v); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
	return nil
}

// do executes a command on an incident and answers with it as it now stands.
func (s *server) do(w http.ResponseWriter, r *http.Request, status int, cmd incident.Command) error {
	ctx, cancel := context.WithTimeout(r.Context(), commitWithin)
	defer cancel()
	reply, err := s.Desk.Do(ctx, cmd)
	if err != nil {
		return err
	}
	v, ok := s.Desk.Incident(reply.(incident.ID))
	if !ok {
		return fmt.Errorf("%w: %s", incident.ErrUnknown, reply)
	}
	return s.write(w, status, v)
}

func id(r *http.Request) incident.ID { return incident.ID(r.PathValue("id")) }

func (s *server) declare(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Title      string    `json:"title"`
		Summary    string    `json:"summary"`
		DetectedAt time.Time `json:"detected_at"`
		Severity   string    `json:"severity"`
		Regimes    []string  `json:"regimes"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusCreated, incident.Declare{Person: p, Title: in.Title, Summary: in.Summary, DetectedAt: in.DetectedAt, Severity: in.Severity, Regimes: in.Regimes})
}

func (s *server) acknowledge(w http.ResponseWriter, r *http.Request) error {
	p, err := read(r, &struct{}{})
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Acknowledge{Person: p, ID: id(r)})
}

func (s *server) takeCommand(w http.ResponseWriter, r *http.Request) error {
	p, err := read(r, &struct{}{})
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.TakeCommand{Person: p, ID: id(r)})
}

func (s *server) setFacts(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Summary     *string          `json:"summary"`
		Malicious   *classify.Answer `json:"malicious"`
		CrossBorder *classify.Answer `json:"cross_border"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.SetFacts{Person: p, ID: id(r), Summary: in.Summary, Malicious: in.Malicious, CrossBorder: in.CrossBorder})
}

func (s *server) becomeAware(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		AwareAt time.Time `json:"aware_at"`
		AwareBy string    `json:"aware_by"`
		Reason  string    `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.BecomeAware{Person: p, ID: id(r), At: in.AwareAt, Who: in.AwareBy, Reason: in.Reason})
}

func (s *server) addNote(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Text string `json:"text"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.AddNote{Person: p, ID: id(r), Text: in.Text})
}

func (s *server) submit(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Entity      string    `json:"entity"`
		Regime      string    `json:"regime"`
		Stage       string    `json:"stage"`
		Stages      []string  `json:"stages"`
		SubmittedAt time.Time `json:"submitted_at"`
		ReceiptAt   time.Time `json:"receipt_at"`
		Authority   string    `json:"authority"`
		Channel     string    `json:"channel"`
		Submitter   string    `json:"submitter"`
		Reference   string    `json:"reference"`
		SHA256      string    `json:"sha256"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if in.Stage != "" {
		in.Stages = append(in.Stages, in.Stage)
	}
	return s.do(w, r, http.StatusOK, incident.Submit{
		Person: p, ID: id(r), Entity: in.Entity, Regime: in.Regime, Stages: in.Stages,
		Submission: incident.Submission{
			SentAt: in.SubmittedAt, ReceiptAt: in.ReceiptAt, Authority: in.Authority, Channel: in.Channel,
			Submitter: in.Submitter, Reference: in.Reference, SHA256: in.SHA256,
		},
	})
}

func (s *server) handled(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		HandledAt time.Time `json:"handled_at"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.MarkHandled{Person: p, ID: id(r), At: in.HandledAt})
}

func (s *server) notReportable(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.MarkNotReportable{Person: p, ID: id(r), Reason: in.Reason})
}

func (s *server) closeIncident(w http.ResponseWriter, r *http.Request) error {
	p, err := read(r, &struct{}{})
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, incident.Close{Person: p, ID: id(r)})
}

func (s *server) showIncident(w http.ResponseWriter, r *http.Request) error {
	v, ok := s.Desk.Incident(id(r))
	if !ok {
		return fmt.Errorf("%w: %s", incident.ErrUnknown, id(r))
	}
	return s.write(w, http.StatusOK, v)
}

const (
	defaultLimit = 100
	maxLimit     = 1000
)

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
	now := s.Desk.Now()
	unknown := false
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
			out.Incidents = append(out.Incidents, i.View(now))
		}
	})
	if unknown {
		return errBadRequest{fmt.Errorf("cursor=%q is not one this list gave", cursor)}
	}
	return s.write(w, http.StatusOK, out)
}

func (s *server) report(w http.ResponseWriter, r *http.Request) error {
	stage, ok := strings.CutSuffix(r.PathValue("file"), ".pdf")
	if !ok {
		return errBadRequest{fmt.Errorf("reports are served as STAGE.pdf, not %q", r.PathValue("file"))}
	}
	pdf, err := s.Report(r.Context(), id(r), stage)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", string(id(r))+"-"+stage+".pdf"))
	if _, err := w.Write(pdf); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
	return nil
}

func (s *server) reload(w http.ResponseWriter, r *http.Request) error {
	who, _ := access.From(r.Context())
	if err := s.Reload(); err != nil {
		return errBadRequest{fmt.Errorf("not reloaded, the configuration in force stays: %w", err)}
	}
	s.Logger.Info("Configuration reloaded", "by", who.Name)
	w.WriteHeader(http.StatusOK)
	return nil
}
