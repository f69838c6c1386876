package evidence

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Failure is an error whose wording and use of another try are settled.
type Failure struct {
	Reason string
	Retry  bool // asking again can help
}

func (f *Failure) Error() string { return f.Reason }

// Fail is a [Failure] that says so.
func Fail(retry bool, format string, args ...any) error {
	return &Failure{fmt.Sprintf(format, args...), retry}
}

// MissingLabelError is returned by [Template.Render] for an alert that lacks a
// label the template needs: the question does not arise.
type MissingLabelError struct{ Label string }

func (e *MissingLabelError) Error() string {
	return fmt.Sprintf("the alert has no label %q, which the query needs", e.Label)
}

// tooLargeError is returned for the first byte over the budget.
type tooLargeError struct{ most int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("cut: there is more than the %s that max_bytes allows", size(e.most))
}

// size words a number of bytes.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// fail puts an error into the artefact.
func (a *Artefact) fail(ctx context.Context, err error) {
	a.Complete = false
	var last Part
	if len(a.Parts) > 0 {
		last = a.Parts[len(a.Parts)-1]
	}
	reason, retry := explain(ctx, err)
	if last.Status == http.StatusTooManyRequests || last.Status >= 500 {
		retry = true
	}
	if isHTML(last.Type) && !strings.Contains(reason, "HTML") {
		reason = fmt.Sprintf("answered %d with an HTML page where data was asked for, as a sign-in page or a proxy does (%s)", last.Status, reason)
	}
	if missing, ok := errors.AsType[*MissingLabelError](err); ok {
		a.Skipped, reason, retry = true, missing.Error(), false
	}
	a.Error, a.Retry = clip(reason, maxText), retry
}

// explain words an error without credentials, and says whether asking again
// can help.
func explain(ctx context.Context, err error) (reason string, retry bool) {
	if cause := context.Cause(ctx); cause != nil {
		_, large := errors.AsType[*tooLargeError](err)
		_, broke := errors.AsType[*panicked](err)
		if !large && !broke { // they are not because of the time
			if f, ok := errors.AsType[*Failure](cause); ok {
				return f.Reason, f.Retry
			}
			return "stopped before it was done", true
		}
	}
	reason = err.Error()
	if e, ok := errors.AsType[*url.Error](err); ok {
		shown := "an address that cannot be read"
		if u, err := url.Parse(e.URL); err == nil {
			shown = masked(u)
		}
		reason = strings.ReplaceAll(reason, e.URL, shown)
	}
	return reason, helps(err)
}

// helps reports whether asking again can mend an error: what the network or a
// busy server did may pass, what settings and certificates say does not.
func helps(err error) bool {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Retry
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // it calls itself an error of the network whatever is in it
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return false
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return false
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return false
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return true // a service that is being moved
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded)
}

func isHTML(mediaType string) bool {
	t, _, err := mime.ParseMediaType(mediaType)
	return err == nil && (t == "text/html" || t == "application/xhtml+xml")
}

// clip is the text in at most that many bytes, without what would break a line
// or a terminal.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) <= most {
		return s
	}
	const mark = "…"
	s = s[:most-len(mark)]
	for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return strings.ToValidUTF8(s, "") + mark
}
