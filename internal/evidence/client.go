package evidence

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Client asks one source. The bytes of every answer go into the capture of the
// context, as they are read. It is safe for concurrent use.
type Client struct {
	base     *url.URL
	endpoint Endpoint
	named    map[string]bool // host:port that the settings name
	http     *http.Client
}

const (
	maxRedirects = 5
	dialTimeout  = 10 * time.Second
	maxHead      = 256 << 10 // bytes of an answer's header
)

// HTTP is the client for libraries that bring requests of their own.
func (c *Client) HTTP() *http.Client { return c.http }

// Base is the base address of the source, without a slash at the end.
func (c *Client) Base() string { return c.base.String() }

// URL is the base address of the source with an escaped path, which begins
// with a slash, and a query.
func (c *Client) URL(path string, query url.Values) string {
	u := c.base.String() + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	return u
}

// Get asks for an address of [Client.URL]. See [Client.Do].
func (c *Client) Get(ctx context.Context, address, mediaType string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, Fail(false, "the question makes no address that can be asked for")
	}
	return c.Do(req, mediaType)
}

// Do asks, and refuses an answer other than 2xx or of another media type; an
// empty media type is any but HTML. The caller closes the body. What a refused
// answer holds is in the capture.
func (c *Client) Do(req *http.Request, mediaType string) (*http.Response, error) {
	if mediaType != "" {
		req.Header.Set("Accept", mediaType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if err := refused(resp, mediaType); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return resp, nil
}

// MediaJSON is the media type of most answers.
const MediaJSON = "application/json"

// GetJSON reads an answer in JSON. See [Client.Get].
func (c *Client) GetJSON(ctx context.Context, address string, into any) error {
	resp, err := c.Get(ctx, address, MediaJSON)
	if err != nil {
		return err
	}
	return Decode(resp, into)
}

// Decode reads the JSON of somebody else, leniently where it does no harm, and
// closes the answer.
func Decode(resp *http.Response, into any) error {
	err := json.UnmarshalRead(resp.Body, into, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, ok := errors.AsType[*jsontext.SyntacticError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = Fail(false, "answered with what is not JSON: %v", err)
	}
	return errors.Join(err, resp.Body.Close())
}

// refused says why an answer will not do.
func refused(resp *http.Response, mediaType string) error {
	got, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		got = ""
	}
	switch {
	case resp.StatusCode/100 != 2:
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxText/2))
		if err != nil || isHTML(got) {
			text = nil
		}
		return &StatusError{Status: resp.StatusCode, Text: strings.TrimSpace(string(text))}
	case mediaType == "" && isHTML(got), mediaType != "" && got != mediaType:
		if isHTML(got) {
			return Fail(false, "answered %d with an HTML page where data was asked for, as a sign-in page or a proxy does", resp.StatusCode)
		}
		return Fail(false, "answered with %q, not %s", clip(resp.Header.Get("Content-Type"), 100), mediaType)
	}
	return nil
}

// StatusError is an answer other than 2xx, with the beginning of what it says.
type StatusError struct {
	Status int
	Text   string
}

func (e *StatusError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("answered %d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("answered %d %s: %s", e.Status, http.StatusText(e.Status), e.Text)
}

// mayFollow is the rule for redirects.
func (c *Client) mayFollow(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return Fail(false, "redirected more than %d times", maxRedirects)
	case req.URL.Scheme != "https" && last.URL.Scheme == "https":
		return Fail(false, "redirected from https to %s: refused", req.URL.Scheme)
	case !c.named[hostPort(req.URL)]:
		return Fail(false, "redirected to %s: refused, because the settings do not name that host", clip(hostPort(req.URL), 100))
	case req.Method != last.Method:
		return Fail(false, "redirected in a way that loses the question: refused")
	}
	return nil
}

// newTransport connects to what mayDial allows. A proxy of the environment is
// not used: behind it nobody could tell where a connection ends.
func (c *Client) newTransport(conf *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			named := c.named[strings.ToLower(addr)]
			d := net.Dialer{Timeout: dialTimeout, Control: func(_, addr string, _ syscall.RawConn) error {
				to, err := netip.ParseAddrPort(addr)
				if err != nil {
					return fmt.Errorf("refused to connect to what is not an address: %w", err)
				}
				return mayDial(to.Addr(), named)
			}}
			return d.DialContext(ctx, network, addr)
		},
		TLSClientConfig:        conf,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: maxHead,
	}
}

// transport is what every request passes on its way out, and every answer on
// its way in.
type transport struct {
	client *Client
	next   http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", "nis2clock")
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Del("Authorization")
	if t.client.knows(req.URL) {
		if err := t.client.endpoint.authorize(req); err != nil {
			return nil, err
		}
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if how := resp.Header.Get("Content-Encoding"); how != "" && !strings.EqualFold(how, "identity") {
		return nil, errors.Join(Fail(false, "answered in a compressed form (%s) though it was asked not to", clip(how, 40)), resp.Body.Close())
	}
	if c, ok := req.Context().Value(captureKey{}).(*Capture); ok && c != nil {
		at := c.rec.now().UTC()
		c.begin(Part{Method: req.Method, URL: clip(masked(req.URL), maxURL), Status: resp.StatusCode, Type: clip(resp.Header.Get("Content-Type"), 100), At: at})
		if resp.StatusCode/100 != 3 { // what a redirect says beside its address is of no use
			resp.Body = &tee{body: resp.Body, into: c}
		}
		return resp, nil
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAside)
	return resp, nil
}

// maxAside bounds an answer that is not captured, such as a version, in bytes.
const maxAside = 1 << 20

// maxURL is how much of an address is recorded, in bytes; the query is beside
// it in full.
const maxURL = 2 << 10

// knows reports whether an address is at the source itself, which alone sees
// the credentials: never over plain HTTP when the settings say https.
func (c *Client) knows(u *url.URL) bool {
	if hostPort(u) == hostPort(c.base) {
		return true
	}
	return c.base.Scheme == "http" && u.Scheme == "https" && c.base.Port() == "" && strings.EqualFold(u.Hostname(), c.base.Hostname())
}

// tee copies an answer into a capture as it is read, and what nobody read when
// it is closed.
type tee struct {
	mu   sync.Mutex
	body io.ReadCloser
	into *Capture
	err  error
}

// Read implements [io.Reader].
func (t *tee) Read(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.read(p)
}

func (t *tee) read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.body.Read(p)
	kept, keepErr := t.into.Write(p[:n])
	if keepErr != nil {
		n, err = kept, keepErr
	}
	if err != nil {
		t.err = err
		if err != io.EOF {
			t.into.brokeOff(err)
		}
	}
	return n, err
}

// Close implements [io.Closer].
func (t *tee) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	buf := make([]byte, 32<<10)
	for t.err == nil {
		if _, err := t.read(buf); err != nil {
			break // the capture has it
		}
	}
	return t.body.Close()
}
