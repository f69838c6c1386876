package slackfake

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// wire is a message as Slack shows it.
type wire struct {
	Type     string         `json:"type"`
	Subtype  string         `json:"subtype,omitzero"`
	User     string         `json:"user"`
	BotID    string         `json:"bot_id,omitzero"`
	Text     string         `json:"text"`
	TS       string         `json:"ts"`
	ThreadTS string         `json:"thread_ts,omitzero"`
	Blocks   jsontext.Value `json:"blocks,omitzero"`
	Metadata *Metadata      `json:"metadata,omitzero"`
}

func (m *Message) wire(withMetadata bool) wire {
	who, bot := m.User, ""
	if who == "" {
		who, bot = userID, botID
	}
	w := wire{Type: "message", User: who, BotID: bot, Text: m.Text, TS: m.TS, ThreadTS: m.ThreadTS, Blocks: m.Blocks.Clone()}
	if m.Broadcast {
		w.Subtype = "thread_broadcast"
	}
	if withMetadata {
		w.Metadata = m.Metadata
	}
	return w
}

// history lists a channel, newest first. Of a thread it shows what was
// broadcast.
func (s *Server) history(r *http.Request) (any, *Message) {
	c, word := s.conversation(r)
	if word != "" {
		return refuse(word), nil
	}
	var all []*Message
	for _, m := range slices.Backward(c.messages) {
		if m.ThreadTS == "" || m.Broadcast {
			all = append(all, m)
		}
	}
	return page(r, all, func(*Message) bool { return false }), nil
}

// threadOf lists a thread, oldest first; its parent is always among them.
func (s *Server) threadOf(r *http.Request) (any, *Message) {
	c, word := s.conversation(r)
	if word != "" {
		return refuse(word), nil
	}
	parent := c.find(r.PostForm.Get("ts"))
	if parent == nil {
		return refuse("thread_not_found"), nil
	}
	if parent.ThreadTS != "" { // asked for by an answer: that alone
		return page(r, []*Message{parent}, func(*Message) bool { return false }), nil
	}
	all := []*Message{parent}
	for _, m := range c.messages {
		if m.ThreadTS == parent.TS {
			all = append(all, m)
		}
	}
	return page(r, all, func(m *Message) bool { return m == parent }), nil
}

const (
	defaultPage = 100
	maxPage     = 999
)

// page is one page of the messages between oldest and latest.
func page(r *http.Request, all []*Message, always func(*Message) bool) any {
	limit, start := defaultPage, 0
	var err error
	if v := r.PostForm.Get("limit"); v != "" {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 || limit > maxPage {
			return refuse("invalid_limit")
		}
	}
	if v := r.PostForm.Get("cursor"); v != "" {
		if start, err = strconv.Atoi(v); err != nil || start < 0 {
			return refuse("invalid_cursor")
		}
	}
	within := func(*Message) bool { return true }
	for bound, sign := range map[string]int64{"oldest": 1, "latest": -1} {
		v := r.PostForm.Get(bound)
		if v == "" {
			continue
		}
		limit, ok := microseconds(v)
		if !ok {
			return refuse("invalid_ts_" + bound)
		}
		inner, inclusive := within, isTrue(r, "inclusive")
		within = func(m *Message) bool {
			at, ok := microseconds(m.TS)
			d := (at - limit) * sign
			return ok && (d > 0 || inclusive && d == 0) && inner(m)
		}
	}
	all = slices.DeleteFunc(all, func(m *Message) bool { return !always(m) && !within(m) })
	end := min(start+limit, len(all))
	out := struct {
		answer
		Messages []wire `json:"messages"`
		HasMore  bool   `json:"has_more"`
		Next     struct {
			Cursor string `json:"next_cursor"`
		} `json:"response_metadata"`
	}{answer: answer{OK: true}, HasMore: end < len(all)}
	for _, m := range all[min(start, end):end] {
		out.Messages = append(out.Messages, m.wire(isTrue(r, "include_all_metadata")))
	}
	if out.HasMore {
		out.Next.Cursor = strconv.Itoa(end)
	}
	return out
}
