// Package loki captures log lines around detection from a Loki.
//
// Loki has no pages: it returns at most so many lines of a range (LK-2, LK-3).
// The time of interest is asked for in slices, each forward, and in a slice the
// next question starts at the last nanosecond seen, which is answered again
// whole. Each query makes two artefacts: the answers as they were received,
// which differ from run to run because Loki puts statistics into them, and the
// lines made from them, each once and in order, which are the same bytes
// whenever the lines are the same.
//
// A nanosecond with more lines than one answer holds cannot be got past: its
// first lines are kept, the rest is a gap, and the capture is not complete.
package loki

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/evidence"
)

// Kinds of artefacts.
const (
	Pages = "loki_pages" // answers of /loki/api/v1/query_range, one after the other
	Lines = "loki_lines" // made from them: one JSON object a line, with ns, labels and line
)

// Collector implements [evidence.Collector].
type Collector struct {
	source  evidence.Source
	client  *evidence.Client
	tenant  string
	queries []*evidence.Template
	slice   time.Duration
	limit   int
}

// Source implements [evidence.Collector].
func (c *Collector) Source() evidence.Source { return c.source }

// Collect implements [evidence.Collector].
func (c *Collector) Collect(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
	version, unknown := c.version(ctx)
	for _, q := range c.queries {
		query, wrong := q.Render(req)
		rec.Take(ctx, Lines, func(_ context.Context, lines *evidence.Capture) error {
			if wrong != nil {
				return wrong
			}
			out := &writer{to: lines}
			raw := rec.Take(ctx, Pages, func(ctx context.Context, pages *evidence.Capture) error {
				pages.Server, pages.ServerVersion, pages.From, pages.To = c.client.Base(), version, req.From.UTC(), req.To.UTC()
				if unknown != nil {
					pages.Warn("the server's version is not known: %v", unknown)
				}
				pages.Query = query
				r := &reading{collector: c, query: query, limit: c.limit, pages: pages, out: out}
				err := r.all(ctx, req.From, req.To)
				pages.Empty = err == nil && out.n == 0 && len(pages.Gaps) == 0
				pages.Count("lines", out.n)
				return err
			})
			lines.Server, lines.ServerVersion, lines.Query, lines.From, lines.To = raw.Server, raw.ServerVersion, raw.Query, raw.From, raw.To
			lines.MadeFrom, lines.Gaps, lines.Empty = raw.Digest, raw.Gaps, raw.Empty
			lines.Count("lines", out.n)
			if raw.Error != "" {
				return evidence.Fail(raw.Retry, "%s", raw.Error)
			}
			return nil
		})
	}
	return nil
}

func (c *Collector) version(ctx context.Context) (string, error) {
	var info struct {
		Version string `json:"version"`
	}
	err := c.client.GetJSON(ctx, c.client.URL("/loki/api/v1/status/buildinfo", nil), &info)
	return info.Version, err
}

// reading is one query being read.
type reading struct {
	collector *Collector
	query     string
	limit     int // lines to a page; shrinks to what the server allows
	pages     *evidence.Capture
	out       *writer
}

// all reads a time in slices. What was not reached is a gap.
func (r *reading) all(ctx context.Context, from, to time.Time) error {
	for start := from; start.Before(to); start = start.Add(r.collector.slice) {
		end := start.Add(r.collector.slice)
		if end.After(to) {
			end = to
		}
		if reached, err := r.slice(ctx, start.UnixNano(), end.UnixNano()); err != nil {
			r.pages.Miss(time.Unix(0, reached), to, "not captured: it failed here")
			return err
		}
	}
	return nil
}

// slice reads the nanoseconds from start (inclusive) to end (exclusive). With
// an error it returns the nanosecond before which nothing is missing.
func (r *reading) slice(ctx context.Context, start, end int64) (reached int64, err error) {
	var held []entry // lines at start that are known and not written
	for start < end {
		page, err := r.page(ctx, start, end)
		if err != nil {
			return start, errors.Join(err, r.out.write(held))
		}
		r.pages.Items(len(page))
		full := len(page) >= r.limit
		last := start
		for _, e := range page {
			last = max(last, e.ns)
		}
		all := once(append(held, page...))
		if !full {
			return end, r.out.write(all)
		}
		if last == start { // every line of the page
			r.pages.Miss(time.Unix(0, start), time.Unix(0, start+1),
				"more lines share this nanosecond than the %d that one answer holds; the rest cannot be asked for", r.limit)
			if err := r.out.write(all); err != nil {
				return start, err
			}
			held, start = nil, start+1
			continue
		}
		done := all
		for n, e := range all {
			if e.ns == last { // perhaps not all of these
				done, held = all[:n], append([]entry(nil), all[n:]...)
				break
			}
		}
		if err := r.out.write(done); err != nil {
			return start, err
		}
		start = last
	}
	return end, r.out.write(held)
}

// page asks once, and again with fewer lines when the server wants that.
func (r *reading) page(ctx context.Context, start, end int64) ([]entry, error) {
	for {
		page, err := r.ask(ctx, start, end)
		fewer := r.fewer(err)
		if fewer == 0 {
			return page, err
		}
		r.pages.Warn("the server allows no %d lines in one answer: %d were asked for at a time", r.limit, fewer)
		r.limit = fewer
	}
}

var allowed = regexp.MustCompile(`\(\d+ > (\d+)\)`)

// fewer is how many lines to ask for after an error that fewer can mend, 0 for
// any other.
func (r *reading) fewer(err error) int {
	refused, ok := errors.AsType[*evidence.StatusError](err)
	if !ok || r.limit == 1 {
		return 0
	}
	switch {
	case strings.Contains(refused.Text, "max entries limit"): // LK-2
		if m := allowed.FindStringSubmatch(refused.Text); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && n < r.limit {
				return n
			}
		}
	case strings.Contains(refused.Text, "message larger than max"): // LK-5
	default:
		return 0
	}
	return r.limit / 2
}

func (r *reading) ask(ctx context.Context, start, end int64) ([]entry, error) {
	c := r.collector
	address := c.client.URL("/loki/api/v1/query_range", url.Values{
		"query": {r.query}, "limit": {strconv.Itoa(r.limit)}, "direction": {"forward"},
		"start": {strconv.FormatInt(start, 10)}, "end": {strconv.FormatInt(end, 10)},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, evidence.Fail(false, "the query makes no address that can be asked for")
	}
	if c.tenant != "" {
		req.Header.Set("X-Scope-OrgID", c.tenant)
	}
	resp, err := c.client.Do(req, evidence.MediaJSON)
	if err != nil {
		return nil, err
	}
	var a answer
	if err := evidence.Decode(resp, &a); err != nil {
		return nil, err
	}
	r.pages.Warnings = append(r.pages.Warnings, a.Warnings...)
	return a.entries()
}
