package pagerduty

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Defaults of [Config].
const (
	DefaultBaseURL = "https://events.pagerduty.com" // PD-1
	DefaultClient  = "nis2clock"
	DefaultTimeout = 10 * time.Second
)

// routingKeyLength is that of an integration key, in characters (PD-2).
const routingKeyLength = 32

// Config says whom to page and how. Zero fields other than RoutingKey take
// their defaults. Printing one never shows the routing key.
type Config struct {
	// RoutingKey is the integration key of an Events API v2 integration: 32
	// characters, a secret.
	RoutingKey string `json:"-"`
	// Services are further integration keys, secrets too, by the names that an
	// effect's To calls them by.
	Services map[string]string `json:"-"`
	// WebhookSecret is that of the v3 webhook subscription by which PagerDuty
	// tells what people do there; empty when it does not (PD-13).
	WebhookSecret string `json:"-"`
	// OnCall says whom to ask for to propose a commander; nil for nobody.
	OnCall *OnCallConfig
	// BaseURL is the scheme and host of the Events API, without /v2/enqueue.
	// EU accounts have another host (PD-1).
	BaseURL string
	// Client names this service in PagerDuty.
	Client string
	// Timeout bounds one call.
	Timeout time.Duration
	// Zone is shown beside UTC in every time a person reads; nil for UTC alone.
	Zone *time.Location
}

// Validate names what would make every page fail. No error holds the key.
func (c Config) Validate() error {
	var errs []error
	if n := len(c.RoutingKey); n != routingKeyLength {
		errs = append(errs, fmt.Errorf("routing key has %d characters, want %d: copy the integration key of an Events API v2 integration", n, routingKeyLength))
	}
	if c.BaseURL != "" && !bareURL(c.BaseURL) {
		errs = append(errs, errors.New("base URL is not of the form https://host without path, query and user: the default is "+DefaultBaseURL))
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout %s is negative: the default is %s", c.Timeout, DefaultTimeout))
	}
	return errors.Join(errs...)
}

func bareURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		(u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}

// String implements [fmt.Stringer] without the routing key.
func (c Config) String() string {
	key := "none"
	if c.RoutingKey != "" {
		key = "hidden"
	}
	c = c.withDefaults()
	return fmt.Sprintf("pagerduty at %s as %s, routing key %s", c.BaseURL, c.Client, key)
}

// GoString implements [fmt.GoStringer] without the routing key.
func (c Config) GoString() string { return c.String() }

func (c Config) withDefaults() Config {
	if c.BaseURL = strings.TrimRight(c.BaseURL, "/"); c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.Client == "" {
		c.Client = DefaultClient
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	return c
}
