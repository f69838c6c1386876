package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exampleDir is where the documented example lies.
var exampleDir = filepath.Join("..", "..", "testdata", "config")

// block is one key of the example with what its comment says: the lines
// [start, end) hold the key and what is below it.
type block struct {
	path       string // dotted, with list positions as in entities[0].name
	start, end int
	indent     int    // column of the key
	item       bool   // the key follows a dash
	fallback   string // of "Default: X."; empty when the comment has none
	required   bool
	section    bool // keys are below it
	items      int  // of the list below it; 0 when it is none
}

var (
	keyLine      = regexp.MustCompile(`^( *)(- )?([a-z_]+):(.*)$`)
	defaultLine  = regexp.MustCompile(`^ *# Default: (.*)\.$`)
	requireLine  = regexp.MustCompile(`^ *# Required\.$`)
	inlineKey    = regexp.MustCompile(`^( *)#   ([a-z_]+): \S+$`) // in a comment, as another way to write it
	listPosition = regexp.MustCompile(`\[\d+\]`)
)

// example reads the example file into lines and the blocks in them.
func example(t *testing.T) (lines []string, blocks []block) {
	t.Helper()
	raw, err := os.ReadFile("full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	var fallback string
	var required bool
	var open []int // blocks around the line
	for i, line := range lines {
		if m := defaultLine.FindStringSubmatch(line); m != nil {
			fallback = m[1]
		}
		required = required || requireLine.MatchString(line)
		m := keyLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		b := block{path: m[3], start: i, end: len(lines), indent: len(m[1] + m[2]), item: m[2] != "", fallback: fallback, required: required, section: m[4] == ""}
		fallback, required = "", false
		for len(open) > 0 && blocks[open[len(open)-1]].indent >= b.indent {
			blocks[open[len(open)-1]].end = i
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			parent := &blocks[open[len(open)-1]]
			if b.item {
				parent.items++
			}
			if parent.items > 0 {
				b.path = fmt.Sprintf("%s[%d].%s", parent.path, parent.items-1, b.path)
			} else {
				b.path = parent.path + "." + b.path
			}
		}
		blocks = append(blocks, b)
		open = append(open, len(blocks)-1)
	}
	return lines, blocks
}

// replace returns the lines with a block's value put in the place of what is
// there, or without the block when value is empty.
func (b block) replace(lines []string, value string) []string {
	indent, key := strings.Repeat(" ", b.indent), b.path[strings.LastIndex(b.path, ".")+1:]
	var with []string
	if b.item {
		indent = strings.Repeat(" ", b.indent-2) + "- "
		if value == "" {
			with = []string{indent}
		}
	}
	if value != "" {
		with = []string{indent + key + ": " + value}
	}
	return slices.Concat(lines[:b.start], with, lines[b.end:])
}

// read parses lines as the example file, from its folder.
func read(lines []string) (*Config, error) {
	return parse("full.yaml", ".", []byte(strings.Join(lines, "\n")), func(string) string { return "" })
}
