package pdf

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Document is what a PDF carries beside its Markdown body: metadata, the frame
// printed on every page, and attached files. Strings are plain text, never
// Markdown; characters that cannot be drawn are shown by their codes.
type Document struct {
	// Title, Subject and Author are metadata. Title is what a reader shows in
	// its window.
	Title, Subject, Author string

	// Lang is a BCP 47 tag such as "en" or "pt-PT"; empty leaves the language
	// unsaid.
	Lang string

	// Header stands at the top left of every page, for example
	// "NIS2 early warning · INC-2026-0001".
	Header string

	// Footer stands at the bottom left of every page in small fixed-width
	// letters, beside "page n of m"; for example the journal's size and root.
	// It wraps when it is long and is never cut.
	Footer string

	// Marks are printed in the top right of every page and repeated at the
	// bottom: "DRAFT", "EXERCISE", "TLP:AMBER". A mark that begins with "TLP:"
	// gets the colours of FIRST's Traffic Light Protocol 2.0. Empty marks are
	// left out.
	Marks []string

	// Banner is printed in white on a field across the whole top and bottom of
	// every page, where no one can miss it; Alarm makes the field red. It wraps
	// when it is long.
	Banner string
	Alarm  bool

	// PageOf is how a page counts itself, with the blanks {n} and {m}; empty
	// for "page {n} of {m}".
	PageOf string

	// Numbered gives headings of level 2 and 3 numbers.
	Numbered bool

	// At is the creation and modification date in the metadata, written in
	// UTC. It must not be zero: a document takes its date from its contents.
	At time.Time

	// Attach lists files to embed, in this order. Names must be unique.
	Attach []Attachment
}

// Attachment is a file embedded in the document. Any reader that lists
// attachments offers it under Name; its bytes are kept as they are.
type Attachment struct {
	// Name is a file name without a path, for example "report.json".
	Name string

	// Description is a line shown beside the name; it may be empty.
	Description string

	// Data is the content.
	Data []byte
}

// langTag is as much of BCP 47 as a report can be written in. It also keeps
// every character out of the tag that means something in a PDF string.
var langTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// validate reports every reason why doc cannot be rendered, joined.
func (doc Document) validate() error {
	var errs []error
	if doc.At.IsZero() {
		errs = append(errs, errors.New("document has no date: set At to the instant the contents stand for"))
	}
	if doc.Lang != "" && !langTag.MatchString(doc.Lang) {
		errs = append(errs, fmt.Errorf("language %q is not a BCP 47 tag such as en or pt-PT", doc.Lang))
	}
	seen := make(map[string]bool, len(doc.Attach))
	for i, a := range doc.Attach {
		switch {
		case a.Name == "":
			errs = append(errs, fmt.Errorf("attachment %d has no name", i+1))
		case strings.ContainsAny(a.Name, `/\`):
			errs = append(errs, fmt.Errorf("attachment name %q holds a path: give the file name alone", a.Name))
		case seen[a.Name]:
			errs = append(errs, fmt.Errorf("attachment name %q is used twice", a.Name))
		}
		seen[a.Name] = true
	}
	return errors.Join(errs...)
}

// marks returns the marks that are to be printed.
func (doc Document) marks() []string {
	var marks []string
	for _, m := range doc.Marks {
		if m = strings.TrimSpace(m); m != "" {
			marks = append(marks, m)
		}
	}
	return marks
}
