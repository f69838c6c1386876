package mail_test

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"nis2clock/internal/agenda"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/mail"
)

// letter is what the server took.
type letter struct {
	from, to string
	data     string
}

// server is a real SMTP server on this machine.
type server struct {
	mu     sync.Mutex
	took   []letter
	refuse map[string]*smtp.SMTPError // by recipient
	port   int
	secret string
}

func newServer(t *testing.T) *server { return listening(t, nil) }

func listening(t *testing.T, secure *tls.Config) *server {
	t.Helper()
	s := &server{refuse: map[string]*smtp.SMTPError{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }))
	srv.Domain, srv.AllowInsecureAuth = "mail.example", true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return s
}

type session struct {
	s *server
	l letter
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "nis2clock" || password != x.s.secret {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error { x.l = letter{from: from}; return nil }
func (x *session) Reset()                                      {}
func (x *session) Logout() error                               { return nil }

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := x.s.refuse[to]; err != nil {
		return err
	}
	x.l.to = to
	return nil
}

func (x *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.l.data = string(b)
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.took = append(x.s.took, x.l)
	return nil
}

var now = time.Date(2026, 3, 28, 21, 0, 0, 0, time.UTC)

func (s *server) channel(adjust ...func(*mail.Config)) *mail.Channel {
	cfg := mail.Config{Host: "127.0.0.1", Port: s.port, TLS: mail.Plain, From: "nis2clock@acme.example", To: []string{"soc@acme.example", "ciso@acme.example"}}
	for _, f := range adjust {
		f(&cfg)
	}
	return mail.New(cfg, func(name string) []string {
		return map[string][]string{"Max Beispiel": {"max@acme.example", "deputy@acme.example"}}[name]
	}, func(id incident.ID) string { return "https://clock.example/incidents/" + string(id) })
}

func notice(role incident.Role) dispatch.Notice {
	clock := incident.ClockView{ClockID: incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}, Title: "Early warning", TargetAt: now.Add(time.Hour), DueAt: now.Add(time.Hour), Source: "Art. 23(4)(a)"}
	return dispatch.Notice{
		Item: agenda.Item{ID: "INC-2026-0001", Effect: incident.Effect{Key: "INC-2026-0001/k", Role: role, For: mail.Name, Channel: mail.Name, Clock: clock.ClockID}, Since: now},
		Key:  "example/INC-2026-0001/k", Now: now, Page: "https://clock.example/incidents/INC-2026-0001",
		Incident: incident.View{ID: "INC-2026-0001", Title: "Sessions\r\nBcc: evil@x.example visible", TLP: "AMBER", DetectedAt: now.Add(-23 * time.Hour), UpdatedAt: now, Clocks: []incident.ClockView{clock}},
	}
}

func send(t *testing.T, c *mail.Channel, n dispatch.Notice) {
	t.Helper()
	if ref, err := c.Send(t.Context(), n); err != nil || ref != "" {
		t.Fatalf("ref %q, error %v", ref, err)
	}
}

// A reminder reaches each recipient in a mail of its own, readable on a phone,
// with the deadline for the calendar, and under an id made from its key.
func TestReminder(t *testing.T) {
	s := newServer(t)
	send(t, s.channel(), notice(incident.Reminder))
	if len(s.took) != 2 || s.took[0].to != "soc@acme.example" || s.took[1].to != "ciso@acme.example" || s.took[0].from != "nis2clock@acme.example" {
		t.Fatalf("took %d letters: %+v", len(s.took), s.took)
	}
	m, err := netmail.ReadMessage(strings.NewReader(s.took[0].data))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Header.Get("Subject"), "INC-2026-0001: Early warning due in 1 h. Sessions Bcc: evil[@]x[.]example visible"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(m.Header.Get("Message-Id"), "@acme.example>") {
		t.Errorf("headers %v", m.Header)
	}
	for _, want := range []string{"- Early warning (NIS2, default): due in 1 h, by 2026-03-28 22:00 UTC", "Acknowledged  by nobody", "https://clock.example/incidents/INC-2026-0001", "INC-2026-0001.ics", "text/calendar"} {
		if !strings.Contains(s.took[0].data, want) {
			t.Errorf("no %q in\n%s", want, s.took[0].data)
		}
	}
	send(t, s.channel(), notice(incident.Reminder))
	again, err := netmail.ReadMessage(strings.NewReader(s.took[2].data))
	if err != nil || again.Header.Get("Message-Id") != m.Header.Get("Message-Id") {
		t.Errorf("a repeat has another id: %v", err)
	}
}

