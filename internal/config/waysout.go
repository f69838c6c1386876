package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"nis2clock/internal/mail"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/webhookout"
)

func readMail(s *section) *mail.Config {
	defer s.close()
	c := &mail.Config{TLS: mail.StartTLS}
	if f, ok := s.take("server"); !ok {
		s.missing("server", "give host:port of an SMTP server, such as smtp.example:587")
	} else if text, ok := f.text(); ok {
		var err error
		if c.Host, c.Port, err = parseServer(text); err != nil {
			f.refuse("%v", err)
		}
	}
	scalar(s, "tls", &c.TLS, mail.ParseTLS)
	if f, ok := s.take("ca_file"); ok {
		if path, _, ok := f.stat(); ok {
			if c.CAFile = path; c.Check() != nil {
				f.refuse("the file named there holds no certificate in PEM")
			}
		}
	}
	named := scalar(s, "username", &c.Username, parseUsername)
	password, f, _ := s.secret("password")
	c.Password = password
	switch {
	case named && f == nil:
		s.missing("password_file", "name the file that holds the password, or write password: ${NAME}")
	case named && c.TLS == mail.Plain:
		s.refuse(s.lineOf("username"), s.at("username"), "a password is not sent without TLS: set tls to starttls or tls")
	}
	if !scalar(s, "from", &c.From, parseEmail) {
		s.missing("from", "give the address that mails come from")
	}
	if !list(s, "to", &c.To, parseEmail) && s.found["to"] == nil {
		s.missing("to", "list the addresses that are told of everything")
	} else if f := s.found["to"]; f != nil && len(c.To) == 0 {
		s.refuse(f.line, s.at("to"), "is empty: list the addresses that are told of everything")
	}
	return c
}

func parseServer(s string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(s)
	n, perr := strconv.ParseUint(text, 10, 16)
	if err = errors.Join(err, perr); err != nil || host == "" || n == 0 {
		return "", 0, fmt.Errorf("%s is not host:port, such as smtp.example:587", quote(s))
	}
	return host, int(n), nil
}

func readOpsgenie(s *section) *opsgenie.Config {
	defer s.close()
	c := &opsgenie.Config{BaseURL: opsgenie.DefaultBaseURL}
	key, f, ok := s.secret("api_key")
	switch {
	case f == nil:
		s.missing("api_key_file", "name the file that holds the key of an API integration, or write api_key: ${NAME}")
	case ok:
		if err := (opsgenie.Config{APIKey: key}).Validate(); err != nil {
			f.refuse("%v", err)
		}
	}
	c.APIKey = key
	scalar(s, "url", &c.BaseURL, parseHost)
	s.warn(s.line, s.path, "Opsgenie ends on %s: what is sent to it from then on reaches nobody; move to another way out before", opsgenie.End.Format("2 January 2006"))
	return c
}

func readWebhook(s *section) *webhookout.Config {
	defer s.close()
	c := new(webhookout.Config)
	if !scalar(s, "url", &c.URL, parseURL) {
		s.missing("url", "give the address to post to")
	}
	secret, f, ok := s.secret("secret")
	const least = 16
	switch {
	case f == nil:
		s.missing("secret_file", "name the file that holds the secret shared with the receiver, or write secret: ${NAME}")
	case ok && len(secret) < least:
		f.refuse("the secret has %d characters: want at least %d", len(secret), least)
	}
	c.Secret = secret
	return c
}
