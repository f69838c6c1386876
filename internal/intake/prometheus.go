package intake

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"nis2clock/internal/incident"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// prometheusAPI is one Prometheus that can be asked. It writes the series
// ALERTS for every alert of its rules, one sample an evaluation: the first
// sample of a run is the alert's startsAt.
type prometheusAPI struct {
	host string
	api  promv1.API
	err  error // why it cannot be asked at all
}

func newPrometheusAPI(base *url.URL, client *http.Client) prometheusAPI {
	c, err := api.NewClient(api.Config{Address: base.String(), Client: client})
	if err != nil {
		return prometheusAPI{host: base.Host, err: err}
	}
	return prometheusAPI{host: base.Host, api: promv1.NewAPI(c)}
}

func (p prometheusAPI) name() string { return "prometheus " + p.host }

const (
	// lookedBehind is how far before the time asked about the series are read,
	// so that an alert that began before it is seen from its beginning.
	lookedBehind = time.Hour
	// longestSpan is how far back the series are read at most: Prometheus keeps
	// fifteen days with no configuration.
	longestSpan = 15 * 24 * time.Hour
	// slice is read with one question, so that an answer stays bounded.
	slice = 6 * time.Hour
	// lapse is how long a series can be without a sample and still be the same
	// occurrence: Prometheus' own lookback.
	lapse = 5 * time.Minute
	// leave is how long an alert that fires is left to the webhook, which
	// brings more with it, before it is taken from here.
	leave = 2 * time.Minute
)

// firingAlerts selects every alert, because a rule of ours can make one
// reportable that has no label for it.
const firingAlerts = `ALERTS{alertstate="firing"}`

func (p prometheusAPI) ask(ctx context.Context, about span) (answer, error) {
	if p.err != nil {
		return answer{}, p.err
	}
	external, err := p.external(ctx)
	if err != nil {
		return answer{}, err
	}
	from := about.from.Add(-lookedBehind)
	if earliest := about.to.Add(-longestSpan); from.Before(earliest) {
		from = earliest
	}
	var out answer
	series := map[model.Fingerprint]*model.SampleStream{}
	for start := from; start.Before(about.to); start = start.Add(slice) {
		end := start.Add(slice)
		if end.After(about.to) {
			end = about.to
		}
		warnings, err := p.read(ctx, start, end, series)
		if err != nil {
			return answer{}, err
		}
		out.warnings = append(out.warnings, warnings...)
	}
	firing, err := p.firing(ctx)
	if err != nil {
		return answer{}, err
	}
	for _, s := range slices.SortedFunc(maps.Values(series), func(a, b *model.SampleStream) int {
		if a.Values[0].Timestamp != b.Values[0].Timestamp {
			return int(a.Values[0].Timestamp - b.Values[0].Timestamp)
		}
		return slices.Compare([]byte(a.Metric.String()), []byte(b.Metric.String()))
	}) {
		for _, d := range occurrences(s, external, firing, about) {
			if what := identify(&d, ""); what != "" {
				out.problems = append(out.problems, incident.Problem{Where: s.Metric.String(), What: what})
				continue
			}
			out.alerts = append(out.alerts, d)
		}
	}
	if len(out.alerts)+len(out.problems) > 0 {
		out.raw, err = encode(slices.Collect(maps.Values(series)))
	}
	return out, err
}

// read adds the samples after start up to end to the series. A range selector
// gives them as they were written, not on a grid.
func (p prometheusAPI) read(ctx context.Context, start, end time.Time, series map[model.Fingerprint]*model.SampleStream) (promv1.Warnings, error) {
	query := fmt.Sprintf("%s[%dms]", firingAlerts, end.Sub(start).Milliseconds())
	value, warnings, _, err := p.api.Query(ctx, query, end)
	if err != nil {
		return nil, fmt.Errorf("ask for the series ALERTS: %w", err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("ask for the series ALERTS: the answer is a %s, not a matrix", value.Type())
	}
	for _, s := range matrix {
		id := s.Metric.Fingerprint()
		if series[id] == nil {
			series[id] = &model.SampleStream{Metric: s.Metric}
		}
		for _, v := range s.Values {
			if had := series[id].Values; len(had) == 0 || v.Timestamp > had[len(had)-1].Timestamp {
				series[id].Values = append(had, v)
			}
		}
	}
	return warnings, nil
}

// firing are the label sets of the alerts that fire now.
func (p prometheusAPI) firing(ctx context.Context) (map[model.Fingerprint]bool, error) {
	got, err := p.api.Alerts(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask what fires now: %w", err)
	}
	out := map[model.Fingerprint]bool{}
	for _, a := range got.Alerts {
		if a.State == promv1.AlertStateFiring {
			out[a.Labels.Fingerprint()] = true
		}
	}
	return out, nil
}

// external are the labels that Prometheus adds to an alert when it sends it.
func (p prometheusAPI) external(ctx context.Context) (map[string]string, error) {
	got, err := p.api.Config(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for its external labels: %w", err)
	}
	var cfg struct {
		Global struct {
			ExternalLabels map[string]string `yaml:"external_labels"`
		} `yaml:"global"`
	}
	if err := yaml.Unmarshal([]byte(got.YAML), &cfg); err != nil {
		return nil, fmt.Errorf("read its external labels: %w", err)
	}
	return cfg.Global.ExternalLabels, nil
}

// occurrences are the runs of a series that matter: those that overlap the
// time asked about, but for what the webhook can still bring and what
// Alertmanager withholds.
func occurrences(s *model.SampleStream, external map[string]string, firing map[model.Fingerprint]bool, about span) []incident.Delivery {
	own := s.Metric.Clone()
	delete(own, model.MetricNameLabel)
	delete(own, "alertstate")
	labels := map[string]string{}
	maps.Copy(labels, external)
	for name, v := range own {
		labels[string(name)] = string(v)
	}
	var out []incident.Delivery
	all := runs(s.Values)
	for n, run := range all {
		d := incident.Delivery{
			Labels: labels, StartsAt: run.start, EndsAt: run.end, Found: incident.FoundInPrometheus,
			Flags: []string{"found in Prometheus, before any webhook brought it"},
		}
		if d.Firing = n == len(all)-1 && firing[own.Fingerprint()]; d.Firing {
			d.EndsAt = time.Time{}
		}
		switch {
		case !d.Firing && (about.present || run.end.Before(about.from)):
		case d.Firing && about.to.Sub(run.start) < leave:
		case d.Firing && withheld(d, about.hidden):
		default:
			out = append(out, d)
		}
	}
	return out
}

// withheld reports whether Alertmanager keeps the alert back.
func withheld(d incident.Delivery, hidden []incident.Hidden) bool {
	return slices.ContainsFunc(hidden, func(h incident.Hidden) bool { return incident.SameAlert(h.Labels, d.Labels) })
}

type run struct{ start, end time.Time }

// runs are the stretches of samples without a gap longer than [lapse].
func runs(values []model.SamplePair) []run {
	var out []run
	for _, v := range values {
		at := v.Timestamp.Time().UTC()
		if n := len(out); n > 0 && at.Sub(out[n-1].end) <= lapse {
			out[n-1].end = at
		} else {
			out = append(out, run{at, at})
		}
	}
	return out
}
