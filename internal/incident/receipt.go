package incident

import (
	"fmt"
	"strings"
)

// Receipt is how a webhook body came in. One stands in the journal for every
// accepted request.
type Receipt struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	// Raw is the body as received; nil when it lies in the vault under its
	// digest (Vault is true) or when nothing in it was new.
	Raw         []byte `json:"raw,omitempty"`
	Vault       bool   `json:"vault,omitzero"`
	Receiver    string `json:"receiver,omitzero"`
	GroupKey    string `json:"group_key,omitzero"`
	ExternalURL string `json:"external_url,omitzero"`
	UserAgent   string `json:"user_agent,omitzero"`
	Truncated   int    `json:"truncated,omitzero"`
}

// Counts are what became of the alerts of one body; each is counted once, and
// Received is the sum of the rest.
type Counts struct {
	Received    int `json:"received"`
	Opened      int `json:"opened"`
	Attached    int `json:"attached"`
	Resolved    int `json:"resolved"`
	Duplicate   int `json:"duplicate"`
	Ignored     int `json:"ignored"`
	Quarantined int `json:"quarantined"`
}

// Sum is what Received must be.
func (c Counts) Sum() int {
	return c.Opened + c.Attached + c.Resolved + c.Duplicate + c.Ignored + c.Quarantined
}

// Received is the receipt of a request in which nothing was new.
type Received struct {
	Meta
	Receipt Receipt `json:"receipt"`
	Counts  Counts  `json:"counts"`
	// Heartbeat names the dead-man alert the body carried.
	Heartbeat string `json:"heartbeat,omitzero"`
}

func (Received) Kind() string { return "webhook.received/v1" }

func (Received) logged() string { return "webhook receipts" }

func (e Received) Describe() string {
	c := e.Counts
	s := fmt.Sprintf("webhook of %d bytes: %d alerts, %d duplicate, %d ignored, nothing new", e.Receipt.Bytes, c.Received, c.Duplicate, c.Ignored)
	if e.Heartbeat != "" {
		s += "; heartbeat " + e.Heartbeat
	}
	return s
}

// Quarantined keeps what could not be read: nothing a sender says is lost.
type Quarantined struct {
	Meta
	Receipt  Receipt   `json:"receipt"`
	Count    int       `json:"count"`
	Problems []Problem `json:"problems"` // the first of them
}

func (Quarantined) Kind() string { return "webhook.quarantined/v1" }

func (Quarantined) logged() string { return "quarantine" }

func (e Quarantined) Describe() string {
	s := plural(e.Count, "unreadable element") + " kept in quarantine"
	if len(e.Problems) > 0 {
		s += ": " + strings.TrimPrefix(e.Problems[0].Where+" ", " ") + e.Problems[0].What
	}
	return s
}

// Problem is one unreadable element of a body.
type Problem struct {
	Where string `json:"where"` // a JSON pointer, empty for the whole body
	What  string `json:"what"`
}

func (ev Received) apply(s *State, e Entry) {
	if ev.Heartbeat != "" {
		s.heartbeats[ev.Heartbeat] = e.At
	}
}

// apply keeps nothing: the journal alone holds what could not be read.
func (Quarantined) apply(*State, Entry) {}

// ReceiptOf is the receipt an event carries; nil when it carries none.
func ReceiptOf(e Event) *Receipt {
	switch e := e.(type) {
	case Opened:
		return e.Receipt
	case Attached:
		return e.Receipt
	case AlertResolved:
		return e.Receipt
	case AlertMoved:
		return e.Receipt
	case Received:
		return &e.Receipt
	case Quarantined:
		return &e.Receipt
	}
	return nil
}
