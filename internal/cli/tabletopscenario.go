package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nis2clock/internal/runbook"
	"nis2clock/internal/tabletop/scenario"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/common/model"
)

// scenarioLine is a scenario in a list.
type scenarioLine struct {
	Name         string   `json:"name"`
	Title        string   `json:"title"`
	Aim          string   `json:"aim"`
	Tests        []string `json:"tests"`
	Length       string   `json:"length"` // such as 45d
	Participants []string `json:"participants"`
	Injects      int      `json:"injects"`
	Expected     int      `json:"expected"`
	// Auto is true for one that scripted participants can play.
	Auto bool `json:"auto"`
}

func lineOf(s *scenario.Scenario) scenarioLine {
	line := scenarioLine{
		Name: s.Name, Title: s.Title, Aim: s.Aim, Tests: s.Tests, Length: model.Duration(s.Length).String(),
		Injects: len(s.Injects), Expected: len(s.Expected), Auto: len(s.Auto) > 0,
	}
	for _, p := range s.Participants {
		line.Participants = append(line.Participants, p.Role)
	}
	return line
}

type tabletopListCmd struct{}

// Run implements the verb.
func (c *tabletopListCmd) Run(env *Env, up *tabletopCmd) error {
	all, err := scenario.Shipped()
	if err != nil {
		return err
	}
	lines := []scenarioLine{}
	for _, s := range all {
		lines = append(lines, lineOf(s))
	}
	if up.JSON {
		return printJSON(env.Stdout, map[string]any{"scenarios": lines})
	}
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SCENARIO\tLENGTH\tINJECTS\tSEATS\tTITLE")
	for _, l := range lines {
		fmt.Fprintf(tw, "%s\t%s\t%d\t%d\t%s\n", l.Name, l.Length, l.Injects, len(l.Participants), l.Title)
	}
	return tw.Flush()
}

type tabletopCheckCmd struct {
	Files []string `arg:"" name:"file" help:"A scenario's file, or the name of a shipped one."`
}

// checkedScenario is what became of one file.
type checkedScenario struct {
	File     string        `json:"file"`
	Valid    bool          `json:"valid"`
	Mistakes []string      `json:"mistakes"`
	Warnings []string      `json:"warnings"`
	Scenario *scenarioLine `json:"scenario"` // null for one with mistakes
}

// Run implements the verb.
func (c *tabletopCheckCmd) Run(env *Env, up *tabletopCmd) error {
	books, err := runbook.Load(folders("")...)
	if err != nil {
		return err
	}
	var all []checkedScenario
	var mistakes []error
	for _, file := range c.Files {
		checked := checkedScenario{File: file}
		s, err := scenario.Open(file)
		if err != nil {
			mistakes = append(mistakes, err)
			checked.Mistakes = strings.Split(err.Error(), "\n")
		} else {
			checked.Valid, checked.Warnings, checked.Scenario = true, warnings(s, books), new(lineOf(s))
		}
		all = append(all, checked)
	}
	if up.JSON {
		if err := printJSON(env.Stdout, map[string]any{"files": all}); err != nil {
			return err
		}
		if len(mistakes) > 0 {
			return &exitError{code: 1}
		}
		return nil
	}
	for _, f := range all {
		for _, w := range f.Warnings {
			fmt.Fprintf(env.Stderr, "warning: %s: %s\n", f.File, w)
		}
		if l := f.Scenario; l != nil {
			fmt.Fprintf(env.Stdout, "%s is valid: %s; %s long, %d participants, %d injects, %d expected actions\n",
				f.File, l.Title, l.Length, len(l.Participants), l.Injects, l.Expected)
		}
	}
	return errors.Join(mistakes...)
}

// warnings are what a scenario can be played with and probably was not meant.
func warnings(s *scenario.Scenario, books *runbook.Library) []string {
	var out []string
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if len(s.Expected) == 0 {
		warn("nothing is expected of anybody: there will be no score")
	}
	if len(s.Auto) == 0 {
		warn("it has no auto script: it cannot be rehearsed with --auto")
	}
	manager := false
	for _, p := range s.Participants {
		manager = manager || p.Management
	}
	if !manager {
		warn("no seat is marked as one of the management body: the write-up will say that it took no part")
	}
	named := map[string]bool{}
	for _, x := range s.Expected {
		named[x.Runbook] = true
	}
	for _, st := range s.Auto {
		if st.RunbookStep == "" {
			continue
		}
		named[st.Runbook] = true
		if r, err := books.Get(st.Runbook); err == nil {
			if _, ok := r.Step(st.RunbookStep); !ok {
				warn("runbook %s has no step %q: the script stops there", st.Runbook, st.RunbookStep)
			}
		}
	}
	for _, r := range books.All() {
		delete(named, r.Name)
	}
	delete(named, "")
	for _, name := range slices.Sorted(maps.Keys(named)) {
		warn("there is no built-in runbook %q: it has to be one of your own, in runbooks_dir", name)
	}
	return out
}

func printJSON(w io.Writer, v any) error {
	raw, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", raw)
	return err
}
