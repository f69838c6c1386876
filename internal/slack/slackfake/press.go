package slackfake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Slack's limits on calls to an app.
const (
	answerWithin  = 3 * time.Second  // SL-3
	maxReplyUses  = 5                // SL-5
	replyLifetime = 30 * time.Minute // SL-5
)

// callback is where pressed buttons are reported.
type callback struct{ url, secret string }

// SetCallback says where pressed buttons are reported, and with which signing
// secret. Commands and events go to paths beside it: …/interactions, …/commands
// and …/events.
func (s *Server) SetCallback(url, signingSecret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callback = callback{url, signingSecret}
}

// Reply is what an app told one person privately.
type Reply struct {
	User, Text string
	// MessageTS is the message whose button they had pressed.
	MessageTS string
}

// Replies are the private replies, oldest first.
func (s *Server) Replies() []Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.private)
}

type replyAddress struct {
	to   Reply
	made time.Time
	uses int
}

// Press presses the button with that action id on the message, as that person
// of that team. It fails as the person would see it fail: the button is not
// there, or the app does not answer 200 within three seconds. The team may be
// empty, as it is where an app belongs to a whole organisation.
func (s *Server) Press(ctx context.Context, messageTS, actionID, user, team string) error {
	payload, err := s.interaction(messageTS, actionID, user, team)
	if err != nil {
		return err
	}
	_, err = s.deliver(ctx, interactive, payload)
	return err
}

// interaction is what Slack sends about the press.
func (s *Server) interaction(ts, actionID, user, team string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, m, b, e, ok := s.findButton(ts, actionID)
	if !ok {
		return nil, fmt.Errorf("slackfake: press: message %s has no button %s", ts, actionID)
	}
	reply := strconv.Itoa(len(s.replies) + 1)
	s.replies[reply] = &replyAddress{to: Reply{User: user, MessageTS: ts}, made: s.cfg.Now()}

	type named struct {
		ID string `json:"id"`
	}
	var inTeam *named
	if team != "" {
		inTeam = &named{team}
	}
	payload, err := json.Marshal(map[string]any{
		"type":         "block_actions",
		"user":         map[string]string{"id": user, "team_id": team, "username": "", "name": ""},
		"team":         inTeam,
		"enterprise":   nil,
		"api_app_id":   "A0FAKE",
		"trigger_id":   s.newTrigger(user, team),
		"channel":      named{id},
		"container":    map[string]any{"type": "message", "message_ts": ts, "channel_id": id, "is_ephemeral": false},
		"message":      m.wire(true),
		"state":        map[string]any{"values": map[string]any{}},
		"response_url": s.replyURL(reply),
		"actions":      []map[string]any{{"type": "button", "action_id": e.ActionID, "block_id": or(b.BlockID, "x1Y2"), "value": e.Value, "text": e.Text, "action_ts": ts}},
	})
	if err != nil {
		return nil, fmt.Errorf("slackfake: press: %w", err)
	}
	return payload, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (s *Server) replyURL(id string) string {
	if s.listener == nil {
		return ""
	}
	return strings.TrimSuffix(s.URL(), "api/") + "response/" + id
}

func (s *Server) findButton(ts, actionID string) (channel string, m *Message, b block, e element, ok bool) {
	for id, c := range s.channels {
		if m = c.find(ts); m == nil || m.Blocks == nil {
			continue
		}
		var blocks []block
		if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
			return id, m, b, e, false // they were checked when they came
		}
		for _, b = range blocks {
			for _, e = range b.Elements {
				if e.Type == "button" && e.ActionID == actionID {
					return id, m, b, e, true
				}
			}
		}
	}
	return "", nil, b, e, false
}

// sign signs a body (SL-1).
func (cb callback) sign(timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(cb.secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// takeReply takes a private reply at an address that Press gave away.
func (s *Server) takeReply(w http.ResponseWriter, r *http.Request, id string) {
	var said struct {
		Text            string `json:"text"`
		ResponseType    string `json:"response_type"`
		ReplaceOriginal bool   `json:"replace_original"`
	}
	if err := json.UnmarshalRead(r.Body, &said, jsontext.AllowDuplicateNames(true)); err != nil || r.Method != http.MethodPost {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	address := s.replies[id]
	switch {
	case address == nil:
		http.Error(w, "expired_url", http.StatusNotFound)
	case address.uses == maxReplyUses, s.cfg.Now().Sub(address.made) > replyLifetime:
		http.Error(w, "used_url", http.StatusNotFound)
	case said.Text == "":
		http.Error(w, "no_text", http.StatusBadRequest)
	case said.ResponseType != "ephemeral" || said.ReplaceOriginal:
		http.Error(w, "the fake takes only ephemeral replies", http.StatusBadRequest)
	default:
		address.uses++
		reply := address.to
		reply.Text = said.Text
		s.private = append(s.private, reply)
		write(w, answer{OK: true})
	}
}
