package regime

// ZoneOf returns the IANA zone of a Member State's national authorities (regulation 2.3), also for a report from Madeira, the
// Canary Islands or La Réunion. The State is an upper-case ISO 3166-1 alpha-2 code, so Greece is GR; ok is false for any other text.
func ZoneOf(memberState string) (zone string, ok bool) {
	s, ok := Builtin().State(memberState)
	return s.Zone, ok
}

// MemberStates returns the codes that [ZoneOf] knows, sorted.
func MemberStates() []string {
	var codes []string
	for _, s := range Builtin().States() {
		codes = append(codes, s.Code)
	}
	return codes
}
