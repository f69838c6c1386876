package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
)

// filed is a stage whose secrets lie in files, which write changes.
func filed(t *testing.T) (s *stage, write func(name, secret string), log *lockedLog) {
	t.Helper()
	dir := t.TempDir()
	write = func(name, secret string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("routing", routingKey+"\n")
	write("webhook", webhookSecret)
	write("token", "xoxb-good")
	write("signing", slackSecret)
	write("c.yaml", fmt.Sprintf(`
pagerduty: {routing_key_file: routing, webhook_secret_file: webhook, url: "http://pager.example"}
slack: {token_file: token, signing_secret_file: signing, channel: %s, url: "http://slack.example/api/"}
people: [{name: %s, role: commander, slack: {team: %s, user: %s}, pagerduty: %s}]
web: {listen: %q, external_url: "http://clock.example"}
`, slackfake.DefaultChannel, carla, slackTeam, carlaInSlack, carlaInPager, clockAt))
	load := func() (*config.Config, error) {
		return config.Load(filepath.Join(dir, "c.yaml"), func(string) string { return "" })
	}
	s = newStage(t, func(c *config.Config) {
		data := c.DataDir
		next, err := load()
		if err != nil {
			t.Fatal(err)
		}
		*c = *next
		c.DataDir = data
	})
	log = &lockedLog{}
	s.stop()
	s.log = log
	s.reload = func() (*config.Config, error) {
		next, err := load()
		if err == nil {
			next.DataDir = s.cfg.DataDir
		}
		return next, err
	}
	s.start(s.cfg.DataDir)
	return s, write, log
}

// Secrets that are exchanged in their files, at both ends, are in use within
// seconds and without a restart; nothing that is due gets lost meanwhile.
func TestSecretsAreExchangedWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, write, log := filed(t)
		s.alert(time.Now().Add(-time.Minute), 1)
		s.within(promptly, "a page and a message", func() bool { _, ok := s.message(); return ok && s.newestPage() != "" })

		const token, signing, hook = "xoxb-new-0123456789", "new-signing-0123456789", "new-hook-0123456789"
		write("routing", managementKey)
		write("webhook", hook)
		write("token", token)
		write("signing", signing)
		s.slack.Rotate(token)
		s.slack.SetCallback("http://clock.example/webhook/slack/interactions", signing)
		s.pager.Unsubscribe()
		s.pager.Subscribe(pdfake.Subscription{URL: "http://clock.example/webhook/pagerduty", Secrets: []string{hook}, RetryAfter: 5 * time.Second, Client: s.client})
		s.wait(2 * lookAtSecrets)

		s.inc = "INC-2026-0002"
		s.alert(time.Now().Add(-time.Minute), 2)
		s.within(promptly, "a page and a message", func() bool { _, ok := s.message(); return ok && len(s.pager.Pages()) == 2 })
		if got := s.pager.Pages()[1].RoutingKey; got != managementKey {
			t.Errorf("paged with the key %s, want the new one", got)
		}
		if err := s.press(slack.AcknowledgeAction); err != nil {
			t.Errorf("a button signed with the new secret: %v", err)
		}
		s.within(promptly, "the button counts", func() bool { return s.view().AcknowledgedBy != nil })
		s.inc = "INC-2026-0001"
		s.pager.Act(s.pager.Pages()[0].DedupKey, "acknowledged", pdfake.User{ID: carlaInPager, Name: "C. C."})
		s.within(promptly, "a webhook signed with the new secret counts", func() bool { return s.view().AcknowledgedBy != nil })

		for _, secret := range []string{routingKey, managementKey, webhookSecret, slackSecret, "xoxb-good", token, signing, hook} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log holds the secret %s:\n%s", secret, log)
			}
		}
		if n := strings.Count(log.String(), "Secrets that changed are in use now"); n != 1 {
			t.Errorf("the log tells %d times of the exchange:\n%s", n, log)
		}
	})
}

// A file that is emptied or taken away leaves the secret read before in use,
// and it is said where people look until it is mended.
func TestSecretThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, write, log := filed(t)
		write("routing", "\n")
		s.wait(2 * lookAtSecrets)
		ready := func() string {
			said, err := answer(s.client.Get("http://clock.example/-/ready"))
			if err != nil {
				t.Fatal(err)
			}
			return said
		}
		if said := ready(); !strings.Contains(said, "changed secrets are not in use, those read before are: ") || !strings.Contains(said, "pagerduty.routing_key_file: the file named there is empty") {
			t.Errorf("/-/ready says %s", said)
		}
		s.alert(time.Now().Add(-time.Minute), 1)
		s.within(promptly, "a page", func() bool { return len(s.pager.Pages()) == 1 })
		s.wait(time.Minute)
		if n := strings.Count(log.String(), "Changed secrets not taken over"); n != 1 {
			t.Errorf("the log tells %d times of it:\n%s", n, log)
		}
		write("routing", managementKey)
		s.wait(2 * lookAtSecrets)
		if said := ready(); strings.Contains(said, "changed secrets") {
			t.Errorf("once it is mended /-/ready says %s", said)
		}
		s.alert(time.Now().Add(-time.Minute), 2)
		s.within(promptly, "another page", func() bool { return len(s.pager.Pages()) == 2 && s.pager.Pages()[1].RoutingKey == managementKey })
	})
}
