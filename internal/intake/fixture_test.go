package intake

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/regime"
	"nis2clock/internal/vault"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	intakeToken = "intake-token-that-nobody-prints"
	adminToken  = "admin-token-that-nobody-prints"
)

// day is a short while after every instant in the recorded bodies.
func day() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// door is the webhook handler over a real desk, vault and keeper.
type door struct {
	t        testing.TB
	dir      string
	log      journal.Log
	desk     *desk.Desk
	vault    *vault.Vault
	keeper   *access.Keeper
	handler  *Handler
	registry *prometheus.Registry
	said     *bytes.Buffer // what was logged
}

// openDoor puts a handler before log. What log is and how it ends is the
// caller's.
func openDoor(t testing.TB, log journal.Log, change ...func(*Options)) *door {
	t.Helper()
	d := &door{t: t, dir: t.TempDir(), log: log, registry: prometheus.NewRegistry(), said: &bytes.Buffer{}}
	logger := slog.New(slog.NewTextHandler(d.said, nil))
	var err error
	if d.desk, err = desk.Open(t.Context(), desk.Options{Log: log, Rules: rules(), Now: day, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.desk.Close)
	if d.vault, err = vault.Open(filepath.Join(d.dir, "vault"), vault.Options{}); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{access.AdminFile: adminToken, access.IntakeFile: intakeToken} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.keeper, err = access.New(access.Options{
		AdminFile: filepath.Join(d.dir, access.AdminFile), IntakeFiles: []string{filepath.Join(d.dir, access.IntakeFile)}, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Desk: d.desk, Vault: d.vault, Keeper: d.keeper, Classify: classify.DefaultPolicy(),
		Now: day, Logger: logger, Register: d.registry,
	}
	for _, f := range change {
		f(&o)
	}
	d.handler = New(o)
	return d
}

// newDoor is a handler over a journal of its own.
func newDoor(t testing.TB, change ...func(*Options)) *door {
	t.Helper()
	return openDoor(t, journaltest.Open(t), change...)
}

func rules() *incident.Rules {
	return &incident.Rules{
		Classify: classify.DefaultPolicy(), Law: regime.Builtin(), Heartbeat: "Watchdog",
		Tracks: []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
	}
}

// request is a webhook request as Alertmanager sends it.
func request(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook/alertmanager", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+intakeToken)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Alertmanager/0.34.2")
	return r
}

// serve answers one request.
func (d *door) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

// line is what the sender was told: of a refusal its detail.
func line(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Code < 300 {
		return w.Body.String()
	}
	var p struct {
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}
	err := json.Unmarshal(w.Body.Bytes(), &p)
	if err != nil || p.Status != w.Code || w.Header().Get("Content-Type") != "application/problem+json" || strings.Count(w.Body.String(), "\n") != 1 {
		t.Errorf("answered %d, which is not one line of problem details (%v): %q", w.Code, err, w.Body)
	}
	return p.Detail
}

// reply is the answer to an accepted request.
type reply struct {
	Received     int      `json:"received"`
	Opened       []string `json:"opened"`
	OpenedAlerts int      `json:"opened_alerts"`
	Attached     int      `json:"attached"`
	Resolved     int      `json:"resolved"`
	Duplicate    int      `json:"duplicate"`
	Ignored      int      `json:"ignored"`
	Quarantined  int      `json:"quarantined"`
}

// post sends a body that must be accepted.
func (d *door) post(body string) reply {
	d.t.Helper()
	w := d.serve(request(body))
	if w.Code != http.StatusOK {
		d.t.Fatalf("answered %d %s", w.Code, w.Body)
	}
	var got reply
	if err := json.Unmarshal(w.Body.Bytes(), &got, json.RejectUnknownMembers(true)); err != nil {
		d.t.Fatalf("answer %s: %v", w.Body, err)
	}
	if sum := got.OpenedAlerts + got.Attached + got.Resolved + got.Duplicate + got.Ignored + got.Quarantined; got.Received != sum {
		d.t.Errorf("received %d, but the outcomes sum to %d: %+v", got.Received, sum, got)
	}
	return got
}

// incident is the incident as it now stands.
func (d *door) incident(id string) incident.View {
	d.t.Helper()
	v, ok := d.desk.Incident(incident.ID(id))
	if !ok {
		d.t.Fatalf("no incident %s", id)
	}
	return v
}

// ids are all incidents.
func (d *door) ids() (ids []incident.ID) {
	d.desk.View(func(s *incident.State) { ids = append(ids, s.IDs()...) })
	return ids
}

// events is what the journal holds.
func (d *door) events() (events []incident.Event) {
	d.t.Helper()
	for e, err := range d.log.Read(context.Background(), 0, d.log.Head().Size) {
		if err != nil {
			d.t.Fatal(err)
		}
		entry, err := desk.Decode(e)
		if err != nil {
			d.t.Fatal(err)
		}
		events = append(events, entry.Event)
	}
	return events
}

// vaultFiles are the digests the vault holds, and drafts.
func (d *door) vaultFiles() (digests, drafts []string) {
	d.t.Helper()
	for pattern, names := range map[string]*[]string{"sha256/*/*": &digests, "drafts/*": &drafts} {
		found, err := filepath.Glob(filepath.Join(d.dir, "vault", pattern))
		if err != nil {
			d.t.Fatal(err)
		}
		for _, f := range found {
			*names = append(*names, filepath.Base(f))
		}
	}
	return digests, drafts
}

// plain is one alert of a body, with the labels given besides its name.
func plain(name string, kv ...string) string {
	labels := []string{fmt.Sprintf(`"alertname":%q`, name)}
	for n := 0; n < len(kv); n += 2 {
		labels = append(labels, fmt.Sprintf("%q:%q", kv[n], kv[n+1]))
	}
	return `{"status":"firing","labels":{` + strings.Join(labels, ",") + `},"annotations":{"summary":"it broke"},` +
		`"startsAt":"2026-11-22T11:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=up"}`
}

// reportable is an alert that opens an incident.
func reportable(name string, kv ...string) string {
	return plain(name, append([]string{"nis2_reportable", "true", "severity", "critical"}, kv...)...)
}

// body is a webhook body of these alerts.
func body(alerts ...string) string {
	return `{"version":"4","groupKey":"{}:{}","truncatedAlerts":0,"status":"firing","receiver":"nis2","externalURL":"http://alertmanager:9093","alerts":[` +
		strings.Join(alerts, ",") + `]}` + "\n"
}
