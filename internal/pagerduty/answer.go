package pagerduty

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/dispatch"
)

const (
	// maxAnswer bounds what is read of an answer; PagerDuty's are below 1 KiB.
	maxAnswer = 64 << 10
	// maxDetail bounds an error's detail in bytes.
	maxDetail = 300
	// limitedFor is how long to wait after a 429 that does not say (PD-5).
	limitedFor = 30 * time.Second
	// maxRetryAfter bounds what an answer may ask for: a page that waits longer
	// is no page, and the rate is counted over one minute.
	maxRetryAfter = 5 * time.Minute
)

// answer is the HTTP side of one call, kept as it came. The client library
// would lose the errors of a 400 (it looks for the REST API's error object),
// Retry-After and the cause of a network error, and takes any 2xx for
// accepted.
type answer struct {
	http *http.Client

	asked  bool
	err    error // no whole answer came
	status int
	header http.Header
	body   []byte
}

// Do implements the client library's HTTPClient for one request.
func (a *answer) Do(req *http.Request) (*http.Response, error) {
	a.asked = true
	resp, err := a.http.Do(req)
	if err != nil {
		a.err = err
		return nil, err
	}
	a.status, a.header = resp.StatusCode, resp.Header
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	err = errors.Join(err, resp.Body.Close())
	if err != nil && (resp.StatusCode == http.StatusAccepted || req.Context().Err() != nil) {
		a.err = err
		return nil, err
	}
	a.body = body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// vendorAnswer is the body of PagerDuty's answers, good or bad.
type vendorAnswer struct {
	Status   string         `json:"status"`
	Message  string         `json:"message"`
	DedupKey string         `json:"dedup_key"`
	Errors   jsontext.Value `json:"errors"`
}

// failure judges the answer to an event with that dedup key; nil when the
// event was accepted. Only 202 with the key in its body is that: anything else
// that looks like success comes from something in between (PD-4).
func (a *answer) failure(dedup string, redact func(string) string) *dispatch.Error {
	if a.err != nil {
		err := a.err
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // the address is known and may hold more than it should
		}
		return &dispatch.Error{Reason: dispatch.Unreachable, Detail: redact(err.Error())}
	}
	var v vendorAnswer
	parsed := json.Unmarshal(a.body, &v) == nil
	said := fmt.Sprintf("HTTP %d", a.status)
	if parsed {
		said = redact(v.text(said))
	}
	switch s := a.status; {
	case s == http.StatusAccepted && parsed && v.DedupKey == dedup:
		return nil
	case s < 300:
		return &dispatch.Error{Reason: dispatch.Unreachable, Detail: fmt.Sprintf("HTTP %d, but not PagerDuty's acceptance of this event", s)}
	case s < 400:
		return &dispatch.Error{Reason: dispatch.Unreachable, Detail: fmt.Sprintf("HTTP %d: a redirect is not followed, check the base URL", s)}
	case s == http.StatusTooManyRequests:
		wait, ok := retryAfter(a.header)
		if !ok {
			wait = limitedFor
		}
		return &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: wait, Detail: said}
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return &dispatch.Error{Reason: dispatch.BadAuth, Permanent: true, Detail: said}
	case s == http.StatusRequestTimeout || s >= 500:
		wait, _ := retryAfter(a.header)
		return &dispatch.Error{Reason: dispatch.ServerError, RetryAfter: wait, Detail: said}
	}
	return &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: said}
}

// text is what the vendor said: its message and its list of errors, which is
// an array of strings or, from some gateways, one string.
func (v vendorAnswer) text(otherwise string) string {
	parts := []string{}
	if v.Message != "" {
		parts = append(parts, v.Message)
	} else if v.Status != "" {
		parts = append(parts, v.Status)
	}
	var many []string
	var one string
	if json.Unmarshal(v.Errors, &many) == nil && len(many) > 0 {
		parts = append(parts, strings.Join(many, "; "))
	} else if json.Unmarshal(v.Errors, &one) == nil && one != "" {
		parts = append(parts, one)
	}
	if len(parts) == 0 {
		return otherwise
	}
	return strings.Join(parts, ": ")
}

// retryAfter reads the header in either form. A date is measured against the
// answer's own Date, so that no clock is asked.
func retryAfter(h http.Header) (time.Duration, bool) {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter), true
	}
	until, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	from, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	return min(max(until.Sub(from), 0), maxRetryAfter), true
}
