package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of what leads outside, an exercise reads nothing but what is under exercise:
// not even a secret's file is opened.
func TestAnExerciseReadsNoWayOut(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "drill.token"), []byte("xoxb-drill\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "c.yaml")
	const file = `
entities: [{name: acme, member_state: DE, authority: BSI}]
clocks: {overdue_every: 2h}
intake: {auth: {token_files: [missing]}, reconcile: {alertmanager: ["http://am.example"]}, heartbeat: {}}
pagerduty: {routing_key: "${REAL}", webhook_secret_file: missing, oncall: {token_file: missing, schedule: PI7DH85}}
slack: {token: "${REAL}", channel: C0REAL}
mail: {server: smtp.example:587, from: a@b.example, to: [authority@example.eu], username: x, password_file: missing}
webhook: {url: "https://hook.example", secret: "${REAL}"}
escalation: {steps: [{after: 5m, to: [pagerduty]}]}
evidence: {offsite: {endpoint: "https://s3.example", bucket: b, access_key: "${REAL}", secret_key: "${REAL}"}}
web: {external_url: "https://real.example", listen: "0.0.0.0:1"}
exercise: {slack: {token_file: drill.token, channel: C0DRILL}}
`
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadExercise(path, func(name string) string {
		t.Errorf("asked for %s", name)
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.PagerDuty != nil || c.Slack != nil || c.Mail != nil || c.Webhook != nil || c.Offsite != nil || c.Timestamps != nil || len(c.Evidence.Collectors) != 0 ||
		len(c.Intake.Alertmanagers) != 0 || len(c.Intake.TokenFiles) != 0 || c.Intake.Heartbeat != (Heartbeat{}) || c.Web != Default().Web || len(c.Clocks.Escalation.Steps) != 0 {
		t.Errorf("it read a way in or out: %+v", c)
	}
	if own := c.Exercise.Slack; own == nil || own.Channel != "C0DRILL" || own.Token != "xoxb-drill" {
		t.Errorf("its own channel is %v", own)
	}
	if c.Entities[0].Name != "acme" || c.Clocks.OverdueEvery != 2*60*60*1e9 {
		t.Errorf("what it may know is missing: %+v", c)
	}

	_, err = Load(path, func(string) string { return strings.Repeat("x", 32) })
	if err == nil || !strings.Contains(err.Error(), "pagerduty.webhook_secret_file: the path named there cannot be read") {
		t.Errorf("the service reads the same file as %v, want that its secrets cannot be read", err)
	}
}

func TestAnExerciseHasAChannelOfItsOwn(t *testing.T) {
	_, err := parse("c.yaml", ".", []byte("slack: {token: '${T}', channel: C0REAL}\nexercise: {slack: {token: '${T}', channel: C0REAL}}\n"), func(string) string { return "xoxb-1" })
	if err == nil || !strings.Contains(err.Error(), "c.yaml:2: exercise.slack.channel: is slack.channel") {
		t.Errorf("error %v", err)
	}
}
