package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"nis2clock/internal/incident"
)

type breachCmd struct {
	ID      string  `arg:"" help:"INC-…"`
	Entity  string  `help:"Whose breach, where there are several entities."`
	Aware   instant `help:"When there was a reasonable degree of certainty that personal data were breached (RFC 3339 with offset)." placeholder:"TIME"`
	Because string  `name:"reason" help:"Why recorded awareness is changed."`
	Nature  *string `help:"What happened to the data, in a sentence or more." placeholder:"TEXT"`

	DataSets    []string `name:"data-set" help:"A data set concerned; NAME=controller or NAME=processor where the settings do not say which. Repeat for each; together they replace what was recorded." placeholder:"NAME"`
	Controllers []string `name:"controller" help:"Only these controllers, or contracts, of those a data set may belong to." placeholder:"NAME"`
	All         bool     `name:"all-controllers" help:"All controllers a data set may belong to."`

	Subjects          *int64   `help:"How many persons are concerned." placeholder:"N"`
	SubjectCategories []string `name:"subject-category" help:"Of persons, such as patients." placeholder:"TEXT"`
	Records           *int64   `help:"How many records are concerned." placeholder:"N"`
	RecordCategories  []string `name:"record-category" help:"Of records." placeholder:"TEXT"`
	Estimate          bool     `help:"The numbers given are estimates."`

	Consequences *string `help:"Likely consequences." placeholder:"TEXT"`
	Measures     *string `help:"Measures taken or proposed." placeholder:"TEXT"`
	Risk         string  `help:"To the persons: unlikely, risk, high or unknown." enum:",unlikely,risk,high,unknown" default:"" placeholder:"RISK"`
	RiskReason   string  `name:"risk-reason" help:"Why; needed with --risk." placeholder:"TEXT"`

	DPO    string  `name:"dpo" help:"The data protection officer who advised." placeholder:"NAME"`
	DPOAt  instant `name:"dpo-at" help:"When (default now)." placeholder:"TIME"`
	Advice string  `name:"dpo-advice" help:"The advice." placeholder:"TEXT"`

	Inform       string  `help:"Are the persons informed (Art. 34): yes, no or not_yet." enum:",yes,no,not_yet" default:"" placeholder:"ANSWER"`
	InformReason string  `name:"inform-reason" help:"Why, or why not." placeholder:"TEXT"`
	InformedAt   instant `name:"informed-at" help:"When they were." placeholder:"TIME"`
	InformedHow  string  `name:"informed-how" help:"How they were." placeholder:"TEXT"`

	Processor string  `name:"told-by" help:"The processor that told us (Art. 33(2))." placeholder:"NAME"`
	ToldAt    instant `name:"told-at" help:"When it did." placeholder:"TIME"`
}

// Run implements the verb.
func (c *breachCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	body, err := c.body(env.Now())
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return usage("say what is known of the breach; try --help")
	}
	if c.Entity != "" {
		body["entity"] = c.Entity
	}
	return up.act(ctx, env, incidentPath(c.ID, "breach"), body)
}

func (c *breachCmd) body(now time.Time) (map[string]any, error) {
	body := map[string]any{}
	times(body, map[string]instant{"aware_at": c.Aware})
	for name, v := range map[string]*string{"nature": c.Nature, "consequences": c.Consequences, "measures": c.Measures} {
		if v != nil {
			body[name] = *v
		}
	}
	for name, v := range map[string]string{"risk": c.Risk, "risk_reason": c.RiskReason, "reason": c.Because} {
		if v != "" {
			body[name] = v
		}
	}
	if len(c.DataSets) > 0 {
		body["data_sets"] = dataSets(c.DataSets)
	}
	switch {
	case c.All && len(c.Controllers) > 0:
		return nil, usage("--controller and --all-controllers do not go together")
	case c.All:
		body["controllers"] = []string{}
	case len(c.Controllers) > 0:
		body["controllers"] = c.Controllers
	}
	if c.Estimate && c.Subjects == nil && c.Records == nil {
		return nil, usage("--estimate is about a number: give --subjects or --records")
	}
	if c.Subjects != nil || len(c.SubjectCategories) > 0 {
		body["subjects"] = map[string]any{"number": c.Subjects, "estimate": c.Estimate && c.Subjects != nil, "categories": c.SubjectCategories}
	}
	if c.Records != nil || len(c.RecordCategories) > 0 {
		body["records"] = map[string]any{"number": c.Records, "estimate": c.Estimate && c.Records != nil, "categories": c.RecordCategories}
	}
	if c.DPO != "" || c.Advice != "" {
		at := c.DPOAt.Time
		if at.IsZero() {
			at = now.UTC()
		}
		body["dpo_advice"] = map[string]any{"by": c.DPO, "at": at, "text": c.Advice}
	}
	if c.Inform != "" {
		informing := map[string]any{"decision": c.Inform, "reason": c.InformReason, "how": c.InformedHow}
		times(informing, map[string]instant{"at": c.InformedAt})
		body["informing"] = informing
	}
	if c.Processor != "" {
		told := map[string]any{"processor": c.Processor}
		times(told, map[string]instant{"at": c.ToldAt})
		body["told_by_processor"] = told
	}
	return body, nil
}

