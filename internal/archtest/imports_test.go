package archtest

import (
	"slices"
	"strings"
	"testing"
)

// A rule says which rooms of ours a room may import, and why no others.
type rule struct {
	may []string
	why string
}

// Reasons that several rooms share.
const (
	collectorWhy = "a collector asks one source, only through the client that guards us from it"
	fakeWhy      = "a stand-in that shared our code would share our mistakes about the source"
)

// rules has one for every room.
var rules = map[string]rule{
	"cmd/nis2clock": {[]string{"internal/cli"}, "main only hands its arguments on, so that everything else can be tested in process"},

	// The domain: values in, values out.
	"internal/yamlfile":      {nil, "how a data file is read strictly does not depend on what it says"},
	"internal/regime":        {[]string{"internal/yamlfile"}, "the law stands by itself: data, and arithmetic on it"},
	"internal/holidays":      {[]string{"internal/regime", "internal/yamlfile"}, "which days are public holidays depends on a State and a year alone"},
	"internal/classify":      {[]string{"internal/regime"}, "what an alert means depends on its labels and the law alone"},
	"internal/significance":  {nil, "the criteria of significance stand by themselves: data, and a comparison with facts"},
	"internal/incident":      {[]string{"internal/regime", "internal/classify", "internal/significance", "internal/report/field"}, "decisions are made from commands and the law (field: what a report may say), never from where a command came from"},
	"internal/runbook":       {[]string{"internal/incident", "internal/classify", "internal/yamlfile"}, "what fits an incident is a function of its view, and a tick is a command that somebody else sends"},
	"internal/communication": {[]string{"internal/incident", "internal/classify"}, "a draft is drawn from an incident's view; who sends it is a person"},
	"internal/agenda":        {[]string{"internal/incident", "internal/regime"}, "what is due is computed from the record; who delivers it is not its business"},

	// The record and its single writer.
	"internal/journal":             {nil, "the log knows bytes, not incidents: it can be replaced, and verified without the rest"},
	"internal/journal/journaltest": {[]string{"internal/journal"}, "it tests any implementation through the interface"},
	"internal/vault":               {nil, "files by their digest, whatever is in them"},
	"internal/offsite":             {[]string{"internal/journal", "internal/vault"}, "it copies bytes that prove themselves and knows no incident"},
	"internal/backup":              {[]string{"internal/journal", "internal/vault", "internal/verify"}, "it copies bytes that prove themselves, and installs only what verifies; it knows no incident"},
	"internal/timestamp":           {nil, "a digest in, a token out, whatever it is the digest of"},
	"internal/timestamp/tsatest":   {[]string{"internal/realtest"}, fakeWhy},
	"internal/realtest":            {nil, "where a program is found, or why a test does without, is the same for every test"},
	"internal/desk":                {[]string{"internal/incident", "internal/journal", "internal/significance"}, "it joins decisions to the log and knows neither senders nor receivers"},

	// The ways in.
	"internal/access":  {[]string{"internal/desk", "internal/incident"}, "who somebody is does not depend on what they ask for; whom an incident's restriction (incident) lets in, does"},
	"internal/problem": {nil, "how a refusal is written down does not depend on what is refused"},
	"internal/people":  {[]string{"internal/access"}, "who somebody is and may do (access) is the same whichever way they come in"},
	"internal/intake": {
		[]string{"internal/desk", "internal/classify", "internal/access", "internal/incident", "internal/problem", "internal/vault"},
		"it turns bodies into commands (incident) of a known sender (access), and keeps large bodies (vault); it must work when every way out is broken",
	},
	"internal/web": {
		[]string{
			"internal/desk", "internal/access", "internal/calendar", "internal/communication", "internal/custody", "internal/packet", "internal/report", "internal/journal", "internal/incident",
			"internal/classify", "internal/significance", "internal/regime", "internal/runbook", "internal/indicator", "internal/problem",
		},
		"it turns requests into commands (incident, in the words of classify, significance and regime), shows the record and hands evidence out through its custody; it must not know a vendor or deliver anything",
	},
	"internal/openapi": {
		[]string{"internal/access", "internal/incident", "internal/packet", "internal/regime"},
		"it reads the source of the API, and takes the values that a member may have from where they are declared; nothing that runs needs it",
	},

	// What others know about an incident.
	"internal/evidence":                       {nil, "it hands back what was captured as values; whoever runs it records them, and nothing it does can hold up the record"},
	"internal/custody":                        {[]string{"internal/evidence", "internal/desk", "internal/incident", "internal/vault", "internal/timestamp", "internal/journal"}, "it brings what was captured into the record (desk, incident) and the vault, and has the record's heads (journal) time-stamped; it knows no source"},
	"internal/evidence/evidencetest":          {[]string{"internal/evidence", "internal/realtest"}, "it runs any collector through the runner, against real servers"},
	"internal/evidence/alertmanager":          {[]string{"internal/evidence"}, collectorWhy},
	"internal/evidence/grafana":               {[]string{"internal/evidence"}, collectorWhy},
	"internal/evidence/grafana/grafanafake":   {nil, fakeWhy},
	"internal/evidence/httpget":               {[]string{"internal/evidence"}, collectorWhy},
	"internal/evidence/kubernetes":            {[]string{"internal/evidence"}, collectorWhy},
	"internal/evidence/kubernetes/kubefake":   {nil, fakeWhy},
	"internal/evidence/loki":                  {[]string{"internal/evidence"}, collectorWhy},
	"internal/evidence/loki/lokifake":         {nil, fakeWhy},
	"internal/evidence/opensearch":            {[]string{"internal/evidence"}, collectorWhy},
	"internal/evidence/opensearch/searchfake": {nil, fakeWhy},
	"internal/evidence/prometheus":            {[]string{"internal/evidence"}, collectorWhy},

	// The ways out.
	"internal/dispatch": {
		[]string{"internal/agenda", "internal/desk", "internal/incident"},
		"it delivers through an interface of its own and records outcomes (incident); it knows no vendor",
	},
	"internal/dispatch/dispatchtest": {[]string{"internal/dispatch", "internal/agenda", "internal/incident"}, "it tries any way out with notices of its own"},
	"internal/pagerduty":             {[]string{"internal/incident", "internal/desk", "internal/dispatch", "internal/problem"}, "an adapter words one notice for one vendor"},
	"internal/pagerduty/pdfake":      {nil, "a stand-in that shared our code would share our mistakes about the vendor"},
	"internal/slack": {
		[]string{"internal/incident", "internal/significance", "internal/desk", "internal/dispatch", "internal/access", "internal/people", "internal/problem"},
		"an adapter words one notice for one vendor, and takes to the desk what people who are known (people) and have the right (access) ask for there, an assessment (significance) among it",
	},
	"internal/slack/slackfake":  {nil, "a stand-in that shared our code would share our mistakes about the vendor"},
	"internal/opsgenie":         {[]string{"internal/incident", "internal/dispatch"}, "an adapter words one notice for one vendor"},
	"internal/opsgenie/opsfake": {nil, "a stand-in that shared our code would share our mistakes about the vendor"},
	"internal/mail":             {[]string{"internal/incident", "internal/dispatch", "internal/calendar"}, "an adapter words one notice for one way out"},
	"internal/webhookout":       {[]string{"internal/incident", "internal/dispatch"}, "an adapter words one notice for one way out"},
	"internal/calendar":         {[]string{"internal/incident"}, "deadlines as calendar entries, whoever asks for them"},
	"internal/report":           {[]string{"internal/incident", "internal/classify", "internal/regime", "internal/report/catalogue", "internal/report/field", "internal/report/pdf", "internal/report/portal"}, "a report is drawn from the record as it was, so it must not reach what is running"},
	"internal/report/catalogue": {nil, "words are words, whatever report they stand in"},
	"internal/report/portal":    {[]string{"internal/report/field"}, "an authority's form is data; field says which of ours answers it"},
	"internal/report/field":     {nil, "what a report may say is data of the law, whatever the incident"},
	"internal/report/pdf":       {nil, "Markdown to PDF, whatever it says"},
	"internal/signature":        {nil, "bytes and a certificate in, a signature out, whatever they say"},
	"internal/indicator":        {[]string{"internal/incident", "internal/report/field"}, "what people wrote in a field, for machines of others; whoever hands it out"},
	"internal/packet": {
		[]string{"internal/incident", "internal/indicator", "internal/journal", "internal/timestamp", "internal/vault"},
		"it is written from the record and read again without it, so it must not reach what is running; reports come to it as bytes",
	},
	"internal/tabletop/scenario": {
		[]string{"internal/access", "internal/classify", "internal/config", "internal/incident", "internal/regime", "internal/significance", "internal/yamlfile", "runbooks"},
		"a scenario speaks in the words of what it exercises (config: an entity is read as the settings read it) and starts nothing",
	},
	"internal/tabletop/scorecard": {[]string{"internal/tabletop/scenario", "internal/incident", "internal/classify", "internal/regime"}, "how an exercise went follows from its record, whoever ran it"},
	"internal/tabletop/script":    {[]string{"internal/tabletop/scenario", "internal/incident", "internal/classify", "internal/runbook", "internal/significance"}, "a scripted participant asks for the same command as a person; who sends it is another's business"},
	"internal/tabletop/playtest": {
		[]string{"internal/tabletop/scenario", "internal/tabletop/scorecard", "internal/tabletop/script", "internal/incident", "internal/classify", "internal/runbook", "runbooks"},
		"a script is tested on the rules alone, without what runs it",
	},
	"internal/tabletop/writeup": {
		[]string{"internal/tabletop/scenario", "internal/tabletop/scorecard", "internal/incident", "internal/report/pdf", "templates"},
		"a write-up is drawn from the record of an exercise, as a report is from that of an incident",
	},
	"templates": {nil, "files only"},
	"runbooks":  {nil, "files only"},

	// What puts them together.
	"internal/config": {
		[]string{
			"internal/access", "internal/classify", "internal/holidays", "internal/incident", "internal/intake", "internal/mail", "internal/webhookout", "internal/offsite", "internal/opsgenie", "internal/pagerduty", "internal/people", "internal/regime",
			"internal/report/catalogue", "internal/signature", "internal/significance", "internal/slack", "internal/timestamp", "internal/vault",
			"internal/evidence", "internal/evidence/alertmanager", "internal/evidence/grafana", "internal/evidence/httpget",
			"internal/evidence/kubernetes", "internal/evidence/loki", "internal/evidence/opensearch", "internal/evidence/prometheus",
		},
		"it fills in the rooms' own settings and starts nothing",
	},
	"internal/app": {
		[]string{
			"internal/access", "internal/backup", "internal/communication", "internal/config", "internal/custody", "internal/desk", "internal/dispatch", "internal/evidence", "internal/incident", "internal/indicator", "internal/intake",
			"internal/journal", "internal/mail", "internal/offsite", "internal/opsgenie", "internal/packet", "internal/pagerduty", "internal/people", "internal/regime", "internal/report", "internal/runbook", "internal/signature", "internal/significance",
			"internal/slack", "internal/timestamp", "internal/vault", "internal/web", "internal/webhookout", "templates", "runbooks",
		},
		"the one place that wires everything; never a command line or a stand-in",
	},
	"internal/tabletop": {
		[]string{
			"internal/app", "internal/config", "internal/web", // the service of an exercise, and what its pages show
			"internal/access", "internal/desk", "internal/incident", "internal/journal", // what happened in it
			"internal/pagerduty", "internal/pagerduty/pdfake", "internal/slack", "internal/slack/slackfake", // stand-ins, where an exercise has no way out
			"internal/tabletop/scenario", "internal/tabletop/scorecard", "internal/tabletop/script", "internal/tabletop/writeup",
		},
		"it runs the service from outside, as people and Alertmanager do",
	},
	"internal/verify": {
		[]string{"internal/journal", "internal/vault", "internal/timestamp", "internal/incident"},
		"it compares files with the record (journal, in the words of incident); it must not reach what is running",
	},
	"internal/cli": {
		[]string{
			"internal/verify", "internal/timestamp", "internal/vault", // verify and the files it is given
			"internal/backup", // restore needs no service, and a stopped one is backed up without
			"internal/access", "internal/app", "internal/cli/deadline", "internal/config", "internal/holidays", "internal/incident", "internal/journal", "internal/offsite", "internal/regime",
			"internal/classify", "internal/intake", // classify decides on a body as the service would
			"internal/packet", "internal/signature", // verify reads what they made
			"internal/significance",                                 // assess asks in its words
			"internal/report", "internal/report/field", "templates", // what a template may say, and which fields there are
			"internal/tabletop", "internal/tabletop/scenario", "internal/tabletop/scorecard", "internal/tabletop/writeup", // an exercise is run here, not asked for
			"internal/runbook",                                                                              // runbooks are read and checked without a server
			"internal/pagerduty", "internal/pagerduty/pdfake", "internal/slack", "internal/slack/slackfake", // the demo and its stand-ins
		},
		"a verb calls the service or reads a file; the record is changed through the API only",
	},
	"internal/cli/deadline": {[]string{"internal/regime", "internal/holidays"}, "the calculator needs no server and no incident"},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	tree := readTree(t)
	for _, name := range tree.names() {
		rule, ok := rules[name]
		if !ok {
			t.Errorf("%s has no rule: say here what it may import, and why no more", name)
			continue
		}
		for path, pos := range tree.rooms[name].imports {
			if folder, ok := ours(path); ok && !slices.Contains(rule.may, folder) {
				t.Errorf("%s: %s must not import %s: %s", tree.at(pos), name, folder, rule.why)
			}
		}
	}
	for name, rule := range rules {
		for _, folder := range append([]string{name}, rule.may...) {
			if tree.rooms[folder] == nil {
				t.Errorf("the rule for %s names %s, which is not there any more", name, folder)
			}
		}
		if rule.why == "" {
			t.Errorf("the rule for %s gives no reason", name)
		}
	}
}

