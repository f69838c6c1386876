package intake

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/incident"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

// samples are one a minute from start for n minutes.
func samples(start string, n int) []model.SamplePair {
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		panic(err)
	}
	out := make([]model.SamplePair, n)
	for i := range out {
		out[i] = model.SamplePair{Timestamp: model.TimeFromUnixNano(at.Add(time.Duration(i) * time.Minute).UnixNano()), Value: 1}
	}
	return out
}

func TestOccurrencesOfASeries(t *testing.T) {
	metric := model.Metric{"__name__": "ALERTS", "alertstate": "firing", "alertname": "Breach", "pod": "a", "nis2_reportable": "true"}
	own := model.Metric{"alertname": "Breach", "pod": "a", "nis2_reportable": "true"}
	fires := map[model.Fingerprint]bool{own.Fingerprint(): true}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	about := func(change ...func(*span)) span {
		s := span{from: noon.Add(-30 * time.Minute), to: noon}
		for _, f := range change {
			f(&s)
		}
		return s
	}
	tests := []struct {
		name   string
		values []model.SamplePair
		firing map[model.Fingerprint]bool
		about  span
		want   []string // start, and end where there is one
	}{
		{"fired and ended while nobody listened", samples("2026-11-22T11:40:00Z", 6), nil, about(), []string{"11:40 11:45"}},
		{"ended before the time asked about", samples("2026-11-22T11:20:00Z", 10), nil, about(), nil},
		{"began before the time asked about, ended in it", samples("2026-11-22T11:20:00Z", 11), nil, about(), []string{"11:20 11:30"}},
		{"still fires", samples("2026-11-22T11:40:00Z", 21), fires, about(), []string{"11:40"}},
		{"fires since two minutes", samples("2026-11-22T11:58:00Z", 3), fires, about(), []string{"11:58"}},
		{"began a moment ago: left to the webhook", samples("2026-11-22T11:58:01Z", 2), fires, about(), nil},
		{"ended a moment after it began: the webhook may never come", samples("2026-11-22T11:59:00Z", 1), nil, about(), []string{"11:59 11:59"}},
		{"a gap of more than the lookback is an end", append(samples("2026-11-22T11:31:00Z", 3), samples("2026-11-22T11:39:00Z", 2)...), nil, about(), []string{"11:31 11:33", "11:39 11:40"}},
		{"a gap of the lookback is none", append(samples("2026-11-22T11:31:00Z", 3), samples("2026-11-22T11:38:00Z", 2)...), nil, about(), []string{"11:31 11:39"}},
		{"a new journal takes what fires", samples("2026-11-22T11:00:00Z", 61), fires, about(func(s *span) { s.present = true }), []string{"11:00"}},
		{"a new journal leaves what is over", samples("2026-11-22T11:40:00Z", 6), nil, about(func(s *span) { s.present = true }), nil},
		{"silenced at Alertmanager", samples("2026-11-22T11:40:00Z", 21), fires, about(func(s *span) {
			s.hidden = []incident.Hidden{{Labels: map[string]string{"alertname": "Breach", "pod": "a", "cluster": "prod"}}}
		}), nil},
		{"another alert is silenced", samples("2026-11-22T11:40:00Z", 21), fires, about(func(s *span) {
			s.hidden = []incident.Hidden{{Labels: map[string]string{"alertname": "Breach", "pod": "b"}}}
		}), []string{"11:40"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, d := range occurrences(&model.SampleStream{Metric: metric, Values: tt.values}, map[string]string{"cluster": "prod", "pod": "external"}, tt.firing, tt.about) {
				s := d.StartsAt.Format("15:04")
				if !d.EndsAt.IsZero() {
					s += d.EndsAt.Format(" 15:04")
				}
				if d.Firing != d.EndsAt.IsZero() {
					t.Errorf("firing %v and ends %s", d.Firing, d.EndsAt)
				}
				if want := map[string]string{"alertname": "Breach", "pod": "a", "nis2_reportable": "true", "cluster": "prod"}; !cmp.Equal(d.Labels, want) {
					t.Errorf("labels %v, want %v: those of the series win over external ones", d.Labels, want)
				}
				got = append(got, s)
			}
			if !cmp.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// asking runs a Reconcile against stand-ins until f returns.
func asking(t *testing.T, d *door, rt http.RoundTripper, alertmanagers, prometheus []string, f func(*Reconcile)) {
	t.Helper()
	parse := func(list []string) (out []*url.URL) {
		for _, s := range list {
			u, err := url.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, u)
		}
		return out
	}
	r := NewReconcile(d.handler, Asking{Alertmanagers: parse(alertmanagers), Prometheus: parse(prometheus), Client: &http.Client{Transport: rt}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	f(r)
	cancel()
	<-ended
}

const suppressed = `{"inhibitedBy":[],"mutedBy":[],"silencedBy":["s-1"],"state":"suppressed"}`

func TestReconcileTakesInWhatAlertmanagerLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		defer d.desk.Close()
		active := `{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"}`
		hidden := strings.Replace(listed(2), active, suppressed, 1)
		a := &alertmanager{start: time.Now(), answer: func(_ int, r *http.Request) (int, string) {
			if strings.HasSuffix(r.URL.Path, "/silences") {
				return 200, `[{"id":"s-1","createdBy":"ops","comment":"planned work","startsAt":"2026-11-22T10:00:00.000Z","endsAt":"2026-11-22T14:00:00.000Z","updatedAt":"2026-11-22T10:00:00.000Z","matchers":[{"name":"alertname","value":"TruncDown","isRegex":false,"isEqual":true}],"status":{"state":"active"}}]`
			}
			return 200, list(listed(1), hidden)
		}}
		asking(t, d, a, []string{"http://am:9093"}, nil, func(r *Reconcile) {
			synctest.Wait()
			time.Sleep(3*time.Minute + time.Second) // of the bubble: three more passes
			synctest.Wait()
			d.desk.View(func(s *incident.State) {
				if n := len(s.IDs()); n != 1 {
					t.Fatalf("%d incidents, want one for the alert that is delivered", n)
				}
				i, _ := s.Incident(s.IDs()[0])
				if al := i.Alerts[0]; len(i.Alerts) != 1 || al.Found != incident.FoundAtAlertmanager || al.Labels["instance"] != "web-1" {
					t.Errorf("got %+v", al)
				}
				if s.Size != 2 {
					t.Errorf("the journal has %d entries after four passes, want the incident and one of the first pass", s.Size)
				}
			})
			st := r.Status()
			if len(st) != 1 || len(st[0].Hidden) != 1 {
				t.Fatalf("status %+v, want the withheld alert", st)
			}
			if got, want := st[0].Hidden[0].By, []string{"silence s-1 by ops until 2026-11-22T14:00:00Z: planned work"}; !cmp.Equal(got, want) {
				t.Errorf("withheld by %q, want %q", got, want)
			}
		})
	})
}

// A source that fails is named, and what it could not say is asked for again.
func TestReconcileAsksAgainForTheTimeItFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		defer d.desk.Close()
		d.post(`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"First","nis2_reportable":"true"},"startsAt":"2026-11-22T10:00:00Z"}]}`)
		var up atomic.Bool
		var spans []string
		rt := roundTripper(func(r *http.Request) (int, string) {
			if !up.Load() {
				return 0, ""
			}
			switch {
			case strings.HasSuffix(r.URL.Path, "/status/config"):
				return 200, `{"status":"success","data":{"yaml":"global:\n  external_labels: {cluster: prod}\n"}}`
			case strings.HasSuffix(r.URL.Path, "/alerts"):
				return 200, `{"status":"success","data":{"alerts":[]}}`
			}
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			spans = append(spans, r.Form.Get("query"))
			return 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"ALERTS","alertstate":"firing","alertname":"Missed","nis2_reportable":"true"},"values":[[1795348740.123,"1"],[1795348800,"1"]]}]}}`
		})
		asking(t, d, rt, nil, []string{"http://prom:9090"}, func(r *Reconcile) {
			time.Sleep(time.Minute + time.Second)
			synctest.Wait()
			if st := r.Status(); len(st) != 1 || st[0].Error == "" || !strings.Contains(d.said.String(), "cannot be asked") {
				t.Errorf("while it is down: %+v", st)
			}
			up.Store(true)
			time.Sleep(time.Minute)
			synctest.Wait()
			if st := r.Status(); st[0].Error != "" {
				t.Errorf("once it is up: %+v", st)
			}
		})
		d.desk.View(func(s *incident.State) {
			i, ok := s.Incident("INC-2026-0002")
			if !ok {
				t.Fatal("the alert that nobody brought has no incident")
			}
			if want := time.UnixMilli(1795348740123).UTC(); !i.DetectedAt.Equal(want) || i.Alerts[0].Labels["cluster"] != "prod" || i.Alerts[0].Status != incident.Resolved {
				t.Errorf("detected %s, want %s to the millisecond; alert %+v", i.DetectedAt, want, i.Alerts[0])
			}
		})
		if len(spans) == 0 || !strings.HasPrefix(spans[0], `ALERTS{alertstate="firing"}[`) {
			t.Errorf("asked %q", spans)
		}
	})
}

// roundTripper answers in memory; status 0 is a connection refused.
type roundTripper func(*http.Request) (status int, body string)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	return (&alertmanager{answer: func(int, *http.Request) (int, string) { return f(r) }}).RoundTrip(r)
}
