package slack

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/dispatch"
)

// scope is one thing the bot token must be allowed to, and what for.
type scope struct{ name, why string }

// scopes are what the code needs; the app's manifest asks for the same.
var scopes = []scope{
	{"chat:write", "messages cannot be posted"},
	{"commands", Command + " does not exist"},
	{"channels:history", "in a public channel a message in doubt cannot be found, nor a marked one read"},
	{"groups:history", "in a private channel a message in doubt cannot be found, nor a marked one read"},
	{"groups:write", "no incident gets a private channel of its own"},
	{"groups:read", "a private channel of its own that an incident has cannot be found again, nor who is in it"},
	{"reactions:read", "messages cannot be marked for the timeline"},
}

// roomScope reports whether the scope is for incidents' own channels alone.
func roomScope(name string) bool { return name == "groups:write" || name == "groups:read" }

// Scopes are the names of the scopes the bot token needs, sorted.
func Scopes() []string {
	out := make([]string, len(scopes))
	for n, s := range scopes {
		out[n] = s.name
	}
	slices.Sort(out)
	return out
}

// Check asks Slack whether the token is good, has the scopes, and can read the
// channel, as [Channel.Find] must. The error names the first fault and how to
// mend it. That the channel can be written to shows with the first message.
func (c *Channel) Check(ctx context.Context) error {
	granted := ""
	api := c.dial(slackapi.OptionOnResponseHeaders(func(_ string, h http.Header) { granted = h.Get("X-OAuth-Scopes") }))
	who, err := api.AuthTestContext(ctx)
	if err == nil && who.UserID == "" {
		err = &dispatch.Error{Reason: dispatch.Unreachable, Detail: badAnswer}
	}
	if err != nil {
		return fmt.Errorf("slack: check the bot token: %w", failure(err))
	}
	if err := c.checkScopes(granted); err != nil {
		return err
	}
	history := slackapi.GetConversationHistoryParameters{ChannelID: c.id, Limit: 1}
	if _, err := c.api.GetConversationHistoryContext(ctx, &history); err != nil {
		return fmt.Errorf("slack: read channel %s (invite the app to it; it needs the scope channels:history, or groups:history for a private one): %w", c.id, failure(err))
	}
	return nil
}

// checkScopes looks at the list Slack sends with every answer. Without one
// nothing is said: a proxy may have taken it away. Reading the channel shows
// whether one of the two scopes for that is there.
func (c *Channel) checkScopes(granted string) error {
	have := strings.FieldsFunc(granted, func(r rune) bool { return r == ',' || r == ' ' })
	if len(have) == 0 {
		return nil
	}
	for _, s := range scopes {
		if slices.Contains(have, s.name) || strings.HasSuffix(s.name, ":history") || s.name == "reactions:read" && !c.marks || roomScope(s.name) && !c.rooms {
			continue
		}
		missing := &dispatch.Error{Reason: dispatch.BadAuth, Permanent: true, Detail: "missing_scope"}
		return fmt.Errorf("slack: the bot token lacks the scope %s, so %s: add it under OAuth & Permissions and install the app again: %w", s.name, s.why, missing)
	}
	return nil
}
