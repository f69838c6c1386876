package slack

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// defaultTimeout is of a call where the client given sets none.
	defaultTimeout = 15 * time.Second
	// maxAnswer bounds an answer in bytes: 200 messages of the largest size
	// are well below.
	maxAnswer = 32 << 20
)

// transport makes an http.Client safe to call Slack with.
type transport struct{ client *http.Client }

func newTransport(client *http.Client) transport {
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	if own.Timeout == 0 {
		own.Timeout = defaultTimeout
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return transport{&own}
}

// Do bounds the answer, and drops a Retry-After that is no number: the
// library would take the whole answer for unreadable.
func (t transport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.client.Do(req)
	if err != nil {
		return nil, err
	}
	if _, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 31); err != nil {
		resp.Header.Del("Retry-After")
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}
