package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"nis2clock/internal/incident"
	"nis2clock/internal/significance"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type assessCmd struct {
	ID       string   `arg:"" help:"INC-…"`
	Entity   string   `help:"For which entity, where there are several."`
	Fact     []string `help:"A fact, such as users_limited=12000; ~12000 is an estimate, unknown takes it back. Repeat it." placeholder:"NAME=VALUE" sep:"none"`
	Facts    string   `help:"File with facts as a JSON object, - for stdin." placeholder:"FILE.json"`
	Decision string   `help:"significant, not_significant or undecided." placeholder:"DECISION"`
	Reason   string   `help:"Why; kept with the decision."`
}

// Help implements kong.HelpProvider.
func (c *assessCmd) Help() string {
	return `Without flags it asks what is still missing, one fact at a time and only what can
matter for this kind of entity. Enter leaves a fact unknown, ? explains what
counts and under which article, "enough" ends the questions. Then it shows what
the criteria say and asks for your decision: they advise, you decide. Nothing is
recorded before the end.

With --fact, --facts or --decision it records those and asks nothing; with --json
alone it prints the questions and what the criteria say.`
}

// Run implements the verb.
func (c *assessCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	facts, err := c.facts(env)
	if err != nil {
		return err
	}
	if len(facts) > 0 || c.Decision != "" {
		return c.record(ctx, env, up, facts, c.Decision, c.Reason)
	}
	if c.Reason != "" {
		return usage("--reason goes with --decision")
	}
	if up.JSON {
		_, err := c.ask(ctx, env, up, nil, nil)
		return err
	}
	w := walk{cmd: c, up: up, env: env, in: bufio.NewScanner(env.Stdin), said: map[string]jsontext.Value{}}
	return w.run(ctx)
}

// facts are those of the flags; one given by itself goes before the file.
func (c *assessCmd) facts(env *Env) (map[string]jsontext.Value, error) {
	facts := map[string]jsontext.Value{}
	if c.Facts != "" {
		var raw []byte
		var err error
		if c.Facts == "-" {
			raw, err = io.ReadAll(env.Stdin)
		} else {
			raw, err = os.ReadFile(c.Facts)
		}
		if err != nil {
			return nil, fmt.Errorf("read the facts: %w", err)
		}
		if err := json.Unmarshal(raw, &facts); err != nil {
			return nil, usage("%s is not a JSON object of facts such as {\"users_limited\": 12000}: %w", c.Facts, err)
		}
	}
	for _, pair := range c.Fact {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usage("--fact %q is not NAME=VALUE, such as users_limited=12000", pair)
		}
		var err error
		if facts[name], err = text(value); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// text is a string as JSON.
func text(s string) (jsontext.Value, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, usage("%q is not text: %w", s, err)
	}
	return raw, nil
}

// record sends facts and a decision, and prints what came of them.
func (c *assessCmd) record(ctx context.Context, env *Env, up *incidentCmd, facts map[string]jsontext.Value, decision, reason string) error {
	body := map[string]any{"entity": c.Entity, "facts": facts, "decision": decision, "reason": reason}
	var v incident.View
	printed, err := up.get(ctx, env, "POST", incidentPath(c.ID, "assess"), body, &v)
	if err != nil || printed {
		return err
	}
	sig := c.mine(v)
	if decision == "" && sig.Advice != nil {
		if err := printResults(env, sig.Criteria, *sig.Advice); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout)
	}
	outcome(env, v, sig, decision)
	return nil
}

// mine is the part of the entity that is assessed.
func (c *assessCmd) mine(v incident.View) incident.EntitySignificance {
	for _, e := range v.Significance.Entities {
		if e.Entity == c.Entity {
			return e
		}
	}
	return v.Significance.EntitySignificance
}

