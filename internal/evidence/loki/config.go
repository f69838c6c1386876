package loki

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"nis2clock/internal/evidence"
)

// Config is what one Loki is asked for.
type Config struct {
	evidence.Source
	evidence.Endpoint
	// Tenant is sent as X-Scope-OrgID; several are joined by "|" (LK-8).
	Tenant string
	// Queries are log queries in [evidence.Query].
	Queries []string
	// Slice is the longest time asked for at once, 0 means [DefaultSlice]: one
	// wide query can return fewer lines than the same range in slices (LK-7).
	Slice time.Duration
	// PageLines is how many lines are asked for at once, 0 means
	// [DefaultPageLines]; a server that allows fewer is asked for fewer.
	PageLines int
}

// Defaults of [Config].
const (
	DefaultSlice     = 10 * time.Minute
	DefaultPageLines = 5000 // max_entries_limit_per_query (LK-2)
)

// Make implements [evidence.Maker].
func (c Config) Make() (evidence.Collector, error) {
	if c.Slice == 0 {
		c.Slice = DefaultSlice
	}
	if c.PageLines == 0 {
		c.PageLines = DefaultPageLines
	}
	switch {
	case c.Slice < time.Second:
		return nil, fmt.Errorf("slice %s is shorter than 1s", c.Slice)
	case c.PageLines < 1:
		return nil, errors.New("a page must have at least one line")
	case len(c.Queries) == 0:
		return nil, errors.New("no query is given")
	case strings.ContainsFunc(c.Tenant, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the tenant holds a character that no header takes")
	}
	out := &Collector{source: c.Source.As("loki"), tenant: c.Tenant, slice: c.Slice, limit: c.PageLines}
	var err error
	if out.client, err = c.Endpoint.Client(); err != nil {
		return nil, err
	}
	for _, q := range c.Queries {
		t, err := evidence.ParseTemplate(evidence.Query, q)
		if err != nil {
			return nil, fmt.Errorf("query %q: %w", q, err)
		}
		out.queries = append(out.queries, t)
	}
	return out, nil
}
