package pagerduty

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

const (
	maxDedup  = 255     // PD-3, in characters; kept in bytes
	maxEvent  = 512_000 // PD-3, in bytes of JSON; the details' budget is derived from it
	maxField  = 255     // source, component, group and class, in bytes
	maxTarget = 2048    // an address, in bytes; a longer one is left out, as a cut one leads nowhere
)

// Render puts a notice into words as an event without routing key: a trigger,
// or what becomes of the alert of an earlier one. It is pure. The event keeps the limits of PD-3 whatever the notice holds.
//
//	source     the service named on the incident, else the configured client
//	component  the clock a reminder speaks about, else the service
//	group      the incident's id
//	class      the incident's category, or "heartbeat", or "triage"
//	timestamp  detection; the beginning of the silence for a heartbeat; the
//	           end of the time an event was to be assessed in
func Render(n dispatch.Notice, c Config) *pd.V2Event {
	c = c.withDefaults()
	if n.Effect.Of != "" {
		return &pd.V2Event{Action: string(n.Effect.Role), DedupKey: dedupKey(n.Key), Client: cut(plain(c.Client), maxField)}
	}
	n = n.Confine(dispatch.Vendor)
	v := &n.Incident
	p := &pd.V2Payload{
		Summary:   summary(n, c.Zone),
		Source:    words(v.Service, maxField),
		Severity:  severity(n),
		Timestamp: instant(v.DetectedAt),
		Component: words(v.Service, maxField),
		Group:     words(string(n.ID), maxField),
		Class:     category(v),
	}
	if p.Source == "" {
		p.Source = cut(plain(c.Client), maxField)
	}
	switch {
	case n.Extent == dispatch.Call: // how urgent it is is not said either
		p.Severity, p.Details = critical, callDetails{Incident: words(string(n.ID), maxField)}
	case n.Effect.Role == incident.Heartbeat || n.Effect.Role == incident.Triage:
		p.Class, p.Timestamp = string(n.Effect.Role), instant(n.Since)
		p.Details = heartbeatDetails(n)
	case n.Effect.Role == incident.Reminder:
		p.Component = words(n.Effect.Clock.String(), maxField)
		p.Details = incidentDetails(n, c.Zone)
	default:
		p.Details = incidentDetails(n, c.Zone)
	}
	e := &pd.V2Event{Action: "trigger", DedupKey: dedupKey(n.Key), Client: cut(plain(c.Client), maxField), Payload: p}
	if page := address(n.Page); page != "" {
		e.ClientURL = page
		e.Links = []any{link{Href: page, Text: linkText(n.ID)}}
	}
	return e
}

// link is one of an event's links.
type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func linkText(id incident.ID) string {
	if id == "" {
		return "nis2clock"
	}
	return "Incident " + words(string(id), 40)
}

// dedupKey is the effect's key where PagerDuty can take it as it is, else its
// digest: always the same one for the same key, and never a cut one, which two
// effects might share.
func dedupKey(key string) string {
	if len(key) <= maxDedup && plain(key) == key {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func category(v *incident.View) string {
	s := v.Category.Class
	if v.Category.Type != "" {
		s += "/" + v.Category.Type
	}
	return words(s, maxField)
}

// address is s when a person can follow it, else empty.
func address(s string) string {
	if len(s) > maxTarget || plain(s) != s {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return s
}

// instantOf is [instant] of an instant that may be unknown.
func instantOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return instant(*t)
}