// outcome says in words how things stand once something was recorded.
func outcome(env *Env, v incident.View, sig incident.EntitySignificance, decided string) {
	verdict := strings.ReplaceAll(sig.Decision, "_", " ")
	switch p := sig.Proposed; {
	case p != nil:
		fmt.Fprintf(env.Stdout, "%s: %s proposed that it is not significant. Another person must confirm it; the clocks run meanwhile.\n", v.ID, p.By)
	case sig.Decision == incident.Undecided && decided == "":
		fmt.Fprintf(env.Stdout, "%s: nothing is decided; the clocks run.\n", v.ID)
	default:
		fmt.Fprintf(env.Stdout, "%s: decided %s.\n", v.ID, verdict)
	}
	running := 0
	for _, c := range v.Clocks {
		if c.Stopped == nil && c.SubmittedAt == nil {
			running++
		}
	}
	c := next(v)
	switch {
	case c == nil && running == 0:
		fmt.Fprintln(env.Stdout, "No clock runs.")
	case c != nil:
		fmt.Fprintf(env.Stdout, "Next report: %s, due %s (%s).\n", c.Title, seconds(c.DueAt), left(*c))
	}
	if sig.Decision == incident.DecidedSignificant && v.AwareAt == nil {
		fmt.Fprintf(env.Stdout, "When did you become aware that it is significant? Record it with: nis2clock incident aware %s --at TIME\n", v.ID)
	}
}

// left is [remaining] with its noun.
func left(c incident.ClockView) string {
	if c.RemainingSeconds < 0 {
		return remaining(c)
	}
	return remaining(c) + " left"
}

// ask fetches the assessment with facts supposed; with --json it prints it.
func (c *assessCmd) ask(ctx context.Context, env *Env, up *incidentCmd, suppose, skip []string) (incident.Assessment, error) {
	q := url.Values{"fact": suppose, "skip": skip}
	if c.Entity != "" {
		q.Set("entity", c.Entity)
	}
	var a incident.Assessment
	_, err := up.get(ctx, env, "GET", incidentPath(c.ID, "assess")+"?"+q.Encode(), nil, &a)
	return a, err
}

// marks stand before a criterion.
var marks = map[significance.Outcome]string{significance.Met: "MET", significance.NotMet: "not met", significance.Unknown: "?"}

// cite splits a source into the act and the article.
func cite(source string) (act, article string) {
	if n := strings.Index(source, " Art. "); n > 0 {
		return source[:n], source[n+1:]
	}
	return "", source
}

// hints say in a word or two how to answer; the question's form is the long one.
var hints = map[significance.Kind]string{
	significance.YesNo: "yes/no", significance.Effect: "yes/possible/no", significance.Number: "number", significance.Users: "number, ~ for an estimate",
	significance.Euros: "EUR, ~ for an estimate", significance.Length: "such as 45m; 0: not at all", significance.Periods: "START/END, …", significance.Text: "in a few words",
}

