package slack

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	"nis2clock/internal/people"
)

// DefaultBaseURL is where Slack's Web API lives.
const DefaultBaseURL = "https://slack.com/api/"

// Config is what a channel needs to know.
type Config struct {
	// Token is a bot token (xoxb-…) with the scopes chat:write and, so that a
	// message in doubt can be found, channels:history or groups:history.
	Token string
	// SigningSecret proves that a call came from Slack; see [Handler].
	SigningSecret string
	// Channel is the id of the channel, such as C024BE91L. A name will not do:
	// finding its id would mean listing all channels (SL-11).
	Channel string
	// BaseURL is where the Web API is; empty means [DefaultBaseURL].
	BaseURL string
	// Zone is the authority's: times are shown in UTC and in it. Nil shows UTC.
	Zone *time.Location
	// People are those who are called by name; nil for nobody.
	People *people.Directory
	// Unknown, ConfirmWithin and SecondPerson are those of [Clerk].
	Unknown       Unknown
	ConfirmWithin time.Duration
	SecondPerson  []Kind
	// Mark is the reaction that makes a message in an incident's thread a note,
	// without colons; empty for none.
	Mark string
	// Rooms gives each incident a private channel of its own; see [Rooms].
	// RoomPrefix begins their names.
	Rooms      bool
	RoomPrefix string
	// AppToken (xapp-…) opens Socket Mode; empty for none.
	AppToken string
}

// LogValue implements [slog.LogValuer]: it shows no secret.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("channel", c.Channel), slog.String("base_url", c.BaseURL))
}

// String and GoString show no secret either.
func (c Config) String() string   { return c.LogValue().String() }
func (c Config) GoString() string { return c.String() }

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]+$`)

// Validate says all that is wrong with the settings, without showing a secret.
// The signing secret may be missing: then nothing is accepted from Slack.
func (c Config) Validate() error {
	var errs []error
	switch {
	case c.Token == "":
		errs = append(errs, errors.New("slack: there is no bot token; it is on the app's page under OAuth & Permissions and begins with xoxb-"))
	case strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		errs = append(errs, errors.New("slack: the bot token holds a space, a line end or another character no token has"))
	}
	if !channelID.MatchString(c.Channel) {
		errs = append(errs, fmt.Errorf("slack: %q is not a channel id such as C024BE91L; Slack shows it at the foot of the channel's details", c.Channel))
	}
	if !roomPrefix.MatchString(c.RoomPrefix) {
		errs = append(errs, fmt.Errorf("slack: %q cannot begin a channel's name: up to 40 lower-case letters, digits, - and _", c.RoomPrefix))
	}
	if _, err := c.base(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// base is the address of the Web API, ending in a slash.
func (c Config) base() (*url.URL, error) {
	if c.BaseURL == "" {
		return url.Parse(DefaultBaseURL)
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("slack: base URL %q is not an address such as %s", c.BaseURL, DefaultBaseURL)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	return u, nil
}
