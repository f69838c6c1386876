package incident

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                  "less than a minute",
		59 * time.Second:                   "less than a minute",
		time.Minute:                        "1 min",
		time.Hour:                          "1 h",
		72*time.Hour - time.Second:         "71 h 59 min",
		-(2*time.Hour + 5*time.Minute):     "2 h 5 min",
		100*time.Hour - time.Second:        "99 h 59 min",
		100 * time.Hour:                    "4 d 4 h",
		30*24*time.Hour - 1*time.Minute:    "29 d 23 h",
		2296*24*time.Hour + 61*time.Minute: "2296 d 1 h",
	} {
		if got := Words(d); got != want {
			t.Errorf("Words(%s) = %q, want %q", d, got, want)
		}
	}
}
