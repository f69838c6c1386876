package app

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"

	"github.com/prometheus/client_golang/prometheus"
)

// pagerHandler hears what people do in PagerDuty; nil where it does not tell.
func (a *App) pagerHandler(reg prometheus.Registerer) (http.Handler, error) {
	c := a.cfg.PagerDuty
	if c == nil || c.WebhookSecret == "" {
		return nil, nil
	}
	h, err := pagerduty.Webhook(pagerduty.Inbound{Secrets: []string{c.WebhookSecret}, Hear: a.hear, Now: time.Now, Log: a.o.Logger, Register: reg})
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
	if p, ok := a.cfg.People.InPagerDuty(h.By.ID); ok && h.Human {
		who = p.Name
	}
	cmd := incident.HearPager{
		Person: incident.Person{By: incident.Actor{Name: cmp.Or(who, h.By.ID, pagerduty.Name), Via: pagerduty.Name}, Digest: h.Event},
		Human:  h.Human, Alert: h.Incident, URL: h.URL, Event: h.Event, Word: h.Word, Text: h.Text, At: h.At,
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
