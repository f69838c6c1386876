// Package mail tells people by e-mail, through any SMTP server: a way out that
// needs no vendor.
//
// Each recipient gets a message of their own, so that one address that a server
// refuses keeps nobody else from being told. What cannot be taken back is said
// once: an incident's message is not brought up to date by mail. SMTP knows no
// key to de-duplicate by; the Message-ID is made from the effect's key, so that
// a possible repeat, which says so, can be told as one.
package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"nis2clock/internal/calendar"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// Name is the channel's name in effects and metrics.
const Name = "mail"

// pace is the least time between two notices: far below what servers allow.
const pace = 200 * time.Millisecond

// Channel is a [dispatch.Channel]. It is safe for concurrent use.
type Channel struct {
	cfg    Config
	lookup func(name string) []string
	page   func(incident.ID) string
}

var _ dispatch.Channel = (*Channel)(nil)

// New makes a channel. Lookup gives the addresses of a person who is named as
// the target of an escalation, their deputies' among them; page is the address
// of an incident's page.
func New(cfg Config, lookup func(name string) []string, page func(incident.ID) string) *Channel {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	return &Channel{cfg: cfg, lookup: lookup, page: page}
}

// Name implements [dispatch.Channel].
func (c *Channel) Name() string { return Name }

// Pace implements [dispatch.Channel].
func (c *Channel) Pace() time.Duration { return pace }

// Class implements [dispatch.Classed].
func (c *Channel) Class(dispatch.Notice) dispatch.Class { return dispatch.Mailbox }

// Find never finds: a server does not say what it delivered.
func (c *Channel) Find(context.Context, dispatch.Notice) (string, bool, error) {
	return "", false, nil
}

// Send mails the notice to each recipient, and succeeds when one server took
// one of them. The reference is empty: what was mailed cannot be changed. Every
// error is a [*dispatch.Error] and holds neither the password nor an address.
func (c *Channel) Send(ctx context.Context, n dispatch.Notice) (string, error) {
	n = n.Confine(dispatch.Mailbox)
	to := c.recipients(n)
	if len(to) == 0 {
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "nobody of that name has an address any more"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	client, err := c.client()
	if err != nil {
		return "", &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "the mail settings cannot be used"}
	}
	var refused *dispatch.Error
	took := false
	for _, address := range to {
		m, err := c.message(n, address)
		if err != nil {
			refused = &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: "the message cannot be made for that address"}
			continue
		}
		if err := client.DialAndSendWithContext(ctx, m); err != nil {
			if e := failure(err); refused == nil || !e.Permanent {
				refused = e
			}
			continue
		}
		took = true
	}
	if took {
		return "", nil
	}
	return "", refused
}

// recipients are the addresses the notice goes to.
func (c *Channel) recipients(n dispatch.Notice) []string {
	to := n.Effect.To
	switch {
	case to == "" || n.Effect.For != Name:
		return c.cfg.To
	case strings.Contains(to, "@"):
		return []string{to}
	}
	return c.lookup(to)
}

func (c *Channel) client() (*gomail.Client, error) {
	opts := []gomail.Option{gomail.WithPort(c.cfg.Port), gomail.WithTimeout(c.cfg.Timeout)}
	switch c.cfg.TLS {
	case Implicit:
		opts = append(opts, gomail.WithSSL())
	case Plain:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	settings, err := c.cfg.tls()
	if err != nil {
		return nil, err
	}
	if settings != nil {
		opts = append(opts, gomail.WithTLSConfig(settings))
	}
	if c.cfg.Username != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(c.cfg.Username), gomail.WithPassword(c.cfg.Password))
	}
	return gomail.NewClient(c.cfg.Host, opts...)
}

func (c *Channel) message(n dispatch.Notice, to string) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(m.From(c.cfg.From), m.To(to)); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(n.Key))
	_, domain, _ := strings.Cut(c.cfg.From, "@")
	m.SetMessageIDWithValue(hex.EncodeToString(sum[:16]) + "@" + domain)
	m.SetDateWithValue(n.Now)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	m.Subject(subject(n))
	m.SetBodyString(gomail.TypeTextPlain, body(n, c.cfg.Zone))
	if n.Incident.ID != "" && n.Extent != dispatch.Call {
		ics := calendar.Clocks([]incident.View{n.Incident}, c.page)
		if err := m.AttachReader(string(n.Incident.ID)+".ics", bytes.NewReader(ics), gomail.WithFileContentType("text/calendar; method=PUBLISH; charset=utf-8")); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// failure reads what a server answered. A reply of the 5yz class is for good
// (RFC 5321 section 4.2.1), all else is tried again.
func failure(err error) *dispatch.Error {
	code := 0
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		code = e.Code
	}
	if e, ok := errors.AsType[*gomail.SendError](err); ok && code == 0 {
		code = e.ErrorCode()
	}
	said := fmt.Sprintf("SMTP %d", code)
	switch {
	case code == 530 || code == 534 || code == 535 || code == 538:
		return &dispatch.Error{Reason: dispatch.BadAuth, Permanent: true, Detail: said}
	case code >= 500:
		return &dispatch.Error{Reason: dispatch.Rejected, Permanent: true, Detail: said}
	case code >= 400:
		return &dispatch.Error{Reason: dispatch.ServerError, Detail: said}
	}
	return &dispatch.Error{Reason: dispatch.Unreachable, Detail: "no delivery: check mail.server and mail.tls"}
}
