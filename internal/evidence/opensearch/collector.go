// Package opensearch captures the hits of a search around detection from an
// OpenSearch or an Elasticsearch.
//
// It reads through a scroll, which shows the index as it was at the first
// answer and every hit once, and gives the scroll back. Shards that failed and
// a search that timed out are gaps: what they hold is not in the answers.
package opensearch

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nis2clock/internal/evidence"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Hits is the kind of artefact: answers of _search, one after the other.
const Hits = "opensearch_hits"

// keep is how long the server holds a scroll between two answers.
const keep = "1m"

// Collector implements [evidence.Collector].
type Collector struct {
	source    evidence.Source
	client    *evidence.Client
	index     *evidence.Template
	query     *evidence.Template
	timeField string
	hits      int
}

// Source implements [evidence.Collector].
func (c *Collector) Source() evidence.Source { return c.source }

// Collect implements [evidence.Collector].
func (c *Collector) Collect(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
	version, unknown := c.version(ctx)
	rec.Take(ctx, Hits, func(ctx context.Context, a *evidence.Capture) error {
		a.Server, a.ServerVersion, a.From, a.To = c.client.Base(), version, req.From.UTC(), req.To.UTC()
		if unknown != nil {
			a.Warn("the server's version is not known: %v", unknown)
		}
		index, body, err := c.search(req)
		if err != nil {
			return err
		}
		a.Query = string(body)
		return c.read(ctx, a, index, body)
	})
	return nil
}

func (c *Collector) version(ctx context.Context) (string, error) {
	var info struct {
		Version struct {
			Distribution string `json:"distribution"`
			Number       string `json:"number"`
		} `json:"version"`
	}
	err := c.client.GetJSON(ctx, c.client.URL("/", nil), &info)
	return strings.TrimSpace(info.Version.Distribution + " " + info.Version.Number), err
}

// search is the index to search and what for.
func (c *Collector) search(req evidence.Request) (index string, body []byte, err error) {
	if index, err = c.index.Render(req); err != nil {
		return "", nil, err
	}
	// Everything but a name or a pattern would be another part of the API.
	if index == "" || strings.ContainsAny(index, `/\?#"<>| `) || strings.HasPrefix(index, "_") || strings.HasPrefix(index, ".") {
		return "", nil, evidence.Fail(false, "the index is not a name that can be searched")
	}
	text, err := c.query.Render(req)
	if err != nil {
		return "", nil, err
	}
	wanted, err := clause(text)
	if err != nil {
		return "", nil, err
	}
	type object = map[string]any
	within := object{"range": object{c.timeField: object{
		"gte": req.From.UTC().Format(time.RFC3339Nano), "lt": req.To.UTC().Format(time.RFC3339Nano),
	}}}
	body, err = json.Marshal(object{
		"size": c.hits, "track_total_hits": true,
		"sort":  []any{object{c.timeField: "asc"}},
		"query": object{"bool": object{"filter": []any{within, wanted}}},
	}, json.Deterministic(true))
	return index, body, err
}

// answer is what is read of one; the hits are only counted.
type answer struct {
	ScrollID string `json:"_scroll_id"`
	TimedOut bool   `json:"timed_out"`
	Shards   struct {
		Total  int `json:"total"`
		Failed int `json:"failed"`
	} `json:"_shards"`
	Hits struct {
		Total struct {
			Value    int    `json:"value"`
			Relation string `json:"relation"`
		} `json:"total"`
		Hits []jsontext.Value `json:"hits"`
	} `json:"hits"`
}

// read reads all answers into the capture.
func (c *Collector) read(ctx context.Context, a *evidence.Capture, index string, body []byte) (err error) {
	address := c.client.URL("/"+url.PathEscape(index)+"/_search", url.Values{"scroll": {keep}})
	scroll, n, total := "", 0, 0
	defer func() {
		if scroll != "" {
			if failed := c.giveBack(ctx, scroll); failed != nil {
				a.Warn("the scroll was not given back, it ends by itself after %s: %v", keep, failed)
			}
		}
		a.Count("hits", n)
		if err != nil {
			a.Miss(a.From, a.To, "%d hits of %d were captured before it failed", n, total)
		}
	}()
	for first := true; ; first = false {
		page, err := c.post(ctx, address, body)
		if page.ScrollID != "" {
			scroll = page.ScrollID
		}
		if err != nil {
			return err
		}
		if first {
			total = page.Hits.Total.Value
		}
		n += len(page.Hits.Hits)
		a.Items(len(page.Hits.Hits))
		if page.Shards.Failed > 0 {
			a.Miss(a.From, a.To, "%d of %d shards failed: what they hold is missing", page.Shards.Failed, page.Shards.Total)
		}
		if page.TimedOut {
			a.Miss(a.From, a.To, "the search timed out on the server: hits are missing")
		}
		if len(page.Hits.Hits) == 0 || scroll == "" || n >= total && page.Hits.Total.Relation == "eq" {
			break
		}
		address = c.client.URL("/_search/scroll", nil)
		if body, err = json.Marshal(map[string]string{"scroll": keep, "scroll_id": scroll}, json.Deterministic(true)); err != nil {
			return err
		}
	}
	if n < total {
		a.Miss(a.From, a.To, "the server found %d hits and gave %d", total, n)
	}
	a.Empty = n == 0 && len(a.Gaps) == 0
	return nil
}

func (c *Collector) post(ctx context.Context, address string, body []byte) (answer, error) {
	var out answer
	resp, err := c.do(ctx, http.MethodPost, address, body)
	if err == nil {
		err = evidence.Decode(resp, &out)
	}
	return out, err
}

func (c *Collector) do(ctx context.Context, method, address string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, evidence.Fail(false, "the search makes no address that can be asked for")
	}
	req.Header.Set("Content-Type", evidence.MediaJSON)
	return c.client.Do(req, evidence.MediaJSON)
}

// giveBack frees what the server holds for a scroll, also when time is up. Its
// answer is no evidence.
func (c *Collector) giveBack(ctx context.Context, scroll string) error {
	ctx, cancel := context.WithTimeout(evidence.Aside(context.WithoutCancel(ctx)), 500*time.Millisecond)
	defer cancel()
	body, err := json.Marshal(map[string]string{"scroll_id": scroll})
	if err != nil {
		return err
	}
	resp, err := c.do(ctx, http.MethodDelete, c.client.URL("/_search/scroll", nil), body)
	if err != nil {
		return errors.New("the server did not take it")
	}
	return resp.Body.Close()
}
