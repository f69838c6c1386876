package agenda_test

import (
	"testing"
	"time"

	"nis2clock/internal/incident"
)

// What is answered anywhere is acknowledged at the pager, each alert once; a
// later warning wakes people again, until it is answered itself.
func TestPagerIsToldOfAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "acknowledge pagerduty", "update slack")
	w.now = at("2026-11-21T04:00:00Z")
	expect(t, w.say(id), "reminder pagerduty early_warning 75%", "reminder slack early_warning 50%+75%")
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id)) // the first acknowledgement does not cover what came after it
	ben := incident.Person{By: incident.Actor{Name: "ben", Via: "slack"}}
	w.do(incident.Acknowledge{Person: ben, ID: id})
	w.do(incident.Acknowledge{Person: ana, ID: id}) // answered already
	if i := w.incident(id); i.Acknowledged.By.Name != "ana" || !i.AnsweredAt.Equal(w.now) {
		t.Errorf("acknowledged by %s, answered at %s", i.Acknowledged.By, i.AnsweredAt)
	}
	items := w.due(id)
	it := pick(t, items, "acknowledge pagerduty")
	if want := "INC-2026-0001/default/nis2/early_warning/75%/20261121T040000Z/pagerduty"; it.Effect.Of != want {
		t.Errorf("acknowledges %s, want %s", it.Effect.Of, want)
	}
	expect(t, w.say(id), "acknowledge pagerduty", "update slack")
}

// Alerts are resolved when what they are about has ended: a clock's with the
// clock, the opening one with the last.
func TestPagerIsToldOfTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.now = at("2026-11-21T04:00:00Z")
	w.say(id)
	submit(w, id, "early_warning")
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "resolve pagerduty", "update slack")
	submit(w, id, "notification")
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "update slack")
	submit(w, id, "final_report")
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "resolve pagerduty", "update slack")
	w.do(incident.Close{Person: ana, ID: id})
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "update slack")
	if alarms := w.incident(id).Alarms; len(alarms) != 0 {
		t.Errorf("left at the pager: %v", alarms)
	}
}

// A pager that refuses to be told is told again later; the word goes no other
// way, where it would mean nothing.
func TestPagerRefusesToBeTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	it := pick(t, w.due(id), "acknowledge pagerduty")
	w.fail(it, 0)
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "update slack")
	if next := w.next(id); !next.Equal(w.now.Add(59 * time.Minute)) {
		t.Errorf("looked at again at %s, want an hour after the refusal", next)
	}
	w.now = w.now.Add(59 * time.Minute)
	expect(t, w.say(id), "acknowledge pagerduty")
}

// An alert that comes to the pager while somebody answers is acknowledged when
// it was the opening one, and wakes somebody when a clock had something to say.
func TestAnswerCrossesTheAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	page := pick(t, w.due(id), "page pagerduty")
	w.intend(page)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.now.Add(time.Second)
	w.deliver(page)
	pick(t, w.due(id), "acknowledge pagerduty")
	w.say(id)

	w.now = at("2026-11-21T04:00:00Z")
	reminder := pick(t, w.due(id), "reminder pagerduty early_warning 75%")
	w.intend(reminder)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.now.Add(time.Second)
	w.deliver(reminder)
	for _, it := range w.say(id) {
		if it.Effect.Role == incident.PagerAcknowledge {
			t.Error("the warning was acknowledged by an answer from before it was given")
		}
	}
}

// hear is word from PagerDuty about the opening page, by a person.
func hear(id incident.ID, event string, word incident.PagerWord, at time.Time) incident.HearPager {
	return incident.HearPager{
		Person: incident.Person{By: incident.Actor{Name: "max", Via: pagerduty}, Key: "pagerduty/" + event, Digest: event}, Human: true,
		ID: id, Effect: string(id) + "/opened/pagerduty", Alert: "Q1", Event: event, Word: word, At: at,
	}
}

