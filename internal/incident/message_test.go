package incident

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// in is a message from the authority of the service company.
func in(kind MessageKind, received string, change func(*AuthorityMessage)) RecordMessage {
	m := AuthorityMessage{Direction: In, Kind: kind, At: at(received), Entity: "saas", Authority: "BSI", Text: "…"}
	if change != nil {
		change(&m)
	}
	return RecordMessage{Person: by("ana"), ID: first, Message: m}
}

func requested(respondBy string) func(*AuthorityMessage) {
	return func(m *AuthorityMessage) { m.Stages, m.RespondBy = []string{"intermediate_report"}, at(respondBy) }
}

// Every request for an intermediate report runs a clock of its own to the requester's date, Art. 23(4)(c).
func TestRequestsForIntermediateReports(t *testing.T) {
	w := group(t)
	w.do(in(RequestMessage, "2026-11-20T09:00:00Z", requested("2026-11-21T12:00:00Z")))
	c := w.clock("saas", "nis2", "intermediate_report")
	if !c.DueAt.Equal(at("2026-11-21T12:00:00Z")) || !c.StartedAt.Equal(at("2026-11-20T09:00:00Z")) || c.Basis != "request" {
		t.Errorf("the first: %+v", c)
	}
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"intermediate_report"}, Submission: Submission{Reference: "I-1"}})
	w.wait(time.Hour)
	w.do(in(RequestMessage, "2026-11-20T10:30:00Z", requested("2026-11-24T12:00:00Z")))
	if c := w.clock("saas", "nis2", "intermediate_report"); c.Submitted == nil || !c.DueAt.Equal(at("2026-11-21T12:00:00Z")) {
		t.Errorf("the second request moved the first clock: %+v", c)
	}
	second := w.clock("saas", "nis2", "intermediate_report-2")
	if !second.Open() || !second.DueAt.Equal(at("2026-11-24T12:00:00Z")) || second.Title != "Intermediate report" {
		t.Errorf("the second: %+v", second)
	}
	// By the name of its stage a person means the one that is still owed.
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"intermediate_report"}, Submission: Submission{Reference: "I-2"}})
	if c := w.clock("saas", "nis2", "intermediate_report-2"); c.Submitted == nil || c.Submitted.Reference != "I-2" {
		t.Errorf("the second is not submitted: %+v", c)
	}
	if got := w.clock("saas", "nis2", "intermediate_report").Submitted.Reference; got != "I-1" {
		t.Errorf("the first is now %s", got)
	}
	if v := w.incident(first).View(w.now); len(v.Messages) != 2 || *v.Messages[1].Clock != "intermediate_report-2" || v.Messages[1].Number != 2 {
		t.Errorf("messages: %+v", v.Messages)
	}
}

// A message with a date starts a clock that a reply ends, or a person's word.
func TestMessageWithADate(t *testing.T) {
	w := group(t)
	order := in(OrderMessage, "2026-11-20T09:00:00Z", func(m *AuthorityMessage) {
		m.RespondBy, m.Owner, m.Reference, m.Text = at("2026-11-20T18:00:00Z"), "legal", "BSI-9", "Tell your customers."
	})
	w.do(order)
	c := w.clock("saas", "nis2", "reply-1")
	if !c.DueAt.Equal(at("2026-11-20T18:00:00Z")) || c.Source != "the order of BSI, BSI-9" || c.State(at("2026-11-20T18:00:00Z")) != ClockOverdue {
		t.Errorf("%+v", c)
	}
	half, err := ParseThreshold("50%")
	if err != nil {
		t.Fatal(err)
	}
	if got := half.At(c, at("2026-08-20T08:00:00Z")); !got.Equal(at("2026-11-20T13:30:00Z")) {
		t.Errorf("half of the time is gone at %s: a request runs from when it came, not from detection", got)
	}
	w.do(date(AwareAt, at("2026-11-20T08:30:00Z"), "")) // the clocks are computed anew
	if c := w.clock("saas", "nis2", "reply-1"); !c.Open() {
		t.Errorf("gone after a recount: %+v", c)
	}
	w.do(RecordMessage{Person: by("ben"), ID: first, Message: AuthorityMessage{Direction: Out, At: at("2026-11-20T09:30:00Z"), Answers: 1, Text: "Done."}})
	if c := w.clock("saas", "nis2", "reply-1"); c.State(w.now) != ClockSubmitted || c.Submitted.Submitter != "ben" || c.Late(w.now) {
		t.Errorf("answered: %+v", c)
	}
	w.do(order)
	w.do(SettleMessage{Person: by("ana"), ID: first, Number: 3, Reason: "withdrawn by telephone"})
	if c := w.clock("saas", "nis2", "reply-3"); c.State(w.now) != ClockStopped || c.Stopped != "settled: withdrawn by telephone" {
		t.Errorf("settled: %+v", c)
	}
	w.do(in(FeedbackMessage, "2026-11-20T09:10:00Z", nil))
	if n := len(w.incident(first).Clocks); n != 15 {
		t.Errorf("%d clocks: feedback without a date starts none", n)
	}
	v := w.incident(first).View(w.now)
	if m := v.Messages[1]; m.SentAt == nil || m.ReceivedAt != nil || *m.Answers != 1 {
		t.Errorf("the reply: %+v", m)
	}
}

