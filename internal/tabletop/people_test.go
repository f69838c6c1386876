package tabletop_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop"
	"nis2clock/internal/tabletop/scenario"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/web"
)

// held are the options of an exercise with people.
func held(t *testing.T, data string, speed float64) tabletop.Options {
	s, err := scenario.Open("privilege-escalation")
	if err != nil {
		t.Fatal(err)
	}
	return tabletop.Options{Scenario: s, Config: config.Default(), Speed: speed, Data: data, Listen: "127.0.0.1:0", Logger: logger(t)}
}

// room is an exercise that runs, and the people in it.
type room struct {
	*tabletop.Exercise
	t    *testing.T
	stop func() error // ends it in the middle, and returns what Run did
}

// wallClock is a clock on the wall that can be stopped.
type wallClock struct {
	mu     sync.Mutex
	at     time.Time // where it stands; zero while it goes
	behind time.Duration
}

// stopped is one that stands at the present.
func stopped() *wallClock { return &wallClock{at: time.Now()} }

func (c *wallClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() {
		return c.at
	}
	return time.Now().Add(-c.behind)
}

func (c *wallClock) stop() {
	at := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *wallClock) goOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.behind = time.Time{}, time.Since(c.at)
}

// begin opens and runs an exercise.
func begin(t *testing.T, o tabletop.Options) *room {
	t.Helper()
	x, err := tabletop.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	r := &room{Exercise: x, t: t}
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-ended
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return errors.Join(err, x.Close())
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// until waits for the board to show something.
func (r *room) until(what string, ok func(web.Board) bool) web.Board {
	r.t.Helper()
	late := time.After(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if b := r.Board("fay", true); ok(b) {
			return b
		}
		select {
		case <-late:
			r.t.Fatalf("%s: not within a minute; the board shows %+v", what, r.Board("fay", true))
		case <-tick.C:
		}
	}
}

func (r *room) do(who string, facilitator bool, act web.ExerciseAct) {
	r.t.Helper()
	if err := r.Do(r.t.Context(), by(who), facilitator, act); err != nil {
		r.t.Fatalf("%s %s: %v", who, act.Act, err)
	}
}

func by(who string) incident.Person {
	return incident.Person{By: incident.Actor{Name: who, Via: "cli"}}
}

func (r *room) command(cmd incident.Command) {
	r.t.Helper()
	if _, err := r.App().Desk().Do(r.t.Context(), cmd); err != nil {
		r.t.Fatalf("%T: %v", cmd, err)
	}
}

func (r *room) record() scorecard.Exercise {
	r.t.Helper()
	e, err := r.Record(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

func happened(id string) func(web.Board) bool {
	return func(b web.Board) bool {
		return slices.ContainsFunc(b.Happened, func(e web.BoardEvent) bool { return e.ID == id })
	}
}

// People hold an exercise: they act, the facilitator pauses, hints and ends it,
// and what is written up has their names and both clocks.
func TestPeopleHoldAnExercise(t *testing.T) {
	r := begin(t, held(t, t.TempDir(), 2000))
	for _, s := range []tabletop.Seat{
		{Name: "ana", Part: scorecard.Participates, ID: "commander"}, {Name: "fay", Part: scorecard.Facilitates}, {Name: "eve", Part: scorecard.Evaluates},
	} {
		file, err := r.Admit(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := access.Read(file); err != nil {
			t.Error(err)
		}
	}
	r.do("ana", false, web.ExerciseAct{Act: "attend"})
	r.until("an incident", func(web.Board) bool { return len(r.Incidents()) > 0 })
	r.command(incident.Acknowledge{Person: by("ana"), ID: "EX-2027-0001"})
	r.until("the first message", happened("not-ours"))
	r.do("fay", true, web.ExerciseAct{Act: "pause", Reason: "coffee"})
	paused := r.Board("fay", true)
	r.do("fay", true, web.ExerciseAct{Act: "hint", Hint: "granted"})
	if again := r.Board("fay", true); paused.State != "paused" || again.ScenarioTime != paused.ScenarioTime {
		t.Errorf("the clock of a paused exercise went from %s to %s", paused.ScenarioTime, again.ScenarioTime)
	}
	if b := r.Board("ana", false); b.Script != nil || !happened("granted")(b) {
		t.Errorf("a participant sees the script, or not the hint: %+v", b)
	}
	r.do("fay", true, web.ExerciseAct{Act: "resume"})
	r.until("a decision", func(b web.Board) bool { return len(b.Decisions) > 0 })
	r.do("ana", false, web.ExerciseAct{Act: "decide", Point: "cut", Choice: "cut off now", Reason: "the keys"})
	for _, act := range []web.ExerciseAct{{Act: "pause"}, {Act: "end"}, {Act: "rewind", To: "1m"}} {
		if err := r.Do(t.Context(), by("ana"), false, act); !errors.Is(err, incident.ErrRefused) {
			t.Errorf("a participant may %s: %v", act.Act, err)
		}
	}
	r.do("fay", true, web.ExerciseAct{Act: "end", Reason: "time is up"})
	r.until("the end", func(b web.Board) bool { return b.State == "ended" })
	r.do("ana", false, web.ExerciseAct{Act: "gap", Text: "nobody knew the number"})
	r.do("fay", true, web.ExerciseAct{Act: "remedy", Gap: "nobody knew the number", Action: "write it down", Owner: "ben", Due: "2027-05-01"})
	r.do("fay", true, web.ExerciseAct{Act: "approve", Role: "CISO"})

	e := r.record()
	if e.Complete || len(e.Attendance) != 3 || e.Attendance[0].Confirmed.Real.IsZero() || !e.Attendance[1].Confirmed.IsZero() {
		t.Errorf("attendance %+v, complete %t", e.Attendance, e.Complete)
	}
	if len(e.Pauses) != 1 || e.Pauses[0].Reason != "coffee" || !e.Pauses[0].From.Scenario.Equal(paused.ScenarioTime) || e.Pauses[0].To.Real.Before(e.Pauses[0].From.Real) {
		t.Errorf("pauses %+v", e.Pauses)
	}
	if len(e.Hints) != 1 || len(e.Decisions) != 1 || e.Decisions[0].Seat != "commander" || e.Decisions[0].Asked.IsZero() {
		t.Errorf("hints %+v, decisions %+v", e.Hints, e.Decisions)
	}
	ack := e.Actions[0]
	if ack.Do != scenario.Acknowledge || ack.Seat != "commander" || ack.At.Real.IsZero() || ack.At.Real.Sub(e.Started.Real) > time.Minute {
		t.Errorf("the acknowledgement is %+v", ack)
	}
	f, card, _, err := r.WriteUp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(f.JSON), `"CISO"`) || len(f.PDF) == 0 || card.Exercise != e.ID {
		t.Errorf("the write-up lacks its approval: %s", f.JSON[:400])
	}
}

// A crash in the middle loses nothing: the clock runs on, what fell due meanwhile
// is put in late and marked, once, and people go on with their tokens.
func TestGoesOnAfterACrash(t *testing.T) {
	dir := t.TempDir()
	wall := stopped() // however slow the machine is, only the first inject is due before the crash
	o := held(t, dir, 72)
	o.Wall = wall.now
	r := begin(t, o)
	file, err := r.Admit(t.Context(), tabletop.Seat{Name: "ana", Part: scorecard.Participates, ID: "commander"})
	if err != nil {
		t.Fatal(err)
	}
	// On record, too: a crash between the alert and its record puts it in again, late.
	r.until("an incident", func(web.Board) bool { return len(r.Incidents()) > 0 && len(r.record().Injects) > 0 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	o.Wall = func() time.Time { return time.Now().Add(30 * time.Second) } // 36 minutes of the scenario
	r = begin(t, o)
	r.until("what came meanwhile", happened("succeeded"))
	e := r.record()
	if len(e.Restarts) != 1 || len(r.Incidents()) != 1 {
		t.Errorf("restarts %v, %d incidents", e.Restarts, len(r.Incidents()))
	}
	late := map[string]bool{}
	for _, i := range e.Injects {
		if _, twice := late[i.ID]; twice {
			t.Errorf("%s was put in twice", i.ID)
		}
		late[i.ID] = i.Late
		if i.Late != (i.Why != "") {
			t.Errorf("%s: late %t because %q", i.ID, i.Late, i.Why)
		}
	}
	if late["alert"] || !late["not-ours"] || !late["succeeded"] {
		t.Errorf("late are %v", late)
	}
	if again, err := r.Admit(t.Context(), tabletop.Seat{Name: "ana", Part: scorecard.Participates, ID: "commander"}); err != nil || again != file {
		t.Errorf("admitted again: %s, %v", again, err)
	}
}

// A rewind goes on in another take, in which what was done since has not
// happened; the record keeps it as undone, and whatever was said of the exercise.
func TestRewind(t *testing.T) {
	dir := t.TempDir()
	wall := stopped()
	o := held(t, dir, 2000)
	o.Wall = wall.now
	r := begin(t, o)
	if _, err := r.Admit(t.Context(), tabletop.Seat{Name: "ana", Part: scorecard.Participates, ID: "commander"}); err != nil {
		t.Fatal(err)
	}
	wall.goOn()
	r.until("the message", happened("not-ours"))
	wall.stop() // the message comes again a fifth of a second after the way back
	r.command(incident.Acknowledge{Person: by("ana"), ID: "EX-2027-0001"})
	r.do("ana", false, web.ExerciseAct{Act: "gap", Text: "too late"})
	r.do("fay", true, web.ExerciseAct{Act: "rewind", To: "5m", Reason: "again"})
	b := r.until("the way back", func(b web.Board) bool { return b.State == "running" && !happened("not-ours")(b) })
	if v := r.Incidents(); len(v) != 1 || v[0].AcknowledgedBy != nil {
		t.Errorf("after the way back the incidents are %+v", v)
	}
	wall.goOn()
	r.until("the message again", happened("not-ours"))
	e := r.record()
	if len(e.Rewinds) != 1 || e.Rewinds[0].Reason != "again" || e.ID != b.Exercise || len(e.Gaps) != 1 || len(e.Attendance) != 1 {
		t.Errorf("rewinds %+v, gaps %+v, attendance %+v", e.Rewinds, e.Gaps, e.Attendance)
	}
	if len(e.Actions) != 1 || !e.Actions[0].Undone {
		t.Errorf("actions %+v", e.Actions)
	}
	at := r.Board("fay", true).ScenarioTime
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r = begin(t, held(t, dir, 2000)) // goes on with the newest take
	if e := r.record(); len(e.Rewinds) != 1 || r.Board("fay", true).ScenarioTime.Before(at) {
		t.Errorf("after a restart: %+v", e.Rewinds)
	}
	for _, take := range []string{dir, filepath.Join(dir, "take-2")} {
		if _, err := access.Read(filepath.Join(take, access.AdminFile)); err != nil {
			t.Error(err)
		}
	}
}

// An Alertmanager that is away holds injects up and loses none; when they come,
// they are marked, and with a label that its routes can go by.
func TestAlertmanagerIsAway(t *testing.T) {
	var calls atomic.Int64
	got := make(chan string, 1)
	am := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/am/api/v2/alerts" {
			t.Errorf("%s %v", r.URL, err)
		}
		if calls.Add(1) <= 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		got <- string(body)
	}))
	t.Cleanup(am.Close)
	u, err := url.Parse(am.URL + "/am")
	if err != nil {
		t.Fatal(err)
	}
	o := held(t, t.TempDir(), 20)
	o.Alertmanager, o.Logger = u, slog.New(slog.DiscardHandler)
	r := begin(t, o)
	var body string
	select {
	case body = <-got:
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
	}
	if !strings.Contains(body, `"exercise":"true"`) || !strings.Contains(body, `"startsAt":"2027-03-09T13:08:00`) {
		t.Errorf("it was told %s", body)
	}
	r.until("the inject", func(web.Board) bool { return len(r.record().Injects) == 1 })
	if i := r.record().Injects[0]; !i.Late || !strings.Contains(i.Why, "its way in failed: post alerts to Alertmanager") {
		t.Errorf("the inject is %+v", i)
	}
}
