package slack

import (
	"context"
	"errors"
	"net/http"
	"time"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/people"
)

// Name is the channel's name in effects and metrics.
const Name = "slack"

// pace keeps both of Slack's limits: about one message a second in a channel
// (SL-10), and 50 changes of a message, or searches, a minute (SL-11).
const pace = time.Minute / 50

// eventType marks the metadata of our messages (SL-13a).
const eventType = "nis2clock_notice"

// Channel is one Slack channel; it implements [dispatch.Channel]. Its methods
// are safe for concurrent use.
type Channel struct {
	api  *slackapi.Client
	dial func(...slackapi.Option) *slackapi.Client
	id   string
	zone *time.Location
	// marks is true where a reaction makes a note.
	marks bool
	// people are called by their Slack ids, as their roles are at now.
	people *people.Directory
	// rooms is true where incidents have rooms of their own.
	rooms bool
	now   func() time.Time
}

var _ dispatch.Channel = (*Channel)(nil)

// New checks the settings and opens no connection. The client's timeout bounds
// each call; redirects are not followed, because the token is in the body.
func New(cfg Config, client *http.Client) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	dial := func(more ...slackapi.Option) *slackapi.Client {
		return slackapi.New(cfg.Token, append(more, slackapi.OptionAPIURL(base.String()), slackapi.OptionHTTPClient(newTransport(client)))...)
	}
	return &Channel{api: dial(), dial: dial, marks: cfg.Mark != "", rooms: cfg.Rooms, id: cfg.Channel, zone: cfg.Zone, people: cfg.People, now: time.Now}, nil
}

// Name implements [dispatch.Channel].
func (c *Channel) Name() string { return Name }

// Pace implements [dispatch.Channel].
func (c *Channel) Pace() time.Duration { return pace }

// Send posts the notice, or changes the incident's message for an update. The
// reference it returns is "channel/ts" (SL-5). When Slack refuses the blocks
// the text goes alone, at once (SL-21).
func (c *Channel) Send(ctx context.Context, n dispatch.Notice) (ref string, err error) {
	n = n.Confine(c.Class(n))
	where, ok := c.place(n)
	if !ok {
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "message_not_found"}
	}
	m := render(n, c.zone)
	if n.Effect.Role == incident.Ask && n.Extent != dispatch.Call {
		m = askMessage(n, c.confirmers(n), c.zone)
	}
	return c.write(ctx, where, n.Key, m)
}

// write delivers a message, and its text alone where Slack refuses the blocks.
func (c *Channel) write(ctx context.Context, where place, key string, m message) (string, error) {
	ref, err := c.deliver(ctx, where, key, m)
	if refused, ok := errors.AsType[*dispatch.Error](err); ok && refusesBlocks(refused.Detail) {
		ref, err = c.deliver(ctx, where, key, message{text: m.text})
	}
	return ref, err
}

// Class implements [dispatch.Classed]: what goes to the incident's own room is
// among those it concerns.
func (c *Channel) Class(n dispatch.Notice) dispatch.Class {
	if inRoom(n) {
		return dispatch.Circle
	}
	return dispatch.Vendor
}

// inRoom reports whether a notice goes to the incident's own room: a reminder or
// a question about one that is restricted, as long as there is somebody in it
// and nobody else refused to say it.
func inRoom(n dispatch.Notice) bool {
	return (n.Effect.Role == incident.Reminder || n.Effect.Role == incident.Ask) && n.Incident.Restricted != nil &&
		n.Room.IsOpen() && n.Room.Message != nil && len(n.Room.Names) > 0 && !byFallback(n)
}

// place is where a message goes.
type place struct {
	channel string
	change  string // the ts of the message to change
	thread  string // the ts of the message to answer
}

// place is false for an update of a message that is not known.
func (c *Channel) place(n dispatch.Notice) (place, bool) {
	message, known := parseRef(n.Message, c.id)
	switch {
	case inRoom(n):
		brief, known := parseRef(n.Room.Message.Ref, n.Room.ID)
		return place{channel: n.Room.ID, thread: brief.ts}, known
	case n.Effect.Role == incident.Update:
		return place{channel: message.channel, change: message.ts}, known
	case (n.Effect.Role == incident.Reminder || n.Effect.Role == incident.Ask) && known && message.channel == c.id && !byFallback(n):
		// A call to everyone reaches nobody inside a thread, and a thread in
		// another channel is where the team used to read.
		return place{channel: c.id, thread: message.ts}, true
	}
	return place{channel: c.id}, true
}

func (c *Channel) deliver(ctx context.Context, where place, key string, m message) (string, error) {
	opts := []slackapi.MsgOption{
		slackapi.MsgOptionText(m.text, false), slackapi.MsgOptionBlocks(m.blocks...), // without blocks, an update removes the old ones
		slackapi.MsgOptionParse(false), slackapi.MsgOptionLinkNames(false), // an update defaults to finding names and links
		slackapi.MsgOptionDisableLinkUnfurl(), slackapi.MsgOptionDisableMediaUnfurl(),
	}
	switch {
	case where.change != "":
		// The metadata that is there stays: it names the post.
		opts = append(opts, slackapi.MsgOptionUpdate(where.change))
	case where.thread != "":
		opts = append(opts, slackapi.MsgOptionTS(where.thread), slackapi.MsgOptionBroadcast(), metadata(key))
	default:
		opts = append(opts, metadata(key))
	}
	channel, ts, _, err := c.api.SendMessageContext(ctx, where.channel, opts...)
	if err != nil {
		return "", failure(err)
	}
	if ts == "" {
		return "", &dispatch.Error{Reason: dispatch.Unreachable, Detail: badAnswer}
	}
	return reference{or(channel, where.channel), ts}.String(), nil
}

func metadata(key string) slackapi.MsgOption {
	return slackapi.MsgOptionMetadata(slackapi.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"key": key}})
}