// owners are the libraries that one room alone knows, so that it can be
// replaced there; two where they use it for different ends.
var owners = map[string][]string{
	"github.com/PagerDuty/go-pagerduty":       {"internal/pagerduty"},
	"github.com/opsgenie/opsgenie-go-sdk-v2":  {"internal/opsgenie"},
	"github.com/sirupsen/logrus":              {"internal/opsgenie"},
	"github.com/slack-go/slack":               {"internal/slack"},
	"github.com/prometheus/alertmanager":      {"internal/intake", "internal/evidence/alertmanager", "internal/tabletop"},
	"github.com/prometheus/client_golang/api": {"internal/evidence/prometheus", "internal/intake"},
	"go.etcd.io/bbolt":                        {"internal/journal"},
	"golang.org/x/mod/sumdb":                  {"internal/journal"},
	"github.com/go-pdf/fpdf":                  {"internal/report/pdf"},
	"github.com/yuin/goldmark":                {"internal/report/pdf", "internal/runbook"},
	"github.com/alecthomas/kong":              {"internal/cli"},
	"github.com/expr-lang/expr":               {"internal/classify"},
	"github.com/klauspost/compress":           {"internal/vault", "internal/backup"},
	"filippo.io/age":                          {"internal/vault", "internal/packet", "internal/web"},
	"github.com/google/uuid":                  {"internal/indicator"},
	"golang.org/x/net/publicsuffix":           {"internal/indicator"},
	"github.com/minio/minio-go":               {"internal/offsite"},
	"golang.org/x/tools":                      {"internal/openapi"},
	"github.com/cenkalti/backoff":             {"internal/offsite"},
	"github.com/smallstep/pkcs7":              {"internal/timestamp", "internal/signature"},
	"software.sslmate.com/src/go-pkcs12":      {"internal/signature"},
}

func TestOneRoomKnowsALibrary(t *testing.T) {
	tree := readTree(t)
	used := map[string]bool{} // library and owner
	for _, name := range tree.names() {
		for path, pos := range tree.rooms[name].imports {
			for library, all := range owners {
				if !within(path, library) {
					continue
				}
				used[library+" "+name] = true
				if !slices.ContainsFunc(all, func(owner string) bool { return within(name, owner) }) {
					t.Errorf("%s: %s belongs to %s alone", tree.at(pos), library, strings.Join(all, " and "))
				}
			}
		}
	}
	for library, all := range owners {
		for _, owner := range all {
			if !used[library+" "+owner] {
				t.Errorf("%s does not import %s any more", owner, library)
			}
		}
	}
}
