package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nis2clock/internal/incident"

	"github.com/prometheus/common/model"
)

// quote repeats what the file says, at most its first 40 characters.
func quote(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

// either lists words as "a, b or c".
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// parseText takes any text people can read.
func parseText(s string) (string, error) {
	const most = 1000
	switch {
	case !utf8.ValidString(s):
		return "", errors.New("is not UTF-8 text")
	case utf8.RuneCountInString(s) > most:
		return "", fmt.Errorf("is longer than %d characters", most)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "", errors.New("holds a control character")
	}
	return s, nil
}

// parseBool reads true and false.
func parseBool(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", quote(s))
}

// parseDuration reads Go's form and Prometheus's, which has days and weeks.
func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		var p model.Duration
		if p, err = model.ParseDuration(s); err == nil {
			d = time.Duration(p)
		}
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s is not a length of time such as 15m, 4h or 1d", quote(s))
	}
	return d, nil
}

// atLeast reads a duration that is no shorter than that.
func atLeast(shortest time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := parseDuration(s)
		if err == nil && d < shortest {
			return 0, fmt.Errorf("%s is too short: want %s or longer", quote(s), model.Duration(shortest))
		}
		return d, err
	}
}

// zeroOr reads 0 besides what parse reads.
func zeroOr(parse func(string) (time.Duration, error)) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		if d, err := parseDuration(s); err == nil && d == 0 {
			return 0, nil
		}
		return parse(s)
	}
}

// parseThreshold reads what [incident.ParseThreshold] does, and days and weeks.
func parseThreshold(s string) (incident.Threshold, error) {
	plain := s
	if d, err := parseDuration(s); err == nil {
		plain = d.String()
	}
	t, err := incident.ParseThreshold(plain)
	if err != nil {
		return t, fmt.Errorf("%s is neither a share of the period such as 75%% nor a time before its end such as 1h", quote(s))
	}
	return t, nil
}

var size = regexp.MustCompile(`^([0-9]{1,12}) ?(KiB|MiB|GiB)?$`)

// parseSize reads a number of bytes, from minBody to maxBody.
func parseSize(s string) (int64, error) {
	m := size.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%s is not a size: want bytes, or a number with KiB, MiB or GiB such as 64MiB", quote(s))
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	unit := map[string]int64{"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[m[2]]
	if err != nil || n < (minBody+unit-1)/unit || n > maxBody/unit {
		return 0, fmt.Errorf("%s is out of bounds: want 64KiB to 4GiB", quote(s))
	}
	return n * unit, nil
}

// parseURL reads an address that holds no secret. The errors do not repeat it,
// for it may.
func parseURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "", errors.New("is not an address such as https://host.example")
	case u.User != nil:
		return "", errors.New("holds a user name or a password: leave them out of the address")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("has a part that begins with ? or #: end the address before it")
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", errors.New("has a port above 65535")
		}
	}
	return s, nil
}

// parseBase reads an address that paths are added to.
func parseBase(s string) (string, error) {
	s, err := parseURL(s)
	return strings.TrimRight(s, "/"), err
}

// parseHost reads an address without a path.
func parseHost(s string) (string, error) {
	s, err := parseBase(s)
	if err == nil && strings.Count(s, "/") > 2 {
		return "", errors.New("has a path: end the address with the host")
	}
	return s, err
}

func parseListen(s string) (string, error) {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("%s is not host:port, such as 127.0.0.1:2555, or :2555 for every interface", quote(s))
	}
	return s, nil
}

func parseLabel(s string) (string, error) {
	if !model.UTF8Validation.IsValidLabelName(s) {
		return "", fmt.Errorf("%s is not a label name", quote(s))
	}
	return s, nil
}

// parseUsername does not repeat what it refuses: the password may be in it.
func parseUsername(s string) (string, error) {
	if strings.Contains(s, ":") {
		return "", errors.New("holds a colon, which basic auth does not allow")
	}
	return parseText(s)
}

// channelID is the form of a Slack conversation's id (SL-11).
var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]+$`)

// parseChannel does not repeat what it refuses: it may be the token.
func parseChannel(s string) (string, error) {
	if !channelID.MatchString(s) {
		return "", errors.New("is not a channel id such as C024BE91L: Slack shows it at the foot of the channel's details")
	}
	return s, nil
}

// parseAddress is the bare address of an RFC 5322 mailbox.
func parseAddress(s string) (string, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return "", err
	}
	return a.Address, nil
}
