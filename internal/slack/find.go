package slack

import (
	"context"
	"strconv"
	"time"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
)

const (
	// findPages and findPage bound a search to 1000 messages in the thread and
	// 1000 in the channel, at ten calls of a tier that allows 50 a minute (SL-11).
	findPages = 5
	findPage  = 200
	// findMargin is how far Slack's clock may be behind ours.
	findMargin = 10 * time.Minute
)

// Find looks for a message with the notice's key in its metadata (SL-13a),
// written since it was due: for a reminder first in the incident's thread, then
// in the channel, where a reminder shows too.
//
// The search is bounded, and a search that Slack does not allow finds nothing:
// sending again is then better than not sending (SL-13), and what forbids both
// shows there. An error is one that passes. An update is never looked for,
// since writing it again changes nothing.
func (c *Channel) Find(ctx context.Context, n dispatch.Notice) (ref string, found bool, err error) {
	where, ok := c.place(n)
	if !ok || where.change != "" {
		return "", false, nil
	}
	oldest := ""
	// In an exercise Since is a time of the exercise, not one Slack has seen.
	if !n.Since.IsZero() && !n.Incident.Exercise {
		oldest = strconv.FormatInt(n.Since.Add(-findMargin).Unix(), 10)
	}
	if where.thread != "" {
		ref, found, err = search(where.channel, n.Key, func(cursor string) ([]slackapi.Message, string, error) {
			msgs, _, next, err := c.api.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
				ChannelID: where.channel, Timestamp: where.thread, Oldest: oldest, Cursor: cursor, Limit: findPage, IncludeAllMetadata: true,
			})
			return msgs, next, err
		})
		if found || err != nil {
			return ref, found, err
		}
	}
	return search(where.channel, n.Key, func(cursor string) ([]slackapi.Message, string, error) {
		resp, err := c.api.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{
			ChannelID: where.channel, Oldest: oldest, Cursor: cursor, Limit: findPage, IncludeAllMetadata: true,
		})
		switch {
		case err != nil:
			return nil, "", err
		case !resp.Ok:
			return nil, "", &dispatch.Error{Reason: dispatch.Unreachable, Detail: badAnswer}
		}
		return resp.Messages, resp.ResponseMetaData.NextCursor, nil
	})
}

// search goes through pages of messages for the key.
func search(channel, key string, page func(cursor string) ([]slackapi.Message, string, error)) (string, bool, error) {
	cursor := ""
	for range findPages {
		msgs, next, err := page(cursor)
		if err != nil {
			if f := failure(err); !f.Permanent {
				return "", false, f
			}
			return "", false, nil
		}
		for _, m := range msgs {
			if m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == key {
				return reference{channel, m.Timestamp}.String(), true, nil
			}
		}
		if next == "" {
			break
		}
		cursor = next
	}
	return "", false, nil
}
