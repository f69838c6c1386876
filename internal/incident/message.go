package incident

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/regime"
)

// Direction is which way a message went.
type Direction string

const (
	In  Direction = "in"  // from the authority
	Out Direction = "out" // to it
)

// MessageKind is what a message is.
type MessageKind string

const (
	ReceiptMessage  MessageKind = "receipt"  // of a report
	FeedbackMessage MessageKind = "feedback" // Directive (EU) 2022/2555 Art. 23(5)
	RequestMessage  MessageKind = "request"  // for a report, Art. 23(4)(c), or for anything else
	OrderMessage    MessageKind = "order"    // such as to tell the public, Art. 23(7)
	OtherMessage    MessageKind = "other"
)

var messageKinds = []MessageKind{ReceiptMessage, FeedbackMessage, RequestMessage, OrderMessage, OtherMessage}

// AuthorityMessage is a message from an authority or to one. Text that nobody gave is empty.
type AuthorityMessage struct {
	Number    int         `json:"number"` // in its incident, from 1
	Direction Direction   `json:"direction"`
	Kind      MessageKind `json:"kind"`
	At        time.Time   `json:"at"` // when it was received or sent
	// RespondBy is the date that the authority set; the message then starts a clock.
	RespondBy time.Time `json:"respond_by,omitzero"`
	Owner     string    `json:"owner,omitzero"` // who answers it
	Entity    string    `json:"entity,omitzero"`
	Regime    regime.ID `json:"regime,omitzero"`
	Stages    []string  `json:"stages,omitempty"` // the reports it concerns
	Authority string    `json:"authority,omitzero"`
	Reference string    `json:"reference,omitzero"`
	Text      string    `json:"text,omitzero"`
	SHA256    string    `json:"sha256,omitzero"` // of the attachment, in hex
	Answers   int       `json:"answers,omitzero"`
	// Reason is why it corrects the receipt recorded before.
	Reason string `json:"reason,omitzero"`
	// Clock is the one that it started, that it answered where it went out; zero for none.
	Clock ClockID `json:"clock,omitzero"`
}

// replyStage begins the name of the clock that a message with a date starts where the law has no report for it.
const replyStage = "reply-"

// RecordMessage records a message from an authority or to one.
type RecordMessage struct {
	Person
	ID      ID
	Message AuthorityMessage // its number and its clock are given out; At is now when zero
}

func (c RecordMessage) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	ev := MessageRecorded{Meta: c.metaFor(c.ID), Message: c.Message}
	m := &ev.Message
	m.Number, m.Clock = len(i.Messages)+1, ClockID{}
	if m.At.IsZero() {
		m.At = d.now
	}
	m.At, m.RespondBy = m.At.UTC(), m.RespondBy.UTC()
	if m.Kind == "" {
		m.Kind = OtherMessage
	}
	if err := m.check(d.now); err != nil {
		return nil, err
	}
	if err := i.knows(m.Entity, m.Regime); err != nil {
		return nil, err
	}
	after := *i
	after.Clocks = slices.Clone(i.Clocks)
	if m.Direction == Out {
		err = ev.answer(i, &after)
	} else if m.Kind == ReceiptMessage {
		err = ev.receive(i, &after)
	} else if !m.RespondBy.IsZero() || m.Kind == RequestMessage && len(m.Stages) > 0 {
		err = ev.start(r, i)
	}
	if err != nil {
		return nil, err
	}
	after.Messages = append(slices.Clone(i.Messages), *m)
	ev.Recount = r.recount(i, &after)
	ev.Late = ev.turned(&after)
	d.emit(ev)
	return c.ID, nil
}

// check refuses what cannot be right of any incident.
func (m *AuthorityMessage) check(now time.Time) error {
	when := "received_at"
	if m.Direction == Out {
		when = "sent_at"
	}
	switch {
	case m.Direction != In && m.Direction != Out:
		return invalid("direction is %q: want in, from the authority, or out, to it", m.Direction)
	case !slices.Contains(messageKinds, m.Kind):
		return invalid("kind is %q: want receipt, feedback, request, order or other", m.Kind)
	case m.At.After(now):
		return invalid("%s %s lies in the future: give the time at which it happened", when, utc(m.At))
	case m.Direction == Out && !m.RespondBy.IsZero():
		return invalid("respond_by is a date that the authority sets: leave it out of a message to it")
	case m.Direction == In && m.Answers != 0:
		return invalid("answers is for a message to the authority: leave it out")
	case !m.RespondBy.IsZero() && !m.RespondBy.After(m.At):
		return invalid("respond_by %s does not lie after %s %s: correct the one that is wrong", utc(m.RespondBy), when, utc(m.At))
	case m.Kind != ReceiptMessage && m.Kind != RequestMessage && m.Answers == 0 && strings.TrimSpace(m.Text) == "" && m.SHA256 == "":
		return invalid("say what it says: give text, or the sha256 of the attachment")
	}
	if m.SHA256 = strings.TrimPrefix(strings.ToLower(m.SHA256), "sha256:"); m.SHA256 != "" {
		if b, err := hex.DecodeString(m.SHA256); err != nil || len(b) != 32 {
			return invalid("sha256 is not the 64 hexadecimal digits of a SHA-256 digest")
		}
	}
	return nil
}

