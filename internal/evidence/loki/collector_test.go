package loki_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
	"nis2clock/internal/evidence/loki"
	"nis2clock/internal/evidence/loki/lokifake"

	"github.com/go-json-experiment/json"
)

// now is when the tests ask; the time of interest is an hour around detection
// an hour earlier.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// lines are n lines of three streams; so many share each nanosecond.
func lines(n, sharing int) []lokifake.Line {
	from := now.Add(-90 * time.Minute)
	var all []lokifake.Line
	for i := range n {
		all = append(all, lokifake.Line{
			At:     from.Add(time.Duration(i/sharing) * time.Second / 10).UnixNano(),
			Stream: map[string]string{"pod": fmt.Sprintf("pod-%d", i%3)},
			Text:   fmt.Sprintf("line %d \"quoted\" \x1b[31m", i),
		})
	}
	return all
}

type line struct {
	NS     string            `json:"ns"`
	Labels map[string]string `json:"labels"`
	Line   string            `json:"line"`
}

// capture runs the collector against the fake and reads the lines it kept.
func capture(t *testing.T, fake *lokifake.Server, cfg loki.Config) (pages, made evidence.Artefact, got []line) {
	t.Helper()
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	cfg.Name, cfg.URL = "logs", srv.URL
	if cfg.Queries == nil {
		cfg.Queries = []string{`{app="{{ .Labels.app }}"}`}
	}
	sink := evidencetest.NewSink(t)
	all := evidencetest.Collect(t, sink, cfg, evidencetest.Request(now, map[string]string{"app": `shop"} or {x="`}))
	pages, made = evidencetest.One(t, all, loki.Pages), evidencetest.One(t, all, loki.Lines)
	if made.Digest == "" {
		return pages, made, nil
	}
	for text := range strings.Lines(sink.Content(t, made)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got = append(got, l)
	}
	return pages, made, got
}

// wantOnce checks that every line was kept exactly once and in order.
func wantOnce(t *testing.T, want []lokifake.Line, got []line) {
	t.Helper()
	count := map[string]int{}
	for _, l := range want {
		count[fmt.Sprintf("%d %s %s", l.At, l.Stream["pod"], l.Text)]++
	}
	last := int64(0)
	for _, l := range got {
		count[l.NS+" "+l.Labels["pod"]+" "+l.Line]--
		at, err := strconv.ParseInt(l.NS, 10, 64)
		if err != nil || at < last {
			t.Fatalf("line at %s comes after one at %d (%v)", l.NS, last, err)
		}
		last = at
	}
	for l, n := range count {
		if n != 0 {
			t.Fatalf("%s was kept %d times too few", l, n)
		}
	}
}

func TestLinesAreCapturedCompleteAndOnce(t *testing.T) {
	for _, sharing := range []int{2, 300, 4999} {
		t.Run(fmt.Sprintf("%d to a nanosecond", sharing), func(t *testing.T) {
			want := lines(12_000, sharing)
			fake := &lokifake.Server{Lines: want}
			pages, made, got := capture(t, fake, loki.Config{})
			if !pages.Complete || !made.Complete || len(made.Gaps) > 0 || made.Error != "" {
				t.Fatalf("it is not complete: %+v", made)
			}
			wantOnce(t, want, got)
			if made.MadeFrom != pages.Digest || pages.Counts["lines"] != len(want) || pages.ServerVersion != "3.7.8" {
				t.Errorf("got %+v", pages)
			}
			if q := fake.Queries()[0]; q != `{app="shop\"} or {x=\""}` {
				t.Errorf("the query is %s", q)
			}
		})
	}
}

// The answers differ from run to run, the lines do not.
func TestSameLinesAreTheSameBytes(t *testing.T) {
	all := lines(6000, 40)
	one, first, _ := capture(t, &lokifake.Server{Lines: all}, loki.Config{})
	two, second, _ := capture(t, &lokifake.Server{Lines: all, Limit: 700}, loki.Config{Slice: time.Hour})
	if first.Digest != second.Digest || one.Digest == two.Digest {
		t.Errorf("lines %s and %s, answers %s and %s", first.Digest, second.Digest, one.Digest, two.Digest)
	}
}

// A nanosecond that fills more than an answer cannot be captured whole: that
// is said, and what comes before and after is there.
func TestNanosecondThatFillsAnAnswerIsAGap(t *testing.T) {
	all := lines(12_000, 6000)
	_, made, got := capture(t, &lokifake.Server{Lines: all}, loki.Config{})
	at := now.Add(-90 * time.Minute)
	if made.Complete || made.Error != "" || len(got) != 10_000 || len(made.Gaps) != 2 {
		t.Fatalf("%d lines, %+v", len(got), made)
	}
	for n, want := range []time.Time{at, at.Add(time.Second / 10)} {
		if g := made.Gaps[n]; !g.From.Equal(want) || !g.To.Equal(want.Add(1)) || !strings.Contains(g.Reason, "share this nanosecond than the 5000") {
			t.Errorf("gap %d is %+v, want the nanosecond at %s", n, g, want)
		}
	}
}

