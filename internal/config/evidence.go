package config

import (
	"errors"
	"fmt"
	"maps"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/alertmanager"
	"nis2clock/internal/evidence/grafana"
	"nis2clock/internal/evidence/httpget"
	"nis2clock/internal/evidence/kubernetes"
	"nis2clock/internal/evidence/loki"
	"nis2clock/internal/evidence/opensearch"
	"nis2clock/internal/evidence/prometheus"
)

// Evidence is what is captured of what other systems know, and when.
type Evidence struct {
	Schedule evidence.Schedule
	// Collectors have names of their own. Making one reads the files it names
	// and can still fail.
	Collectors []evidence.Maker
}

func (c *Config) evidence(s *section) {
	defer s.close()
	if sub, ok := s.section("vault"); ok {
		readVault(sub, &c.Vault)
	}
	if sub, ok := s.section("offsite"); ok {
		c.Offsite = readOffsite(sub)
	}
	if sub, ok := s.section("timestamps"); ok {
		c.Timestamps = readTimestamps(sub)
	}
	c.Evidence.read(s)
}

func (c *Evidence) read(s *section) {
	if list(s, "schedule", &c.Schedule.Offsets, parseDuration) && len(c.Schedule.Offsets) == 0 {
		s.refuse(s.lineOf("schedule"), s.at("schedule"), "the list is empty: leave the key out for 0s and 15m")
	}
	scalar(s, "before_report", &c.Schedule.BeforeReport, zeroOr(atLeast(minEvery)))
	if window, ok := s.section("window"); ok {
		defer window.close()
		scalar(window, "before", &c.Schedule.Before, atLeast(minEvery))
		scalar(window, "after", &c.Schedule.After, atLeast(minEvery))
	}
	f, ok := s.take("collectors")
	if !ok {
		return
	}
	items, _ := f.items()
	names := map[string]string{} // to the keys where they are
	for _, item := range items {
		sub, ok := item.section()
		if !ok {
			continue
		}
		name, made := readCollector(sub)
		if first, taken := names[name]; taken {
			sub.refuse(sub.lineOf("name"), sub.at("name"), "%s is the name of %s too: give each collector its own", quote(name), first)
		}
		if name != "" {
			names[name] = item.key
		}
		if made != nil {
			c.Collectors = append(c.Collectors, made)
		}
	}
}

// kinds are the collectors there are; each reads the keys of its own.
var kinds = map[string]func(*section, evidence.Source, evidence.Endpoint) evidence.Maker{
	"prometheus":   readPrometheus,
	"loki":         readLoki,
	"alertmanager": readAlertmanager,
	"opensearch":   readOpenSearch,
	"grafana":      readGrafana,
	"kubernetes":   readKubernetes,
	"http":         readHTTP,
}

// parseKind reads the kind of a collector.
func parseKind(s string) (string, error) {
	if kinds[s] == nil {
		return "", fmt.Errorf("%s is not a kind of collector: want %s", quote(s), either(slices.Sorted(maps.Keys(kinds))))
	}
	return s, nil
}

// collectorName is a name that stands in entries, metrics and messages.
var collectorName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func parseCollectorName(s string) (string, error) {
	if !collectorName.MatchString(s) {
		return "", fmt.Errorf("%s is not a short name: want up to 64 letters, digits, dots, dashes and underscores", quote(s))
	}
	return s, nil
}

// readCollector reads one collector; made is nil when its kind is not known.
func readCollector(s *section) (name string, made evidence.Maker) {
	var source evidence.Source
	var kind string
	if !scalar(s, "name", &source.Name, parseCollectorName) {
		s.missing("name", "give the collector a short name, which its artefacts bear")
	}
	if !scalar(s, "kind", &kind, parseKind) {
		s.missing("kind", "say which kind of system it asks: "+either(slices.Sorted(maps.Keys(kinds))))
	}
	if kind == "" { // what its keys mean is not known
		return source.Name, nil
	}
	defer s.close()
	source.Timeout, source.MaxBytes = evidence.DefaultTimeout, evidence.DefaultMaxBytes
	if kind == "prometheus" {
		source.MaxBytes = prometheus.DefaultMaxBytes
	}
	scalar(s, "timeout", &source.Timeout, atLeast(time.Second))
	scalar(s, "max_bytes", &source.MaxBytes, parseSize)
	e := readEndpoint(s)
	if e.URL == "" && kind != "kubernetes" && s.found["url"] == nil {
		s.missing("url", "give the base address of what is asked")
	}
	return source.Name, kinds[kind](s, source, e)
}

// readEndpoint reads where a source is and how it knows us.
func readEndpoint(s *section) (e evidence.Endpoint) {
	scalar(s, "url", &e.URL, parseBase)
	s.file("ca_file", &e.CAFile)
	if sub, ok := s.section("client_certificate"); ok {
		defer sub.close()
		if !sub.file("cert_file", &e.CertFile) {
			sub.missing("cert_file", "name the PEM file of the certificate and its chain")
		}
		if f, ok := sub.take("key_file"); !ok {
			sub.missing("key_file", "name the PEM file of the certificate's private key")
		} else {
			e.KeyFile, _, _ = f.secretFile()
		}
	}
	bearer, hasBearer := s.take("bearer_token_file")
	if hasBearer {
		e.BearerFile, _, _ = bearer.secretFile()
	}
	if sub, ok := s.section("basic"); ok {
		basic := readBasic(sub)
		e.Username, e.PasswordFile = basic.Username, basic.PasswordFile
		if hasBearer {
			bearer.refuse("basic is given too: keep one of the two")
		}
	}
	list(s, "redirects", &e.Redirects, parseBase)
	return e
}

