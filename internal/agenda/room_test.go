package agenda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/agenda"
	"nis2clock/internal/incident"
)

const rooms = "slack_rooms"

// roles are what is due for the incident's room, in order.
func (w *world) roomDue(id incident.ID) (out []string, items []agenda.Item) {
	w.t.Helper()
	for _, it := range w.due(id) {
		if it.Effect.Role.OfRoom() {
			out = append(out, strings.TrimSpace(string(it.Effect.Role)+" "+strings.Join(it.Effect.Names, "+")))
			items = append(items, it)
		}
	}
	return out, items
}

func TestRoomIsOwed(t *testing.T) {
	p := usual()
	p.Rooms = rooms
	w := newWorld(t, p)
	id := w.declare()
	who := incident.Person{By: incident.Actor{Name: "ana", Via: "cli"}}
	step := func(name string, want ...string) {
		t.Helper()
		got, items := w.roomDue(id)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, it := range items {
			if it.Effect.Channel != rooms {
				t.Errorf("%s: %s is due in %s", name, it.Effect.Role, it.Effect.Channel)
			}
			w.do(incident.Deliver{ID: id, Effect: it.Effect, Ref: "C1/1.2"})
		}
	}
	step("open", "open_room")
	step("the first brief", "brief")
	step("nothing more")
	w.do(incident.TakeCommand{Person: who, ID: id})
	step("whoever leads is brought in at once, the brief rests", "gather ana")
	if next := w.next(id); !next.Equal(w.now.Add(agenda.BriefEvery)) {
		t.Errorf("it is looked at again at %s, want %s", next, w.now.Add(agenda.BriefEvery))
	}
	w.now = w.now.Add(agenda.BriefEvery)
	step("then it is brought up to date", "brief")
	w.do(incident.Restrict{Person: who, ID: id, On: true, Names: []string{"ben"}, Reason: "x"})
	_, items := w.roomDue(id)
	if len(items) != 1 || !items[0].Effect.Only {
		t.Errorf("restricted, due are %+v", items)
	}
	w.do(incident.Fail{ID: id, Effect: items[0].Effect, Reason: "missing_scope", Permanent: true})
	if got, _ := w.roomDue(id); len(got) != 0 {
		t.Errorf("what Slack refused goes another way: %v", got)
	}
	w.now = w.now.Add(agenda.Again)
	step("and is tried again later", "brief", "gather ana+ben")
	w.do(incident.MarkNotReportable{Person: who, ID: id, Reason: "x"})
	w.do(incident.Close{Person: who, ID: id})
	step("closed, its last word and its end", "brief", "close_room")
	step("over")
}

// A room is no place that others fall back to, and none is owed by default.
func TestNoRoomUnasked(t *testing.T) {
	w := newWorld(t, usual())
	id := w.declare()
	if got, _ := w.roomDue(id); len(got) != 0 {
		t.Errorf("due %v", got)
	}
	w.now = w.now.Add(30 * time.Hour)
	for _, it := range w.due(id) {
		if it.Effect.Channel == rooms {
			t.Errorf("%s is due in a room", it.Effect.Role)
		}
	}
}
