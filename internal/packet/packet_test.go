package packet

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/vault"

	"filippo.io/age"
	"github.com/go-json-experiment/json"
)

// unzip reads every file with the standard library's own reader.
func unzip(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		all[f.Name] = string(content)
	}
	return all
}

// What a stranger must be able to say from the README alone.
func TestReadmeTellsAStranger(t *testing.T) {
	h := lived(t)
	readme := strings.Join(strings.Fields(unzip(t, h.packet(""))["README.txt"]), " ")
	for what, want := range map[string]string{
		"what happened":           "An intruder had a root shell on the customer database for six minutes.",
		"when it began":           "First sign of it 2026-11-20 09:59:00 UTC",
		"that nobody was aware":   "Entity aware that it is significant not recorded",
		"who owes the report":     "Early warning (nis2/early_warning), Beispiel Energie AG to BSI",
		"when it was due":         "due 2026-11-21 09:59:00 UTC",
		"when it was sent":        "sent 2026-11-20 10:09:00 UTC, receipt of the authority at 2026-11-20 10:08:00 UTC, reference BSI-4711",
		"that it was in time":     "so in time",
		"what is still owed":      "not yet due as of",
		"what is only projected":  "at the earliest",
		"whose reports they are":  "Reports of Beispiel Energie AG.",
		"what was approved":       "version 1, approved by ana (journal entry 9), signed: reports/early_warning.en.v1.pdf.p7s",
		"that it is what went":    "this very file was sent to BSI at 2026-11-20 10:09:00 UTC",
		"what is a draft":         "DRAFT: nobody has approved it",
		"what evidence there is":  "evidence/" + sha(string(body)),
		"what was left out":       "legal privilege: advice of counsel is shown to nobody",
		"against what to check":   journal.Fingerprint(h.log.VerifierKey()),
		"how to check":            "nis2clock verify packet.zip --key journal.pub",
		"what the directive asks": "Art. 23(4)(a)",
	} {
		if !strings.Contains(readme, want) {
			t.Errorf("%s: %q is not in the README", what, want)
		}
	}
	for n, line := range strings.Split(unzip(t, h.packet(""))["README.txt"], "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line %d ends in blanks: %q", n+1, line)
		}
	}
}

func TestLateReportsSayHowLate(t *testing.T) {
	h := lived(t)
	v := h.source().Incident
	c := v.Clocks[0]
	late := c.DueAt.Add(90 * 60e9)
	c.SubmittedAt, c.Late, c.State = &late, true, incident.ClockSubmitted
	if got := owedBy(c, "", v.UpdatedAt).Verdict; got != "LATE by 1 h 30 min" {
		t.Errorf("late: %q", got)
	}
	c.SubmittedAt, c.State = nil, incident.ClockOverdue
	if got := owedBy(c, "", v.UpdatedAt); !strings.HasPrefix(got.Verdict, "OVERDUE as of ") || got.Sent != "not sent" {
		t.Errorf("overdue: %+v", got)
	}
}

// The same record gives the same bytes, whatever was delivered, read or exported
// since; one more word in the record gives others.
func TestSameRecordSameBytes(t *testing.T) {
	h := lived(t)
	first := h.packet("")
	h.do(incident.RecordExport{By: incident.Actor{Name: "eve", Via: "api"}, ID: h.id, Profile: "authority", Manifest: sha("m")})
	page := incident.Effect{Key: string(h.id) + "/again", Role: incident.Page, For: "pagerduty", Channel: "pagerduty"}
	h.do(incident.Deliver{ID: h.id, Effect: page})
	if !bytes.Equal(h.packet(""), first) {
		t.Error("an export and a delivery changed the packet")
	}
	h.do(incident.AddNote{Person: by("ana"), ID: h.id, Text: "more"})
	if bytes.Equal(h.packet(""), first) {
		t.Error("a note did not change the packet")
	}
}

// Every profile's packet verifies, names what it leaves out, and shows none of it.
func TestProfiles(t *testing.T) {
	h := lived(t)
	for _, p := range profiles {
		t.Run(p.Name, func(t *testing.T) {
			data := h.packet(p.Name)
			if v := verify(t, data, VerifyOptions{Key: h.log.VerifierKey()}); v.State != Consistent {
				t.Fatalf("%s: %v", v.State, v.Problems)
			}
			if bytes.Contains(data, []byte(privilegedText)) {
				t.Error("it shows what counsel wrote")
			}
			all := unzip(t, data)
			for _, hidden := range map[string][]string{
				Authority: {"PD-1", "effect.delivered/v1 by"},
				Customer:  {"PD-1", "root shell on the customer database\",", "BSI-4711", "HYPERLINK", "alertname", string(body), "read it twice"},
			}[p.Name] {
				for name, text := range all {
					if strings.Contains(text, hidden) {
						t.Errorf("%s shows %q", name, hidden)
					}
				}
			}
			var m Manifest
			if err := json.Unmarshal([]byte(all[manifestFile]), &m); err != nil {
				t.Fatal(err)
			}
			for _, l := range m.LeftOut {
				if l.Why == "" || l.What == "" {
					t.Errorf("left out without a word: %+v", l)
				}
			}
		})
	}
}

