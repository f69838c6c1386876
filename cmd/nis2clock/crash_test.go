package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
)

// crashRounds is how often the service is killed; NIS2CLOCK_CRASH_ROUNDS
// overrides it.
const crashRounds = 12

// A sent alert of the crash test.
type sent struct {
	name     string
	body     []byte
	answered bool        // with 200
	id       incident.ID // that the answer named
}

// newAlert is a webhook body with one alert that was never sent before.
func newAlert(name string) (*sent, error) {
	labels := map[string]string{"alertname": name, "nis2_reportable": "true", "severity": "critical"}
	body, err := json.Marshal(map[string]any{
		"version": "4", "status": "firing", "receiver": "nis2", "groupKey": "{}:{}", "truncatedAlerts": 0,
		"alerts": []any{map[string]any{
			"status": "firing", "labels": labels, "annotations": map[string]string{"summary": name},
			"startsAt": time.Now().UTC().Format(time.RFC3339Nano), "endsAt": "0001-01-01T00:00:00Z",
		}},
	})
	return &sent{name: name, body: body}, err
}

// receipt is what the webhook answers.
type receipt struct {
	Received  int           `json:"received"`
	Opened    []incident.ID `json:"opened"`
	NOpened   int           `json:"opened_alerts"`
	Attached  int           `json:"attached"`
	Duplicate int           `json:"duplicate"`
}

// post sends the alert and notes the answer. An error means that there was none.
func (s *sent) post(ctx context.Context, url, dir string) (receipt, error) {
	status, raw, err := call(ctx, http.MethodPost, url+"/webhook/alertmanager", filepath.Join(dir, access.IntakeFile), s.body)
	if err != nil {
		return receipt{}, err
	}
	if status != http.StatusOK {
		return receipt{}, fmt.Errorf("%s was answered %d %s", s.name, status, raw)
	}
	var r receipt
	if err := json.Unmarshal(raw, &r); err != nil {
		return receipt{}, err
	}
	s.answered = true
	if len(r.Opened) == 1 {
		s.id = r.Opened[0]
	}
	return r, nil
}

// The service is killed right after it answered 200, while it has the request
// but may not have answered, and in a burst of parallel requests. What it
// answered is there each time, and what it did not answer can be sent again.
func TestAnsweredAlertsSurviveKill(t *testing.T) {
	rounds := crashRounds
	if s := os.Getenv("NIS2CLOCK_CRASH_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("NIS2CLOCK_CRASH_ROUNDS=%q is not a number of rounds", s)
		}
		rounds = n
	}
	program, dir := built.build(t), filepath.Join(t.TempDir(), "data")
	kinds := []struct {
		name string
		kill func(t *testing.T, p *process, dir string, round int) []*sent
	}{
		{"after the answer", killAfterAnswer},
		{"as the request arrives", killOnRequest},
		{"in a burst", killInBurst},
	}
	var all []*sent
	answered := map[string]int{}
	for round := range rounds {
		kind := kinds[round%len(kinds)]
		p := serve(t, program, "--data", dir)
		batch := kind.kill(t, p, dir, round)
		for _, s := range batch {
			if s.answered {
				answered[kind.name]++
			}
		}
		p = serve(t, program, "--data", dir)
		for _, s := range batch {
			check(t, s, p.url, dir)
		}
		all = append(all, batch...)
		if err := p.kill(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("in round %d, killed %s", round, kind.name)
		}
	}
	t.Logf("%d rounds, %d alerts, answered before the kill: %v", rounds, len(all), answered)
	if err := verified(program, dir); err != nil {
		t.Error(err)
	}

	p := serve(t, program, "--data", dir)
	for _, s := range all {
		check(t, s, p.url, dir)
	}
	if got := len(incidents(t, p.url, dir)); got != len(all) {
		t.Errorf("%d incidents after %d alerts", got, len(all))
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if err := verified(program, dir); err != nil {
		t.Error(err)
	}
}

