package evidence

import (
	"context"
	"io"
	"maps"
	"time"
)

// Collector asks one source. Implementations are safe for concurrent use, do
// not outlive ctx, and keep nothing between calls but what makes the next call
// faster.
type Collector interface {
	// Source says who it is and what it may spend; always the same.
	Source() Source
	// Collect captures what it can through rec. What fails in one artefact is
	// recorded there and does not end the others; the error is for what kept it
	// from asking at all.
	Collect(ctx context.Context, req Request, rec *Recorder) error
}

// Maker is the settings of a collector.
type Maker interface {
	// Make checks the settings and reads the files they name. It asks nobody.
	Make() (Collector, error)
}

// Source names a collector and bounds it. The settings of each kind embed it.
type Source struct {
	// Name is unique among the collectors.
	Name string
	// Kind is the sort of system, such as prometheus; a collector sets it.
	Kind string
	// Timeout bounds one run; 0 means [DefaultTimeout].
	Timeout time.Duration
	// MaxBytes bounds what one run keeps; 0 means [DefaultMaxBytes].
	MaxBytes int64
}

// Defaults of [Source].
const (
	DefaultTimeout  = 30 * time.Second
	DefaultMaxBytes = 64 << 20
)

// As is the source with its kind and its defaults filled in.
func (s Source) As(kind string) Source {
	s.Kind = kind
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.MaxBytes == 0 {
		s.MaxBytes = DefaultMaxBytes
	}
	return s
}

// Request is what the evidence is about: one alert of one incident.
type Request struct {
	Incident string // its id
	Alert    Alert
	// DetectedAt is when the incident was detected.
	DetectedAt time.Time
	// From (inclusive) and To (exclusive) are the time of interest; see [Window].
	From, To time.Time
}

// Alert is the part of an alert that queries are made from.
type Alert struct {
	Labels       map[string]string
	StartsAt     time.Time
	GeneratorURL string // of the sender's choosing; only read, never fetched
}

// Name is the alert's name, empty when it has none.
func (a Alert) Name() string { return a.Labels["alertname"] }

// clone keeps a collector that was given up from seeing later changes.
func (r Request) clone() Request {
	r.Alert.Labels = maps.Clone(r.Alert.Labels)
	return r
}

// Sink takes the bytes that are to be kept. It is safe for concurrent use.
type Sink interface {
	// Create begins a draft.
	Create() (Draft, error)
}

// Draft is content on its way in. It ends with Commit or Discard.
type Draft interface {
	io.Writer
	// Commit makes the content durable and returns its SHA-256 as 64 hex digits.
	Commit() (digest string, err error)
	// Discard throws the content away.
	Discard() error
}
