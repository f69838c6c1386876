package incident

import (
	"slices"
	"time"
)

// Roles of the effects on an incident's own room, a private place in a chat.
// Each but the first can be repeated: doing it twice changes nothing.
const (
	// OpenRoom makes the room.
	OpenRoom Role = "open_room"
	// Gather brings those it concerns into the room, and where the incident is
	// restricted puts everybody else out.
	Gather Role = "gather"
	// Brief writes the incident's message in the room, or brings it up to date.
	Brief Role = "brief"
	// CloseRoom archives it.
	CloseRoom Role = "close_room"
)

// OfRoom reports whether the effect is one on an incident's room, which no other
// channel can have.
func (r Role) OfRoom() bool {
	return r == OpenRoom || r == Gather || r == Brief || r == CloseRoom
}

// Repeatable reports whether an effect can be tried again without a look at
// whether it took place.
func (e Effect) Repeatable() bool {
	return e.Role == Update || e.Of != "" || e.Role.OfRoom() && e.Role != OpenRoom
}

// Room is an incident's own room in a chat.
type Room struct {
	Channel string // whose effects these are
	ID      string // the vendor's
	Number  int    // from 1; an incident that is opened again gets another
	// Names are those who were brought in, Only whether nobody else may be there.
	Names    []string
	Only     bool
	Message  *Message // nil before the first brief
	OpenedAt time.Time
	ClosedAt time.Time // zero while it is open
}

// IsOpen reports whether there is a room that was not closed.
func (r *Room) IsOpen() bool { return r != nil && r.ClosedAt.IsZero() }

// NextRoom is the number of the room that would be opened now.
func (i *Incident) NextRoom() int {
	if i.Room == nil {
		return 1
	}
	return i.Room.Number + 1
}

// RoomNames are those whom the incident concerns, sorted: whoever has command,
// or is on call or asked to take it, and those named where it is restricted.
// Who stands in for them the configuration says.
func (i *Incident) RoomNames() []string {
	var names []string
	if i.Commander != nil {
		names = append(names, i.Commander.By.Name)
	} else if p := i.ProposedCommander; p != nil {
		names = append(names, p.Name)
	}
	if i.Offered != nil {
		names = append(names, i.Offered.To)
	}
	if r := i.Restricted; r != nil {
		names = slices.DeleteFunc(names, func(n string) bool { return !r.Has(n) })
		names = append(names, r.Names...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// roomed folds an effect on the room that took place.
func (o *outbox) roomed(e Effect, ref string, at time.Time) {
	if e.Role == OpenRoom {
		number := 1
		if o.Room != nil {
			number = o.Room.Number + 1
		}
		o.Room = &Room{Channel: e.Channel, ID: ref, Number: number, OpenedAt: at}
		return
	}
	if o.Room == nil { // its opening was erased
		return
	}
	switch e.Role {
	case Gather:
		o.Room.Names, o.Room.Only = e.Names, e.Only
	case Brief:
		o.Room.Message = &Message{Channel: e.Channel, Ref: ref, Revision: e.Revision, At: at}
	case CloseRoom:
		o.Room.ClosedAt = at
	}
}

// RoomView is the incident's own room in a chat.
type RoomView struct {
	Channel  string     `json:"channel"`
	ID       string     `json:"id"`
	Names    []string   `json:"names"`
	OpenedAt time.Time  `json:"opened_at"`
	ClosedAt *time.Time `json:"closed_at"`
}

func (i *Incident) roomView() *RoomView {
	if i.Room == nil {
		return nil
	}
	r := i.Room
	return &RoomView{Channel: r.Channel, ID: r.ID, Names: append([]string{}, r.Names...), OpenedAt: r.OpenedAt, ClosedAt: some(r.ClosedAt)}
}