// A delivery counts once, under its own id and under that of what happened.
func TestPagerIsHeardOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	first := hear(id, "e1", incident.PagerAnnotated, w.now)
	w.do(first)
	size := w.state.Size
	w.do(first)
	other := first
	other.Key = "pagerduty/another-delivery"
	w.do(other)
	if w.state.Size != size {
		t.Errorf("a repeated delivery left %d entries", w.state.Size-size)
	}
	// A note names the pager's incident only.
	note := incident.HearPager{Person: incident.Person{By: first.By, Key: "n"}, Alert: "Q1", Event: "e2", Word: incident.PagerAnnotated, Text: "hi", At: w.now}
	if got := w.do(note); got != id {
		t.Errorf("the note belongs to %v", got)
	}
	note.Alert, note.Key = "Q2", "n2"
	if got := w.do(note); got != incident.ID("") {
		t.Errorf("the note of an alert nobody knows belongs to %v", got)
	}
}

// A person's answer at the pager is one here, from when they gave it, and is
// told nobody there again; a time-out there asks for another.
func TestPagerAnswersForUs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	answered := w.now.Add(time.Minute)
	w.now = w.now.Add(time.Hour) // the webhook waited
	w.do(hear(id, "e1", incident.PagerAcknowledged, answered))
	i := w.incident(id)
	if i.Acknowledged.By.String() != "max via pagerduty" || !i.Acknowledged.At.Equal(answered) {
		t.Errorf("acknowledged by %s at %s", i.Acknowledged.By, i.Acknowledged.At)
	}
	expect(t, w.say(id), "update slack")

	w.now = w.now.Add(time.Hour)
	late := hear(id, "e0", incident.PagerUnacknowledged, answered.Add(-time.Second))
	w.do(late) // overtaken
	w.now = w.now.Add(time.Minute)
	if a := w.incident(id).Alarms[0]; a.Acknowledged.IsZero() {
		t.Error("an older word undid a newer one")
	}
	again := hear(id, "e2", incident.PagerUnacknowledged, w.now)
	again.Human = false
	w.do(again)
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "update slack") // nobody has answered again
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "acknowledge pagerduty", "update slack")

	// Ended there, it is over there: nothing here ends, and it is not resolved twice.
	w.do(hear(id, "e3", incident.PagerResolved, w.now))
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "update slack")
	submit(w, id, "early_warning", "notification", "final_report")
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "update slack")
}

// An alert whose acceptance was lost may be answered at the pager before it is
// known to be there. Tried again it wakes nobody, and stays answered.
func TestPagerAnswersWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say2(id, "post slack")
	page := pick(t, w.due(id), "page pagerduty")
	w.intend(page)
	w.fail(page, time.Minute)
	w.now = w.now.Add(30 * time.Second)
	w.do(hear(id, "e1", incident.PagerAcknowledged, w.now))
	w.now = w.now.Add(time.Minute)
	w.intend(page) // under way as the answer came
	w.deliver(page)
	expect(t, w.say(id), "update slack")
	again := hear(id, "e2", incident.PagerUnacknowledged, w.now)
	w.do(again)
	w.do(incident.Acknowledge{Person: ana, ID: id})
	w.now = w.now.Add(time.Minute)
	expect(t, w.say(id), "acknowledge pagerduty", "update slack")
}

// What no person did there acknowledges nothing.
func TestProgramAtPagerAnswersNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, usual())
	id := w.declare()
	w.say(id)
	for n, word := range []incident.PagerWord{incident.PagerTriggered, incident.PagerAcknowledged, incident.PagerPassedOn, incident.PagerReopened, incident.PagerResolved} {
		cmd := hear(id, string(rune('a'+n)), word, w.now)
		cmd.Human = false
		w.do(cmd)
	}
	if i := w.incident(id); i.Acknowledged != nil {
		t.Errorf("acknowledged by %s", i.Acknowledged.By)
	}
}
