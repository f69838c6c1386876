package pdfake

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// PagerDuty's limits (PD-2, PD-3).
const (
	routingKeyLength = 32
	maxSummary       = 1024
	maxDedupKey      = 255
	maxEvent         = 512_000
)

// Payload is the body of a trigger event.
type Payload struct {
	Summary       string         `json:"summary"`
	Source        string         `json:"source"`
	Severity      string         `json:"severity"`
	Timestamp     string         `json:"timestamp"`
	Component     string         `json:"component"`
	Group         string         `json:"group"`
	Class         string         `json:"class"`
	CustomDetails jsontext.Value `json:"custom_details"`
}

// Link is one of an event's links.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// request is what is posted.
type request struct {
	RoutingKey string  `json:"routing_key"`
	Action     string  `json:"event_action"`
	DedupKey   string  `json:"dedup_key"`
	Client     string  `json:"client"`
	ClientURL  string  `json:"client_url"`
	Payload    Payload `json:"payload"`
	Links      []Link  `json:"links"`
	Images     []struct {
		Src string `json:"src"`
	} `json:"images"`
}

var (
	actions    = []string{"trigger", "acknowledge", "resolve"}
	severities = []string{"critical", "error", "warning", "info"}
)

// check reads an event and says what PagerDuty would refuse it for; nothing
// means that it is taken.
func check(body []byte) (request, []string) {
	var r request
	if len(body) > maxEvent {
		return r, []string{fmt.Sprintf("Event size exceeds the maximum of %d bytes", maxEvent)}
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, []string{"JSON is invalid"}
	}
	var wrong []string
	refuse := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	need := func(name, value string) {
		if strings.TrimSpace(value) == "" {
			refuse("'%s' is missing or blank", name)
		}
	}
	oneOf := func(name, value string, allowed []string) {
		need(name, value)
		if value != "" && !slices.Contains(allowed, value) {
			refuse("'%s' is invalid (expecting '%s')", name, strings.Join(allowed, "', '"))
		}
	}

	need("routing_key", r.RoutingKey)
	if r.RoutingKey != "" && utf8.RuneCountInString(r.RoutingKey) != routingKeyLength {
		refuse("'routing_key' is invalid (expecting %d characters)", routingKeyLength)
	}
	oneOf("event_action", r.Action, actions)
	if utf8.RuneCountInString(r.DedupKey) > maxDedupKey {
		refuse("'dedup_key' is too long (maximum is %d characters)", maxDedupKey)
	}
	if r.Action != "trigger" {
		need("dedup_key", r.DedupKey)
		return r, wrong
	}
	need("payload.summary", r.Payload.Summary)
	if utf8.RuneCountInString(r.Payload.Summary) > maxSummary {
		refuse("'payload.summary' is too long (maximum is %d characters)", maxSummary)
	}
	need("payload.source", r.Payload.Source)
	oneOf("payload.severity", r.Payload.Severity, severities)
	if ts := r.Payload.Timestamp; ts != "" {
		if _, err := time.Parse(time.RFC3339Nano, ts); err != nil {
			refuse("'payload.timestamp' is invalid (expecting ISO 8601)")
		}
	}
	for _, l := range r.Links {
		need("links.href", l.Href)
	}
	for _, i := range r.Images {
		if !strings.HasPrefix(i.Src, "https://") {
			refuse("'images.src' is invalid (expecting an HTTPS address)")
		}
	}
	return r, wrong
}
