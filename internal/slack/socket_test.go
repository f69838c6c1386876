package slack

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/slack/slackfake"
)

// pipes is a listener whose connections stay in the process, so that a bubble
// of fake time knows who waits for whom.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// socketHouse is a socket to a stand-in for Slack, in a bubble.
type socketHouse struct {
	fake   *slackfake.Server
	socket *Socket
	office *office
	logs   *logBuffer
	stop   func()
}

func inBubble(t *testing.T, test func(t *testing.T, h *socketHouse)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &socketHouse{office: &office{}, logs: &logBuffer{}, fake: slackfake.New(slackfake.Config{AppToken: appToken})}
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		srv := &http.Server{Handler: h.fake}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(l) }()
		transport := &http.Transport{DialContext: l.dial, DisableKeepAlives: true}
		log := slog.New(slog.NewTextHandler(h.logs, nil))
		handler, err := NewHandler(Inbound{Office: h.office, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		h.socket, err = NewSocket(SocketConfig{
			AppToken: appToken, BaseURL: "http://slack.test/api/", Handler: handler, Client: &http.Client{Transport: transport, Timeout: 5 * time.Second}, Dial: l.dial, Log: log,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() { h.socket.Run(ctx); close(ran) }()
		h.stop = sync.OnceFunc(func() {
			cancel()
			<-ran
			if err := errors.Join(h.fake.Close(), srv.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			<-served
			handler.Wait()
		})
		defer h.stop()
		synctest.Wait()
		test(t, h)
	})
}

func (h *socketHouse) command(t *testing.T) error {
	t.Helper()
	_, err := h.fake.Command(t.Context(), Command, "list", "U1", "T1")
	return err
}

func (h *socketHouse) want(t *testing.T, when string, connected bool, open, opened int) {
	t.Helper()
	synctest.Wait()
	o, total := h.fake.Sockets()
	if h.socket.Connected() != connected || o != open || total != opened || (len(h.socket.Status()) == 0) != connected {
		t.Errorf("%s: connected %v (%v), %d open, %d opened; want %v, %d, %d", when, h.socket.Connected(), h.socket.Status(), o, total, connected, open, opened)
	}
}

func TestSocketCarriesCommands(t *testing.T) {
	inBubble(t, func(t *testing.T, h *socketHouse) {
		h.want(t, "at first", true, 1, 1)
		if err := h.command(t); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Minute)
		h.want(t, "ten quiet minutes later", true, 1, 1)
		if err := h.command(t); err != nil {
			t.Error(err)
		}
	})
}

// A socket that dies without a word is replaced within a minute, and readiness
// tells of the time between.
func TestSilentSocketIsReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T, h *socketHouse) {
		time.Sleep(time.Minute)
		h.fake.Die()
		if err := h.command(t); err == nil {
			t.Error("a dead socket answered")
		}
		time.Sleep(57 * time.Second)
		synctest.Wait()
		if !h.socket.Connected() {
			t.Errorf("a minute after it died: %v", h.socket.Status())
		}
		if _, opened := h.fake.Sockets(); opened != 2 {
			t.Errorf("%d sockets opened, want 2", opened)
		}
		if err := h.command(t); err != nil {
			t.Error(err)
		}
		wantIn(t, "log", h.logs.String(), "reason=silent")
	})
}

// The new socket is open before the old one ends, which is read until then.
func TestWarnedSocketOverlaps(t *testing.T) {
	inBubble(t, func(t *testing.T, h *socketHouse) {
		time.Sleep(time.Hour)
		if err := h.fake.Warn(); err != nil {
			t.Fatal(err)
		}
		h.want(t, "after the warning", true, 2, 2)
		if err := h.fake.Refresh(); err != nil {
			t.Fatal(err)
		}
		h.want(t, "after Slack closed the old one", true, 1, 2)
		if err := h.command(t); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		h.want(t, "an hour later", true, 1, 2)
	})
}

// One that Slack warns of and never closes is given up by us.
func TestWarnedSocketDoesNotLinger(t *testing.T) {
	inBubble(t, func(t *testing.T, h *socketHouse) {
		time.Sleep(time.Minute)
		if err := h.fake.Warn(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lingerFor + time.Second)
		h.want(t, "after it lingered", true, 1, 2)
	})
}

func TestSlackDownForADay(t *testing.T) {
	inBubble(t, func(t *testing.T, h *socketHouse) {
		time.Sleep(time.Minute)
		h.fake.Fail(24*60*60/20, slackfake.Fault{Status: 503})
		if err := h.fake.Refresh(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		h.want(t, "an hour later", false, 0, 1)
		wantIn(t, "readiness", strings.Join(h.socket.Status(), ""), "not connected", "http_503", "last heard")
		if n := strings.Count(h.logs.String(), "no socket opened"); n != 1 {
			t.Errorf("%d lines about it, want 1", n)
		}
		time.Sleep(25 * time.Hour)
		h.want(t, "two days later", true, 1, 2)
	})
}

func TestRateLimitOfSocketsIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T, h *socketHouse) {
		time.Sleep(time.Minute)
		h.fake.Fail(1, slackfake.Fault{Status: 429, RetryAfter: 45 * time.Second})
		if err := h.fake.Refresh(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(44 * time.Second)
		h.want(t, "before Retry-After is over", false, 0, 1)
		time.Sleep(2 * time.Second)
		h.want(t, "after it", true, 1, 2)
	})
}

// An envelope is acknowledged in time although what is behind hangs.
func TestEnvelopeWhileTheDeskHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, h *socketHouse) {
		h.office.during = func(ctx context.Context) { <-ctx.Done() }
		h.office.fail = context.DeadlineExceeded
		began := time.Now()
		sent, err := h.fake.Form(t.Context(), "nis2clock_note", "INC-2026-0001", "U1", "T1")
		if took := time.Since(began); err != nil || took >= 3*time.Second || !strings.Contains(sent.Says, "Not recorded") {
			t.Errorf("%v after %s, the form says %q", err, took, sent.Says)
		}
	})
}

func TestSocketNeedsAGoodToken(t *testing.T) {
	h := newHouse(t)
	for token, good := range map[string]bool{appToken: true, "xapp-wrong": false} {
		s, err := NewSocket(SocketConfig{AppToken: token, BaseURL: h.fake.URL(), Handler: h.Handler, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Check(t.Context())
		f, refused := errors.AsType[*dispatch.Error](err)
		if (err == nil) != good || !good && !(refused && f.Permanent && f.Reason == dispatch.BadAuth) {
			t.Errorf("%s: %v", token, err)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Error("the error shows the token")
		}
	}
}

var _ Office = (*Clerk)(nil)

// Say answers without a desk.
func (d *office) Say(context.Context, string, string, string) (string, error) { return "said", nil }

// Mark and Thread know no incident.
func (d *office) Mark(context.Context, Marked) error        { return nil }
func (d *office) Thread(string, string) (incident.ID, bool) { return "", false }
