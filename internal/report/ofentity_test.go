package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/realtest"
	"nis2clock/internal/regime"
	"nis2clock/internal/significance"
)

// sister is an entity of a group, with what nobody but its own authority may
// read.
type sister struct {
	track, legal, state, authority string
	aware                          time.Time
}

var sisters = []sister{
	{"example", "Example Hosting GmbH", "DE", "Behoerde Eins", at0.Add(5*time.Minute + 11*time.Second)},
	{"kypros", "Kypros Data Ltd", "CY", "Archi Dyo", at0.Add(6*time.Minute + 13*time.Second)},
	{"athina", "Athina Cloud AE", "EL", "Archi Tria", at0.Add(7*time.Minute + 17*time.Second)},
}

// group is an incident of three entities to which everything happened that can
// happen to one, each time.
func group(t *testing.T) (*Renderer, Source) {
	t.Helper()
	rules := &incident.Rules{Law: regime.Builtin(), Classify: classify.DefaultPolicy()}
	o := Options{}
	for _, s := range sisters {
		rules.Tracks = append(rules.Tracks, incident.Track{Entity: s.track, MemberState: s.state, Authority: s.authority, Regimes: []regime.ID{"nis2", "gdpr"}, Place: regime.Place{Zone: time.UTC}})
		o.Entities = append(o.Entities, Entity{Track: s.track, Name: s.legal, MemberState: s.state, Authority: s.authority, Zone: time.UTC})
	}
	state, now := incident.NewState(), at0
	var entries []incident.Entry
	do := func(cmd incident.Command) any {
		t.Helper()
		now = now.Add(10 * time.Minute)
		reply, more, err := rules.Execute(state, now, cmd)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, more...)
		return reply
	}
	by, ben := incident.Person{By: incident.Actor{Name: "ana", Via: "cli"}}, incident.Person{By: incident.Actor{Name: "ben", Via: "cli"}}
	do(incident.ReceiveBatch{By: incident.Actor{Name: "alertmanager", Via: "webhook"}, ReceivedAt: at0, Receipt: incident.Receipt{SHA256: "body", Raw: []byte("{}")}, Alerts: []incident.Delivery{{
		Fingerprint: "00000000000000aa", StartsAt: at0, Firing: true,
		Labels: map[string]string{"alertname": "CustomerTableCopied", "nis2_reportable": "true", classify.LabelEntity: "example,kypros,athina"},
	}}})
	const id = incident.ID("INC-2026-0001")
	do(incident.Acknowledge{Person: by, ID: id})
	do(incident.SetDate{Person: by, ID: id, Date: incident.DateID{Date: incident.AwareAt}, At: at0.Add(time.Minute), Reason: "the table was public"})
	do(incident.AddNote{Person: by, ID: id, Text: "access keys revoked everywhere"})
	for _, s := range sisters {
		mark := s.track + "-"
		do(incident.SetDate{Person: by, ID: id, Date: incident.DateID{Date: incident.AwareAt, Entity: s.track}, At: s.aware, Reason: mark + "aware"})
		do(incident.Assess{Person: by, ID: id, Entity: s.track, Facts: map[significance.FactID]string{significance.MaliciousSuspected: "yes"}, Decision: incident.DecidedSignificant, Reason: mark + "decided"})
		do(incident.RecordBreach{Person: by, ID: id, Entity: s.track, Facts: incident.BreachFacts{DataSets: &[]incident.DataSet{{Name: mark + "set", Role: "controller", Categories: []string{"contact"}}}, Nature: new(mark + "nature"), Consequences: new(mark + "consequences")}})
		do(incident.Propose{Person: by, ExpiresAt: now.Add(time.Hour), Do: incident.Submit{ID: id, Entity: s.track, Stages: []string{"early_warning"}, Submission: incident.Submission{Reference: mark + "early"}}})
		p, _ := state.Incident(id)
		do(incident.SettleProposal{Person: ben, ID: id, Number: p.Motions[len(p.Motions)-1].Number, Confirm: true})
		do(incident.RecordMessage{Person: by, ID: id, Message: incident.AuthorityMessage{Direction: incident.In, Kind: incident.OrderMessage, Entity: s.track, Authority: s.authority, Text: mark + "order", RespondBy: s.aware.Add(100 * time.Hour)}})
		do(incident.RecordMessage{Person: by, ID: id, Message: incident.AuthorityMessage{Direction: incident.In, Kind: incident.FeedbackMessage, Authority: s.authority, Text: mark + "feedback"}})
		do(incident.RecordCommunication{Person: by, ID: id, Communication: incident.Communication{Kind: incident.AuthorityFollowUp, Audience: s.authority, Channel: "mail", Text: mark + "followup"}})
		do(incident.ApproveReport{Person: by, ID: id, Entity: s.track, Stage: "notification", Lang: "en", SHA256: strings.Repeat("ab", 32), Role: "decide", Reason: mark + "approved", Size: p.Revision, At: now})
	}
	do(incident.SetReportFields{Person: by, ID: id, Fields: map[string][]string{"cross_border_possible": {"yes"}, "measures_taken": {"Access keys revoked."}}})
	i, _ := state.Incident(id)
	src := Source{
		Incident: i.View(i.UpdatedAt), Entries: slices.DeleteFunc(entries, func(e incident.Entry) bool { return e.About != id }), Journal: Journal{Size: state.Size, Root: "root", Key: "key"},
		Extra: func(v incident.View) (out Extra) {
			for _, m := range v.Messages {
				out.Messages = append(out.Messages, Message{FromAuthority: true, At: *m.ReceivedAt, Kind: string(m.Kind), Text: m.Text})
			}
			for _, b := range v.Breaches {
				out.Breach = &Breach{Fields: map[string][]string{"likely_consequences": {b.Consequences}}}
			}
			return out
		},
	}
	return renderer(t, func(opts *Options) { opts.Entities = o.Entities }), src
}

