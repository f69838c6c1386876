package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
	"nis2clock/internal/tabletop/writeup"

	"github.com/go-json-experiment/json"
)

// free is an address nobody listens on just now, below the ports that systems
// give to whoever asks for any: else another test's connection takes it meanwhile.
func free(t *testing.T) string {
	t.Helper()
	var last error
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000)))
		if err != nil {
			last = err
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return l.Addr().String()
	}
	t.Fatal(last)
	return ""
}

// tabletop is an exercise with people in a process of its own.
type tabletop struct {
	t       *testing.T
	program string
	dir     string
	process *process
}

func (x *tabletop) in(name string) string { return filepath.Join(x.dir, name) }

// nis2clock runs a verb as somebody who has a seat, or with a token file, and
// returns what it said.
func (x *tabletop) nis2clock(who string, args ...string) (string, error) {
	cmd := exec.Command(x.program, args...)
	cmd.Env = append(os.Environ(), "NIS2CLOCK_SERVER="+x.process.url)
	if !strings.HasSuffix(who, ".token") {
		who = "data/" + who + ".token"
	}
	cmd.Args = append(cmd.Args, "--token-file", x.in(who))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (x *tabletop) must(who string, args ...string) string {
	x.t.Helper()
	out, err := x.nis2clock(who, args...)
	if err != nil {
		x.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// until runs a verb until what it says holds the words.
func (x *tabletop) until(words, who string, args ...string) {
	x.t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := x.nis2clock(who, args...)
		if err == nil && strings.Contains(out, words) {
			return
		}
		select {
		case <-late:
			x.t.Fatalf("%s does not say %q: %v: %s\n%s", strings.Join(args, " "), words, err, out, x.process.output())
		case <-tick.C:
		}
	}
}

// An exercise is held as a house would: alerts come through a real Alertmanager,
// one person acts in Slack's exercise channel and another on the command line,
// the program is killed in the middle, and an auditor gets the write-up.
func TestTabletopWithPeople(t *testing.T) {
	t.Parallel()
	x := &tabletop{t: t, program: built.build(t), dir: t.TempDir()}
	posted := make(chan slackfake.Message, 100)
	fake, err := slackfake.Start(slackfake.Config{Token: "xoxb-drill", Channels: []string{"C0DRILL"}, OnMessage: func(m slackfake.Message) { posted <- m }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fake.Close(); err != nil {
			t.Error(err)
		}
	})
	address := free(t)
	fake.SetCallback("http://"+address+"/webhook/slack/interactions", "drill-secret")
	write(t, x.in("slack.token"), "xoxb-drill\n")
	write(t, x.in("slack.secret"), "drill-secret\n")
	// The service's own ways out cannot even be read.
	write(t, x.in("nis2clock.yml"), fmt.Sprintf(`
people: [{name: Olga Call, role: responder, slack: {team: %s, user: U0OLGA}}]
pagerduty: {routing_key_file: gone}
slack: {token_file: gone, channel: C0REAL}
exercise: {slack: {token_file: slack.token, signing_secret_file: slack.secret, channel: C0DRILL, url: %q}}
`, slackfake.TeamID, fake.URL()))

	am := startAlertmanager(t, component(t, "prometheus-alertmanager", "alertmanager", "prometheus-alertmanager"), "http://"+address, x.in("data/intake.token"))
	args := []string{
		"tabletop", "run", "privilege-escalation", "--config", x.in("nis2clock.yml"), "--speed", "720", "--data", x.in("data"), "--out", x.in("out"), "--listen", address,
		"--alertmanager", am.url, "--seat", "commander=ana", "--facilitator", "fay", "--evaluator", "eve", "--debrief", "10m", "--plan", x.in("nis2clock.yml"),
	}
	run := func() {
		if x.process, err = launch(exec.Command(x.program, args...)); err != nil {
			t.Fatal(err)
		}
	}
	run()
	t.Cleanup(func() {
		if err := x.process.kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(x.process.output())
		}
	})
	x.must("ana", "tabletop", "attend")
	x.until("EX-2027-0001", "ana", "incident", "list")
	message := <-posted
	if !strings.Contains(message.Text, "EXERCISE") {
		t.Errorf("Slack was told %q", message.Text)
	}
	if err := fake.Press(t.Context(), message.TS, slack.AcknowledgeAction, "U0OLGA", slackfake.TeamID); err != nil {
		t.Fatal(err)
	}
	if err := x.process.kill(); err != nil {
		t.Fatal(err)
	}
	run()
	if out := x.must("ana", "incident", "show", "EX-2027-0001", "--json"); !strings.Contains(out, `"acknowledged_by": "Olga Call"`) || !strings.Contains(out, `"exercise": "true"`) {
		t.Errorf("after the crash the incident is %s", out)
	}
	x.must("ana", "incident", "take", "EX-2027-0001")
	x.until("capable", "fay", "tabletop", "show", "--json") // 45 minutes in
	for said := ""; !strings.Contains(said, "[EXERCISE] Release engineering to oncall, commander: "); {
		select {
		case m := <-posted:
			said = m.Text
		case <-time.After(patience):
			t.Fatal("Slack was not told what release engineering says")
		}
	}
	if out, err := x.nis2clock("ana", "tabletop", "pause"); err == nil || strings.Count(out, "\n") != 1 {
		t.Errorf("a participant pauses: %v, %s", err, out)
	}
	x.must("fay", "tabletop", "attend")
	x.must("fay", "tabletop", "attend", "--name", "Olga Call", "--part", "participant", "--seat", "oncall")
	x.must("fay", "tabletop", "end", "--reason", "time is up")
	x.must("ana", "tabletop", "gap", "nobody knew whom to call")
	x.must("fay", "tabletop", "remedy", "--gap", "nobody knew whom to call", "--action", "write it down", "--owner", "ben", "--due", "2027-05-01")
	x.must("fay", "tabletop", "approve", "--role", "CISO")
	if err := x.process.stop(); err != nil {
		t.Fatal(err)
	}

	files, err := filepath.Glob(x.in("out/*-write-up.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("write-ups %q, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	m, err := writeup.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	e := m.Exercise
	if e.Auto || len(e.Restarts) != 1 || len(e.Attendance) != 4 || len(e.Gaps) != 1 || m.Approval == nil || m.Approval.By != "fay" || e.Speed != 720 || len(e.Plan) != 1 || len(e.Plan[0].SHA256) != 64 {
		t.Errorf("the write-up says %s", raw)
	}
	if a := e.Actions[0]; a.Name != "Olga Call" || a.Via != "slack" || a.Seat != "oncall" || a.At.Real.IsZero() || a.At.Real.Sub(e.Started.Real) > patience {
		t.Errorf("the first action is %+v", a)
	}
	if len(e.Injects) == 0 || len(e.Injects[0].Incidents) != 1 {
		t.Errorf("injects %+v", e.Injects)
	}

	// The real service takes the write-up, once.
	real := &tabletop{t: t, program: x.program, dir: x.dir, process: serve(t, x.program, "--data", x.in("real"))}
	const admin = "real/admin.token"
	m.Approval = nil
	unapproved, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	write(t, x.in("draft.json"), string(unapproved))
	if out, err := real.nis2clock(admin, "tabletop", "record", x.in("draft.json")); err == nil || !strings.Contains(out, "draft that nobody has vouched for") {
		t.Errorf("a draft is recorded: %v, %s", err, out)
	}
	if out := real.must(admin, "tabletop", "record", files[0]); !strings.Contains(out, "the next is due before") {
		t.Errorf("recorded: %s", out)
	}
	if out := real.must(admin, "tabletop", "register"); !strings.Contains(out, "write it down") || !strings.Contains(out, e.ID) {
		t.Errorf("the register: %s", out)
	}
	real.must(admin, "tabletop", "done", e.Remediation[0].ID, "written")
	if out, err := real.nis2clock(admin, "tabletop", "show"); err == nil || !strings.Contains(out, "this is the real service") {
		t.Errorf("the real service shows an exercise: %v, %s", err, out)
	}
}
