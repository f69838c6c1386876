package slack

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// Command is the slash command.
const Command = "/nis2"

// slashCommand is what we read of one.
type slashCommand struct {
	TeamID       string `json:"team_id"`
	EnterpriseID string `json:"enterprise_id"`
	UserID       string `json:"user_id"`
	Text         string `json:"text"`
	TriggerID    string `json:"trigger_id"`
}

// commandBody makes JSON of the plain form (SL-2).
func commandBody(body []byte) (jsontext.Value, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("command") {
		return nil, fmt.Errorf("%w: the body holds no slash command", errBad)
	}
	return json.Marshal(slashCommand{
		TeamID: form.Get("team_id"), EnterpriseID: form.Get("enterprise_id"), UserID: form.Get("user_id"), Text: form.Get("text"), TriggerID: form.Get("trigger_id"),
	})
}

// ephemeral is an answer only the person sees. Its text is mrkdwn.
type ephemeral struct {
	Type string `json:"response_type"`
	Text string `json:"text"`
}

func (h *Handler) command(ctx context.Context, payload []byte) (answer, error) {
	var c slashCommand
	team := ""
	if err := json.Unmarshal(payload, &c, lenient); err == nil {
		team = or(c.TeamID, c.EnterpriseID)
	}
	if c.UserID == "" || team == "" {
		return answer{}, fmt.Errorf("%w: the slash command names no user", errBad)
	}
	text, err := h.in.Office.Say(ctx, c.UserID+"@"+team, c.TriggerID, c.Text)
	switch r := asRefusal(err); {
	case r != nil:
		text = foreign(r.Text, maxSection)
	case err != nil:
		h.in.Log.ErrorContext(ctx, "slack: command was not recorded", "by", c.UserID+"@"+team, "error", err)
		text = notRecorded
	}
	return answer{body: ephemeral{"ephemeral", text}, refused: asRefusal(err)}, nil
}

// word is one subcommand.
type word struct {
	name, use, does string
	run             func(*Clerk, context.Context, said) (string, error)
}

// words are the subcommands, in the order the help has them.
func words() []word {
	return []word{
		{"list", "list", "open incidents, the next deadline first", (*Clerk).sayList},
		{"show", "show INC-…", "one incident with its clocks", (*Clerk).sayShow},
		{"ack", "ack INC-…", "acknowledge; stops no clock", (*Clerk).sayAck},
		{"declare", "declare TITLE", "open an incident; its clocks run from now", (*Clerk).sayDeclare},
		{"note", "note INC-… TEXT", "add a line to the timeline", (*Clerk).sayNote},
		{"oncall", "oncall", "who decides now, and how to reach them", (*Clerk).sayOnCall},
		{"help", "help", "this", (*Clerk).sayHelp},
	}
}

// said is one slash command.
type said struct {
	user, key, rest string
}

// incident is the id that the rest begins with, and what follows it.
func (s said) incident() (incident.ID, string) {
	id, rest, _ := strings.Cut(s.rest, " ")
	return incident.ID(escape(strings.ToUpper(id), maxValue)), strings.TrimSpace(rest)
}

// Say answers the words after the slash command in mrkdwn. A word nobody knows
// gets the help.
func (c *Clerk) Say(ctx context.Context, user, key, line string) (string, error) {
	first, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	s := said{user: user, key: key, rest: strings.TrimSpace(rest)}
	who := c.sender(user)
	switch {
	case !who.known && c.Unknown == RefuseUnknown:
		return "", c.refuse(ctx, incident.Person{By: who.actor}, Action{Kind: Kind("command " + escape(first, maxFact))}, unlinked(user)+" Nothing was done.")
	case who.known && !who.May(access.MayRead):
		return "", &Refusal{Text: notYours(who, access.MayRead)}
	}
	for _, w := range words() {
		if strings.EqualFold(w.name, first) {
			return w.run(c, ctx, s)
		}
	}
	help, err := c.sayHelp(ctx, s)
	if first != "" {
		help = "There is no subcommand “" + escape(first, maxFact) + "”.\n" + help
	}
	return help, err
}

func (c *Clerk) sayHelp(context.Context, said) (string, error) {
	var b strings.Builder
	for _, w := range words() {
		fmt.Fprintf(&b, "• `%s %s` %s\n", Command, w.use, w.does)
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

// opens are the first incidents that the sender may know of and that are neither
// closed nor out of band, at most limit, the next deadline first, and how many
// more there are. Only those returned are copied: there may be a thousand.
func (c *Clerk) opens(who sender, limit int) (first []incident.View, more int) {
	type due struct {
		*incident.Incident
		owes bool
		at   time.Time
	}
	now := c.Desk.Now()
	c.Desk.View(func(s *incident.State) {
		var all []due
		for _, id := range s.IDs() {
			i, ok := s.Incident(id)
			if !ok || i.Status == incident.StatusClosed || i.OutOfBand || !c.sees(who, i.Restricted) {
				continue
			}
			d := due{Incident: i}
			for n := range i.Clocks {
				if at := i.Clocks[n].Deadline(); i.Clocks[n].Open() && (!d.owes || at.Before(d.at)) {
					d.owes, d.at = true, at
				}
			}
			all = append(all, d)
		}
		slices.SortFunc(all, func(a, b due) int {
			if a.owes != b.owes {
				if a.owes {
					return -1
				}
				return 1
			}
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ID, b.ID))
		})
		for _, d := range all[:min(len(all), limit)] {
			first = append(first, d.View(now))
		}
		more = len(all) - len(first)
	})
	return first, more
}