// template reads a text with labels put in.
func template(d evidence.Dialect) func(string) (string, error) {
	return func(s string) (string, error) {
		if !utf8.ValidString(s) {
			return "", errors.New("is not UTF-8 text")
		}
		_, err := evidence.ParseTemplate(d, s)
		return s, err
	}
}

// between reads a number within bounds.
func between(least, most int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("%s is not a number from %d to %d", quote(s), least, most)
		}
		return n, nil
	}
}

func readPrometheus(s *section, source evidence.Source, e evidence.Endpoint) evidence.Maker {
	c := prometheus.Config{Source: source, Endpoint: e, Step: prometheus.DefaultStep}
	list(s, "queries", &c.Queries, template(evidence.Query))
	scalar(s, "step", &c.Step, atLeast(time.Second))
	return c
}

func readLoki(s *section, source evidence.Source, e evidence.Endpoint) evidence.Maker {
	c := loki.Config{Source: source, Endpoint: e, Slice: loki.DefaultSlice, PageLines: loki.DefaultPageLines}
	if list(s, "queries", &c.Queries, template(evidence.Query)); s.found["queries"] == nil {
		s.missing("queries", `give at least one log query, such as {namespace="{{ .Labels.namespace }}"}`)
	} else if len(c.Queries) == 0 {
		s.found["queries"].refuse("the list is empty: give at least one log query")
	}
	scalar(s, "tenant", &c.Tenant, parseText)
	scalar(s, "slice", &c.Slice, atLeast(time.Second))
	scalar(s, "page_lines", &c.PageLines, between(1, 100_000))
	return c
}

func readAlertmanager(_ *section, source evidence.Source, e evidence.Endpoint) evidence.Maker {
	return alertmanager.Config{Source: source, Endpoint: e}
}

func readOpenSearch(s *section, source evidence.Source, e evidence.Endpoint) evidence.Maker {
	c := opensearch.Config{Source: source, Endpoint: e, Query: opensearch.DefaultQuery, TimeField: opensearch.DefaultTimeField, PageHits: opensearch.DefaultPageHits}
	if !scalar(s, "index", &c.Index, template(evidence.Text)) {
		s.missing("index", "name the index, the data stream or a pattern such as logs-*")
	}
	scalar(s, "query", &c.Query, template(evidence.JSON))
	scalar(s, "time_field", &c.TimeField, parseText)
	scalar(s, "page_hits", &c.PageHits, between(1, opensearch.MaxPageHits))
	return c
}

func readGrafana(s *section, source evidence.Source, e evidence.Endpoint) evidence.Maker {
	c := grafana.Config{Source: source, Endpoint: e, Width: grafana.DefaultWidth, Height: grafana.DefaultHeight}
	scalar(s, "width", &c.Width, between(1, grafana.MaxPixels))
	scalar(s, "height", &c.Height, between(1, grafana.MaxPixels))
	f, ok := s.take("panels")
	if !ok {
		s.missing("panels", "list the panels to capture, each with dashboard and panel")
		return c
	}
	items, ok := f.items()
	if ok && len(items) == 0 {
		f.refuse("the list is empty: give at least one panel")
	}
	for _, item := range items {
		if sub, ok := item.section(); ok {
			c.Panels = append(c.Panels, readPanel(sub))
		}
	}
	return c
}

func readPanel(s *section) (p grafana.PanelConfig) {
	defer s.close()
	if !scalar(s, "dashboard", &p.Dashboard, grafana.ParseUID) {
		s.missing("dashboard", "give the uid of the dashboard, which stands in its address after /d/")
	}
	if !scalar(s, "panel", &p.Panel, between(0, 1<<31-1)) {
		s.missing("panel", "give the id of the panel, which stands in its address after viewPanel=")
	}
	if sub, ok := s.section("variables"); ok {
		p.Variables = map[string]string{}
		for name := range sub.found {
			var text string
			scalar(sub, name, &text, template(evidence.Text))
			p.Variables[name] = text
		}
	}
	return p
}

func readKubernetes(s *section, source evidence.Source, e evidence.Endpoint) evidence.Maker {
	c := kubernetes.Config{Source: source, Endpoint: e, Namespace: kubernetes.DefaultNamespace, Pod: kubernetes.DefaultPod}
	scalar(s, "namespace", &c.Namespace, template(evidence.Text))
	scalar(s, "pod", &c.Pod, template(evidence.Text))
	return c
}

func readHTTP(s *section, source evidence.Source, e evidence.Endpoint) evidence.Maker {
	c := httpget.Config{Source: source, Endpoint: e}
	scalar(s, "path", &c.Path, template(evidence.Path))
	scalar(s, "media_type", &c.MediaType, parseMediaType)
	return c
}

// parseMediaType reads one without parameters.
func parseMediaType(s string) (string, error) {
	t, parameters, err := mime.ParseMediaType(s)
	if err != nil || len(parameters) > 0 {
		return "", fmt.Errorf("%s is not a media type such as application/json", quote(s))
	}
	return t, nil
}
