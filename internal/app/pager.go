package app

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/people"
	"nis2clock/internal/web"

	"github.com/prometheus/client_golang/prometheus"
)

// pagerHandler hears what people do in PagerDuty; nil where it does not tell.
func (a *App) pagerHandler(reg prometheus.Registerer) (http.Handler, error) {
	c := a.cfg.PagerDuty
	if c == nil || c.WebhookSecret == "" {
		return nil, nil
	}
	h, err := pagerduty.Webhook(pagerduty.Inbound{Secrets: func() []string { return []string{a.secrets.using.Load().PagerDuty.WebhookSecret} }, Hear: a.hear, Now: time.Now, Log: a.o.Logger, Register: reg})
	if err != nil {
		return nil, err
	}
	a.pager = h
	return h, nil
}

// hear takes over what PagerDuty says has happened. What is about no incident
// of ours is passed over: the same account may page for others.
func (a *App) hear(ctx context.Context, h pagerduty.Happened) error {
	who := h.By.Name
	p, linked := a.cfg.People.InPagerDuty(h.By.ID)
	if h.Human {
		who = a.nameOf(h.By.ID, who)
	}
	cmd := incident.HearPager{
		Person: incident.Person{By: incident.Actor{Name: cmp.Or(who, h.By.ID, pagerduty.Name), Via: pagerduty.Name}, Digest: h.Event},
		Human:  h.Human, Stranger: h.Human && !linked && len(a.cfg.People.All()) > 0, Barred: linked && a.barred(p), Alert: h.Incident, URL: h.URL, Event: h.Event, Word: h.Word, Text: h.Text, At: h.At,
	}
	if h.Delivery != "" {
		cmd.Key = pagerduty.Name + "/" + h.Delivery
	}
	if h.Dedup != "" {
		id, effect, ok := a.alertOf(h.Dedup)
		if !ok {
			return nil
		}
		cmd.ID, cmd.Effect = id, effect
	}
	_, err := a.desk.Do(ctx, cmd)
	if errors.Is(err, incident.ErrUnknown) || errors.Is(err, incident.ErrKeyReused) {
		return nil // never comes right: sent again it would hold up what follows (PD-14)
	}
	return err
}

// alertOf finds the effect that PagerDuty knows by the key.
func (a *App) alertOf(dedup string) (id incident.ID, effect string, ok bool) {
	ours := a.install() + "/"
	if effect, ok = strings.CutPrefix(dedup, ours); ok {
		name, _, _ := strings.Cut(effect, "/")
		return incident.ID(name), effect, true
	}
	a.desk.View(func(s *incident.State) {
		for _, each := range s.IDs() {
			i, _ := s.Incident(each)
			for _, alarm := range i.Alarms {
				if pagerduty.Dedup(ours+alarm.Key) == dedup {
					id, effect, ok = each, alarm.Key, true
				}
			}
		}
	})
	return id, effect, ok
}

// unheard says what PagerDuty tells and is not understood here.
func (a *App) unheard() []string {
	if a.pager == nil {
		return nil
	}
	return a.pager.Status()
}

// startOnCall asks PagerDuty who is on call and proposes them as commander of
// what has none. An incident is never held up by it.
func (a *App) startOnCall() {
	if c := a.cfg.PagerDuty; c == nil || c.OnCall == nil {
		return
	}
	a.roster = pagerduty.NewOnCall(*a.cfg.PagerDuty.OnCall, a.vendor(), time.Now, a.o.Logger)
	a.background(func(ctx context.Context) { a.roster.Run(ctx, a.proposeAll) }, "on call")
	a.background(func(ctx context.Context) {
		feed := a.desk.Subscribe()
		defer feed.Close()
		for {
			select {
			case <-ctx.Done():
				return
			case <-feed.C:
				a.propose(ctx, feed.Take())
			}
		}
	}, "commanders proposed")
}

// proposeAll proposes a commander wherever there is none.
func (a *App) proposeAll(ctx context.Context) {
	var all []incident.ID
	a.desk.View(func(s *incident.State) { all = slices.Clone(s.IDs()) })
	a.propose(ctx, all)
}

// propose names who is on call to those of the incidents that want a commander.
func (a *App) propose(ctx context.Context, ids []incident.ID) {
	duties := a.roster.Roster().Current(time.Now())
	if len(duties) == 0 {
		return
	}
	name := a.nameOf(duties[0].ID, duties[0].Name)
	var wanting []incident.ID
	a.desk.View(func(s *incident.State) {
		for _, id := range ids {
			if i, ok := s.Incident(id); ok && i.Status != incident.StatusClosed && i.Commander == nil && (i.ProposedCommander == nil || i.ProposedCommander.Name != name) {
				wanting = append(wanting, id)
			}
		}
	})
	for _, id := range wanting {
		if _, err := a.desk.Do(ctx, incident.ProposeCommander{By: incident.System, ID: id, Name: name, Source: a.roster.Source()}); err != nil {
			if ctx.Err() == nil {
				a.o.Logger.Warn("Who is on call could not be recorded; it is tried again", "incident", id, "err", err)
			}
			return
		}
	}
}

// barred reports whether somebody was given a role, or stands in for one, and
// may not act by it now: an auditor, or one whose dates are over. Whoever is
// named without a role is named for being called, and answers.
func (a *App) barred(p people.Person) bool {
	return (p.Role != "" || p.DeputyFor != "") && !a.cfg.People.At(p, time.Now()).May(access.MayAct)
}

// nameOf is how the journal calls a user of PagerDuty: by the name of the person
// they are linked to. One who is not, and is called like somebody who is named
// here, is told apart by their id: a display name gives nobody's rights.
func (a *App) nameOf(id, name string) string {
	if p, ok := a.cfg.People.InPagerDuty(id); ok {
		return p.Name
	}
	if _, taken := a.cfg.People.Named(name); taken {
		return name + " (PagerDuty " + id + ")"
	}
	return cmp.Or(name, id)
}

// onCall says who is on call: as PagerDuty tells, otherwise whoever may decide
// by the configuration.
func (a *App) onCall() web.OnCall {
	now := time.Now()
	out := web.OnCall{Source: "the configuration", People: []web.PersonOnCall{}}
	if a.roster == nil {
		for _, p := range a.cfg.People.Who(access.MayDecide, now) {
			on := web.PersonOnCall{Name: p.Name}
			if !p.Until.IsZero() {
				on.Until = new(p.Until)
			}
			out.People = append(out.People, on)
		}
		if len(out.People) == 0 {
			out.Source = "the configuration, which has neither pagerduty.oncall nor anybody in people who may decide"
		}
		return out
	}
	r := a.roster.Roster()
	out.Source, out.AsOf = a.roster.Source(), r.AsOf
	if r.Err != nil {
		out.Error = new(r.Err.Error())
	}
	for _, d := range r.Current(now) {
		on := web.PersonOnCall{Name: a.nameOf(d.ID, d.Name), Level: d.Level}
		if !d.Until.IsZero() {
			on.Until = new(d.Until)
		}
		out.People = append(out.People, on)
	}
	return out
}
