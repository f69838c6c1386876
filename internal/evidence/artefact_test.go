package evidence

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// The names are relied on outside; what did not happen is left out.
func TestArtefactJSON(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	a := Artefact{
		Collector: "logs", Kind: "loki_pages", Digest: "sha256:00", Bytes: 7, CollectedAt: at, Error: "answered 503", Retry: true,
		From: at, To: at.Add(time.Hour), Query: "{}", Parts: []Part{{Method: "GET", URL: "http://h/", Status: 503, At: at, Bytes: 7}},
		Gaps: []Gap{{at, at.Add(1), "why"}}, Counts: map[string]int{"lines": 1},
	}
	raw, err := json.Marshal(a, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"collector":"logs","kind":"loki_pages","digest":"sha256:00","bytes":7,"collected_at":"2026-11-22T10:00:00Z","complete":false,` +
		`"error":"answered 503","retry":true,"query":"{}","from":"2026-11-22T10:00:00Z","to":"2026-11-22T11:00:00Z","counts":{"lines":1},` +
		`"parts":[{"method":"GET","url":"http://h/","status":503,"at":"2026-11-22T10:00:00Z","offset":0,"bytes":7}],` +
		`"gaps":[{"from":"2026-11-22T10:00:00Z","to":"2026-11-22T10:00:00.000000001Z","reason":"why"}]}`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back Artefact
	if err := json.Unmarshal(raw, &back); err != nil || !cmp.Equal(a, back) {
		t.Errorf("read back: %v\n%s", err, cmp.Diff(a, back))
	}
}

// What others write cannot make an entry of any size.
func TestArtefactIsBounded(t *testing.T) {
	a := Artefact{Query: strings.Repeat("q", 2*maxQuery), ServerVersion: strings.Repeat("v", 2*maxText)}
	for range 1000 {
		a.Warnings = append(a.Warnings, strings.Repeat("w", 2*maxText))
		a.Gaps = append(a.Gaps, Gap{Reason: strings.Repeat("g", 2*maxText)})
	}
	a.bound()
	if raw, err := json.Marshal(a); err != nil || len(raw) > 2*maxQuery+2*(maxWarns+maxGaps)*maxText {
		t.Errorf("it takes %d bytes (%v)", len(raw), err)
	}
	if last := a.Warnings[len(a.Warnings)-1]; last != "968 further warnings" || !strings.HasPrefix(a.Gaps[len(a.Gaps)-1].Reason, "968 further gaps") {
		t.Errorf("what was left out is not counted: %q", last)
	}
}
