package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/slack"
)

// Bounds of what can be set.
const (
	// minBody: a body refused as too large never comes again (AM-19).
	minBody = 64 << 10
	maxBody = 4 << 30
	// minEvery keeps what repeats from drowning people.
	minEvery = time.Minute
	// routingKeyLength is that of an integration key, in characters (PD-2).
	routingKeyLength = 32
)

// read takes every key of the file; c holds the defaults.
func (c *Config) read(s *section) {
	defer s.close()
	scalar(s, "data_dir", &c.DataDir, s.resolve)
	if sub, ok := s.section("store"); ok {
		readStore(sub)
	}
	c.regimes(s)
	c.entities(s)
	c.people(s)
	if sub, ok := s.section("classification"); ok {
		c.classification(sub)
	}
	if sub, ok := s.section("clocks"); ok {
		c.Clocks.read(sub)
	}
	if sub, ok := s.section("decisions"); ok {
		defer sub.close()
		scalar(sub, "second_person", &c.Decisions.SecondPerson, parseBool)
	}
	if sub, ok := s.section("intake"); ok {
		c.Intake.read(sub)
	}
	if sub, ok := s.section("evidence"); ok {
		c.evidence(sub)
	}
	if sub, ok := s.section("pagerduty"); ok {
		c.PagerDuty = readPagerDuty(sub)
		c.PagerDuty.Zone = c.Zone()
	}
	if sub, ok := s.section("slack"); ok {
		c.Slack = readSlack(sub)
		c.Slack.Zone = c.Zone()
	}
	if sub, ok := s.section("opsgenie"); ok {
		c.Opsgenie = readOpsgenie(sub)
		c.Opsgenie.Zone = c.Zone()
	}
	if sub, ok := s.section("mail"); ok {
		c.Mail = readMail(sub)
		c.Mail.Zone = c.Zone()
	}
	if sub, ok := s.section("webhook"); ok {
		c.Webhook = readWebhook(sub)
	}
	if sub, ok := s.section("escalation"); ok {
		c.escalation(sub)
	}
	if sub, ok := s.section("web"); ok {
		c.Web.read(sub)
	}
	if sub, ok := s.section("retention"); ok {
		c.Retention.read(sub, c.DataDir)
	}
	if sub, ok := s.section("exercise"); ok {
		c.Exercise.read(sub)
		if e := c.Exercise.Slack; e != nil && c.Slack != nil && e.Channel == c.Slack.Channel {
			sub.refuse(sub.line, sub.path+".slack.channel", "is slack.channel: exercises need a channel of their own")
		}
	}
	if sub, ok := s.section("reports"); ok {
		defer sub.close()
		c.reports(sub)
	}
	s.folder("runbooks_dir", &c.RunbooksDir)
}

// readStore takes what keeps the journal. There is one engine, so that nothing
// is to be remembered of it.
func readStore(s *section) {
	defer s.close()
	engine := ""
	scalar(s, "engine", &engine, func(name string) (string, error) {
		if name != "bbolt" {
			return "", fmt.Errorf("%q is not an engine: want bbolt", name)
		}
		return name, nil
	})
}

func (c *Config) reports(s *section) {
	s.folder("templates_dir", &c.TemplatesDir)
	if list(s, "languages", &c.Languages, parseLanguage) && len(c.Languages) == 0 {
		s.refuse(s.lineOf("languages"), s.at("languages"), "the list is empty: leave the key out for %s", catalogue.Default)
	}
	if signing, ok := s.section("signing"); ok {
		c.Signing = readSigning(signing)
	}
}

// parseLanguage takes a language that reports are written in.
func parseLanguage(s string) (string, error) {
	l, err := catalogue.In(s)
	if err != nil || s == "" {
		return "", fmt.Errorf("there is no report in %q: want %s", s, strings.Join(catalogue.Tags(), ", "))
	}
	return l.Tag, nil
}

