package report

import (
	"slices"
	"strings"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/report/field"
)

// facts is what the values of a report are read from.
type facts struct {
	stage   stage
	entity  Entity
	view    incident.View
	entries []incident.Entry
	extra   Extra
	clock   *incident.ClockView // of this report; nil where none runs
}

// values are all fields of the report in order, those it does not ask for
// left out.
func (f *facts) values() []Value {
	said := f.said()
	var out []Value
	for _, def := range field.All() {
		rule := def.Rule(f.stage.Form)
		if rule == field.NotAsked {
			continue
		}
		v := f.value(def, said)
		v.Def, v.Rule = def, rule
		if def.ID == "delay_reason" && f.clock != nil && f.clock.Late {
			v.Rule = field.Required
		}
		out = append(out, v)
	}
	return out
}

// value is what is known of a field: what a person said of it for reports,
// else what the record, the assessment and the configuration say.
func (f *facts) value(def *field.Def, said map[string]Origin) Value {
	own := f.own(def.ID, said)
	if p, ok := f.view.ReportFields[def.ID]; ok {
		v := newValue(p.Values, Origin{fromPerson, p.By, p.At})
		// The answers that stand in the incident too may have been given
		// there since.
		if slices.Contains([]string{"summary", "suspected_unlawful_or_malicious", "cross_border_possible"}, def.ID) && len(own.Items) > 0 && !slices.Equal(own.Items, p.Values) {
			return own
		}
		return v
	}
	return own
}

// said is who said last what stands in the incident itself, by field.
func (f *facts) said() map[string]Origin {
	said := map[string]Origin{}
	for _, e := range f.entries {
		if e.Event == nil {
			continue
		}
		who := Origin{fromPerson, e.Event.Actor().String(), e.At}
		switch ev := e.Event.(type) {
		case incident.FactsSet:
			if ev.Summary != nil {
				said["summary"] = who
			}
			if ev.Malicious != nil {
				said["suspected_unlawful_or_malicious"] = who
			}
			if ev.CrossBorder != nil {
				said["cross_border_possible"] = who
			}
		case incident.Dated:
			said[string(ev.Date)] = who
		case incident.Aware: // as it was recorded before incident.dated/v1
			said["aware_at"] = who
		case incident.Handled:
			said["handled_at"] = who
		}
	}
	return said
}

