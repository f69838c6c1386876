package scenario

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/yamlfile"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/common/model"
)

// Bounds of a scenario: enough for a week of a bad month, and little enough to
// be played and read.
const (
	MaxFile    = 1 << 20 // bytes
	MaxInjects = 500
	MaxAlerts  = 200 // of one inject
	MaxLength  = 400 * 24 * time.Hour

	maxOthers = 500  // entries of any other list
	maxText   = 4000 // bytes
)

// reader turns the file into a scenario and gathers the mistakes.
type reader struct {
	yamlfile.Mistakes
	s   *Scenario
	law *regime.Set
}

// Parse reads a scenario. The error joins all mistakes, each on one line as
// "NAME:LINE: reason".
func Parse(name string, data []byte) (*Scenario, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%s:1: the file has %d bytes: a scenario has at most %d", name, len(data), MaxFile)
	}
	var y scenarioYAML
	if err := yamlfile.Decode(name, data, &y); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	base := path.Base(name)
	r := &reader{Mistakes: yamlfile.Mistakes{File: name}, law: regime.Builtin(), s: &Scenario{
		Name: strings.TrimSuffix(base, path.Ext(base)), File: name, SHA256: hex.EncodeToString(sum[:]),
	}}
	if !r.bounded(&y) {
		return nil, r.Err()
	}
	r.head(&y)
	r.entities(&y)
	for _, p := range y.Participants {
		r.participant(p)
	}
	// Injects and expected actions name each other: ids first.
	r.injects(y.Injects)
	for _, d := range y.Decisions {
		r.decision(d)
	}
	for _, e := range y.Expect {
		r.expected(e)
	}
	r.shownBy(y.Injects)
	for _, h := range y.Hints {
		r.hint(h)
	}
	for _, q := range y.Questions {
		r.s.Questions = append(r.s.Questions, Question{ID: ident(r, "questions", q.Line, q.Value.ID, r.s.Questions), Ask: r.text(q.Line, "ask", q.Value.Ask), About: r.optional("about", q.Value.About)})
	}
	for _, st := range y.Auto {
		r.step(st)
	}
	for _, c := range y.Clocks {
		r.clock(c)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r.s, nil
}

// bounded refuses lists that are too long, before anything is made of them.
func (r *reader) bounded(y *scenarioYAML) bool {
	ok := true
	limit := func(name string, n, most int) {
		if n > most {
			r.Refuse(1, "%d %s: a scenario has at most %d", n, name, most)
			ok = false
		}
	}
	limit("injects", len(y.Injects), MaxInjects)
	for name, n := range map[string]int{
		"participants": len(y.Participants), "expected actions": len(y.Expect), "decisions": len(y.Decisions),
		"hints": len(y.Hints), "questions": len(y.Questions), "steps of auto": len(y.Auto), "clocks": len(y.Clocks),
	} {
		limit(name, n, maxOthers)
	}
	if len(y.Participants) == 0 {
		r.Refuse(1, "participants is missing: say who takes part")
		return false
	}
	if len(y.Injects) == 0 {
		r.Refuse(1, "injects is missing: nothing would happen")
		return false
	}
	return ok
}

func (r *reader) head(y *scenarioYAML) {
	s := r.s
	s.Title, s.Aim, s.Briefing = r.text(1, "title", y.Title), r.text(1, "aim", y.Aim), r.text(1, "briefing", y.Briefing)
	if len(y.Tests) == 0 {
		r.Refuse(1, "tests is missing: name the requirement that the exercise tests, such as Implementing Regulation (EU) 2024/2690 annex 3.5.5")
	}
	for _, t := range y.Tests {
		s.Tests = append(s.Tests, r.text(t.Line, "tests", t))
	}
	var err error
	if s.Zone, err = regime.ParseZone(y.TZ.Value); err != nil {
		r.Refuse(y.TZ.Line, "tz: %w", err)
		s.Zone = time.UTC
	}
	if s.Start, err = regime.ParseInstant(y.Start.Value); err != nil {
		r.Refuse(y.Start.Line, "start: %w", err)
	}
	s.Start = s.Start.In(s.Zone)
	s.Length = r.span("length", y.Length)
	if s.Length <= 0 || s.Length > MaxLength {
		r.Refuse(y.Length.Line, "length is %s: want more than nothing and at most 400d", model.Duration(s.Length))
	}
}

