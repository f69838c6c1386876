package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
)

const (
	// silentAfter is how long a socket may be without a frame or a ping before
	// it counts as dead (SL-26). Slack pings every few seconds.
	silentAfter = 30 * time.Second
	// lingerFor is how long a socket is read on once another was asked for: Slack
	// closes it about ten seconds after its warning (SL-25).
	lingerFor = 30 * time.Second
	// openWithin bounds opening a socket.
	openWithin = 10 * time.Second
	// shortestRest and longestRest bound the wait after a socket that did not
	// open, or did not last (SL-22): dead at one instant, another is open a
	// minute later.
	shortestRest = time.Second
	longestRest  = 20 * time.Second
	// writeWithin bounds an acknowledgement.
	writeWithin = 2 * time.Second
	// maxEnvelopes are handled at once; Slack sends what is left over again, or
	// the person presses again.
	maxEnvelopes = 64
)

// SocketConfig is what Socket Mode needs. AppToken, Handler and Log are
// required.
type SocketConfig struct {
	AppToken string // xapp-…, with connections:write
	BaseURL  string // as in [Config]
	Handler  *Handler
	Client   *http.Client // nil means one with a sane timeout
	// Dial opens the connection of a socket; nil means the usual way.
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Log      *slog.Logger
	Register prometheus.Registerer // nil for none
}

// Socket is Socket Mode: Slack calls over a connection that we open, for a
// service that it cannot reach. [Socket.Run] keeps one open, and for a moment
// two, so that nothing falls between them.
type Socket struct {
	cfg    SocketConfig
	base   *url.URL
	api    atomic.Pointer[slackapi.Client]
	dialer *websocket.Dialer
	slots  chan struct{}

	reconnects *prometheus.CounterVec

	mu        sync.Mutex
	live      map[*websocket.Conn]bool // that said hello and have not been replaced or ended
	lastFrame time.Time
	since     time.Time // when there was last no live socket; zero while there is one
	trouble   string    // why the last one did not open
}

// NewSocket checks its parts and opens no connection.
func NewSocket(cfg SocketConfig) (*Socket, error) {
	if cfg.AppToken == "" || cfg.Handler == nil || cfg.Log == nil {
		return nil, errors.New("slack: a socket needs an app-level token, a handler and a log")
	}
	base, err := Config{BaseURL: cfg.BaseURL}.base()
	if err != nil {
		return nil, err
	}
	s := &Socket{
		cfg: cfg, base: base, slots: make(chan struct{}, maxEnvelopes), live: map[*websocket.Conn]bool{}, since: time.Now(),
		dialer: &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: openWithin, NetDialContext: cfg.Dial},
		reconnects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nis2clock_slack_socket_ended_total", Help: "Sockets to Slack that ended, by why.",
		}, []string{"reason"}),
	}
	s.Renew(cfg.AppToken)
	for _, r := range []string{endReplaced, endSilent, endClosed} {
		s.reconnects.WithLabelValues(r)
	}
	if cfg.Register != nil {
		cfg.Register.MustRegister(s.reconnects, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "nis2clock_slack_socket_connected", Help: "1 while a socket to Slack is open and not silent.",
		}, func() float64 {
			if s.Connected() {
				return 1
			}
			return 0
		}))
	}
	return s, nil
}

// Renew exchanges the app-level token that the next socket is opened with. The
// one that is open stays.
func (s *Socket) Renew(appToken string) {
	s.api.Store(slackapi.New("", slackapi.OptionAppLevelToken(appToken), slackapi.OptionAPIURL(s.base.String()), slackapi.OptionHTTPClient(newTransport(s.cfg.Client))))
}

// Why a socket ended.
const (
	endReplaced = "replaced"
	endSilent   = "silent"
	endClosed   = "closed"
)

// Check opens nothing and asks whether the token may open a socket. A permanent
// [dispatch.Error] means that it never will.
func (s *Socket) Check(ctx context.Context) error {
	if _, _, err := s.api.Load().StartSocketModeContext(ctx); err != nil {
		return fmt.Errorf("slack: open a socket with the app-level token (xapp-…, scope connections:write, Socket Mode switched on): %w", failure(err))
	}
	return nil
}

// Connected reports whether a socket is open.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live) > 0
}

// Status says in sentences what keeps people in Slack from being heard.
func (s *Socket) Status() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.live) > 0 {
		return nil
	}
	text := "Slack is not connected over Socket Mode since " + s.since.UTC().Format(time.RFC3339)
	if !s.lastFrame.IsZero() {
		text += ", last heard at " + s.lastFrame.UTC().Format(time.RFC3339)
	}
	if s.trouble != "" {
		text += " (" + s.trouble + ")"
	}
	return []string{text + ": buttons and commands there do nothing; acknowledge on the page or with nis2clock incident ack"}
}

