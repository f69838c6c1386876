package slack

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/agenda"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// pretty is a message as a golden file shows it.
func pretty(t *testing.T, m message) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(map[string]any{"text": strings.Split(m.text, "\n"), "blocks": m.blocks}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRenderGolden(t *testing.T) {
	for name, n := range cases() {
		t.Run(name, func(t *testing.T) {
			got := pretty(t, render(n, brussels))
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("differs from %s (-want +got), rewrite with -update:\n%s", file, diff)
			}
		})
	}
}

func TestGoldenFilesAreAllUsed(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := cases()[strings.TrimSuffix(filepath.Base(f), ".json")]; !ok {
			t.Errorf("%s belongs to no case", f)
		}
	}
}

// markup is everything in mrkdwn that Slack reads as more than text.
var (
	markup  = regexp.MustCompile(`<[^<>]*>`)
	allowed = regexp.MustCompile(`^<(!channel|!date\^[0-9]+\^\{date_short_pretty\} \{time\}\|[0-9-]+ [0-9:]+ UTC|@[UW][A-Z0-9]+|https?://[^|<>]+\|Open [^|<>]* in nis2clock)>$`)
)

// checkMarkup fails on markup that we did not write. calls is true for a
// message that may call everyone.
func checkMarkup(t *testing.T, where, s string, calls bool) {
	t.Helper()
	for _, m := range markup.FindAllString(s, -1) {
		if !allowed.MatchString(m) || m == "<!channel>" && !calls {
			t.Errorf("%s: markup %q got through", where, m)
		}
	}
	if strings.ContainsAny(markup.ReplaceAllString(s, ""), "<>`\x00\u202e") || !utf8.ValidString(s) {
		t.Errorf("%s: a character that must not get through: %q", where, s)
	}
}

// checkLimits fails on a message that Slack would refuse (SL-17 to SL-20).
// It counts on its own, by what is sent.
func checkLimits(t *testing.T, m message, calls bool) {
	t.Helper()
	if n := len(m.blocks); n == 0 || n > 50 {
		t.Errorf("%d blocks", n)
	}
	if n := chars(m.text); n == 0 || n > 3900 {
		t.Errorf("text of %d characters", n)
	}
	checkMarkup(t, "text", m.text, calls)
	all, err := json.Marshal(m.blocks)
	if err != nil {
		t.Fatal(err)
	}
	if n := chars(string(all)); n > 12_000 {
		t.Errorf("blocks of %d characters", n)
	}
	text := func(where string, o *slackapi.TextBlockObject, limit int) {
		t.Helper()
		if n := chars(o.Text); n == 0 || n > limit {
			t.Errorf("%s of %d characters", where, n)
		}
		if o.Type == slackapi.MarkdownType && !o.Verbatim {
			t.Errorf("%s is not verbatim: Slack would make links of bare addresses", where)
		}
		checkMarkup(t, where, o.Text, calls)
	}
	for _, b := range m.blocks {
		switch b := b.(type) {
		case *slackapi.HeaderBlock:
			text("header", b.Text, 150)
		case *slackapi.SectionBlock:
			if len(b.Fields) > 10 || b.Text == nil && len(b.Fields) == 0 {
				t.Errorf("section with %d fields", len(b.Fields))
			}
			if b.Text != nil {
				text("section", b.Text, 3000)
			}
			for _, f := range b.Fields {
				text("field", f, 2000)
			}
		case *slackapi.ContextBlock:
			text("context", b.ContextElements.Elements[0].(*slackapi.TextBlockObject), 3000)
		case *slackapi.ActionBlock:
			if n := len(b.Elements.ElementSet); n == 0 || n > 25 {
				t.Errorf("%d buttons in a row", n)
			}
			ids := map[string]bool{}
			for _, e := range b.Elements.ElementSet {
				button := e.(*slackapi.ButtonBlockElement)
				text("label", button.Text, 75)
				_, acts := pressedKinds[button.ActionID]
				if !acts && button.URL == "" || ids[button.ActionID] || button.Value == "" || chars(button.Value) > 2000 || chars(button.URL) > 3000 {
					t.Errorf("button %q %q %q", button.ActionID, button.Value, button.URL)
				}
				ids[button.ActionID] = true
			}
		default:
			t.Errorf("block of type %T", b)
		}
	}
}

