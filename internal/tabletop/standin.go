package tabletop

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/pagerduty"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/slack"
	"nis2clock/internal/slack/slackfake"
)

// standIns are vendors in this process. They take what an exercise says where it
// has no way out of its own.
type standIns struct {
	slack *slackfake.Server
	pager *http.Server
	ended chan error
}

// standInKey is the pager stand-in's integration key; it opens nothing else.
var standInKey = strings.Repeat("0", 24) + "exercise"

// standInSecret signs what the Slack stand-in calls back.
const standInSecret = "exercise"

// startPager serves a stand-in for PagerDuty.
func (s *standIns) startPager() (*pagerduty.Config, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("stand-in for PagerDuty: %w", err)
	}
	s.pager = &http.Server{Handler: pdfake.New(time.Now, standInKey), ReadHeaderTimeout: 10 * time.Second}
	s.ended = make(chan error, 1)
	go func() { s.ended <- s.pager.Serve(l) }()
	return &pagerduty.Config{RoutingKey: standInKey, BaseURL: "http://" + l.Addr().String()}, nil
}

// startSlack serves a stand-in for Slack.
func (s *standIns) startSlack() (*slack.Config, error) {
	var err error
	if s.slack, err = slackfake.Start(slackfake.Config{}); err != nil {
		return nil, err
	}
	return &slack.Config{
		Token: "xoxb-exercise", SigningSecret: standInSecret, Channel: slackfake.DefaultChannel, BaseURL: s.slack.URL(),
		Unknown: slack.AllowUnknown, ConfirmWithin: slack.DefaultConfirmWithin, Mark: slack.DefaultMark,
	}, nil
}

// stop ends them.
func (s *standIns) stop() error {
	var errs []error
	if s.slack != nil {
		errs = append(errs, s.slack.Close())
	}
	if s.pager != nil {
		errs = append(errs, s.pager.Close())
		if err := <-s.ended; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
