package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/alertmanager"
	"nis2clock/internal/evidence/grafana"
	"nis2clock/internal/evidence/httpget"
	"nis2clock/internal/evidence/kubernetes"
	"nis2clock/internal/evidence/loki"
	"nis2clock/internal/evidence/opensearch"
	"nis2clock/internal/evidence/prometheus"
	"nis2clock/internal/incident"
	"nis2clock/internal/mail"
	"nis2clock/internal/offsite"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/people"
	"nis2clock/internal/regime"
	"nis2clock/internal/signature"
	"nis2clock/internal/significance"
	"nis2clock/internal/slack"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/vault"
	"nis2clock/internal/webhookout"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// directory holds people without a fault.
func directory(t *testing.T, all ...people.Person) *people.Directory {
	t.Helper()
	d, faults := people.New(all)
	for _, f := range faults {
		t.Fatal(f)
	}
	return d
}

// equal compares configurations by what they mean.
var equal = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.AllowUnexported(people.Directory{}),
	cmp.Comparer(func(a, b incident.Threshold) bool { return a == b }),
	cmp.Comparer(func(a, b *regime.Set) bool { return a.Digest() == b.Digest() }),
	cmp.Comparer(func(a, b *time.Location) bool { return a == b || a != nil && b != nil && a.String() == b.String() }),
}

