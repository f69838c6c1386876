package app

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/slack"
	"nis2clock/internal/web"

	"github.com/prometheus/client_golang/prometheus"
)

// slackHandler answers what people do in Slack; nil where Slack is not
// configured. Over HTTP it takes nothing without a signing secret.
func (a *App) slackHandler(reg prometheus.Registerer) (http.Handler, error) {
	c := a.cfg.Slack
	if c == nil {
		return nil, nil
	}
	h, err := slack.NewHandler(slack.Inbound{
		Secrets: func() []string { return []string{a.secrets.using.Load().Slack.SigningSecret} },
		Office:  a.office(), Token: c.Token, Mark: c.Mark, BaseURL: c.BaseURL, Client: a.vendor(), Log: a.o.Logger, Register: reg,
	})
	if err != nil {
		return nil, err
	}
	a.slackCalls = h
	a.onStop("slack replies", func(context.Context) error { h.Wait(); return nil })
	if err := a.checkSlack(reg); err != nil {
		return nil, err
	}
	if c.AppToken != "" {
		err = a.slackSocket(h, reg)
	}
	return h, err
}

// slackClerk takes what people ask for in Slack to the desk.
func (a *App) slackClerk() *slack.Clerk {
	c := a.cfg.Slack
	return &slack.Clerk{
		Desk: a.desk, People: a.cfg.People, Unknown: c.Unknown, ConfirmWithin: c.ConfirmWithin, SecondPerson: c.SecondPerson,
		Now: time.Now, Public: web.Public,
	}
}

// slackSocket keeps a socket to Slack open. A token that will never open one
// ends the start (SL-26); Slack being out of reach does not.
func (a *App) slackSocket(h *slack.Handler, reg prometheus.Registerer) error {
	c := a.cfg.Slack
	s, err := slack.NewSocket(slack.SocketConfig{
		AppToken: c.AppToken, BaseURL: c.BaseURL, Handler: h, Client: a.vendor(), Dial: a.o.Dial, Log: a.o.Logger, Register: reg,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), vendorTimeout)
	defer cancel()
	err = s.Check(ctx)
	if refused, ok := errors.AsType[*dispatch.Error](err); ok && refused.Permanent && refused.Reason == dispatch.BadAuth {
		return err
	}
	a.socket = s
	a.background(s.Run, "slack socket")
	return nil
}

const (
	// recheckSlack is how long a fault stands before it is looked at again.
	recheckSlack = 5 * time.Minute
	// recheckWell is how often one is looked for where there was none: a token
	// that is revoked in the afternoon should not be found out at night.
	recheckWell = time.Hour
	checkWithin = 30 * time.Second
)

// slackCheck knows what keeps Slack from working as it was last found.
type slackCheck struct {
	wake chan struct{} // to look again at once

	mu    sync.Mutex
	fault error
}

func (c *slackCheck) set(err error) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed = (err == nil) != (c.fault == nil)
	c.fault = err
	return changed
}

// again has it looked at without waiting.
func (c *slackCheck) again() {
	select {
	case c.wake <- struct{}{}:
	default: // it will be
	}
}

func (c *slackCheck) get() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// checkSlack looks for the faults that make buttons do nothing: at the start, every
// hour, more often while there is one, and never in anybody's way.
func (a *App) checkSlack(reg prometheus.Registerer) error {
	if _, err := slack.New(*a.cfg.Slack, a.vendor()); err != nil {
		return err
	}
	c := &slackCheck{wake: make(chan struct{}, 1)}
	a.slackWell = c
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nis2clock_slack_well", Help: "0 while the self-check of Slack's token, scopes and channel finds a fault; /-/ready names it.",
	}, func() float64 {
		if c.get() != nil {
			return 0
		}
		return 1
	}))
	a.background(func(ctx context.Context) {
		for ctx.Err() == nil {
			check, cancel := context.WithTimeout(ctx, checkWithin)
			ch, err := slack.New(*a.secrets.using.Load().Slack, a.vendor())
			if err == nil {
				err = ch.Check(check)
			}
			cancel()
			if c.set(err) && ctx.Err() == nil {
				if err == nil {
					a.o.Logger.Info("Slack's self-check is well again")
				} else {
					a.o.Logger.Error("Slack's self-check found a fault", "err", err)
				}
			}
			wait := recheckSlack
			if err == nil {
				wait = recheckWell
			}
			select {
			case <-ctx.Done():
			case <-c.wake:
			case <-time.After(wait):
			}
		}
	}, "slack self-check")
	return nil
}

// slackNotes say what keeps people in Slack from being told or heard.
func (a *App) slackNotes() (notes []string) {
	if a.slackWell != nil {
		if err := a.slackWell.get(); err != nil {
			notes = append(notes, err.Error())
		}
	}
	if a.slackCalls != nil {
		notes = append(notes, a.slackCalls.Status()...)
	}
	if a.socket != nil {
		notes = append(notes, a.socket.Status()...)
	}
	return notes
}