// entities checks the profile as the configuration would.
func (r *reader) entities(y *scenarioYAML) {
	line := 1
	for n, e := range y.Entities {
		if n == 0 {
			line = e.Line
		}
		r.s.Entities = append(r.s.Entities, e.Value)
	}
	if len(r.s.Entities) == 0 {
		r.Refuse(1, "entities is missing: the law depends on who is exercised")
		return
	}
	if _, err := r.s.Config(); err != nil {
		for text := range strings.Lines(err.Error()) {
			_, reason, _ := strings.Cut(strings.TrimSpace(text), ": ") // the place in what Config wrote
			r.Refuse(line, "%s", reason)
		}
	}
}

// Config are the settings of a service that plays the scenario: its entities,
// and defaults. What it needs besides, such as folders, the runner fills in.
func (s *Scenario) Config() (*config.Config, error) {
	data, err := json.Marshal(map[string][]Entity{"entities": s.Entities})
	if err != nil {
		return nil, fmt.Errorf("profile of %s: %w", s.Name, err)
	}
	return config.Parse(s.Name, data)
}

func (r *reader) participant(y on[participantYAML]) {
	v := y.Value
	p := Participant{ID: ident(r, "participants", y.Line, v.ID, r.s.Participants), Role: r.text(y.Line, "role", v.Role), Management: v.Management.Value, Required: v.Required.Value}
	role, err := access.ParseRole(v.Access.Value)
	switch {
	case err != nil:
		r.Refuse(cmp.Or(v.Access.Line, y.Line), "access: %w", err)
	case role == access.Intake:
		r.Refuse(v.Access.Line, "access: role %s is for programs", role)
	}
	p.May = role
	r.s.Participants = append(r.s.Participants, p)
}

func (r *reader) injects(all []on[injectYAML]) {
	var last time.Duration
	for _, y := range all {
		i := r.inject(y)
		if i.At < last {
			r.Refuse(y.Line, "inject %q is at %s, before the one above it at %s: put injects in the order of their offsets", i.ID, model.Duration(i.At), model.Duration(last))
		}
		last = max(last, i.At)
		r.s.Injects = append(r.s.Injects, i)
	}
}

func (r *reader) inject(y on[injectYAML]) Inject {
	v := y.Value
	i := Inject{ID: ident(r, "injects", y.Line, v.ID, r.s.Injects), At: r.offset(y.Line, v.At), Note: r.optional("note", v.Note)}
	var kinds []string
	said := func(kind InjectKind, s *on[saidYAML]) {
		if s == nil {
			return
		}
		kinds, i.Kind = append(kinds, string(kind)), kind
		i.From, i.Text, i.To = r.optional("from", s.Value.From), r.text(s.Line, "text", s.Value.Text), r.seats("to", s.Value.To)
		if kind != FactInject && i.From == "" {
			r.Refuse(s.Line, "%s: from is missing: say who it comes from", kind)
		}
	}
	said(MessageInject, v.Message)
	said(FactInject, v.Fact)
	said(JournalistInject, v.Journalist)
	if v.Alerts != nil {
		kinds, i.Kind = append(kinds, string(AlertsInject)), AlertsInject
		i.Alerts = r.alerts(y.Line, v.Alerts)
	}
	if o := v.Outage; o != nil {
		kinds, i.Kind = append(kinds, string(OutageInject)), OutageInject
		i.Text = r.optional("text", o.Value.Text)
		i.Outage = Outage{Vendor: o.Value.Vendor.Value, Lasts: r.span("lasts", o.Value.Lasts)}
		if known := []string{PagerDuty, Slack, Opsgenie, Mail}; !slices.Contains(known, i.Outage.Vendor) {
			r.Refuse(o.Line, "vendor %q is none of %s", i.Outage.Vendor, strings.Join(known, ", "))
		}
		if i.Outage.Lasts <= 0 {
			r.Refuse(o.Line, "lasts is missing: say how long the vendor is out, such as 45m")
		}
	}
	if a := v.Authority; a != nil {
		kinds, i.Kind = append(kinds, string(AuthorityInject)), AuthorityInject
		r.authority(*a, &i)
	}
	switch len(kinds) {
	case 1:
	case 0:
		r.Refuse(y.Line, "inject %q does nothing: give one of alerts, message, fact, outage, authority, journalist", i.ID)
	default:
		r.Refuse(y.Line, "inject %q is %s at once: make each an inject of its own", i.ID, strings.Join(kinds, " and "))
	}
	for _, k := range v.Allows {
		i.Allows = append(i.Allows, Knowledge{Know: r.text(k.Line, "know", k.Value.Know), ShownBy: plain(k.Value.ShownBy)})
	}
	return i
}

