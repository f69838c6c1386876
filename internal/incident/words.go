package incident

import (
	"fmt"
	"time"
)

// Words writes a length of time as a person reads it, without a sign and
// rounded down to minutes; from 100 h on in days. The law counts in hours, so
// the 72 hours of a notification are shown as such.
func Words(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Minute:
		return "less than a minute"
	case d < 100*time.Hour:
		return parts(int64(d/time.Hour), "h", int64(d%time.Hour/time.Minute), "min")
	}
	return parts(int64(d/(24*time.Hour)), "d", int64(d%(24*time.Hour)/time.Hour), "h")
}

func parts(n int64, unit string, m int64, subunit string) string {
	switch {
	case n == 0:
		return fmt.Sprintf("%d %s", m, subunit)
	case m == 0:
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, m, subunit)
}
