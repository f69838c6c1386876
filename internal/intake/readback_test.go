package intake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal/journaltest"

	"github.com/google/go-cmp/cmp"
)

// alertmanager stands for the API of one or more members. It answers in
// memory, so that waits between tries take no time.
type alertmanager struct {
	start  time.Time
	answer func(try int, r *http.Request) (status int, body string)
	asked  []string        // host and query of every request
	at     []time.Duration // when, since the start
}

func (a *alertmanager) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, r.URL.Host+r.URL.Path+"?"+r.URL.RawQuery)
	a.at = append(a.at, time.Since(a.start))
	status, body := a.answer(len(a.asked), r)
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.WriteString(body); err != nil {
		return nil, err
	}
	res := w.Result()
	res.Request = r
	return res, nil
}

// listed is an alert as the API lists it.
func listed(n int) string {
	return fmt.Sprintf(`{"annotations":{"summary":"web-%d is down"},"endsAt":"2026-11-22T12:04:00.000Z","fingerprint":"","receivers":[{"name":"nis2-trunc"}],`+
		`"startsAt":"2026-11-22T00:43:34.283Z","status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-22T12:00:00.000Z",`+
		`"generatorURL":"http://prometheus:9090/graph","labels":{"alertname":"TruncDown","cluster":"spike","mode":"trunc","instance":"web-%d","nis2_reportable":"true","severity":"critical"}}`, n, n)
}

func list(alerts ...string) string { return "[" + strings.Join(alerts, ",") + "]" }

// reading runs a ReadBack until f returns.
func reading(t *testing.T, d *door, a *alertmanager, members []string, f func()) {
	t.Helper()
	r := &ReadBack{Handler: d.handler, Client: &http.Client{Transport: a}}
	for _, m := range members {
		u, err := url.Parse(m)
		if err != nil {
			t.Fatal(err)
		}
		r.Alertmanagers = append(r.Alertmanagers, u)
	}
	a.start = time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	f()
	cancel()
	<-ended
}

// truncated is a body in which Alertmanager left seven of ten alerts out.
func truncated(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/webhooks/am025-firing-truncated-3of10.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// cutOf is what the incident says about the body that was cut.
func (d *door) cutOf(id string) (cut incident.Cut, alerts int) {
	d.t.Helper()
	d.desk.View(func(s *incident.State) {
		i, ok := s.Incident(incident.ID(id))
		if !ok || len(i.Cut) != 1 {
			d.t.Fatalf("incident %s: %v, %+v", id, ok, i)
		}
		cut, alerts = i.Cut[0], len(i.Alerts)
	})
	return cut, alerts
}

func TestReadBackCompletes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		defer d.desk.Close()
		answer := list(listed(1), listed(2), listed(3), listed(4), listed(5)) // the body had the first two
		a := &alertmanager{answer: func(int, *http.Request) (int, string) { return 200, answer }}
		reading(t, d, a, []string{"http://am-1:9093/prefix", "http://am-2:9093"}, func() {
			synctest.Wait()
			got := d.post(strings.Replace(truncated(t), `"receiver":"nis2-trunc"`, `"receiver":"nis2\\.trunc"`, 1))
			if got.OpenedAlerts+got.Attached != 3 {
				t.Fatalf("the body became %+v", got)
			}
			synctest.Wait()
		})
		if want := []string{`am-1:9093/prefix/api/v2/alerts?inhibited=false&receiver=nis2%5C.trunc&silenced=false`}; !cmp.Equal(a.asked, want) {
			t.Errorf("asked %q, want %q", a.asked, want)
		}
		cut, alerts := d.cutOf("INC-2026-0001")
		if !cut.Done || cut.Error != "" || cut.Missing != 7 || alerts != 3+3 {
			t.Errorf("the incident says %+v and has %d alerts", cut, alerts)
		}
		var back incident.ReadBack
		for _, ev := range d.events() {
			if ev, ok := ev.(incident.ReadBack); ok {
				back = ev
			}
		}
		if back.Alerts != 5 || back.Error != "" {
			t.Errorf("recorded %+v", back)
		}
		if v := d.incident("INC-2026-0001"); len(v.Alerts) < 6 || v.Alerts[5].EndsAt != nil || v.Alerts[5].Status != incident.Firing {
			t.Errorf("its alerts are %+v, want the last to fire", v.Alerts)
		}
		d.invariant(3 + 5)
	})
}