func (c *Config) classification(s *section) {
	defer s.close()
	list(s, "correlate_by", &c.Classification.CorrelateBy, parseLabel)
	scalar(s, "correlate_within", &c.Classification.CorrelateWithin, atLeast(minEvery))
	scalar(s, "triage_within", &c.Classification.TriageWithin, atLeast(minEvery))
	c.rules(s)
}

func (c *Clocks) read(s *section) {
	defer s.close()
	list(s, "reminders", &c.Reminders, parseThreshold)
	scalar(s, "overdue_every", &c.OverdueEvery, zeroOr(atLeast(minEvery)))
	scalar(s, "page_from", &c.PageFrom, parseThreshold)
}

func (c *Intake) read(s *section) {
	defer s.close()
	if auth, ok := s.section("auth"); ok {
		defer auth.close()
		c.TokenFiles = auth.tokenFiles("token_files")
		if basic, ok := auth.section("basic"); ok {
			c.Basic = readBasic(basic)
		}
	}
	scalar(s, "max_body", &c.MaxBody, parseSize)
	if beat, ok := s.section("heartbeat"); ok {
		defer beat.close()
		c.Heartbeat = Heartbeat{AlertName: "Watchdog", Within: 15 * time.Minute}
		scalar(beat, "alertname", &c.Heartbeat.AlertName, parseText)
		scalar(beat, "within", &c.Heartbeat.Within, atLeast(minEvery))
	}
	if sub, ok := s.section("reconcile"); ok {
		defer sub.close()
		list(sub, "alertmanager", &c.Alertmanagers, parseBase)
		list(sub, "prometheus", &c.Prometheus, parseBase)
		scalar(sub, "every", &c.ReconcileEvery, atLeast(10*time.Second))
	}
}

func readBasic(s *section) *access.Basic {
	defer s.close()
	b := new(access.Basic)
	if !scalar(s, "username", &b.Username, parseUsername) {
		s.missing("username", "give the name that Alertmanager's http_config sends")
	}
	if f, ok := s.take("password_file"); !ok {
		s.missing("password_file", "name the file that holds the password")
	} else if path, _, ok := f.secretFile(); ok {
		b.PasswordFile = path
	}
	return b
}

func readPagerDuty(s *section) *pagerduty.Config {
	defer s.close()
	c := &pagerduty.Config{BaseURL: pagerduty.DefaultBaseURL}
	c.RoutingKey = readRoutingKey(s)
	readServices(s, c)
	var f *field
	if c.WebhookSecret, f, _ = s.secret("webhook_secret"); f == nil {
		s.warn(s.line, s.at("webhook_secret_file"), "is missing: who acknowledges in PagerDuty is not known here")
	}
	scalar(s, "url", &c.BaseURL, parseHost)
	if sub, ok := s.section("oncall"); ok {
		c.OnCall = readOnCall(sub, c.BaseURL)
	}
	return c
}

// readOnCall reads whom to ask for. events is the address of the Events API:
// the REST API lies in the same service region.
func readOnCall(s *section, events string) *pagerduty.OnCallConfig {
	defer s.close()
	c := &pagerduty.OnCallConfig{BaseURL: pagerduty.DefaultAPI, Every: pagerduty.DefaultAskEvery}
	if strings.Contains(events, ".eu.pagerduty.com") {
		c.BaseURL = pagerduty.EUAPI
	}
	token, f, _ := s.secret("token")
	if f == nil {
		s.missing("token_file", "name the file that holds a read-only REST API key, or write token: ${NAME}")
	}
	c.Token = token
	id := parseID("an id such as PI7DH85: it ends its address in PagerDuty", pagerDutyUser)
	schedule := scalar(s, "schedule", &c.Schedule, id)
	policy := scalar(s, "escalation_policy", &c.EscalationPolicy, id)
	switch {
	case schedule && policy:
		s.refuse(s.lineOf("escalation_policy"), s.at("escalation_policy"), "schedule is given too: keep one of the two")
	case !schedule && !policy:
		s.missing("schedule", "give the id of a schedule, or of an escalation policy as escalation_policy")
	}
	scalar(s, "url", &c.BaseURL, parseHost)
	scalar(s, "every", &c.Every, atLeast(time.Minute))
	return c
}

