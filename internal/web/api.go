package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
	if err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true), writtenInstants); err != nil {
		return incident.Person{}, errBadRequest{fmt.Errorf("the request is not what this path takes: %w", plain(err))}
	}
	return keyed(incident.Person{By: actor(r)}, r, r.Header.Get("Idempotency-Key"), raw), nil
}

// keyed is the person with the key under which the request is sent, if any.
func keyed(p incident.Person, r *http.Request, key string, content []byte) incident.Person {
	if key != "" {
		sum := sha256.Sum256(content)
		p.Key = p.By.Name + " " + r.Method + " " + r.URL.Path + " " + key
		p.Digest = hex.EncodeToString(sum[:])
	}
	return p
}

// writtenInstants reads times as a person should write them, and says what one lacks.
var writtenInstants = json.WithUnmarshalers(json.UnmarshalFunc(func(b []byte, t *time.Time) error {
	s, err := jsontext.AppendUnquote(nil, b)
	if err != nil {
		return errors.New("want a time in quotes, such as " + regime.Sample)
	}
	*t, err = regime.ParseInstant(string(s))
	return err
}))

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

// command executes a command and returns its reply once it is durable.
func (s *server) command(r *http.Request, cmd incident.Command) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), commitWithin)
	defer cancel()
	return s.Desk.Do(ctx, cmd)
}

// do executes a command on an incident and answers with it as it now stands,
// and with warnings about what was asked.
func (s *server) do(w http.ResponseWriter, r *http.Request, status int, cmd incident.Command, warnings ...string) error {
	reply, err := s.command(r, cmd)
	if err != nil {
		return err
	}
	v, err := s.view(r, reply.(incident.ID))
	if err != nil {
		return err
	}
	v.Warnings = append(v.Warnings, warnings...)
	return s.write(w, status, v)
}

func id(r *http.Request) incident.ID { return incident.ID(r.PathValue("id")) }

func (s *server) showIncident(w http.ResponseWriter, r *http.Request) error {
	v, err := s.view(r, id(r))
	if err != nil {
		return err
	}
	return s.write(w, http.StatusOK, v)
}

func (s *server) reload(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	if err := s.Reload(by); err != nil {
		s.Logger.Error("Not reloaded, the configuration in force stays", "by", by.Name, "err", err)
		return errBadRequest{fmt.Errorf("not reloaded, the configuration in force stays: %w", err)}
	}
	s.Logger.Info("Configuration reloaded", "by", by.Name)
	w.WriteHeader(http.StatusOK)
	return nil
}
