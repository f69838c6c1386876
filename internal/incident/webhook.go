package incident

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"nis2clock/internal/classify"
)

// ReceiveBatch is one webhook body, or what was read back from Alertmanager.
// It never fails: what cannot be read was set aside before, what is known
// already changes nothing. Its reply is a [Receiving].
type ReceiveBatch struct {
	By         Actor
	ReceivedAt time.Time
	Receipt    Receipt
	Alerts     []Delivery
	// Unreadable counts what could not be read and is to be quarantined;
	// Problems names the first of it.
	Unreadable int
	Problems   []Problem
}

// Receiving is what became of a batch.
type Receiving struct {
	Counts
	// Incidents are those opened, in order.
	Incidents []ID
	// Rules counts the alerts for which each rule of the classification counted,
	// by its name; nil without any.
	Rules map[string]int
}

func (b ReceiveBatch) decide(r *Rules, d *decision) (any, error) {
	in := receiver{r: r, d: d, b: &b, received: b.ReceivedAt.UTC(), unused: &b.Receipt}
	if in.received.IsZero() || in.received.After(d.now) {
		in.received = d.now
	}
	for _, alert := range b.Alerts {
		in.alert(alert)
	}
	in.reply.Quarantined = b.Unreadable
	in.reply.Received = in.reply.Sum()
	if b.Unreadable > 0 {
		receipt := b.Receipt
		if in.unused == nil {
			receipt.Raw = nil // it stands in an entry before this one
		}
		in.unused = nil
		d.emit(Quarantined{Meta: Meta{By: b.By}, Receipt: receipt, Count: b.Unreadable, Problems: b.Problems})
	}
	if in.unused != nil {
		receipt := *in.unused
		receipt.Raw = nil
		d.emit(Received{Meta: Meta{By: b.By}, Receipt: receipt, Counts: in.reply.Counts, Heartbeat: in.heartbeat})
	} else if in.heartbeat != "" {
		d.emit(Received{Meta: Meta{By: b.By}, Receipt: Receipt{SHA256: b.Receipt.SHA256, Bytes: b.Receipt.Bytes}, Counts: in.reply.Counts, Heartbeat: in.heartbeat})
	}
	if b.Receipt.Truncated > 0 {
		d.emit(Truncated{Meta: Meta{By: b.By}, Body: b.Receipt.SHA256, Receiver: b.Receipt.Receiver, Missing: b.Receipt.Truncated, Incidents: in.touched})
	}
	return in.reply, nil
}

// receiver works through one batch.
type receiver struct {
	r         *Rules
	d         *decision
	b         *ReceiveBatch
	received  time.Time
	unused    *Receipt // the receipt, until an entry carries it
	reply     Receiving
	touched   []ID // in order; gathered only for a batch that was cut
	seen      map[ID]bool
	heartbeat string
	counted   counted
}

// counted are the clocks of the incident that was opened last. Alerts of one
// evaluation start at the same instant; a storm of them has the same clocks.
type counted struct {
	of     *Incident
	clocks []Clock
	law    Law
}

// clocks are those of a new incident, of which only what clocks depend on is
// given. They are shared and must not be changed.
func (in *receiver) clocks(i *Incident) ([]Clock, Law) {
	c := &in.counted
	if c.of == nil || !c.of.DetectedAt.Equal(i.DetectedAt) || !slices.Equal(c.of.Regimes, i.Regimes) || !slices.Equal(c.of.Entities, i.Entities) {
		c.of = i
		c.clocks, c.law = in.r.clocks(i)
	}
	return c.clocks, c.law
}

// receipt hands out the batch's receipt to the first entry that asks.
func (in *receiver) receipt() *Receipt {
	r := in.unused
	in.unused = nil
	return r
}

// touch notes which incidents a batch that was cut leaves incomplete.
func (in *receiver) touch(id ID) {
	if in.b.Receipt.Truncated == 0 || in.seen[id] {
		return
	}
	if in.seen == nil {
		in.seen = map[ID]bool{}
	}
	in.seen[id] = true
	in.touched = append(in.touched, id)
}

func (in *receiver) alert(dl Delivery) {
	if in.r.Heartbeat != "" && dl.Labels["alertname"] == in.r.Heartbeat && dl.Firing {
		in.heartbeat = in.r.Heartbeat
	}
	verdict := in.r.Classify.Classify(in.b.Receipt.Receiver, dl.Labels)
	in.matched(verdict.Rules)
	// An alert that a rule let in once is followed to its end, also when no rule
	// would any more.
	if verdict.Verdict == classify.Ignore && !in.d.s.follows(dl) {
		in.reply.Ignored++
		return
	}
	seen := occurrence(dl, in.received)
	if ref, ok := in.known(seen); ok {
		in.again(ref, seen)
		in.touch(ref.incident.ID)
		return
	}
	if verdict.Verdict == classify.Ignore {
		in.reply.Ignored++
		return
	}
	seen.Flags = append(seen.Flags[:len(seen.Flags):len(seen.Flags)], in.r.Oddities(verdict)...)
	if i := in.joins(verdict.Correlation, seen); i != nil {
		in.reply.Attached++
		in.touch(i.ID)
		in.d.emit(Attached{
			Meta: Meta{ID: i.ID, By: in.b.By}, Alert: seen, ReceivedAt: in.received,
			Body: in.b.Receipt.SHA256, Receipt: in.receipt(), Redetected: in.redetect(i, seen.StartsAt),
			Widened: in.widen(i, verdict, seen),
		})
		in.r.proves(in.d, i, in.b.By, &seen, verdict.Malicious == classify.Yes)
		return
	}
	in.reply.Opened++
	id := in.open(verdict, seen)
	in.reply.Incidents = append(in.reply.Incidents, id)
	in.touch(id)
}

