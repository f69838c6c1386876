// Package pdf turns Markdown into a PDF document that can be printed, searched
// and compared byte for byte.
//
// There are two halves. [Template] executes a Markdown text with Go template
// actions; every value an action prints is escaped, so that text from outside
// (an alert label, a person's name) can never become a heading, a link or a
// table cell. [Render] parses the Markdown (CommonMark with tables) and draws
// it on A4 pages with fonts that are compiled into the program.
//
// What it guarantees:
//
//   - The same [Document] and Markdown give the same bytes with one build of
//     the program, whatever was rendered before or is rendered beside it. No
//     clock, locale, file or environment is read.
//   - Nothing is dropped silently. HTML is shown as text; a character that the
//     fonts do not have, or that has no shape of its own (controls,
//     bidirectional overrides, zero-width characters), is shown by its code, as
//     ⟨U+202E⟩; a byte that is not UTF-8 is shown as ⟨0xFF⟩.
//   - A link leads only to http, https and mailto, and its destination is
//     printed beside its text, since paper has no pointer.
//   - The marks and the footer stand on every page.
//
// What it does not do: images are named, not loaded; writing from right to left
// is drawn in the order of its characters; combining characters are not
// positioned; CJK characters are shown by their codes; the file is neither
// tagged nor PDF/A. What Markdown itself leaves out stays out: a link definition
// that nothing refers to, the language of a code fence, cells beyond the last
// column of a table.
//
// Some conventions go beyond CommonMark. A heading of level 1 that opens the
// document is its title, and a paragraph directly below is the lead under it. A
// table whose head cells are all empty is a list of fields: it has no head row
// and its first column holds the labels; a third column is fine print. A block quote is drawn as a call-out.
// A line break inside a value, written as the entity &#10;, breaks the line
// wherever it stands, also in a table cell. Fenced blocks in the languages
// timeline and status, which [Timeline] and [Status] make, are drawn as figures.
package pdf
