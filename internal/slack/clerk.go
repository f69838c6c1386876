package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/people"
)

// Unknown says what becomes of an action by somebody nobody named.
type Unknown string

const (
	// AllowUnknown lets them acknowledge, take command, note and declare under
	// their Slack ids. It is the default: better an unknown hand at night than
	// none.
	AllowUnknown Unknown = "allow"
	// RefuseUnknown lets them do nothing, and keeps that they tried.
	RefuseUnknown Unknown = "refuse"
)

// DefaultConfirmWithin is how long a proposal waits for its confirmation.
const DefaultConfirmWithin = 4 * time.Hour

// Clerk takes what people ask for in Slack to the desk: as commands where they
// have the right to it, else as proposals that somebody with the right
// confirms. Desk, Now and Public are required. It is safe for concurrent use.
type Clerk struct {
	Desk   *desk.Desk
	People *people.Directory
	// Unknown is [AllowUnknown] when empty.
	Unknown Unknown
	// ConfirmWithin is [DefaultConfirmWithin] when zero.
	ConfirmWithin time.Duration
	// SecondPerson are kinds of action that are proposals whoever asks for them.
	SecondPerson []Kind
	// Now is wall time, by which roles and deputies go.
	Now func() time.Time
	// Public is what a person is told of an error; one that comes back means
	// that it could not be made durable.
	Public func(error) (string, error)
}

// kinds is the right each kind of action needs. What confirming needs depends
// on what is confirmed.
var kinds = map[Kind]access.Right{
	Acknowledge: access.MayAct, TakeCommand: access.MayAct, Note: access.MayAct, Declare: access.MayAct,
	Assess: access.MayDecide, NotReportable: access.MayDecide, Submit: access.MaySubmit,
}

// sender is who asks.
type sender struct {
	people.Standing
	actor incident.Actor
	known bool
}

func (c *Clerk) sender(user string) sender {
	id, team, _ := strings.Cut(user, "@")
	s := sender{actor: incident.Actor{Name: user, Via: Name, ID: user}}
	p, known := c.People.InSlack(people.SlackID{Team: team, User: id})
	if known {
		s.known, s.actor.Name, s.Standing = true, p.Name, c.People.At(p, c.Now())
	}
	return s
}

// look is the incident as it now stands, where the sender may know of it.
func (c *Clerk) look(who sender, id incident.ID) (v incident.View, ok bool) {
	c.Desk.View(func(s *incident.State) {
		i, there := s.Incident(id)
		if ok = there && c.sees(who, i.Restricted); ok {
			v = i.View(c.Desk.Now())
		}
	})
	return v, ok
}

// sees reports whether the sender may know of an incident so restricted.
func (c *Clerk) sees(who sender, r *incident.Restriction) bool {
	return access.Sees(r, who.actor.Name, who.May)
}

// noIncident is what somebody is told of an incident that is not there, and of
// one they may not know of.
func noIncident(id incident.ID) string { return fmt.Sprintf("There is no incident %s.", id) }

// overlook answers about an incident of which the sender may not know as if
// there were none, and keeps in its own record that they tried.
func (c *Clerk) overlook(ctx context.Context, p incident.Person, a Action) error {
	if _, there := c.Desk.Incident(a.Incident); !there {
		return &Refusal{Text: noIncident(a.Incident)}
	}
	p.Key = ""
	if err := c.refuse(ctx, p, a, "not among those who may know of it"); asRefusal(err) == nil {
		return err
	}
	return &Refusal{Text: noIncident(a.Incident)}
}

// may reports whether the sender may do what needs the right at once.
func (c *Clerk) may(s sender, right access.Right) bool {
	return s.May(right) || !s.known && right == access.MayAct && c.Unknown != RefuseUnknown
}

