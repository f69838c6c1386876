package slack

import (
	"context"
	"fmt"

	slackapi "github.com/slack-go/slack"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// maxHome is how many incidents the app's page shows: with a heading and two
// lines around them, within Slack's 100 blocks (SL-17).
const maxHome = 40

// home shows somebody the app's page as it is now.
func (h *Handler) home(user, who string) func() {
	view := h.in.Office.Home(who)
	return h.reply.begin("show the app's page", func(ctx context.Context) {
		if _, err := h.api.Load().PublishViewContext(ctx, slackapi.PublishViewContextRequest{UserID: user, View: view}); err != nil {
			h.in.Log.WarnContext(ctx, "slack: the app's page was not shown", "error", failure(err))
		}
	})
}

// Home implements [Office]: the open clocks.
func (c *Clerk) Home(user string) slackapi.HomeTabViewRequest {
	who := c.sender(user)
	if !c.may(who, access.MayRead) && (who.known || c.Unknown == RefuseUnknown) {
		why := unlinked(user)
		if who.known {
			why = notYours(who, access.MayRead)
		}
		return homeView(section(escape(why, maxSection)))
	}
	now := c.Desk.Now()
	all, more := c.opens(who, maxHome)
	title := slackapi.NewHeaderBlock(plainText(fmt.Sprintf("%s open", plural(len(all)+more, "incident")), maxHeader))
	blocks := []slackapi.Block{title}
	d := draft{}
	d.keep(blocks...)
	for n, v := range all {
		b := homeRow(v, incidentLine(v, now))
		if !d.take(b, 2*smallBlock) {
			more += len(all) - n
			break
		}
		blocks = append(blocks, b)
	}
	if more > 0 {
		blocks = append(blocks, section("_and "+plural(more, "more incident")+" that are due later_"))
	}
	if len(all) == 0 {
		blocks = append(blocks, section("No clock is running."))
	}
	return homeView(append(blocks, slackapi.NewContextBlock("", verbatim("As of "+stamp(now, nil)+". "+Command+" help says what you can do here.")))...)
}

func homeView(blocks ...slackapi.Block) slackapi.HomeTabViewRequest {
	return slackapi.HomeTabViewRequest{Type: slackapi.VTHomeTab, Blocks: slackapi.Blocks{BlockSet: blocks}}
}

// homeRow is an incident with a button where it can be acknowledged.
func homeRow(v incident.View, line string) slackapi.Block {
	s := slackapi.NewSectionBlock(verbatim(line), nil, nil)
	if acknowledgeable(v) {
		s.Accessory = slackapi.NewAccessory(acknowledgeButton(v))
	}
	return s
}
