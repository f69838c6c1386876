package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"syscall"

	"nis2clock/internal/access"
	"nis2clock/internal/communication"
	"nis2clock/internal/custody"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/indicator"
	"nis2clock/internal/journal"
	"nis2clock/internal/problem"
	"nis2clock/internal/report"
	"nis2clock/internal/runbook"
)

// errBadRequest marks an error whose text is for the sender.
type errBadRequest struct{ error }

func (e errBadRequest) Unwrap() error { return e.error }

// errForbidden marks an error that says which right is missing.
type errForbidden struct{ error }

func (e errForbidden) Unwrap() error { return e.error }

// may refuses who has only the right that the route asks for.
func may(r *http.Request, right access.Right) error {
	if who, _ := access.From(r.Context()); !who.Role.Has(right) {
		return errForbidden{errors.New(who.Role.Refusal(right))}
	}
	return nil
}

// explain decides the status and the public text of an error, in one place.
func explain(err error) (status int, text string) {
	var bad errBadRequest
	var forbidden errForbidden
	var large *http.MaxBytesError
	text = err.Error()
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is larger than %d bytes", large.Limit)
	case errors.As(err, &forbidden):
		return http.StatusForbidden, text
	case errors.As(err, &bad):
		return http.StatusBadRequest, text
	case errors.Is(err, incident.ErrUnknown), errors.Is(err, incident.ErrUnknownToken), errors.Is(err, report.ErrStage), errors.Is(err, indicator.ErrNone), errors.Is(err, incident.ErrNoArtefact),
		errors.Is(err, runbook.ErrUnknown), errors.Is(err, communication.ErrKind), errors.Is(err, journal.ErrTile), errors.Is(err, journal.ErrRange):
		return http.StatusNotFound, text
	case errors.Is(err, incident.ErrInvalid):
		return http.StatusBadRequest, strings.TrimPrefix(text, incident.ErrInvalid.Error()+": ")
	case errors.Is(err, incident.ErrRefused):
		return http.StatusConflict, strings.TrimPrefix(text, incident.ErrRefused.Error()+": ")
	case errors.Is(err, incident.ErrKeyReused):
		return http.StatusUnprocessableEntity, text
	case errors.Is(err, custody.ErrMissing):
		return http.StatusGone, text
	case errors.Is(err, custody.ErrSealed):
		return http.StatusConflict, text
	case errors.Is(err, desk.ErrUnstorable):
		return http.StatusUnprocessableEntity, "nothing was changed: this cannot be stored as it is; shorten it"
	case errors.Is(err, desk.ErrNotDurable), errors.Is(err, desk.ErrClosed), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT): // an upload's
		return http.StatusServiceUnavailable, "nothing was changed: the store cannot take it now; send it again"
	}
	return http.StatusInternalServerError, "internal fault; the log says more"
}

// problems serves a handler whose errors become RFC 9457 problem details.
func problems(logger *slog.Logger, serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := serve(w, r)
		if err == nil {
			return
		}
		status, text := explain(err)
		if status >= 500 {
			logger.Error("Request failed", "method", r.Method, "path", r.URL.Path, "err", err)
		}
		problem.Error(w, text, status)
	})
}

// nothing answers what no path takes, in the form of the other errors.
func nothing(mux *http.ServeMux, pattern string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allow []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, found := mux.Handler(other); found != pattern {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			problem.Error(w, "there is no path "+r.URL.Path, http.StatusNotFound)
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		problem.Error(w, r.URL.Path+" takes "+strings.Join(allow, " and ")+", not "+r.Method, http.StatusMethodNotAllowed)
	})
}

// Public is what a person elsewhere, such as in Slack, is told of an error. An
// error comes back when it is not theirs to mend: it could not be made durable.
func Public(err error) (string, error) {
	if status, text := explain(err); status < 500 {
		return text, nil
	}
	return "", err
}
