package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// indented is YAML below classification.rules, from line 3 on.
func indented(rules string) string {
	return "classification:\n  rules:\n" + strings.TrimSuffix(strings.ReplaceAll("    "+rules, "\n", "\n    "), "    ")
}

func TestRuleMistakes(t *testing.T) {
	for _, tt := range []struct {
		name, rules string
		want        []string
	}{
		{"no name, no match", "- reportable: true\n", []string{
			"3: classification.rules[0].match: is missing: say which alerts it is for, such as labels.source == \"siem\"; true is for all",
			"3: classification.rules[0].name: is missing: give the rule a short name, which reasons and metrics show"}},
		{"name", "- {name: a/b, match: true, reportable: true}\n", []string{
			`3: classification.rules[0].name: "a/b" is not a short name: want up to 64 letters, digits, spaces, dots, dashes and underscores`}},
		{"name twice", "- {name: a, match: true, reportable: true}\n- match: true\n  reportable: true\n  name: a\n", []string{
			`6: classification.rules[1].name: "a" is the name of rule 1 too: give each rule its own`}},
		{"sets nothing", "- {name: a, match: true}\n", []string{
			"3: classification.rules[0]: the rule sets nothing: say what the alerts it matches are, such as reportable: true"}},
		{"unknown variable", "- name: a\n  match: label.team == \"x\"\n  reportable: true\n", []string{
			`4: classification.rules[0].match: unknown name "label": a condition reads labels.NAME and receiver; text stands in quotes (column 1)`}},
		{"annotations", "- {name: a, match: 'annotations.summary contains \"x\"', reportable: true}\n", []string{
			`3: classification.rules[0].match: unknown name "annotations": a condition reads labels.NAME and receiver; text stands in quotes (column 1)`}},
		{"not boolean", "- {name: a, match: labels.team, reportable: true}\n", []string{
			`3: classification.rules[0].match: labels.team is text, not yes or no: compare it, as in labels.team == "…" (column 8)`}},
		{"a wrong function", "- {name: a, match: 'len(labels.team) == \"x\"', reportable: true}\n", []string{
			`3: classification.rules[0].match: unknown function "len": there are lower, upper, trim (column 1)`}},
		{"every mistake is named, with its rule", "- {name: a, match: 'labels.x ==', reportable: true}\n- {name: b, match: true, reportable: maybe}\n- {name: c, match: 'labels.x matches \"(\"', reportable: true}\n", []string{
			`3: classification.rules[0].match: is not a condition: unexpected token EOF (column 11)`,
			`4: classification.rules[1].reportable: "maybe" is not known here: want true, triage or false`,
			"5: classification.rules[2].match: error parsing regexp: missing closing ): `(` (column 18)"}},
		{"category", "- {name: a, match: true, category: intrusions/ddos}\n", []string{
			`3: classification.rules[0].category: "intrusions/ddos" is not a category: RSIT 1003 has, of the class intrusions, the types privileged-account-compromise, unprivileged-account-compromise, application-compromise, system-compromise, burglary`}},
		{"regime, entity, answer, continue", "- {name: a, match: true, regimes: [nis3], entities: [acme], malicious: perhaps, continue: 'yes'}\n", []string{
			`3: classification.rules[0].continue: "yes" is neither true nor false`,
			`3: classification.rules[0].entities[0]: there is no entity "acme": want default`,
			`3: classification.rules[0].malicious: "perhaps" is not an answer: want yes, no or unknown`, ""}},
		{"two ways to correlate", "- {name: a, match: true, incident: x, correlate_by: [y]}\n", []string{
			"3: classification.rules[0].correlate_by: incident is given too: keep one of the two"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("c.yaml", ".", []byte(indented(tt.rules)), environment)
			if err == nil {
				t.Fatal("accepted")
			}
			got := strings.Split(strings.ReplaceAll(err.Error(), "c.yaml:", ""), "\n")
			if tt.want[len(tt.want)-1] == "" { // the last line lists every regime there is
				tt.want, got = tt.want[:len(tt.want)-1], got[:len(got)-1]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRuleWarnings(t *testing.T) {
	got, err := parse("c.yaml", ".", []byte(indented(`- {name: all, match: labels.source == "siem", reportable: true}
- name: never
  reportable: triage
  match: labels["source"] == "siem" and labels.team == "x"
- {name: law, match: labels.team == "y", regimes: [gdpr]}
- {name: last, match: labels.team == "z", reportable: false}
`)), environment)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"c.yaml:6: classification.rules[1].match: the rule never matches: whatever it would match is taken before it by all; move it up, or set continue: true there",
		"c.yaml:7: classification.rules[2].regimes[0]: gdpr binds none of the entities: no clock of it runs",
	}, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if names := got.Classification.Rules.Names(); !cmp.Equal(names, []string{"all", "never", "law", "last"}) {
		t.Errorf("rules: %q", names)
	}
}
