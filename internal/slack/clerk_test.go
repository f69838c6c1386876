package slack

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/incident"
)

const appToken = "xapp-1-secret-Token"

func wantIn(t *testing.T, what, got string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("%s: %q, want %q in it", what, got, w)
		}
	}
}

func TestSubmissionFromAForm(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	form := h.form(ts, SubmitAction, "UC")
	future := strconv.FormatInt(h.wall.now().Add(time.Hour).Unix(), 10)
	for _, tt := range []struct {
		name, question string
		answers        map[string][]string
	}{
		{"in the future", "sent_at", map[string][]string{"sent_at": {future}}},
		{"no authority", "authority", map[string][]string{"authority": {"  "}}},
		{"no report", "stages", map[string][]string{"stages": nil}},
		{"a report it does not owe", "stages", map[string][]string{"stages": {"default/nis2/poem"}}},
	} {
		if sent := h.send(form, tt.answers); len(sent.Errors) != 1 || sent.Errors[tt.question] == "" {
			t.Errorf("%s: %+v, want an error at %s", tt.name, sent, tt.question)
		}
	}
	if c := h.incident().Clocks[0]; c.SubmittedAt != nil {
		t.Fatal("a form with a mistake stopped a clock")
	}
	sent := h.send(form, map[string][]string{"reference": {"BSI-77"}})
	wantIn(t, "the form's place", sent.Says, "Recorded", "early_warning", "CSIRT", "BSI-77")
	again := h.send(form, map[string][]string{"reference": {"BSI-77"}}) // a request that came twice (SL-6)
	wantIn(t, "again", again.Says, string(inc))
	c := h.incident().Clocks[0]
	if c.SubmittedAt == nil || *c.Reference != "BSI-77" || !c.SubmittedAt.Equal(h.wall.now().Truncate(time.Minute)) {
		t.Errorf("clock %+v", c)
	}
	if diff := cmp.Diff([]string{"report.submitted/v1 Carla Commander via slack"}, h.entries(2)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// Somebody without the right proposes, and somebody who has it confirms.
func TestProposalInSlack(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	sent := h.send(h.form(ts, NotReportableAction, "UR"), map[string][]string{"reason": {"a test of the backup"}})
	wantIn(t, "proposed", sent.Says, "proposal 1", "Nothing has taken effect", "Carla Commander, Bruno Boss can confirm")
	if h.incident().Reportability == incident.ReportNotReportable {
		t.Fatal("a proposal took effect")
	}
	asked := h.say(incident.Ask)
	question := h.fake.Messages()[1]
	wantIn(t, "the question", question.Text, "<@UC> <@UB> ", "a test of the backup", "Not in effect")
	if question.ThreadTS != ts || !question.Broadcast {
		t.Errorf("the question is in thread %q, broadcast %v", question.ThreadTS, question.Broadcast)
	}
	wantIn(t, "its own author", h.press(asked, ConfirmAction, "UR"), "may not decide")
	wantIn(t, "an auditor", h.press(asked, ConfirmAction, "UA"), "may not decide")
	wantIn(t, "a stranger", h.press(asked, ConfirmAction, "UX"), "not among the people", "user: UX")
	wantIn(t, "a deputy before the time", h.press(asked, ConfirmAction, "UD"), "may not decide")
	h.wall.advance(time.Hour)
	wantIn(t, "a deputy", h.press(asked, ConfirmAction, "UD"), "You confirmed proposal 1")
	wantIn(t, "too late", h.press(asked, RejectAction, "UC"), "confirmed by Dana Deputy")
	v := h.incident()
	if v.Reportability != incident.ReportNotReportable || v.Significance.Reason != "a test of the backup" {
		t.Errorf("%s, %q", v.Reportability, v.Significance.Reason)
	}
	h.say(incident.Update)
	wantIn(t, "the message", string(h.fake.Messages()[0].Blocks), "Proposal 1", "*Confirmed* by Dana Deputy")
}

// Who decides it after a report was sent is told what has to be done first.
func TestNotReportableAfterAReport(t *testing.T) {
	h := newHouse(t)
	who := incident.Person{By: incident.Actor{Name: "Bruno Boss", Via: "cli"}}
	ts := h.say(incident.Post)
	h.do(incident.Submit{Person: who, ID: inc, Stages: []string{"early_warning"}})
	sent := h.send(h.form(ts, NotReportableAction, "UC"), map[string][]string{"reason": {"a drill"}})
	wantIn(t, "the reply", sent.Says, "does not hold yet", "incident submit "+string(inc)+" withdrawal", "clocks run on")
	if v := h.incident(); v.Reportability == incident.ReportNotReportable || len(v.Withdrawals) != 1 {
		t.Errorf("%s, withdrawals %v", v.Reportability, v.Withdrawals)
	}
	h.do(incident.Submit{Person: who, ID: inc, Stages: []string{"withdrawal"}})
	sent = h.send(h.form(ts, NotReportableAction, "UC"), map[string][]string{"reason": {"a drill, they know"}})
	if strings.Contains(sent.Says, "does not hold") || h.incident().Reportability != incident.ReportNotReportable {
		t.Errorf("%s: %s", h.incident().Reportability, sent.Says)
	}
}

func TestSecondPerson(t *testing.T) {
	h := newHouse(t)
	h.clerk.SecondPerson = []Kind{NotReportable}
	ts := h.say(incident.Post)
	sent := h.send(h.form(ts, NotReportableAction, "UC"), map[string][]string{"reason": {"a drill"}})
	wantIn(t, "alone", sent.Says, "may not do this alone", "Bruno Boss can confirm")
	asked := h.say(incident.Ask)
	wantIn(t, "the same person", h.press(asked, ConfirmAction, "UC"), "somebody else")
	wantIn(t, "another", h.press(asked, ConfirmAction, "UB"), "You confirmed")
}

func TestProposalExpiresInSlack(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	h.send(h.form(ts, NotReportableAction, "UR"), map[string][]string{"reason": {"a drill"}})
	asked := h.say(incident.Ask)
	h.wall.advance(DefaultConfirmWithin)
	wantIn(t, "confirming late", h.press(asked, ConfirmAction, "UC"), "expired")
	h.say(incident.Update)
	wantIn(t, "the message", string(h.fake.Messages()[0].Blocks), "*Expired*")
	if strings.Contains(string(h.fake.Messages()[0].Blocks), ConfirmAction) {
		t.Error("the message still offers to confirm it")
	}
}

func TestAnAuditorChangesNothing(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	wantIn(t, "acknowledge", h.press(ts, AcknowledgeAction, "UA"), "As auditor you may not act")
	sent := h.send(h.form(ts, NotReportableAction, "UA"), map[string][]string{"reason": {"x"}})
	wantIn(t, "proposing", sent.Says, "As auditor you may not decide")
	want := []string{"access.refused/v1 Aldo Auditor via slack", "access.refused/v1 Aldo Auditor via slack"}
	if diff := cmp.Diff(want, h.entries(2)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestUnknownUser(t *testing.T) {
	for _, tt := range []struct {
		policy Unknown
		acked  bool
		says   []string
		entry  string
	}{
		{"", true, []string{"You acknowledged", "not among the people", "team: T1", "user: UX"}, "incident.acknowledged/v1 UX@T1 via slack"},
		{AllowUnknown, true, []string{"You acknowledged"}, "incident.acknowledged/v1 UX@T1 via slack"},
		{RefuseUnknown, false, []string{"not among the people", "Nothing was done"}, "access.refused/v1 UX@T1 via slack"},
	} {
		t.Run(string(tt.policy), func(t *testing.T) {
			h := newHouse(t)
			h.clerk.Unknown = tt.policy
			wantIn(t, "reply", h.press(h.say(incident.Post), AcknowledgeAction, "UX"), tt.says...)
			if acked := h.incident().AcknowledgedAt != nil; acked != tt.acked {
				t.Errorf("acknowledged: %v", acked)
			}
			if diff := cmp.Diff([]string{tt.entry}, h.entries(2)); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestButtonsOfAClosedIncident(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	who := incident.Person{By: incident.Actor{Name: "Carla Commander", Via: "cli"}}
	h.do(incident.MarkNotReportable{Person: who, ID: inc, Reason: "a drill"})
	h.do(incident.Close{Person: who, ID: inc})
	before := len(h.entries(0))
	for _, action := range []string{AcknowledgeAction, TakeCommandAction, AssessAction, SubmitAction, NotReportableAction} {
		wantIn(t, action, h.press(ts, action, "UC"), "closed")
	}
	if after := h.entries(0); len(after) != before {
		t.Errorf("entries after closing: %v", after[before:])
	}
	h.counted("refused", 5)
	if log := h.logs.String(); strings.Count(log, "nothing was done, and whoever asked was told why") != 5 || !strings.Contains(log, "closed") {
		t.Errorf("the log says %s", log)
	}
}

func TestTwoPeopleAtOnce(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	var wg sync.WaitGroup
	for _, user := range []string{"UC", "UR", "UB", "UX"} {
		wg.Go(func() {
			if err := h.fake.Press(t.Context(), ts, AcknowledgeAction, user, team); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.Wait()
	mine, others := 0, 0
	for _, r := range h.fake.Replies() {
		switch {
		case strings.HasPrefix(r.Text, "You acknowledged"):
			mine++
		case strings.Contains(r.Text, "already acknowledged by"):
			others++
		}
	}
	if n := len(h.entries(2)); mine != 1 || others != 3 || n != 1 {
		t.Errorf("%d were told they did it, %d that another had, %d entries", mine, others, n)
	}
}

// A form that is slow to open is gone (SL-4); the person learns of it.
func TestFormThatDoesNotOpen(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	h.fake.Fail(1, faultWord("expired_trigger_id"))
	wantIn(t, "reply", h.press(ts, SubmitAction, "UC"), "did not open in time")
	wantIn(t, "log", h.logs.String(), "expired_trigger_id")
}

func TestSlashCommand(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		user, text string
		want       []string
	}{
		{"UC", "", []string{"/nis2 list", "/nis2 help"}},
		{"UC", "help", []string{"/nis2 declare TITLE"}},
		{"UC", "dance <!channel>", []string{"no subcommand “dance”", "/nis2 help"}},
		{"UC", "list", []string{"INC-2026-0001", "Admin login", "Early warning"}},
		{"UC", "LIST", []string{"INC-2026-0001"}},
		{"UC", "show inc-2026-0001", []string{"Admin login", "Final report", "nobody yet"}},
		{"UC", "show", []string{"Say which incident"}},
		{"UC", "show INC-1999-0001", []string{"no incident INC-1999-0001"}},
		{"UA", "ack INC-2026-0001", []string{"As auditor you may not act"}},
		{"UR", "ack INC-2026-0001", []string{"You acknowledged"}},
		{"UB", "ack INC-2026-0001", []string{"already acknowledged by Rita Responder"}},
		{"UR", "note INC-2026-0001 the attacker is <b>out</b>", []string{"Noted"}},
		{"UR", "note INC-2026-0001", []string{"A note needs text"}},
		{"UR", "declare A second one", []string{"INC-2026-0002 is open"}},
		{"UR", "oncall", []string{"Carla Commander", "<@UC>", "+49 30 1", "Bruno Boss"}},
	} {
		got, err := h.fake.Command(t.Context(), Command, tt.text, tt.user, team)
		if err != nil {
			t.Fatalf("%q: %v", tt.text, err)
		}
		wantIn(t, tt.text, got, tt.want...)
		checkMarkup(t, tt.text, strings.ReplaceAll(got, "`", ""), false)
	}
	h.clerk.Unknown = RefuseUnknown
	got, err := h.fake.Command(t.Context(), Command, "list", "UX", team)
	if err != nil || !strings.Contains(got, "not among the people") || strings.Contains(got, "INC-") {
		t.Errorf("a stranger's list: %q, %v", got, err)
	}
}

func TestMarkedMessageBecomesANote(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	msg := h.fake.Write(home, ts, "UR", "We see &lt;C2&gt; traffic &amp; block it")
	other := h.fake.Write(home, "", "UR", "lunch?")
	react := func(ts, emoji, user string) {
		t.Helper()
		if err := h.fake.React(t.Context(), home, ts, emoji, user, team); err != nil {
			t.Fatal(err)
		}
	}
	react(msg, "eyes", "UC")
	react(other, DefaultMark, "UC")
	react(ts, DefaultMark, "UC") // our own message
	react(msg, DefaultMark, "UA")
	react(msg, DefaultMark, "UC")
	react(msg, DefaultMark, "UC") // delivered twice (SL-6)
	react(msg, DefaultMark, "UB") // marked twice
	want := []string{"access.refused/v1 Aldo Auditor via slack", "incident.noted/v1 Carla Commander via slack"}
	if diff := cmp.Diff(want, h.entries(2)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	h.desk.View(func(s *incident.State) {
		i, _ := s.Incident(inc)
		if n := i.Notes[0]; n.Text != "We see <C2> traffic & block it" || n.Author.Name != "Rita Responder" || n.By.Name != "Carla Commander" {
			t.Errorf("note %+v", n)
		}
	})
}

// While Slack cannot be asked for the message, the event is not taken and comes
// again.
func TestMarkedMessageThatCannotBeRead(t *testing.T) {
	h := newHouse(t)
	ts := h.say(incident.Post)
	msg := h.fake.Write(home, ts, "UR", "found it")
	h.fake.Fail(1, faultStatus(503))
	if err := h.fake.React(t.Context(), home, msg, DefaultMark, "UC", team); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v, want 503", err)
	}
	if err := h.fake.React(t.Context(), home, msg, DefaultMark, "UC", team); err != nil {
		t.Error(err)
	}
	if got := h.entries(2); len(got) != 1 {
		t.Errorf("entries %v", got)
	}
}

func TestHome(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		user string
		want []string
	}{
		{"UC", []string{"1 incident open", "INC-2026-0001", AcknowledgeAction}},
		{"UX", []string{"INC-2026-0001"}},
	} {
		if err := h.fake.OpenHome(t.Context(), tt.user, team); err != nil {
			t.Fatal(err)
		}
		h.Wait()
		wantIn(t, tt.user, h.fake.HomePage(tt.user), tt.want...)
	}
	h.clerk.Unknown = RefuseUnknown
	if err := h.fake.OpenHome(t.Context(), "UX", team); err != nil {
		t.Fatal(err)
	}
	h.Wait()
	if page := h.fake.HomePage("UX"); strings.Contains(page, "INC-") {
		t.Errorf("a stranger sees %s", page)
	}
	h.clerk.Unknown = AllowUnknown
	for n := range 200 {
		h.do(incident.Declare{Person: incident.Person{By: incident.Actor{Name: "x", Via: "api"}}, Title: strings.Repeat("long & <title> ", 20) + strconv.Itoa(n), DetectedAt: opened})
	}
	if err := h.fake.OpenHome(t.Context(), "UC", team); err != nil {
		t.Fatal(err)
	}
	h.Wait()
	wantIn(t, "201 incidents", h.fake.HomePage("UC"), "201 incidents open", "more incidents")
}