// printResults prints what the criteria say: those met first, then what is unknown,
// then the rest.
func printResults(env *Env, criteria []significance.Result, advice significance.Advice) error {
	headline := map[significance.Verdict]string{
		significance.Significant: "SIGNIFICANT, the criteria say.", significance.NotSignificant: "NOT SIGNIFICANT, the criteria say.", significance.CannotTell: "CANNOT TELL YET.",
	}[advice.Verdict]
	fmt.Fprintf(env.Stdout, "%s %s\n\n", headline, advice.Because)
	order := []significance.Outcome{significance.Met, significance.Unknown, significance.NotMet}
	sorted := slices.Clone(criteria)
	slices.SortStableFunc(sorted, func(a, b significance.Result) int {
		return slices.Index(order, a.Result) - slices.Index(order, b.Result)
	})
	tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	for n, r := range sorted {
		act, article := cite(r.Source)
		if n == 0 {
			fmt.Fprintf(env.Stdout, "%s\n", act) // all are of one act
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", marks[r.Result], article, r.Because)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if len(advice.Missing) > 0 {
		fmt.Fprintln(env.Stdout, "\nFind out first:")
		for _, m := range advice.Missing[:min(3, len(advice.Missing))] {
			fmt.Fprintf(env.Stdout, "  %s  (%s)\n", m.Question, m.Fact)
		}
	}
	return nil
}

// walk leads a person through the facts.
type walk struct {
	cmd  *assessCmd
	up   *incidentCmd
	env  *Env
	in   *bufio.Scanner
	said map[string]jsontext.Value
	told []string // NAME=VALUE of what was said
	skip []string // passed over
}

// errEnd: the person, or what stands in for one, has no more to say.
var errEnd = errors.New("end of input")

// line reads what the person writes after the prompt.
func (w *walk) line(prompt string) (string, error) {
	fmt.Fprint(w.env.Stdout, prompt)
	if !w.in.Scan() {
		fmt.Fprintln(w.env.Stdout)
		if err := w.in.Err(); err != nil {
			return "", err
		}
		return "", errEnd
	}
	return strings.TrimSpace(w.in.Text()), nil
}

func (w *walk) run(ctx context.Context) error {
	a, err := w.cmd.ask(ctx, w.env, w.up, nil, nil)
	if err != nil {
		return err
	}
	w.greet(a)
	a, err = w.questions(ctx, a)
	if err != nil && !errors.Is(err, errEnd) {
		return err
	}
	ended := err != nil
	fmt.Fprintln(w.env.Stdout)
	if err := printResults(w.env, a.Criteria, a.Advice); err != nil {
		return err
	}
	fmt.Fprintln(w.env.Stdout)
	var decision, reason string
	if !ended {
		if decision, reason, err = w.decide(a); err != nil {
			return err
		}
	}
	if len(w.said) == 0 && decision == "" {
		fmt.Fprintln(w.env.Stdout, "Nothing was recorded.")
		return nil
	}
	return w.finish(ctx, decision, reason)
}

// finish records all of it at once. The results have been shown.
func (w *walk) finish(ctx context.Context, decision, reason string) error {
	body := map[string]any{"entity": w.cmd.Entity, "facts": w.said, "decision": decision, "reason": reason}
	var v incident.View
	if _, err := w.up.get(ctx, w.env, "POST", incidentPath(w.cmd.ID, "assess"), body, &v); err != nil {
		return err
	}
	fmt.Fprintln(w.env.Stdout)
	outcome(w.env, v, w.cmd.mine(v), decision)
	return nil
}

func (w *walk) greet(a incident.Assessment) {
	what := "Directive (EU) 2022/2555 Art. 23(3)"
	if len(a.Types) > 0 {
		names := make([]string, len(a.Types))
		for n, t := range a.Types {
			names[n] = strings.ReplaceAll(string(t), "_", " ")
		}
		what = "Implementing Regulation (EU) 2024/2690, " + strings.Join(names, " and ")
	}
	fmt.Fprintf(w.env.Stdout, "Is %s significant for %s?  (%s)\n", a.Incident, a.Entity, what)
	for _, q := range a.Questions {
		if q.Answer != nil && q.Answer.Origin != significance.FromRecord {
			fmt.Fprintf(w.env.Stdout, "  known: %s %s (%s)\n", q.Fact, q.Shown, q.Answer.Origin)
		}
	}
	fmt.Fprint(w.env.Stdout, "Enter: not known.  ?: what counts.  enough: no more questions.\n\n")
}

// questions asks until no answer can change a criterion, one is met, or the
// person has had enough.
func (w *walk) questions(ctx context.Context, a incident.Assessment) (incident.Assessment, error) {
	more := false
	for n := 1; a.Next != nil; n++ {
		if len(a.Advice.Met) > 0 && !more {
			fmt.Fprintf(w.env.Stdout, "\n%s\n", a.Advice.Because)
			answer, err := w.line("Go on with the other questions? [y/N] ")
			if err != nil || !strings.HasPrefix(strings.ToLower(answer), "y") {
				return a, err
			}
			more = true
		}
		q := *a.Next
		answer, err := w.line(fmt.Sprintf("%d. %s\n   [%s] > ", n, q.Question, hints[q.Kind]))
		if err != nil {
			return a, err
		}
		switch strings.ToLower(answer) {
		case "?":
			fmt.Fprintf(w.env.Stdout, "   %s\n   Write %s.\n", q.Explain, q.Form)
			n--
			continue
		case "enough":
			return a, nil
		case "", "unknown":
			w.skip = append(w.skip, string(q.Fact))
		default:
			// Asked with the answer supposed: what cannot be read is said at once.
			next, err := w.cmd.ask(ctx, w.env, w.up, append(slices.Clone(w.told), string(q.Fact)+"="+answer), w.skip)
			if err != nil {
				fmt.Fprintf(w.env.Stdout, "   %s\n", err)
				n--
				continue
			}
			if w.said[string(q.Fact)], err = text(answer); err != nil {
				return a, err
			}
			w.told = append(w.told, string(q.Fact)+"="+answer)
			a = next
			continue
		}
		if a, err = w.cmd.ask(ctx, w.env, w.up, w.told, w.skip); err != nil {
			return a, err
		}
	}
	return a, nil
}

// decide asks for the decision and its reason.
func (w *walk) decide(a incident.Assessment) (decision, reason string, err error) {
	for decision == "" {
		answer, err := w.line("Your decision: [s]ignificant, [n]ot significant, Enter: later. ")
		if err != nil || answer == "" {
			return "", "", ignoreEnd(err)
		}
		switch strings.ToLower(answer) {
		case "s", "significant":
			decision = incident.DecidedSignificant
		case "n", "not", "not significant", "not_significant":
			decision = incident.DecidedNotSignificant
		default:
			fmt.Fprintln(w.env.Stdout, "   s, n or Enter.")
		}
	}
	if against := a.Advice.Verdict; against != significance.Verdict(decision) {
		fmt.Fprintf(w.env.Stdout, "The criteria say %q. The reason is what an authority will read.\n", strings.ReplaceAll(string(against), "_", " "))
	}
	for reason == "" {
		if reason, err = w.line("Why? "); err != nil {
			fmt.Fprintln(w.env.Stdout, "Without a reason nothing is decided.")
			return "", "", ignoreEnd(err)
		}
	}
	return decision, reason, nil
}

// ignoreEnd takes the end of input for "later".
func ignoreEnd(err error) error {
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

type reopenCmd struct {
	ID     string `arg:"" help:"INC-…"`
	Reason string `required:"" help:"Why; kept in the timeline."`
}

// Run implements the verb.
func (c *reopenCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "reopen"), map[string]any{"reason": c.Reason})
}