// nextClock is the clock whose report is owed first; false when none is.
func nextClock(v incident.View) (incident.ClockView, bool) {
	all := byUrgency(v.Clocks)
	if len(all) == 0 || !open(all[0]) {
		return incident.ClockView{}, false
	}
	return all[0], true
}

// incidentLine is an incident in one line of mrkdwn.
func incidentLine(v incident.View, now time.Time) string {
	if callOnly(v) {
		return "*" + needsYou(v) + "*"
	}
	s := "*" + mark(v) + escape(string(v.ID), maxFact) + "* " + foreign(v.Title, maxName)
	if c, ok := nextClock(v); ok {
		return s + ": " + clockLine(c, now, nil)
	}
	return s + ": no report is owed"
}

// maxListed is how many incidents a list shows.
const maxListed = 20

func (c *Clerk) sayList(_ context.Context, s said) (string, error) {
	all, more := c.opens(c.sender(s.user), maxListed)
	if len(all) == 0 {
		return "No incident is open.", nil
	}
	now := c.Desk.Now()
	list := make([]string, 0, len(all))
	for _, v := range all {
		list = append(list, "• "+incidentLine(v, now))
	}
	last := ""
	if more > 0 {
		last = "and " + plural(more, "more incident") + " that are due later"
	}
	return lines(maxText, last, list...), nil
}

func (c *Clerk) sayShow(_ context.Context, s said) (string, error) {
	id, _ := s.incident()
	v, ok := c.look(c.sender(s.user), id)
	if !ok {
		return "", noSuch(id)
	}
	if v.OutOfBand || callOnly(v) {
		return "", &Refusal{Text: elsewhere(v)}
	}
	v, _ = confined(v)
	now := c.Desk.Now()
	list := []string{
		"*" + mark(v) + escape(name(v), maxHeader) + "*",
		escape(v.Status, maxFact) + ", severity " + or(foreign(v.Severity, maxFact), "not given") + ". Acknowledged by " + acknowledged(v, nil) + ". Incident commander: " + person(v.Commander, "nobody yet") + ".",
		summary(v),
	}
	for _, clock := range byUrgency(v.Clocks) {
		list = append(list, "• "+clockLine(clock, now, nil))
	}
	return lines(maxText, "Only a recorded submission stops a clock.", list...), nil
}

func noSuch(id incident.ID) *Refusal {
	if id == "" {
		return &Refusal{Text: "Say which incident, such as INC-2026-0001. " + Command + " list names those that are open."}
	}
	return &Refusal{Text: fmt.Sprintf("There is no incident %s. %s list names those that are open.", id, Command)}
}

// do acts, and makes mrkdwn of the plain text that came of it.
func (c *Clerk) say(ctx context.Context, a Action) (string, error) {
	text, err := c.Act(ctx, a)
	return foreign(text, maxSection), err
}

func (c *Clerk) sayAck(ctx context.Context, s said) (string, error) {
	id, _ := s.incident()
	if id == "" {
		return "", noSuch(id)
	}
	return c.say(ctx, Action{Kind: Acknowledge, Incident: id, User: s.user, Key: s.key})
}

func (c *Clerk) sayNote(ctx context.Context, s said) (string, error) {
	id, text := s.incident()
	if id == "" {
		return "", noSuch(id)
	}
	return c.say(ctx, Action{Kind: Note, Incident: id, User: s.user, Key: s.key, Answers: url.Values{"text": {text}}})
}

func (c *Clerk) sayDeclare(ctx context.Context, s said) (string, error) {
	return c.say(ctx, Action{Kind: Declare, User: s.user, Key: s.key, Answers: url.Values{"title": {s.rest}}})
}

// sayOnCall names those who may decide now. It asks nobody: an answer that
// waits for a vendor comes too late.
func (c *Clerk) sayOnCall(context.Context, said) (string, error) {
	now := c.Now()
	var list []string
	for _, p := range c.People.Who(access.MayDecide, now) {
		line := "• *" + escape(p.Name, maxFact) + "*"
		if p.Slack.User != "" {
			line += " (<@" + p.Slack.User + ">)"
		}
		if p.DeputyFor != "" {
			line += ", stands in for " + escape(p.DeputyFor, maxFact)
		}
		if p.Phone != "" {
			line += ", " + escape(p.Phone, maxFact)
		}
		if p.Email != "" {
			line += ", " + escape(p.Email, maxFact)
		}
		list = append(list, line)
	}
	if len(list) == 0 {
		return "The configuration names nobody who may decide now (people).", nil
	}
	return lines(maxText, "", append([]string{"Who may decide now:"}, list...)...), nil
}
