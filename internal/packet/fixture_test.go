package packet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/regime"
	"nis2clock/internal/vault"
)

// house is a journal and a vault with one incident.
type house struct {
	t     testing.TB
	log   *journal.Store
	vault *vault.Vault
	state *incident.State
	rules *incident.Rules
	now   time.Time
	id    incident.ID
}

const privilegedText = "counsel says to settle"

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func newHouse(t testing.TB) *house {
	t.Helper()
	v, err := vault.Open(t.TempDir(), vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return &house{t: t, log: journaltest.Open(t), vault: v, state: incident.NewState(), now: at("2026-11-20T10:00:00Z"), rules: &incident.Rules{
		Classify: classify.DefaultPolicy(), Law: regime.Builtin(),
		Tracks: []incident.Track{{Entity: "default", Authority: "BSI", MemberState: "DE", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
	}}
}

// do executes a command as the desk would, a minute after the one before.
func (h *house) do(cmd incident.Command) {
	h.t.Helper()
	h.now = h.now.Add(time.Minute)
	_, entries, err := h.rules.Execute(h.state, h.now, cmd)
	if err != nil {
		h.t.Fatalf("%T: %v", cmd, err)
	}
	var batch []journal.Record
	for _, e := range entries {
		payload, err := incident.Encode(e.Event)
		if err != nil {
			h.t.Fatal(err)
		}
		batch = append(batch, journal.Record{At: e.At, Kind: e.Kind, Incident: string(e.About), Payload: payload})
	}
	if _, err := h.log.Append(context.Background(), h.log.Head().Size, batch); err != nil {
		h.t.Fatal(err)
	}
}

// keep puts bytes into the vault and returns their digest.
func (h *house) keep(data []byte) string {
	h.t.Helper()
	d, err := h.vault.Create()
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := d.Write(data); err != nil {
		h.t.Fatal(err)
	}
	info, err := d.Commit()
	if err != nil {
		h.t.Fatal(err)
	}
	return info.Digest
}

func by(name string) incident.Person {
	return incident.Person{By: incident.Actor{Name: name, Via: "api"}}
}

// body is a webhook body that is too large for the journal.
var body = []byte(`{"version":"4","alerts":[]}`)

const approvedPDF = "%PDF-1.7 the approved early warning"

// lived is a house whose incident went from the alert to a submission, with a
// large webhook body, a page, and a note that counsel asked for.
func lived(t testing.TB) *house {
	h := newHouse(t)
	digest := h.keep(body)
	labels := map[string]string{"alertname": "PrivilegeEscalation", "nis2_reportable": "true", "severity": "critical"}
	h.do(incident.Declare{Person: by("zoe"), Title: "another one, nobody's business", DetectedAt: h.now.Add(-time.Hour)})
	h.do(incident.ReceiveBatch{
		By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: h.now, Receipt: incident.Receipt{SHA256: digest, Bytes: int64(len(body)), Vault: true},
		Alerts: []incident.Delivery{{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: h.now.Add(-2 * time.Minute), Labels: labels, Annotations: map[string]string{"summary": "root shell on db-1"}}},
	})
	h.id = "INC-2026-0002"
	page := incident.Effect{Key: string(h.id) + "/page", Role: incident.Page, For: "pagerduty", Channel: "pagerduty"}
	h.do(incident.Intend{ID: h.id, Effect: page})
	h.do(incident.Deliver{ID: h.id, Effect: page, Ref: "PD-1"})
	h.do(incident.Acknowledge{Person: by("ana"), ID: h.id})
	h.do(incident.SetFacts{Person: by("ana"), ID: h.id, Summary: new("An intruder had a root shell on the customer database for six minutes."), Malicious: new(classify.Yes)})
	h.do(incident.AddNote{Person: by("ana"), ID: h.id, Text: "=HYPERLINK(\"http://evil\")"})
	h.do(incident.AddNote{Person: by("ana"), ID: h.id, Text: privilegedText, Privileged: true})
	h.do(incident.Submit{Person: by("ana"), ID: h.id, Stages: []string{"early_warning"}, Submission: incident.Submission{Authority: "BSI", Reference: "BSI-4711", ReceiptAt: h.now, SHA256: sha(approvedPDF)}})
	i, _ := h.state.Incident(h.id)
	h.do(incident.ApproveReport{Person: by("ana"), ID: h.id, Stage: "early_warning", Lang: "en", Role: "commander", SHA256: sha(approvedPDF), Signature: sha("sig"), Size: i.Revision, At: h.now, Reason: "read it twice"})
	h.do(incident.AddNote{Person: by("zoe"), ID: "INC-2026-0001", Text: "elsewhere"})
	return h
}

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// source is what the packet is made of, as the service hands it in.
func (h *house) source() Source {
	h.t.Helper()
	i, ok := h.state.Incident(h.id)
	if !ok {
		h.t.Fatalf("no incident %s", h.id)
	}
	src := Source{Incident: i.View(i.UpdatedAt), Size: i.Sealed(), Log: h.log, Vault: h.vault, Decode: desk.Decode, Langs: []string{"en"}, Entities: map[string]string{"default": "Beispiel Energie AG"}}
	for _, seq := range i.Entries {
		if seq < src.Size {
			src.Entries = append(src.Entries, seq)
		}
	}
	for n := range src.Incident.Approvals {
		src.Reports = append(src.Reports, Report{Stage: "early_warning", Lang: "en", Entity: "default", PDF: []byte(approvedPDF), Signature: []byte("sig"), Approval: &src.Incident.Approvals[n]})
	}
	src.Reports = append(src.Reports, Report{Stage: "notification", Lang: "en", Entity: "default", PDF: []byte("%PDF-1.7 a draft")})
	return src
}

// packet makes the packet of a profile.
func (h *house) packet(profile string) []byte {
	h.t.Helper()
	p, err := ProfileOf(profile)
	if err != nil {
		h.t.Fatal(err)
	}
	return write(h.t, h.source(), p)
}

func write(t testing.TB, src Source, p Profile) []byte {
	t.Helper()
	made, err := Prepare(context.Background(), src, p)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := made.Write(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// verify judges a packet.
func verify(t testing.TB, data []byte, o VerifyOptions) Verdict {
	t.Helper()
	v, err := Verify(context.Background(), bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (p Problem) String() string {
	if p.Entry != nil {
		return fmt.Sprintf("%s: entry %d: %s", p.File, *p.Entry, p.What)
	}
	return p.File + ": " + p.What
}
