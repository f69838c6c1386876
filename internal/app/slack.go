package app

import (
	"context"
	"net/http"
	"time"

	"nis2clock/internal/slack"
	"nis2clock/internal/web"

	"github.com/prometheus/client_golang/prometheus"
)

// slackHandler answers what people do in Slack; nil where Slack is not
// configured. Over HTTP it takes nothing without a signing secret.
func (a *App) slackHandler(prometheus.Registerer) (http.Handler, error) {
	c := a.cfg.Slack
	if c == nil {
		return nil, nil
	}
	h, err := slack.NewHandler(slack.Inbound{
		Secrets: func() []string { return []string{c.SigningSecret} },
		Office:  a.slackClerk(), Token: c.Token, Mark: c.Mark, BaseURL: c.BaseURL, Client: &http.Client{Timeout: vendorTimeout}, Log: a.o.Logger,
	})
	if err != nil {
		return nil, err
	}
	a.onStop("slack replies", func(context.Context) error { h.Wait(); return nil })
	return h, nil
}

// slackClerk takes what people ask for in Slack to the desk.
func (a *App) slackClerk() *slack.Clerk {
	c := a.cfg.Slack
	return &slack.Clerk{
		Desk: a.desk, People: a.cfg.People, Unknown: c.Unknown, ConfirmWithin: c.ConfirmWithin, SecondPerson: c.SecondPerson,
		Now: time.Now, Public: web.Public,
	}
}
