package access

import (
	"fmt"
	"slices"
	"strings"
)

// Right is one of the things that can be allowed. The zero value is none and
// nobody has it.
type Right int

const (
	_ Right = iota
	// MayDeliver is to send webhook bodies.
	MayDeliver
	// MayRead is to see incidents, their timelines, reports and evidence.
	MayRead
	// MayAudit is to ask the whole journal who did what, when.
	MayAudit
	// MayAct is what a person on call does at once: acknowledge, take command,
	// note, declare, state facts, keep the event register.
	MayAct
	// MayDecide is what binds the entity towards an authority: whether an
	// incident is significant or reportable, whether it is opened again, and
	// when the entity became aware. Awareness is here and not with [MayAct]
	// because it can move a due instant later, and because it is an admission.
	MayDecide
	// MaySubmit is to record what went to an authority and what came from it,
	// and that an incident is handled or closed: what stops a clock or starts
	// the last one.
	MaySubmit
	// MayAdmin is to make and revoke tokens and to reload the configuration.
	MayAdmin
)

// rights are how a right is called and what it covers, in a refusal.
var rights = map[Right]struct{ verb, covers string }{
	MayDeliver: {"deliver alerts", "the webhook takes the intake's credentials"},
	MayRead:    {"read", "incidents, timelines, reports and evidence"},
	MayAudit:   {"audit", "the journal of who did what, when"},
	MayAct:     {"act", "acknowledging, taking command, notes, declaring, facts and the event register"},
	MayDecide:  {"decide", "significance, awareness, not reportable and reopening"},
	MaySubmit:  {"submit", "submissions, messages of an authority, handled and closed"},
	MayAdmin:   {"administer", "tokens, reloading the configuration, erasure and backups"},
}

// String is the right as the verb that follows "may".
func (r Right) String() string {
	if what, ok := rights[r]; ok {
		return what.verb
	}
	return fmt.Sprintf("right %d", int(r))
}

// Role is a set of rights under a name.
type Role string

const (
	// Admin may do everything but send webhook bodies.
	Admin Role = "admin"
	// Commander leads incidents and speaks for the entity.
	Commander Role = "commander"
	// Responder works on incidents and decides nothing.
	Responder Role = "responder"
	// Auditor looks and changes nothing.
	Auditor Role = "auditor"
	// Intake may send webhook bodies and nothing else.
	Intake Role = "intake"
)

// roles is who may do what: the one place where that is said. A role that does
// not stand here may do nothing.
var roles = []struct {
	role Role
	may  []Right
}{
	{Admin, []Right{MayRead, MayAudit, MayAct, MayDecide, MaySubmit, MayAdmin}},
	{Commander, []Right{MayRead, MayAudit, MayAct, MayDecide, MaySubmit}},
	{Responder, []Right{MayRead, MayAct}},
	{Auditor, []Right{MayRead, MayAudit}},
	{Intake, []Right{MayDeliver}},
}

// ParseRole returns the role of that name. Its error names those there are.
func ParseRole(name string) (Role, error) {
	names := make([]string, len(roles))
	for n, r := range roles {
		if string(r.role) == name {
			return r.role, nil
		}
		names[n] = string(r.role)
	}
	return "", fmt.Errorf("role %q is none of %s", name, strings.Join(names, ", "))
}

// Has reports whether the role holds the right.
func (r Role) Has(right Right) bool {
	for _, row := range roles {
		if row.role == r {
			return slices.Contains(row.may, right)
		}
	}
	return false
}

// Refusal says, to a person, why an identity of this role may not do what needs
// the right, and whom to ask. The role must not have it.
func (r Role) Refusal(right Right) string {
	if r == Intake {
		return "these credentials open the intake only"
	}
	var ask []string
	for _, row := range roles {
		if slices.Contains(row.may, right) && (row.role != Admin || right == MayAdmin) {
			ask = append(ask, string(row.role))
		}
	}
	return fmt.Sprintf("your role %s may not %s (%s): ask somebody with role %s", r, right, rights[right].covers, strings.Join(ask, " or "))
}
