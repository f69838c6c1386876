package slackfake

import (
	"math"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Slack's limits, in characters, counted as UTF-16.
const (
	maxBlocks       = 50     // SL-17
	maxAll          = 13_000 // SL-20: reported, not documented
	maxSectionText  = 3_000  // SL-18, as all below
	maxFields       = 10
	maxFieldText    = 2_000
	maxHeaderText   = 150
	maxElements     = 25
	maxContext      = 10
	maxButtonLabel  = 75
	maxButtonValue  = 2_000
	maxButtonURL    = 3_000
	maxID           = 255
	invalidBlocks   = "invalid_blocks"
	invalidFormat   = "invalid_blocks_format"
	blocksTooLong   = "msg_blocks_too_long"
	plainText, mark = "plain_text", "mrkdwn"
)

// block is what the fake understands of a block: a section, header, actions,
// context or divider.
type block struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id"`
	Text     *text     `json:"text"`
	Fields   []text    `json:"fields"`
	Elements []element `json:"elements"`
}

type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    bool   `json:"emoji"`
	Verbatim bool   `json:"verbatim"`
}

// element is a button, or a text in a context block.
type element struct {
	Type     string         `json:"type"`
	Text     jsontext.Value `json:"text"` // an object in a button, a string in a context
	Emoji    bool           `json:"emoji"`
	Verbatim bool           `json:"verbatim"`
	ActionID string         `json:"action_id"`
	Value    string         `json:"value"`
	URL      string         `json:"url"`
	Style    string         `json:"style"`
}

// checkBlocks counts the blocks of a message, or says the word Slack refuses
// them with.
func checkBlocks(data jsontext.Value) (n int, word string) {
	var blocks []block
	if !data.IsValid() || data.Kind() != '[' {
		return 0, invalidFormat
	}
	if err := json.Unmarshal(data, &blocks, json.RejectUnknownMembers(true)); err != nil {
		return 0, invalidBlocks
	}
	if len(blocks) > maxBlocks {
		return 0, invalidBlocks
	}
	ids := map[string]bool{}
	for _, b := range blocks {
		if !b.valid() || b.BlockID != "" && ids[b.BlockID] {
			return 0, invalidBlocks
		}
		ids[b.BlockID] = true
	}
	if chars(string(data)) > maxAll {
		return 0, blocksTooLong
	}
	return len(blocks), ""
}

func (b block) valid() bool {
	if chars(b.BlockID) > maxID {
		return false
	}
	switch b.Type {
	case "divider":
		return b.Text == nil && b.Fields == nil && b.Elements == nil
	case "header":
		return b.Text != nil && b.Text.Type == plainText && b.Text.within(maxHeaderText)
	case "section":
		ok := b.Text != nil || len(b.Fields) > 0
		ok = ok && (b.Text == nil || b.Text.within(maxSectionText)) && len(b.Fields) <= maxFields
		return ok && !slices.ContainsFunc(b.Fields, func(t text) bool { return !t.within(maxFieldText) })
	case "actions":
		ids := map[string]bool{}
		for _, e := range b.Elements {
			if !e.validButton() || ids[e.ActionID] {
				return false
			}
			ids[e.ActionID] = true
		}
		return len(b.Elements) >= 1 && len(b.Elements) <= maxElements
	case "context":
		bad := slices.ContainsFunc(b.Elements, func(e element) bool { return !e.validText() })
		return !bad && len(b.Elements) >= 1 && len(b.Elements) <= maxContext
	}
	return false
}

func (t text) within(limit int) bool {
	n := chars(t.Text)
	return (t.Type == plainText && !t.Verbatim || t.Type == mark && !t.Emoji) && n >= 1 && n <= limit
}

func (e element) validButton() bool {
	var label text
	if err := json.Unmarshal(e.Text, &label, json.RejectUnknownMembers(true)); err != nil {
		return false
	}
	return e.Type == "button" && label.Type == plainText && label.within(maxButtonLabel) && slices.Contains([]string{"", "primary", "danger"}, e.Style) &&
		e.ActionID != "" && chars(e.ActionID) <= maxID && chars(e.Value) <= maxButtonValue && chars(e.URL) <= maxButtonURL
}

func (e element) validText() bool {
	var s string
	if err := json.Unmarshal(e.Text, &s); err != nil || e.ActionID != "" {
		return false
	}
	return text{Type: e.Type, Text: s, Emoji: e.Emoji, Verbatim: e.Verbatim}.within(maxSectionText)
}

// chars counts UTF-16 units.
func chars(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > math.MaxUint16 {
			n++
		}
	}
	return n
}
