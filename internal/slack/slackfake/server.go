package slackfake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Config is how the fake begins. The zero value takes every token that is not
// empty and has the channel C0INCIDENTS.
type Config struct {
	// Token is the bot token it takes; empty: any.
	Token string
	// AppToken is the app-level token that opens sockets; empty: any.
	AppToken string
	// PingEvery is how often Slack pings a socket; zero for every five seconds.
	PingEvery time.Duration
	// Channels are the ids of the channels the app has joined.
	Channels []string
	// Users are the ids of those in the workspace; without any, everybody is.
	Users []string
	// Now is Slack's clock; nil means [time.Now].
	Now func() time.Time
	// OnMessage is called after each message that was stored or changed, one
	// call at a time.
	OnMessage func(Message)
	// Client calls the app; nil means [http.DefaultClient].
	Client *http.Client
}

// DefaultChannel is the channel there is when none is configured.
const DefaultChannel = "C0INCIDENTS"

// Who the app is.
const (
	TeamID = "T0FAKE"
	botID  = "B0FAKE"
	userID = "U0FAKE"
)

// Server is the fake. Its methods are safe for concurrent use.
type Server struct {
	cfg  Config
	done chan struct{} // closed by Close: hanging calls end

	listener net.Listener
	http     *http.Server
	serving  sync.WaitGroup

	telling sync.Mutex // held while OnMessage runs

	mu       sync.Mutex
	channels map[string]*channel
	scopes   map[string]bool
	lastTS   time.Time
	limited  bool
	recent   map[string][]time.Time // calls of each method within a minute
	over     int                    // calls over a rate limit
	revoked  bool                   // the bot token was
	faults   []Fault
	calls    map[string]int
	callback callback
	replies  map[string]*replyAddress
	private  []Reply
	triggers map[string]trigger
	events   int // that were sent
	views    []View
	pages    map[string]jsontext.Value // each user's page of the app
	sockets  sockets
}

// New makes a fake that the caller serves. It knows no address of its own: URL
// must not be called, and a pressed button comes without a reply address.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	if len(cfg.Channels) == 0 {
		cfg.Channels = []string{DefaultChannel}
	}
	s := &Server{
		cfg: cfg, done: make(chan struct{}), channels: map[string]*channel{}, calls: map[string]int{}, replies: map[string]*replyAddress{},
		triggers: map[string]trigger{}, recent: map[string][]time.Time{}, pages: map[string]jsontext.Value{},
		scopes: map[string]bool{"chat:write": true, "channels:history": true, "commands": true, "groups:read": true, "groups:write": true, "reactions:read": true},
	}
	for _, id := range cfg.Channels {
		s.channels[id] = &channel{joined: true}
	}
	return s
}

// Start serves a fake on a free port of the loopback interface.
func Start(cfg Config) (*Server, error) {
	s := New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("slackfake: %w", err)
	}
	s.listener = l
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.serving.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(fmt.Sprintf("slackfake: serve: %v", err)) // a listener of our own that nobody else closes
		}
	})
	return s, nil
}

// URL is the base address of the Web API, ending in a slash.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/api/" }

// Close ends every call and the server.
func (s *Server) Close() error {
	close(s.done)
	s.closeSockets()
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	s.serving.Wait()
	return err
}

// Calls counts the calls of each method, refused ones too.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// SetScopes replaces what the token may do. It begins with chat:write,
// channels:history, commands, groups:read, groups:write and reactions:read.
func (s *Server) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = map[string]bool{}
	for _, scope := range scopes {
		s.scopes[scope] = true
	}
}

// LimitRate turns Slack's rate limits on or off: one message a second in each
// channel (SL-10), and the tier of each other method (SL-11). They begin off.
func (s *Server) LimitRate(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited = on
}

// Rotate makes another bot token the good one.
func (s *Server) Rotate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Token, s.revoked = token, false
}

// Revoke makes the bot token one that was revoked.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// answer is what a method says; fields of a type that embeds it come beside it.
type answer struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error,omitzero"`
	Needed   string `json:"needed,omitzero"`
	Provided string `json:"provided,omitzero"`
}

