package slack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// RoomsName is the name of [Rooms] in effects and metrics.
const RoomsName = "slack_rooms"

// roomPace keeps below 20 calls a minute, the second tier, which creating a
// channel and listing ours is in (SL-11).
const roomPace = 3 * time.Second

// maxRoomName is Slack's limit on a channel's name: lower-case letters, digits,
// hyphens and underscores.
const maxRoomName = 80

// roomPrefix is what may begin one.
var roomPrefix = regexp.MustCompile(`^[a-z0-9_-]{0,40}$`)

// otherNames is how many names are tried where somebody else has the first.
const otherNames = 9

// Rooms gives each incident a private channel of its own: named after its id and
// never after its title, with whoever has command, is on call or stands in for
// them, archived when it is closed. In that of a restricted incident are those
// who are named, and nobody else. It implements [dispatch.Channel] beside
// [Channel], with a pace of its own: what Slack allows less often holds up no
// reminder.
type Rooms struct {
	*Channel
	prefix string

	mu   sync.Mutex
	self string // the app's user id; empty until it was asked for
}

var _ dispatch.Channel = (*Rooms)(nil)

// NewRooms makes the rooms beside a channel of the same settings.
func NewRooms(ch *Channel, cfg Config) *Rooms { return &Rooms{Channel: ch, prefix: cfg.RoomPrefix} }

// Name implements [dispatch.Channel].
func (r *Rooms) Name() string { return RoomsName }

// Pace implements [dispatch.Channel].
func (r *Rooms) Pace() time.Duration { return roomPace }

// Class implements [dispatch.Classed].
func (r *Rooms) Class(dispatch.Notice) dispatch.Class { return dispatch.Circle }

// Send does what the effect asks for. The reference of a new room is its id,
// that of its message "channel/ts".
func (r *Rooms) Send(ctx context.Context, n dispatch.Notice) (string, error) {
	n = n.Confine(dispatch.Circle)
	if n.Effect.Role == incident.OpenRoom {
		return r.open(ctx, n)
	}
	if !n.Room.IsOpen() || !channelID.MatchString(n.Room.ID) {
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "channel_not_found"}
	}
	switch n.Effect.Role {
	case incident.Gather:
		return "", r.gather(ctx, n)
	case incident.Brief:
		return r.brief(ctx, n)
	case incident.CloseRoom:
		return "", allowing(r.api.ArchiveConversationContext(ctx, n.Room.ID), "already_archived")
	}
	return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "not_of_a_room"}
}

// allowing is the failure of a call, unless Slack says that what was asked for
// is so already.
func allowing(err error, words ...string) error {
	if err == nil {
		return nil
	}
	f := failure(err)
	if slices.Contains(words, f.Detail) {
		return nil
	}
	return f
}

// roomName is the try-th name for the incident's room of that number.
func (r *Rooms) roomName(n dispatch.Notice, try int) string {
	name := r.prefix + strings.ToLower(string(n.ID))
	if number := roomNumber(n) + try; number > 1 {
		name += fmt.Sprintf("-%d", number)
	}
	return name[:min(len(name), maxRoomName)]
}

// roomNumber is the number of the room that the notice opens.
func roomNumber(n dispatch.Notice) int {
	if n.Room == nil {
		return 1
	}
	return n.Room.Number + 1
}

// open makes the room. A name that is taken is ours where an earlier try made it
// and its answer was lost; else the next is tried.
func (r *Rooms) open(ctx context.Context, n dispatch.Notice) (string, error) {
	var last *dispatch.Error
	for try := range otherNames {
		c, err := r.api.CreateConversationContext(ctx, slackapi.CreateConversationParams{ChannelName: r.roomName(n, try), IsPrivate: true})
		if err == nil && c.ID == "" {
			return "", &dispatch.Error{Reason: dispatch.Unreachable, Detail: badAnswer}
		}
		if err == nil {
			return c.ID, nil
		}
		if last = failure(err); last.Detail != "name_taken" {
			return "", last
		}
		ref, found, err := r.ours(ctx, r.roomName(n, try))
		if err != nil || found {
			return ref, err
		}
	}
	return "", last
}

// Find implements [dispatch.Channel]: the room that an earlier try may have
// made.
func (r *Rooms) Find(ctx context.Context, n dispatch.Notice) (string, bool, error) {
	if n.Effect.Role != incident.OpenRoom {
		return "", false, nil
	}
	return r.ours(ctx, r.roomName(n, 0))
}

