package scenario

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/significance"

	"github.com/prometheus/common/model"
)

// expected reads an action that is expected of participants.
func (r *reader) expected(y on[expectYAML]) {
	v := y.Value
	e := Expected{
		ID: ident(r, "expect", y.Line, v.ID, r.s.Expected), Do: Deed(v.Do.Value), By: r.seats("by", v.By), After: v.After.Value,
		Within: r.span("within", v.Within), Before: Deadline(v.Before.Value), Weight: 1, Never: v.Never.Value, Why: r.optional("why", v.Why),
		Regime: regime.ID(v.Regime.Value), Entity: v.Entity.Value, Stage: v.Stage.Value, Decision: v.Decision.Value, Kind: v.Kind.Value,
		Fact: v.Fact.Value, Runbook: v.Runbook.Value, Point: v.Point.Value,
	}
	r.s.Expected = append(r.s.Expected, e)
	last := &r.s.Expected[len(r.s.Expected)-1]
	if v.Weight != nil {
		last.Weight = v.Weight.Value
	}
	if last.Weight < 1 || last.Weight > 10 {
		r.Refuse(v.Weight.Line, "weight is %d: want 1 to 10", last.Weight)
	}
	what, ok := deeds[e.Do]
	if !ok {
		r.unknownDeed(cmp.Or(v.Do.Line, y.Line), v.Do.Value)
		return
	}
	r.takes(e.Do, what.expect, map[string]int{
		"regime": v.Regime.Line, "entity": v.Entity.Line, "stage": v.Stage.Line, "decision": v.Decision.Line,
		"kind": v.Kind.Line, "fact": v.Fact.Line, "runbook": v.Runbook.Line, "decision_point": v.Point.Line,
	})
	if _, ok := r.s.Inject(e.After); e.After != "" && !ok {
		r.Refuse(v.After.Line, "after: there is no inject %q", e.After)
	}
	switch {
	case e.Before != NoDeadline && e.Before != DueAt && e.Before != TargetAt:
		r.Refuse(v.Before.Line, "before %q is neither due, the law's deadline, nor target, the house's", v.Before.Value)
	case e.Before != NoDeadline && (e.Do != Submit || e.Stage == ""):
		r.Refuse(v.Before.Line, "before is for the submission of one stage, which has a deadline: give within")
	case e.Before != NoDeadline && e.Within != 0:
		r.Refuse(v.Before.Line, "within and before at once: an action has one target")
	case e.Never && (e.Within != 0 || e.Before != NoDeadline):
		r.Refuse(y.Line, "never and a target at once: what must not happen has no time for it")
	}
	r.qualifiers(y.Line, v)
	if !e.Never && !r.somebodyMay(e.Do, e.By) {
		who := "no participant"
		if len(e.By) > 0 {
			who = "none of " + strings.Join(e.By, ", ")
		}
		r.Refuse(y.Line, "expected action %q: %s may %s (it takes the right to %s): nobody could do it", e.ID, who, e.Do, what.needs)
	}
}

// qualifiers checks values that several kinds of actions share.
func (r *reader) qualifiers(line int, v expectYAML) {
	r.entity(v.Entity)
	if v.Stage.Line > 0 || v.Regime.Line > 0 {
		r.report(cmp.Or(v.Stage.Line, v.Regime.Line), regime.ID(cmp.Or(v.Regime.Value, "nis2")), v.Stage.Value)
	}
	r.oneOf("decision", v.Decision, incident.DecidedSignificant, incident.DecidedNotSignificant)
	if v.Do.Value == string(RecordMessage) {
		r.oneOf("kind", v.Kind, messageKinds...)
	} else {
		r.oneOf("kind", v.Kind, incident.CommunicationKinds...)
	}
	r.oneOf("fact", v.Fact, StatedFacts...)
	if v.Do.Value == string(Choose) {
		if _, ok := r.s.Decision(v.Point.Value); !ok {
			r.Refuse(cmp.Or(v.Point.Line, line), "decision_point: there is no decision %q", v.Point.Value)
		}
	}
}

// report checks a regime, and a stage of it where one is given.
func (r *reader) report(line int, id regime.ID, stage string) {
	if stage != "" {
		r.stage(line, id, stage)
	} else if _, ok := r.law.Regime(id); !ok {
		r.Refuse(line, "there is no regime %q", id)
	}
}

func (r *reader) oneOf(key string, v on[string], want ...string) {
	if v.Line > 0 && !slices.Contains(want, v.Value) {
		r.Refuse(v.Line, "%s %q is none of %s", key, v.Value, strings.Join(want, ", "))
	}
}

// somebodyMay reports whether one of the participants, all when none is named,
// has the right.
func (r *reader) somebodyMay(do Deed, by []string) bool {
	needs, _ := do.Needs()
	return slices.ContainsFunc(r.s.Participants, func(p Participant) bool {
		return (len(by) == 0 || slices.Contains(by, p.ID)) && p.May.Has(needs)
	})
}

