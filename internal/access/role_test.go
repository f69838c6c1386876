package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRolesAndRights spells the table out a second time: who may do what is
// changed in two places or not at all.
func TestRolesAndRights(t *testing.T) {
	want := map[Role]string{
		Admin:     "read audit act decide submit administer",
		Commander: "read audit act decide submit",
		Responder: "read act",
		Auditor:   "read audit",
		Intake:    "deliver alerts",
		"king":    "",
		"":        "",
	}
	for role, want := range want {
		var got []string
		for right := Right(0); int(right) <= len(rights)+1; right++ {
			if role.Has(right) {
				got = append(got, right.String())
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q may %q, want %q", role, got, want)
		}
	}
	if len(roles) != len(want)-2 {
		t.Errorf("%d roles are in the table, %d here", len(roles), len(want)-2)
	}
	for _, row := range roles {
		if got, err := ParseRole(string(row.role)); err != nil || got != row.role {
			t.Errorf("%q is read as %q, %v", row.role, got, err)
		}
	}
	for _, name := range []string{"", "king", "Admin", "admin "} {
		if got, err := ParseRole(name); err == nil || !strings.Contains(err.Error(), "commander") {
			t.Errorf("%q is read as %q, %v; want an error that names the roles", name, got, err)
		}
	}
}

// A refusal says what is not allowed, what that covers, and whom to ask.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		role  Role
		right Right
		want  string
	}{
		{Responder, MayDecide, "your role responder may not decide (significance, awareness, not reportable and reopening): ask somebody with role commander"},
		{Auditor, MayAct, "your role auditor may not act (acknowledging, taking command, notes, declaring, facts and the event register): ask somebody with role commander or responder"},
		{Commander, MayAdmin, "your role commander may not administer (tokens, reloading the configuration, erasure and backups): ask somebody with role admin"},
		{Intake, MayRead, "these credentials open the intake only"},
	} {
		if got := c.role.Refusal(c.right); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	for right, words := range rights {
		if words.verb == "" || words.covers == "" || !strings.Contains(Role("king").Refusal(right), "ask somebody with role ") {
			t.Errorf("right %d has no words, or nobody has it: %q", right, Role("king").Refusal(right))
		}
	}
}

// The table in the README is the one people go by.
func TestREADMESaysTheSame(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	columns := []Right{MayRead, MayAudit, MayAct, MayDecide, MaySubmit, MayAdmin, MayDeliver}
	if len(columns) != len(rights) {
		t.Fatalf("the README has %d columns, there are %d rights", len(columns), len(rights))
	}
	for _, row := range roles {
		want := "| `" + string(row.role) + "` |"
		for _, right := range columns {
			if row.role.Has(right) {
				want += " yes"
			}
			want += " |"
		}
		if !strings.Contains(string(raw), "\n"+want+"\n") {
			t.Errorf("the README has no line %s", want)
		}
	}
}
