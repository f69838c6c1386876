package opensearch

import (
	"errors"
	"fmt"

	"nis2clock/internal/evidence"

	"github.com/go-json-experiment/json/jsontext"
)

// Config is what one OpenSearch or Elasticsearch is asked for.
type Config struct {
	evidence.Source
	evidence.Endpoint
	// Index is the index, data stream or pattern, in [evidence.Text].
	Index string
	// Query is one query clause in [evidence.JSON], such as
	// {"term": {"host.name": "{{ .Labels.host }}"}}; empty means [DefaultQuery].
	// The time of interest is added.
	Query string
	// TimeField is the field that holds the time; empty means [DefaultTimeField].
	TimeField string
	// PageHits is how many hits are asked for at once; 0 means [DefaultPageHits].
	PageHits int
}

// Defaults and bounds of [Config].
const (
	DefaultQuery     = `{"match_all": {}}`
	DefaultTimeField = "@timestamp"
	DefaultPageHits  = 1000
	MaxPageHits      = 10_000 // index.max_result_window
)

// Make implements [evidence.Maker].
func (c Config) Make() (evidence.Collector, error) {
	if c.Query == "" {
		c.Query = DefaultQuery
	}
	if c.TimeField == "" {
		c.TimeField = DefaultTimeField
	}
	if c.PageHits == 0 {
		c.PageHits = DefaultPageHits
	}
	switch {
	case c.Index == "":
		return nil, errors.New("no index is given")
	case c.PageHits < 1 || c.PageHits > MaxPageHits:
		return nil, fmt.Errorf("page of %d hits: want 1 to %d", c.PageHits, MaxPageHits)
	}
	out := &Collector{source: c.Source.As("opensearch"), timeField: c.TimeField, hits: c.PageHits}
	var err error
	if out.client, err = c.Endpoint.Client(); err != nil {
		return nil, err
	}
	if out.index, err = evidence.ParseTemplate(evidence.Text, c.Index); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if out.query, err = evidence.ParseTemplate(evidence.JSON, c.Query); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return out, nil
}

// clause is a rendered query, if it is a JSON object.
func clause(text string) (jsontext.Value, error) {
	v := jsontext.Value(text)
	if !v.IsValid() || v.Kind() != '{' {
		return nil, evidence.Fail(false, "the query is not a JSON object")
	}
	return v, nil
}
