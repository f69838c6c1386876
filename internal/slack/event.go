package slack

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// DefaultMark is the reaction that makes a message a note.
const DefaultMark = "memo"

// event is what we read of one of Slack's events.
type event struct {
	Type      string `json:"type"`
	Challenge string `json:"challenge"`
	TeamID    string `json:"team_id"`
	Event     struct {
		Type     string `json:"type"`
		User     string `json:"user"`
		Reaction string `json:"reaction"`
		Tab      string `json:"tab"`
		Item     struct {
			Type    string `json:"type"`
			Channel string `json:"channel"`
			TS      string `json:"ts"`
		} `json:"item"`
	} `json:"event"`
}

// Marked is a message that somebody marked for the timeline.
type Marked struct {
	Incident    incident.ID
	Channel, TS string
	User        string // who marked it, U1@T1
	Author      string // who wrote it, U1@T1
	At          time.Time
	Text        string
}

// markWithin bounds reading a marked message. When Slack does not answer, the
// event comes again (SL-6).
const markWithin = 2 * time.Second

// Types of events the app asks for.
const (
	homeOpened    = "app_home_opened"
	reactionAdded = "reaction_added"
)

// Events are the events the app has to be subscribed to, sorted.
func Events() []string { return []string{homeOpened, reactionAdded} }

// event answers one of the Events API. It may come twice, and comes again
// when it could not be dealt with.
func (h *Handler) event(ctx context.Context, payload []byte) (answer, error) {
	var e event
	if err := json.Unmarshal(payload, &e, lenient); err != nil {
		return answer{}, fmt.Errorf("%w: the body holds no event", errBad)
	}
	if e.Type == "url_verification" {
		return answer{body: map[string]string{"challenge": e.Challenge}}, nil
	}
	ev := e.Event
	if e.Type != "event_callback" || ev.User == "" || e.TeamID == "" || h.api.Load() == nil {
		return answer{}, nil
	}
	switch {
	case ev.Type == homeOpened && ev.Tab == "home":
		return answer{after: h.home(ev.User, ev.User+"@"+e.TeamID)}, nil
	case ev.Type == reactionAdded && h.in.Mark != "" && ev.Reaction == h.in.Mark && ev.Item.Type == "message":
		return answer{}, h.marked(ctx, e)
	}
	return answer{}, nil
}

// marked reads the message and takes it into the timeline of its thread's
// incident.
func (h *Handler) marked(ctx context.Context, e event) error {
	item := e.Event.Item
	if !channelID.MatchString(item.Channel) || !messageTS.MatchString(item.TS) {
		return nil
	}
	call, cancel := context.WithTimeout(ctx, markWithin)
	defer cancel()
	msgs, _, _, err := h.api.Load().GetConversationRepliesContext(call, &slackapi.GetConversationRepliesParameters{
		ChannelID: item.Channel, Timestamp: item.TS, Oldest: item.TS, Latest: item.TS, Inclusive: true, Limit: 2,
	})
	if err != nil {
		f := failure(err)
		h.in.Log.WarnContext(ctx, "slack: a marked message could not be read", "channel", item.Channel, "ts", item.TS, "error", f)
		if f.Permanent {
			return nil // it would not be readable the next time either
		}
		return f
	}
	for _, m := range msgs {
		if m.Timestamp != item.TS || m.BotID != "" || m.User == "" {
			continue
		}
		id, ok := h.in.Office.Thread(item.Channel, or(m.ThreadTimestamp, m.Timestamp))
		if !ok {
			return nil // a conversation about something else
		}
		return h.in.Office.Mark(ctx, Marked{
			Incident: id, Channel: item.Channel, TS: item.TS, User: e.Event.User + "@" + e.TeamID, Author: m.User + "@" + or(m.Team, e.TeamID), At: instantOfTS(m.Timestamp), Text: m.Text,
		})
	}
	return nil
}

// Thread implements [Office]: the incident whose message it is.
func (c *Clerk) Thread(channel, ts string) (id incident.ID, ok bool) {
	ref := reference{channel, ts}.String()
	c.Desk.View(func(s *incident.State) {
		for _, known := range s.IDs() {
			i, _ := s.Incident(known)
			if i != nil && (i.Message != nil && i.Message.Channel == Name && i.Message.Ref == ref || i.Room != nil && i.Room.Message != nil && i.Room.Message.Ref == ref) {
				id, ok = known, true
				return
			}
		}
	})
	return id, ok
}

// Mark implements [Office]: the same message again, by anybody, changes
// nothing. Somebody who may not act marks in vain, which is kept.
func (c *Clerk) Mark(ctx context.Context, m Marked) error {
	who := c.sender(m.User)
	p := incident.Person{By: who.actor, Key: "slack message " + m.Channel + "/" + m.TS, Digest: "message"}
	if _, ok := c.look(who, m.Incident); !ok {
		if err := c.overlook(ctx, p, Action{Kind: Note, Incident: m.Incident}); asRefusal(err) == nil {
			return err
		}
		return nil
	}
	if !c.may(who, access.MayAct) {
		why := unlinked(m.User)
		if who.known {
			why = notYours(who, access.MayAct)
		}
		p.Key = ""
		if err := c.refuse(ctx, p, Action{Kind: Note, Incident: m.Incident}, why); asRefusal(err) == nil {
			return err
		}
		return nil
	}
	_, err := c.do(ctx, incident.Quote{Person: p, ID: m.Incident, Text: unescape(m.Text), Author: c.sender(m.Author).actor, WrittenAt: m.At})
	if asRefusal(err) != nil {
		return nil // an empty message, or one that cannot be kept: the next try would end the same
	}
	return err
}
