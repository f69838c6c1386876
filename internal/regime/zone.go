package regime

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// ZoneDigest returns "sha256:" and the hex SHA-256 of how the zone's offset from UTC runs from the one
// instant to the other, inclusive: one line with the offset at from, then one with instant and offset (both in
// seconds) for each change. It is kept beside instants computed in that span, so that newer time-zone data
// which would have moved them is noticed. The zone's name and abbreviations do not count. A nil zone is UTC.
func ZoneDigest(loc *time.Location, from, to time.Time) string {
	at := from.In(Place{Zone: loc}.zone())
	_, offset := at.Zone()
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", offset)
	for {
		_, change := at.ZoneBounds()
		if change.IsZero() || change.After(to) {
			return "sha256:" + hex.EncodeToString(h.Sum(nil))
		}
		at = change
		if _, next := at.Zone(); next != offset {
			offset = next
			fmt.Fprintf(h, "%d %d\n", at.Unix(), offset)
		}
	}
}