// own is what the record and the configuration say of a field.
func (f *facts) own(id string, said map[string]Origin) Value {
	v := f.view
	record := Origin{Kind: fromRecord, At: v.OpenedAt}
	text := func(s string, from Origin) Value {
		if strings.TrimSpace(s) == "" {
			return newValue(nil, from)
		}
		return newValue([]string{s}, from)
	}
	by := func(id string, otherwise Origin) Origin {
		if o, ok := said[id]; ok {
			return o
		}
		return otherwise
	}
	config := func(s string) Value { return text(s, Origin{Kind: fromConfig}) }
	at := func(t *time.Time, from Origin) Value {
		if t == nil || t.IsZero() {
			return newValue(nil, from)
		}
		return newValue([]string{t.Format(time.RFC3339Nano)}, from)
	}
	answer := func(a classify.Answer, id, label string) Value {
		from, told := said[id]
		switch {
		case told:
			return newValue([]string{string(a)}, from)
		case a == classify.Yes, a == classify.No:
			return newValue([]string{string(a)}, Origin{fromAlert, label, v.OpenedAt})
		}
		return newValue(nil, from) // unknown because nobody was asked
	}
	switch id {
	case "report_stage":
		return text(f.stage.ID, Origin{Kind: fromRecord})
	case "notification_basis":
		switch {
		case f.stage.Regime != "nis2":
			return text("other_regime", record)
		case v.Reportability == incident.Voluntary:
			return text("voluntary_art30", record)
		}
		return text("mandatory_art23", record)
	case "internal_reference":
		return text(string(v.ID), record)
	case "authority_reference", "previous_report_ref", "submitted_by":
		return f.submission(id)
	case "tlp_marking":
		return text("TLP:"+v.TLP, record)
	case "exercise_flag":
		if v.Exercise {
			return text("yes", record)
		}
		return text("no", record)
	case "reclassification_reason":
		if v.Reportability == incident.ReportNotReportable {
			return text(v.Significance.Reason, Origin{Kind: fromRecord, At: v.UpdatedAt})
		}
	case "title":
		return text(v.Title, record)
	case "summary":
		return text(v.Summary, by("summary", record))
	case "incident_status":
		status := map[string]string{incident.Open: "ongoing", incident.StatusHandled: "recovered", incident.StatusClosed: "closed"}[v.Status]
		return text(status, Origin{Kind: fromRecord, At: v.UpdatedAt})
	case "detection_source":
		if len(v.Alerts) > 0 {
			return text("internal_monitoring", record)
		}
	case "suspected_unlawful_or_malicious":
		return answer(v.Malicious, id, classify.LabelMalicious)
	case "cross_border_possible":
		return answer(v.CrossBorder, id, classify.LabelCrossBorder)
	case "detected_at":
		return at(&v.DetectedAt, record)
	case "aware_at":
		return at(v.AwareAt, by(id, record))
	case "impact_ended_at":
		return at(v.ImpactEndedAt, by(id, record))
	case "recovered_at":
		return at(v.RecoveredAt, by(id, record))
	case "handled_at":
		return at(v.HandledAt, by(id, record))
	case "significance_criteria":
		return newValue(f.extra.Criteria, Origin{fromAssessment, f.extra.AssessedBy, f.extra.AssessedAt})
	case "affected_services":
		return text(v.Service, Origin{fromAlert, classify.LabelService, v.OpenedAt})
	case "incident_class":
		return text(v.Category.Class, Origin{fromAlert, classify.LabelCategory, v.OpenedAt})
	case "incident_type":
		return text(v.Category.Type, Origin{fromAlert, classify.LabelCategory, v.OpenedAt})
	case "personal_data_involved":
		if f.extra.Breach != nil {
			return text("yes", Origin{fromAssessment, f.extra.Breach.By, f.extra.Breach.At})
		}
	case "evidence_annex":
		var items []string
		for _, e := range f.extra.Evidence {
			items = append(items, e.Kind+" "+e.Digest)
		}
		return newValue(items, record)
	case "recurring_link":
		var ids []string
		if v.Previous != nil {
			ids = append(ids, string(*v.Previous))
		}
		for _, l := range v.Linked {
			if id := string(l.Incident); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 {
			return text(strings.Join(ids, ", "), record)
		}
	case "entity_name":
		return config(f.entity.Name)
	case "national_id":
		return config(f.entity.NationalID)
	case "entity_address":
		return config(f.entity.Address)
	case "entity_class":
		return config(strings.ReplaceAll(f.entity.Class, " ", "_"))
	case "sector":
		return config(f.entity.Sector)
	case "entity_type":
		return config(f.entity.Type)
	case "member_state":
		return config(f.entity.MemberState)
	case "reporter":
		if f.entity.Contact.Name != "" && f.entity.Contact.Role != "" {
			return config(f.entity.Contact.Name + ", " + f.entity.Contact.Role)
		}
		return config(f.entity.Contact.Name)
	case "reporter_email":
		return config(f.entity.Contact.Email)
	case "reporter_phone":
		return config(f.entity.Contact.Phone)
	}
	if b := f.extra.Breach; b != nil {
		return newValue(b.Fields[id], Origin{fromAssessment, b.By, b.At})
	}
	return newValue(nil, Origin{})
}

// submissions are those recorded under the stage's regime, oldest first.
func (f *facts) submissions() []incident.Entry {
	var out []incident.Entry
	for _, e := range f.entries {
		if s, ok := e.Event.(incident.Submitted); ok && s.Regime == f.stage.Regime {
			out = append(out, e)
		}
	}
	return out
}

// before is the last submission under the regime before that of this stage
// itself; ok is false when there is none.
func (f *facts) before() (last incident.Entry, ok bool) {
	for _, e := range f.submissions() {
		if slices.Contains(e.Event.(incident.Submitted).Stages, f.stage.Name) {
			break
		}
		last, ok = e, true
	}
	return last, ok
}

// submission fills what the record of submissions says.
func (f *facts) submission(id string) Value {
	var items []string
	from := Origin{Kind: fromRecord}
	switch id {
	case "authority_reference":
		for _, e := range f.submissions() {
			if s := e.Event.(incident.Submitted); s.Submission.Reference != "" {
				items, from = []string{s.Submission.Reference}, Origin{fromPerson, s.By.String(), e.At}
			}
		}
	case "submitted_by":
		for _, e := range f.submissions() {
			if s := e.Event.(incident.Submitted); slices.Contains(s.Stages, f.stage.Name) {
				items, from = []string{s.Submission.Submitter}, Origin{fromPerson, s.By.String(), e.At}
			}
		}
	default:
		e, ok := f.before()
		if !ok {
			return newValue([]string{"no"}, from)
		}
		s := e.Event.(incident.Submitted)
		ref := strings.Join(s.Stages, ", ") + ", " + s.Submission.SentAt.UTC().Format("2006-01-02 15:04:05 UTC")
		if s.Submission.Reference != "" {
			ref += ", " + s.Submission.Reference
		}
		items, from = []string{ref}, Origin{fromPerson, s.By.String(), e.At}
	}
	return newValue(items, from)
}

// missing are the required fields that nobody has answered.
func missing(values []Value) []Value {
	return slices.DeleteFunc(slices.Clone(values), func(v Value) bool { return v.Rule != field.Required || v.State != notAnswered })
}

// Change is a field that says something else than in the report before.
type Change struct{ Before, After Value }

// changes are the fields that differ from what they said when the report
// before was recorded as sent. Fields of one report alone are left out.
func (f *facts) changes(now []Value) (all []Change, since incident.Entry, ok bool) {
	since, ok = f.before()
	if !ok {
		return nil, since, false
	}
	was := *f
	was.entries = slices.DeleteFunc(slices.Clone(f.entries), func(e incident.Entry) bool { return e.Seq > since.Seq })
	was.view, ok = replay(was.entries)
	if !ok {
		return nil, since, false
	}
	was.view, _ = incident.OfEntity(f.entity.Track, was.view, nil)
	before := map[string]Value{}
	for _, v := range was.values() {
		before[v.Def.ID] = v
	}
	for _, v := range now {
		if v.Def.Group == "report" {
			continue
		}
		if b := before[v.Def.ID]; b.State != v.State || !slices.Equal(b.Items, v.Items) {
			all = append(all, Change{b, v})
		}
	}
	return all, since, true
}

// replay folds the entries of one incident by themselves and views it as of
// the last of them; ok is false when its opening was erased.
func replay(entries []incident.Entry) (incident.View, bool) {
	s := incident.NewState()
	var id incident.ID
	for n, e := range entries {
		e.Seq = uint64(n)
		s.Apply(e)
		id = e.About
	}
	i, ok := s.Incident(id)
	if !ok {
		return incident.View{}, false
	}
	return i.View(i.UpdatedAt), true
}
