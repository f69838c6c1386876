package writeup

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scorecard"
)

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// first is the beginning of a text: its first sentence, if that is short.
func first(text string) string {
	const most = 90
	text, _, _ = strings.Cut(text, ". ")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	text = string([]rune(text)[:most])
	if n := strings.LastIndexByte(text, ' '); n > 0 {
		text = text[:n]
	}
	return text + " …"
}

// instant is a date and time in the scenario's zone.
func (p *page) instant(t time.Time) string { return t.In(p.s.Zone).Format("2 Jan 2006 15:04") }

// clock is a time of day in the room, with seconds: five real minutes hold much.
func (p *page) clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(p.s.Zone).Format("15:04:05")
}

func (p *page) day(t time.Time) string { return t.In(p.s.Zone).Format("2 January 2006") }

func span(d time.Duration) string { return scorecard.Short(incident.Span(d)) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func clip(s string, n int) string { return s[:min(n, len(s))] }

// upper is a text with a capital at its head.
func upper(s string) string { return head(s, unicode.ToUpper) }

// lower is a text that goes on in a sentence.
func lower(s string) string { return head(s, unicode.ToLower) }

func head(s string, change func(rune) rune) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return string(change(r)) + s[n:]
}

func words(s string) string { return strings.ReplaceAll(s, "_", " ") }
