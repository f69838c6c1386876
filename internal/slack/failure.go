package slack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
)

// Details of our own, beside Slack's words.
const (
	timedOut  = "timeout"
	cancelled = "canceled"
	noAnswer  = "no_answer"
	badAnswer = "bad_answer"
	noWord    = "unreadable_error"
)

// failure says what came of a call that failed. Its text is one of Slack's
// words or of ours: errors below it may hold an address or what a proxy said.
func failure(err error) *dispatch.Error {
	if judged, ok := errors.AsType[*dispatch.Error](err); ok {
		return judged
	}
	if limited, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return &dispatch.Error{Reason: dispatch.RateLimited, RetryAfter: max(limited.RetryAfter, 0), Detail: "http_429"}
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		return badStatus(status.Code)
	}
	if refused, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return refusedWith(refused.Err)
	}
	unreachable := &dispatch.Error{Reason: dispatch.Unreachable, Detail: badAnswer}
	switch timeout, ok := errors.AsType[net.Error](err); {
	case errors.Is(err, context.Canceled):
		unreachable.Detail = cancelled
	case errors.Is(err, context.DeadlineExceeded), ok && timeout.Timeout():
		unreachable.Detail = timedOut
	default:
		if _, ok := errors.AsType[*url.Error](err); ok {
			unreachable.Detail = noAnswer
		}
	}
	return unreachable
}

// badStatus judges an answer that is not 200. Slack itself answers 200 to what
// it refuses (SL-9) but for 429 and 5xx; another 4xx comes from whatever stands
// at a wrong address or between us and Slack, and the next try will meet it too.
func badStatus(code int) *dispatch.Error {
	e := &dispatch.Error{Reason: dispatch.Unreachable, Detail: fmt.Sprintf("http_%d", code)}
	switch {
	case code == http.StatusTooManyRequests:
		e.Reason = dispatch.RateLimited
	case code >= 500:
		e.Reason = dispatch.ServerError
	case code == http.StatusRequestTimeout:
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		e.Reason, e.Permanent = dispatch.BadAuth, true
	case code >= 400:
		e.Reason, e.Permanent = dispatch.Rejected, true
	}
	return e
}

var errorWord = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// refusedWith judges an answer with "ok": false by its word (SL-9).
//
// A word that is on no list is permanent, as those of SL-15 are: Slack has few
// words for trouble that passes and many, growing in number, for what a
// workspace forbids. Taking one of those for passing would repeat the call for
// ever while nobody reads the notice; taking one that passes for permanent
// sends the notice through the next channel at once.
func refusedWith(word string) *dispatch.Error {
	if !errorWord.MatchString(word) {
		word = noWord // it may repeat what was sent
	}
	e := &dispatch.Error{Detail: word}
	switch word {
	case "ratelimited", "rate_limited":
		e.Reason = dispatch.RateLimited
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "external_channel_migrating":
		e.Reason = dispatch.ServerError
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope", "not_allowed_token_type",
		"no_permission", "access_denied", "org_login_required", "ekm_access_denied", "two_factor_setup_required", "team_access_not_granted":
		e.Reason, e.Permanent = dispatch.BadAuth, true
	default:
		e.Reason, e.Permanent = dispatch.Rejected, true
	}
	return e
}

// refusesBlocks reports whether the same message without blocks may be taken.
func refusesBlocks(word string) bool {
	switch word {
	case "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long":
		return true
	}
	return false
}
