package slackfake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// What the app is called about: types of envelopes on a socket.
const (
	interactive   = "interactive"
	slashCommands = "slash_commands"
	eventsAPI     = "events_api"
)

// deliver calls the app, over a socket where one is open and else over HTTP,
// and returns what it answered. It fails as the person would see it fail: the
// app did not answer within three seconds (SL-3, SL-24).
func (s *Server) deliver(ctx context.Context, kind string, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if said, open, err := s.overSocket(ctx, kind, payload); open {
		return said, err
	}
	s.mu.Lock()
	cb := s.callback
	s.mu.Unlock()
	if cb.url == "" {
		return nil, errors.New("slackfake: SetCallback was not called and no socket is open")
	}
	req, err := cb.request(ctx, kind, payload, strconv.FormatInt(s.cfg.Now().Unix(), 10))
	if err != nil {
		return nil, fmt.Errorf("slackfake: callback: %w", err)
	}
	resp, err := s.cfg.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("slackfake: %s: %w", kind, err)
	}
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("slackfake: %s: %w", kind, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("slackfake: %s: the app answered %s: %s", kind, resp.Status, bytes.TrimSpace(said))
	}
	return said, nil
}

// request is the signed call over HTTP. Interactions are a form that holds the
// JSON, commands a plain form, events the JSON itself (SL-2).
func (cb callback) request(ctx context.Context, kind string, payload []byte, timestamp string) (*http.Request, error) {
	to, body, contentType := cb.url, payload, "application/json"
	switch kind {
	case interactive:
		body, contentType = []byte(url.Values{"payload": {string(payload)}}.Encode()), "application/x-www-form-urlencoded"
	case slashCommands:
		var fields map[string]string
		if err := json.Unmarshal(payload, &fields); err != nil {
			return nil, err
		}
		form := url.Values{}
		for name, v := range fields {
			form.Set(name, v)
		}
		to, body, contentType = strings.TrimSuffix(to, "interactions")+"commands", []byte(form.Encode()), "application/x-www-form-urlencoded"
	case eventsAPI:
		to = strings.TrimSuffix(to, "interactions") + "events"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Slack-Request-Timestamp", timestamp)
	req.Header.Set("X-Slack-Signature", cb.sign(timestamp, body))
	return req, nil
}

// Command sends a slash command and returns the text only its sender sees.
func (s *Server) Command(ctx context.Context, command, text, user, team string) (string, error) {
	s.mu.Lock()
	trigger := s.newTrigger(user, team)
	s.mu.Unlock()
	payload, err := json.Marshal(map[string]string{
		"command": command, "text": text, "user_id": user, "team_id": team, "trigger_id": trigger, "channel_id": DefaultChannel, "user_name": "", "team_domain": "",
	})
	if err != nil {
		return "", err
	}
	said, err := s.deliver(ctx, slashCommands, payload)
	if err != nil {
		return "", err
	}
	var answer struct {
		Type string `json:"response_type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal(said, &answer); err != nil || answer.Type != "ephemeral" {
		return "", fmt.Errorf("slackfake: the command was answered with %q, want ephemeral text", said)
	}
	return answer.Text, nil
}

// Write posts a message as a person of the team, in a thread or, without one,
// in the channel, and returns its ts.
func (s *Server) Write(channel, thread, user, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &Message{Channel: channel, ThreadTS: thread, User: user, Text: text, TS: s.nextTS()}
	s.channels[channel].messages = append(s.channels[channel].messages, m)
	return m.TS
}

// React puts a reaction on a message. The app hears of it as an event, which
// comes again a few times when the app does not take it (SL-6); here it comes
// once for each call.
func (s *Server) React(ctx context.Context, channel, ts, emoji, user, team string) error {
	return s.event(ctx, team, map[string]any{
		"type": "reaction_added", "user": user, "reaction": emoji, "item": map[string]string{"type": "message", "channel": channel, "ts": ts}, "event_ts": ts,
	})
}

// OpenHome opens the app's own page as that person.
func (s *Server) OpenHome(ctx context.Context, user, team string) error {
	return s.event(ctx, team, map[string]any{"type": "app_home_opened", "user": user, "tab": "home", "channel": "D0FAKE"})
}

func (s *Server) event(ctx context.Context, team string, ev map[string]any) error {
	s.mu.Lock()
	s.events++
	id := fmt.Sprintf("Ev0FAKE%d", s.events)
	s.mu.Unlock()
	payload, err := json.Marshal(map[string]any{"type": "event_callback", "team_id": team, "event_id": id, "event": ev})
	if err != nil {
		return err
	}
	_, err = s.deliver(ctx, eventsAPI, payload)
	return err
}