// TestExampleLoads also fixes what each key of the example becomes.
func TestExampleLoads(t *testing.T) {
	urgent := []incident.Step{{After: incident.Span(5 * time.Minute), To: []incident.Target{{Channel: "slack"}, {Channel: "pagerduty", To: "management"}}}}
	path := filepath.Join(exampleDir, "full.yaml")
	got, err := Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	law, err := regime.Builtin().With(os.DirFS(filepath.Join(exampleDir, "regimes")))
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(exampleDir, filepath.FromSlash(name)) }
	want := &Config{
		DataDir: in("data"),
		Law:     law,
		Entities: []Entity{{
			Name: "acme-energie", LegalName: "ACME Energie GmbH", NationalID: "DE-0123456", Address: "Beispielstraße 1, 10115 Berlin",
			Class: Essential, Sector: "energy", Type: "cloud_computing_service_provider", MemberState: "DE", Region: "DE-BE", Authority: "BSI", Regimes: []regime.ID{"nis2"},
			Place:   regime.Place{Zone: berlin, Holidays: regime.Holidays{{Year: 2027, Month: 1, Day: 1}: "", {Year: 2027, Month: 3, Day: 26}: "", {Year: 2027, Month: 3, Day: 29}: ""}},
			Contact: Contact{Name: "Erika Mustermann", Role: "CISO", Email: "ciso@acme.example", Phone: "+49 30 123456"},
			Known: significance.Facts{
				"users_in_union": {Value: "200000", Origin: "config"}, "annual_turnover_eur": {Value: "12500000", Origin: "config"},
			},
			DataSets:  []incident.DataSet{{Name: "meter-readings", Role: incident.Processor, Categories: []string{"consumption", "address"}}},
			Contracts: []incident.Contract{{Name: "stadtwerke", Controller: "Stadtwerke Beispiel", NotifyWithin: 24 * time.Hour, Contact: "privacy@stadtwerke.example", DataSets: []string{"meter-readings"}, Source: "clause 9.2"}},
		}},
		People: directory(t,
			people.Person{Name: "Max Beispiel", Role: access.Commander},
			people.Person{
				Name: "Erika Mustermann", Email: "erika@acme.example", Phone: "+49 30 123457", Role: access.Auditor,
				Slack: people.SlackID{Team: "T024BE7LD", User: "U024BE7LH"}, PagerDuty: "PXPGF42",
				DeputyFor: "Max Beispiel", From: time.Date(2026, 12, 23, 23, 0, 0, 0, time.UTC), Until: time.Date(2027, 1, 2, 23, 0, 0, 0, time.UTC),
			}),
		Classification: classify.Policy{
			CorrelateBy: []string{"alertname", "cluster"}, CorrelateWithin: 12 * time.Hour, TriageWithin: 2 * time.Hour,
			Rules: rules(t, classify.Rule{
				Name: "siem-intrusion", Match: `labels.source == "siem" and labels.rule_group matches "^(intrusion|lateral)"`, Continue: true,
				Reportable: classify.Triage, Category: classify.Category{Class: "intrusions", Type: "system-compromise"}, Severity: "critical",
				Regimes: []string{"nis2"}, Service: "grid-control",
				Malicious: classify.Yes, CrossBorder: classify.Unknown, CorrelateBy: []string{"rule_group", "cluster"},
			}),
		},
		Clocks: Clocks{Reminders: thresholds("50%", "90%", "2h", "0s"), OverdueEvery: 30 * time.Minute, PageFrom: thresholds("90%")[0], Escalation: incident.Escalation{
			Steps: []incident.Step{
				{After: incident.Span(15 * time.Minute), To: []incident.Target{{Channel: "slack"}}},
				{After: incident.Span(30 * time.Minute), To: []incident.Target{{Channel: "pagerduty", To: "management"}, {Channel: "mail", To: "Erika Mustermann"}, {Channel: "webhook"}}},
			},
			Severities: map[string][]incident.Step{"critical": urgent}, Clocks: map[string][]incident.Step{"early_warning": urgent},
			Quiet: incident.QuietHours{From: 22 * 60, Until: 7 * 60, Zone: "Europe/Berlin"},
		}},
		Decisions: Decisions{SecondPerson: true},
		Intake: Intake{
			TokenFiles: []string{in("secrets/intake.token")},
			Basic:      &access.Basic{Username: "alertmanager", PasswordFile: in("secrets/intake.password")},
			MaxBody:    128 << 20, Heartbeat: Heartbeat{AlertName: "DeadMansSwitch", Within: 10 * time.Minute},
			Alertmanagers: []string{"http://127.0.0.1:9093"}, Prometheus: []string{"http://127.0.0.1:9090"}, ReconcileEvery: 30 * time.Second,
		},
		Evidence: exampleEvidence(in),
		Mail: &mail.Config{
			Host: "smtp.acme.example", Port: 587, TLS: mail.Implicit, CAFile: in("tsa-roots.crt"), Username: "nis2clock", Password: "example-password",
			From: "nis2clock@acme.example", To: []string{"soc@acme.example"}, Zone: berlin,
		},
		Opsgenie: &opsgenie.Config{APIKey: "example-api-key", BaseURL: opsgenie.EUBaseURL, Zone: berlin},
		Webhook:  &webhookout.Config{URL: "https://automation.acme.example/nis2", Secret: "whsec-0123456789abcdef"},
		PagerDuty: &pagerduty.Config{RoutingKey: "example-example-example-example-", WebhookSecret: "whsec-0123456789abcdef",
			Services: map[string]string{"management": "example-example-example-example-"},
			OnCall:   &pagerduty.OnCallConfig{Token: "u+example-token", BaseURL: "https://api.eu.pagerduty.com", Schedule: "PI7DH85", Every: 10 * time.Minute},
			BaseURL:  "https://events.eu.pagerduty.com", Zone: berlin},
		Slack: &slack.Config{
			Token: "example-bot-token", SigningSecret: "example-signing-secret", Channel: "C024BE91L",
			BaseURL: "https://slack.example/api/", Zone: berlin,
			AppToken: "example-app-token", Unknown: slack.RefuseUnknown, ConfirmWithin: 2 * time.Hour, SecondPerson: []slack.Kind{slack.NotReportable}, Mark: "pushpin", Rooms: true, RoomPrefix: "ir-",
		},
		Vault: vault.Config{
			Compression: vault.Fastest, Recipients: []string{"age15ut5wdpc70h2uhccwxefmjqryamcut89de839ta8qyc9euxvqv8sdstja0"},
			IdentityFile: in("secrets/vault.identity"),
		},
		Offsite: &offsite.Config{
			Endpoint: "https://s3.eu-central-1.amazonaws.com", Region: "eu-central-1", Bucket: "acme-evidence", Prefix: "nis2clock/",
			AccessKey: "example-access-key", SecretKey: "example-secret-key", CAFile: in("clients.crt"),
			Mode: offsite.Compliance, Retention: 365 * 24 * time.Hour, LegalHold: true,
		},
		Timestamps: &timestamp.Config{
			URL: "https://tsa.example/rfc3161", RootsFile: in("tsa-roots.crt"), CAFile: in("clients.crt"),
			Username: "acme", Password: "example-tsa-password", Every: 30 * time.Minute,
		},
		Web: Web{
			Listen: "0.0.0.0:2555", ExternalURL: "https://nis2.acme.example",
			TLS: &TLS{CertFile: in("web.crt"), KeyFile: in("secrets/web.key"), ClientCAFile: in("clients.crt")},
		},
		Retention: Retention{
			RetentionPolicy: incident.RetentionPolicy{Logs: 550 * 24 * time.Hour, Events: 550 * 24 * time.Hour, Incidents: 10 * incident.Year, Exercises: 6 * incident.Year},
			Every:           7 * 24 * time.Hour,
			Backup:          &Backup{Folder: in("backups"), Every: 12 * time.Hour, Keep: 14},
		},
		Exercise: Exercise{WarnAfter: 180 * 24 * time.Hour, Slack: &slack.Config{
			Token: "example-exercise-token", AppToken: "example-app-token", SigningSecret: "example-signing-secret", Channel: "C024BE91M",
			BaseURL: "https://slack.example/api/", Unknown: slack.AllowUnknown, ConfirmWithin: slack.DefaultConfirmWithin, Mark: slack.DefaultMark,
		}},
		TemplatesDir: filepath.Join("..", "..", "templates"),
		Languages:    []string{"de", "en"},
		Signing:      &signature.Config{CertFile: in("web.crt"), KeyFile: in("secrets/web.key")},
		RunbooksDir:  filepath.Join("..", "..", "runbooks"),
	}
	// Whether the files are readable by all depends on how they were checked out.
	if diff := cmp.Diff(want, got, equal, cmpopts.IgnoreFields(Config{}, "Warnings", "SecretFiles")); diff != "" {
		t.Errorf("Load(%s) (-want +got):\n%s", path, diff)
	}
	// Each file of a secret is known, so that a change of it is seen; those of
	// keys and certificates are read by whoever uses them.
	files, err := filepath.Glob(in("secrets/*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if base := filepath.Base(file); base != "vault.identity" && base != "web.key" && !slices.Contains(got.SecretFiles, file) {
			t.Errorf("%s is not among the files of secrets %q", file, got.SecretFiles)
		}
	}
	if err := got.PagerDuty.Validate(); err != nil {
		t.Errorf("pagerduty: %v", err)
	}
	if err := got.Slack.Validate(); err != nil {
		t.Errorf("slack: %v", err)
	}
}