// receive fills in the receipt of the submission that the message confirms.
func (e *MessageRecorded) receive(i, after *Incident) error {
	m := &e.Message
	var err error
	if m.Entity, m.Regime, err = i.duty(m.Entity, m.Regime); err != nil {
		return err
	}
	sent, err := m.confirmed(i)
	if err != nil {
		return err
	}
	if !sent.ReceiptAt.IsZero() && !sent.ReceiptAt.Equal(m.At) && strings.TrimSpace(m.Reason) == "" {
		return invalid("the receipt is already recorded as %s: changing it needs a reason", utc(sent.ReceiptAt))
	}
	e.WasReceiptAt, e.WasReference = sent.ReceiptAt, sent.Reference
	now := *sent
	now.ReceiptAt = m.At
	if m.Reference != "" {
		now.Reference = m.Reference
	}
	m.Stages = nil
	for n := range after.Clocks {
		if cl := &after.Clocks[n]; cl.Entity == m.Entity && cl.Regime == m.Regime && cl.Submitted != nil && *cl.Submitted == *sent {
			cl.Submitted = &now
			m.Stages = append(m.Stages, string(cl.Stage))
		}
	}
	e.Receipt = &now
	return nil
}

// confirmed is the submission that a receipt is of: that of the stages it names, else the only one that has none.
func (m *AuthorityMessage) confirmed(i *Incident) (*Submission, error) {
	var sent *Submission
	var waiting []string
	for n := range i.Clocks {
		cl := &i.Clocks[n]
		named := slices.Contains(m.Stages, string(cl.Stage))
		if cl.Entity != m.Entity || cl.Regime != m.Regime || cl.Submitted == nil || !named && (len(m.Stages) > 0 || !cl.Submitted.ReceiptAt.IsZero()) {
			continue
		}
		waiting = append(waiting, string(cl.Stage))
		if sent != nil && *sent != *cl.Submitted {
			return nil, invalid("the receipt is of one submission, and these went out apart: say which stage, %s", strings.Join(waiting, " or "))
		}
		sent = cl.Submitted
	}
	for _, stage := range m.Stages {
		if !slices.Contains(waiting, stage) {
			return nil, refused("no %s of %s under %s was submitted: record the submission first, with \"incident submit\"", stage, m.Entity, m.Regime)
		}
	}
	if sent == nil {
		return nil, refused("no report of %s under %s waits for a receipt: record the submission first, or name the stage", m.Entity, m.Regime)
	}
	return sent, nil
}

// start gives the message a clock that runs to its date: that of the report it asks for, or one of its own.
func (e *MessageRecorded) start(r *Rules, i *Incident) error {
	m := &e.Message
	var err error
	if m.Entity, m.Regime, err = i.duty(m.Entity, m.Regime); err != nil {
		return err
	}
	law, _ := r.law(m.Regime, r.track(m.Entity).MemberState)
	for _, name := range m.Stages {
		stage, ok := law.Stage(regime.StageID(name))
		if !ok {
			var known []string
			for _, s := range law.Stages {
				known = append(known, string(s.ID))
			}
			return invalid("%s has no stage %q: want one of %s", m.Regime, name, strings.Join(known, ", "))
		}
		if m.Kind != RequestMessage || stage.Period.Unit != regime.AsRequested {
			continue
		}
		if m.RespondBy.IsZero() {
			return invalid("respond_by is missing: which date does the request set for the %s? where it sets none, give the one by which you will answer", stage.Title)
		}
		n := 1
		for _, other := range i.Messages {
			if c := other.Clock; other.Direction == In && c.Entity == m.Entity && c.Regime == m.Regime && c.Stage.Base() == stage.ID {
				n++
			}
		}
		m.Clock = ClockID{Entity: m.Entity, Regime: m.Regime, Stage: stage.ID.Nth(n)}
		return nil
	}
	if !m.RespondBy.IsZero() {
		m.Clock = ClockID{Entity: m.Entity, Regime: m.Regime, Stage: regime.StageID(replyStage + strconv.Itoa(m.Number))}
	}
	return nil
}