// The message that opens an incident found late says what its clocks have
// passed: no reminder says it again.
func TestOpenedLate(t *testing.T) {
	s := newServer(t)
	n := notice(incident.Post)
	n.Effect.Clock, n.Effect.Covers = incident.ClockID{}, []incident.ClockPassed{{Clock: n.Effect.Clock, Thresholds: []incident.Passed{{Name: "90%"}, {Name: "1h"}}}}
	send(t, s.channel(), n)
	for _, want := range []string{"INC-2026-0001: Early warning due in 1 h. Sessions", "by 2026-03-28 22:00 UTC; passed: 90%, 1h before"} {
		if data := strings.ReplaceAll(s.took[0].data, "=\r\n", ""); !strings.Contains(data, want) { // lines are folded
			t.Errorf("no %q in\n%s", want, data)
		}
	}
}

// An escalation goes to the person it names and their deputies; to nobody when
// they are gone, so that another way is taken.
func TestEscalation(t *testing.T) {
	s := newServer(t)
	n := notice(incident.Escalate)
	n.Effect.To, n.Effect.After = "Max Beispiel", incident.Span(15*time.Minute)
	send(t, s.channel(), n)
	n.Effect.To = "board@acme.example"
	send(t, s.channel(), n)
	var to []string
	for _, l := range s.took {
		to = append(to, l.to)
		if !strings.Contains(l.data, "NOBODY HAS ANSWERED for 15 min") {
			t.Errorf("mail to %s:\n%s", l.to, l.data)
		}
	}
	if got := fmt.Sprint(to); got != "[max@acme.example deputy@acme.example board@acme.example]" {
		t.Errorf("went to %s", got)
	}
	n.Effect.To = "Gone"
	_, err := s.channel().Send(t.Context(), n)
	if e, ok := errors.AsType[*dispatch.Error](err); !ok || !e.Permanent {
		t.Errorf("got %v", err)
	}
}

// Of an incident under TLP:RED a mail says that it needs somebody, and where.
func TestRed(t *testing.T) {
	s := newServer(t)
	n := notice(incident.Reminder)
	n.Incident.TLP, n.Incident.Exercise = "RED", true
	send(t, s.channel(), n)
	for _, hidden := range []string{"Sessions", "Early warning", ".ics", "23(4)"} {
		if strings.Contains(s.took[0].data, hidden) {
			t.Errorf("it tells %q:\n%s", hidden, s.took[0].data)
		}
	}
	if !strings.Contains(s.took[0].data, "Subject: [EXERCISE] INC-2026-0001 needs you.") {
		t.Error(s.took[0].data)
	}
}

func TestFailures(t *testing.T) {
	const password = "p4ssword-0123"
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	roots := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certified.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	temporary, permanent := &smtp.SMTPError{Code: 451, Message: "try later"}, &smtp.SMTPError{Code: 550, Message: "soc@acme.example is unknown"}
	for _, tt := range []struct {
		name      string
		refuse    map[string]*smtp.SMTPError
		secure    bool
		adjust    func(*mail.Config)
		reason    dispatch.Reason // empty: it is delivered
		permanent bool
	}{
		{"one address is unknown, the other is told", map[string]*smtp.SMTPError{"soc@acme.example": permanent}, false, nil, "", false},
		{"all are unknown", map[string]*smtp.SMTPError{"soc@acme.example": permanent, "ciso@acme.example": permanent}, false, nil, dispatch.Rejected, true},
		{"one is unknown, one later", map[string]*smtp.SMTPError{"soc@acme.example": temporary, "ciso@acme.example": permanent}, false, nil, dispatch.ServerError, false},
		{"signed in", nil, true, func(c *mail.Config) { c.Username, c.Password = "nis2clock", password }, "", false},
		{"a wrong password", nil, true, func(c *mail.Config) { c.Username, c.Password = "nis2clock", "wr0ng-"+password }, dispatch.BadAuth, true},
		{"a certificate of somebody else", nil, true, func(c *mail.Config) { c.CAFile = "" }, dispatch.Unreachable, false},
		{"a password without TLS", nil, false, func(c *mail.Config) { c.Username, c.Password = "nis2clock", password }, dispatch.Unreachable, false},
		{"no TLS where it is required", nil, false, func(c *mail.Config) { c.TLS = mail.StartTLS }, dispatch.Unreachable, false},
		{"nobody listens", nil, false, func(c *mail.Config) { c.Port = 1 }, dispatch.Unreachable, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			if tt.secure {
				s = listening(t, &tls.Config{Certificates: certified.TLS.Certificates})
			}
			s.refuse, s.secret = tt.refuse, password
			_, err := s.channel(func(c *mail.Config) {
				if tt.secure {
					c.TLS, c.CAFile = mail.Implicit, roots
				}
				if tt.adjust != nil {
					tt.adjust(c)
				}
			}).Send(t.Context(), notice(incident.Reminder))
			e, _ := errors.AsType[*dispatch.Error](err)
			switch {
			case tt.reason == "" && err == nil:
			case e == nil || e.Reason != tt.reason || e.Permanent != tt.permanent:
				t.Errorf("got %v, want %q, permanent %v", err, tt.reason, tt.permanent)
			case strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "@"):
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
	c := mail.Config{Password: password}
	if s := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(s, password) {
		t.Errorf("the password shows in %s", s)
	}
}