// rules are rules without a mistake or a doubt.
func rules(t *testing.T, list ...classify.Rule) *classify.Rules {
	t.Helper()
	out, doubts, mistakes := classify.NewRules(list)
	if len(doubts)+len(mistakes) > 0 {
		t.Fatal(doubts, mistakes)
	}
	return out
}

// exampleEvidence is what the example says of evidence.
func exampleEvidence(in func(string) string) Evidence {
	source := func(name string) evidence.Source {
		return evidence.Source{Name: name, Timeout: 30 * time.Second, MaxBytes: 64 << 20}
	}
	return Evidence{
		Schedule: evidence.Schedule{Offsets: []time.Duration{0, 15 * time.Minute, 6 * time.Hour}, BeforeReport: 2 * time.Hour, Before: time.Hour, After: 2 * time.Hour},
		Collectors: []evidence.Maker{
			prometheus.Config{
				Source: evidence.Source{Name: "metrics", Timeout: 20 * time.Second, MaxBytes: 32 << 20},
				Endpoint: evidence.Endpoint{
					URL: "https://prometheus.acme.example", CAFile: in("clients.crt"), CertFile: in("clients.crt"), KeyFile: in("secrets/web.key"),
					BearerFile: in("secrets/intake.token"), Redirects: []string{"https://store.acme.example"},
				},
				Queries: []string{`rate(http_requests_total{job="{{ .Labels.job }}"}[5m])`}, Step: 30 * time.Second,
			},
			loki.Config{
				Source:   source("logs"),
				Endpoint: evidence.Endpoint{URL: "http://loki.monitoring.svc:3100", Username: "nis2clock", PasswordFile: in("secrets/intake.password")},
				Tenant:   "acme", Queries: []string{`{namespace="{{ .Labels.namespace }}"}`}, Slice: 5 * time.Minute, PageLines: 2000,
			},
			alertmanager.Config{Source: source("alerts"), Endpoint: evidence.Endpoint{URL: "http://127.0.0.1:9093"}},
			opensearch.Config{
				Source: source("search"), Endpoint: evidence.Endpoint{URL: "https://search.acme.example:9200"},
				Index: "logs-{{ .Labels.namespace }}-*", Query: `{"term": {"host.name": "{{ .Labels.instance }}"}}`, TimeField: "time", PageHits: 500,
			},
			grafana.Config{
				Source: source("panels"), Endpoint: evidence.Endpoint{URL: "https://grafana.acme.example"},
				Panels: []grafana.PanelConfig{{Dashboard: "shop-overview", Panel: 4, Variables: map[string]string{"job": "{{ .Labels.job }}"}}},
				Width:  1200, Height: 600,
			},
			kubernetes.Config{Source: source("cluster"), Namespace: "{{ .Labels.exported_namespace }}", Pod: "{{ .Labels.exported_pod }}"},
			httpget.Config{
				Source: source("status"), Endpoint: evidence.Endpoint{URL: "https://status.acme.example"},
				Path: "/api/services/{{ .Labels.service }}?full=1", MediaType: "application/json",
			},
		},
	}
}