// serve starts the service on a free port and kills it when the test ends.
func serve(t *testing.T, program string, args ...string) *process {
	t.Helper()
	args = append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)
	p, err := launch(exec.Command(program, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.output())
		}
	})
	return p
}

// check sends the alert again, as Alertmanager does, and looks whether it is
// there once: as it was left by an answer, or opened now if there was none.
func check(t *testing.T, s *sent, url, dir string) {
	t.Helper()
	had, id := s.answered, s.id
	r, err := s.post(t.Context(), url, dir)
	if err != nil {
		t.Errorf("%s, sent again: %v", s.name, err)
		return
	}
	switch {
	case r.Received != 1 || r.NOpened+r.Duplicate != 1:
		t.Errorf("%s, sent again, was answered %+v", s.name, r)
		return
	case had && r.Duplicate != 1:
		t.Errorf("%s was answered 200 before the kill and is not known after it: %+v", s.name, r)
		return
	case had:
		s.id = id
	}
	if s.id == "" {
		return // stored without an answer: the count of incidents covers it
	}
	var v incident.View
	if err := get(t.Context(), url+"/api/v1/incidents/"+string(s.id), filepath.Join(dir, access.AdminFile), &v); err != nil {
		t.Error(err)
		return
	}
	if len(v.Alerts) != 1 || v.Alerts[0].Labels["alertname"] != s.name || len(v.Clocks) != 3 {
		t.Errorf("%s is %s with %d alerts and %d clocks", s.name, v.ID, len(v.Alerts), len(v.Clocks))
	}
}

// incidents lists every incident.
func incidents(t *testing.T, url, dir string) []incident.View {
	t.Helper()
	var out struct {
		Incidents []incident.View `json:"incidents"`
		Next      *string         `json:"next"`
	}
	var all []incident.View
	for cursor := ""; ; cursor = *out.Next {
		if err := get(t.Context(), url+"/api/v1/incidents?limit=1000&cursor="+cursor, filepath.Join(dir, access.AdminFile), &out); err != nil {
			t.Fatal(err)
		}
		all = append(all, out.Incidents...)
		if out.Next == nil {
			return all
		}
	}
}

func alertOf(t *testing.T, round, n int) *sent {
	t.Helper()
	s, err := newAlert(fmt.Sprintf("Round%dAlert%d", round, n))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func killAfterAnswer(t *testing.T, p *process, dir string, round int) []*sent {
	s := alertOf(t, round, 0)
	_, err := s.post(t.Context(), p.url, dir)
	if err := errors.Join(err, p.kill()); err != nil {
		t.Fatal(err)
	}
	return []*sent{s}
}

// killOnRequest kills the service as soon as the whole request was written.
// Whether that is before the commit, between commit and answer, or after both
// is as it falls.
func killOnRequest(t *testing.T, p *process, dir string, round int) []*sent {
	s := alertOf(t, round, 0)
	killed := make(chan error, 1)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { killed <- p.kill() },
	})
	if _, err := s.post(ctx, p.url, dir); err != nil {
		t.Logf("%s: %v", s.name, err)
	}
	if err := <-killed; err != nil {
		t.Fatal(err)
	}
	return []*sent{s}
}

// killInBurst kills the service after some of the answers to several requests
// at once.
func killInBurst(t *testing.T, p *process, dir string, round int) []*sent {
	const parallel = 8
	var (
		batch []*sent
		wg    sync.WaitGroup
		done  = make(chan struct{}, parallel)
	)
	for n := range parallel {
		s := alertOf(t, round, n)
		batch = append(batch, s)
		wg.Go(func() {
			if _, err := s.post(t.Context(), p.url, dir); err != nil {
				t.Logf("%s: %v", s.name, err)
				return
			}
			done <- struct{}{}
		})
	}
	for range 1 + round/3%parallel {
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("the burst was not answered")
		}
	}
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	return batch
}
