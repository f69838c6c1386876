package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/mail"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/regime"
	"nis2clock/internal/slack"
	"nis2clock/internal/webhookout"
)

// escalation reads who else is called. The channels and the people are known
// by then.
func (c *Config) escalation(s *section) {
	defer s.close()
	e := &c.Clocks.Escalation
	e.Steps, _ = c.steps(s)
	if f, ok := s.take("instead"); ok {
		items, _ := f.items()
		for _, item := range items {
			if sub, ok := item.section(); ok {
				c.instead(sub, e)
			}
		}
	}
	sub, ok := s.section("quiet")
	if !ok {
		return
	}
	defer sub.close()
	e.Quiet.Zone = "UTC"
	if z := c.Zone(); z != nil {
		e.Quiet.Zone = z.String()
	}
	if !scalar(sub, "from", &e.Quiet.From, parseMinute) {
		sub.missing("from", "give the time of day at which nobody is woken any more, such as 22:00")
	}
	if !scalar(sub, "until", &e.Quiet.Until, parseMinute) {
		sub.missing("until", "give the time of day from which people are woken again, such as 07:00")
	}
}

// instead reads the steps for some severities or clocks.
func (c *Config) instead(s *section, e *incident.Escalation) {
	defer s.close()
	var severities, clocks []string
	list(s, "severities", &severities, func(v string) (string, error) {
		v, err := parseText(v)
		return strings.ToLower(v), err
	})
	list(s, "clocks", &clocks, c.parseClock)
	if len(severities)+len(clocks) == 0 {
		s.missing("severities", "say for which incidents these steps are, or with clocks for which reports")
	}
	steps, ok := c.steps(s)
	if !ok {
		s.missing("steps", "say who is called instead")
		return
	}
	for _, name := range severities {
		if e.Severities == nil {
			e.Severities = map[string][]incident.Step{}
		}
		e.Severities[name] = steps
	}
	for _, name := range clocks {
		if e.Clocks == nil {
			e.Clocks = map[string][]incident.Step{}
		}
		e.Clocks[name] = steps
	}
}

// steps reads the ladder of a section; false when it has none.
func (c *Config) steps(s *section) ([]incident.Step, bool) {
	f, ok := s.take("steps")
	if !ok {
		return nil, false
	}
	items, ok := f.items()
	if !ok {
		return nil, true
	}
	before := len(s.mistakes)
	var steps []incident.Step
	for _, item := range items {
		sub, ok := item.section()
		if !ok {
			continue
		}
		var after time.Duration
		var step incident.Step
		if !scalar(sub, "after", &after, parseDuration) {
			sub.missing("after", "say how long nobody may have answered, such as 15m; 0s is the beginning")
		}
		if !list(sub, "to", &step.To, c.parseTarget) && sub.found["to"] == nil {
			sub.missing("to", "a step that calls nobody is none: name a channel such as pagerduty, or channel/whom")
		}
		step.After = incident.Span(after)
		steps = append(steps, step)
		sub.close()
	}
	if err := incident.Check(steps); err != nil && len(s.mistakes) == before {
		f.refuse("%s", strings.TrimPrefix(err.Error(), incident.ErrInvalid.Error()+": "))
	}
	return steps, true
}

// parseTarget reads channel or channel/whom.
func (c *Config) parseTarget(s string) (incident.Target, error) {
	var t incident.Target
	t.Channel, t.To, _ = strings.Cut(s, "/")
	there := map[string]bool{pagerduty.Name: c.PagerDuty != nil, slack.Name: c.Slack != nil, opsgenie.Name: c.Opsgenie != nil, mail.Name: c.Mail != nil, webhookout.Name: c.Webhook != nil}
	switch configured, known := there[t.Channel]; {
	case !known:
		return t, fmt.Errorf("%s is none of the channels: want %s", quote(t.Channel), either(channelNames))
	case !configured:
		return t, fmt.Errorf("%s is not configured in this file", t.Channel)
	case t.To == "":
		return t, nil
	}
	switch t.Channel {
	case pagerduty.Name:
		if _, ok := c.PagerDuty.Services[t.To]; !ok {
			return t, fmt.Errorf("%s is none of pagerduty.services", quote(t.To))
		}
	case mail.Name:
		if strings.Contains(t.To, "@") {
			address, err := parseAddress(t.To)
			if err != nil {
				return t, fmt.Errorf("%s is not an e-mail address", quote(t.To))
			}
			t.To = address
		} else if p, ok := c.People.Named(t.To); !ok || p.Email == "" {
			return t, fmt.Errorf("nobody in people is called %s and has an e-mail address", quote(t.To))
		}
	default:
		return t, fmt.Errorf("%s tells whom it is configured to: leave /%s out", t.Channel, t.To)
	}
	return t, nil
}

// channelNames are the ways out that a step can name.
var channelNames = []string{pagerduty.Name, slack.Name, opsgenie.Name, mail.Name, webhookout.Name}

// parseClock reads a stage that some regime here has, or regime/stage.
func (c *Config) parseClock(s string) (string, error) {
	law, stage, both := strings.Cut(s, "/")
	if !both {
		law, stage = "", s
	}
	for _, reg := range c.Law.Regimes() {
		if _, ok := reg.Stage(regime.StageID(stage)); ok && (law == "" || law == string(reg.ID)) {
			return s, nil
		}
	}
	return "", fmt.Errorf("%s is no report of a regime here, such as early_warning or nis2/early_warning", quote(s))
}

func parseMinute(s string) (m incident.Minute, err error) {
	return m, m.UnmarshalText([]byte(s))
}

var serviceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// services reads the further integration keys by name.
func readServices(s *section, c *pagerduty.Config) {
	f, ok := s.take("services")
	if !ok {
		return
	}
	items, _ := f.items()
	for _, item := range items {
		sub, ok := item.section()
		if !ok {
			continue
		}
		var name string
		if !scalar(sub, "name", &name, parseServiceName) {
			sub.missing("name", "escalation calls the service by it")
		}
		key := readRoutingKey(sub)
		sub.close()
		if _, twice := c.Services[name]; twice {
			sub.refuse(sub.lineOf("name"), sub.at("name"), "is that of another service too: keep one")
			continue
		}
		if c.Services == nil {
			c.Services = map[string]string{}
		}
		c.Services[name] = key
	}
}

func parseServiceName(s string) (string, error) {
	if !serviceName.MatchString(s) {
		return "", fmt.Errorf("%s is not a name: want up to 32 small letters, digits, dashes and underscores", quote(s))
	}
	return s, nil
}

// readRoutingKey reads the integration key of a section, which needs one.
func readRoutingKey(s *section) string {
	key, f, ok := s.secret("routing_key")
	switch {
	case f == nil:
		s.missing("routing_key_file", "name the file that holds the integration key of an Events API v2 integration, or write routing_key: ${NAME}")
	case ok && len(key) != routingKeyLength:
		f.refuse("the key has %d characters, not %d: copy the integration key of an Events API v2 integration", len(key), routingKeyLength)
	}
	return key
}
