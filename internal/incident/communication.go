package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kinds of communication.
const (
	// InternalUpdate keeps one's own people informed.
	InternalUpdate = "internal_update"
	// RecipientsNotice tells the recipients of the services, Directive (EU)
	// 2022/2555 Art. 23(1) and (2).
	RecipientsNotice = "recipients_notice"
	// AuthorityFollowUp adds to what an authority was told. It is no report: it
	// stops no clock.
	AuthorityFollowUp = "authority_follow_up"
)

// CommunicationKinds are all of them.
var CommunicationKinds = []string{InternalUpdate, RecipientsNotice, AuthorityFollowUp}

// maxCommunication bounds the text that is kept of a communication, in bytes;
// of a longer one the digest is recorded.
const maxCommunication = 64 << 10

// Communication is what people were told about an incident. It has the text
// or, where that lies elsewhere, its SHA-256 in hex.
type Communication struct {
	Kind     string    `json:"kind"`
	Lang     string    `json:"lang,omitzero"` // such as de
	Audience string    `json:"audience"`      // to whom, in words
	Channel  string    `json:"channel"`       // through what
	At       time.Time `json:"at"`
	Sender   string    `json:"sender"`
	Text     string    `json:"text,omitzero"`
	SHA256   string    `json:"sha256,omitzero"`
}

// RecordCommunication records what a person sent. At is now and Sender the
// person who records it when they are left out.
type RecordCommunication struct {
	Person
	ID            ID
	Communication Communication
}

func (c RecordCommunication) decide(_ *Rules, d *decision) (any, error) {
	_, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	m := &c.Communication
	if m.At.IsZero() {
		m.At = d.now
	}
	m.At = m.At.UTC()
	if m.Sender == "" {
		m.Sender = c.By.Name
	}
	if err := m.check(d.now); err != nil {
		return nil, err
	}
	d.emit(CommunicationSent{Meta: c.metaFor(c.ID), Communication: c.Communication})
	return c.ID, nil
}

// check refuses what cannot be right, and brings the digest into one form.
func (m *Communication) check(now time.Time) error {
	m.Audience, m.Channel = strings.TrimSpace(m.Audience), strings.TrimSpace(m.Channel)
	switch {
	case !slices.Contains(CommunicationKinds, m.Kind):
		return invalid("kind is %q: want one of %s", m.Kind, strings.Join(CommunicationKinds, ", "))
	case m.Audience == "":
		return invalid("audience is missing: say who was told")
	case m.Channel == "":
		return invalid("channel is missing: say through what, such as e-mail")
	case m.At.After(now):
		return invalid("sent_at %s lies in the future: record it once it has been sent", utc(m.At))
	case strings.TrimSpace(m.Text) == "" && m.SHA256 == "":
		return invalid("give the text as it was sent, or the sha256 of it")
	case len(m.Text) > maxCommunication:
		return invalid("the text is longer than %d bytes: keep it elsewhere and give its sha256", maxCommunication)
	}
	if m.SHA256 == "" {
		return nil
	}
	m.SHA256 = strings.TrimPrefix(strings.ToLower(m.SHA256), "sha256:")
	if b, err := hex.DecodeString(m.SHA256); err != nil || len(b) != sha256.Size {
		return invalid("sha256 is not the 64 hexadecimal digits of a SHA-256 digest")
	}
	if sum := sha256.Sum256([]byte(m.Text)); m.Text != "" && hex.EncodeToString(sum[:]) != m.SHA256 {
		return invalid("the sha256 is not that of the text: give one of the two")
	}
	return nil
}

// CommunicationSent records what people were told.
type CommunicationSent struct {
	Meta
	Communication
}

func (CommunicationSent) Kind() string { return "communication.sent/v1" }

func (e CommunicationSent) Describe() string {
	s := fmt.Sprintf("%s sent to %s by %s at %s", spaced(e.Communication.Kind), e.Audience, e.Channel, utc(e.Communication.At))
	if e.Sender != e.By.Name {
		s += ", by " + e.Sender
	}
	return s
}

func (ev CommunicationSent) applyTo(_ *State, i *Incident, _ Entry) {
	i.Communications = append(i.Communications, ev.Communication)
}
