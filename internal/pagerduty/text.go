package pagerduty

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nis2clock/internal/dispatch"
)

// plain makes a foreign text one line of valid UTF-8 without control and
// invisible characters. It may be longer in bytes than s only where s was not
// valid.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

const ellipsis = "…"

// cut returns s with at most limit bytes, cut between characters and marked.
// The limit must hold the mark.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}

// words is s made plain and cut to limit bytes, with no address in it that can
// be opened. Of a huge text only the head is looked at.
func words(s string, limit int) string {
	if len(s) > 4*limit {
		s = cut(s, 4*limit)
	}
	return cut(plain(dispatch.Defang(s)), limit)
}

// instant writes an instant for machines; empty when there is none, or none
// that RFC 3339 can write.
func instant(t time.Time) string {
	if t = t.UTC(); t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
