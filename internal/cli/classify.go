package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/classify"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/intake"
)

// classifyCmd says what a webhook body would do. It goes the way of the
// service, decoder and decisions, on a state that knows no incident.
type classifyCmd struct {
	File   string `short:"f" required:"" help:"The webhook body; - reads it from stdin." placeholder:"BODY.json"`
	Config string `help:"Configuration file; without one the defaults count." placeholder:"FILE"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// classifyJSON is the answer as JSON. Incidents are numbered within the body.
type classifyJSON struct {
	// Against says what the body is compared with.
	Against     string               `json:"against"`
	Config      *string              `json:"config"`
	Receiver    string               `json:"receiver"`
	Truncated   int                  `json:"truncated"` // alerts the sender left out
	Answer      classifyAnswer       `json:"answer"`
	Alerts      []classifiedAlert    `json:"alerts"`
	Quarantined []classifyQuarantine `json:"quarantined"`
}

// classifyAnswer is what the webhook would answer.
type classifyAnswer struct {
	Status      int `json:"status"`
	Received    int `json:"received"`
	Opened      int `json:"opened_alerts"`
	Attached    int `json:"attached"`
	Resolved    int `json:"resolved"`
	Duplicate   int `json:"duplicate"`
	Ignored     int `json:"ignored"`
	Quarantined int `json:"quarantined"`
}

// classifyQuarantine is an element that cannot be read.
type classifyQuarantine struct {
	Where string `json:"where"` // JSON pointer into the body
	What  string `json:"what"`
}

// classifiedAlert is one alert. What follows Rules is empty for one that is
// ignored.
type classifiedAlert struct {
	Name        string            `json:"alertname"`
	Fingerprint string            `json:"fingerprint"`
	Status      string            `json:"status"`
	Verdict     classify.Verdict  `json:"verdict"`
	Reason      string            `json:"reason"`
	Outcome     string            `json:"outcome"`
	Incident    *int              `json:"incident"`
	Heartbeat   bool              `json:"heartbeat"`
	Rules       []string          `json:"rules"` // those that count, in order
	Severity    string            `json:"severity"`
	Category    classify.Category `json:"category"`
	Regimes     []string          `json:"regimes"`  // as named; empty: those of the entities
	Entities    []string          `json:"entities"` // as named; empty: all
	Service     string            `json:"service"`
	Malicious   classify.Answer   `json:"malicious"`
	CrossBorder classify.Answer   `json:"cross_border"`
	Correlation string            `json:"correlation"`
	Sources     classify.Sources  `json:"sources"` // what said each of them
	Flags       []string          `json:"flags"`
	TriageBy    *time.Time        `json:"triage_by"`
	Clocks      []classifiedClock `json:"clocks"` // of the incident, where the alert starts or moves them
}

type classifiedClock struct {
	incident.ClockID
	DueAt time.Time `json:"due_at"`
}

// Outcomes of an alert.
const (
	outcomeOpens     = "opens"
	outcomeJoins     = "joins"
	outcomeResolves  = "resolves"
	outcomeDuplicate = "duplicate"
	outcomeIgnored   = "ignored"
)

const emptyStore = "an empty store: a service that knows an incident already may join, resolve or repeat where this opens"

// Run implements the verb.
func (c *classifyCmd) Run(env *Env) error {
	cfg := config.Default()
	if c.Config != "" {
		var err error
		if cfg, err = config.Load(c.Config, env.Getenv); err != nil {
			return err
		}
		for _, w := range cfg.Warnings {
			fmt.Fprintln(env.Stderr, "warning: "+w)
		}
	}
	body, err := c.body(env, cfg.Intake.MaxBody)
	if err != nil {
		return err
	}
	answer, err := classifyBody(cfg.Rules(), body, env.Now())
	if err != nil {
		return err
	}
	if c.Config != "" {
		answer.Config = &c.Config
	}
	if c.JSON {
		text, err := json.Marshal(answer, json.Deterministic(true), jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, string(text))
	} else {
		answer.write(env.Stdout)
	}
	if len(body.Alerts) == 0 {
		return fmt.Errorf("%s: no alert in it can be read: %s", c.name(), body.Problems[0].What)
	}
	return nil
}

func (c *classifyCmd) name() string {
	if c.File == "-" {
		return "stdin"
	}
	return c.File
}

// body reads the body as the webhook would.
func (c *classifyCmd) body(env *Env, most int64) (_ intake.Body, err error) {
	in := io.NopCloser(env.Stdin)
	if c.File != "-" {
		if in, err = os.Open(c.File); err != nil {
			return intake.Body{}, err
		}
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	body, err := intake.Decode(http.MaxBytesReader(nil, in, most))
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return body, fmt.Errorf("%s is larger than %d bytes, the webhook would answer 413: raise intake.max_body", c.name(), large.Limit)
	}
	return body, err
}

// classifyBody decides on a body as the service would at now.
func classifyBody(rules *incident.Rules, body intake.Body, now time.Time) (*classifyJSON, error) {
	out := &classifyJSON{Against: emptyStore, Receiver: body.Receiver, Truncated: body.Truncated, Answer: classifyAnswer{Status: http.StatusOK}}
	if len(body.Alerts) == 0 {
		out.Answer.Status = http.StatusBadRequest
	}
	state := incident.NewState()
	numbers := map[incident.ID]int{}
	for _, dl := range body.Alerts {
		// One by one: what became of each is what would in one batch.
		reply, entries, err := rules.Execute(state, now, incident.ReceiveBatch{
			By: incident.System, ReceivedAt: now, Receipt: incident.Receipt{Receiver: body.Receiver}, Alerts: []incident.Delivery{dl},
		})
		if err != nil {
			return nil, err
		}
		out.Answer.add(reply.(incident.Receiving).Counts)
		a := explain(rules, body.Receiver, dl)
		a.happened(state, entries, numbers)
		out.Alerts = append(out.Alerts, a)
	}
	for _, p := range body.Problems {
		out.Quarantined = append(out.Quarantined, classifyQuarantine(p))
	}
	out.Answer.Quarantined = body.Unreadable
	out.Answer.Received += body.Unreadable
	return out, nil
}

func (a *classifyAnswer) add(c incident.Counts) {
	a.Received += c.Received
	a.Opened += c.Opened
	a.Attached += c.Attached
	a.Resolved += c.Resolved
	a.Duplicate += c.Duplicate
	a.Ignored += c.Ignored
}

// explain is what labels and rules say of an alert.
func explain(rules *incident.Rules, receiver string, dl incident.Delivery) classifiedAlert {
	d, sources := rules.Classify.Explain(receiver, dl.Labels)
	a := classifiedAlert{
		Name: dl.Labels["alertname"], Fingerprint: dl.Fingerprint, Status: incident.Resolved,
		Verdict: d.Verdict, Reason: d.Reason, Outcome: outcomeIgnored, Rules: d.Rules,
		Severity: d.Severity, Category: d.Category, Regimes: d.Regimes, Entities: d.Entities, Service: d.Service,
		Malicious: d.Malicious, CrossBorder: d.CrossBorder, Correlation: d.Correlation, Sources: sources,
		Flags: append(dl.Flags[:len(dl.Flags):len(dl.Flags)], rules.Oddities(d)...),
	}
	if dl.Firing {
		a.Status = incident.Firing
	}
	return a
}

// happened reads from the entries what became of the alert.
func (a *classifiedAlert) happened(state *incident.State, entries []incident.Entry, numbers map[incident.ID]int) {
	if a.Verdict != classify.Ignore {
		a.Outcome = outcomeDuplicate // it leaves nothing but a receipt
	}
	for _, e := range entries {
		moves := false
		switch ev := e.Event.(type) {
		case incident.Opened:
			numbers[e.About] = len(numbers) + 1
			a.Outcome, a.Flags, moves = outcomeOpens, ev.Alert.Flags, true
		case incident.Attached:
			a.Outcome, a.Flags, moves = outcomeJoins, ev.Alert.Flags, ev.Redetected != nil || ev.Widened != nil
		case incident.AlertMoved:
			moves = ev.Redetected != nil
		case incident.AlertResolved:
			a.Outcome, moves = outcomeResolves, ev.Redetected != nil
		case incident.Received:
			a.Heartbeat = ev.Heartbeat != ""
		}
		i, ok := state.Incident(e.About)
		if !ok {
			continue
		}
		a.Incident = new(numbers[e.About])
		if a.Outcome == outcomeOpens && !i.TriageBy.IsZero() {
			a.TriageBy = &i.TriageBy
		}
		for n := range i.Clocks {
			if c := &i.Clocks[n]; moves {
				a.Clocks = append(a.Clocks, classifiedClock{c.ClockID, c.DueAt})
			}
		}
	}
}
