package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Proposable is a command that somebody may ask for without having the right
// to it; it takes effect once somebody who has confirms it.
type Proposable interface {
	Command
	// What names the kind of command in the journal, for good.
	What() string
	// Plan says in a sentence what it would do.
	Plan() string
	// Subject is the incident it is about.
	Subject() ID
	// For is the command with another sender.
	For(Person) Proposable
}

// proposables is every kind of command that can be proposed.
var proposables = map[string]func([]byte) (Proposable, error){
	Submit{}.What():            readProposable[Submit],
	MarkNotReportable{}.What(): readProposable[MarkNotReportable],
	Assess{}.What():            readProposable[Assess],
}

func readProposable[C Proposable](data []byte) (Proposable, error) {
	var c C
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	return c, nil
}

// Outcomes of a proposal.
const (
	ProposalOpen      = "open"
	ProposalConfirmed = "confirmed"
	ProposalRejected  = "rejected"
	ProposalExpired   = "expired"
)

// maxOpenProposals bounds what waits for an answer about one incident.
const maxOpenProposals = 20

// Motion is what somebody without the right to it asked for and another must
// confirm; people are told of it as a proposal. [Proposal] is a decision that
// waits for a second person.
type Motion struct {
	Number    int // within the incident, from 1
	What      string
	Plan      string
	Command   jsontext.Value // what would be done
	Made      Stamp
	ExpiresAt time.Time // the first instant at which it cannot be confirmed
	Outcome   string    // ProposalConfirmed or ProposalRejected; empty before
	Reason    string    // why it was rejected
	Settled   *Stamp
}

// State is where the proposal stands at now.
func (p *Motion) State(now time.Time) string {
	switch {
	case p.Outcome != "":
		return p.Outcome
	case !now.Before(p.ExpiresAt):
		return ProposalExpired
	}
	return ProposalOpen
}

// Motion returns the proposal of that number. An erased one is not there, so
// that a number is no index.
func (i *Incident) Motion(number int) (*Motion, bool) {
	n := slices.IndexFunc(i.Motions, func(p Motion) bool { return p.Number == number })
	if n < 0 {
		return nil, false
	}
	return &i.Motions[n], true
}

// nextMotion is the number of the next one.
func (i *Incident) nextMotion() int {
	if len(i.Motions) == 0 {
		return 1
	}
	return i.Motions[len(i.Motions)-1].Number + 1
}

// Proposal returns the proposal of that number.
func (v *View) Proposal(number int) (MotionView, bool) {
	n := slices.IndexFunc(v.Proposals, func(p MotionView) bool { return p.Number == number })
	if n < 0 {
		return MotionView{}, false
	}
	return v.Proposals[n], true
}

// Propose asks for a command on behalf of somebody who has no right to it. The
// same proposal by the same person while it is open changes nothing. The reply
// is the proposal's number.
type Propose struct {
	Person
	Do        Proposable
	ExpiresAt time.Time
}

func (c Propose) decide(_ *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.Do.Subject())
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(c.Do, json.Deterministic(true))
	if err != nil {
		return nil, invalid("what is proposed cannot be kept: %v", err)
	}
	open := 0
	for n := range i.Motions {
		p := &i.Motions[n]
		if p.State(d.now) != ProposalOpen {
			continue
		}
		open++
		if p.Made.By.Name == c.By.Name && p.What == c.Do.What() && string(p.Command) == string(data) {
			return p.Number, nil
		}
	}
	switch {
	case done:
		return nil, refused("this was proposed before and has been settled since")
	case open >= maxOpenProposals:
		return nil, refused("%s has %d proposals that nobody has answered: answer those first", i.ID, open)
	case !c.ExpiresAt.After(d.now):
		return nil, invalid("the proposal would expire at %s, which is over", utc(c.ExpiresAt))
	}
	number := i.nextMotion()
	d.emit(ProposalMade{
		Meta: c.metaFor(i.ID), Number: number, What: c.Do.What(), Plan: c.Do.Plan(), Command: data, ExpiresAt: c.ExpiresAt.UTC(),
	})
	return number, nil
}

// ProposalMade says what somebody asked for. Nothing has come of it yet.
type ProposalMade struct {
	Meta
	Number    int            `json:"number"`
	What      string         `json:"what"`
	Plan      string         `json:"plan"`
	Command   jsontext.Value `json:"command,omitzero"`
	ExpiresAt time.Time      `json:"expires_at"`
}

func (ProposalMade) Kind() string { return "proposal.made/v1" }

func (e ProposalMade) Describe() string {
	return fmt.Sprintf("proposal %d: %s; it takes effect if somebody with the right confirms it before %s", e.Number, e.Plan, utc(e.ExpiresAt))
}

func (ev ProposalMade) applyTo(_ *State, i *Incident, e Entry) {
	i.Motions = append(i.Motions, Motion{
		Number: ev.Number, What: ev.What, Plan: ev.Plan, Command: ev.Command, Made: Stamp{By: ev.By, At: e.At}, ExpiresAt: ev.ExpiresAt,
	})
}

// SettleProposal confirms a proposal, which then takes effect with both names
// in its entries, or rejects it. Whether the sender has the right to it, the
// caller knows. Nobody confirms their own. Once settled it stays so: the same
// answer again changes nothing, another one is refused.
type SettleProposal struct {
	Person
	ID      ID
	Number  int
	Confirm bool
	Reason  string // for rejecting it; may be empty
}

// unknownProposal is an [ErrUnknown]: the incident is there, and has no such
// proposal.
type unknownProposal struct {
	id     ID
	number int
}

