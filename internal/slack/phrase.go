package slack

import (
	"fmt"
	"strings"
	"time"
)

const minute = "2006-01-02 15:04"

// stamp shows an instant in UTC and in the zone. Seconds are cut, never
// rounded: what is shown is never later than the instant.
func stamp(t time.Time, zone *time.Location) string {
	utc := t.UTC()
	s := utc.Format(minute) + " UTC"
	if zone == nil {
		return s
	}
	local := t.In(zone)
	name, _ := local.Zone()
	switch {
	case name == "UTC":
		return s
	case local.YearDay() == utc.YearDay():
		return s + " (" + local.Format("15:04 MST") + ")"
	}
	return s + " (" + local.Format(minute+" MST") + ")"
}

// instant shows a time to come: in each reader's own zone, then as [stamp].
func instant(t time.Time, zone *time.Location) string {
	if t.Unix() <= 0 {
		return stamp(t, zone)
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s UTC> your time, %s", t.Unix(), t.UTC().Format(minute), stamp(t, zone))
}

// threshold is a threshold's name in words.
func threshold(name string) string {
	if past, ok := strings.CutPrefix(name, "overdue "); ok {
		return escape(past, maxFact) + " past the deadline"
	}
	switch {
	case name == "0s":
		return "the deadline"
	case strings.HasSuffix(name, "%"):
		return escape(name, maxFact) + " of the period"
	}
	return escape(name, maxFact) + " before the deadline"
}

// plural is "1 alert", "2 alerts".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// vendor is a channel's name as people write it.
func vendor(channel string) string {
	switch channel {
	case "pagerduty":
		return "PagerDuty"
	case "opsgenie":
		return "Opsgenie"
	case Name:
		return "Slack"
	}
	return escape(channel, maxFact)
}
