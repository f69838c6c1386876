// Package writeup makes the write-up of a tabletop exercise: a dated PDF of
// about three pages and the same for machines as JSON.
//
// Every page carries the mark of an exercise. That of a rehearsal without people
// says AUTOMATED REHEARSAL, NO PERSON TOOK PART on every page and names nobody,
// whatever the record holds.
//
// A write-up is rendered as of the end of the exercise: the same record gives the
// same bytes, so that they can be approved and signed as reports are. Without an
// approval it is marked as a draft.
//
// The PDF comes from a Markdown template, tabletop/write-up.md, which a folder
// of the house's own may replace; it is given a [Page].
package writeup