// roomPages bounds a search to 2000 rooms.
const roomPages = 10

// ours looks for a room of that name that the app made and that is not archived.
func (r *Rooms) ours(ctx context.Context, name string) (string, bool, error) {
	self, err := r.whoAmI(ctx)
	if err != nil {
		return "", false, err
	}
	p := slackapi.GetConversationsForUserParameters{Types: []string{"private_channel"}, ExcludeArchived: true, Limit: findPage}
	for range roomPages {
		all, next, err := r.api.GetConversationsForUserContext(ctx, &p)
		if err != nil {
			return "", false, failure(err)
		}
		for _, c := range all {
			if c.Name == name && c.Creator == self && !c.IsArchived {
				return c.ID, true, nil
			}
		}
		if p.Cursor = next; next == "" {
			break
		}
	}
	return "", false, nil
}

// whoAmI is the app's own user id.
func (r *Rooms) whoAmI(ctx context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.self != "" {
		return r.self, nil
	}
	who, err := r.api.AuthTestContext(ctx)
	if err != nil {
		return "", failure(err)
	}
	if who.UserID == "" {
		return "", &dispatch.Error{Reason: dispatch.Unreachable, Detail: badAnswer}
	}
	r.self = who.UserID
	return r.self, nil
}

// brief writes the incident's message into its room, or changes it.
func (r *Rooms) brief(ctx context.Context, n dispatch.Notice) (string, error) {
	where := place{channel: n.Room.ID}
	if n.Room.Message != nil {
		if was, ok := parseRef(n.Room.Message.Ref, n.Room.ID); ok {
			where.change = was.ts
		}
	}
	n.Effect.Role = incident.Post
	m := render(n, r.zone)
	ref, err := r.write(ctx, where, n.Key, m)
	if refused, ok := errors.AsType[*dispatch.Error](err); ok && refused.Detail == "message_not_found" && where.change != "" {
		where.change = "" // somebody deleted it
		ref, err = r.write(ctx, where, n.Key, m)
	}
	return ref, err
}

// gather brings everybody into the room whom the notice names and Slack knows,
// with those who stand in for them, and of a restricted incident puts out who
// is not among them. It does all it can before it says what was refused.
func (r *Rooms) gather(ctx context.Context, n dispatch.Notice) error {
	wanted := r.users(n)
	var refused error
	for _, user := range wanted {
		_, err := r.api.InviteUsersToConversationContext(ctx, n.Room.ID, user)
		if err := allowing(err, "already_in_channel", "cant_invite_self"); err != nil {
			refused = err
		}
	}
	if n.Effect.Only {
		if err := r.putOut(ctx, n.Room.ID, wanted); err != nil {
			return err
		}
	}
	return refused
}

// users are the Slack users of those who are named, and unless nobody else may
// be there of their deputies.
func (r *Rooms) users(n dispatch.Notice) []string {
	var users []string
	add := func(user string) {
		if user != "" && !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	for _, name := range n.Effect.Names {
		if m := slackActor.FindStringSubmatch(name); m != nil { // somebody nobody named
			add(m[1])
		}
		if p, ok := r.people.Named(name); ok {
			add(p.Slack.User)
		}
		if n.Effect.Only {
			continue
		}
		for _, d := range r.people.Deputies(name, r.now()) {
			add(d.Slack.User)
		}
	}
	return users
}

// putOut removes everybody from the room who is not wanted.
func (r *Rooms) putOut(ctx context.Context, id string, wanted []string) error {
	self, err := r.whoAmI(ctx)
	if err != nil {
		return err
	}
	p := slackapi.GetUsersInConversationParameters{ChannelID: id, Limit: findPage}
	var there []string // all of them first: who is put out moves the pages
	for range roomPages {
		members, next, err := r.api.GetUsersInConversationContext(ctx, &p)
		if err != nil {
			return failure(err)
		}
		there = append(there, members...)
		if p.Cursor = next; next == "" {
			break
		}
	}
	for _, user := range there {
		if user == self || slices.Contains(wanted, user) {
			continue
		}
		if err := allowing(r.api.KickUserFromConversationContext(ctx, id, user), "not_in_channel"); err != nil {
			return err
		}
	}
	return nil
}