func (r *reader) unknownDeed(line int, name string) {
	known := Deeds()
	names := make([]string, len(known))
	for n, d := range known {
		names[n] = string(d)
	}
	r.Refuse(line, "do: there is no action %q: want one of %s", name, strings.Join(names, ", "))
}

// takes refuses keys that say nothing of such an action.
func (r *reader) takes(do Deed, may []string, given map[string]int) {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if given[key] > 0 && !slices.Contains(may, key) {
			r.Refuse(given[key], "%s: %s says nothing of it: leave it out", do.key(), key)
		}
	}
}

func (d Deed) key() string { return "do: " + string(d) }

// step reads what a scripted participant does.
func (r *reader) step(y on[stepYAML]) {
	v := y.Value
	st := Step{
		At: r.offset(y.Line, v.At), By: v.By.Value, Do: Deed(v.Do.Value), Inject: v.Inject.Value, Text: r.optional("text", v.Text), Reason: r.optional("reason", v.Reason),
		Title: r.optional("title", v.Title), Severity: v.Severity.Value, Entity: v.Entity.Value, Regime: regime.ID(v.Regime.Value), Stages: plain(v.Stages),
		Malicious: r.answer("malicious", v.Malicious), CrossBorder: r.answer("cross_border", v.CrossBorder),
		AffectsTrustService: r.answer("affects_trust_service", v.AffectsTrustService), Ongoing: r.answer("ongoing", v.Ongoing),
		Decision: v.Decision.Value, Reference: v.Reference.Value, To: v.To.Value, Kind: v.Kind.Value, Audience: v.Audience.Value, Channel: v.Channel.Value,
		Runbook: v.Runbook.Value, RunbookStep: v.Step.Value, TLP: v.TLP.Value, Point: v.Point.Value, Choice: v.Choice.Value,
	}
	st.Time = st.At
	if v.Time.Line > 0 {
		st.Time = r.before(v.Time)
		if st.Time > st.At {
			r.Refuse(v.Time.Line, "time %s lies after the step at %s: nobody records the future", v.Time.Value, v.At.Value)
		}
	}
	if n := len(r.s.Auto); n > 0 && st.At < r.s.Auto[n-1].At {
		r.Refuse(y.Line, "a step at %s stands below one at %s: put steps in the order of their offsets", model.Duration(st.At), model.Duration(r.s.Auto[n-1].At))
	}
	st.Facts, st.Fields = r.facts(v.Facts), values(v.Fields)
	if v.Breach != nil {
		st.Breach = r.breach(*v.Breach, r.s.At(st.Time))
	}
	r.s.Auto = append(r.s.Auto, st)

	what, ok := deeds[st.Do]
	if !ok {
		r.unknownDeed(cmp.Or(v.Do.Line, y.Line), v.Do.Value)
		return
	}
	r.takes(st.Do, append([]string{"inject"}, what.auto...), v.given())
	p, ok := r.s.Participant(st.By)
	if !ok {
		r.Refuse(cmp.Or(v.By.Line, y.Line), "by: there is no participant %q", st.By)
	} else if !p.May.Has(what.needs) {
		r.Refuse(v.By.Line, "by: %s is %s and may not %s (it takes the right to %s)", st.By, p.May, st.Do, what.needs)
	}
	r.stepValues(y.Line, v, &st)
}

// stepValues checks what a step says for what it does.
func (r *reader) stepValues(line int, v stepYAML, st *Step) {
	need := func(key string, f on[string]) {
		if strings.TrimSpace(f.Value) == "" {
			r.Refuse(line, "%s needs %s", st.Do.key(), key)
		}
	}
	r.entity(v.Entity)
	r.oneOf("tlp", v.TLP, incident.TLPs...)
	switch st.Do {
	case AddNote, ReportEvent:
		need("text", v.Text)
	case Declare:
		need("title", v.Title)
	case HandOver:
		if _, ok := r.s.Participant(st.To); !ok {
			r.Refuse(cmp.Or(v.To.Line, line), "to: there is no participant %q", st.To)
		}
	case Decide:
		need("reason", v.Reason)
		r.oneOf("decision", v.Decision, incident.DecidedSignificant, incident.DecidedNotSignificant)
		need("decision", v.Decision)
	case Submit, Approve:
		if len(st.Stages) == 0 {
			r.Refuse(line, "%s needs stages", st.Do.key())
		}
		for _, stage := range v.Stages {
			r.stage(stage.Line, regime.ID(cmp.Or(v.Regime.Value, "nis2")), stage.Value)
		}
	case Breach:
		if st.Breach == nil {
			r.Refuse(line, "%s needs breach", st.Do.key())
		}
	case Assess:
		if len(st.Facts) == 0 {
			r.Refuse(line, "%s needs facts", st.Do.key())
		}
	case Communicate:
		need("audience", v.Audience)
		need("channel", v.Channel)
		need("text", v.Text)
		r.oneOf("kind", v.Kind, incident.CommunicationKinds...)
		need("kind", v.Kind)
	case Tick:
		need("runbook", v.Runbook)
		need("step", v.Step)
	case SetTLP:
		need("tlp", v.TLP)
	case Choose:
		point, ok := r.s.Decision(st.Point)
		if !ok {
			r.Refuse(cmp.Or(v.Point.Line, line), "decision_point: there is no decision %q", st.Point)
		} else if !slices.Contains(point.Options, st.Choice) {
			r.Refuse(cmp.Or(v.Choice.Line, line), "choice %q is no option of %s: want one of %s", st.Choice, st.Point, strings.Join(point.Options, "; "))
		} else if st.At < point.At {
			r.Refuse(line, "%s is answered at %s and asked at %s", st.Point, model.Duration(st.At), model.Duration(point.At))
		}
		need("reason", v.Reason)
	case RecordMessage, AnswerAuthority:
		if i, ok := r.s.Inject(st.Inject); !ok || i.Kind != AuthorityInject {
			r.Refuse(cmp.Or(v.Inject.Line, line), "%s needs inject, an authority's message", st.Do.key())
		} else if st.At < i.At {
			r.Refuse(line, "%s is dealt with at %s and comes at %s", st.Inject, model.Duration(st.At), model.Duration(i.At))
		}
		return
	}
	if i, ok := r.s.Inject(st.Inject); st.Inject != "" && (!ok || i.Kind != AlertsInject) {
		r.Refuse(v.Inject.Line, "inject: %q is no inject of alerts: name the one that opened the incident", st.Inject)
	}
}

