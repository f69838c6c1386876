package packet

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"
)

// event is a line of the timeline: an entry in words, as far as the recipient sees it.
type event struct {
	Entry   uint64    `json:"entry"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	By      string    `json:"by"`
	Via     string    `json:"via"`
	Summary string    `json:"summary"`
	Absent  string    `json:"absent,omitzero"` // why its content is left out
}

// timeline puts the entries in words, for people and for spreadsheets.
func (b *builder) timeline(context.Context) error {
	var table bytes.Buffer
	w := csv.NewWriter(&table)
	rows := [][]string{{"entry", "at", "kind", "by", "via", "summary"}}
	for _, e := range b.events {
		summary := e.Summary
		if e.Absent != "" && summary == "" {
			summary = "[left out: " + e.Absent + "]"
		}
		rows = append(rows, []string{strconv.FormatUint(e.Entry, 10), e.At.UTC().Format(time.RFC3339Nano), e.Kind, cell(e.By), cell(e.Via), cell(summary)})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	data, err := encode(struct {
		Timeline []event `json:"timeline"`
	}{b.events})
	if err != nil {
		return err
	}
	b.add("timeline.json", "what happened when, who did it: the journal's entries in words", data)
	b.add("timeline.csv", "the same as a table", table.Bytes())
	return nil
}

// cell keeps a spreadsheet from taking text of others for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
