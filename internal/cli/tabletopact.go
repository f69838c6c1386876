package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/prometheus/common/model"
)

// offset is a length of scenario time as scenarios write it.
func offset(d time.Duration) string { return model.Duration(d).String() }

// board is what is read of the answer of GET /api/v1/exercise.
type board struct {
	Exercise     string    `json:"exercise"`
	Title        string    `json:"title"`
	State        string    `json:"state"`
	ScenarioTime time.Time `json:"scenario_time"`
	Offset       string    `json:"offset"`
	Left         string    `json:"left"`
	Happened     []struct {
		Offset string `json:"offset"`
		Kind   string `json:"kind"`
		From   string `json:"from"`
		Text   string `json:"text"`
		Late   bool   `json:"late"`
	} `json:"happened"`
	Decisions []struct {
		ID       string   `json:"id"`
		Question string   `json:"question"`
		Options  []string `json:"options"`
		Answers  []string `json:"answers"`
	} `json:"decisions"`
	Questions []struct {
		ID  string `json:"id"`
		Ask string `json:"ask"`
	} `json:"questions"`
	Score struct {
		Points int `json:"points"`
		Of     int `json:"of"`
		Met    int `json:"met"`
		Missed int `json:"missed"`
	} `json:"score"`
	// Script is nil for everybody but the facilitator.
	Script *struct {
		Next []struct {
			Offset string `json:"offset"`
			In     string `json:"in"`
			What   string `json:"what"`
			Note   string `json:"note"`
		} `json:"next"`
		Expected []struct {
			What   string `json:"what"`
			Target string `json:"target"`
			State  string `json:"state"`
			By     string `json:"by"`
		} `json:"expected"`
		Hints []struct {
			ID    string `json:"id"`
			For   string `json:"for"`
			Text  string `json:"text"`
			Given bool   `json:"given"`
		} `json:"hints"`
	} `json:"script"`
}

type tabletopShowCmd struct {
	Script bool `help:"With what is still to come, for the facilitator."`
}

// Run implements the verb.
func (c *tabletopShowCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	path := "/api/v1/exercise"
	if c.Script {
		path = exercisePath("script")
	}
	var b board
	printed, err := up.get(ctx, env, "GET", path, nil, &b)
	if err != nil || printed {
		return err
	}
	out := env.Stdout
	fmt.Fprintf(out, "EXERCISE %s: %s\n%s, %s since the start, %s left, scenario time %s\n%d met, %d missed; %d of %d points of what was to be done by now\n",
		b.Exercise, b.Title, b.State, b.Offset, b.Left, seconds(b.ScenarioTime), b.Score.Met, b.Score.Missed, b.Score.Points, b.Score.Of)
	for _, h := range b.Happened {
		late := ""
		if h.Late {
			late = " (late)"
		}
		fmt.Fprintf(out, "\n%s%s  %s %s\n%s\n", h.Offset, late, h.Kind, h.From, indent(h.Text))
	}
	for _, d := range b.Decisions {
		fmt.Fprintf(out, "\nTo decide, %s: %s\n", d.ID, d.Question)
		for _, o := range d.Options {
			fmt.Fprintf(out, "   - %s\n", o)
		}
		for _, a := range d.Answers {
			fmt.Fprintf(out, "   %s\n", a)
		}
	}
	if b.State == "ended" {
		for _, q := range b.Questions {
			fmt.Fprintf(out, "\nTo answer, %s: %s\n", q.ID, q.Ask)
		}
	}
	if b.Script == nil {
		return nil
	}
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\nEXPECTED\tTARGET\tSO FAR\tBY")
	for _, e := range b.Script.Expected {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", e.What, e.Target, e.State, e.By)
	}
	fmt.Fprintln(tw, "\nNEXT\tIN\tWHAT\tFOR YOU")
	for _, n := range b.Script.Next {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", n.Offset, n.In, short(n.What), short(n.Note))
	}
	fmt.Fprintln(tw, "\nHINT\tFOR\tGIVEN\tTEXT")
	for _, h := range b.Script.Hints {
		fmt.Fprintf(tw, "%s\t%s\t%t\t%s\n", h.ID, h.For, h.Given, h.Text)
	}
	return tw.Flush()
}

