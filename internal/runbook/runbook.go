package runbook

import (
	"time"

	"nis2clock/internal/classify"
)

// Runbook is one file. It is read-only.
type Runbook struct {
	Name        string // of the file, without .md
	File        string // as messages call it
	Source      string // the file as it is
	BuiltIn     bool   // from a folder of the program's own
	Title       string
	Owner       string
	Reviewed    time.Time     // midnight UTC of the day
	ReviewEvery time.Duration // positive
	Matches     Matches
	Steps       []Step // at least one
	// Markdown is the file without its front matter.
	Markdown string
	// Digest is the SHA-256 of the file, in hex: which version a tick was of.
	Digest string
	// Links and Commands are all that stand in it, in their order.
	Links    []Mention
	Commands []Mention
}

// Matches is what a runbook is for. Any one of them is enough.
type Matches struct {
	Categories []classify.Category
	Alerts     []string          // patterns of [path.Match] for the alert's name
	Labels     map[string]string // patterns; all of them must fit one alert
	Every      bool
}

// Step is one box of a checklist.
type Step struct {
	ID      string // lower-case letters, digits and hyphens; unique in the runbook
	Section string // the heading above it; empty for none
	Title   string // what to do, plain text
	Text    string // Markdown of the rest; may be empty
	HTML    string // Text as HTML, safe to show: HTML in the Markdown is left out
	Line    int    // in the file, from 1
}

// Mention is something a runbook refers to, and its line, from 1.
type Mention struct {
	Text string
	Line int
}

// ReviewDue is the instant by which somebody must have gone through it again.
func (r *Runbook) ReviewDue() time.Time { return r.Reviewed.Add(r.ReviewEvery) }

// Overdue reports whether that has passed.
func (r *Runbook) Overdue(now time.Time) bool { return !now.Before(r.ReviewDue()) }

// Step is that of the id.
func (r *Runbook) Step(id string) (Step, bool) {
	for _, s := range r.Steps {
		if s.ID == id {
			return s, true
		}
	}
	return Step{}, false
}
