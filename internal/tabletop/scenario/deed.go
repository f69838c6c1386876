package scenario

import (
	"maps"
	"slices"

	"nis2clock/internal/access"
)

// Deed is something a participant does, by the word the file uses.
type Deed string

// Deeds.
const (
	Acknowledge     Deed = "acknowledge"
	TakeCommand     Deed = "take_command"
	HandOver        Deed = "hand_over" // offer command to somebody
	Declare         Deed = "declare"   // an incident by hand
	ReportEvent     Deed = "report_event"
	AddNote         Deed = "note"
	SetFacts        Deed = "facts"  // of Art. 23(4)(a), trust services, ongoing
	Assess          Deed = "assess" // facts for the criteria of significance
	Decide          Deed = "decide" // whether it is significant
	Aware           Deed = "aware"  // record when the entity became aware
	Redetect        Deed = "redetect"
	Breach          Deed = "breach" // of personal data
	SetReportFields Deed = "report_fields"
	Approve         Deed = "approve" // a report
	Submit          Deed = "submit"  // record that a report went out
	RecordMessage   Deed = "record_message"
	AnswerAuthority Deed = "answer_authority"
	Communicate     Deed = "communicate"
	Tick            Deed = "tick" // a runbook's step
	SetTLP          Deed = "tlp"
	OutOfBand       Deed = "out_of_band"
	HoldIncident    Deed = "hold"
	ImpactEnded     Deed = "impact_ended"
	Recovered       Deed = "recovered"
	Handled         Deed = "handled"
	CloseIncident   Deed = "close"
	Reopen          Deed = "reopen"
	Choose          Deed = "choose" // at a decision point; the exercise records it, not the journal
)

// deeds says of each which right it needs, what it is in words, and which keys
// besides those of all it takes: in expect, and in auto.
var deeds = map[Deed]struct {
	needs  access.Right
	words  string
	expect []string
	auto   []string
}{
	Acknowledge:     {access.MayAct, "acknowledge", nil, nil},
	TakeCommand:     {access.MayAct, "take command", nil, nil},
	HandOver:        {access.MayAct, "offer command to another", nil, []string{"to"}},
	Declare:         {access.MayAct, "declare an incident", nil, []string{"title", "text", "severity", "time"}},
	ReportEvent:     {access.MayAct, "report a suspicious event", nil, []string{"text", "time"}},
	AddNote:         {access.MayAct, "write a note", nil, []string{"text"}},
	SetFacts:        {access.MayAct, "state facts", []string{"fact"}, []string{"text", "malicious", "cross_border", "affects_trust_service", "ongoing", "reason"}},
	Assess:          {access.MayAct, "assess against the criteria", []string{"entity"}, []string{"entity", "facts"}},
	Decide:          {access.MayDecide, "decide on significance", []string{"entity", "decision"}, []string{"entity", "decision", "reason"}},
	Aware:           {access.MayDecide, "record awareness", []string{"entity", "regime"}, []string{"entity", "regime", "time", "reason"}},
	Redetect:        {access.MayDecide, "record an earlier detection", nil, []string{"time", "reason"}},
	Breach:          {access.MayDecide, "record a personal data breach", []string{"entity"}, []string{"entity", "time", "breach"}},
	SetReportFields: {access.MayAct, "answer fields of a report", nil, []string{"fields"}},
	Approve:         {access.MayDecide, "approve a report", []string{"entity", "regime", "stage"}, []string{"entity", "regime", "stages", "reason"}},
	Submit:          {access.MaySubmit, "submit a report", []string{"entity", "regime", "stage"}, []string{"entity", "regime", "stages", "time", "reference", "reason"}},
	RecordMessage:   {access.MaySubmit, "record an authority's message", []string{"kind"}, []string{"inject"}},
	AnswerAuthority: {access.MaySubmit, "answer the authority", nil, []string{"inject", "text"}},
	Communicate:     {access.MaySubmit, "tell people", []string{"kind"}, []string{"kind", "audience", "channel", "text"}},
	Tick:            {access.MayAct, "follow a runbook", []string{"runbook"}, []string{"runbook", "step", "text"}},
	SetTLP:          {access.MayDecide, "set the traffic light", nil, []string{"tlp", "reason"}},
	OutOfBand:       {access.MayDecide, "go out of band", nil, []string{"reason"}},
	HoldIncident:    {access.MayDecide, "put it under legal hold", nil, []string{"reason"}},
	ImpactEnded:     {access.MayAct, "record the end of the impact", nil, []string{"time", "reason"}},
	Recovered:       {access.MayAct, "record recovery", nil, []string{"time", "reason"}},
	Handled:         {access.MaySubmit, "record the end of the handling", nil, []string{"time", "reason"}},
	CloseIncident:   {access.MaySubmit, "close the incident", nil, nil},
	Reopen:          {access.MayDecide, "reopen the incident", nil, []string{"reason"}},
	Choose:          {access.MayRead, "decide at a decision point", []string{"decision_point"}, []string{"decision_point", "choice", "reason"}},
}

// Deeds are all of them, sorted.
func Deeds() []Deed { return slices.Sorted(maps.Keys(deeds)) }

// Needs is the right that the deed takes; false for an unknown one.
func (d Deed) Needs() (access.Right, bool) {
	what, ok := deeds[d]
	return what.needs, ok
}

// String is the deed in words, such as "take command".
func (d Deed) String() string {
	if what, ok := deeds[d]; ok {
		return what.words
	}
	return string(d)
}