// A receipt completes the submission that closed the stages. Lateness goes by the later of the two instants, and the timeline says when
// that turns a report late.
func TestReceipt(t *testing.T) {
	w := group(t)
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"early_warning", "notification"}})
	w.now = at("2026-11-22T10:00:00Z")
	w.do(in(ReceiptMessage, "2026-11-21T08:00:00Z", func(m *AuthorityMessage) { m.Reference = "BSI-7" }))
	for _, stage := range []string{"early_warning", "notification"} {
		c, _ := w.incident(first).open("saas", "nis2", stage)
		if c.Submitted.Reference != "BSI-7" || !c.Submitted.ReceiptAt.Equal(at("2026-11-21T08:00:00Z")) {
			t.Errorf("%s: %+v", stage, c.Submitted)
		}
	}
	if !w.clock("saas", "nis2", "early_warning").Late(w.now) || w.clock("saas", "nis2", "notification").Late(w.now) {
		t.Error("the early warning was received at the instant at which it was due, the notification before")
	}
	if got := w.last(); !strings.Contains(got, "the early_warning was sent in time but received after it was due: it now counts as LATE") || strings.Contains(got, "the notification was") {
		t.Errorf("the timeline says %s", got)
	}
	// The month of the final report still runs from the earlier of the two, by the conservative reading.
	if c := w.clock("saas", "nis2", "final_report"); !c.DueAt.Equal(at("2026-12-20T10:00:00Z")) || !c.OuterReadingAt.Equal(at("2026-12-22T00:00:00Z")) {
		t.Errorf("final report: %+v", c)
	}
	if _, err := w.try(in(ReceiptMessage, "2026-11-21T07:59:59Z", func(m *AuthorityMessage) { m.Stages = []string{"early_warning"} })); !errors.Is(err, ErrInvalid) {
		t.Errorf("a receipt changed without a reason: %v", err)
	}
	w.do(in(ReceiptMessage, "2026-11-21T07:59:59Z", func(m *AuthorityMessage) { m.Stages, m.Reason = []string{"early_warning"}, "the portal's own log" }))
	if w.clock("saas", "nis2", "early_warning").Late(w.now) || !strings.Contains(w.last(), "before recorded as 2026-11-21 08:00:00Z (the portal's own log)") {
		t.Errorf("corrected: %s", w.last())
	}
	if v := w.incident(first).View(w.now); !slices.Equal(v.Messages[1].Stages, []string{"early_warning", "notification"}) {
		t.Errorf("one submission closed both: %q", v.Messages[1].Stages)
	}
}