func TestReadBackTries(t *testing.T) {
	always := func(status int, body string) func(int, *http.Request) (int, string) {
		return func(int, *http.Request) (int, string) { return status, body }
	}
	twice := func(status int, body string) func(int, *http.Request) (int, string) {
		return func(try int, _ *http.Request) (int, string) {
			if try > 2 {
				return 200, list(listed(3))
			}
			return status, body
		}
	}
	const s = time.Second
	for _, c := range []struct {
		name    string
		members []string
		answer  func(int, *http.Request) (int, string)
		at      []time.Duration // of each request
		error   string          // the start of what the incident says
		alerts  int
	}{
		{"no address is configured", nil, nil, nil, "no Alertmanager address is configured (intake.reconcile.alertmanager)", 3},
		{"twice unwell", []string{"http://am:9093"}, twice(503, "{}"), []time.Duration{0, 5 * s, 15 * s}, "", 4},
		{"twice not there", []string{"http://am:9093"}, twice(0, ""), []time.Duration{0, 5 * s, 15 * s}, "", 4},
		{"twice something else", []string{"http://am:9093"}, twice(200, "<html>"), []time.Duration{0, 5 * s, 15 * s}, "", 4},
		{"the first member is not there", []string{"http://down:9093", "http://am:9093"}, func(_ int, r *http.Request) (int, string) {
			if r.URL.Host == "down:9093" {
				return 0, ""
			}
			return 200, list(listed(3), listed(4))
		}, []time.Duration{0, 0}, "", 5},
		{"nothing is left", []string{"http://am:9093"}, always(200, "[]"), []time.Duration{0}, "", 3},
		{"never there", []string{"http://am:9093"}, always(0, ""), []time.Duration{0, 5 * s, 15 * s, 35 * s, 75 * s, 135 * s, 195 * s, 255 * s, 315 * s, 375 * s},
			"given up after 10 tries: am:9093: ", 3},
		{"never allowed", []string{"http://user:secret@am:9093"}, always(401, `{"secret":1}`), []time.Duration{0, 5 * s, 15 * s, 35 * s, 75 * s, 135 * s, 195 * s, 255 * s, 315 * s, 375 * s},
			"given up after 10 tries: am:9093: ", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDoor(t)
				defer d.desk.Close()
				d.post(truncated(t))
				a := &alertmanager{answer: c.answer}
				reading(t, d, a, c.members, func() {
					time.Sleep(time.Hour)
					synctest.Wait()
				})
				if diff := cmp.Diff(a.at, c.at); diff != "" {
					t.Errorf("asked at (-got +want)\n%s", diff)
				}
				cut, alerts := d.cutOf("INC-2026-0001")
				if !cut.Done || !strings.HasPrefix(cut.Error, c.error) || c.error == "" != (cut.Error == "") || alerts != c.alerts {
					t.Errorf("the incident says %+v and has %d alerts", cut, alerts)
				}
				if strings.Contains(cut.Error, "secret") || strings.Contains(d.said.String(), "secret") {
					t.Errorf("a secret was said: %s %s", cut.Error, d.said)
				}
				for _, asked := range a.asked {
					if strings.HasPrefix(asked, "vm:") || strings.Contains(asked, "19093") {
						t.Errorf("asked %s, an address the body named", asked)
					}
				}
			})
		})
	}
}

// TestReadBackResumes: what a restart interrupted is taken up again.
func TestReadBackResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := journaltest.Open(t)
		d := openDoor(t, log)
		d.post(truncated(t))
		a := &alertmanager{answer: func(int, *http.Request) (int, string) { return 500, "{}" }}
		reading(t, d, a, []string{"http://am:9093"}, func() {
			time.Sleep(20 * time.Second)
			synctest.Wait()
		})
		d.desk.Close()
		if cut, _ := d.cutOf("INC-2026-0001"); cut.Done || len(a.at) != 3 {
			t.Fatalf("before the restart, after %d tries, the incident says %+v", len(a.at), cut)
		}

		d = openDoor(t, log)
		defer d.desk.Close()
		a = &alertmanager{answer: func(int, *http.Request) (int, string) { return 200, list(listed(3)) }}
		reading(t, d, a, []string{"http://am:9093"}, func() {
			time.Sleep(time.Second)
			synctest.Wait()
		})
		if cut, alerts := d.cutOf("INC-2026-0001"); !cut.Done || cut.Error != "" || alerts != 4 {
			t.Errorf("after the restart the incident says %+v and has %d alerts", cut, alerts)
		}
	})
}

// TestReadBackStoreFails: an answer that could not be stored is asked for
// again.
func TestReadBackStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &broken{Log: journaltest.Open(t)}
		d := openDoor(t, log)
		defer d.desk.Close()
		d.post(truncated(t))
		log.set(func(context.Context) error { return errors.New("no room") })
		a := &alertmanager{answer: func(int, *http.Request) (int, string) { return 200, list(listed(3)) }}
		reading(t, d, a, []string{"http://am:9093"}, func() {
			time.Sleep(16 * time.Second)
			log.set(nil)
			time.Sleep(time.Minute)
			synctest.Wait()
		})
		if cut, alerts := d.cutOf("INC-2026-0001"); !cut.Done || cut.Error != "" || alerts != 4 || len(a.asked) != 4 {
			t.Errorf("after %d tries the incident says %+v and has %d alerts", len(a.asked), cut, alerts)
		}
		d.invariant(3 + 1)
	})
}

// TestReadBackOddAlerts: what cannot be taken of an answer is set aside, like
// in a webhook body.
func TestReadBackOddAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		defer d.desk.Close()
		d.post(truncated(t))
		answer := list("null", `{"fingerprint":"f"}`, strings.Replace(listed(1), "web-1", strings.Repeat("x", maxLabels), 2), listed(4),
			strings.Replace(listed(3), "2026-11-22T00:43:34.283Z", "0001-01-01T00:00:00.000Z", 1))
		a := &alertmanager{answer: func(int, *http.Request) (int, string) { return 200, answer }}
		reading(t, d, a, []string{"http://am:9093"}, synctest.Wait)
		var set incident.Quarantined
		for _, ev := range d.events() {
			if ev, ok := ev.(incident.Quarantined); ok {
				set = ev
			}
		}
		want := []incident.Problem{{Where: "/0", What: "the alert is null, not an object"}, {Where: "/1", What: "the alert has no labels"}, {Where: "/2", What: "the labels are 262226 bytes long: at most 262144 can be kept"}}
		if diff := cmp.Diff(set.Problems, want); diff != "" || set.Count != 3 {
			t.Errorf("%d set aside (-got +want)\n%s", set.Count, diff)
		}
		if cut, alerts := d.cutOf("INC-2026-0001"); !cut.Done || alerts != 3+2 {
			t.Errorf("the incident says %+v and has %d alerts", cut, alerts)
		}
		if digests, _ := d.vaultFiles(); !set.Receipt.Vault || len(digests) != 1 || digests[0] != set.Receipt.SHA256 {
			t.Errorf("the vault holds %v, the receipt says %+v", digests, set.Receipt)
		}
		d.invariant(3 + 5)
	})
}
