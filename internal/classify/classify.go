// Package classify decides from an alert's labels whether it may be a
// significant incident under NIS2, and what the labels already say about it.
// Where labels cannot be changed, the operator's [Rules] say it for them.
//
// Only labels count, and for rules the receiver too, by way of which
// Alertmanager sent the alert. Annotations are free text that changes between
// two deliveries of the same alert, so nothing is ever decided from them.
//
// The package is pure: no I/O, no clock.
package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Labels understood on an alert. They are part of the product's outside.
const (
	LabelReportable  = "nis2_reportable"
	LabelIncident    = "nis2_incident"
	LabelCategory    = "nis2_category"
	LabelRegimes     = "nis2_regimes"
	LabelEntity      = "nis2_entity"
	LabelService     = "nis2_service"
	LabelMalicious   = "nis2_malicious"
	LabelCrossBorder = "nis2_cross_border"
	LabelSeverity    = "severity"
)

// A Verdict says what an alert does.
type Verdict string

const (
	// Ignore leaves the alert counted and otherwise untouched.
	Ignore Verdict = "ignore"
	// Reportable opens or joins an incident.
	Reportable Verdict = "reportable"
	// Triage opens an incident that asks for a decision; its clocks run meanwhile.
	Triage Verdict = "triage"
)

// Answer is a yes/no question of Art. 23(4)(a) that may be open.
type Answer string

const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// ParseAnswer reads yes, no or unknown; anything else, also nothing, is Unknown.
func ParseAnswer(s string) Answer {
	switch a := Answer(strings.ToLower(strings.TrimSpace(s))); a {
	case Yes, No:
		return a
	}
	return Unknown
}

// Decision is what the labels of one alert, and the rules, say.
type Decision struct {
	Verdict     Verdict
	Reason      string // which label or rule decided, in words
	Severity    string // empty when absent
	Category    Category
	Regimes     []string // nil means the entity's own
	Entities    []string // whose clocks run; nil means all
	Service     string
	Malicious   Answer
	CrossBorder Answer
	Correlation string // alerts with equal keys may belong to one incident
	// Rules are the names of those that counted, in order.
	Rules []string
	// Flags are what is odd about what was said, in words.
	Flags []string
}

// A Fact is something that a label or a rule says.
type Fact string

// Facts.
const (
	FactReportable  Fact = "reportable"
	FactSeverity    Fact = "severity"
	FactCategory    Fact = "category"
	FactRegimes     Fact = "regimes"
	FactEntities    Fact = "entities"
	FactService     Fact = "service"
	FactMalicious   Fact = "malicious"
	FactCrossBorder Fact = "cross_border"
	FactCorrelation Fact = "correlation"
)

// Sources name what said each fact, such as "label severity" or "rule siem";
// a fact that nothing said is not there.
type Sources map[Fact]string

// label notes that the label said it. A nil map takes no notes.
func (s Sources) label(f Fact, name string) {
	if s != nil {
		s[f] = "label " + name
	}
}

func (s Sources) rule(f Fact, r *rule) {
	if s != nil {
		s[f] = "rule " + r.Name
	}
}

// DefaultVolatile are the labels that change when an exporter or a pod moves
// and so never tell two events apart (AM-36).
var DefaultVolatile = []string{"pod", "instance", "node", "container", "endpoint", "replica", "prometheus_replica"}

// Policy is the operator's part of classification.
type Policy struct {
	// CorrelateBy are the labels that make the correlation key. When empty,
	// or when the alert has none of them, the key is the alert name and every
	// label but the volatile ones.
	CorrelateBy []string
	// CorrelateWithin is how long after an incident's last firing alert an
	// alert with the same key still joins it.
	CorrelateWithin time.Duration
	// TriageWithin is how long a person has to decide on a triage alert.
	TriageWithin time.Duration
	// Rules say what the labels leave open; nil for none.
	Rules *Rules
}

// Equal reports whether two policies decide alike.
func (p Policy) Equal(q Policy) bool {
	return slices.Equal(p.CorrelateBy, q.CorrelateBy) && p.CorrelateWithin == q.CorrelateWithin && p.TriageWithin == q.TriageWithin && p.Rules.Equal(q.Rules)
}

// DefaultPolicy is the policy with no configuration.
func DefaultPolicy() Policy {
	return Policy{CorrelateWithin: 24 * time.Hour, TriageWithin: 4 * time.Hour}
}

// Classify decides on one alert that came by way of that receiver of
// Alertmanager's. What a label says counts before what any rule says; of the
// rules, see [Rules]. So a rule can make an alert reportable that bears no
// label, and none can silence one that does.
func (p Policy) Classify(receiver string, labels map[string]string) Decision {
	return p.decide(receiver, labels, nil)
}

// Explain is [Policy.Classify] and what said each fact.
func (p Policy) Explain(receiver string, labels map[string]string) (Decision, Sources) {
	from := Sources{}
	return p.decide(receiver, labels, from), from
}