func TestEveryCaseKeepsTheLimits(t *testing.T) {
	for name, n := range cases() {
		t.Run(name, func(t *testing.T) { checkLimits(t, render(n, brussels), byFallback(n)) })
	}
}

// stuffed is a notice about an incident that holds the same texts everywhere,
// many times over.
func stuffed(a, b string, nClocks, nAlerts, nNotices uint16, seconds int64, kind byte) dispatch.Notice {
	now := detected.Add(time.Duration(seconds))
	states := []string{incident.ClockRunning, incident.ClockOverdue, incident.ClockProjected, incident.ClockSubmitted, incident.ClockStopped, a}
	v := incident.View{
		ID: "INC-2026-0001", Title: a, Summary: b, Status: a, Reportability: b, Severity: a, Service: b, TLP: incident.DefaultTLP, Exercise: kind&8 != 0,
		DetectedAt: detected, Commander: &a, AwareAt: &detected,
	}
	v.Category.Class, v.Category.Type = a, b
	if kind&16 != 0 {
		v.AcknowledgedBy, v.AcknowledgedAt = &b, &now
	}
	for i := range nClocks % 400 {
		c := clock("early_warning", b, time.Duration(i)*time.Hour, now)
		c.Entity, c.MemberState, c.State, c.Basis, c.Reference, c.Stopped, c.SubmittedAt = a, &b, states[int(i)%len(states)], a, &b, &a, &now
		c.DueAt = c.DueAt.Add(time.Duration(seconds % int64(time.Hour)))
		v.Clocks = append(v.Clocks, c)
	}
	for i := range nAlerts % 1200 {
		v.Alerts = append(v.Alerts, alert(fmt.Sprintf("%s%d", a, i%50), b))
	}
	for range nNotices % 100 {
		v.Incomplete = append(v.Incomplete, a+b)
	}
	asked := []string{incident.ProposalOpen, incident.ProposalExpired, incident.ProposalConfirmed, incident.ProposalRejected}
	for i := range nNotices % 30 {
		v.Proposals = append(v.Proposals, incident.MotionView{Number: int(i) + 1, Plan: a + b, By: b, State: asked[i%4], Reason: a, SettledBy: &a, SettledAt: &now, ExpiresAt: now})
	}
	roles := []incident.Role{incident.Post, incident.Update, incident.Reminder, incident.Page, incident.Heartbeat, incident.Ask}
	n := dispatch.Notice{
		Item: agenda.Item{ID: v.ID, Effect: incident.Effect{Role: roles[int(kind&7)%len(roles)], Key: a, Proposal: 1}, Reason: b, Since: detected},
		Key:  a, Incident: v, Page: "https://clock.example.org/" + a, Repeat: kind&32 != 0, Text: b, Now: now,
	}
	for i := range nNotices % 40 {
		n.Effect.Thresholds = append(n.Effect.Thresholds, incident.Passed{Name: a, At: now.Add(time.Duration(i))})
	}
	if len(v.Clocks) > 0 {
		n.Effect.Clock = v.Clocks[0].ClockID
	}
	if kind&64 != 0 {
		n.Refused = []string{a, b, "pagerduty", a}
	}
	return n
}

// checkSaid fails on a message that Slack would refuse, or that leaves out what
// must never be left out.
func checkSaid(t *testing.T, n dispatch.Notice) {
	t.Helper()
	m := render(n, brussels)
	checkLimits(t, m, byFallback(n))
	data, err := json.Marshal(m.blocks)
	if err != nil {
		t.Fatal(err)
	}
	both := func(what string) bool { return strings.Contains(m.text, what) && bytes.Contains(data, []byte(what)) }
	if n.Incident.Exercise && n.Effect.Role != incident.Heartbeat && !both("EXERCISE") {
		t.Error("an exercise is not marked")
	}
	if len(n.Refused) > 0 && !both("Nobody was paged") {
		t.Error("it does not say that nobody was paged")
	}
	if n.Effect.Role != incident.Heartbeat && openPage(n) != "" && !both("Open INC-2026-0001 in nis2clock") {
		t.Error("there is no way to the incident's page")
	}
	if again := render(n, brussels); again.text != m.text {
		t.Error("two renderings differ")
	}
}

