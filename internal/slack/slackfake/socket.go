package slackfake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gorilla/websocket"
)

// maxSockets is how many an app may have (SL-23).
const maxSockets = 10

// sockets are an app's, guarded by the server's lock.
type sockets struct {
	tickets map[string]bool // of addresses that open one, once
	opened  int
	open    []*socket // in the order they were opened
	sent    int
}

// socket is one of them.
type socket struct {
	conn *websocket.Conn
	done chan struct{} // closed when it ended

	writing sync.Mutex
	// dead is closed, by die, once nothing comes out of it or is read any more,
	// although it is open (SL-26).
	dead chan struct{}
	die  func()

	mu      sync.Mutex
	waiting map[string]chan jsontext.Value // by envelope id
}

// openSocket gives the address of a socket away (SL-22).
func (s *Server) openSocket(token string, r *http.Request) any {
	switch {
	case s.cfg.AppToken != "" && token != s.cfg.AppToken:
		return refuse("invalid_auth")
	case len(s.sockets.open) >= maxSockets:
		return refuse("too_many_websockets")
	}
	s.sockets.opened++
	ticket := strconv.Itoa(s.sockets.opened)
	if s.sockets.tickets == nil {
		s.sockets.tickets = map[string]bool{}
	}
	s.sockets.tickets[ticket] = true
	return struct {
		answer
		URL string `json:"url"`
	}{answer{OK: true}, "ws://" + r.Host + "/socket/" + ticket}
}

// upgrade makes a socket of the connection, says hello and pings it.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, ticket string) {
	s.mu.Lock()
	valid := s.sockets.tickets[ticket]
	delete(s.sockets.tickets, ticket)
	s.mu.Unlock()
	if !valid {
		http.Error(w, "used or unknown", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // answered
	}
	k := &socket{conn: conn, done: make(chan struct{}), dead: make(chan struct{}), waiting: map[string]chan jsontext.Value{}}
	k.die = sync.OnceFunc(func() { close(k.dead) })
	k.writing.Lock() // whoever has heard the hello can be sent envelopes, and nobody before
	s.mu.Lock()
	s.sockets.open = append(s.sockets.open, k)
	s.mu.Unlock()
	err = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","num_connections":1,"connection_info":{"app_id":"A0FAKE"}}`))
	k.writing.Unlock()
	if err != nil {
		s.forget(k)
		return
	}
	go k.ping(or0(s.cfg.PingEvery, 5*time.Second))
	k.read()
	s.forget(k)
}

// forget takes a socket that ended out of those that are open.
func (s *Server) forget(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets.open = slices.DeleteFunc(s.sockets.open, func(other *socket) bool { return other == k })
}

func or0(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func (k *socket) write(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	return k.conn.WriteMessage(websocket.TextMessage, data)
}

func (k *socket) ping(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-k.done:
			return
		case <-k.dead:
			return
		case <-t.C:
		}
		k.writing.Lock()
		err := k.conn.WriteControl(websocket.PingMessage, []byte("Ping from the fake"), time.Now().Add(time.Second))
		k.writing.Unlock()
		if err != nil {
			return
		}
	}
}

// read takes acknowledgements until the socket ends.
func (k *socket) read() {
	defer close(k.done)
	for {
		_, data, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			ID      string         `json:"envelope_id"`
			Payload jsontext.Value `json:"payload"`
		}
		if err := json.Unmarshal(data, &ack); err != nil {
			continue
		}
		select {
		case <-k.dead:
			continue
		default:
		}
		k.mu.Lock()
		if waits, ok := k.waiting[ack.ID]; ok {
			delete(k.waiting, ack.ID)
			waits <- ack.Payload
		}
		k.mu.Unlock()
	}
}

// overSocket sends an envelope over the newest socket and waits for its
// acknowledgement; open is false where there is none.
func (s *Server) overSocket(ctx context.Context, kind string, payload []byte) (said []byte, open bool, err error) {
	s.mu.Lock()
	if len(s.sockets.open) == 0 {
		s.mu.Unlock()
		return nil, false, nil
	}
	k := s.sockets.open[len(s.sockets.open)-1]
	s.sockets.sent++
	id := "e-" + strconv.Itoa(s.sockets.sent)
	s.mu.Unlock()
	waits := make(chan jsontext.Value, 1)
	k.mu.Lock()
	k.waiting[id] = waits
	k.mu.Unlock()
	select {
	case <-k.dead:
	default:
		err = k.write(map[string]any{"type": kind, "envelope_id": id, "payload": jsontext.Value(payload), "accepts_response_payload": kind != eventsAPI})
	}
	if err != nil {
		return nil, true, fmt.Errorf("slackfake: %s: %w", kind, err)
	}
	select {
	case said := <-waits:
		return said, true, nil
	case <-ctx.Done():
		return nil, true, fmt.Errorf("slackfake: %s: no acknowledgement within 3 s", kind)
	case <-k.done:
		return nil, true, errors.New("slackfake: the socket ended")
	}
}

// Sockets are how many are open and were opened since the start.
func (s *Server) Sockets() (open, opened int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets.open), s.sockets.opened
}

// newest is the socket that was opened last; nil for none.
func (s *Server) newest() *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sockets.open) == 0 {
		return nil
	}
	return s.sockets.open[len(s.sockets.open)-1]
}

// errNoSocket is returned where a socket is to do something and none is open.
var errNoSocket = errors.New("slackfake: no socket is open")

// Warn says on the newest socket that it will be closed (SL-25). It stays open
// and goes on to carry envelopes until Refresh.
func (s *Server) Warn() error {
	k := s.newest()
	if k == nil {
		return errNoSocket
	}
	return k.write(map[string]string{"type": "disconnect", "reason": "warning"})
}

// Refresh asks on the oldest socket for another and closes it (SL-25).
func (s *Server) Refresh() error {
	s.mu.Lock()
	if len(s.sockets.open) == 0 {
		s.mu.Unlock()
		return errNoSocket
	}
	k := s.sockets.open[0]
	s.mu.Unlock()
	err := k.write(map[string]string{"type": "disconnect", "reason": "refresh_requested"})
	return errors.Join(err, k.conn.Close())
}

// Die makes the newest socket fall silent: it stays open, and neither pings nor
// envelopes come out of it (SL-26). Without an open socket it does nothing.
func (s *Server) Die() {
	if k := s.newest(); k != nil {
		k.die()
	}
}

// Drop ends every socket without a word.
func (s *Server) Drop() { s.closeSockets() }

func (s *Server) closeSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets.open {
		if err := k.conn.Close(); err != nil {
			continue // it has ended
		}
	}
}