// short is what of a text stands in a table.
func short(s string) string {
	const most = 90
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

type tabletopAttendCmd struct {
	Name       string `help:"Facilitator: somebody else, who then still has to confirm it." placeholder:"NAME"`
	Part       string `help:"participant, facilitator, evaluator or observer; as it was noted when left out." enum:",participant,facilitator,evaluator,observer" default:"" placeholder:"PART"`
	Seat       string `help:"A participant's seat in the scenario." placeholder:"SEAT"`
	Role       string `help:"What somebody without a seat is in the house." placeholder:"TEXT"`
	Management bool   `help:"A member of the management body."`
}

// Run implements the verb.
func (c *tabletopAttendCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	path, said := exercisePath("attend"), "Noted that you take part."
	if c.Name != "" {
		path, said = exercisePath("control/attend"), "Noted; "+c.Name+" confirms it by: nis2clock tabletop attend"
	}
	return up.act(ctx, env, path, map[string]any{"name": c.Name, "part": c.Part, "seat": c.Seat, "role": c.Role, "management": c.Management}, said)
}

type tabletopLeaveCmd struct {
	Name string `help:"Facilitator: somebody else." placeholder:"NAME"`
}

// Run implements the verb.
func (c *tabletopLeaveCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	path := exercisePath("leave")
	if c.Name != "" {
		path = exercisePath("control/leave")
	}
	return up.act(ctx, env, path, map[string]any{"name": c.Name}, "Noted.")
}

type tabletopDecideCmd struct {
	Point  string `arg:"" help:"The decision point's id, as tabletop show has it."`
	Choice string `arg:"" help:"One of its options."`
	Reason string `required:"" help:"Why."`
}

// Run implements the verb.
func (c *tabletopDecideCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("decide"), map[string]any{"decision_point": c.Point, "choice": c.Choice, "reason": c.Reason}, "Decided.")
}

type tabletopAnswerCmd struct {
	Question string `arg:"" help:"The question's id."`
	Text     string `arg:"" help:"The answer."`
}

// Run implements the verb.
func (c *tabletopAnswerCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("answer"), map[string]any{"question": c.Question, "text": c.Text}, "Noted.")
}

type tabletopGapCmd struct {
	Text string `arg:"" help:"The weakness."`
}

// Run implements the verb.
func (c *tabletopGapCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("gap"), map[string]any{"text": c.Text}, "Noted.")
}

type tabletopLessonCmd struct {
	Text string `arg:"" help:"The lesson."`
}

// Run implements the verb.
func (c *tabletopLessonCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("lesson"), map[string]any{"text": c.Text}, "Noted.")
}

type tabletopPauseCmd struct {
	Reason string `help:"Why; it stands in the write-up."`
}

// Run implements the verb.
func (c *tabletopPauseCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("control/pause"), map[string]any{"reason": c.Reason}, "Paused.")
}

type tabletopResumeCmd struct{}

// Run implements the verb.
func (c *tabletopResumeCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("control/resume"), nil, "The clock runs.")
}

type tabletopRewindCmd struct {
	To     string `arg:"" help:"Offset since the start, such as 2h30m."`
	Reason string `help:"Why; it stands in the write-up."`
}

// Run implements the verb.
func (c *tabletopRewindCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("control/rewind"), map[string]any{"to": c.To, "reason": c.Reason}, "Rewinding to "+c.To+".")
}

type tabletopHintCmd struct {
	ID   string `help:"One of the scenario's." placeholder:"HINT"`
	Text string `arg:"" optional:"" help:"One in your words."`
}

// Run implements the verb.
func (c *tabletopHintCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("control/hint"), map[string]any{"hint": c.ID, "text": c.Text}, "Given.")
}

type tabletopRemedyCmd struct {
	Gap    string `required:"" help:"What it mends." placeholder:"TEXT"`
	Action string `required:"" help:"What is to be done." placeholder:"TEXT"`
	Owner  string `required:"" help:"Who does it." placeholder:"NAME"`
	Due    string `required:"" help:"By which day." placeholder:"2027-01-31"`
}

// Run implements the verb.
func (c *tabletopRemedyCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("control/remedy"), map[string]any{"gap": c.Gap, "action": c.Action, "owner": c.Owner, "due": c.Due}, "Noted.")
}

type tabletopEndCmd struct {
	Reason string `help:"Why; it stands in the write-up."`
}

// Run implements the verb.
func (c *tabletopEndCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("control/end"), map[string]any{"reason": c.Reason}, "Ended.")
}

type tabletopApproveCmd struct {
	Role string `required:"" help:"What you are in the house." placeholder:"TEXT"`
}

// Run implements the verb.
func (c *tabletopApproveCmd) Run(ctx context.Context, env *Env, up *tabletopCmd) error {
	return up.act(ctx, env, exercisePath("control/approve"), map[string]any{"role": c.Role}, "Approved: the write-up that is left at the end carries your name.")
}