// TestExampleDefaults replaces every value by what its comment says is the
// default.
func TestExampleDefaults(t *testing.T) {
	t.Chdir(exampleDir) // the default data folder counts from the working folder
	lines, blocks := example(t)
	var all []string
	// From the end, so that the line numbers of what comes before stay true;
	// a section with a default of its own takes what is below it along.
	for i, b := range slices.Backward(blocks) {
		if inside := slices.ContainsFunc(blocks[:i], func(o block) bool { return o.fallback != "" && o.start < b.start && b.start < o.end }); inside || b.fallback == "" {
			continue
		}
		lines = b.replace(lines, strings.TrimPrefix(b.fallback, "none"))
		all = append(all, b.path)
	}
	got, err := read(lines)
	if err != nil {
		t.Fatalf("the file of defaults: %v\n%s", err, strings.Join(lines, "\n"))
	}
	if diff := cmp.Diff(Default(), got, equal); diff != "" {
		t.Errorf("Default() and the comments of full.yaml differ (-Default +comments):\n%s", diff)
	}
	if len(all) < 15 {
		t.Errorf("only these keys were compared: %s", all)
	}
}

// TestExampleKey takes one key at a time out of the example: the result is
// that of the default its comment gives, or a refusal where it is required.
func TestExampleKey(t *testing.T) {
	t.Chdir(exampleDir)
	lines, blocks := example(t)
	for i, b := range blocks {
		t.Run(b.path, func(t *testing.T) {
			absent := b.replace(lines, "")
			if i > 0 && blocks[i-1].start < b.start && blocks[i-1].end == b.end && blocks[i-1].indent < b.indent { // the only key of its section
				absent = blocks[i-1].replace(lines, "{}")
			}
			without, err := read(absent)
			switch {
			case b.required:
				if err == nil || !strings.Contains(listPosition.ReplaceAllString(err.Error(), ""), listPosition.ReplaceAllString(b.path, "")+": is missing: ") {
					t.Errorf("without the required key: got error %v, want that it is missing", err)
				}
				return
			case b.fallback == "" && !b.section:
				t.Error("the comment says neither a default nor that the key is required")
				return
			case err != nil && strings.HasPrefix(err.Error(), "full.yaml:") && strings.Contains(err.Error(), ": escalation.") && !strings.HasPrefix(b.path, "escalation"):
				return // an escalation calls somebody by it
			case err != nil:
				t.Fatalf("without the key: %v", err)
			case b.fallback == "" || b.fallback == "none":
				return
			}
			with, err := read(b.replace(lines, b.fallback))
			if err != nil {
				t.Fatalf("with the default %s: %v", b.fallback, err)
			}
			if diff := cmp.Diff(without, with, equal, cmpopts.IgnoreFields(Config{}, "Warnings", "SecretFiles")); diff != "" {
				t.Errorf("the default is not %s (-without the key +with the default):\n%s", b.fallback, diff)
			}
		})
	}
}

