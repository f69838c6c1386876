package slack

import (
	"slices"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/access"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// maxProposals is how many proposals a message shows: the newest.
const maxProposals = 3

// proposalBlocks show what waits for a confirmation and what became of what no
// longer does, the newest first.
func proposalBlocks(d *draft, v incident.View, zone *time.Location) []slackapi.Block {
	var out []slackapi.Block
	shown := 0
	for _, p := range slices.Backward(v.Proposals) {
		if shown == maxProposals {
			break
		}
		b := []slackapi.Block{section(proposalLine(p, zone))}
		if p.State == incident.ProposalOpen {
			b = append(b, answerButtons(v.ID, p.Number))
		}
		if !d.takeAll(b, 2*smallBlock) {
			break
		}
		out = append(out, b...)
		shown++
	}
	if more := len(v.Proposals) - shown; shown > 0 && more > 0 {
		out = append(out, optional(d, "_and "+plural(more, "earlier proposal")+", on the incident's page_")...)
	}
	return out
}

// proposalLine is a proposal and where it stands.
func proposalLine(p incident.MotionView, zone *time.Location) string {
	s := ":raised_hand: *Proposal " + strconv.Itoa(p.Number) + "* by " + person(&p.By, "somebody") + ": " + foreign(p.Plan, maxReason)
	switch p.State {
	case incident.ProposalOpen:
		return s + "\n*Not in effect.* Somebody with the right has to confirm it before " + instant(p.ExpiresAt, zone) + "."
	case incident.ProposalExpired:
		return s + "\n*Expired* " + stamp(p.ExpiresAt, zone) + ": nobody confirmed it, so nothing was done."
	}
	s += "\n*" + strings.ToUpper(p.State[:1]) + p.State[1:] + "* by " + person(p.SettledBy, "somebody")
	if p.SettledAt != nil {
		s += ", " + stamp(*p.SettledAt, zone)
	}
	if p.Reason != "" {
		s += ": " + foreign(p.Reason, maxReason)
	}
	return s
}

func answerButtons(id incident.ID, number int) slackapi.Block {
	return slackapi.NewActionBlock("",
		pressable(ConfirmAction, "Confirm", id, number).WithStyle(slackapi.StylePrimary),
		pressable(RejectAction, "Reject", id, number).WithStyle(slackapi.StyleDanger),
	)
}

// maxAsked is how many people a question calls by name.
const maxAsked = 10

// askMessage calls those who can confirm a proposal.
func askMessage(n dispatch.Notice, users []string, zone *time.Location) message {
	v := n.Incident
	number := n.Effect.Proposal
	said, waits := "a proposal needs somebody's confirmation.", false
	if p, ok := v.Proposal(number); ok {
		said, waits = proposalLine(p, zone), p.State == incident.ProposalOpen
	}
	call := ""
	for _, u := range users[:min(len(users), maxAsked)] {
		call += "<@" + u + "> "
	}
	about := []string{call + mark(v) + escape(string(v.ID), maxFact) + ": " + said, drillNote(v), refusal(n), repeatNote(n), lateNote(n, "question")}
	var d draft
	blocks := d.keep(sections(append(about, openPage(n))...)...)
	if waits {
		blocks = append(blocks, d.keep(answerButtons(v.ID, number))...)
	}
	return message{text: lines(maxText, openPage(n), about...), blocks: blocks}
}

// confirmers are the Slack users who can confirm what the notice asks.
func (c *Channel) confirmers(n dispatch.Notice) []string {
	p, there := n.Incident.Proposal(n.Effect.Proposal)
	right, known := access.ForProposal(p.What)
	if !there || !known {
		return nil
	}
	var users []string
	for _, s := range c.people.Who(right, c.now()) {
		if s.Slack.User != "" && s.Name != p.By && access.Sees(n.Incident.Restricted.Restriction(), s.Name, s.May) {
			users = append(users, s.Slack.User)
		}
	}
	return users
}
