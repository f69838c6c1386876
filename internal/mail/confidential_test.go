package mail_test

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"

	"nis2clock/internal/dispatch"
	"nis2clock/internal/dispatch/dispatchtest"
	"nis2clock/internal/incident"
)

// A mail keeps to what its label allows, and nobody opens an indicator in one.
func TestConfidential(t *testing.T) {
	s := newServer(t)
	dispatchtest.Confidential(t, dispatch.Mailbox, []incident.Role{incident.Page, incident.Post, incident.Reminder, incident.Escalate, incident.Triage}, func(n dispatch.Notice) string {
		before := len(s.took)
		send(t, s.channel(), n)
		if len(s.took) == before {
			t.Fatal("no letter")
		}
		return plainLetter(t, s.took[before].data)
	})
}

// plainLetter is the subject and the text of a letter, with what is attached,
// as a person reads it.
func plainLetter(t *testing.T, data string) string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	// What is attached is in base64, in lines of 76 characters.
	text := string(body)
	for part := range strings.SplitSeq(string(body), "\r\n\r\n") {
		part, _, _ = strings.Cut(part, "\r\n--")
		if raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(part, "\r\n", "")); err == nil {
			text += string(raw)
		}
	}
	return subject + "\n" + text
}
