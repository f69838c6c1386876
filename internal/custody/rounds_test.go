package custody

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/incident"
	"nis2clock/internal/vault"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestRoundsOfOneIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, vault.Options{})
		reg := prometheus.NewRegistry()
		defer h.rounds(reg, says("prom", "up 1"))()
		id := h.alert("Exfiltration")
		rounds := func() (out [][]string) {
			synctest.Wait()
			for _, r := range h.ran(id) {
				out = append(out, r.Rounds)
			}
			return out
		}
		time.Sleep(time.Second)
		if diff := cmp.Diff([][]string{{"+0s"}}, rounds()); diff != "" {
			t.Errorf("at once (-want +got):\n%s", diff)
		}
		v, _ := h.Incident(id)
		if e := v.Evidence; len(e) != 1 || !e[0].Complete || e[0].Kind != "prom_words" || e[0].Digest == nil {
			t.Fatalf("evidence: %+v", e)
		}
		time.Sleep(16 * time.Minute)
		if diff := cmp.Diff([][]string{{"+0s"}, {"+15m0s"}}, rounds()); diff != "" {
			t.Errorf("after a quarter of an hour (-want +got):\n%s", diff)
		}
		time.Sleep(23 * time.Hour)
		if diff := cmp.Diff([][]string{{"+0s"}, {"+15m0s"}, {"before default/nis2/early_warning"}}, rounds()); diff != "" {
			t.Errorf("an hour before the first report is due (-want +got):\n%s", diff)
		}
		if n := counted(t, reg, "nis2clock_evidence_runs_total", map[string]string{"collector": "prom", "outcome": "complete"}); n != 3 {
			t.Errorf("the metric counts %v runs", n)
		}
		h.do(incident.MarkNotReportable{Person: incident.Person{By: ana}, ID: id, Reason: "a test of the sensor"})
		time.Sleep(40 * 24 * time.Hour)
		if n := len(rounds()); n != 3 {
			t.Errorf("%d runs once nothing is reportable", n)
		}
	})
}

// counted is a counter's value.
func counted(t *testing.T, reg *prometheus.Registry, name string, labels map[string]string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			match := f.GetName() == name
			for _, l := range m.GetLabel() {
				match = match && labels[l.GetName()] == l.GetValue()
			}
			if match {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("there is no %s%v", name, labels)
	return 0
}

// One source hangs in a storm of incidents. The other's evidence is there
// within seconds; the one that hangs is asked about the oldest first and never
// about more than a few at a time, and each try is recorded.
func TestStormWithASourceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 300
		h := newHouse(t, vault.Options{})
		var mu sync.Mutex
		var asked []string
		defer h.rounds(nil, says("prom", "up 1"), hangs("loki", func(req evidence.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, req.Incident)
		}))()
		var ids []incident.ID
		for i := range n {
			ids = append(ids, h.alert("Storm"+string(rune('A'+i%26))+strings.Repeat("x", i/26)))
		}
		time.Sleep(9 * time.Second)
		synctest.Wait()
		healthy := 0
		for _, id := range ids {
			for _, r := range h.ran(id) {
				if r.Collector == "prom" {
					healthy++
				}
			}
		}
		if healthy != n {
			t.Errorf("%d of %d incidents have the evidence of the healthy source", healthy, n)
		}
		mu.Lock()
		if len(asked) != abreast {
			t.Errorf("the source that hangs is asked %d times at once", len(asked))
		}
		mu.Unlock()
		time.Sleep(24 * time.Second)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for _, id := range asked {
			if slices.Index(ids, incident.ID(id)) >= 4*abreast {
				t.Errorf("%s was asked about before older ones: %v", id, asked)
			}
		}
		first := h.ran(ids[0])
		if i := slices.IndexFunc(first, func(r incident.RanCollector) bool { return r.Collector == "loki" }); i < 0 || !first[i].Retry {
			t.Errorf("the try that came to nothing is not recorded: %+v", first)
		}
	})
}

func TestRunUnderWayAtTheEndIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, vault.Options{})
		begun := make(chan struct{})
		stop := h.rounds(nil, hangs("loki", func(evidence.Request) { close(begun) }))
		id := h.alert("Exfiltration")
		<-begun
		stop()
		if ran := h.ran(id); len(ran) != 0 {
			t.Fatalf("a run that was cut off is recorded: %+v", ran)
		}
		defer h.rounds(nil, says("loki", "lines"))()
		time.Sleep(time.Second)
		synctest.Wait()
		if ran := h.ran(id); len(ran) != 1 || ran[0].Try != 1 {
			t.Errorf("after the restart: %+v", ran)
		}
	})
}

func TestFailureIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, vault.Options{})
		tries := 0
		defer h.rounds(nil, source{"loki", func(ctx context.Context, _ evidence.Request, rec *evidence.Recorder) error {
			if tries++; tries == 1 {
				return evidence.Fail(true, "503")
			}
			return says("loki", "lines").run(ctx, evidence.Request{}, rec)
		}})()
		id := h.alert("Exfiltration")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		ran := h.ran(id)
		if len(ran) != 2 || !ran[0].Retry || ran[1].Retry || ran[1].Try != 2 || ran[1].At.Sub(ran[0].At) < time.Minute {
			t.Errorf("runs: %+v", ran)
		}
	})
}

// The digest in the record is of the plain bytes; of a file nobody here can
// read, the record knows the file's own digest too.
func TestEncryptedArtefactIsRecordedAsStored(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, vault.Options{Recipients: []age.Recipient{identity.Recipient()}})
		defer h.rounds(nil, says("prom", "up 1"))()
		id := h.alert("Exfiltration")
		time.Sleep(time.Second)
		synctest.Wait()
		h.View(func(s *incident.State) {
			i, _ := s.Incident(id)
			if len(i.Evidence) != 1 {
				t.Fatalf("evidence: %+v", i.Evidence)
			}
			e := i.Evidence[0]
			info, err := h.vault.Stat(strings.TrimPrefix(e.Digest, "sha256:"))
			if err != nil || !info.Encrypted || info.Stored != e.Stored {
				t.Errorf("recorded %q, the vault has %+v, %v", e.Stored, info, err)
			}
		})
	})
}
