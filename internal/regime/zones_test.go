package regime

import "testing"

func TestZoneOfMemberState(t *testing.T) {
	states := MemberStates()
	if len(states) != 27 {
		t.Errorf("got %d Member States, want 27: %q", len(states), states)
	}
	stateOf := map[string]string{}
	for _, state := range states {
		name, ok := ZoneOf(state)
		if !ok {
			t.Errorf("%s: no zone", state)
		}
		zone(t, name)
		if other, ok := stateOf[name]; ok {
			t.Errorf("%s and %s have the same zone, %s", other, state, name)
		}
		stateOf[name] = state
	}
	for _, unknown := range []string{"", "de", "EL", "UK", "GB", "NO", "DEU"} {
		if name, ok := ZoneOf(unknown); ok {
			t.Errorf("%q has zone %s, want none", unknown, name)
		}
	}
}

// The vectors name both the State and the zone of its authority.
func TestZoneOfAgreesWithVectors(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range readVectors(t) {
		if got, _ := ZoneOf(v.MemberState); got != v.TZ {
			t.Errorf("%s: ZoneOf(%s) = %q, want %q", v.ID, v.MemberState, got, v.TZ)
		}
		seen[v.MemberState] = true
	}
	if len(seen) < 20 {
		t.Errorf("the vectors name %d Member States, want at least 20", len(seen))
	}
}
