package incident

import (
	"sync"
	"time"

	"nis2clock/internal/regime"
)

// zoneDigests remembers digests by zone and year: they cost a walk over the
// zone's transitions and are asked for with every new incident.
var zoneDigests sync.Map // zoneYear → string

type zoneYear struct {
	zone *time.Location
	year int
}

func zoneOf(p regime.Place) *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// zoneDigest is the digest of the zone's rules for the years in which clocks
// of an incident detected then can end.
func zoneDigest(p regime.Place, detected time.Time) string {
	zone := zoneOf(p)
	key := zoneYear{zone, detected.UTC().Year()}
	if d, ok := zoneDigests.Load(key); ok {
		return d.(string)
	}
	from := time.Date(key.year, 1, 1, 0, 0, 0, 0, time.UTC)
	d := regime.ZoneDigest(zone, from, from.AddDate(2, 0, 0))
	zoneDigests.Store(key, d)
	return d
}