// secrets are what tells of an entity: its names, its State as machines write
// it, its authority, what was written about it alone, and the instants that none
// but it has.
func (s sister) secrets(v incident.View) []string {
	out := []string{s.track, s.legal, s.authority, fmt.Sprintf("%q", s.state), s.aware.Format("15:04:05")}
	for _, c := range v.Clocks {
		shared := slices.ContainsFunc(v.Clocks, func(o incident.ClockView) bool { return o.Entity != s.track && o.DueAt.Equal(c.DueAt) })
		if c.Entity == s.track && !shared {
			out = append(out, c.DueAt.Format(time.RFC3339), c.DueAt.Format("2006-01-02 15:04:05"))
		}
	}
	return out
}

// The authority of one State reads nothing of the other entities of a group: in
// no report, on no worksheet, in no file that is attached to them.
func TestAReportIsOfOneEntity(t *testing.T) {
	r, src := group(t)
	asked := map[string]bool{}
	for _, req := range Asked(src.Incident) {
		asked[req.Stage] = true
	}
	for _, s := range Stages() {
		asked[s] = true
	}
	for _, own := range sisters {
		t.Run(own.track, func(t *testing.T) {
			t.Parallel()
			told := map[string]bool{}
			for stage := range asked {
				req := Request{Stage: stage, Entity: own.track}
				if _, err := findStage(stage, src.Incident); err != nil && stage != worksheet {
					t.Fatal(err)
				}
				if strings.HasPrefix(stage, "reply-") && !slices.ContainsFunc(src.Incident.Clocks, func(c incident.ClockView) bool { return c.Entity == own.track && string(c.Stage) == stage }) {
					if _, err := r.PDF(req, src); err == nil {
						t.Errorf("%s: the reply to an order to another entity was written", stage)
					}
					continue
				}
				texts := map[string]string{"PDF": realtest.PDFText(t, render(t, r, req, src))}
				machine, err := r.JSON(req, src)
				if err != nil {
					t.Fatal(err)
				}
				texts["JSON"] = string(machine)
				d, err := r.draft(req, src)
				if err != nil {
					t.Fatal(err)
				}
				attached, err := d.attachments()
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range attached {
					texts["attached "+a.Name] = string(a.Data)
				}
				for where, text := range texts {
					for _, other := range sisters {
						for _, secret := range other.secrets(src.Incident) {
							switch has := strings.Contains(squeeze(text), squeeze(secret)); {
							case other.track == own.track && has:
								told[secret] = true
							case other.track != own.track && has:
								t.Errorf("%s, %s of %s: %q of %s is in it", stage, where, own.track, secret, other.track)
							}
						}
					}
					for _, said := range []string{"early", "order", "feedback", "decided"} {
						told[said] = told[said] || strings.Contains(text, own.track+"-"+said)
					}
					told["access keys revoked everywhere"] = told["access keys revoked everywhere"] || strings.Contains(text, "access keys revoked everywhere")
				}
			}
			for _, own := range append(own.secrets(src.Incident)[:5], "early", "order", "feedback", "decided", "access keys revoked everywhere") {
				if !told[own] {
					t.Errorf("no report has %q, which is its own", own)
				}
			}
		})
	}
}
