package slackfake

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxText is where Slack cuts a text (SL-19).
const maxText = 40_000

// conversation finds the channel a call names, or the word it is refused with.
func (s *Server) conversation(r *http.Request) (*channel, string) {
	c := s.channels[r.PostForm.Get("channel")]
	switch {
	case c == nil:
		return nil, "channel_not_found"
	case c.archived:
		return nil, "is_archived"
	case !c.joined:
		return nil, "not_in_channel"
	}
	return c, ""
}

// content is what a post or an update says. A field that was not sent is nil.
type content struct {
	text     *string
	blocks   *jsontext.Value
	metadata *Metadata
}

func readContent(r *http.Request) (content, string) {
	var c content
	if r.PostForm.Has("text") {
		text := cut(r.PostForm.Get("text"))
		c.text = &text
	}
	if r.PostForm.Has("blocks") {
		blocks := jsontext.Value(r.PostForm.Get("blocks"))
		n, word := checkBlocks(blocks)
		if word != "" {
			return c, word
		}
		if n == 0 {
			blocks = nil
		}
		c.blocks = &blocks
	}
	if r.PostForm.Has("metadata") {
		c.metadata = new(Metadata)
		if err := json.Unmarshal([]byte(r.PostForm.Get("metadata")), c.metadata); err != nil {
			return c, "invalid_metadata_format"
		}
		if c.metadata.EventType == "" || c.metadata.Payload == nil {
			return c, "invalid_metadata_schema"
		}
	}
	return c, ""
}

func cut(text string) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), maxText)])
}

// apply changes the message to the content; what was not sent stays.
func (c content) apply(m *Message) {
	if c.text != nil {
		m.Text = *c.text
	}
	if c.blocks != nil {
		m.Blocks = *c.blocks
	}
	if c.metadata != nil {
		m.Metadata = c.metadata
	}
}

// written answers a post or an update.
func written(id string, m *Message) (any, *Message) {
	told := m.clone()
	return struct {
		answer
		Channel string `json:"channel"`
		TS      string `json:"ts"`
		Text    string `json:"text"`
		Message wire   `json:"message"`
	}{answer{OK: true}, id, m.TS, m.Text, m.wire(false)}, &told
}

func (s *Server) postMessage(r *http.Request) (any, *Message) {
	c, word := s.conversation(r)
	if word != "" {
		return refuse(word), nil
	}
	body, word := readContent(r)
	if word != "" {
		return refuse(word), nil
	}
	m := &Message{Channel: r.PostForm.Get("channel")}
	body.apply(m)
	if m.Text == "" && m.Blocks == nil {
		return refuse("no_text"), nil
	}
	if thread := r.PostForm.Get("thread_ts"); thread != "" {
		if _, ok := microseconds(thread); !ok {
			return refuse("invalid_thread_ts"), nil
		}
		// An answer to a message that is gone is posted in the channel.
		if parent := c.find(thread); parent != nil {
			m.ThreadTS, m.Broadcast = thread, isTrue(r, "reply_broadcast")
			if parent.ThreadTS != "" {
				return refuse("cannot_reply_to_message"), nil
			}
		}
	}
	m.TS = s.nextTS()
	c.messages = append(c.messages, m)
	return written(m.Channel, m)
}

func (s *Server) update(r *http.Request) (any, *Message) {
	c, word := s.conversation(r)
	if word != "" {
		return refuse(word), nil
	}
	m := c.find(r.PostForm.Get("ts"))
	if m == nil {
		return refuse("message_not_found"), nil
	}
	body, word := readContent(r)
	if word != "" {
		return refuse(word), nil
	}
	changed := *m
	body.apply(&changed)
	if changed.Text == "" && changed.Blocks == nil || body.text == nil && body.blocks == nil {
		return refuse("no_text"), nil
	}
	changed.Edits++
	*m = changed
	return written(r.PostForm.Get("channel"), m)
}

func isTrue(r *http.Request, field string) bool {
	switch r.PostForm.Get(field) {
	case "1", "true", "t":
		return true
	}
	return false
}