// Form is what the action asks first: nil when it asks nothing. A [Refusal]
// says why it cannot be asked for.
func (c *Clerk) Form(a Action) (*Form, error) {
	ask := forms[a.Kind]
	if a.Kind == Assess {
		ask = func(v incident.View, _ time.Time) (*Form, string) { return c.assessForm(v, a.Entity) }
	}
	if ask == nil {
		return nil, nil
	}
	v, ok := c.look(c.sender(a.User), a.Incident)
	if !ok {
		return nil, &Refusal{Text: noIncident(a.Incident)}
	}
	if v.OutOfBand || callOnly(v) {
		return nil, &Refusal{Text: elsewhere(v)}
	}
	if v.Status == incident.StatusClosed && a.Kind != Note {
		return nil, &Refusal{Text: fmt.Sprintf("%s is closed: nothing about it can be decided here any more.", v.ID)}
	}
	f, why := ask(v, c.Desk.Now())
	if f == nil {
		return nil, &Refusal{Text: why}
	}
	return f, nil
}

// Act does what the action asks for, durably, and says in plain text what came
// of it. A [Refusal] says that nothing was done; any other error that it could
// not be made durable.
func (c *Clerk) Act(ctx context.Context, a Action) (string, error) {
	who := c.sender(a.User)
	person := incident.Person{By: who.actor}
	if a.Key != "" {
		sum := sha256.Sum256([]byte(string(a.Kind) + "\n" + buttonValue(a.Incident, a.Proposal) + "\n" + a.Answers.Encode()))
		person.Key, person.Digest = "slack "+a.User+" "+a.Key, hex.EncodeToString(sum[:])
	}
	if !who.known && c.Unknown == RefuseUnknown {
		return "", c.refuse(ctx, person, a, unlinked(a.User)+" Nothing was done.")
	}
	switch v, ok := c.look(who, a.Incident); {
	case !ok && a.Kind != Declare:
		return "", c.overlook(ctx, person, a)
	case v.OutOfBand: // whoever presses may be the attacker
		return "", c.refuse(ctx, person, a, elsewhere(v))
	}
	switch a.Kind {
	case Confirm, Reject:
		return c.settle(ctx, who, person, a)
	case Assess, Submit, NotReportable:
		return c.decide(ctx, who, person, a)
	}
	right, ok := kinds[a.Kind]
	if !ok {
		return "", &Refusal{Text: "nis2clock does not know this button."}
	}
	if !c.may(who, right) {
		return "", c.refuse(ctx, person, a, notYours(who, right))
	}
	reply, err := c.act(ctx, who, person, a)
	if err == nil && !who.known {
		reply += " " + unlinked(a.User)
	}
	return reply, err
}

// unlinked explains to somebody nobody named how they are linked.
func unlinked(user string) string {
	id, team, _ := strings.Cut(user, "@")
	return fmt.Sprintf("You are not among the people nis2clock knows: ask for slack: {team: %s, user: %s} to be added to yours.", team, id)
}

// notYours says why somebody who is known may not do what needs the right.
func notYours(who sender, right access.Right) string {
	if len(who.Roles) == 0 {
		return "You hold no role now: the dates of yours are over, or have not begun."
	}
	names := make([]string, len(who.Roles))
	for n, r := range who.Roles {
		names[n] = string(r)
	}
	return fmt.Sprintf("As %s you may not %s here.", strings.Join(names, " and "), right)
}

// refuse keeps that the action was refused, and says why.
func (c *Clerk) refuse(ctx context.Context, p incident.Person, a Action, why string) error {
	if _, err := c.Desk.Do(ctx, incident.RecordRefusal{Person: p, ID: a.Incident, What: string(a.Kind), Reason: why}); err != nil {
		if _, err := c.Public(err); err != nil {
			return err
		}
	}
	return &Refusal{Text: why}
}

// do executes a command; what the person can mend becomes a [Refusal].
func (c *Clerk) do(ctx context.Context, cmd incident.Command) (any, error) {
	reply, err := c.Desk.Do(ctx, cmd)
	if err == nil {
		return reply, nil
	}
	text, err := c.Public(err)
	if err != nil {
		return nil, err
	}
	return nil, &Refusal{Text: sentence(text)}
}

