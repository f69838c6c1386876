package slack

import (
	"regexp"
	"strings"
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
