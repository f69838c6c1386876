package config

import (
	"fmt"
	"regexp"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/people"
)

// people reads the list of those who are named. The entities are known by then:
// a date counts in the first one's zone.
func (c *Config) people(s *section) {
	f, ok := s.take("people")
	if !ok {
		return
	}
	items, ok := f.items()
	if !ok {
		return
	}
	var all []people.Person
	var sections []*section
	for _, item := range items {
		sub, ok := item.section()
		if !ok {
			continue
		}
		all, sections = append(all, c.person(sub)), append(sections, sub)
	}
	before := len(s.mistakes)
	d, faults := people.New(all)
	for _, e := range faults {
		sub := sections[e.Index]
		s.refuse(sub.lineOf(e.Key), sub.at(e.Key), "%v", e.Err)
	}
	if len(s.mistakes) == before {
		c.People = d
	}
}

func (c *Config) person(s *section) people.Person {
	defer s.close()
	p := people.Person{Role: access.Responder}
	if _, given := s.found["name"]; given {
		p.Name = s.path // a name that is refused equals no other
	}
	scalar(s, "name", &p.Name, parsePersonName)
	scalar(s, "email", &p.Email, parseEmail)
	scalar(s, "phone", &p.Phone, parseText)
	if sub, ok := s.section("slack"); ok {
		defer sub.close()
		team := scalar(sub, "team", &p.Slack.Team, parseID("a workspace's id such as T024BE7LD, or an organisation's", slackTeam))
		if !team {
			sub.missing("team", "a user's id names nobody without the workspace's; it is in the address of Slack in a browser")
		}
		user := scalar(sub, "user", &p.Slack.User, parseID("a member id such as U024BE7LH: Slack shows it in the member's profile", slackUser))
		if !user {
			sub.missing("user", "give the member id that Slack shows in the member's profile")
		}
		if p.Slack.Team == "" || p.Slack.User == "" {
			p.Slack = people.SlackID{} // it is refused
		}
	}
	scalar(s, "pagerduty", &p.PagerDuty, parseID("a user's id such as PXPGF42: it ends the address of their profile", pagerDutyUser))
	scalar(s, "role", &p.Role, parsePersonRole)
	scalar(s, "deputy_for", &p.DeputyFor, parsePersonName)
	scalar(s, "from", &p.From, c.parseDay(0))
	scalar(s, "until", &p.Until, c.parseDay(1))
	return p
}

// personName has no @: U1@T1 is how somebody nobody named is called.
var personName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N} .,'’()_-]{0,63}$`)

func parsePersonName(s string) (string, error) {
	if !personName.MatchString(s) {
		return "", fmt.Errorf("%s is not a name: want up to 64 letters, digits, spaces and . , ' ( ) _ -", quote(s))
	}
	return s, nil
}

var (
	slackTeam     = regexp.MustCompile(`^[TE][A-Z0-9]{1,30}$`)
	slackUser     = regexp.MustCompile(`^[UW][A-Z0-9]{1,30}$`)
	pagerDutyUser = regexp.MustCompile(`^[A-Z0-9]{2,30}$`)
)

// parseID reads a vendor's id.
func parseID(what string, form *regexp.Regexp) func(string) (string, error) {
	return func(s string) (string, error) {
		if !form.MatchString(s) {
			return "", fmt.Errorf("%s is not %s", quote(s), what)
		}
		return s, nil
	}
}

// parsePersonRole leaves out the role that is for programs only.
func parsePersonRole(s string) (access.Role, error) {
	r, err := access.ParseRole(s)
	if err != nil || r == access.Intake {
		return "", fmt.Errorf("%s is no role of a person: want commander, responder, auditor or admin", quote(s))
	}
	return r, nil
}

// parseDay reads an instant, or a date: the beginning of that day plus days.
func (c *Config) parseDay(days int) func(string) (time.Time, error) {
	return func(s string) (time.Time, error) {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t.UTC(), nil
		}
		d, err := parseDate(s)
		if err != nil {
			return time.Time{}, fmt.Errorf("%s is neither a date such as 2027-01-01 nor a time with offset such as 2027-01-01T08:00:00+01:00", quote(s))
		}
		zone := c.Zone()
		if zone == nil {
			zone = time.UTC
		}
		return time.Date(d.Year, d.Month, d.Day+days, 0, 0, 0, 0, zone).UTC(), nil
	}
}
