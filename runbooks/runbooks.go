// Package runbooks holds the runbooks that are compiled into the program. A
// folder with files of the same names replaces them, and others add to them.
package runbooks

import "embed"

// FS holds the runbooks at its root, for example "ransomware.md".
//
//go:embed *.md
var FS embed.FS

// Scenarios holds those of tabletop exercises, for example
// "tabletop/ransomware.yaml".
//
//go:embed tabletop/*.yaml
var Scenarios embed.FS

// ScenarioSchema is the JSON Schema (2020-12) of a scenario, for editors.
//
//go:embed tabletop/scenario.schema.json
var ScenarioSchema []byte
