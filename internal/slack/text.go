package slack

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"nis2clock/internal/dispatch"
)

// escape makes text that came from elsewhere harmless inside mrkdwn and cuts
// it to at most limit characters as they are sent, never inside a rune or an
// entity. Slack's three control characters become entities (SL-16), line ends
// and other controls spaces, so that nobody writes a line of ours; a back-tick
// becomes an apostrophe, since three of them would swallow the lines below.
func escape(s string, limit int) string {
	var b strings.Builder
	n, kept := 0, 0 // characters; bytes of b that leave room for the ellipsis
	space := true   // swallows leading ones
	for _, r := range s {
		out := ""
		switch {
		case r == '&':
			out = "&amp;"
		case r == '<':
			out = "&lt;"
		case r == '>':
			out = "&gt;"
		case r == '`':
			out = "'"
		case unicode.IsSpace(r), unicode.IsControl(r):
			if space {
				continue
			}
			out = " "
		case unicode.Is(unicode.Bidi_Control, r):
			continue // it would turn the text around it
		default:
			out = string(r)
		}
		space = out == " "
		n += chars(out)
		if n > limit {
			return strings.TrimRight(b.String()[:kept], " ") + "…"
		}
		b.WriteString(out)
		if n < limit {
			kept = b.Len()
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// foreign is escape for what came from an alert or was written elsewhere.
// It looks at no more of a long text than can be shown.
func foreign(s string, limit int) string {
	if most := 8 * limit; len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most]
	}
	return escape(dispatch.Defang(s), limit)
}

var slackActor = regexp.MustCompile(`^([UW][A-Z0-9]{1,30})@[A-Z0-9]+$`)

// link is a link to an address of ours; empty if it is none that can be shown.
func link(address, label string) string {
	address, ok := webAddress(address)
	if !ok {
		return ""
	}
	var b strings.Builder
	for _, c := range []byte(address) {
		switch {
		case c == '&':
			b.WriteString("&amp;")
		case c <= ' ', c > '~', strings.IndexByte("<>|`", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	if b.Len() > maxAddress {
		return ""
	}
	return "<" + b.String() + "|" + label + ">"
}

// webAddress is an address that can be opened; false if it is none.
func webAddress(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(u.String()) > maxAddress {
		return "", false
	}
	return u.String(), true
}

// person shows who did something. Somebody known by Slack's user and team id
// (SL-7) is shown by the name Slack has for them.
func person(name *string, nobody string) string {
	if name == nil || *name == "" {
		return nobody
	}
	if m := slackActor.FindStringSubmatch(*name); m != nil {
		return "<@" + m[1] + ">"
	}
	return foreign(*name, maxFact)
}

// lines joins lines up to limit characters; last is kept whatever happens and
// must itself be short. Empty lines are left out.
func lines(limit int, last string, all ...string) string {
	const more = "…"
	var b strings.Builder
	room := limit - chars(last) - chars(more) - 2
	for _, l := range all {
		if l == "" {
			continue
		}
		if room -= chars(l) + 1; room < 0 {
			b.WriteString(more + "\n")
			break
		}
		b.WriteString(l + "\n")
	}
	return strings.TrimRight(b.String()+last, "\n")
}

// entities are Slack's three (SL-16).
var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// unescape is the text of a message as its author wrote it.
func unescape(s string) string { return entities.Replace(s) }
