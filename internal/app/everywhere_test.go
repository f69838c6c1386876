package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty/pdfake"
	"nis2clock/internal/slack"
)

// browser is somebody who is signed in to the pages.
func (s *stage) browser() *http.Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &http.Client{Transport: s.client.Transport, Jar: jar, Timeout: 30 * time.Second}
	token, err := access.Read(s.cfg.DataDir + "/" + access.AdminFile)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.submitForm(c, "/sign-in", url.Values{"secret": {token}}); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// submitForm sends a form of a page, as its own site does.
func (s *stage) submitForm(c *http.Client, path string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://clock.example"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return answer(c.Do(req))
}

func answer(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	said, err := io.ReadAll(resp.Body)
	if err := resp.Body.Close(); err != nil {
		return "", err
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, said)
	}
	return string(said), err
}

// An acknowledgement by any way shows on every other within ten seconds, and
// what comes back of it is answered by nothing.
func TestAcknowledgementShowsEverywhere(t *testing.T) {
	api := func(s *stage) error {
		_, err := s.post("/api/v1/incidents/"+string(s.inc)+"/acknowledge", access.AdminFile, struct{}{})
		return err
	}
	for _, tt := range []struct {
		name string
		ack  func(s *stage) error
		told int // acknowledgements that PagerDuty is sent
	}{
		{"a button in Slack", func(s *stage) error { return s.press(slack.AcknowledgeAction) }, 1},
		{"a command in Slack", func(s *stage) error {
			_, err := s.slack.Command(context.Background(), slack.Command, "ack "+string(s.inc), carlaInSlack, slackTeam)
			return err
		}, 1},
		{"PagerDuty", func(s *stage) error {
			if !s.pager.Act(s.newestPage(), "acknowledged", pdfake.User{ID: carlaInPager, Name: "C. C."}) {
				return fmt.Errorf("there is no alert")
			}
			return nil
		}, 0},
		{"the API, and the command line over it", api, 1},
		{"the page", func(s *stage) error {
			_, err := s.submitForm(s.browser(), "/incidents/"+string(s.inc)+"/acknowledge", nil)
			return err
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, nil)
				s.alert(time.Now().Add(-time.Minute), 1)
				s.within(promptly, "a page and a message", func() bool { _, ok := s.message(); return ok && s.newestPage() != "" })
				page, browser := s.newestPage(), s.browser()
				if err := tt.ack(s); err != nil {
					t.Fatal(err)
				}
				by := ""
				s.within(promptly, "it shows everywhere", func() bool {
					v := s.view()
					if v.AcknowledgedBy == nil || s.pager.State(page) != pdfake.Acknowledged {
						return false
					}
					by = *v.AcknowledgedBy
					m, _ := s.message()
					says := "Acknowledged by:* " + by
					shown, err := answer(browser.Get("http://clock.example/incidents/" + string(s.inc)))
					if err != nil {
						t.Fatal(err)
					}
					return strings.Contains(string(m.Blocks), says) && strings.Contains(shown, by)
				})
				s.wait(promptly)
				said := func() int { c := s.slack.Calls(); return c["chat.postMessage"] + c["chat.update"] }
				entries, before := len(s.entries()), said()
				s.wait(time.Hour)
				told, acknowledged := 0, 0
				for _, e := range s.pager.Events() {
					if e.Action == "acknowledge" {
						told++
					}
				}
				for _, e := range s.entries() {
					if _, ok := e.Event.(incident.Acknowledged); ok {
						acknowledged++
					}
				}
				if told != tt.told || acknowledged != 1 || len(s.entries()) != entries || said() != before {
					t.Errorf("PagerDuty was told %d times, the journal %d times; in an hour came %d more entries, and %d more calls that say something in Slack",
						told, acknowledged, len(s.entries())-entries, said()-before)
				}
			})
		})
	}
}

// Whoever has a telephone and no command line answers what wakes people a
// second time: the page offers it again for as long as nobody has.
func TestThePageAnswersEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.alert(time.Now(), 1)
		s.within(promptly, "a page", func() bool { return s.newestPage() != "" })
		path := "/incidents/" + string(s.inc)
		button := func() bool {
			shown, err := answer(s.browser().Get("http://clock.example" + path))
			if err != nil {
				t.Fatal(err)
			}
			return strings.Contains(shown, `action="`+path+`/acknowledge"`)
		}
		first := s.newestPage()
		for _, call := range []string{"the first call", "that at three quarters of the early warning's time"} {
			if !button() {
				t.Fatalf("%s cannot be answered", call)
			}
			if _, err := s.submitForm(s.browser(), path+"/acknowledge", nil); err != nil {
				t.Fatal(err)
			}
			if button() {
				t.Errorf("%s was answered and is asked for again", call)
			}
			s.wait(18*time.Hour + time.Minute)
		}
		if s.newestPage() == first {
			t.Error("nobody was called again")
		}
	})
}
