package prometheus

import (
	"fmt"
	"time"

	"nis2clock/internal/evidence"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// Config is what one Prometheus is asked for.
type Config struct {
	evidence.Source
	evidence.Endpoint
	// Queries are expressions in [evidence.Query], asked for besides the alert's
	// own.
	Queries []string
	// Step is the least distance of points; 0 means [DefaultStep]. Where it
	// would give more points than Prometheus returns, it is made longer.
	Step time.Duration
}

// Defaults of [Config].
const (
	DefaultStep = 15 * time.Second // a usual distance of scrapes
	// DefaultMaxBytes is less than other kinds have: the client library holds an
	// answer in memory, several times while it grows.
	DefaultMaxBytes = 16 << 20
)

// Make implements [evidence.Maker].
func (c Config) Make() (evidence.Collector, error) {
	if c.Step == 0 {
		c.Step = DefaultStep
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.Step < time.Millisecond {
		return nil, fmt.Errorf("step %s is shorter than 1ms", c.Step)
	}
	out := &Collector{source: c.Source.As("prometheus"), step: c.Step}
	var err error
	if out.client, err = c.Endpoint.Client(); err != nil {
		return nil, err
	}
	plain, err := api.NewClient(api.Config{Address: out.client.Base(), Client: out.client.HTTP()})
	if err != nil {
		return nil, fmt.Errorf("make the client: %w", err)
	}
	out.api = v1.NewAPI(plain)
	for _, q := range c.Queries {
		t, err := evidence.ParseTemplate(evidence.Query, q)
		if err != nil {
			return nil, fmt.Errorf("query %q: %w", q, err)
		}
		out.queries = append(out.queries, t)
	}
	return out, nil
}