func TestReceiptOfOneOfTwoSubmissions(t *testing.T) {
	w := group(t)
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"early_warning"}})
	w.wait(time.Hour)
	w.do(Submit{Person: by("ana"), ID: first, Entity: "saas", Stages: []string{"notification"}})
	if _, err := w.try(in(ReceiptMessage, "2026-11-20T10:30:00Z", nil)); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "early_warning or notification") {
		t.Errorf("of which: %v", err)
	}
	w.do(in(ReceiptMessage, "2026-11-20T10:30:00Z", func(m *AuthorityMessage) { m.Stages = []string{"early_warning"} }))
	w.do(in(ReceiptMessage, "2026-11-20T11:00:00Z", nil)) // the only one left
	if got := w.clock("saas", "nis2", "notification").Submitted.ReceiptAt; !got.Equal(at("2026-11-20T11:00:00Z")) {
		t.Errorf("the notification was received %s", got)
	}
}

func TestMessagesRefused(t *testing.T) {
	const received = "2026-11-20T09:00:00Z"
	out := func(change func(*AuthorityMessage)) RecordMessage {
		c := in(OtherMessage, received, change)
		c.Message.Direction = Out
		return c
	}
	for _, tt := range []struct {
		name string
		cmd  Command
		want error
		says string
	}{
		{"without a direction", in(OtherMessage, received, func(m *AuthorityMessage) { m.Direction = "" }), ErrInvalid, "want in, from the authority, or out"},
		{"of no kind", in("letter", received, nil), ErrInvalid, "receipt, feedback, request, order or other"},
		{"received in the future", in(OtherMessage, "2026-11-20T10:00:01Z", nil), ErrInvalid, "received_at 2026-11-20 10:00:01Z lies in the future"},
		{"to be answered before it came", in(OrderMessage, received, func(m *AuthorityMessage) { m.RespondBy = m.At }), ErrInvalid, "does not lie after"},
		{"that says nothing", in(OrderMessage, received, func(m *AuthorityMessage) { m.Text = " " }), ErrInvalid, "text, or the sha256"},
		{"with half a digest", in(OrderMessage, received, func(m *AuthorityMessage) { m.SHA256 = "sha256:abcd" }), ErrInvalid, "64 hexadecimal digits"},
		{"for an entity that is not there", in(OrderMessage, received, func(m *AuthorityMessage) { m.Entity = "bank" }), ErrInvalid, "of bank"},
		{"with a date, for nobody in particular", in(OrderMessage, received, func(m *AuthorityMessage) { m.Entity, m.RespondBy = "", at("2026-11-21T09:00:00Z") }), ErrInvalid, "for which entity: saas, pay"},
		{"an intermediate report without a date", in(RequestMessage, received, func(m *AuthorityMessage) { m.Stages = []string{"intermediate_report"} }), ErrInvalid, "which date does the request set"},
		{"about a stage that is not there", in(RequestMessage, received, func(m *AuthorityMessage) { m.Stages = []string{"interim"} }), ErrInvalid, "early_warning, notification, intermediate_report"},
		{"a receipt of nothing", in(ReceiptMessage, received, nil), ErrRefused, "record the submission first"},
		{"a receipt of what was not sent", in(ReceiptMessage, received, func(m *AuthorityMessage) { m.Stages = []string{"early_warning"} }), ErrRefused, "no early_warning of saas"},
		{"a reply to nothing", out(func(m *AuthorityMessage) { m.Answers = 2 }), ErrInvalid, "no message 2: it has 1"},
		{"a reply before the question", out(func(m *AuthorityMessage) { m.Answers, m.At = 1, at("2026-11-20T08:29:59Z") }), ErrInvalid, "lies before message 1"},
		{"a date set for the authority", out(func(m *AuthorityMessage) { m.RespondBy = at("2026-11-21T09:00:00Z") }), ErrInvalid, "a date that the authority sets"},
		{"an answer that came in", in(OtherMessage, received, func(m *AuthorityMessage) { m.Answers = 1 }), ErrInvalid, "to the authority"},
		{"settled without a clock", SettleMessage{by("a"), first, 1, "x"}, ErrRefused, "started no clock"},
		{"settled, but not there", SettleMessage{by("a"), first, 9, "x"}, ErrInvalid, "no message 9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := group(t)
			w.do(in(FeedbackMessage, "2026-11-20T08:30:00Z", nil))
			n := len(w.entries)
			if _, err := w.try(tt.cmd); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v that says %q", err, tt.want, tt.says)
			}
			if len(w.entries) != n {
				t.Error("a refused command left an entry")
			}
		})
	}
}
