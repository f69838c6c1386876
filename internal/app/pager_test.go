package app

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/people"
)

const (
	routingKey    = "0123456789abcdef0123456789abcdef"
	webhookSecret = "whsec-0123456789"
)

// onCall is a service whose pager tells what people do there.
type onCall struct {
	*App
	t     *testing.T
	pager *pdfake.Server
}

func newOnCall(t *testing.T, change ...func(*config.Config)) *onCall {
	t.Helper()
	fake := pdfake.New(time.Now, routingKey)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.PagerDuty = &pagerduty.Config{RoutingKey: routingKey, BaseURL: srv.URL, WebhookSecret: webhookSecret}
	cfg.PagerDuty.OnCall = &pagerduty.OnCallConfig{Token: "u+token", BaseURL: srv.URL, Schedule: "PSCHED"}
	fake.OnCall("u+token", "PSCHED", pdfake.Duty{User: pdfake.User{ID: "PMAX", Name: "M. B."}, Level: 1})
	var faults []*people.Fault
	cfg.People, faults = people.New([]people.Person{{Name: "Max Beispiel", PagerDuty: "PMAX"}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, f := range change {
		f(cfg)
	}
	a, err := Start(t.Context(), Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	fake.Subscribe(pdfake.Subscription{URL: a.URL() + "/webhook/pagerduty", Secrets: []string{"the old one", webhookSecret}, RetryAfter: 10 * time.Millisecond})
	t.Cleanup(fake.Unsubscribe)
	return &onCall{a, t, fake}
}

// until waits for the condition, which entries of the journal bring about.
func (o *onCall) until(what string, is func() bool) {
	o.t.Helper()
	feed := o.Desk().Subscribe()
	defer feed.Close()
	give := time.After(time.Minute)
	for !is() {
		select {
		case <-feed.C:
			feed.Take()
		case <-give:
			o.t.Fatalf("not within a minute: %s", what)
		}
	}
}

// said are the sentences about the incident that came from PagerDuty.
func (o *onCall) said(id incident.ID) (out []string) {
	o.t.Helper()
	entries, err := desk.Entries(o.t.Context(), o.Desk(), o.store, id)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range entries {
		if by := e.Event.Actor(); by.Via == pagerduty.Name {
			out = append(out, by.Name+": "+e.Event.Describe())
		}
	}
	return out
}

func (o *onCall) page(title string) (incident.ID, string) {
	o.t.Helper()
	reply, err := o.Desk().Do(o.t.Context(), incident.Declare{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, Title: title, DetectedAt: time.Now()})
	if err != nil {
		o.t.Fatal(err)
	}
	id := reply.(incident.ID)
	o.until("PagerDuty calls the alert by a name of its own", func() bool { return len(o.said(id)) == 1 })
	pages := o.pager.Pages()
	return id, pages[len(pages)-1].DedupKey
}

// What a person does in PagerDuty happens here under their name, stops no
// clock, and is not sent back.
func TestPersonInPagerDuty(t *testing.T) {
	o := newOnCall(t)
	id, key := o.page("It broke")
	max := pdfake.User{ID: "PMAX", Name: "M. B."}
	o.pager.Act(key, "escalated", pdfake.Somebody)
	o.pager.Act(key, "acknowledged", max)
	o.until("acknowledged", func() bool { v, _ := o.Desk().Incident(id); return v.AcknowledgedBy != nil })
	o.pager.Annotate(key, "looking at it", max)
	o.pager.Send("service.updated", map[string]any{"id": "P1", "type": "service"})
	o.pager.Act(key, "resolved", pdfake.User{ID: "POTHER", Name: "Otto Other"})
	o.until("resolved", func() bool { return strings.Contains(fmt.Sprint(o.said(id)), "resolved") })
	alert := " (alert opened/pagerduty)"
	want := []string{
		"Events API V2: pagerduty calls the alert " + string(id) + "/opened/pagerduty https://pagerduty.example/incidents/",
		"Somebody On Call: pagerduty: passed on: escalated to Next On Call" + alert,
		"Max Beispiel: acknowledged; this stops no clock",
		"Max Beispiel: pagerduty: acknowledged; this stops no clock" + alert,
		"Max Beispiel: pagerduty: annotated: looking at it" + alert,
		"Otto Other: pagerduty: resolved; this stops no clock" + alert,
	}
	got := o.said(id)
	if len(got) != len(want) || !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	v, _ := o.Desk().Incident(id)
	for _, c := range v.Clocks {
		if c.Stopped != nil || c.SubmittedAt != nil {
			t.Errorf("%s is %s", c.Stage, c.State)
		}
	}
	for _, e := range o.pager.Events() {
		if e.Action != "trigger" {
			t.Errorf("PagerDuty was told %s of what it knows", e.Action)
		}
	}
}

// What we tell PagerDuty comes back, and is no person's.
func TestOwnWordComesBack(t *testing.T) {
	o := newOnCall(t)
	id, key := o.page("It broke")
	who := incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}
	if _, err := o.Desk().Do(t.Context(), incident.Acknowledge{Person: who, ID: id}); err != nil {
		t.Fatal(err)
	}
	o.until("PagerDuty has said back what it was told", func() bool { return len(o.said(id)) == 2 })
	if got := o.said(id)[1]; !strings.HasPrefix(got, "Events API V2: pagerduty: acknowledged") {
		t.Errorf("said %q", got)
	}
	if o.pager.State(key) != pdfake.Acknowledged {
		t.Errorf("the alert is %s", o.pager.State(key))
	}
	// It wakes people again there, and is answered here again.
	o.pager.Act(key, "unacknowledged", pdfake.Somebody)
	o.until("it wakes people again", func() bool { return len(o.said(id)) == 3 })
	if _, err := o.Desk().Do(t.Context(), incident.Acknowledge{Person: who, ID: id}); err != nil {
		t.Fatal(err)
	}
	o.until("PagerDuty has been told again", func() bool { return len(o.said(id)) == 4 })
	if _, err := o.Desk().Do(t.Context(), incident.MarkNotReportable{Person: who, ID: id, Reason: "a drill of the supplier"}); err != nil {
		t.Fatal(err)
	}
	o.until("the end has come back", func() bool { return len(o.said(id)) == 5 })
	var told []string
	for _, e := range o.pager.Events() {
		told = append(told, e.Action)
	}
	if want := []string{"trigger", "acknowledge", "acknowledge", "resolve"}; !slices.Equal(told, want) {
		t.Errorf("PagerDuty was told %q, want %q", told, want)
	}
	if v, _ := o.Desk().Incident(id); *v.AcknowledgedBy != "ana" {
		t.Errorf("acknowledged by %s", *v.AcknowledgedBy)
	}
}

// Who is on call is proposed by the name the journal knows them by, until
// somebody takes command; a hand-over waits for the other to take it.
func TestCommanderIsProposed(t *testing.T) {
	o := newOnCall(t)
	id, _ := o.page("It broke")
	view := func() incident.View { v, _ := o.Desk().Incident(id); return v }
	o.until("somebody is proposed", func() bool { return view().ProposedCommander != nil })
	if p := view().ProposedCommander; p.Name != "Max Beispiel" || p.Source != "PagerDuty schedule PSCHED" {
		t.Errorf("proposed is %+v", p)
	}
	if on := o.onCall(); len(on.People) != 1 || on.People[0].Name != "Max Beispiel" || on.Error != nil || on.AsOf.IsZero() {
		t.Errorf("on call is %+v", on)
	}
	do := func(cmd incident.Command) {
		t.Helper()
		if _, err := o.Desk().Do(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
	}
	ana := incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}
	ben := incident.Person{By: incident.Actor{Name: "ben", Via: "api"}}
	do(incident.TakeCommand{Person: ana, ID: id})
	do(incident.HandOver{Person: ana, ID: id, To: "ben", Reason: "end of shift"})
	if v := view(); v.ProposedCommander != nil || *v.Commander != "ana" || v.Offered == nil || v.Offered.To != "ben" || v.Offered.By != "ana" {
		t.Errorf("after the offer: commander %s, proposed %v, offered %+v", *v.Commander, v.ProposedCommander, v.Offered)
	}
	do(incident.TakeCommand{Person: ben, ID: id})
	if v := view(); *v.Commander != "ben" || v.Offered != nil {
		t.Errorf("after it was taken: commander %s, offered %+v", *v.Commander, v.Offered)
	}
	do(incident.HandOver{Person: ben, ID: id, To: "Max Beispiel", Accepted: true})
	if v := view(); *v.Commander != "Max Beispiel" {
		t.Errorf("after it was accepted by voice: commander %s", *v.Commander)
	}
	for _, to := range []string{"", " ", "two\nlines", "Max Beispiel"} {
		if _, err := o.Desk().Do(t.Context(), incident.HandOver{Person: ben, ID: id, To: to}); err == nil {
			t.Errorf("handed over to %q", to)
		}
	}
}