type recurringCmd struct {
	Entity string `help:"Only for this entity."`
}

// Run implements the verb.
func (c *recurringCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	q := url.Values{}
	if c.Entity != "" {
		q.Set("entity", c.Entity)
	}
	var out struct {
		Sets []incident.RecurringSet `json:"sets"`
	}
	printed, err := up.get(ctx, env, "GET", "/api/v1/recurring?"+q.Encode(), nil, &out)
	if err != nil || printed {
		return err
	}
	if len(out.Sets) == 0 {
		fmt.Fprintln(env.Stdout, "No set of small incidents with the same root cause may together be significant.")
		return nil
	}
	for _, s := range out.Sets {
		verdict := "together SIGNIFICANT, the financial test says"
		if s.Result == significance.Unknown {
			verdict = "may together be significant"
		}
		fmt.Fprintf(env.Stdout, "%s  %s (%s)\n", strings.Join(s.Incidents, " "), verdict, s.Source)
		fmt.Fprintf(env.Stdout, "  root cause: %s; detected %s to %s\n  %s\n", s.RootCause, minutes(s.From), minutes(s.To), s.Because)
		for _, id := range s.WithoutLoss {
			fmt.Fprintf(env.Stdout, "  missing: nis2clock incident assess %s --fact financial_loss_eur=…\n", id)
		}
	}
	return nil
}
