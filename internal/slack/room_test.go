package slack

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/agenda"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/slack/slackfake"
)

// annex is a house whose incidents have rooms.
type annex struct {
	*house
	rooms *Rooms
}

func newAnnex(t *testing.T) annex {
	t.Helper()
	h := newHouse(t)
	cfg := Config{Token: token, Channel: home, BaseURL: h.fake.URL(), People: staff(t), Rooms: true}
	ch, err := New(cfg, &http.Client{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ch.now = h.wall.now
	h.ch = ch
	return annex{h, NewRooms(ch, cfg)}
}

// owed is what the agenda owes the incident's room now.
func (a annex) owed() (notices []dispatch.Notice) {
	a.t.Helper()
	now := a.wall.now()
	a.desk.View(func(s *incident.State) {
		i, _ := s.Incident(inc)
		for _, it := range agenda.Due(i, &incident.ReminderPolicy{Channels: []string{Name}, Rooms: RoomsName}, now) {
			if it.Effect.Channel != RoomsName {
				continue
			}
			n := dispatch.Notice{Item: it, Key: "9f2c/" + it.Effect.Key, Incident: i.View(now), Page: "https://clock.example.org/incidents/" + string(inc), Now: now}
			if i.Room != nil {
				n.Room = new(*i.Room)
			}
			notices = append(notices, n)
		}
	})
	return notices
}

// settle does what is owed until nothing is.
func (a annex) settle() {
	a.t.Helper()
	for range 10 {
		all := a.owed()
		if len(all) == 0 {
			return
		}
		n := all[0]
		ref, err := a.rooms.Send(a.t.Context(), n)
		if err != nil {
			a.t.Fatalf("%s: %v", n.Effect.Role, err)
		}
		a.do(incident.Deliver{ID: inc, Effect: n.Effect, Ref: ref})
	}
	a.t.Fatal("what is owed to the room never ends")
}

// said is all that stands in a channel.
func (a annex) said(channel string) string {
	var b strings.Builder
	for _, m := range a.fake.Messages() {
		if m.Channel == channel {
			b.WriteString(m.Text + string(m.Blocks))
		}
	}
	return b.String()
}

func by(name string) incident.Person {
	return incident.Person{By: incident.Actor{Name: name, Via: "cli"}}
}

// The whole life of an incident's room.
func TestRoom(t *testing.T) {
	a := newAnnex(t)
	a.settle()
	rooms := a.fake.Rooms()
	if len(rooms) != 1 || rooms[0].Name != "inc-2026-0001" || len(rooms[0].Members) != 0 {
		t.Fatalf("rooms %+v", rooms)
	}
	id := rooms[0].ID
	wantIn(t, "the room's message", a.said(id), "Admin login", "Early warning", AssessAction)

	a.wall.advance(90 * time.Minute) // Dana stands in for Carla from the first hour on
	a.do(incident.TakeCommand{Person: by("Carla Commander"), ID: inc})
	a.settle()
	if diff := cmp.Diff([]string{"UC", "UD"}, a.fake.Rooms()[0].Members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	wantIn(t, "the message", a.said(id), "Carla Commander")
	wantIn(t, "the team's channel", func() string { a.say(incident.Post); return a.said(home) }(), "#"+id)
	note := a.fake.Write(id, a.fake.Messages()[0].TS, "UR", "found it")
	if err := a.fake.React(t.Context(), id, note, DefaultMark, "UR", team); err != nil {
		t.Fatal(err)
	}
	a.desk.View(func(s *incident.State) {
		if i, _ := s.Incident(inc); len(i.Notes) != 1 || i.Notes[0].Text != "found it" {
			t.Errorf("a marked message of the room is not in the timeline: %+v", i.Notes)
		}
	})

	a.do(incident.SetOutOfBand{Person: by("Carla Commander"), ID: inc, On: true, Reason: "they read our chat"})
	a.do(incident.TakeCommand{Person: by("Bruno Boss"), ID: inc})
	if owed := a.owed(); len(owed) != 0 {
		t.Errorf("out of band there is still %+v to do", owed)
	}
	a.do(incident.SetOutOfBand{Person: by("Bruno Boss"), ID: inc, Reason: "rebuilt"})
	a.wall.advance(agenda.BriefEvery)
	a.settle()
	if !slices.Contains(a.fake.Rooms()[0].Members, "UB") {
		t.Errorf("the new commander is not in it: %+v", a.fake.Rooms()[0])
	}

	a.do(incident.MarkNotReportable{Person: by("Bruno Boss"), ID: inc, Reason: "a drill"})
	a.do(incident.Close{Person: by("Bruno Boss"), ID: inc})
	a.settle()
	if r := a.fake.Rooms()[0]; !r.Archived {
		t.Errorf("closed, and the room is %+v", r)
	}
	wantIn(t, "its last message", a.said(id), "closed")
	a.do(incident.Reopen{Person: by("Bruno Boss"), ID: inc, Reason: "it goes on"})
	a.wall.advance(agenda.BriefEvery)
	a.settle()
	if all := a.fake.Rooms(); len(all) != 2 || all[1].Name != "inc-2026-0001-2" || all[1].Archived {
		t.Errorf("opened again, the rooms are %+v", all)
	}
}

// In the room of a restricted incident are those who are named, and it is there
// that it is spoken about.
func TestRoomOfARestrictedIncident(t *testing.T) {
	a := newAnnex(t)
	a.wall.advance(90 * time.Minute)
	a.do(incident.TakeCommand{Person: by("Carla Commander"), ID: inc})
	a.say(incident.Post)
	a.settle()
	id := a.fake.Rooms()[0].ID
	a.fake.Join(id, "USTRANGER")
	a.do(incident.Restrict{Person: by("Carla Commander"), ID: inc, On: true, Names: []string{"Rita Responder", "UX@" + team}, Reason: "one of us"})
	a.wall.advance(agenda.BriefEvery)
	a.settle()
	members := slices.Sorted(slices.Values(a.fake.Rooms()[0].Members))
	if diff := cmp.Diff([]string{"UC", "UR", "UX"}, members); diff != "" {
		t.Errorf("members: the deputy is not named, and a stranger was there (-want +got):\n%s", diff)
	}
	a.say(incident.Update)
	if said := a.said(home); strings.Contains(said, "Admin login") || strings.Contains(said, id) {
		t.Errorf("the team's channel says %s", said)
	}
	wantIn(t, "the room", a.said(id), "Admin login")
	n := reminder(a.wall.now(), a.incident(), incident.Passed{Name: "50%", At: a.wall.now()})
	a.desk.View(func(s *incident.State) {
		i, _ := s.Incident(inc)
		n.Room = new(*i.Room)
	})
	ref, err := a.ch.Send(t.Context(), n)
	if err != nil || !strings.HasPrefix(ref, id+"/") {
		t.Errorf("the reminder went to %s, %v", ref, err)
	}
	if found, ok, err := a.ch.Find(t.Context(), n); err != nil || !ok || found != ref {
		t.Errorf("it is found at %q, %v, %v", found, ok, err)
	}
	a.do(incident.ChangeAccess{Person: by("Carla Commander"), ID: inc, Name: "Rita Responder", Reason: "done"})
	a.settle()
	if slices.Contains(a.fake.Rooms()[0].Members, "UR") {
		t.Error("somebody who was shut out is still in the room")
	}
	a.do(incident.SetTLP{Person: by("Carla Commander"), ID: inc, TLP: "RED"})
	a.wall.advance(agenda.BriefEvery)
	a.settle()
	if m := a.fake.Messages(); strings.Contains(m[1].Text+string(m[1].Blocks), "Admin login") {
		t.Errorf("under RED the room's message says %s", m[1].Blocks)
	}
}

func TestRoomNames(t *testing.T) {
	t.Run("the answer was lost", func(t *testing.T) {
		a := newAnnex(t)
		a.fake.Fail(1, slackfake.Fault{LoseAnswer: true})
		n := a.owed()[0]
		if _, err := a.rooms.Send(t.Context(), n); err == nil {
			t.Fatal("no error")
		}
		made := a.fake.Rooms()[0].ID
		if ref, found, err := a.rooms.Find(t.Context(), n); err != nil || !found || ref != made {
			t.Errorf("found %q, %v, %v", ref, found, err)
		}
		if ref, err := a.rooms.Send(t.Context(), n); err != nil || ref != made {
			t.Errorf("again it is %q, %v, want %q", ref, err, made)
		}
	})
	t.Run("somebody has the name", func(t *testing.T) {
		a := newAnnex(t)
		a.fake.TakeName("inc-2026-0001")
		a.settle()
		if all := a.fake.Rooms(); len(all) != 2 || all[1].Name != "inc-2026-0001-2" {
			t.Errorf("rooms %+v", all)
		}
	})
	t.Run("somebody has all of them", func(t *testing.T) {
		a := newAnnex(t)
		a.fake.TakeName("inc-2026-0001")
		for n := range otherNames {
			a.fake.TakeName("inc-2026-0001-" + string(rune('1'+n)))
		}
		refusedBy(t, a, a.owed()[0], "name_taken")
	})
	for id, want := range map[incident.ID]string{"EX-2026-0007": "ir-ex-2026-0007", incident.ID("INC-" + strings.Repeat("9", 90)): "ir-inc-" + strings.Repeat("9", 73)} {
		r := &Rooms{prefix: "ir-"}
		if got := r.roomName(dispatch.Notice{Item: agenda.Item{ID: id}}, 0); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// refused sends a notice that Slack must refuse for good with that word.
func refusedBy(t *testing.T, a annex, n dispatch.Notice, word string) {
	t.Helper()
	_, err := a.rooms.Send(t.Context(), n)
	if e, ok := errors.AsType[*dispatch.Error](err); !ok || !e.Permanent || e.Detail != word {
		t.Errorf("%s: %v, want %s for good", n.Effect.Role, err, word)
	}
}

func TestRoomThatSlackRefuses(t *testing.T) {
	a := newAnnex(t)
	a.fake.SetScopes("chat:write", "channels:history", "commands", "reactions:read")
	refusedBy(t, a, a.owed()[0], "missing_scope")
	err := a.ch.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "groups:write, so no incident gets a private channel of its own") {
		t.Errorf("the self-check says %v", err)
	}
	if err := (&Channel{}).checkScopes("chat:write,commands"); err != nil {
		t.Errorf("without rooms the scopes are asked for all the same: %v", err)
	}
	a.fake.SetScopes("chat:write", "channels:history", "commands", "reactions:read", "groups:write", "groups:read")
	a.settle()
	id := a.fake.Rooms()[0].ID

	a.do(incident.TakeCommand{Person: by("Carla Commander"), ID: inc})
	a.fake.Join(id, "UC") // she is there already
	a.settle()

	ts := a.fake.Messages()[0].TS
	if !a.fake.Delete(id, ts) {
		t.Fatal("no message")
	}
	a.do(incident.AddNote{Person: by("Carla Commander"), ID: inc, Text: "x"})
	a.wall.advance(agenda.BriefEvery)
	a.settle()
	wantIn(t, "the message that was deleted", a.said(id), "Admin login")

	a.fake.Archive(id)
	a.do(incident.TakeCommand{Person: by("Bruno Boss"), ID: inc})
	a.wall.advance(agenda.BriefEvery)
	for _, n := range a.owed() {
		refusedBy(t, a, n, "is_archived")
	}
	a.do(incident.MarkNotReportable{Person: by("Bruno Boss"), ID: inc, Reason: "a drill"})
	a.do(incident.Close{Person: by("Bruno Boss"), ID: inc})
	closing := a.owed()
	n := closing[len(closing)-1]
	if _, err := a.rooms.Send(t.Context(), n); n.Effect.Role != incident.CloseRoom || err != nil {
		t.Errorf("archiving what is archived: %s, %v", n.Effect.Role, err)
	}
}

// One who is not in the workspace keeps nobody else out.
func TestGatheringGoesOn(t *testing.T) {
	a := newAnnex(t)
	a.settle()
	a.do(incident.Restrict{Person: by("Carla Commander"), ID: inc, On: true, Names: []string{"Bruno Boss", "UGONE@" + team}, Reason: "x"})
	a.fake.SetUsers("UB", "UC")
	for _, n := range a.owed() {
		if n.Effect.Role == incident.Gather {
			refusedBy(t, a, n, "user_not_found")
		}
	}
	if got := slices.Sorted(slices.Values(a.fake.Rooms()[0].Members)); !slices.Equal(got, []string{"UB", "UC"}) {
		t.Errorf("members %v", got)
	}
}