// dataSets reads NAME and NAME=ROLE.
func dataSets(given []string) []map[string]any {
	out := make([]map[string]any, len(given))
	for n, s := range given {
		name, role, _ := strings.Cut(s, "=")
		out[n] = map[string]any{"name": name, "role": role}
	}
	return out
}

type reportabilityCmd struct {
	ID     string `arg:"" help:"INC-…"`
	To     string `arg:"" help:"mandatory: it must be reported after all, its clocks run from their original instants; voluntary: it need not be but will be (Art. 30)." enum:"mandatory,voluntary"`
	Reason string `required:"" help:"Why; kept with the decision."`
}

// Run implements the verb.
func (c *reportabilityCmd) Run(ctx context.Context, env *Env, up *incidentCmd) error {
	return up.act(ctx, env, incidentPath(c.ID, "reportability"), map[string]any{"reportability": c.To, "reason": c.Reason})
}

type registerCmd struct {
	remote
	Breaches breachesCmd `cmd:"" help:"Every personal data breach (GDPR Art. 33(5))."`
}

type breachesCmd struct{}

// Run implements the verb.
func (c *breachesCmd) Run(ctx context.Context, env *Env, up *registerCmd) error {
	var out struct {
		Breaches []incident.RegisterEntry `json:"breaches"`
	}
	printed, err := up.get(ctx, env, "GET", "/api/v1/registers/breaches", nil, &out)
	if err != nil || printed {
		return err
	}
	if len(out.Breaches) == 0 {
		fmt.Fprintln(env.Stdout, "No personal data breach is recorded.")
		return nil
	}
	for n, e := range out.Breaches {
		if n > 0 {
			fmt.Fprintln(env.Stdout)
		}
		tw := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		row := rows(tw)
		title := e.Title
		if e.Exercise {
			title = "[EXERCISE] " + title
		}
		row("Incident", "%s  %s", e.Incident, title)
		row("Detected", "%s", seconds(e.DetectedAt))
		breachRows(row, e.BreachView)
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// rows prints named rows into a table.
func rows(tw *tabwriter.Writer) func(name, format string, args ...any) {
	return func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
}

// breachRows says what is known of a breach, and what is not.
func breachRows(row func(name, format string, args ...any), b incident.BreachView) {
	sets := make([]string, len(b.DataSets))
	for n, s := range b.DataSets {
		sets[n] = fmt.Sprintf("%s (%s%s)", s.Name, s.Role, prefixed(": ", strings.Join(s.Categories, ", ")))
	}
	row("Personal data", "%s: %s", b.Entity, strings.Join(sets, ", "))
	if b.AwareAt != nil {
		row("Breach certain", "%s", seconds(*b.AwareAt))
	} else {
		row("Breach certain", "awareness of it is not recorded")
	}
	if b.Nature != "" {
		row("Nature", "%s", b.Nature)
	}
	row("Persons", "%s", b.Subjects)
	row("Records", "%s", b.Records)
	row("Consequences", "%s", said(b.Consequences))
	row("Measures", "%s", said(b.Measures))
	row("Risk", "%s%s", b.Risk, prefixed(": ", b.RiskReason))
	for _, a := range b.Advice {
		row("DPO", "%s: %s (%s)", a.By, a.Text, seconds(a.At))
	}
	if b.Informing != nil {
		row("Persons informed", "%s", b.Informing)
	} else {
		row("Persons informed", "not decided")
	}
	if b.ToldBy != nil {
		row("Told by", "processor %s, %s", b.ToldBy.Processor, seconds(b.ToldBy.At))
	}
	if b.Notified {
		row("Authority", "notified %s%s", seconds(*b.NotifiedAt), prefixed(", reference ", deref(b.Reference)))
	} else {
		row("Authority", "not notified: %s", said(b.Reason))
	}
	for _, n := range b.Controllers {
		row("Controller", "%s (%s): %s", n.Controller, n.Contract, told(n))
	}
}

// told says how a notice to a controller stands.
func told(n incident.NoticeView) string {
	switch {
	case n.ToldAt != nil:
		s := "told " + seconds(*n.ToldAt)
		if n.Late {
			s += " (late)"
		}
		return s + prefixed(" by ", n.By) + prefixed(" through ", n.Channel) + prefixed(", reference ", n.Reference) + prefixed(", sha256 ", n.SHA256)
	case !n.Concerned:
		return "not concerned"
	case n.DueAt == nil:
		return "NOT TOLD, owed without undue delay" + prefixed("; ", n.Contact)
	case n.Late:
		return "NOT TOLD, was due " + seconds(*n.DueAt) + prefixed("; ", n.Contact)
	}
	return "not told yet, due " + seconds(*n.DueAt) + prefixed("; ", n.Contact)
}

func said(s string) string {
	if s == "" {
		return "not recorded"
	}
	return s
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