// Run keeps a socket open until ctx ends.
func (s *Socket) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	failed := 0
	for ctx.Err() == nil {
		began := time.Now()
		conn, err := s.open(ctx)
		if err == nil {
			wanted := make(chan struct{})
			wg.Go(func() { s.serve(ctx, conn, wanted) })
			select {
			case <-wanted: // this one goes on until Slack closes it (SL-25)
			case <-ctx.Done():
			}
			if time.Since(began) > longestRest {
				failed = 0
				continue
			}
		}
		rest := min(shortestRest<<min(failed, 10), longestRest)
		failed++
		if err != nil {
			rest = max(rest, s.note(err, failed == 1))
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}

// note keeps why no socket opened, and returns how long Slack wants to be left
// alone.
func (s *Socket) note(err error, first bool) time.Duration {
	f := failure(err)
	s.mu.Lock()
	s.trouble = f.Detail
	s.mu.Unlock()
	if first { // not with every try: Slack may be down for a day
		s.cfg.Log.Warn("slack: no socket opened; it is tried again", "error", f)
	}
	return min(f.RetryAfter, time.Minute)
}

// errNoSocket is Slack giving away an address that is none of a socket.
var errNoSocket = &dispatch.Error{Reason: dispatch.Unreachable, Detail: badAnswer}

func (s *Socket) open(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	_, address, err := s.api.Load().StartSocketModeContext(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "wss" && !(u.Scheme == "ws" && s.base.Scheme == "http") {
		return nil, errNoSocket
	}
	conn, resp, err := s.dialer.DialContext(ctx, address, nil)
	if err != nil {
		if resp != nil {
			err = slackapi.StatusCodeError{Code: resp.StatusCode}
		}
		return nil, err
	}
	conn.SetReadLimit(maxInteraction)
	return conn, nil
}

// envelope is one frame of Slack's.
type envelope struct {
	Type    string         `json:"type"`
	ID      string         `json:"envelope_id"`
	Payload jsontext.Value `json:"payload"`
	Accepts bool           `json:"accepts_response_payload"`
	Reason  string         `json:"reason"`
}

// wire is one socket while it is read.
type wire struct {
	*websocket.Conn
	writing sync.Mutex
}

// serve reads a socket until it ends. It closes wanted once another is needed.
func (s *Socket) serve(ctx context.Context, conn *websocket.Conn, wanted chan struct{}) {
	l := &wire{Conn: conn}
	want := sync.OnceFunc(func() {
		s.gone(conn)
		close(wanted)
	})
	var handling sync.WaitGroup
	defer handling.Wait()
	defer want()
	defer context.AfterFunc(ctx, func() { s.close(conn) })()
	defer s.close(conn)
	ends := time.Time{} // when it is given up although it speaks; zero for never
	alive := func() error {
		deadline := time.Now().Add(silentAfter)
		if !ends.IsZero() && ends.Before(deadline) {
			deadline = ends
		}
		s.heard()
		return conn.SetReadDeadline(deadline)
	}
	conn.SetPingHandler(func(data string) error {
		if err := alive(); err != nil {
			return err
		}
		l.writing.Lock()
		defer l.writing.Unlock()
		return conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeWithin))
	})
	err := alive()
	for err == nil {
		var data []byte
		if _, data, err = conn.ReadMessage(); err != nil {
			break
		}
		var e envelope
		if json.Unmarshal(data, &e, lenient) != nil {
			e = envelope{} // of the future; it shows that the socket lives
		}
		switch {
		case e.Type == "hello":
			s.hello(conn)
		case e.Type == "disconnect" && ends.IsZero():
			ends = time.Now().Add(lingerFor)
			want()
		case e.ID != "":
			select {
			case s.slots <- struct{}{}:
				handling.Go(func() {
					defer func() { <-s.slots }()
					s.answer(ctx, l, e)
				})
			default:
				s.cfg.Log.Warn("slack: an envelope was not answered, too many are under way")
			}
		}
		err = alive()
	}
	s.ended(ctx, err, !ends.IsZero())
}

// answer handles an envelope and acknowledges it (SL-24). An event that could
// not be dealt with is not acknowledged, so that it comes again; a person is
// told in words.
func (s *Socket) answer(ctx context.Context, l *wire, e envelope) {
	a, err := s.cfg.Handler.take(context.WithoutCancel(ctx), e.Type, e.Payload)
	if err != nil && e.Type == eventsAPI && !errors.Is(err, errBad) {
		return
	}
	ack := struct {
		ID      string         `json:"envelope_id"`
		Payload jsontext.Value `json:"payload,omitzero"`
	}{ID: e.ID}
	if a.body != nil && e.Accepts {
		if ack.Payload, err = wordSlack(a.body); err != nil {
			s.cfg.Log.Error("slack: answer not worded", "error", err)
		}
	}
	data, err := json.Marshal(ack)
	if err == nil {
		l.writing.Lock()
		err = errors.Join(l.SetWriteDeadline(time.Now().Add(writeWithin)), l.WriteMessage(websocket.TextMessage, data))
		l.writing.Unlock()
	}
	if err != nil {
		s.cfg.Log.Warn("slack: an envelope was not acknowledged; what it asked for was done")
	}
	if a.after != nil {
		a.after()
	}
}

func (s *Socket) hello(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[conn], s.trouble, s.since = true, "", time.Time{}
}

// gone takes a socket out of those that count.
func (s *Socket) gone(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, conn)
	if len(s.live) == 0 && s.since.IsZero() {
		s.since = time.Now()
	}
}

func (s *Socket) heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastFrame = time.Now()
}

// ended counts and logs why a socket ended.
func (s *Socket) ended(ctx context.Context, err error, replaced bool) {
	reason := endClosed
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case ctx.Err() != nil:
		return
	case replaced:
		reason = endReplaced
	case ok && timeout.Timeout():
		reason = endSilent
	}
	s.reconnects.WithLabelValues(reason).Inc()
	if !replaced {
		s.cfg.Log.Info("slack: a socket ended; another is opened", "reason", reason)
	}
}

// close ends a socket. That it had ended already is nothing to tell.
func (s *Socket) close(conn *websocket.Conn) {
	if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		s.cfg.Log.Debug("slack: socket not closed", "error", failure(err))
	}
}