// sentence makes an error's text one.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// act does what needs no decision.
func (c *Clerk) act(ctx context.Context, who sender, p incident.Person, a Action) (string, error) {
	switch a.Kind {
	case Acknowledge:
		return c.acknowledge(ctx, who, p, a.Incident)
	case TakeCommand:
		if err := c.open(a.Incident); err != nil {
			return "", err
		}
		if _, err := c.do(ctx, incident.TakeCommand{Person: p, ID: a.Incident}); err != nil {
			return "", err
		}
		return fmt.Sprintf("You are the incident commander of %s now.", a.Incident), nil
	case Note:
		if _, err := c.do(ctx, incident.AddNote{Person: p, ID: a.Incident, Text: a.Answers.Get("text")}); err != nil {
			return "", err
		}
		return fmt.Sprintf("Noted in the timeline of %s.", a.Incident), nil
	}
	reply, err := c.do(ctx, incident.Declare{Person: p, Title: a.Answers.Get("title"), DetectedAt: c.Desk.Now()})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s is open and its clocks run from now. If it was noticed earlier, say so on its page.", reply), nil
}

// open refuses what makes no sense once an incident is closed.
func (c *Clerk) open(id incident.ID) error {
	if v, ok := c.Desk.Incident(id); ok && v.Status == incident.StatusClosed {
		return &Refusal{Text: fmt.Sprintf("%s was closed at %s. Nothing was changed.", id, stamp(*v.ClosedAt, nil))}
	}
	return nil
}

func (c *Clerk) acknowledge(ctx context.Context, who sender, p incident.Person, id incident.ID) (string, error) {
	if err := c.open(id); err != nil {
		return "", err
	}
	if _, err := c.do(ctx, incident.Acknowledge{Person: p, ID: id}); err != nil {
		return "", err
	}
	const stops = "No clock stops: only a submitted report does that."
	v, ok := c.Desk.Incident(id)
	if ok && v.AcknowledgedBy != nil && *v.AcknowledgedBy != who.actor.Name {
		return fmt.Sprintf("%s was already acknowledged by %s. %s", id, *v.AcknowledgedBy, stops), nil
	}
	return fmt.Sprintf("You acknowledged %s. %s", id, stops), nil
}

// decide does what binds the entity, or proposes it.
func (c *Clerk) decide(ctx context.Context, who sender, p incident.Person, a Action) (string, error) {
	again := false
	c.Desk.View(func(s *incident.State) { again = s.Applied(p, c.Desk.Now()) })
	if again {
		return fmt.Sprintf("This was recorded for %s before; nothing was done twice.", a.Incident), nil
	}
	f, err := c.Form(a)
	if err != nil {
		return "", err
	}
	if f != nil {
		if r := f.outOfDate(a); r != nil {
			return "", r
		}
		if r := f.check(a.Answers); r != nil {
			return "", r
		}
	}
	cmd, refusal := c.command(a)
	if refusal != nil {
		return "", refusal
	}
	right := kinds[a.Kind]
	two := contains(c.SecondPerson, a.Kind) || decidesNotReportable(cmd) && contains(c.SecondPerson, NotReportable)
	if c.may(who, right) && !two {
		if _, err := c.do(ctx, cmd.For(p)); err != nil {
			return "", err
		}
		reply := fmt.Sprintf("Recorded for %s: %s.", a.Incident, cmd.Plan())
		if a.Kind == Assess {
			reply += c.afterAssessing(a)
		}
		return reply + c.first(cmd.What(), a.Incident), nil
	}
	if who.known && !who.May(access.MayAct) { // an auditor changes nothing, not even by asking
		return "", c.refuse(ctx, p, a, notYours(who, right))
	}
	within := c.ConfirmWithin
	if within == 0 {
		within = DefaultConfirmWithin
	}
	expires := c.Desk.Now().Add(within)
	n, err := c.do(ctx, incident.Propose{Person: p, Do: cmd, ExpiresAt: expires})
	if err != nil {
		return "", err
	}
	why := "You may not do this alone"
	if !who.known {
		why = "nis2clock does not know you"
	}
	return fmt.Sprintf("%s, so it is now proposal %v of %s: %s. Nothing has taken effect. %s It expires %s.", why, n, a.Incident, cmd.Plan(), c.whoConfirms(a.Incident, right, who.actor.Name), stamp(expires, nil)), nil
}

