package regime

import (
	"testing"
	"time"
)

func TestZoneDigest(t *testing.T) {
	from, to := instant(t, "2026-01-01T00:00:00Z"), instant(t, "2027-01-01T00:00:00Z")
	vienna := ZoneDigest(zone(t, "Europe/Vienna"), from, to)
	same := map[string]string{
		"again":                        ZoneDigest(zone(t, "Europe/Vienna"), from, to),
		"a zone with the same offsets": ZoneDigest(zone(t, "Europe/Berlin"), from, to),
		"bounds written elsewhere":     ZoneDigest(zone(t, "Europe/Vienna"), from.In(zone(t, "Asia/Tokyo")), to.In(zone(t, "Asia/Tokyo"))),
		"up to the last change":        ZoneDigest(zone(t, "Europe/Vienna"), from, instant(t, "2026-10-25T01:00:00Z")),
	}
	for name, got := range same {
		if got != vienna {
			t.Errorf("%s: got %s, want %s", name, got, vienna)
		}
	}
	different := map[string]string{
		"another offset":         ZoneDigest(zone(t, "Europe/Lisbon"), from, to),
		"no change":              ZoneDigest(time.FixedZone("", 3600), from, to),
		"before the last change": ZoneDigest(zone(t, "Europe/Vienna"), from, instant(t, "2026-10-25T00:59:59.999999999Z")),
		"another year":           ZoneDigest(zone(t, "Europe/Vienna"), from, to.AddDate(1, 0, 0)),
		"UTC":                    ZoneDigest(nil, from, to),
	}
	for name, got := range different {
		if got == vienna {
			t.Errorf("%s: got the same digest", name)
		}
	}
	// In September 1992 Lisbon went from western summer time to central time, both one hour east: no change of offset.
	from, to = instant(t, "1992-07-01T00:00:00Z"), instant(t, "1992-12-01T00:00:00Z")
	if got, want := ZoneDigest(zone(t, "Europe/Lisbon"), from, to), ZoneDigest(time.FixedZone("", 3600), from, to); got != want {
		t.Errorf("a change of name alone: got %s, want %s", got, want)
	}
}

// Computed by hand: printf '3600\n1774746000 7200\n1792890000 3600\n' | sha256sum.
func TestZoneDigestForm(t *testing.T) {
	got := ZoneDigest(zone(t, "Europe/Vienna"), instant(t, "2026-01-01T00:00:00Z"), instant(t, "2027-01-01T00:00:00Z"))
	if want := "sha256:9e2acc27149899f2033aca95f2c55ec9cc24444d4d6d8b376fd0a5dabdd9a960"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