func (p Policy) decide(receiver string, labels map[string]string, from Sources) Decision {
	d := Decision{Verdict: Ignore}
	given, decided := labels[LabelReportable], true
	switch given {
	case "true", "True", "yes", "1":
		d.Verdict = Reportable
	case "triage":
		d.Verdict = Triage
	case "false", "False", "no", "0":
	case "":
		d.Reason, decided = "no label "+LabelReportable, false
	default: // a slip of the pen: rules may decide
		d.Reason, decided = "label "+LabelReportable+" is neither true nor triage", false
	}
	if decided {
		d.Reason = "label " + LabelReportable + "=" + given
		from.label(FactReportable, LabelReportable)
	}
	var counting []*rule
	if p.Rules != nil {
		counting = p.Rules.count(unquote(receiver), labels, &d)
		for _, r := range counting {
			if !decided && r.Reportable != "" {
				d.Verdict, d.Reason, decided = r.Reportable, r.reason, true
				from.rule(FactReportable, r)
			}
		}
	}
	if d.Verdict != Ignore {
		p.hints(&d, labels, counting, from)
	}
	return d
}

// hints reads what else the labels and the rules that count say.
func (p Policy) hints(d *Decision, labels map[string]string, counting []*rule, from Sources) {
	text := func(f Fact, label string, of func(*rule) string) string {
		if v := labels[label]; v != "" {
			from.label(f, label)
			return v
		}
		for _, r := range counting {
			if v := of(r); v != "" {
				from.rule(f, r)
				return v
			}
		}
		return ""
	}
	names := func(f Fact, label string, of func(*rule) []string) []string {
		if out := split(labels[label]); out != nil {
			from.label(f, label)
			return out
		}
		for _, r := range counting {
			if v := of(r); len(v) > 0 {
				from.rule(f, r)
				return v
			}
		}
		return nil
	}
	d.Severity = text(FactSeverity, LabelSeverity, func(r *rule) string { return r.Severity })
	d.Service = text(FactService, LabelService, func(r *rule) string { return r.Service })
	d.Malicious = ParseAnswer(text(FactMalicious, LabelMalicious, func(r *rule) string { return string(r.Malicious) }))
	d.CrossBorder = ParseAnswer(text(FactCrossBorder, LabelCrossBorder, func(r *rule) string { return string(r.CrossBorder) }))
	d.Regimes = names(FactRegimes, LabelRegimes, func(r *rule) []string { return r.Regimes })
	d.Entities = names(FactEntities, LabelEntity, func(r *rule) []string { return r.Entities })
	if s := text(FactCategory, LabelCategory, func(r *rule) string { return r.Category.String() }); s != "" {
		d.Category = splitCategory(s)
		if RSIT().lacks(d.Category) != "" {
			d.Flags = append(d.Flags, LabelCategory+" "+strconv.Quote(clip(s, maxReason))+" is not in RSIT "+RSIT().Version+": kept as given")
		}
	}
	p.correlation(d, labels, counting, from)
}

// split reads a list with commas; nil when it is empty.
func split(s string) (out []string) {
	if s == "" {
		return nil
	}
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// maxKey bounds a correlation key; a longer one is replaced by its digest.
const maxKey = 256

// correlation picks the labels that make the key: what the label nis2_incident
// or the first rule that speaks of it says, else the setting, else all but the
// volatile ones.
func (p Policy) correlation(d *Decision, labels map[string]string, counting []*rule, from Sources) {
	incident, by := labels[LabelIncident], p.CorrelateBy
	if incident != "" {
		from.label(FactCorrelation, LabelIncident)
	} else if n := slices.IndexFunc(counting, func(r *rule) bool { return r.Incident != "" || len(r.CorrelateBy) > 0 }); n >= 0 {
		incident, by = counting[n].Incident, counting[n].CorrelateBy
		from.rule(FactCorrelation, counting[n])
	}
	pick := model.LabelSet{}
	if incident != "" {
		pick[LabelIncident] = model.LabelValue(incident)
	} else {
		for _, name := range by {
			if v, ok := labels[name]; ok {
				pick[model.LabelName(name)] = model.LabelValue(v)
			}
		}
	}
	if len(pick) == 0 {
		delete(from, FactCorrelation)
		for name, v := range labels {
			if !slices.Contains(DefaultVolatile, name) {
				pick[model.LabelName(name)] = model.LabelValue(v)
			}
		}
	}
	d.Correlation = pick.String()
	if len(d.Correlation) > maxKey {
		sum := sha256.Sum256([]byte(d.Correlation))
		d.Correlation = "sha256:" + hex.EncodeToString(sum[:])
	}
}

// Fingerprint is the identity Alertmanager gives a label set (AM-7): 16 hex
// digits over the labels alone. It is for senders that leave it out.
func Fingerprint(labels map[string]string) string {
	return model.Fingerprint(model.LabelsToSignature(labels)).String()
}
