package agenda

import (
	"slices"
	"strconv"
	"time"

	"nis2clock/internal/incident"
)

// BriefEvery is the least time between two updates of the message in an
// incident's room.
const BriefEvery = time.Minute

// room adds what is owed to the incident's own room: that there is one while it
// is not closed, that those it concerns are in it, that its message is up to
// date, and that it is archived at the end.
func room(i *incident.Incident, p *incident.ReminderPolicy, now time.Time, add func(incident.Effect, time.Time)) {
	if p.Rooms == "" {
		return
	}
	r, closed := i.Room, i.Status == incident.StatusClosed
	effect := func(role incident.Role, number int) incident.Effect {
		return incident.Effect{Key: key(i.ID, "room", strconv.Itoa(number), string(role), p.Rooms), Role: role, For: p.Rooms, Revision: i.Revision}
	}
	if !r.IsOpen() {
		if !closed && i.Reportability != incident.ReportNotReportable {
			add(effect(incident.OpenRoom, i.NextRoom()), i.OpenedAt)
		}
		return
	}
	if m := r.Message; m == nil || stale(i, m, now) && (closed || !now.Before(m.At.Add(BriefEvery))) {
		add(effect(incident.Brief, r.Number), i.UpdatedAt)
	}
	if closed {
		add(effect(incident.CloseRoom, r.Number), i.ClosedAt)
		return
	}
	if e := effect(incident.Gather, r.Number); !slices.Equal(i.RoomNames(), r.Names) || r.Only != (i.Restricted != nil) {
		e.Names, e.Only = i.RoomNames(), i.Restricted != nil
		add(e, i.UpdatedAt)
	}
}
