package scenario

import (
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// Step is what a scripted participant does in a run without people. Which
// fields are used is up to Do; the others are zero.
type Step struct {
	At time.Duration
	By string // a participant's id
	Do Deed
	// Inject is the inject of alerts that opened the incident, the authority's
	// message for record_message and answer_authority; empty for the first
	// incident of the exercise.
	Inject string

	Text     string
	Reason   string
	Title    string // of declare
	Severity string // of declare
	// Time is the offset of what is recorded, at the latest At: of a date, a
	// submission, a detection. It is At where the file says none.
	Time time.Duration

	Entity string
	Regime regime.ID
	Stages []string

	Malicious, CrossBorder, AffectsTrustService, Ongoing classify.Answer   // empty: not said
	Facts                                                map[string]string // of assess, by significance fact
	Decision                                             string            // of decide
	Breach                                               *incident.BreachFacts
	Fields                                               map[string]string // of report_fields

	Reference string // the authority's, of submit
	To        string // of hand_over: a participant's id

	Kind, Audience, Channel string // of communicate
	Runbook, RunbookStep    string // of tick
	TLP                     string
	Point, Choice           string // of choose
}
