package regime

import (
	"maps"
	"slices"
)

// zoneOf is the IANA zone of the capital of each Member State of the Union, by ISO 3166-1 alpha-2 code: the zone of its
// national authorities (regulation 2.3), also for a report from Madeira, the Canary Islands or La Réunion.
var zoneOf = map[string]string{
	"AT": "Europe/Vienna",
	"BE": "Europe/Brussels",
	"BG": "Europe/Sofia",
	"CY": "Asia/Nicosia",
	"CZ": "Europe/Prague",
	"DE": "Europe/Berlin",
	"DK": "Europe/Copenhagen",
	"EE": "Europe/Tallinn",
	"ES": "Europe/Madrid",
	"FI": "Europe/Helsinki",
	"FR": "Europe/Paris",
	"GR": "Europe/Athens",
	"HR": "Europe/Zagreb",
	"HU": "Europe/Budapest",
	"IE": "Europe/Dublin",
	"IT": "Europe/Rome",
	"LT": "Europe/Vilnius",
	"LU": "Europe/Luxembourg",
	"LV": "Europe/Riga",
	"MT": "Europe/Malta",
	"NL": "Europe/Amsterdam",
	"PL": "Europe/Warsaw",
	"PT": "Europe/Lisbon",
	"RO": "Europe/Bucharest",
	"SE": "Europe/Stockholm",
	"SI": "Europe/Ljubljana",
	"SK": "Europe/Bratislava",
}

// ZoneOf returns the IANA zone of a Member State's national authorities. The State is an upper-case ISO 3166-1
// alpha-2 code, so Greece is GR; ok is false for any other text.
func ZoneOf(memberState string) (zone string, ok bool) {
	zone, ok = zoneOf[memberState]
	return zone, ok
}

// MemberStates returns the codes that [ZoneOf] knows, sorted.
func MemberStates() []string { return slices.Sorted(maps.Keys(zoneOf)) }
