package main

import (
	"archive/zip"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/timestamp/tsatest"
)

// captures are the artefacts of a kind that are whole.
func captures(v incident.View, kind string) (n int) {
	for _, e := range v.Evidence {
		if e.Kind == kind && e.Complete && e.Digest != nil && len(e.Rounds) > 0 && e.Rounds[0] == "+0s" {
			n++
		}
	}
	return n
}

// A rule fires in a real Prometheus. What Prometheus and Alertmanager know of
// it is in the record while they still know it, once however often the service
// is killed, with a time-stamp over it; and verify finds the least change.
func TestFromAlertToEvidence(t *testing.T) {
	alertmanagerProgram := component(t, "prometheus-alertmanager", "prometheus-alertmanager", "alertmanager")
	prometheusProgram := component(t, "prometheus", "prometheus")
	const alert = "CredentialTheft"

	tsa := tsatest.Start(t)
	h := newHouse(t)
	wrong := &gauges{wrong: map[string]bool{alert: false}}
	target := httptest.NewServer(wrong)
	t.Cleanup(target.Close)
	am := startAlertmanager(t, alertmanagerProgram, h.url, filepath.Join(h.dir, "data", access.IntakeFile))
	prom := startPrometheus(t, prometheusProgram, target.URL, am.url, alert)
	h.crash()
	raw, err := os.ReadFile(h.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, h.config, string(raw)+fmt.Sprintf(`
evidence:
  collectors:
    - {name: prom, kind: prometheus, url: %q}
    - {name: am, kind: alertmanager, url: %q}
    - {name: gone, kind: loki, url: "http://127.0.0.1:1", queries: ['{job="x"}']}
  timestamps: {url: %q, roots_file: %q}
`, prom.url, am.url, tsa.URL, tsa.RootsFile))
	h.restart()

	wrong.set(alert, true)
	kinds := []string{"prometheus_range", "prometheus_rules", "prometheus_alerts", "alertmanager_alerts", "alertmanager_silences", "alertmanager_status"}
	var v incident.View
	whole := func() bool {
		var ok bool
		if v, ok = h.find(alert); !ok {
			return false
		}
		for _, kind := range kinds {
			if captures(v, kind) == 0 {
				return false
			}
		}
		return true
	}
	h.until("the first snapshot is there", whole)
	t.Logf("the first snapshot of %d captures was seen to be whole %s after the alert came in", len(kinds), time.Since(v.ReceivedAt).Round(time.Millisecond))
	h.until("somebody was paged", func() bool { return h.delivered(v.ID) })
	h.crash()
	h.restart()
	h.until("the failure of the source that is away is recorded", func() bool {
		v, _ = h.find(alert)
		for _, e := range v.Evidence {
			if e.Collector == "gone" && e.Error != nil && e.Retry {
				return true
			}
		}
		return false
	})
	for _, kind := range kinds {
		if n := captures(v, kind); n != 1 {
			t.Errorf("%s was captured %d times", kind, n)
		}
	}
	for _, e := range v.Evidence {
		if e.Kind == "prometheus_range" && (e.Query == nil || !strings.Contains(*e.Query, `wrong{alert="CredentialTheft"}`) || e.ServerVersion == nil) {
			t.Errorf("the values say neither what was asked nor of whom: %+v", e)
		}
	}
	if n := len(h.pages(alert)); n != 1 {
		t.Errorf("somebody was woken %d times", n)
	}

	data := filepath.Join(h.dir, "data")
	elsewhere := h.packet(v.ID)
	if err := h.service.stop(); err != nil {
		t.Error(err)
	}
	checkPacket(t, h.program, elsewhere, v, tsa.RootsFile)
	if err := verified(h.program, data); err != nil {
		t.Error(err)
	}
	out, err := exec.Command(h.program, "verify", data, "--roots", tsa.RootsFile).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "anchored: ") || !strings.Contains(string(out), "by the time-stamp authority CN=Test tsa, since ") {
		t.Errorf("verify --roots: %v\n%s", err, out)
	}
	digest := ""
	for _, e := range v.Evidence {
		if e.Kind == "prometheus_range" && e.Digest != nil {
			digest = strings.TrimPrefix(*e.Digest, "sha256:")
		}
	}
	path := filepath.Join(data, "vault", "sha256", digest[:2], digest)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = exec.Command(h.program, "verify", data).CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "altered: ") || !strings.Contains(string(out), digest) {
		t.Errorf("one bit later: %v\n%s", err, out)
	}
}

// packet exports an incident in every language into a folder that has nothing
// else than the journal's public key.
func (h *house) packet(id incident.ID) (dir string) {
	h.t.Helper()
	dir = h.t.TempDir()
	out, err := exec.Command(h.program, "packet", string(id), "-o", filepath.Join(dir, "packet.zip"), "--profile", "auditor",
		"--lang", strings.Join(catalogue.Tags(), ","), "--server", h.url, "--token-file", h.token).CombinedOutput()
	if err != nil {
		h.t.Fatalf("packet: %v\n%s", err, out)
	}
	key, err := os.ReadFile(filepath.Join(h.dir, "data", "journal.pub"))
	if err != nil {
		h.t.Fatal(err)
	}
	write(h.t, filepath.Join(dir, "kept.pub"), string(key))
	return dir
}

// checkPacket reads a packet as a stranger would: the reports that are owed in
// every language, what was captured as it was received, and a proof of both that
// needs the binary and the public key alone.
func checkPacket(t *testing.T, program, dir string, v incident.View, roots string) {
	t.Helper()
	path := filepath.Join(dir, "packet.zip")
	verify := func() (string, error) {
		cmd := exec.Command(program, "verify", "packet.zip", "--key", "kept.pub", "--roots", roots)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := verify(); err != nil || !strings.HasPrefix(out, "consistent: ") && !strings.HasPrefix(out, "anchored: ") {
		t.Errorf("verify of the packet: %v\n%s", err, out)
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]int64{}
	for _, f := range z.File {
		offset, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		names[f.Name] = offset + int64(f.CompressedSize64/2)
	}
	if err := z.Close(); err != nil {
		t.Error(err)
	}
	for _, lang := range catalogue.Tags() {
		for _, c := range v.Clocks {
			if name := fmt.Sprintf("reports/%s.%s.draft.pdf", c.Stage, lang); names[name] == 0 {
				t.Errorf("the packet has no %s", name)
			}
		}
	}
	var artefact string
	for name := range names {
		if strings.HasPrefix(name, "evidence/") && !strings.HasSuffix(name, ".json") {
			artefact = name
		}
	}
	if artefact == "" {
		t.Fatalf("the packet has no evidence: %v", names)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[names[artefact]] ^= 1
	write(t, path, string(content))
	if out, err := verify(); err == nil || !strings.HasPrefix(out, "altered: ") || !strings.Contains(out, artefact) {
		t.Errorf("verify with one bit of %s changed: %v\n%s", artefact, err, out)
	}
}
