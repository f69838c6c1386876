// Package classify decides from an alert's labels whether it may be a
// significant incident under NIS2, and what the labels already say about it.
//
// Only labels count. Annotations are free text that changes between two
// deliveries of the same alert, so nothing is ever decided from them.
//
// The package is pure: no I/O, no clock.
package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
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

// Category is a class and type of the ENISA Reference Security Incident
// Taxonomy; both are empty when nobody has said.
type Category struct {
	Class string `json:"class"`
	Type  string `json:"type"`
}

// Decision is what the labels of one alert say.
type Decision struct {
	Verdict     Verdict
	Reason      string // which label or rule decided, in words
	Severity    string // as labelled; empty when absent
	Category    Category
	Regimes     []string // as labelled; nil means the entity's own
	Service     string
	Malicious   Answer
	CrossBorder Answer
	Correlation string // alerts with equal keys may belong to one incident
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
}

// DefaultPolicy is the policy with no configuration.
func DefaultPolicy() Policy {
	return Policy{CorrelateWithin: 24 * time.Hour, TriageWithin: 4 * time.Hour}
}

// Classify decides on one alert.
func (p Policy) Classify(labels map[string]string) Decision {
	d := Decision{Verdict: Ignore}
	switch v := labels[LabelReportable]; v {
	case "true", "True", "yes", "1":
		d.Verdict = Reportable
	case "triage":
		d.Verdict = Triage
	case "":
		d.Reason = "no label " + LabelReportable
		return d
	default:
		d.Reason = "label " + LabelReportable + " is neither true nor triage"
		return d
	}
	d.Reason = "label " + LabelReportable + "=" + labels[LabelReportable]
	d.Severity = labels[LabelSeverity]
	d.Category.Class, d.Category.Type, _ = strings.Cut(labels[LabelCategory], "/")
	for r := range strings.SplitSeq(labels[LabelRegimes], ",") {
		if r = strings.TrimSpace(r); r != "" {
			d.Regimes = append(d.Regimes, r)
		}
	}
	d.Service = labels[LabelService]
	d.Malicious = ParseAnswer(labels[LabelMalicious])
	d.CrossBorder = ParseAnswer(labels[LabelCrossBorder])
	d.Correlation = p.correlation(labels)
	return d
}

// maxKey bounds a correlation key; a longer one is replaced by its digest.
const maxKey = 256

func (p Policy) correlation(labels map[string]string) string {
	pick := model.LabelSet{}
	if v := labels[LabelIncident]; v != "" {
		pick[LabelIncident] = model.LabelValue(v)
	} else {
		for _, name := range p.CorrelateBy {
			if v, ok := labels[name]; ok {
				pick[model.LabelName(name)] = model.LabelValue(v)
			}
		}
	}
	if len(pick) == 0 {
		for name, v := range labels {
			if !slices.Contains(DefaultVolatile, name) {
				pick[model.LabelName(name)] = model.LabelValue(v)
			}
		}
	}
	key := pick.String()
	if len(key) > maxKey {
		sum := sha256.Sum256([]byte(key))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return key
}

// Fingerprint is the identity Alertmanager gives a label set (AM-7): 16 hex
// digits over the labels alone. It is for senders that leave it out.
func Fingerprint(labels map[string]string) string {
	set := make(model.LabelSet, len(labels))
	for k, v := range labels {
		set[model.LabelName(k)] = model.LabelValue(v)
	}
	return set.Fingerprint().String()
}
