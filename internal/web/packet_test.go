package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/packet"

	"filippo.io/age"
)

// A packet that was downloaded verifies; who took it is on record before.
func TestPacketIsServedAndRecorded(t *testing.T) {
	s := start(t)
	id := s.alert("PrivilegeEscalation", "root shell")
	if a := s.api("POST", "/incidents/"+id+"/approvals", `{"stage":"early_warning","reason":"read twice"}`); a.StatusCode != 200 {
		t.Fatalf("approve: %s %s", a.Status, a.body)
	}
	responder := s.token(access.Responder, "ben")
	a := s.send("GET", "/api/v1/incidents/"+id+"/packet.zip", responder, "")
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/zip" || !strings.Contains(a.Header.Get("Content-Disposition"), id+"-authority.zip") {
		t.Fatalf("%s %v", a.Status, a.Header)
	}
	v, err := packet.Verify(t.Context(), bytes.NewReader(a.body), int64(len(a.body)), packet.VerifyOptions{})
	if err != nil || v.State != packet.Consistent || v.Incident != id {
		t.Errorf("%+v, %v", v, err)
	}
	if !bytes.Contains(a.body, []byte("version 1, approved by admin")) {
		t.Error("the approved report is not in it")
	}
	found := s.api("GET", "/journal?type=packet.exported", "")
	if !strings.Contains(string(found.body), `"actor":"ben"`) {
		t.Errorf("nobody knows that ben took it: %s", found.body)
	}
}

func TestPacketRefusals(t *testing.T) {
	s := start(t)
	id := s.alert("PrivilegeEscalation", "root shell")
	responder := s.token(access.Responder, "ben")
	for _, tt := range []struct {
		query, token string
		status       int
		want         string
	}{
		{"?profile=press", s.admin, 400, "authority, customer, auditor"},
		{"?recipient=age1nobody", s.admin, 400, "not an age recipient"},
		{"?lang=tlh", s.admin, 404, "tlh"},
		{"?profile=auditor", responder, 403, "may not audit"},
	} {
		before := len(entries(t, s))
		a := s.send("GET", "/api/v1/incidents/"+id+"/packet.zip"+tt.query, tt.token, "")
		if a.StatusCode != tt.status || !strings.Contains(string(a.body), tt.want) {
			t.Errorf("%s: %s %s, want %d %s", tt.query, a.Status, a.body, tt.status, tt.want)
		}
		if n := len(entries(t, s)) - before; n != 0 {
			t.Errorf("%s: a refused export left %d entries", tt.query, n)
		}
	}
	if a := s.api("GET", "/incidents/INC-1999-0001/packet.zip", ""); a.StatusCode != 404 {
		t.Errorf("no such incident: %s", a.Status)
	}
	if a := s.api("GET", "/incidents/"+id+"/reports/early_warning.pdf.p7s", ""); a.StatusCode != 404 || !strings.Contains(string(a.body), "reports.signing") {
		t.Errorf("a signature where none is configured: %s %s", a.Status, a.body)
	}
}

func TestPacketIsEncryptedToWhoAsks(t *testing.T) {
	s := start(t)
	id := s.alert("PrivilegeEscalation", "root shell")
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	a := s.api("GET", "/incidents/"+id+"/packet.zip?recipient="+key.Recipient().String(), "")
	if a.StatusCode != 200 || !strings.HasPrefix(string(a.body), "age-encryption.org/v1") || bytes.Contains(a.body, []byte("PrivilegeEscalation")) {
		t.Errorf("%s %.60q", a.Status, a.body)
	}
}

// An approved report is served as it was approved, byte for byte, until something
// is recorded; its digest, with the line end that the answer here is read without, is
// the one in the record.
func TestApprovedReportIsFrozen(t *testing.T) {
	s := start(t)
	id := s.alert("PrivilegeEscalation", "root shell")
	report := func() []byte {
		t.Helper()
		a := s.api("GET", "/incidents/"+id+"/reports/early_warning.pdf", "")
		if a.StatusCode != 200 {
			t.Fatalf("%s %s", a.Status, a.body)
		}
		return a.body
	}
	draft := report()
	if a := s.api("POST", "/incidents/"+id+"/approvals", `{"stage":"early_warning","reason":"read twice"}`); a.StatusCode != 200 {
		t.Fatalf("approve: %s %s", a.Status, a.body)
	}
	approved := report()
	if bytes.Equal(draft, approved) {
		t.Error("the approved version is the draft")
	}
	listed := s.api("GET", "/incidents/"+id, "").decode(t)["approvals"].([]any)[0].(map[string]any)
	if listed["sha256"] != digest(append(bytes.Clone(approved), 10)) || listed["approved_by"] != "admin" || listed["role"] != "admin" {
		t.Errorf("recorded %v, which is not what is served", listed)
	}
	s.api("GET", "/incidents/"+id+"/packet.zip", "")
	if !bytes.Equal(report(), approved) {
		t.Error("an export made another version")
	}
	s.api("POST", "/incidents/"+id+"/notes", `{"text":"more is known"}`)
	if later := report(); bytes.Equal(later, approved) || bytes.Equal(later, draft) {
		t.Error("what was recorded since made no new draft")
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