// answer closes the clock of the message that this one answers.
func (e *MessageRecorded) answer(i, after *Incident) error {
	m := &e.Message
	if m.Answers == 0 {
		return nil
	}
	asked, err := i.message(m.Answers)
	if err != nil {
		return err
	}
	if asked.Direction == Out {
		return invalid("message %d went out itself: answers takes the number of one that came in", m.Answers)
	}
	if m.At.Before(asked.At) {
		return invalid("sent_at %s lies before message %d, which it answers, at %s: correct the one that is wrong", utc(m.At), m.Answers, utc(asked.At))
	}
	m.Entity, m.Regime, m.Clock = asked.Entity, asked.Regime, asked.Clock
	for n := range after.Clocks {
		if cl := &after.Clocks[n]; cl.ClockID == m.Clock && cl.Submitted == nil {
			cl.Submitted = e.submission()
		}
	}
	return nil
}

// submission is an answer as what ends a clock.
func (e *MessageRecorded) submission() *Submission {
	m := &e.Message
	return &Submission{SentAt: m.At, Authority: m.Authority, Submitter: e.By.Name, Reference: m.Reference, SHA256: m.SHA256}
}

// turned are the reports on time before that the receipt makes late.
func (e *MessageRecorded) turned(after *Incident) []ClockID {
	if e.Receipt == nil {
		return nil
	}
	var late []ClockID
	before := *e.Receipt
	before.ReceiptAt = e.WasReceiptAt
	for _, c := range e.Clocks {
		if c.Entity != e.Message.Entity || c.Regime != e.Message.Regime || !slices.Contains(e.Message.Stages, string(c.Stage)) {
			continue
		}
		if regime.Late(c.DueAt, e.Receipt.instants().LastAt()) && !regime.Late(c.DueAt, before.instants().LastAt()) {
			late = append(late, c.ClockID)
		}
	}
	return late
}

// message finds a message by its number.
func (i *Incident) message(number int) (AuthorityMessage, error) {
	if number < 1 || number > len(i.Messages) {
		return AuthorityMessage{}, invalid("%s has no message %d: it has %d", i.ID, number, len(i.Messages))
	}
	return i.Messages[number-1], nil
}

// requests are those for reports that the law leaves to a request.
func (i *Incident) requests(entity string, id regime.ID) []regime.Request {
	var out []regime.Request
	for _, m := range i.Messages {
		if m.Direction == In && m.Clock.Entity == entity && m.Clock.Regime == id && !m.ownClock() {
			out = append(out, regime.Request{Stage: m.Clock.Stage.Base(), At: m.At, DueAt: m.RespondBy})
		}
	}
	return out
}

// ownClock reports whether the message's clock is one that the law does not know.
func (m *AuthorityMessage) ownClock() bool {
	return strings.HasPrefix(string(m.Clock.Stage), replyStage)
}

// replies are the clocks of messages that have one of their own.
func (r *Rules) replies(i *Incident) []Clock {
	var out []Clock
	for _, m := range i.Messages {
		if m.Direction != In || !m.ownClock() {
			continue
		}
		t := r.track(m.Clock.Entity)
		c := Clock{
			ClockID: m.Clock, Title: fmt.Sprintf("Reply to %s, message %d", m.Kind, m.Number), MemberState: t.MemberState, Authority: t.Authority,
			Basis: string(regime.FromRequest), StartedAt: m.At, TargetAt: m.RespondBy, DueAt: m.RespondBy, OuterReadingAt: m.RespondBy,
			Source: fmt.Sprintf("the %s of the authority", m.Kind), Confidence: string(regime.Verified),
		}
		if m.Authority != "" {
			c.Authority, c.Source = m.Authority, fmt.Sprintf("the %s of %s", m.Kind, m.Authority)
		}
		if m.Reference != "" {
			c.Source += ", " + m.Reference
		}
		out = append(out, c)
	}
	return out
}