// given are the lines of the keys besides at, by and do; 0 for one left out.
func (v stepYAML) given() map[string]int {
	lines := map[string]int{
		"inject": v.Inject.Line, "text": v.Text.Line, "reason": v.Reason.Line, "title": v.Title.Line, "severity": v.Severity.Line, "time": v.Time.Line,
		"entity": v.Entity.Line, "regime": v.Regime.Line, "malicious": v.Malicious.Line, "ongoing": v.Ongoing.Line,
		"cross_border": v.CrossBorder.Line, "affects_trust_service": v.AffectsTrustService.Line, "decision": v.Decision.Line, "reference": v.Reference.Line,
		"to": v.To.Line, "kind": v.Kind.Line, "audience": v.Audience.Line, "channel": v.Channel.Line, "runbook": v.Runbook.Line, "step": v.Step.Line,
		"tlp": v.TLP.Line, "decision_point": v.Point.Line, "choice": v.Choice.Line,
	}
	for _, stage := range v.Stages {
		lines["stages"] = stage.Line
	}
	for key, all := range map[string]map[string]on[string]{"facts": v.Facts, "fields": v.Fields} {
		for _, f := range all {
			lines[key] = f.Line
		}
	}
	if v.Breach != nil {
		lines["breach"] = v.Breach.Line
	}
	return lines
}

// before is an offset that may lie before the start: -2h.
func (r *reader) before(v on[string]) time.Duration {
	text, earlier := strings.CutPrefix(v.Value, "-")
	d := r.span("time", on[string]{Value: text, Line: v.Line})
	if earlier {
		return -d
	}
	return d
}

// facts checks answers to the criteria's questions.
func (r *reader) facts(all map[string]on[string]) map[string]string {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if _, _, err := significance.Parse(significance.FactID(id), all[id].Value); err != nil {
			r.Refuse(all[id].Line, "facts: %w", err)
		}
	}
	return values(all)
}

// breach reads what is said of a personal data breach that became clear at the
// instant.
func (r *reader) breach(y on[breachYAML], aware time.Time) *incident.BreachFacts {
	v := y.Value
	said := func(key string, f on[string]) *string {
		if f.Line == 0 {
			return nil
		}
		return new(r.optional(key, f))
	}
	f := &incident.BreachFacts{
		AwareAt: new(aware.UTC()), Nature: said("nature", v.Nature), Consequences: said("consequences", v.Consequences),
		Measures: said("measures", v.Measures), RiskReason: said("risk_reason", v.RiskReason),
	}
	if len(v.DataSets) > 0 {
		var sets []incident.DataSet
		for _, name := range v.DataSets {
			if !slices.ContainsFunc(r.s.Entities, func(e Entity) bool {
				return slices.ContainsFunc(e.DataSets, func(d DataSet) bool { return d.Name == name.Value })
			}) {
				r.Refuse(name.Line, "data_sets: no entity holds %q", name.Value)
			}
			sets = append(sets, incident.DataSet{Name: name.Value})
		}
		f.DataSets = &sets
	}
	about := func(n *on[int64], categories []string) *incident.Approximately {
		if n == nil {
			return nil
		}
		if n.Value < 0 {
			r.Refuse(n.Line, "%d is less than none", n.Value)
		}
		return &incident.Approximately{Categories: categories, Number: new(n.Value), Estimate: true}
	}
	f.Subjects, f.Records = about(v.Subjects, plain(v.Categories)), about(v.Records, nil)
	if v.Risk.Line > 0 {
		r.oneOf("risk", v.Risk, string(incident.RiskUnlikely), string(incident.RiskLikely), string(incident.RiskHigh), string(incident.RiskUnknown))
		f.Risk = new(incident.Risk(v.Risk.Value))
	}
	return f
}
