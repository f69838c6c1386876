package incident

import "testing"

// An event that is neither would be written and change nothing.
func TestEveryKindIsFolded(t *testing.T) {
	for kind := range decoders {
		ev, err := Decode(kind, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_, content := ev.(contentEvent)
		_, state := ev.(stateEvent)
		if content == state {
			t.Errorf("%s: changes an incident: %v, changes the state besides: %v; want exactly one", kind, content, state)
		}
	}
}