func (r *reader) authority(y on[authorityYAML], i *Inject) {
	v := y.Value
	i.From, i.Text, i.To = r.text(y.Line, "from", v.From), r.text(y.Line, "text", v.Text), r.seats("to", v.To)
	i.Authority = AuthorityMessage{
		Kind: incident.MessageKind(v.Kind.Value), Regime: regime.ID(cmp.Or(v.Regime.Value, "nis2")), Stages: plain(v.Stages),
		Within: r.span("respond_within", v.RespondWithin), Reference: v.Reference.Value,
	}
	if !slices.Contains(messageKinds, v.Kind.Value) {
		r.Refuse(cmp.Or(v.Kind.Line, y.Line), "kind %q is none of %s", v.Kind.Value, strings.Join(messageKinds, ", "))
	}
	for _, stage := range v.Stages {
		r.stage(stage.Line, i.Authority.Regime, stage.Value)
	}
}

// messageKinds are those of an authority's message.
var messageKinds = []string{
	string(incident.ReceiptMessage), string(incident.FeedbackMessage), string(incident.RequestMessage), string(incident.OrderMessage), string(incident.OtherMessage),
}

func (r *reader) alerts(line int, all []on[alertYAML]) []Alert {
	if len(all) == 0 || len(all) > MaxAlerts {
		r.Refuse(line, "%d alerts: an inject has from 1 to %d", len(all), MaxAlerts)
		return nil
	}
	var out []Alert
	for _, y := range all {
		v := y.Value
		a := Alert{Labels: values(v.Labels), Annotations: values(v.Annotations), Started: r.span("started", v.Started), GeneratorURL: v.GeneratorURL.Value}
		if a.Labels["alertname"] == "" {
			r.Refuse(y.Line, "an alert without the label alertname: Alertmanager sends none")
		}
		for name, value := range v.Labels {
			if !model.LegacyValidation.IsValidLabelName(name) || value.Value == "" {
				r.Refuse(value.Line, "label %q is not one that Prometheus would send: want letters, digits and _, and a value", name)
			}
		}
		switch v.Status.Value {
		case "", "firing":
		case "resolved":
			a.Resolved = true
		default:
			r.Refuse(v.Status.Line, "status %q is neither firing nor resolved", v.Status.Value)
		}
		out = append(out, a)
	}
	return out
}

// shownBy checks what the injects say of expected actions, which stand below
// them.
func (r *reader) shownBy(all []on[injectYAML]) {
	for _, y := range all {
		for _, k := range y.Value.Allows {
			for _, id := range k.Value.ShownBy {
				if _, ok := r.s.Expect(id.Value); !ok {
					r.Refuse(id.Line, "shown_by: there is no expected action %q", id.Value)
				}
			}
		}
	}
}

func (r *reader) decision(y on[decisionYAML]) {
	v := y.Value
	d := DecisionPoint{
		ID: ident(r, "decisions", y.Line, v.ID, r.s.Decisions), At: r.offset(y.Line, v.At), For: r.seats("for", v.For),
		Question: r.text(y.Line, "question", v.Question), Options: plain(v.Options), Consider: r.optional("consider", v.Consider),
	}
	if len(d.Options) < 2 {
		r.Refuse(y.Line, "decision %q has %d options: a decision needs two or more", d.ID, len(d.Options))
	}
	if n := len(r.s.Decisions); n > 0 && d.At < r.s.Decisions[n-1].At {
		r.Refuse(y.Line, "decision %q is at %s, before the one above it: put decisions in the order of their offsets", d.ID, model.Duration(d.At))
	}
	r.s.Decisions = append(r.s.Decisions, d)
}

func (r *reader) hint(y on[hintYAML]) {
	v := y.Value
	h := Hint{ID: ident(r, "hints", y.Line, v.ID, r.s.Hints), For: v.For.Value, After: r.span("after", v.After), Text: r.text(y.Line, "text", v.Text)}
	if _, ok := r.s.Expect(h.For); !ok {
		r.Refuse(cmp.Or(v.For.Line, y.Line), "for: there is no expected action %q", h.For)
	}
	r.s.Hints = append(r.s.Hints, h)
}