// Exactly one answer's worth cannot be told from more.
func TestNanosecondThatJustFillsAnAnswer(t *testing.T) {
	_, made, got := capture(t, &lokifake.Server{Lines: lines(5000, 5000)}, loki.Config{})
	if made.Complete || len(got) != 5000 || len(made.Gaps) != 1 {
		t.Errorf("%d lines, %+v", len(got), made)
	}
}

func TestServerThatAllowsFewerLinesIsAskedForFewer(t *testing.T) {
	all := lines(2000, 3)
	for name, fake := range map[string]*lokifake.Server{
		"a lower limit":     {Lines: all, Limit: 300},
		"a smaller message": {Lines: all, MaxBytes: 20 << 10},
	} {
		pages, made, got := capture(t, fake, loki.Config{})
		if !made.Complete || len(pages.Warnings) == 0 || !strings.Contains(pages.Warnings[0], "the server allows no 5000 lines") {
			t.Errorf("%s: %+v", name, pages)
		}
		wantOnce(t, all, got)
	}
}

func TestEmptyIsRecordedAsEmpty(t *testing.T) {
	pages, made, _ := capture(t, &lokifake.Server{}, loki.Config{})
	if !pages.Complete || !pages.Empty || !made.Complete || !made.Empty || pages.Bytes == 0 || len(pages.Parts) != 6 {
		t.Errorf("got %+v and %+v", pages, made)
	}
}

// More answers than are worth listing are still all there.
func TestManyAnswers(t *testing.T) {
	want := lines(600, 1)
	pages, made, got := capture(t, &lokifake.Server{Lines: want}, loki.Config{Slice: 10 * time.Second})
	if !pages.Complete || len(pages.Parts) != 256 || len(pages.Warnings) != 1 || !strings.Contains(pages.Warnings[0], "104 further answers") || !made.Complete {
		t.Errorf("got %d parts, %v", len(pages.Parts), pages.Warnings)
	}
	wantOnce(t, want, got)
}

// What was captured before a failure stands, and the gap says from where on
// nothing is there.
func TestFailureInTheMiddle(t *testing.T) {
	all := lines(12_000, 2)
	from := now.Add(-80 * time.Minute)
	pages, made, got := capture(t, &lokifake.Server{Lines: all, FailFrom: from.UnixNano()}, loki.Config{})
	if made.Complete || !made.Retry || !strings.Contains(made.Error, "503") || pages.Error != made.Error {
		t.Fatalf("got %+v", made)
	}
	if len(made.Gaps) != 1 || !made.Gaps[0].From.Equal(from) || !made.Gaps[0].To.Equal(now.Add(-30*time.Minute)) {
		t.Errorf("the gaps are %+v, want one from %s", made.Gaps, from)
	}
	before := slices.DeleteFunc(all, func(l lokifake.Line) bool { return l.At >= from.UnixNano() })
	wantOnce(t, before, got)
}

func TestBudgetInTheMiddle(t *testing.T) {
	_, made, got := capture(t, &lokifake.Server{Lines: lines(12_000, 2)}, loki.Config{Source: evidence.Source{MaxBytes: 1 << 20}})
	if made.Complete || made.Retry || !strings.Contains(made.Error, "cut:") || len(made.Gaps) != 1 {
		t.Errorf("%d lines, %+v", len(got), made)
	}
}

func TestTenant(t *testing.T) {
	if _, made, _ := capture(t, &lokifake.Server{Tenant: "a|b"}, loki.Config{Tenant: "a|b"}); !made.Complete {
		t.Errorf("with its tenant: %+v", made)
	}
	if _, made, _ := capture(t, &lokifake.Server{Tenant: "a"}, loki.Config{}); !strings.Contains(made.Error, "no org id") || made.Retry {
		t.Errorf("without a tenant: %+v", made)
	}
}

func TestMissingLabelSkips(t *testing.T) {
	srv := httptest.NewServer(&lokifake.Server{})
	defer srv.Close()
	cfg := loki.Config{Source: evidence.Source{Name: "logs"}, Endpoint: evidence.Endpoint{URL: srv.URL}, Queries: []string{`{pod="{{ .Labels.pod }}"}`}}
	got := evidencetest.Collect(t, evidencetest.NewSink(t), cfg, evidencetest.Request(now, nil))
	if a := evidencetest.One(t, got, loki.Lines); !a.Skipped || a.Retry || !strings.Contains(a.Error, `"pod"`) {
		t.Errorf("got %+v", a)
	}
}