func readSlack(s *section) *slack.Config {
	defer s.close()
	c := &slack.Config{BaseURL: slack.DefaultBaseURL, Unknown: slack.AllowUnknown, ConfirmWithin: slack.DefaultConfirmWithin, Mark: slack.DefaultMark}
	token, f, _ := s.secret("token")
	if f == nil {
		s.missing("token_file", "name the file that holds the app's bot token (xoxb-…), or write token: ${NAME}")
	}
	c.AppToken, f, _ = s.secret("app_token")
	socket := f != nil
	secret, f, _ := s.secret("signing_secret")
	if f == nil && !socket {
		s.warn(s.line, s.at("signing_secret_file"), "is missing, and so is app_token_file: the buttons will not work")
	}
	c.Token, c.SigningSecret = token, secret
	if !scalar(s, "channel", &c.Channel, parseChannel) {
		s.missing("channel", "give the id of the channel to post to, such as C024BE91L")
	}
	scalar(s, "url", &c.BaseURL, parseURL)
	scalar(s, "unknown_users", &c.Unknown, parseUnknownUsers)
	scalar(s, "confirm_within", &c.ConfirmWithin, atLeast(minEvery))
	list(s, "second_person", &c.SecondPerson, parseDecision)
	scalar(s, "note_reaction", &c.Mark, parseReaction)
	scalar(s, "incident_channels", &c.Rooms, parseBool)
	scalar(s, "incident_channel_prefix", &c.RoomPrefix, parseRoomPrefix)
	return c
}

func parseUnknownUsers(s string) (slack.Unknown, error) {
	switch u := slack.Unknown(s); u {
	case slack.AllowUnknown, slack.RefuseUnknown:
		return u, nil
	}
	return "", fmt.Errorf("%s is not known here: want allow or refuse", quote(s))
}

// parseDecision reads what can ask for a second person.
func parseDecision(s string) (slack.Kind, error) {
	switch k := slack.Kind(s); k {
	case slack.Assess, slack.Submit, slack.NotReportable:
		return k, nil
	}
	return "", fmt.Errorf("%s is not known here: want assess, submit or not_reportable", quote(s))
}

// parseRoomPrefix reads how the names of incidents' own channels begin.
func parseRoomPrefix(s string) (string, error) {
	if !roomPrefix.MatchString(s) {
		return "", fmt.Errorf("%s cannot begin a channel's name: want up to 40 lower-case letters, digits, - and _", quote(s))
	}
	return s, nil
}

var roomPrefix = regexp.MustCompile(`^[a-z0-9_-]{0,40}$`)

var reaction = regexp.MustCompile(`^[a-z0-9_+'-]{1,100}$`)

// parseReaction reads an emoji's name, also between colons.
func parseReaction(s string) (string, error) {
	name := strings.Trim(s, ":")
	if !reaction.MatchString(name) {
		return "", fmt.Errorf("%s is not the name of an emoji such as memo", quote(s))
	}
	return name, nil
}

func (c *Web) read(s *section) {
	defer s.close()
	scalar(s, "listen", &c.Listen, parseListen)
	scalar(s, "external_url", &c.ExternalURL, parseBase)
	tls, ok := s.section("tls")
	if !ok {
		return
	}
	defer tls.close()
	c.TLS = new(TLS)
	if !tls.file("cert_file", &c.TLS.CertFile) {
		tls.missing("cert_file", "name the PEM file of the certificate and its chain")
	}
	if f, ok := tls.take("key_file"); !ok {
		tls.missing("key_file", "name the PEM file of the certificate's private key")
	} else if path, _, ok := f.secretFile(); ok {
		c.TLS.KeyFile = path
	}
	tls.file("client_ca_file", &c.TLS.ClientCAFile)
}
