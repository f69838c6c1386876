package slack

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// reference names a message: its channel and its ts, which is a string, not a
// number (SL-14).
type reference struct{ channel, ts string }

func (r reference) String() string { return r.channel + "/" + r.ts }

var messageTS = regexp.MustCompile(`^[0-9]{1,12}\.[0-9]{1,9}$`)

// parseRef reads what String wrote; a bare ts is in the channel home.
func parseRef(s, home string) (reference, bool) {
	channel, ts, ok := strings.Cut(s, "/")
	if !ok {
		channel, ts = home, s
	}
	return reference{channel, ts}, channelID.MatchString(channel) && messageTS.MatchString(ts)
}

// instantOfTS is when a message was written, to the second; zero for what is
// no ts. A ts is an id: nothing but a display goes by this (SL-14).
func instantOfTS(ts string) time.Time {
	seconds, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
