package pdfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// Subscription is where webhooks are sent, and how they are signed.
type Subscription struct {
	URL string
	// Secrets sign each delivery; there are several while one is exchanged
	// (PD-13).
	Secrets []string
	// RetryAfter is the wait before a delivery is tried again (PD-14).
	RetryAfter time.Duration
	// Client sends; nil means Go's default with PagerDuty's five seconds.
	Client *http.Client
}

// Delivery is one try.
type Delivery struct {
	ID     string // of X-Webhook-Id: the same for each try
	Type   string
	Status int // 0: no answer
	Body   []byte
}

// maxDrops is how many drops in a row disable a subscription (PD-15).
const maxDrops = 3

// User is a person in PagerDuty.
type User struct{ ID, Name string }

// Somebody is who acts when nobody is named.
var Somebody = User{"PSOMEBODY", "Somebody On Call"}

// hooks sends webhooks in the order in which things happened, one at a time:
// what cannot be delivered holds up what follows (PD-14).
type hooks struct {
	sub    Subscription
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{}

	mu       sync.Mutex
	queue    []Delivery
	tries    []Delivery
	drops    int
	disabled bool
	made     int
}

// Subscribe sends webhooks from here on. [Server.Unsubscribe] ends it.
func (s *Server) Subscribe(sub Subscription) {
	if sub.Client == nil {
		sub.Client = &http.Client{Timeout: 5 * time.Second}
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &hooks{sub: sub, cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	go h.run(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = h
}

// Unsubscribe sends no more webhooks and waits for the one under way.
func (s *Server) Unsubscribe() {
	s.mu.Lock()
	h := s.hooks
	s.hooks = nil
	s.mu.Unlock()
	if h != nil {
		h.cancel()
		<-h.done
	}
}

// Deliveries are all tries, oldest first; waiting is how many webhooks have not
// been taken yet, and disabled whether the subscription was (PD-15).
func (s *Server) Deliveries() (tries []Delivery, waiting int, disabled bool) {
	s.mu.Lock()
	h := s.hooks
	s.mu.Unlock()
	if h == nil {
		return nil, 0, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return append(tries, h.tries...), len(h.queue), h.disabled
}

// Act is a person doing something to the alert: acknowledged, unacknowledged,
// resolved, reopened, escalated or reassigned. It reports whether there was
// such an alert.
func (s *Server) Act(dedupKey, what string, who User) bool {
	state := map[string]string{"acknowledged": Acknowledged, "resolved": Resolved}[what]
	if state == "" {
		state = Triggered
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, was := range s.alerts {
		if k.dedup == dedupKey {
			if was != Resolved || what == "reopened" {
				s.alerts[k] = state
			}
			s.tell("incident."+what, dedupKey, &agent{who.ID, "user_reference", who.Name})
			return true
		}
	}
	return false
}

// Annotate is a person writing a note to the alert's incident.
func (s *Server) Annotate(dedupKey, text string, who User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send("incident.annotated", &agent{who.ID, "user_reference", who.Name}, map[string]any{
		"id": "PNOTE", "type": "incident_note", "content": text, "trimmed": false,
		"incident": map[string]any{"id": s.incidentID(dedupKey), "type": "incident_reference"},
	})
}

// Send sends any event to the subscription, such as one of a type that is new.
func (s *Server) Send(eventType string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(eventType, nil, data)
}

type agent struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
}

// integration is the agent of what an Events API integration did.
var integration = agent{"PINTEGR", "events_api_v2_inbound_integration_reference", "Events API V2"}

func (s *Server) incidentID(dedupKey string) string {
	sum := sha256.Sum256([]byte(dedupKey))
	return "Q" + strings.ToUpper(hex.EncodeToString(sum[:7]))
}

// tell sends what happened to the alert's incident (PD-11); s.mu is held.
func (s *Server) tell(eventType, dedupKey string, by *agent) {
	id := s.incidentID(dedupKey)
	_, status, _ := strings.Cut(eventType, ".")
	s.send(eventType, by, map[string]any{
		"id": id, "type": "incident", "html_url": "https://pagerduty.example/incidents/" + id, "status": status, "incident_key": dedupKey,
		"assignees": []agent{{"PNEXT", "user_reference", "Next On Call"}}, "priority": nil, "urgency": "high", "conference_bridge": nil,
	})
}

// send queues an event; s.mu is held.
func (s *Server) send(eventType string, by *agent, data any) {
	h := s.hooks
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.disabled {
		return
	}
	h.made++
	resource, _, _ := strings.Cut(eventType, ".")
	body, err := json.Marshal(map[string]any{"event": map[string]any{
		"id": fmt.Sprintf("01EVENT%06d", h.made), "event_type": eventType, "resource_type": resource,
		"occurred_at": s.now().UTC().Format(time.RFC3339Nano), "agent": by, "client": nil, "data": data,
	}}, json.Deterministic(true))
	if err != nil {
		panic(err) // the values above are plain
	}
	h.queue = append(h.queue, Delivery{ID: fmt.Sprintf("delivery-%d", h.made), Type: eventType, Body: body})
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *hooks) run(ctx context.Context) {
	defer close(h.done)
	for ctx.Err() == nil {
		h.mu.Lock()
		waiting := len(h.queue) > 0
		var d Delivery
		if waiting {
			d = h.queue[0]
		}
		h.mu.Unlock()
		if !waiting {
			select {
			case <-ctx.Done():
			case <-h.wake:
			}
			continue
		}
		d.Status = h.try(ctx, d)
		if h.settle(d) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(h.sub.RetryAfter):
		}
	}
}

// try sends once and returns the status of the answer, 0 for none.
func (h *hooks) try(ctx context.Context, d Delivery) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.sub.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PagerDuty-Webhook/V3.0")
	req.Header.Set("X-Webhook-Id", d.ID)
	req.Header.Set("X-PagerDuty-Signature", Sign(d.Body, h.sub.Secrets...))
	resp, err := h.sub.Client.Do(req)
	if err != nil || resp.Body.Close() != nil {
		return 0
	}
	return resp.StatusCode
}

// settle records a try, and reports whether the delivery is over: taken, or
// dropped for good by a 4xx other than 429 (PD-14).
func (h *hooks) settle(d Delivery) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries = append(h.tries, d)
	switch s := d.Status; {
	case s >= 200 && s < 300:
		h.drops = 0
	case s >= 400 && s < 500 && s != http.StatusTooManyRequests:
		if h.drops++; h.drops >= maxDrops {
			h.disabled, h.queue = true, nil
			return true
		}
	default:
		return false
	}
	h.queue = h.queue[1:]
	return true
}

// Sign is the header that signs a body with each secret (PD-13).
func Sign(body []byte, secrets ...string) string {
	claims := make([]string, len(secrets))
	for n, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		claims[n] = "v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(claims, ",")
}
