// Package prometheus captures what a Prometheus knows about an alert: its
// rule, the alerts there are, and the values around detection of the rule's
// own expression and of configured ones.
//
// Values stay the text they arrived as; what the client library makes of them
// is only counted (PR-5).
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"nis2clock/internal/evidence"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Kinds of artefacts.
const (
	Range  = "prometheus_range"  // /api/v1/query_range
	Rules  = "prometheus_rules"  // /api/v1/rules
	Alerts = "prometheus_alerts" // /api/v1/alerts, with Prometheus' own detection time (PR-7)
)

// MaxPoints is how many steps Prometheus allows for each series (PR-2).
const MaxPoints = 11_000

// Collector implements [evidence.Collector].
type Collector struct {
	source  evidence.Source
	client  *evidence.Client
	api     v1.API
	queries []*evidence.Template
	step    time.Duration
}

// Source implements [evidence.Collector].
func (c *Collector) Source() evidence.Source { return c.source }

// Collect implements [evidence.Collector]. What goes first goes soonest: the
// alerts, then the rules, then the values.
func (c *Collector) Collect(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
	about := &server{base: c.client.Base()}
	if info, err := c.api.Buildinfo(ctx); err == nil {
		about.version = info.Version
	} else {
		about.problem = fmt.Sprintf("the server's version is not known: %v", worded(err))
	}
	rec.Take(ctx, Alerts, func(ctx context.Context, a *evidence.Capture) error {
		about.describe(a)
		found, err := c.api.Alerts(ctx)
		a.Empty = err == nil && len(found.Alerts) == 0
		a.Count("alerts", len(found.Alerts))
		return worded(err)
	})
	var own expression
	rec.Take(ctx, Rules, func(ctx context.Context, a *evidence.Capture) error {
		about.describe(a)
		found, err := c.api.Rules(ctx, nil)
		a.Empty = err == nil && len(found.Groups) == 0
		own = ruleOf(req.Alert, found)
		a.Count("groups", len(found.Groups))
		return worded(err)
	})
	if own.query == "" {
		own = generated(req.Alert)
	}
	if own.query == "" {
		own.err = evidence.Fail(false, "the alert's expression is not known: no rule fits the alert, and its generatorURL shows none")
	}
	c.values(ctx, req, rec, about, own)
	for _, q := range c.queries {
		query, err := q.Render(req)
		c.values(ctx, req, rec, about, expression{query: query, err: err})
	}
	return nil
}

// server is what is said of it in every artefact.
type server struct{ base, version, problem string }

func (s *server) describe(a *evidence.Capture) {
	a.Server, a.ServerVersion = s.base, s.version
	if s.problem != "" {
		a.Warn("%s", s.problem)
	}
}

// values captures an expression over the time of interest.
func (c *Collector) values(ctx context.Context, req evidence.Request, rec *evidence.Recorder, about *server, e expression) {
	rec.Take(ctx, Range, func(ctx context.Context, a *evidence.Capture) error {
		about.describe(a)
		if e.err != nil {
			return e.err
		}
		if e.doubt != "" {
			a.Warn("%s", e.doubt)
		}
		r := v1.Range{Start: req.From.Truncate(time.Millisecond), End: req.To.Truncate(time.Millisecond)}
		r.Step = step(r.End.Sub(r.Start), c.step)
		a.Query, a.From, a.To, a.Step = e.query, r.Start.UTC(), r.End.UTC(), r.Step.String()
		v, warnings, infos, err := c.api.QueryRange(ctx, e.query, r)
		a.Warnings = append(append(a.Warnings, warnings...), infos...)
		if err != nil {
			return worded(err)
		}
		m, ok := v.(model.Matrix)
		if !ok {
			return evidence.Fail(false, "answered with %T, not with a matrix", v)
		}
		a.Empty = len(m) == 0
		for _, series := range m {
			a.Count("points", len(series.Values)+len(series.Histograms))
		}
		a.Count("series", len(m))
		return nil
	})
}

// step is the shortest distance of points that is at least the one wanted and
// gives at most [MaxPoints] steps over a span, in whole milliseconds, or whole
// seconds from one on.
func step(span, wanted time.Duration) time.Duration {
	s := max(wanted, (span+MaxPoints-1)/MaxPoints)
	unit := time.Millisecond
	if s > time.Second {
		unit = time.Second
	}
	return (s + unit - 1).Truncate(unit)
}

// worded is an error of the client library as people read it.
func worded(err error) error {
	e, ok := errors.AsType[*v1.Error](err)
	if !ok {
		return err
	}
	busy := e.Type == v1.ErrTimeout || e.Type == v1.ErrCanceled || e.Type == v1.ErrServer
	if e.Detail != "" && !strings.HasPrefix(e.Detail, "<") { // not a page
		return evidence.Fail(busy, "refused: %s: %s: %s", e.Type, e.Msg, e.Detail)
	}
	return evidence.Fail(busy, "refused: %s: %s", e.Type, e.Msg)
}

// expression is a query and what is to be said about where it is from.
type expression struct {
	query, doubt string
	err          error
}

// ruleOf is the expression of the alert's own rule: it has the alert's name,
// its labels are among the alert's, and, where several do, one of its active
// alerts is this one.
func ruleOf(alert evidence.Alert, found v1.RulesResult) expression {
	var candidates, active []string
	for _, group := range found.Groups {
		for _, r := range group.Rules {
			rule, ok := r.(v1.AlertingRule)
			if !ok || rule.Name != alert.Name() || alert.Name() == "" {
				continue
			}
			if fits(rule.Labels, alert.Labels, true) {
				candidates = append(candidates, rule.Query)
			}
			for _, a := range rule.Alerts {
				if fits(a.Labels, alert.Labels, false) {
					active = append(active, rule.Query)
					break
				}
			}
		}
	}
	all := candidates
	if len(active) > 0 {
		all = active
	}
	switch len(all) {
	case 0:
		return expression{}
	case 1:
		return expression{query: all[0]}
	}
	return expression{query: all[0], doubt: fmt.Sprintf("%d rules of this name fit the alert: the expression is that of the first", len(all))}
}

// fits reports whether the labels are among the alert's, which has those too
// that Prometheus adds for the outside. Values that are templates fit anything.
func fits(labels model.LabelSet, alert map[string]string, templates bool) bool {
	for name, value := range labels {
		if templates && strings.Contains(string(value), "{{") {
			continue
		}
		if got, ok := alert[string(name)]; !ok || got != string(value) {
			return false
		}
	}
	return true
}

// generated is the expression that the alert's generatorURL shows, when the
// rule is not to be had. It is the sender's word.
func generated(alert evidence.Alert) expression {
	const longest = 16 << 10
	u, err := url.Parse(alert.GeneratorURL)
	if err != nil {
		return expression{}
	}
	q := u.Query().Get("g0.expr")
	if q == "" || len(q) > longest {
		return expression{}
	}
	return expression{query: q, doubt: "no rule fits the alert: the expression is the one in the alert's generatorURL"}
}
