package loki

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"nis2clock/internal/evidence"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answer is what query_range says; its statistics are left out.
type answer struct {
	Data struct {
		ResultType string `json:"resultType"`
		Result     []struct {
			Stream map[string]string  `json:"stream"`
			Values [][]jsontext.Value `json:"values"`
		} `json:"result"`
	} `json:"data"`
	Warnings []string `json:"warnings"`
}

// entry is one line of one stream.
type entry struct {
	ns     int64
	labels string // JSON with sorted names
	line   string
}

func (e entry) compare(o entry) int {
	return cmp.Or(cmp.Compare(e.ns, o.ns), cmp.Compare(e.labels, o.labels), cmp.Compare(e.line, o.line))
}

// once sorts entries and drops those that are there twice: the same labels,
// time and line (LK-4).
func once(all []entry) []entry {
	slices.SortFunc(all, entry.compare)
	return slices.Compact(all)
}

// entries are the lines of an answer, in no order.
func (a *answer) entries() ([]entry, error) {
	if len(a.Data.Result) > 0 && a.Data.ResultType != "streams" {
		return nil, evidence.Fail(false, "answered with %q, not with log lines: the query must select lines", a.Data.ResultType)
	}
	var all []entry
	for _, s := range a.Data.Result {
		labels, err := json.Marshal(s.Stream, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
		if err != nil {
			return nil, err
		}
		for _, v := range s.Values {
			e, err := read(v)
			if err != nil {
				return nil, err
			}
			e.labels = string(labels)
			all = append(all, e)
		}
	}
	return all, nil
}

// read reads a pair of strings: the nanosecond, which no float64 holds (LK-9),
// and the line. What may follow is metadata.
func read(v []jsontext.Value) (entry, error) {
	if len(v) < 2 {
		return entry{}, evidence.Fail(false, "answered with a line that is not a pair of time and text")
	}
	var stamp, line string
	for n, into := range []*string{&stamp, &line} {
		if err := json.Unmarshal(v[n], into, jsontext.AllowInvalidUTF8(true)); err != nil {
			return entry{}, evidence.Fail(false, "answered with a line that is not a pair of strings")
		}
	}
	ns, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return entry{}, evidence.Fail(false, "answered with a line whose time is not in nanoseconds")
	}
	return entry{ns: ns, line: line}, nil
}

// writer writes lines as JSON.
type writer struct {
	to io.Writer
	n  int
}

func (w *writer) write(all []entry) error {
	var buf []byte
	for _, e := range all {
		line, err := jsontext.AppendQuote(nil, e.line)
		if err != nil {
			return fmt.Errorf("write a line: %w", err)
		}
		buf = fmt.Appendf(buf, "{\"ns\":\"%d\",\"labels\":%s,\"line\":%s}\n", e.ns, e.labels, line)
	}
	w.n += len(all)
	_, err := w.to.Write(buf)
	return err
}