func TestTheWorstIncidents(t *testing.T) {
	var texts []string
	for _, c := range []string{"&", "<", "\"", "\\", "😀", "\u2028", "\xff", "`", "x"} {
		texts = append(texts, strings.Repeat(c, 160), strings.Repeat(c, 4000))
	}
	for role := range byte(5) {
		for _, s := range texts {
			n := stuffed(s, s, 60, 120, 99, 1<<50, role|8|32|64) // an exercise, a repeat, refused elsewhere
			n.Page = "https://clock.example.org/?" + strings.Repeat("&", 190)
			checkSaid(t, n)
		}
	}
}

// FuzzRender: whatever an incident holds, Slack takes the message and reads no
// markup in it.
func FuzzRender(f *testing.F) {
	f.Add("<!channel>", "&", uint16(0), uint16(0), uint16(0), int64(0), byte(0))
	f.Add(strings.Repeat("&", 4000), strings.Repeat("😀", 3000), uint16(300), uint16(600), uint16(60), int64(1<<40), byte(1))
	f.Add(strings.Repeat("<", 4000), "```\n\u2028\"\\", uint16(40), uint16(3), uint16(2), int64(-5), byte(2))
	f.Add("\xff\xfe", "\u202e|>", uint16(7), uint16(1000), uint16(6), int64(1<<55), byte(3))
	f.Add("?x=\x85`\u00e9", "a", uint16(1), uint16(1), uint16(1), int64(1), byte(0))
	f.Add("https://a.example/?x=1&y=|<>", strings.Repeat("\"", 3000), uint16(13), uint16(6), uint16(9), int64(90_061), byte(4))
	f.Fuzz(func(t *testing.T, a, b string, nClocks, nAlerts, nNotices uint16, seconds int64, kind byte) {
		checkSaid(t, stuffed(a, b, nClocks, nAlerts, nNotices, seconds, kind))
	})
}

func TestManyClocks(t *testing.T) {
	now := opened
	v := freshView(now)
	v.Clocks = nil
	for i := range 30 {
		v.Clocks = append(v.Clocks, clock("notification", fmt.Sprintf("Clock %02d", i), time.Duration(100-i)*time.Hour, now))
	}
	m := render(notice(incident.Post, now, v), brussels)
	data := string(pretty(t, m))
	if !strings.Contains(data, "Clock 29") || !strings.Contains(data, "Clock 18") || strings.Contains(data, "Clock 17") || !strings.Contains(data, "and 18 more clocks") {
		t.Errorf("the 12 most urgent clocks and a count of the others were wanted, got %s", data)
	}
}

func TestStampShowsBothZones(t *testing.T) {
	tests := []struct{ at, zone, want string }{
		{"2026-11-22T02:05:59Z", "Europe/Brussels", "2026-11-22 02:05 UTC (03:05 CET)"},
		{"2026-11-22T23:30:00Z", "Europe/Brussels", "2026-11-22 23:30 UTC (2026-11-23 00:30 CET)"},
		{"2026-12-31T23:30:00Z", "Europe/Brussels", "2026-12-31 23:30 UTC (2027-01-01 00:30 CET)"},
		{"2027-03-28T00:59:59Z", "Europe/Brussels", "2027-03-28 00:59 UTC (01:59 CET)"},
		{"2027-03-28T01:00:00Z", "Europe/Brussels", "2027-03-28 01:00 UTC (03:00 CEST)"},
		{"2027-10-31T01:00:00Z", "Europe/Brussels", "2027-10-31 01:00 UTC (02:00 CET)"},
		{"2026-11-22T02:05:59Z", "UTC", "2026-11-22 02:05 UTC"},
		{"2026-11-22T04:05:00+02:00", "Europe/Athens", "2026-11-22 02:05 UTC (04:05 EET)"},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := stamp(at, mustZone(tt.zone)); got != tt.want {
			t.Errorf("stamp(%s, %s) = %q, want %q", tt.at, tt.zone, got, tt.want)
		}
	}
}

