package config

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/people"
	"nis2clock/internal/regime"
	"nis2clock/internal/slack"

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
	cmp.Comparer(func(a, b *time.Location) bool { return a == b || a != nil && b != nil && a.String() == b.String() }),
}

// TestExampleLoads also fixes what each key of the example becomes.
func TestExampleLoads(t *testing.T) {
	path := filepath.Join(exampleDir, "full.yaml")
	got, err := Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(exampleDir, filepath.FromSlash(name)) }
	want := &Config{
		DataDir: in("data"),
		Entities: []Entity{{
			Name: "acme-energie", LegalName: "ACME Energie GmbH", NationalID: "DE-0123456", Address: "Beispielstraße 1, 10115 Berlin",
			Class: Essential, Sector: "energy", Type: "electricity supplier", MemberState: "DE", Authority: "BSI", Regimes: []regime.ID{"nis2"},
			Place:   regime.Place{Zone: berlin, Holidays: regime.Holidays{{Year: 2027, Month: 1, Day: 1}: "", {Year: 2027, Month: 3, Day: 26}: "", {Year: 2027, Month: 3, Day: 29}: ""}},
			Contact: Contact{Name: "Erika Mustermann", Role: "CISO", Email: "ciso@acme.example", Phone: "+49 30 123456"},
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
		Clocks: Clocks{Reminders: thresholds("50%", "90%", "2h", "0s"), OverdueEvery: 30 * time.Minute, PageFrom: thresholds("90%")[0]},
		Intake: Intake{
			TokenFiles: []string{in("secrets/intake.token")},
			Basic:      &access.Basic{Username: "alertmanager", PasswordFile: in("secrets/intake.password")},
			MaxBody:    128 << 20, Heartbeat: Heartbeat{AlertName: "DeadMansSwitch", Within: 10 * time.Minute},
			Alertmanagers: []string{"http://127.0.0.1:9093"}, Prometheus: []string{"http://127.0.0.1:9090"}, ReconcileEvery: 30 * time.Second,
		},
		PagerDuty: &pagerduty.Config{RoutingKey: "example-example-example-example-", BaseURL: "https://events.eu.pagerduty.com", Zone: berlin},
		Slack: &slack.Config{
			Token: "example-bot-token", SigningSecret: "example-signing-secret", Channel: "C024BE91L",
			BaseURL: "https://slack.example/api/", Zone: berlin,
			AppToken: "example-app-token", Unknown: slack.RefuseUnknown, ConfirmWithin: 2 * time.Hour, SecondPerson: []slack.Kind{slack.NotReportable}, Mark: "pushpin",
		},
		Web: Web{
			Listen: "0.0.0.0:2555", ExternalURL: "https://nis2.acme.example",
			TLS: &TLS{CertFile: in("web.crt"), KeyFile: in("secrets/web.key"), ClientCAFile: in("clients.crt")},
		},
		TemplatesDir: filepath.Join("..", "..", "templates"),
	}
	// Whether the files are readable by all depends on how they were checked out.
	if diff := cmp.Diff(want, got, equal, cmpopts.IgnoreFields(Config{}, "Warnings")); diff != "" {
		t.Errorf("Load(%s) (-want +got):\n%s", path, diff)
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
				if err == nil || !strings.Contains(listPosition.ReplaceAllString(err.Error(), ""), b.path+": is missing: ") {
					t.Errorf("without the required key: got error %v, want that it is missing", err)
				}
				return
			case b.fallback == "" && !b.section:
				t.Error("the comment says neither a default nor that the key is required")
				return
			case err != nil:
				t.Fatalf("without the key: %v", err)
			case b.fallback == "" || b.fallback == "none":
				return
			}
			with, err := read(b.replace(lines, b.fallback))
			if err != nil {
				t.Fatalf("with the default %s: %v", b.fallback, err)
			}
			if diff := cmp.Diff(without, with, equal, cmpopts.IgnoreFields(Config{}, "Warnings")); diff != "" {
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
	for _, b := range blocks {
		if b.section {
			below := b.start + 1
			for !keyLine.MatchString(lines[below]) {
				below++
			}
			child := blocks[slices.IndexFunc(blocks, func(c block) bool { return c.start == below })]
			check(b.path, ask(child.end, child.indent), documented(b.path+".", b.start, b.end, child.indent))
		}
	}
}
