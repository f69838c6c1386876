package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/custody"
	"nis2clock/internal/incident"
)

const (
	// maxUpload bounds a file that is handed in, in bytes.
	maxUpload = 1 << 30
	// uploadWithin bounds how long it may take to come in.
	uploadWithin = 30 * time.Minute
	// maxWords bounds the name and the note, in bytes.
	maxWords = 4 << 10
)

// listEvidence lists an incident's artefacts, oldest first.
func (s *server) listEvidence(w http.ResponseWriter, r *http.Request) error {
	v, ok := s.Desk.Incident(id(r))
	if !ok {
		return fmt.Errorf("%w: %s", incident.ErrUnknown, id(r))
	}
	return s.write(w, http.StatusOK, struct {
		Evidence []incident.EvidenceView `json:"evidence"`
	}{v.Evidence})
}

// readEvidence gives out one artefact, once the entry that says so is durable.
// It is always a download: what others sent us never runs here. An artefact
// that turns out not to be what its digest says breaks off.
func (s *server) readEvidence(w http.ResponseWriter, r *http.Request) error {
	held, err := s.Locker.Holds(id(r), r.PathValue("digest"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(id(r), held)}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Evidence-Digest", held.Digest)
	if r.Method == http.MethodHead { // nobody is given anything
		return nil
	}
	content, err := s.Locker.Open(r.Context(), actor(r), held, id(r))
	if err != nil {
		h.Del("Content-Disposition")
		return err
	}
	_, err = io.Copy(w, content)
	if err = errors.Join(err, content.Close()); err != nil {
		s.Logger.Error("Evidence not sent to its end", "incident", id(r), "artefact", held.Digest, "err", err)
		panic(http.ErrAbortHandler) // the receiver must see that it is not whole
	}
	return nil
}

// fileName is what a browser saves an artefact under.
func fileName(id incident.ID, h incident.Holding) string {
	digest := strings.TrimPrefix(h.Digest, "sha256:")
	if h.Name != "" {
		return h.Name
	}
	return fmt.Sprintf("%s-%s-%s", id, h.Kind, digest[:min(12, len(digest))])
}

// addEvidence keeps the request's body as a file of the incident's. Its name
// and a note are in the query, because a body is taken as it is.
func (s *server) addEvidence(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	in := custody.Handed{Person: incident.Person{By: actor(r)}, Incident: id(r), Name: baseName(q.Get("name")), Note: q.Get("note")}
	switch {
	case in.Name == "":
		return errBadRequest{errors.New("the file needs a name: ?name=FILE")}
	case len(in.Name)+len(in.Note) > maxWords:
		return errBadRequest{fmt.Errorf("name and note are longer than %d bytes", maxWords)}
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil {
		in.MediaType = t
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		in.Person.Key = in.Person.By.Name + " " + r.Method + " " + r.URL.Path + " " + key
	}
	// Recorders in tests have no deadlines, and need none.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.Locker.Add(r.Context(), in, &uploaded{http.MaxBytesReader(w, r.Body, maxUpload)}); err != nil {
		return err
	}
	v, ok := s.Desk.Incident(id(r))
	if !ok {
		return fmt.Errorf("%w: %s", incident.ErrUnknown, id(r))
	}
	return s.write(w, http.StatusCreated, v)
}

// uploaded marks an error in reading a body as the sender's.
type uploaded struct{ io.Reader }

// Read implements [io.Reader].
func (u *uploaded) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = errBadRequest{fmt.Errorf("read the file: %w", err)}
	}
	return n, err
}

// baseName is the last part of a path of any system, without what breaks a
// line or a header.
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.TrimSpace(name))
}

// evidenceRow is an artefact in words.
type evidenceRow struct {
	What, From, At, Size, Outcome, Digest, Link string
	Bad                                         bool
}

func evidenceRows(v incident.View) []evidenceRow {
	var rows []evidenceRow
	for _, e := range v.Evidence {
		row := evidenceRow{What: e.Kind, From: e.Collector, At: utc(e.CollectedAt), Outcome: e.Outcome, Bad: !e.Complete && !e.Skipped}
		if e.Name != nil {
			row.What = *e.Name
		}
		if e.Note != nil {
			row.Outcome += "; " + *e.Note
		}
		if e.Retry {
			row.Outcome += "; another try can help"
		}
		if e.Collector == incident.Upload {
			row.From = e.RecordedBy
		}
		if e.Digest != nil {
			row.Size, row.Digest = fmt.Sprintf("%d bytes", e.Bytes), *e.Digest
			row.Link = "/api/v1/incidents/" + string(v.ID) + "/evidence/" + *e.Digest
		}
		rows = append(rows, row)
	}
	return rows
}