// MessageRecorded records a message from an authority or to one, and what the clocks are since.
type MessageRecorded struct {
	Meta
	Message AuthorityMessage `json:"message"`

	// Receipt is the submission as a receipt completes it, beside what it said before.
	Receipt      *Submission `json:"receipt,omitzero"`
	WasReceiptAt time.Time   `json:"was_receipt_at,omitzero"`
	WasReference string      `json:"was_reference,omitzero"`
	// Late are the reports that count as late since, because they were received after they were due.
	Late []ClockID `json:"late,omitempty"`
	Recount
}

func (MessageRecorded) Kind() string { return "authority.message_recorded/v1" }

func (e MessageRecorded) Describe() string {
	m := e.Message
	whom := m.Authority
	if whom == "" {
		whom = "the authority"
	}
	s := fmt.Sprintf("message %d: %s from %s, received %s", m.Number, m.Kind, whom, utc(m.At))
	if m.Direction == Out {
		s = fmt.Sprintf("message %d: %s to %s, sent %s", m.Number, m.Kind, whom, utc(m.At))
	}
	if m.Reference != "" {
		s += ", reference " + m.Reference
	}
	if len(m.Stages) > 0 {
		s += ", about " + strings.Join(m.Stages, " and ")
	}
	if m.Answers != 0 {
		s += fmt.Sprintf(", answers message %d", m.Answers)
	}
	if !m.RespondBy.IsZero() {
		s += ", to be answered by " + utc(m.RespondBy)
		if m.Owner != "" {
			s += " (" + m.Owner + ")"
		}
	}
	if m.Text != "" {
		s += ": " + m.Text
	}
	if m.SHA256 != "" {
		s += "; attachment sha256:" + m.SHA256
	}
	if !e.WasReceiptAt.IsZero() {
		s += "; the receipt was before recorded as " + utc(e.WasReceiptAt)
	}
	if m.Reason != "" {
		s += " (" + m.Reason + ")"
	}
	if e.WasReference != "" && e.Receipt != nil && e.Receipt.Reference != e.WasReference {
		s += "; the reference was before " + e.WasReference
	}
	for _, c := range e.Late {
		s += fmt.Sprintf("; the %s was sent in time but received after it was due: it now counts as LATE", c.Stage)
	}
	if len(e.Moved) > 0 {
		s += "; " + e.describe()
	}
	return s
}

func (e MessageRecorded) applyTo(_ *State, i *Incident, _ Entry) {
	m := e.Message
	i.Messages = append(i.Messages, m)
	i.recounted(e.Recount)
	for n := range i.Clocks {
		c := &i.Clocks[n]
		switch {
		case e.Receipt != nil && c.Entity == m.Entity && c.Regime == m.Regime && c.Submitted != nil && slices.Contains(m.Stages, string(c.Stage)):
			c.Submitted = new(*e.Receipt)
		case m.Direction == Out && m.Clock != ClockID{} && c.ClockID == m.Clock && c.Open():
			c.Submitted = e.submission()
		}
	}
}

// SettleMessage ends the clock of a message that needs no answer any more, such as a request withdrawn.
type SettleMessage struct {
	Person
	ID     ID
	Number int
	Reason string
}

func (c SettleMessage) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	m, err := i.message(c.Number)
	if err != nil {
		return nil, err
	}
	clock, ok := i.Clock(m.Clock)
	switch {
	case m.Direction == Out || !ok:
		return nil, refused("message %d started no clock: there is nothing to settle", c.Number)
	case !clock.Open():
		return c.ID, nil
	case strings.TrimSpace(c.Reason) == "":
		return nil, invalid("why does message %d need no answer? the reason is kept with it", c.Number)
	}
	d.emit(MessageSettled{Meta: c.metaFor(c.ID), Number: c.Number, Clock: m.Clock, Reason: c.Reason})
	return c.ID, nil
}

// MessageSettled records a person's word that a message needs no answer any more.
type MessageSettled struct {
	Meta
	Number int     `json:"number"`
	Clock  ClockID `json:"clock"`
	Reason string  `json:"reason"`
}

func (MessageSettled) Kind() string { return "authority.message_settled/v1" }

func (e MessageSettled) Describe() string {
	return fmt.Sprintf("message %d needs no answer any more: %s", e.Number, e.Reason)
}

func (e MessageSettled) applyTo(_ *State, i *Incident, entry Entry) {
	if c, ok := i.Clock(e.Clock); ok && c.Open() {
		c.StoppedAt, c.Stopped = entry.At, "settled: "+e.Reason
	}
}