func (r *reader) clock(y on[clockYAML]) {
	v := y.Value
	c := ExpectedClock{Regime: regime.ID(cmp.Or(v.Regime.Value, "nis2")), Entity: v.Entity.Value, Stage: v.Stage.Value, Source: v.Source.Value}
	r.stage(cmp.Or(v.Stage.Line, y.Line), c.Regime, c.Stage)
	r.entity(v.Entity)
	var err error
	if c.Due, err = regime.ParseInstant(v.Due.Value); err != nil {
		r.Refuse(cmp.Or(v.Due.Line, y.Line), "due: %w", err)
	}
	r.s.Clocks = append(r.s.Clocks, c)
}

// text is a required text.
func (r *reader) text(line int, key string, v on[string]) string {
	if strings.TrimSpace(v.Value) == "" {
		r.Refuse(cmp.Or(v.Line, line), "%s is missing", key)
	}
	return r.optional(key, v)
}

func (r *reader) optional(key string, v on[string]) string {
	s := strings.TrimSpace(v.Value)
	if len(s) > maxText {
		r.Refuse(v.Line, "%s has %d bytes: at most %d", key, len(s), maxText)
	}
	return s
}

// span is a length of time; nothing is zero.
func (r *reader) span(key string, v on[string]) time.Duration {
	if v.Line == 0 {
		return 0
	}
	d, err := model.ParseDuration(v.Value)
	if err != nil {
		r.Refuse(v.Line, "%s: %q is not a length of time such as 90m or 2d4h", key, v.Value)
	}
	return time.Duration(d)
}

// offset is a required offset within the scenario.
func (r *reader) offset(line int, v on[string]) time.Duration {
	if v.Line == 0 {
		r.Refuse(line, "at is missing: say how long after the start, such as 90m")
	}
	d := r.span("at", v)
	if d > r.s.Length {
		r.Refuse(v.Line, "at %s lies after the scenario's length %s", model.Duration(d), model.Duration(r.s.Length))
	}
	return d
}

var identForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// ident is the id of one of a list, unlike those before it.
func ident[T interface{ id() string }](r *reader, list string, line int, v on[string], before []T) string {
	if !identForm.MatchString(v.Value) {
		r.Refuse(cmp.Or(v.Line, line), "%s: id %q is not a short name: want up to 64 lower-case letters, digits, dots, dashes and underscores", list, v.Value)
	} else if _, taken := find(before, v.Value); taken {
		r.Refuse(v.Line, "%s: id %q is taken: give each its own", list, v.Value)
	}
	return v.Value
}

// seats are participants' ids.
func (r *reader) seats(key string, all texts) []string {
	for _, id := range all {
		if _, ok := r.s.Participant(id.Value); !ok {
			r.Refuse(id.Line, "%s: there is no participant %q", key, id.Value)
		}
	}
	return plain(all)
}

func (r *reader) entity(v on[string]) {
	if v.Line > 0 && !slices.ContainsFunc(r.s.Entities, func(e Entity) bool { return e.Name == v.Value }) {
		r.Refuse(v.Line, "there is no entity %q", v.Value)
	}
}

// stage checks the name of a report: one of the regime, as some State of the
// entities has it.
func (r *reader) stage(line int, id regime.ID, stage string) {
	if _, ok := r.law.Regime(id); !ok {
		r.Refuse(line, "there is no regime %q", id)
		return
	}
	if law, _ := r.law.Regime(id); has(law, stage) {
		return
	}
	for _, e := range r.s.Entities {
		if law, ok := r.law.In(id, e.MemberState); ok && has(law, stage) {
			return
		}
	}
	r.Refuse(line, "regime %s asks for no report %q", id, stage)
}

func has(law regime.Regime, stage string) bool {
	_, ok := law.Stage(regime.StageID(stage))
	return ok
}

func (r *reader) answer(key string, v on[string]) classify.Answer {
	if v.Line == 0 {
		return ""
	}
	a := classify.Answer(v.Value)
	if a != classify.Unknown && classify.ParseAnswer(v.Value) != a {
		r.Refuse(v.Line, "%s is %q: answer yes, no or unknown", key, v.Value)
	}
	return a
}

func plain(all texts) []string {
	var out []string
	for _, t := range all {
		out = append(out, t.Value)
	}
	return out
}

func values(all map[string]on[string]) map[string]string {
	out := map[string]string{}
	for k, v := range all {
		out[k] = v.Value
	}
	return out
}
