package incident

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const someDigest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestRunIsRecordedOnceWithEachArtefact(t *testing.T) {
	w := newWorld(t, "2026-03-01T10:00:00Z")
	id := w.receive(firing("Exfiltration", at("2026-03-01T09:59:00Z"))).Incidents[0]
	cmd := RecordRun{ID: id, Run: Run{Collector: "prom", StartedAt: w.now, Rounds: []string{"+0s"}, Try: 1}, Artefacts: []Artefact{
		{Collector: "prom", Kind: "prometheus_range", Digest: someDigest, Bytes: 4, CollectedAt: w.now, Complete: true, Parts: []Part{{Method: "GET", URL: "http://prom/api"}}},
		{Collector: "prom", Kind: "prometheus_rules", CollectedAt: w.now, Error: "no answer", Retry: true},
	}}
	w.do(cmd)
	before := len(w.entries)
	w.do(cmd) // its outcome was in doubt and is sent again
	if len(w.entries) != before {
		t.Errorf("the same run left %d more entries", len(w.entries)-before)
	}
	i := w.incident(id)
	if len(i.Ran) != 1 || !i.Ran[0].Retry || i.Ran[0].At != w.now {
		t.Errorf("runs: %+v", i.Ran)
	}
	v := i.View(w.now).Evidence
	if len(v) != 2 || *v[0].Digest != someDigest || v[0].Error != nil || v[0].Outcome != "complete" || v[0].RecordedBy != "prom" || v[1].Digest != nil || v[1].Outcome != "failed: no answer" {
		t.Errorf("view: %+v", v)
	}
	if i.Revision != w.state.Size {
		t.Error("evidence is content, and did not count as such")
	}

	revision := i.Revision
	w.do(ReadEvidence{By: Actor{Name: "ana", Via: "api"}, ID: id, Digest: someDigest})
	w.do(ReadEvidence{By: Actor{Name: "ana", Via: "api"}, ID: id, Digest: someDigest, To: "the CSIRT"})
	if i.Revision != revision {
		t.Error("a look at evidence changed what a report would show")
	}
	last := w.entries[len(w.entries)-1]
	if last.Kind != "evidence.exported/v1" || last.Event.Describe() != "exported evidence "+someDigest+" to the CSIRT" {
		t.Errorf("last entry: %s %s", last.Kind, last.Event.Describe())
	}
	for _, digest := range []string{"", "sha256:00"} {
		if _, err := w.try(ReadEvidence{ID: id, Digest: digest}); !errors.Is(err, ErrNoArtefact) {
			t.Errorf("read of %q: %v", digest, err)
		}
	}
}

func TestFileHandedIn(t *testing.T) {
	w := newWorld(t, "2026-03-01T10:00:00Z")
	id := w.receive(firing("Exfiltration", at("2026-03-01T09:59:00Z"))).Incidents[0]
	add := AddEvidence{Person: Person{By: Actor{Name: "ana", Via: "api"}, Key: "k", Digest: "d"}, ID: id, Artefact: Artefact{Digest: someDigest, Name: "auth.log", Note: "from the jump host"}}
	w.do(add)
	w.do(add)
	i := w.incident(id)
	if len(i.Evidence) != 1 || i.Evidence[0].Collector != Upload || !i.Evidence[0].Empty || i.Evidence[0].Record.By.Name != "ana" || len(i.Ran) != 0 {
		t.Errorf("evidence: %+v", i.Evidence)
	}
	add.Person = Person{}
	add.Artefact.Name = " "
	if _, err := w.try(add); !errors.Is(err, ErrInvalid) {
		t.Errorf("a file without a name: %v", err)
	}
}

func TestOutcomeInWords(t *testing.T) {
	for want, a := range map[string]Artefact{
		"complete":                               {Complete: true},
		"complete, and empty: there was nothing": {Complete: true, Empty: true},
		"incomplete: 40 lines are missing":       {Gaps: []Gap{{Reason: "40 lines are missing"}}},
		"failed: no answer":                      {Error: "no answer"},
		"broken off: too large":                  {Error: "too large", Digest: someDigest},
		"skipped: no label job":                  {Error: "no label job", Skipped: true},
	} {
		if got := a.Outcome(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A kind that keeps a body in the vault and is not known to Artefacts would
// have its bytes go missing unseen.
func TestEveryArtefactIsNamed(t *testing.T) {
	for kind := range decoders {
		ev, err := Decode(kind, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.New(reflect.TypeOf(ev)).Elem()
		has := false
		for n := range v.NumField() {
			receipt := Receipt{SHA256: strings.Repeat("ab", 32), Vault: true}
			switch v.Field(n).Type() {
			case reflect.TypeFor[Receipt]():
				v.Field(n).Set(reflect.ValueOf(receipt))
				has = true
			case reflect.TypeFor[*Receipt]():
				v.Field(n).Set(reflect.ValueOf(&receipt))
				has = true
			}
		}
		digest := strings.Repeat("cd", 32)
		switch e := v.Addr().Interface().(type) {
		case *Collected:
			e.Artefact.Digest, has = "sha256:"+digest, true
		case *ReportApproved:
			e.SHA256, has = digest, true
		}
		ev = v.Interface().(Event)
		if got := Artefacts(ev); has != (len(got) == 1) {
			t.Errorf("%s has an artefact: %t; it names %+v", kind, has, got)
		}
		payload, err := Encode(ev)
		if err != nil {
			t.Fatal(err)
		}
		if got := NamesArtefact(kind, payload); got != has {
			t.Errorf("%s has an artefact: %t; without being decoded: %t", kind, has, got)
		}
	}
}

func TestStampIsOfWhatIsThere(t *testing.T) {
	w := newWorld(t, "2026-03-01T10:00:00Z")
	w.receive(firing("Exfiltration", at("2026-03-01T09:59:00Z")))
	size := w.state.Size
	w.do(RecordStamp{CheckpointStamped{Size: size, At: w.now, Authority: "CN=TSA", Ahead: Span(-7 * time.Second)}})
	if s, ok := w.state.Stamped(); !ok || s.Size != size || s.Entry != size || s.Ahead != -7*time.Second {
		t.Errorf("stamped: %+v", s)
	}
	if got := w.entries[len(w.entries)-1].Event.Describe(); !strings.HasSuffix(got, "2026-03-01 10:00:00Z, 7s from our clock") {
		t.Errorf("described as %q", got)
	}
	if _, err := w.try(RecordStamp{CheckpointStamped{Size: w.state.Size + 1}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a checkpoint of the future: %v", err)
	}
}
