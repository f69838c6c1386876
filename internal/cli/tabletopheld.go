package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/writeup"
)

type tabletopRecordCmd struct {
	File string `arg:"" help:"The write-up in JSON, as it was approved and filed: its digest is what is recorded."`
}

// Run implements the verb.
func (c *tabletopRecordCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read the write-up: %w", err)
	}
	m, err := writeup.Read(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	e := m.Exercise
	switch {
	case e.Auto:
		return fmt.Errorf("%s is of a rehearsal in which no person took part: it is no exercise, and resets no date", c.File)
	case e.Ended.Real.IsZero():
		return fmt.Errorf("%s is of an exercise that has not ended", c.File)
	case m.Approval == nil:
		return fmt.Errorf("%s is a draft that nobody has vouched for: the facilitator approves it with nis2clock tabletop approve", c.File)
	}
	sum := sha256.Sum256(raw)
	held := incident.HeldExercise{
		Exercise: e.ID, Scenario: e.Scenario, Title: e.Title, EndedAt: e.Ended.Real, SHA256: hex.EncodeToString(sum[:]), Remediation: []incident.Remedy{},
	}
	for _, p := range e.Attendance {
		if !p.Confirmed.IsZero() {
			held.People++
		}
	}
	for _, r := range e.Remediation {
		if r.Open() {
			held.Remediation = append(held.Remediation, incident.Remedy{ID: r.ID, Gap: r.Gap, Action: r.Action, Owner: r.Owner, Due: r.Due})
		}
	}
	var out heldExercises
	printed, err := up.get(ctx, env, "POST", "/api/v1/exercises", held, &out)
	if err != nil || printed {
		return err
	}
	fmt.Fprintf(env.Stdout, "Recorded %s, ended %s; the next is due before %s.\n", e.ID, minutes(e.Ended.Real), minutes(out.DueAt))
	return nil
}

// heldExercises is the answer of GET /api/v1/exercises.
type heldExercises struct {
	DueAt     time.Time               `json:"due_at"`
	Overdue   bool                    `json:"overdue"`
	Exercises []incident.HeldExercise `json:"exercises"`
}

type tabletopRegisterCmd struct{}

// Run implements the verb.
func (c *tabletopRegisterCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	var held heldExercises
	printed, err := up.get(ctx, env, "GET", "/api/v1/exercises", nil, &held)
	if err != nil || printed {
		return err
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "ENDED\tEXERCISE\tTITLE\tPEOPLE")
	for _, e := range held.Exercises {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\n", minutes(e.EndedAt), e.Exercise, e.Title, e.People)
	}
	fmt.Fprintln(tw, "\nITEM\tDUE\tOWNER\tACTION\tSTATE")
	for _, e := range held.Exercises {
		for _, r := range e.Remediation {
			state := "open"
			if !r.Open() {
				state = "done " + r.ClosedAt.Format(time.DateOnly) + ": " + r.Outcome
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", r.ID, r.Due.Format(time.DateOnly), r.Owner, r.Action, state)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if !held.DueAt.IsZero() {
		word := "is"
		if held.Overdue {
			word = "was"
		}
		fmt.Fprintf(env.Stdout, "\nThe next exercise with people %s due before %s.\n", word, minutes(held.DueAt))
	}
	return nil
}

type tabletopDoneCmd struct {
	Item    string `arg:"" help:"The item's id."`
	Outcome string `arg:"" help:"What was done."`
}

// Run implements the verb.
func (c *tabletopDoneCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, "/api/v1/remediation/"+url.PathEscape(c.Item)+"/close", map[string]any{"outcome": c.Outcome}, "Closed.")
}
