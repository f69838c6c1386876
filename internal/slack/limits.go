package slack

import (
	"encoding/json"
	"math"

	slackapi "github.com/slack-go/slack"
)

// Slack's limits, in characters. Whether Slack counts code points or UTF-16
// units is not documented; the larger count is used throughout.
const (
	maxBlocks  = 50     // SL-17
	maxSection = 3_000  // SL-18
	maxHeader  = 150    // SL-18
	maxBudget  = 12_000 // SL-20: of all blocks together, as the JSON that is sent
	maxText    = 3_900  // SL-19
	maxButton  = 75     // SL-18
)

// Limits of our own, which leave room for what matters more.
const (
	maxClocks  = 12    // clocks shown; the most urgent ones
	maxNotices = 5     // sentences about what is missing
	maxNames   = 5     // alerts named
	maxName    = 120   // of one of them
	maxFact    = 120   // severity, a person, …
	maxReason  = 500   // a sentence somebody or something else wrote
	maxSummary = 600   // of the incident
	maxAddress = 1_000 // of the incident's page; a longer one is left out
)

// chars counts s as Slack may count it.
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

// draft adds blocks up while they fit into one message.
type draft struct{ blocks, used int }

// keep takes blocks that every message has. Each is bounded by the code that
// makes it, and all of them together leave room for clocks.
func (d *draft) keep(blocks ...slackapi.Block) []slackapi.Block {
	for _, b := range blocks {
		d.blocks++
		d.used += size(b)
	}
	return blocks
}

// take takes the block if it fits and leaves reserve characters. Around all
// blocks there are two brackets and one comma less than blocks.
func (d *draft) take(b slackapi.Block, reserve int) bool {
	s := size(b)
	if d.blocks+1 > maxBlocks || d.used+s+reserve+1 > maxBudget {
		return false
	}
	d.blocks++
	d.used += s
	return true
}

// wordSlack is the library's types as JSON, which their tags are made for.
func wordSlack(v any) ([]byte, error) { return json.Marshal(v) }

// takeAll is take for blocks that belong together.
func (d *draft) takeAll(blocks []slackapi.Block, reserve int) bool {
	before := *d
	for _, b := range blocks {
		if !d.take(b, reserve) {
			*d = before
			return false
		}
	}
	return true
}

// size is the length of a block as it is sent, with its comma.
func size(b slackapi.Block) int {
	data, err := json.Marshal(b)
	if err != nil {
		return maxBudget + 1 // it cannot be sent: it never fits
	}
	return chars(string(data)) + 1
}

// section is a block of mrkdwn text, which must hold at most [maxSection]
// characters. Verbatim: Slack turns no bare address or name in it into a link.
func section(mrkdwn string) slackapi.Block {
	return slackapi.NewSectionBlock(verbatim(mrkdwn), nil, nil)
}

func verbatim(mrkdwn string) *slackapi.TextBlockObject {
	return slackapi.NewTextBlockObject(slackapi.MarkdownType, mrkdwn, false, true)
}