func refuse(word string) answer { return answer{Error: word} }

// method is one of the Web API. It runs under the server's lock and returns
// the message it stored or changed, if any.
type method struct {
	scope string
	run   func(s *Server, r *http.Request) (any, *Message)
}

var methods = map[string]method{
	"auth.test":             {"", (*Server).authTest},
	"chat.postMessage":      {"chat:write", (*Server).postMessage},
	"chat.update":           {"chat:write", (*Server).update},
	"conversations.history": {"channels:history", (*Server).history},
	"conversations.replies": {"channels:history", (*Server).threadOf},
	"conversations.create":  {"groups:write", (*Server).createRoom},
	"conversations.invite":  {"groups:write", (*Server).invite},
	"conversations.kick":    {"groups:write", (*Server).kick},
	"conversations.archive": {"groups:write", (*Server).archive},
	"conversations.members": {"groups:read", (*Server).members},
	"users.conversations":   {"groups:read", (*Server).joinedRooms},
	"views.open":            {"", (*Server).openView},
	"views.publish":         {"", (*Server).publishView},
}

// maxForm bounds a call in bytes.
const maxForm = 4 << 20

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if id, ok := strings.CutPrefix(r.URL.Path, "/response/"); ok {
		s.takeReply(w, r, id)
		return
	}
	if ticket, ok := strings.CutPrefix(r.URL.Path, "/socket/"); ok {
		s.upgrade(w, r, ticket)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/api/")
	if !ok || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		write(w, refuse("invalid_form_data"))
		return
	}
	if r.Header.Get("Content-Type") == "application/json" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			write(w, refuse("invalid_json"))
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, body))
	}
	fault := s.nextFault(name)
	if fault.before(w, r, s.done) {
		return
	}
	s.mu.Lock()
	out, stored, wait := s.call(name, r)
	s.mu.Unlock()
	if stored != nil && s.cfg.OnMessage != nil {
		s.telling.Lock()
		s.cfg.OnMessage(*stored)
		s.telling.Unlock()
	}
	switch {
	case fault.LoseAnswer:
		panic(http.ErrAbortHandler)
	case wait:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		w.Header().Set("X-OAuth-Scopes", s.granted())
		write(w, out)
	}
}

// granted are the token's scopes as each answer names them.
func (s *Server) granted() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(s.scopes)), ",")
}

// call runs a method; wait is true when it is over the rate limit.
func (s *Server) call(name string, r *http.Request) (out any, stored *Message, wait bool) {
	m, ok := methods[name]
	if !ok && name != "apps.connections.open" {
		return refuse("unknown_method"), nil, false
	}
	token := r.PostForm.Get("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	switch {
	case token == "":
		return refuse("not_authed"), nil, false
	case name == "apps.connections.open":
		return s.openSocket(token, r), nil, false
	case s.revoked:
		return refuse("token_revoked"), nil, false
	case s.cfg.Token != "" && token != s.cfg.Token:
		return refuse("invalid_auth"), nil, false
	case m.scope != "" && !s.scopes[m.scope]:
		provided := strings.Join(slices.Sorted(maps.Keys(s.scopes)), ",")
		return answer{Error: "missing_scope", Needed: m.scope, Provided: provided}, nil, false
	case name == "chat.postMessage" && s.overLimit(r.PostForm.Get("channel")), s.overTier(name):
		s.over++
		return nil, nil, true
	}
	out, stored = m.run(s, r)
	return out, stored, false
}

func (s *Server) authTest(*http.Request) (any, *Message) {
	return struct {
		answer
		URL    string `json:"url"`
		Team   string `json:"team"`
		User   string `json:"user"`
		TeamID string `json:"team_id"`
		UserID string `json:"user_id"`
		BotID  string `json:"bot_id"`
	}{answer{OK: true}, "https://fake.slack.com/", "Fake", "nis2clock", TeamID, userID, botID}, nil
}

// write answers 200, as Slack does whatever it says (SL-9).
func write(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v, jsontext.EscapeForHTML(false))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if _, err := w.Write(data); err != nil {
		return // the caller has gone away
	}
}
