package agenda

import (
	"slices"
	"time"

	"nis2clock/internal/incident"
)

// settle adds what pagers have to know of their alerts: that somebody has
// answered, and that it is over. Each is told once, so that what a pager tells
// us back leads to nothing more (PD-18).
func settle(i *incident.Incident, p *incident.ReminderPolicy, add func(incident.Effect, time.Time)) {
	for _, a := range i.Alarms {
		if !slices.Contains(p.Channels, a.Channel) {
			continue
		}
		e := incident.Effect{For: a.Channel, To: a.To, Of: a.Key, Clock: a.Clock}
		switch {
		case i.Over(a):
			e.Role = incident.PagerResolve
			e.Key = a.Key + "/" + string(e.Role)
			add(e, i.UpdatedAt)
		case a.Acknowledged.IsZero() && i.Answers(a):
			e.Role = incident.PagerAcknowledge
			e.Key = a.Key + "/" + string(e.Role)
			add(e, i.AnsweredAt)
		}
	}
}