// Error implements error.
func (p unknownProposal) Error() string { return fmt.Sprintf("%s has no proposal %d", p.id, p.number) }

// Unwrap makes it an [ErrUnknown].
func (unknownProposal) Unwrap() error { return ErrUnknown }

func (c SettleProposal) decide(r *Rules, d *decision) (any, error) {
	i, done, err := c.onIncident(d, c.ID)
	if err != nil || done {
		return c.ID, err
	}
	p, ok := i.Motion(c.Number)
	if !ok {
		return nil, unknownProposal{c.ID, c.Number}
	}
	outcome := ProposalRejected
	if c.Confirm {
		outcome = ProposalConfirmed
	}
	switch state := p.State(d.now); {
	case state == outcome:
		return c.ID, nil
	case state == ProposalExpired:
		return nil, refused("proposal %d of %s expired at %s: it has to be made again", p.Number, p.Made.By.Name, utc(p.ExpiresAt))
	case state != ProposalOpen:
		return nil, refused("proposal %d was %s by %s at %s", p.Number, state, p.Settled.By.Name, utc(p.Settled.At))
	case c.Confirm && p.Made.By.Name == c.By.Name:
		return nil, refused("you made proposal %d yourself: somebody else has to confirm it", p.Number)
	}
	settled := ProposalSettled{
		Meta: c.metaFor(c.ID), Number: p.Number, Outcome: outcome, Plan: p.Plan, Reason: strings.TrimSpace(c.Reason),
	}
	settled.ProposedBy = p.Made.By
	if c.Confirm {
		read, ok := proposables[p.What]
		if !ok {
			return nil, refused("proposal %d asks for %q, which this version does not know", p.Number, p.What)
		}
		cmd, err := read(p.Command)
		if err != nil {
			return nil, refused("proposal %d cannot be read any more: %v", p.Number, err)
		}
		if _, err := cmd.For(Person{By: c.By, Proposer: p.Made.By}).decide(r, d); err != nil {
			return nil, err
		}
	}
	d.emit(settled)
	return c.ID, nil
}

// ProposalSettled says what came of a proposal. Meta names both people.
type ProposalSettled struct {
	Meta
	Number  int    `json:"number"`
	Outcome string `json:"outcome"`
	Plan    string `json:"plan"`
	Reason  string `json:"reason,omitzero"`
}

func (ProposalSettled) Kind() string { return "proposal.settled/v1" }

func (e ProposalSettled) Describe() string {
	s := fmt.Sprintf("%s proposal %d of %s: %s", e.Outcome, e.Number, e.ProposedBy.Name, e.Plan)
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	return s
}

func (ev ProposalSettled) applyTo(_ *State, i *Incident, e Entry) {
	if p, ok := i.Motion(ev.Number); ok {
		p.Outcome, p.Reason, p.Settled = ev.Outcome, ev.Reason, &Stamp{By: ev.By, At: e.At}
	}
}

// MotionView is a proposal at one instant.
type MotionView struct {
	Number    int        `json:"number"`
	Entity    string     `json:"entity,omitzero"` // that it names; empty for none
	What      string     `json:"what"`
	Plan      string     `json:"plan"`
	By        string     `json:"by"`
	MadeAt    time.Time  `json:"made_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	State     string     `json:"state"`
	SettledBy *string    `json:"settled_by"`
	SettledAt *time.Time `json:"settled_at"`
	Reason    string     `json:"reason"`
}

func (i *Incident) proposalViews(now time.Time) []MotionView {
	out := []MotionView{}
	for n := range i.Motions {
		p := &i.Motions[n]
		v := MotionView{
			Number: p.Number, Entity: proposedFor(p.Command), What: p.What, Plan: p.Plan, By: p.Made.By.Name, MadeAt: p.Made.At, ExpiresAt: p.ExpiresAt, State: p.State(now), Reason: p.Reason,
		}
		if p.Settled != nil {
			v.SettledBy, v.SettledAt = new(p.Settled.By.Name), new(p.Settled.At)
		}
		out = append(out, v)
	}
	return out
}

// ExpiredSince reports whether a proposal that nobody answered expired after
// since and not after now: what showed it as open is out of date.
func (i *Incident) ExpiredSince(since, now time.Time) bool {
	return slices.ContainsFunc(i.Motions, func(p Motion) bool {
		return p.Outcome == "" && p.ExpiresAt.After(since) && !p.ExpiresAt.After(now)
	})
}

// What implements [Proposable].
func (Submit) What() string { return "submit/v1" }

// Plan implements [Proposable].
func (c Submit) Plan() string {
	s := fmt.Sprintf("record that %s was submitted", strings.Join(c.Stages, " and "))
	if !c.Submission.SentAt.IsZero() {
		s += " at " + utc(c.Submission.SentAt)
	}
	if c.Submission.Authority != "" {
		s += " to " + c.Submission.Authority
	}
	if c.Submission.Channel != "" {
		s += " through " + c.Submission.Channel
	}
	if c.Submission.Reference != "" {
		s += ", reference " + c.Submission.Reference
	}
	return s
}

// Subject implements [Proposable].
func (c Submit) Subject() ID { return c.ID }

// For implements [Proposable].
func (c Submit) For(p Person) Proposable {
	c.Person = p
	return c
}

// What implements [Proposable].
func (MarkNotReportable) What() string { return "not_reportable/v1" }

// Plan implements [Proposable].
func (c MarkNotReportable) Plan() string { return "decide that it is not significant: " + c.Reason }

// Subject implements [Proposable].
func (c MarkNotReportable) Subject() ID { return c.ID }

// For implements [Proposable].
func (c MarkNotReportable) For(p Person) Proposable {
	c.Person = p
	return c
}
