// Package templates holds the report templates that are compiled into the
// program: Markdown with Go template actions, one file for each report, named
// after its stage, and the definitions they share in partials. Under
// communications lie the drafts of what people are told, named after their kind
// and language. A folder with files of the same names replaces them.
package templates

import "embed"

// FS holds the templates at its root, for example "early_warning.md" and
// "gdpr/notification.md".
//
//go:embed *.md */*.md
var FS embed.FS