// matched counts the rules that counted for an alert.
func (in *receiver) matched(rules []string) {
	if in.reply.Rules == nil && len(rules) > 0 {
		in.reply.Rules = map[string]int{}
	}
	for _, name := range rules {
		in.reply.Rules[name]++
	}
}

// follows reports whether the alert, of whatever occurrence, is part of an
// incident.
func (s *State) follows(dl Delivery) bool {
	a := Alert{Fingerprint: dl.Fingerprint, Series: dl.Series}
	refs := s.occurrences[a.series()]
	return len(refs) > 0 && maps.Equal(refs[len(refs)-1].alert.Labels, dl.Labels)
}

// known finds the newest occurrence the alert overlaps.
func (in *receiver) known(seen Alert) (occurrenceRef, bool) {
	refs := in.d.s.occurrences[seen.series()]
	for n := len(refs) - 1; n >= 0; n-- {
		if refs[n].alert.overlaps(seen.StartsAt, seen.EndsAt) {
			return refs[n], true
		}
	}
	if seen.Found == FoundInPrometheus {
		return in.d.s.alike(seen)
	}
	return in.d.s.alikeFound(seen)
}

// again handles a delivery of an occurrence that is known: it can move the
// start earlier and it can end it; it cannot do anything else.
func (in *receiver) again(ref occurrenceRef, seen Alert) {
	i, a := ref.incident, ref.alert
	meta := Meta{ID: i.ID, By: in.b.By}
	var earlier time.Time
	if seen.StartsAt.Before(a.StartsAt) {
		earlier = seen.StartsAt
	}
	switch ends := seen.Status == Resolved && (a.EndsAt.IsZero() || seen.EndsAt.After(a.EndsAt)); {
	case ends:
		in.reply.Resolved++
		in.d.emit(AlertResolved{
			Meta: meta, Series: a.series(), StartsAt: a.StartsAt, Earlier: earlier, EndsAt: seen.EndsAt,
			Body: in.b.Receipt.SHA256, Receipt: in.receipt(), Redetected: in.redetect(i, seen.StartsAt),
		})
	case !earlier.IsZero():
		in.reply.Duplicate++
		in.d.emit(AlertMoved{
			Meta: meta, Series: a.series(), StartsAt: a.StartsAt, Earlier: earlier,
			Body: in.b.Receipt.SHA256, Receipt: in.receipt(), Redetected: in.redetect(i, seen.StartsAt),
		})
	default:
		in.reply.Duplicate++
	}
}

// redetect computes the clocks anew when an alert started before what was
// taken for detection; nil when it did not. Detection never moves later.
func (in *receiver) redetect(i *Incident, start time.Time) *Redated {
	if !start.Before(i.DetectedAt) {
		return nil
	}
	moved := *i
	moved.DetectedAt = start
	clocks, law := in.r.clocks(&moved)
	return &Redated{Was: i.DetectedAt, Now: start, Clocks: clocks, Law: law}
}

// joins is the incident the alert belongs to, nil for none: the newest with
// the same key, if it is open or was decided not reportable, and the alert
// started within the window after the incident's last firing alert.
func (in *receiver) joins(key string, seen Alert) *Incident {
	i := in.d.s.incidents[in.d.s.correlated[key]]
	if i == nil || i.Status != Open && i.Reportability != ReportNotReportable {
		return nil
	}
	if seen.StartsAt.Sub(i.lastFiring(in.received)) > in.r.Classify.CorrelateWithin {
		return nil
	}
	return i
}

func (in *receiver) open(v classify.Decision, seen Alert) ID {
	id := in.d.s.nextID(in.r.Exercise, in.d.now)
	ev := Opened{
		Meta: Meta{ID: id, By: in.b.By}, Title: title(seen), Exercise: in.r.Exercise,
		DetectedAt: seen.StartsAt, ReceivedAt: in.received,
		Severity: v.Severity, Category: v.Category, Service: v.Service, Malicious: v.Malicious, CrossBorder: v.CrossBorder, Regimes: v.Regimes, Entities: v.Entities,
		Correlation: v.Correlation, Previous: in.d.s.correlated[v.Correlation], Reason: v.Reason,
		Alert: &seen, Body: in.b.Receipt.SHA256, Receipt: in.receipt(),
	}
	if v.Verdict == classify.Triage {
		ev.TriageBy = in.received.Add(in.r.Classify.TriageWithin)
	}
	ev.Clocks, ev.Law = in.clocks(&Incident{DetectedAt: ev.DetectedAt, Regimes: ev.Regimes, Entities: ev.Entities})
	in.d.emit(ev)
	return id
}

// maxTitle bounds a title taken from an alert, in runes.
const maxTitle = 200

// title names the incident after its first alert.
func title(a Alert) string {
	t := a.Labels["alertname"]
	if s := a.Annotations["summary"]; s != "" {
		t = strings.TrimPrefix(t+": "+s, ": ")
	}
	return cleanTitle(t)
}

// cleanTitle makes one printable line of at most maxTitle runes.
func cleanTitle(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxTitle {
		s = string(r[:maxTitle-1]) + "…"
	}
	if s == "" {
		s = "Alert without a name"
	}
	return s
}

// FinishReadBack records what came of reading back a truncated batch.
type FinishReadBack struct {
	By     Actor
	Body   string
	Alerts int
	Error  string
}

func (c FinishReadBack) decide(_ *Rules, d *decision) (any, error) {
	if _, ok := d.s.cuts[c.Body]; ok {
		d.emit(ReadBack{Meta: Meta{By: c.By}, Body: c.Body, Alerts: c.Alerts, Error: c.Error})
	}
	return nil, nil
}
