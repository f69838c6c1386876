package opsgenie

import (
	"errors"
	"net/url"
	"strings"
	"time"
)

// Where the Alert API is, by service region.
const (
	DefaultBaseURL = "https://api.opsgenie.com"
	EUBaseURL      = "https://api.eu.opsgenie.com"
)

// DefaultTimeout bounds one call.
const DefaultTimeout = 10 * time.Second

// End is the day on which the vendor ends the product, 5 April 2027: what is
// sent from then on reaches nobody.
var End = time.Date(2027, 4, 5, 0, 0, 0, 0, time.UTC)

// Config says whom to page and how. Printing one never shows the API key.
type Config struct {
	// APIKey is that of an API integration, a secret. A key of the account's API
	// key management cannot create alerts.
	APIKey string `json:"-"`
	// BaseURL is the scheme and host of the Alert API; [DefaultBaseURL] when
	// empty.
	BaseURL string
	Timeout time.Duration // zero for [DefaultTimeout]
	// Zone is shown beside UTC in every time a person reads; nil for UTC alone.
	Zone *time.Location
}

// Validate names what would make every page fail. No error holds the key.
func (c Config) Validate() error {
	var errs []error
	if strings.TrimSpace(c.APIKey) == "" || strings.ContainsFunc(c.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("the API key is empty or holds a character no key has: copy that of an API integration"))
	}
	if _, err := c.base(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) base() (*url.URL, error) {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	u, err := url.Parse(strings.TrimRight(c.BaseURL, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" {
		return nil, errors.New("base URL is not of the form https://host: the default is " + DefaultBaseURL + ", that of the EU region " + EUBaseURL)
	}
	return u, nil
}

// String implements [fmt.Stringer] without the API key.
func (c Config) String() string { return "opsgenie at " + c.BaseURL }

// GoString implements [fmt.GoStringer] without the API key.
func (c Config) GoString() string { return c.String() }