// first is what has to be done before a decision that the incident is not
// reportable holds, where a report was sent; empty where it holds.
func (c *Clerk) first(what string, id incident.ID) string {
	if what == (incident.Submit{}).What() {
		return ""
	}
	v, ok := c.Desk.Incident(id)
	if !ok || !slices.ContainsFunc(v.Withdrawals, func(w incident.WithdrawalView) bool { return w.DoneAt == nil }) {
		return ""
	}
	return " That does not hold yet: a report was sent, and the clocks run on. Withdraw or correct it with the authority as the State provides, " +
		"record that with: nis2clock incident submit " + string(id) + " withdrawal (or correction), and decide again."
}

// whoConfirms names those who can.
func (c *Clerk) whoConfirms(id incident.ID, right access.Right, but string) string {
	var names []string
	v, _ := c.Desk.Incident(id)
	for _, s := range c.People.Who(right, c.Now()) {
		if s.Name != but && access.Sees(v.Restricted.Restriction(), s.Name, s.May) {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return "Nobody in the configuration can confirm it here: use nis2clock incident confirm."
	}
	return strings.Join(names[:min(len(names), maxNames)], ", ") + " can confirm it."
}

func (c *Clerk) command(a Action) (incident.Proposable, *Refusal) {
	switch a.Kind {
	case Assess:
		return c.assessed(a)
	case Submit:
		return orRefuse(submission(a.Incident, a.Answers, c.Desk.Now()))
	}
	return incident.MarkNotReportable{ID: a.Incident, Reason: a.Answers.Get("reason")}, nil
}

func orRefuse(cmd incident.Submit, r *Refusal) (incident.Proposable, *Refusal) { return cmd, r }

// settle confirms or rejects a proposal for somebody who has the right to it.
// Whoever made it may take it back.
func (c *Clerk) settle(ctx context.Context, who sender, p incident.Person, a Action) (string, error) {
	v, ok := c.Desk.Incident(a.Incident)
	asked, there := v.Proposal(a.Proposal)
	if !ok || !there {
		return "", &Refusal{Text: "There is no such proposal."}
	}
	right, known := access.ForProposal(asked.What)
	own := a.Kind == Reject && asked.By == who.actor.Name
	if !known || !who.May(right) && !own {
		why := unlinked(a.User) + " Nothing was done."
		if who.known {
			why = notYours(who, right)
		}
		return "", c.refuse(ctx, p, a, why)
	}
	if _, err := c.do(ctx, incident.SettleProposal{Person: p, ID: a.Incident, Number: a.Proposal, Confirm: a.Kind == Confirm}); err != nil {
		return "", err
	}
	if a.Kind == Reject {
		return fmt.Sprintf("You rejected proposal %d of %s.", a.Proposal, a.Incident), nil
	}
	if callOnly(v) {
		return fmt.Sprintf("You confirmed proposal %d of %s.", a.Proposal, a.Incident), nil
	}
	return fmt.Sprintf("You confirmed proposal %d of %s: %s.", a.Proposal, a.Incident, asked.Plan) + c.first(asked.What, a.Incident), nil
}

func contains(all []Kind, k Kind) bool {
	for _, have := range all {
		if have == k {
			return true
		}
	}
	return false
}

// asRefusal is the error as a [Refusal]; nil if it is another.
func asRefusal(err error) *Refusal {
	r, _ := errors.AsType[*Refusal](err)
	return r
}
