package opensearch_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
	"nis2clock/internal/evidence/opensearch"
	"nis2clock/internal/evidence/opensearch/searchfake"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// docs are n documents in the time of interest, of a host each second one.
func docs(n int) []searchfake.Document {
	var all []searchfake.Document
	for i := range n {
		all = append(all, searchfake.Document{At: now.Add(-90*time.Minute + time.Duration(i)*time.Millisecond), Host: []string{"a", `b"}`}[i%2]})
	}
	return append(all, searchfake.Document{At: now, Host: "a"}) // outside
}

func capture(t *testing.T, fake *searchfake.Server, cfg opensearch.Config) evidence.Artefact {
	t.Helper()
	fake.Index = "logs-shop"
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	cfg.Name, cfg.URL, cfg.Index = "search", srv.URL, "logs-{{ .Labels.app }}"
	got := evidencetest.Collect(t, evidencetest.NewSink(t), cfg, evidencetest.Request(now, map[string]string{"app": "shop", "host": `b"}`}))
	if fake.Open() != 0 {
		t.Errorf("%d scrolls were not given back", fake.Open())
	}
	return evidencetest.One(t, got, opensearch.Hits)
}

func TestEveryHitIsCaptured(t *testing.T) {
	got := capture(t, &searchfake.Server{Docs: docs(2500)}, opensearch.Config{})
	if !got.Complete || got.Counts["hits"] != 2500 || len(got.Parts) < 3 || got.Parts[2].Items != 500 || got.ServerVersion != "opensearch 2.19.0" {
		t.Errorf("got %+v", got)
	}
	got = capture(t, &searchfake.Server{Docs: docs(100)}, opensearch.Config{Query: `{"term": {"host": "{{ .Labels.host }}"}}`})
	if !got.Complete || got.Counts["hits"] != 50 || !strings.Contains(got.Query, `{"term":{"host":"b\"}"}}`) {
		t.Errorf("with a query: %+v", got)
	}
	if got = capture(t, &searchfake.Server{}, opensearch.Config{}); !got.Complete || !got.Empty {
		t.Errorf("nothing there: %+v", got)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	for _, tt := range []struct {
		name string
		fake *searchfake.Server
		cfg  opensearch.Config
		gap  string
		err  string
	}{
		{"a shard failed", &searchfake.Server{Docs: docs(5), FailedShards: 2}, opensearch.Config{}, "2 of 5 shards failed", ""},
		{"it timed out", &searchfake.Server{Docs: docs(5), TimedOut: true}, opensearch.Config{}, "timed out", ""},
		{"busy in the middle", &searchfake.Server{Docs: docs(2500), FailAfter: 2}, opensearch.Config{}, "2000 hits of 2500", "answered 503"},
		{"over the budget", &searchfake.Server{Docs: docs(2500)}, opensearch.Config{Source: evidence.Source{MaxBytes: 100 << 10}}, "hits of", "cut:"},
		{"a query that is refused", &searchfake.Server{Docs: docs(5)}, opensearch.Config{Query: `{"nonsense": {}}`}, "0 hits of 0", "parsing_exception"},
	} {
		got := capture(t, tt.fake, tt.cfg)
		if got.Complete || len(got.Gaps) != 1 || !strings.Contains(got.Gaps[0].Reason, tt.gap) || !strings.Contains(got.Error, tt.err) || (got.Error == "") != (tt.err == "") {
			t.Errorf("%s: got error %q and gaps %+v", tt.name, got.Error, got.Gaps)
		}
	}
}

// A label cannot lead to another index or another part of the API.
func TestIndexIsAName(t *testing.T) {
	srv := httptest.NewServer(&searchfake.Server{})
	defer srv.Close()
	for _, app := range []string{"../_cluster", "x/_delete_by_query", "x?y", "x#y", `x"y`} {
		cfg := opensearch.Config{Source: evidence.Source{Name: "s"}, Endpoint: evidence.Endpoint{URL: srv.URL}, Index: "logs-{{ .Labels.app }}"}
		got := evidencetest.One(t, evidencetest.Collect(t, evidencetest.NewSink(t), cfg, evidencetest.Request(now, map[string]string{"app": app})), opensearch.Hits)
		if !strings.Contains(got.Error, "not a name") || len(got.Parts) != 0 {
			t.Errorf("%q: got %+v", app, got)
		}
	}
}
