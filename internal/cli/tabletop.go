package cli

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

type tabletopCmd struct {
	remote
	List  tabletopListCmd  `cmd:"" help:"List the scenarios that come with the program."`
	Check tabletopCheckCmd `cmd:"" help:"Check scenarios' files and name every mistake in them."`
	Run   tabletopRunCmd   `cmd:"" help:"Run an exercise: with people, or as a rehearsal with --auto."`

	Show     tabletopShowCmd     `cmd:"" help:"Show how the exercise at --server stands; with --script, for the facilitator."`
	Attend   tabletopAttendCmd   `cmd:"" help:"Say that you take part; the facilitator may note others."`
	Leave    tabletopLeaveCmd    `cmd:"" help:"Say that you, or for the facilitator somebody, left before the end."`
	Decide   tabletopDecideCmd   `cmd:"" help:"Decide at a decision point."`
	Answer   tabletopAnswerCmd   `cmd:"" help:"Answer one of the questions asked after the exercise."`
	Gap      tabletopGapCmd      `cmd:"" help:"Name a weakness that the exercise shows."`
	Lesson   tabletopLessonCmd   `cmd:"" help:"Note a lesson."`
	Pause    tabletopPauseCmd    `cmd:"" help:"Facilitator: stop the exercise's clock."`
	Resume   tabletopResumeCmd   `cmd:"" help:"Facilitator: let it run on."`
	Rewind   tabletopRewindCmd   `cmd:"" help:"Facilitator: go back to an earlier offset; what was done since is undone."`
	Hint     tabletopHintCmd     `cmd:"" help:"Facilitator: give a hint, by its id or in your words."`
	Remedy   tabletopRemedyCmd   `cmd:"" help:"Facilitator: add a line to the remediation register."`
	End      tabletopEndCmd      `cmd:"" help:"Facilitator: end the exercise before the scenario does."`
	Approve  tabletopApproveCmd  `cmd:"" help:"Facilitator: vouch for the write-up, after the end."`
	Record   tabletopRecordCmd   `cmd:"" help:"Record an exercise that was held with the real service, from its write-up in JSON."`
	Register tabletopRegisterCmd `cmd:"" help:"List the exercises that were held and what is still to be done after them."`
	Done     tabletopDoneCmd     `cmd:"" help:"Close a line of the remediation register."`
}

// exercisePath is a path of the exercise's API.
func exercisePath(act string) string { return "/api/v1/exercise/" + act }

// act asks the exercise at --server for something and says that it was done.
func (c *tabletopCmd) act(ctx context.Context, env *Env, path string, body map[string]any, done string) error {
	var answer jsontext.Value
	printed, err := c.get(ctx, env, "POST", path, body, &answer)
	if err == nil && !printed {
		fmt.Fprintln(env.Stdout, done)
	}
	return err
}
