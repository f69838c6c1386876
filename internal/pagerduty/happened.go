package pagerduty

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nis2clock/internal/incident"
)

// Happened is what a webhook says has happened to an incident of PagerDuty.
type Happened struct {
	// Delivery names the delivery, Event what happened (PD-16).
	Delivery, Event string
	Word            incident.PagerWord
	// Dedup is the key of the event that opened it (PD-11); empty where the
	// webhook does not say, and then Incident has to do.
	Dedup string
	// Incident is PagerDuty's id of it, and URL where it is shown.
	Incident, URL string
	// By is who did it. Human is false for an integration, a rule or a time-out,
	// which is also how what we send comes back (PD-18).
	By    Agent
	Human bool
	// Text is what was written, or whom it wakes now.
	Text string
	At   time.Time // zero when the webhook does not say
}

// Agent is a user or a part of PagerDuty.
type Agent struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"summary"`
}

// Texts of a webhook are cut to these lengths, in bytes.
const (
	maxWho  = 100
	maxNote = 2000
)

// words by the type of event; others say nothing about an alert of ours
// (PD-12).
var heardWords = map[string]incident.PagerWord{
	"incident.triggered":      incident.PagerTriggered,
	"incident.acknowledged":   incident.PagerAcknowledged,
	"incident.unacknowledged": incident.PagerUnacknowledged,
	"incident.resolved":       incident.PagerResolved,
	"incident.reopened":       incident.PagerReopened,
	"incident.escalated":      incident.PagerPassedOn,
	"incident.reassigned":     incident.PagerPassedOn,
	"incident.delegated":      incident.PagerPassedOn,
	"incident.annotated":      incident.PagerAnnotated,
}

// read takes a webhook apart. It is ours only when it is about an incident, and
// of a type that says something about an alert. Fields that it does not know
// may be anything.
func read(body []byte) (h Happened, ours bool, err error) {
	lax := json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var in struct {
		Event struct {
			ID         string         `json:"id"`
			Type       string         `json:"event_type"`
			OccurredAt string         `json:"occurred_at"`
			Agent      jsontext.Value `json:"agent"`
			Data       jsontext.Value `json:"data"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &in, lax); err != nil {
		return h, false, errors.New("its body holds no event")
	}
	word, known := heardWords[in.Event.Type]
	if !known || in.Event.Data == nil {
		return h, false, nil
	}
	// Another shape of data than that of an incident is passed over (PD-12).
	var data struct {
		ID        string  `json:"id"`
		Key       string  `json:"incident_key"`
		URL       string  `json:"html_url"`
		Content   string  `json:"content"` // of a note
		Assignees []Agent `json:"assignees"`
		Incident  struct {
			ID string `json:"id"`
		} `json:"incident"` // of a note
	}
	if err := json.Unmarshal(in.Event.Data, &data, lax); err != nil {
		return h, false, errors.New("its data is not that of an incident")
	}
	h = Happened{Event: in.Event.ID, Word: word, Dedup: data.Key, Incident: data.ID, URL: address(data.URL)}
	if in.Event.Agent != nil {
		// One that cannot be read is nobody.
		if json.Unmarshal(in.Event.Agent, &h.By, lax) != nil {
			h.By = Agent{}
		}
	}
	h.By.Name = words(h.By.Name, maxWho)
	h.Human = h.By.ID != "" && (h.By.Type == "user_reference" || h.By.Type == "user")
	if t, err := time.Parse(time.RFC3339, in.Event.OccurredAt); err == nil {
		h.At = t.UTC()
	}
	switch word {
	case incident.PagerAnnotated:
		h.Incident, h.URL, h.Text = cmp.Or(data.Incident.ID, data.ID), "", words(data.Content, maxNote)
	case incident.PagerPassedOn:
		names := make([]string, 0, len(data.Assignees))
		for _, a := range data.Assignees {
			names = append(names, words(cmp.Or(a.Name, a.ID), maxWho))
		}
		_, how, _ := strings.Cut(in.Event.Type, ".")
		h.Text = cut(how+" to "+cmp.Or(strings.Join(names, ", "), "nobody who is named"), maxNote)
	}
	return h, true, nil
}

// Dedup is the key that PagerDuty knows an effect's alert by, where the key of
// the effect across installations is key.
func Dedup(key string) string { return dedupKey(key) }