func TestEscape(t *testing.T) {
	tests := []struct {
		in    string
		limit int
		want  string
	}{
		{"a & b <c>", 100, "a &amp; b &lt;c&gt;"},
		{"  two\n\nlines\t ", 100, "two lines"},
		{"12345", 5, "12345"},
		{"123456", 5, "1234…"},
		{"123&", 8, "123&amp;"},
		{"123&", 7, "123…"}, // an entity is cut whole
		{"ab😀", 4, "ab😀"},
		{"ab😀", 3, "ab…"}, // two UTF-16 units
		{"word and", 6, "word…"},
		{"\xff", 5, "\uFFFD"},
		{"a\u202eb\x00c", 9, "ab c"},
		{"```x```", 9, "'''x'''"},
		{"", 5, ""},
	}
	for _, tt := range tests {
		if got := escape(tt.in, tt.limit); got != tt.want {
			t.Errorf("escape(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestLateIsSaidFromAMinuteOn(t *testing.T) {
	now := opened
	for late, want := range map[time.Duration]string{
		0: "", time.Minute: "", time.Minute + time.Second: "This reminder is 1 min late.", 5*time.Hour + 12*time.Minute: "This reminder is 5 h 12 min late.",
	} {
		n := reminder(now, freshView(now), incident.Passed{Name: "50%", At: now.Add(-late)})
		text := render(n, nil).text
		if got := strings.Contains(text, "late."); got != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%v late: %q, want %q in it", late, text, want)
		}
	}
}

// The button is there until somebody acknowledged, and never on a closed incident.
func TestButton(t *testing.T) {
	has := func(v incident.View) bool {
		return strings.Contains(string(pretty(t, render(notice(incident.Update, opened, v), nil))), AcknowledgeAction)
	}
	v := freshView(opened)
	if !has(v) {
		t.Error("no button on a fresh incident")
	}
	closed := v
	closed.Status = incident.StatusClosed
	if has(closed) {
		t.Error("a button on a closed incident")
	}
	acknowledge(&v, "anna")
	if has(v) {
		t.Error("a button after the acknowledgement")
	}
}

// Who answers the second call finds the button wherever the first had one, until
// somebody has, and with words that tell the two apart.
func TestButtonAfterASecondCall(t *testing.T) {
	v := freshView(opened)
	acknowledge(&v, "anna")
	for again, want := range map[bool]string{false: "", true: "Acknowledge again"} {
		v.Unanswered = again
		for place, said := range map[string]any{
			"message":        render(notice(incident.Update, opened, v), nil).blocks,
			"reminder":       render(reminder(opened, v, incident.Passed{Name: "75%", At: opened}), nil).blocks,
			"page":           render(notice(incident.Page, opened, v), nil).blocks,
			"the app's page": homeRow(v, "line"),
		} {
			data, err := json.Marshal(said)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, []byte(AcknowledgeAction)) != again || !bytes.Contains(data, []byte(want)) {
				t.Errorf("%s, called again %t: want the button %q in\n%s", place, again, want, data)
			}
		}
	}
	v.Unanswered, v.Status = true, incident.StatusClosed
	if acknowledgeable(v) {
		t.Error("a closed incident can be acknowledged")
	}
}

func TestLink(t *testing.T) {
	tests := []struct{ address, want string }{
		{"https://a.example/incidents/INC-1", "<https://a.example/incidents/INC-1|x>"},
		{"http://127.0.0.1:2555/?a=1&b=<|>`é\xff", "<http://127.0.0.1:2555/?a=1&amp;b=%3C%7C%3E%60%C3%A9%FF|x>"},
		{"", ""}, {"/incidents/INC-1", ""}, {"javascript:alert(1)", ""}, {"https://", ""}, {"https://a.example/\n", ""},
		{"https://a.example/" + strings.Repeat("x", 1000), ""},
	}
	for _, tt := range tests {
		if got := link(tt.address, "x"); got != tt.want {
			t.Errorf("link(%q) = %q, want %q", tt.address, got, tt.want)
		}
	}
}
