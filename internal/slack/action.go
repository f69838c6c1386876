package slack

import (
	"net/url"
	"strconv"
	"strings"

	"nis2clock/internal/incident"
)

// Kind is what a person asks for.
type Kind string

// Kinds of action.
const (
	Acknowledge   Kind = "acknowledge"
	TakeCommand   Kind = "take_command"
	Assess        Kind = "assess"
	Submit        Kind = "submit"
	NotReportable Kind = "not_reportable"
	Note          Kind = "note"
	Declare       Kind = "declare"
	Confirm       Kind = "confirm"
	Reject        Kind = "reject"
)

// Ids of our buttons. They are part of messages that stay in channels for
// months: none ever changes.
const (
	AcknowledgeAction   = "nis2clock_acknowledge"
	TakeCommandAction   = "nis2clock_take_command"
	AssessAction        = "nis2clock_assess"
	SubmitAction        = "nis2clock_submit"
	NotReportableAction = "nis2clock_not_reportable"
	NoteAction          = "nis2clock_note"
	ConfirmAction       = "nis2clock_confirm"
	RejectAction        = "nis2clock_reject"
	// The last two are links, which Slack reports as well.
	RunbookAction = "nis2clock_runbook"
	ReportsAction = "nis2clock_reports"
)

// pressedKinds are what the buttons ask for. What has a form opens it first.
var pressedKinds = map[string]Kind{
	AcknowledgeAction: Acknowledge, TakeCommandAction: TakeCommand, AssessAction: Assess, SubmitAction: Submit,
	NotReportableAction: NotReportable, NoteAction: Note, ConfirmAction: Confirm, RejectAction: Reject,
}

// Action is what a person asked for in Slack.
type Action struct {
	Kind     Kind
	Incident incident.ID // as the button or the person says; it may name no incident
	// User is the person's user id and team id, U1@T1 (SL-7). Names are not
	// looked at: they may be empty and people choose them.
	User string
	// Key names this one press, form, command or message: what comes again
	// under it changes nothing (SL-6). Empty where Slack gave none.
	Key string
	// Proposal is the number of what is confirmed or rejected.
	Proposal int
	// Answers are those to the questions of a form, by name.
	Answers url.Values
	// Entity and Seen are what the form carried; see [Form].
	Entity, Seen string
}

// Refusal is an error whose text is for the person who asked: nothing was
// done, and doing the same again gives the same answer.
type Refusal struct {
	// Question is the name of the one whose answer is at fault; empty for all.
	Question string
	Text     string
	// More are the faults of other answers of the form, by question.
	More map[string]string
}

func (r *Refusal) Error() string { return r.Text }

// maxValue is of what a button of ours carries: an incident's id, and with # the
// number of a proposal.
const maxValue = 64

// buttonValue is the inverse of readValue.
func buttonValue(id incident.ID, proposal int) string {
	if proposal == 0 {
		return string(id)
	}
	return string(id) + "#" + strconv.Itoa(proposal)
}

func readValue(value string) (id incident.ID, proposal int, ok bool) {
	before, number, has := strings.Cut(value, "#")
	if value == "" || len(value) > maxValue {
		return "", 0, false
	}
	if has {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return "", 0, false
		}
		proposal = n
	}
	return incident.ID(before), proposal, true
}