// TestExampleIsComplete asks each section which keys it knows, by giving it one
// it does not, and looks for them in the example.
func TestExampleIsComplete(t *testing.T) {
	t.Chdir(exampleDir)
	lines, blocks := example(t)
	want := regexp.MustCompile(`^full.yaml:\d+: [^ ]*zzz: unknown key: want (.*)$`)
	ask := func(at, indent int) []string {
		_, err := read(slices.Insert(slices.Clone(lines), at, strings.Repeat(" ", indent)+"zzz: 1"))
		if err == nil {
			t.Fatalf("the unknown key on line %d was accepted", at+1)
		}
		m := want.FindStringSubmatch(err.Error())
		if m == nil {
			t.Fatalf("the error for an unknown key on line %d is %v", at+1, err)
		}
		return strings.Split(strings.ReplaceAll(m[1], " or ", ", "), ", ")
	}
	documented := func(path string, from, to, indent int) []string {
		var keys []string
		for _, b := range blocks {
			if key, ok := strings.CutPrefix(b.path, path); ok && !strings.Contains(key, ".") {
				keys = append(keys, key)
			}
		}
		for _, line := range lines[from:to] {
			if m := inlineKey.FindStringSubmatch(line); m != nil && len(m[1]) == indent {
				keys = append(keys, m[2])
			}
		}
		return keys
	}
	check := func(path string, known, documented []string) {
		t.Helper()
		slices.Sort(known)
		slices.Sort(documented)
		if diff := cmp.Diff(known, documented); diff != "" {
			t.Errorf("keys of %q (-understood +in the example):\n%s", path, diff)
		}
	}
	check("", ask(len(lines), 0), documented("", 0, 0, 0))
	// below is the key that comes first in a section, from the line on.
	below := func(line int) block {
		for !keyLine.MatchString(lines[line]) {
			line++
		}
		return blocks[slices.IndexFunc(blocks, func(c block) bool { return c.start == line })]
	}
	for _, b := range blocks {
		switch {
		case b.items > 0: // what one item understands can be explained at another
			var known, explained []string
			for i, line := 0, b.start; i < b.items; i++ {
				child := below(line + 1)
				for !child.item || child.path[:len(b.path)] != b.path || strings.Count(child.path[len(b.path):], ".") != 1 {
					child = below(child.start + 1)
				}
				line = child.start
				known = append(known, ask(child.end, child.indent)...)
				explained = append(explained, documented(fmt.Sprintf("%s[%d].", b.path, i), b.start, b.end, child.indent)...)
			}
			slices.Sort(known)
			slices.Sort(explained)
			check(b.path, slices.Compact(known), slices.Compact(explained))
		case b.section:
			child := below(b.start + 1)
			check(b.path, ask(child.end, child.indent), documented(b.path+".", b.start, b.end, child.indent))
		}
	}
}