// What was withheld can be shown later, and only what was recorded fits.
func TestWithheldPayloadIsProvable(t *testing.T) {
	h := lived(t)
	all := unzip(t, h.packet(""))
	withheld := 0
	for raw := range strings.Lines(all[entriesFile]) {
		var l line
		if err := json.Unmarshal([]byte(raw), &l); err != nil {
			t.Fatal(err)
		}
		if l.Absent == "" {
			continue
		}
		withheld++
		if l.Salt != "" || l.Payload != nil {
			t.Error("a withheld entry keeps its salt: its content could be guessed at")
		}
		e, err := journal.ParseLeaf([]byte(l.Leaf))
		if err != nil {
			t.Fatal(err)
		}
		for full, err := range h.log.Read(t.Context(), e.Seq, e.Seq+1) {
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Restore(full.Salt, full.Payload); err != nil {
				t.Errorf("entry %d: %v", e.Seq, err)
			}
		}
	}
	if withheld != 3 {
		t.Errorf("%d entries withheld, want the page's two and the privileged note", withheld)
	}
}

func TestTimelineIsSafeInASpreadsheet(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(unzip(t, lived(t).packet(""))["timeline.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 10 {
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
				t.Errorf("a formula: %q", c)
			}
		}
	}
	if cell("=1+1") != "'=1+1" || cell("a=1") != "a=1" {
		t.Error("formulas are not told from text")
	}
}

// An artefact that is gone is named; one that was altered on disk ends the packet.
func TestArtefactsThatAreNotThere(t *testing.T) {
	h := lived(t)
	dir := t.TempDir()
	empty, err := vault.Open(dir, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	src := h.source()
	src.Vault = empty
	profile, err := ProfileOf(Auditor)
	if err != nil {
		t.Fatal(err)
	}
	data := write(t, src, profile)
	if v := verify(t, data, VerifyOptions{}); v.State != Consistent {
		t.Errorf("%s: %v", v.State, v.Problems)
	}
	if readme := unzip(t, data)["README.txt"]; !strings.Contains(readme, "it is not in the vault any more") {
		t.Error("the README does not say that the artefact is gone")
	}

	d := sha(string(body))
	name := filepath.Join(dir, "sha256", d[:2], d)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.ToUpper(body), 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := Prepare(t.Context(), src, profile)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Write(t.Context(), io.Discard); !errors.Is(err, vault.ErrAltered) || !strings.Contains(err.Error(), d) {
		t.Errorf("written with an altered artefact: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := made.Write(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("written although nobody reads: %v", err)
	}
}

func TestEncrypted(t *testing.T) {
	h := lived(t)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	made, err := Prepare(t.Context(), h.source(), profile)
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	if err := made.Write(t.Context(), &sealed, id.Recipient()); err != nil {
		t.Fatal(err)
	}
	v := verify(t, sealed.Bytes(), VerifyOptions{})
	if v.State != CannotTell || len(v.Notes) != 1 || !strings.Contains(v.Notes[0], "decrypt it first") {
		t.Errorf("%+v", v)
	}
	r, err := age.Decrypt(&sealed, id)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(plain, h.packet("")) {
		t.Error("what comes out is not the packet")
	}
}

// The manifest's digest, which the journal records, is that of the file.
func TestDigestNamesThePacket(t *testing.T) {
	h := lived(t)
	p, err := ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	made, err := Prepare(t.Context(), h.source(), p)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(unzip(t, h.packet(""))[manifestFile]))
	if made.Digest() != hex.EncodeToString(sum[:]) {
		t.Error("the digest is another")
	}
	m := made.Manifest()
	if !slices.ContainsFunc(m.Evidence, func(e EvidenceFile) bool {
		return len(e.Custody) == 1 && e.Custody[0].By == "am" && e.Custody[0].Kind == "incident.opened/v1"
	}) {
		t.Errorf("no artefact with its custody: %+v", m.Evidence)
	}
}

func TestUnknownProfile(t *testing.T) {
	if _, err := ProfileOf("press"); err == nil || !strings.Contains(err.Error(), "authority, customer, auditor") {
		t.Errorf("%v", err)
	}
}

func TestHostileNames(t *testing.T) {
	if got := oneLine("a\x1b[31m\u202eb\nc"); got != "a�[31m�b c" {
		t.Errorf("%q", got)
	}
	if got := plain("../gdpr/no tification"); got != "---gdpr-no-tification" {
		t.Errorf("%q", got)
	}
}

// Indicators go to those who look for them, and the others are told that they
// are left out.
func TestIndicatorsAreForMachines(t *testing.T) {
	h := lived(t)
	if _, ok := unzip(t, h.packet(Authority))["indicators.stix.json"]; ok {
		t.Error("there is a bundle of no indicators")
	}
	h.do(incident.SetReportFields{Person: by("ana"), ID: h.id, Fields: map[string][]string{"indicators_of_compromise": {"198[.]51.100.23"}}})
	for profile, has := range map[string]bool{Authority: true, Auditor: true, Customer: false} {
		bundle, ok := unzip(t, h.packet(profile))["indicators.stix.json"]
		if ok != has || ok && !strings.Contains(bundle, "[ipv4-addr:value = '198.51.100.23']") {
			t.Errorf("%s: %q", profile, bundle)
		}
	}
	manifest := unzip(t, h.packet(Customer))["manifest.json"]
	if !strings.Contains(manifest, "indicators.stix.json") {
		t.Error("the customer is not told that indicators are left out")
	}
}
