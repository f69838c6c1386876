package slackfake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Message is one message of a channel.
type Message struct {
	Channel string
	TS      string
	// User wrote it; empty for the app.
	User string
	// ThreadTS is the message it answers; empty for one in the channel itself.
	ThreadTS string
	// Broadcast is true for an answer that shows in the channel too.
	Broadcast bool
	Text      string
	// Blocks is the JSON array that was sent; nil without blocks.
	Blocks jsontext.Value
	// Metadata is nil without.
	Metadata *Metadata
	// Edits counts its changes.
	Edits int
}

// Metadata is what a message carries unseen.
type Metadata struct {
	EventType string         `json:"event_type"`
	Payload   map[string]any `json:"event_payload"`
}

// channel is a conversation; its messages are in the order of their ts.
type channel struct {
	joined, archived bool
	name, creator    string   // of a private channel that somebody made
	members          []string // of one, the app among them
	messages         []*Message
	postedAt         time.Time
}

func (c *channel) find(ts string) *Message {
	for _, m := range c.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// Messages are copies of all messages, oldest first, with channels in turn.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, c := range s.channels {
		for _, m := range c.messages {
			out = append(out, m.clone())
		}
	}
	slices.SortFunc(out, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
	return out
}

func (m *Message) clone() Message {
	c := *m
	c.Blocks = m.Blocks.Clone()
	return c
}

// AddChannel adds a channel that the app has not joined.
func (s *Server) AddChannel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[id] = &channel{}
}

// Archive archives a channel.
func (s *Server) Archive(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[id].archived = true
}

// Delete removes a message, as a person might. It reports whether it was there.
func (s *Server) Delete(channel, ts string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	before := len(c.messages)
	c.messages = slices.DeleteFunc(c.messages, func(m *Message) bool { return m.TS == ts })
	return len(c.messages) < before
}

// nextTS is the time to the microsecond, and never the same twice (SL-14).
func (s *Server) nextTS() string {
	t := s.cfg.Now().Truncate(time.Microsecond)
	if !t.After(s.lastTS) {
		t = s.lastTS.Add(time.Microsecond)
	}
	s.lastTS = t
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// microseconds reads a ts, or a bound of a search, which may lack the fraction.
func microseconds(ts string) (int64, bool) {
	sec, frac, _ := strings.Cut(ts, ".")
	if len(frac) > 6 {
		return 0, false
	}
	n, err := strconv.ParseInt(sec+(frac + "000000")[:6], 10, 64)
	return n, err == nil && n >= 0
}

// overLimit takes one message of the channel's rate, if there is one.
func (s *Server) overLimit(id string) bool {
	c, now := s.channels[id], s.cfg.Now()
	if !s.limited || c == nil {
		return false
	}
	if !c.postedAt.IsZero() && now.Sub(c.postedAt) < time.Second {
		return true
	}
	c.postedAt = now
	return false
}
