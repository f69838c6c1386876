package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// network is one in memory: what waits for it waits for other goroutines alone,
// so that in a bubble of virtual time nothing has to be slept through.
type network struct {
	mu    sync.Mutex
	doors map[string]*door // by host:port
}

func newNetwork() *network { return &network{doors: map[string]*door{}} }

// door is a [net.Listener].
type door struct {
	n       *network
	address string
	calls   chan net.Conn
	closed  chan struct{}
	once    sync.Once

	mu   sync.Mutex
	ends []net.Conn // of both sides, for slam
}

// Listen opens a door; one at the same address must have been closed before.
func (n *network) Listen(_, address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.doors[address] != nil {
		return nil, errors.New("the address is in use")
	}
	d := &door{n: n, address: address, calls: make(chan net.Conn), closed: make(chan struct{})}
	n.doors[address] = d
	return d, nil
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	d := n.doors[address]
	n.mu.Unlock()
	if d == nil {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	d.mu.Lock()
	d.ends = append(d.ends, ours, theirs)
	d.mu.Unlock()
	select {
	case d.calls <- theirs:
		return ours, nil
	case <-d.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.calls:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *door) Close() error {
	d.once.Do(func() {
		close(d.closed)
		d.n.mu.Lock()
		defer d.n.mu.Unlock()
		if d.n.doors[d.address] == d {
			delete(d.n.doors, d.address)
		}
	})
	return nil
}

// slam closes the door and cuts whoever stands in it, as a power cut does.
func (d *door) slam(t testing.TB) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.ends {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func (d *door) Addr() net.Addr { return doorAddr(d.address) }

type doorAddr string

func (doorAddr) Network() string  { return "memory" }
func (a doorAddr) String() string { return string(a) }

// transport is somebody's way into the network until the test ends.
func (n *network) transport(t testing.TB) *http.Transport {
	tr := &http.Transport{DialContext: n.dial}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// serve answers at an address until the test ends.
func (n *network) serve(t testing.TB, address string, h http.Handler) {
	t.Helper()
	l, err := n.Listen("", address)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
}

// Addresses on the network.
const (
	clockAt = "clock.example:80"
	pagerAt = "pager.example:80"
	slackAt = "slack.example:80"
	opsAt   = "opsgenie.example:80"
)

// trouble is what ails the way to a vendor.
type trouble string

const (
	unreachable trouble = "unreachable" // no connection
	failing     trouble = "failing"     // 503
	limiting    trouble = "limiting"    // 429, with Retry-After
	hanging     trouble = "hanging"     // never answers
	losing      trouble = "losing"      // takes what comes, and the answer is lost
)

// troubles are all of them.
var troubles = []trouble{unreachable, failing, limiting, hanging, losing}

// weather is what ails each vendor now, and when the power goes.
type weather struct {
	mu    sync.Mutex
	ails  map[string]trouble // by host, without port
	until int                // calls until the power goes; 0 for never
	after bool               // then it goes once the vendor has taken the call, not before
	gone  chan struct{}      // told when it has
}

func newWeather() *weather {
	return &weather{ails: map[string]trouble{}, gone: make(chan struct{}, 1)}
}

// set lets the trouble befall a host; empty ends it.
func (w *weather) set(host string, what trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ails[host] = what
}

// arm lets the power go during the n-th call from now on.
func (w *weather) arm(n int, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until, w.after = n, after
}

func (w *weather) call(host string) (ail trouble, powerCut, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until > 0 {
		w.until--
		powerCut = w.until == 0
	}
	return w.ails[host], powerCut, w.after
}

// latency is the way to a vendor, and the way back.
const latency = 50 * time.Millisecond

// line carries one process's calls to vendors through the weather. It is dead
// once the process is.
type line struct {
	next    http.RoundTripper
	net     *network
	weather *weather
	dead    chan struct{}
}

var errCut = errors.New("the connection broke")

// RoundTrip implements [http.RoundTripper].
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	ail, powerCut, after := l.weather.call(r.URL.Hostname())
	if err := l.pass(r.Context()); err != nil {
		return nil, err
	}
	if powerCut && !after {
		return nil, l.cut(r.Context())
	}
	switch ail {
	case unreachable:
		return nil, errCut
	case failing:
		return plain(r, http.StatusServiceUnavailable, ""), nil
	case limiting:
		return plain(r, http.StatusTooManyRequests, "30"), nil
	case hanging:
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-l.dead:
			return nil, errCut
		}
	}
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if powerCut || ail == losing {
		err = errors.Join(errCut, resp.Body.Close())
		if powerCut {
			err = errors.Join(err, l.cut(r.Context()))
		}
		return nil, err
	}
	if err := l.pass(r.Context()); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return resp, nil
}

// dial opens a socket to a vendor through the weather.
func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := l.pass(ctx); err != nil {
		return nil, err
	}
	w := &wire{line: l, host: hosts(address)[0]}
	switch w.ail() {
	case unreachable:
		return nil, errCut
	case hanging, losing:
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.dead:
			return nil, errCut
		}
	}
	var err error
	w.Conn, err = l.net.dial(ctx, network, address)
	return w, err
}

// wire is a process's end of a socket to a vendor. A trouble on the way breaks
// it, or loses it for good without either side being told; what ails single
// calls does nothing to it.
type wire struct {
	net.Conn
	line *line
	host string
	lost atomic.Bool
}

func (w *wire) ail() trouble {
	w.line.weather.mu.Lock()
	defer w.line.weather.mu.Unlock()
	return w.line.weather.ails[w.host]
}

// passes reports whether what is sent arrives.
func (w *wire) passes() (bool, error) {
	switch w.ail() {
	case unreachable:
		return false, errors.Join(errCut, w.Close())
	case hanging, losing:
		w.lost.Store(true)
	}
	return !w.lost.Load(), nil
}

// Read implements [net.Conn].
func (w *wire) Read(b []byte) (int, error) {
	for {
		n, err := w.Conn.Read(b)
		if err != nil {
			return n, err
		}
		if ok, err := w.passes(); ok || err != nil {
			return n, err
		}
	}
}

// Write implements [net.Conn]. An answer to an envelope, which is a text frame
// (RFC 6455 section 5.2), is a call as any other: the power may go in it.
func (w *wire) Write(b []byte) (int, error) {
	answer := len(b) > 0 && b[0]&0xf == websocket.TextMessage
	powerCut, after := false, false
	if answer {
		_, powerCut, after = w.line.weather.call(w.host)
	}
	if powerCut && !after {
		return 0, w.line.cut(context.Background())
	}
	ok, err := w.passes()
	if err != nil {
		return 0, err
	}
	n := len(b)
	if ok {
		n, err = w.Conn.Write(b)
	}
	if powerCut {
		return 0, errors.Join(err, w.line.cut(context.Background()))
	}
	return n, err
}

// pass is half of the way there and back.
func (l *line) pass(ctx context.Context) error {
	select {
	case <-time.After(latency):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.dead:
		return errCut
	}
}

// cut tells that the power goes, and waits for it.
func (l *line) cut(ctx context.Context) error {
	l.weather.gone <- struct{}{}
	select {
	case <-l.dead:
		return errCut
	case <-ctx.Done():
		return ctx.Err()
	}
}

func plain(r *http.Request, status int, retryAfter string) *http.Response {
	h := http.Header{}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: http.NoBody, Request: r}
}

// hosts are those of the vendors, for trouble to choose from.
func hosts(addresses ...string) []string {
	out := slices.Clone(addresses)
	for n := range out {
		out[n], _, _ = strings.Cut(out[n], ":")
	}
	return out
}
