package classify

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr/vm"
	"github.com/google/go-cmp/cmp"
)

// ruled is the default policy with rules that have no mistake.
func ruled(t testing.TB, list ...Rule) Policy {
	t.Helper()
	rules, _, mistakes := NewRules(list)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	p := DefaultPolicy()
	p.Rules = rules
	return p
}

func TestRulesSayWhatLabelsLeaveOpen(t *testing.T) {
	siem := Rule{
		Name: "siem", Match: `labels.source == "siem"`, Reportable: Triage, Severity: "critical", Category: Category{"intrusions", "burglary"},
		Regimes: []string{"nis2"}, Entities: []string{"acme"}, Service: "login", Malicious: Yes, CrossBorder: No, Incident: "one",
	}
	more := siem
	more.Continue = true
	lab := Rule{Name: "lab", Match: `labels.env == "lab"`, Reportable: Ignore}
	after := Rule{Name: "after", Match: "true", Reportable: Reportable, Service: "mail", CorrelateBy: []string{"team"}}
	for _, tt := range []struct {
		name   string
		rules  []Rule
		labels map[string]string
		want   func(*Decision, Sources) bool
	}{
		{"an unlabelled alert becomes what the rule says", []Rule{siem}, map[string]string{"source": "siem"}, func(d *Decision, s Sources) bool {
			return d.Verdict == Triage && d.Reason == `rule siem: labels.source == "siem"` && d.Severity == "critical" && d.Category.Type == "burglary" &&
				d.Regimes[0] == "nis2" && d.Entities[0] == "acme" && d.Service == "login" && d.Malicious == Yes && d.CrossBorder == No &&
				d.Correlation == `{nis2_incident="one"}` && s[FactReportable] == "rule siem" && s[FactCorrelation] == "rule siem" && len(d.Flags) == 0
		}},
		{"a rule that does not match changes nothing", []Rule{siem}, map[string]string{"source": "siem2"}, func(d *Decision, s Sources) bool {
			return d.Verdict == Ignore && d.Reason == "no label nis2_reportable" && len(d.Rules) == 0 && len(s) == 0
		}},
		{"every label counts before the rule", []Rule{siem}, map[string]string{
			"source": "siem", LabelReportable: "true", LabelSeverity: "low", LabelCategory: "fraud", LabelRegimes: "gdpr", LabelEntity: "bank, acme",
			LabelService: "web", LabelMalicious: "no", LabelCrossBorder: "unknown", LabelIncident: "two",
		}, func(d *Decision, s Sources) bool {
			return d.Verdict == Reportable && d.Severity == "low" && d.Category == Category{"fraud", ""} && d.Regimes[0] == "gdpr" &&
				cmp.Equal(d.Entities, []string{"bank", "acme"}) && d.Service == "web" && d.Malicious == No && d.CrossBorder == Unknown &&
				d.Correlation == `{nis2_incident="two"}` && s[FactReportable] == "label nis2_reportable" && s[FactEntities] == "label nis2_entity"
		}},
		{"no rule silences a label", []Rule{lab}, map[string]string{"env": "lab", LabelReportable: "true"}, func(d *Decision, _ Sources) bool {
			return d.Verdict == Reportable && d.Reason == "label nis2_reportable=true"
		}},
		{"a label that says no counts before the rule", []Rule{after}, map[string]string{LabelReportable: "false"}, func(d *Decision, _ Sources) bool {
			return d.Verdict == Ignore && d.Reason == "label nis2_reportable=false"
		}},
		{"a label that cannot be read leaves it to the rule", []Rule{after}, map[string]string{LabelReportable: "TRUE"}, func(d *Decision, _ Sources) bool {
			return d.Verdict == Reportable && d.Reason == "rule after: true"
		}},
		{"the first rule that matches is the last", []Rule{siem, after}, map[string]string{"source": "siem"}, func(d *Decision, _ Sources) bool {
			return d.Verdict == Triage && d.Service == "login" && cmp.Equal(d.Rules, []string{"siem"})
		}},
		{"unless it continues; then the first to say something decides it", []Rule{lab, more, after}, map[string]string{"source": "siem"}, func(d *Decision, _ Sources) bool {
			return d.Verdict == Triage && d.Service == "login" && cmp.Equal(d.Rules, []string{"siem", "after"})
		}},
		{"a later rule does not undo an ignored alert", []Rule{{Name: "lab", Match: "true", Reportable: Ignore, Continue: true}, after}, nil, func(d *Decision, _ Sources) bool {
			return d.Verdict == Ignore && d.Reason == "rule lab: true"
		}},
		{"labels of a rule make the key", []Rule{after}, map[string]string{"team": "blue", "alertname": "A"}, func(d *Decision, _ Sources) bool {
			return d.Correlation == `{team="blue"}`
		}},
		{"an alert without those labels keeps its own key", []Rule{after}, map[string]string{"alertname": "A"}, func(d *Decision, s Sources) bool {
			return d.Correlation == `{alertname="A"}` && s[FactCorrelation] == ""
		}},
		{"an unknown category is kept and flagged", nil, map[string]string{LabelReportable: "true", LabelCategory: "intrusions/magic"}, func(d *Decision, _ Sources) bool {
			return d.Category == Category{"intrusions", "magic"} && cmp.Equal(d.Flags, []string{`nis2_category "intrusions/magic" is not in RSIT 1003: kept as given`})
		}},
	} {
		d, s := ruled(t, tt.rules...).Explain("nis2", tt.labels)
		if !tt.want(&d, s) {
			t.Errorf("%s: got %+v, said by %v", tt.name, d, s)
		}
		if plain := ruled(t, tt.rules...).Classify("nis2", tt.labels); !cmp.Equal(plain, d) {
			t.Errorf("%s: Classify and Explain differ: %s", tt.name, cmp.Diff(plain, d))
		}
	}
}

func TestConditions(t *testing.T) {
	labels := map[string]string{"a": "x", "empty": "", "team.name": "blue", "long": strings.Repeat("l", maxSeen) + "tail"}
	for match, want := range map[string]bool{
		`labels.a == "x"`: true, `"x" == labels.a`: true, `labels["team.name"] == "blue"`: true, `labels.missing == ""`: true,
		`"a" in labels`: true, `"missing" in labels`: false, `"empty" in labels`: true, `"missing" not in labels`: true,
		`labels.a in ["y", "x"]`: true, `labels.a not in ["y"]`: true, `labels.a in []`: false, `labels.a != labels.missing`: true,
		`upper(labels.a) == "X" && lower("A") == "a" && trim(" a") == "a"`: true,
		`labels.a matches "^[w-z]$"`:                                       true, `labels.a contains "x" and not (labels.a startsWith "y" or labels.a endsWith "z")`: true,
		`receiver == "web.hook"`: true, `receiver in ["web.hook"] && true`: true, `!true || false`: false,
		`labels.long endsWith "l"`: true, `labels.long contains "tail"`: false,
	} {
		p := ruled(t, Rule{Name: "r", Match: match, Reportable: Reportable})
		if got := p.Classify(`web\.hook`, labels).Verdict == Reportable; got != want {
			t.Errorf("%s: got %v, want %v", match, got, want)
		}
	}
}

func TestConditionsRefused(t *testing.T) {
	for match, want := range map[string]string{
		``:                                  "is not a condition: unexpected token EOF (column 1)",
		`label.a == "x"`:                    `unknown name "label": a condition reads labels.NAME and receiver; text stands in quotes (column 1)`,
		`labels.a == x`:                     `unknown name "x": a condition reads labels.NAME and receiver; text stands in quotes (column 13)`,
		`labels.a`:                          `labels.a is text, not yes or no: compare it, as in labels.a == "…" (column 8)`,
		"true and\n labels.a == 1":          `labels are text: write "1" in quotes (line 2 of it, column 14)`,
		`labels.a in labels.b`:              `want a list after in, as in labels.severity in ["critical", "high"] (column 20)`,
		`labels.a in ["x", 1]`:              "want text in quotes in the list (column 19)",
		`labels.a in labels`:                `want the name of a label, as in "team" in labels (column 8)`,
		`labels == "x"`:                     "labels is all of them: name one, as in labels.severity (column 1)",
		`lower(labels.a, "x") == "x"`:       "lower takes one text (column 1)",
		`labels.a matches labels.b`:         "want a pattern in quotes after matches (column 25)",
		`labels.a matches "("`:              "error parsing regexp: missing closing ): `(` (column 18)",
		`labels.a matches "(x{900}){2}"`:    "error parsing regexp: invalid repeat count: `{2}` (column 18)",
		`labels.a matches "(x{500}y{499})"`: "costs 1005 (nodes, and instructions of its patterns), more than 1000: split it into several rules or simplify its patterns",
		`labels.a == "` + strings.Repeat("x", maxSeen+1) + `"`: "the text is longer than 1024 bytes, of which more is never seen (column 13)",
		strings.Repeat("true or ", 600) + "true":               "is longer than 4096 bytes: split it into several rules",
	} {
		_, _, mistakes := NewRules([]Rule{{Name: "r", Match: match, Reportable: Reportable}})
		if len(mistakes) != 1 || mistakes[0].Err.Error() != want {
			t.Errorf("%.60s: got %v, want %s", match, mistakes, want)
		}
	}
	for _, match := range []string{ // what could loop, grow or fail
		`all(labels, # == "x")`, `any([1], true)`, `1..9 == []`, `repeat("x", 9) == "x"`, `labels.a + "x" == "x"`, `labels.a[1:] == "x"`, `len(labels.a) > 1`,
		`let x = labels.a; x == "y"`, `labels.a ?? "x" == "x"`, `labels?.a == "x"`, `labels[labels.a] == "x"`, `true ? true : false`, `(true; true)`,
		`now() == now()`, `toJSON(labels) == ""`, `{"a": "b"}.a == "b"`, `labels.a.b == "x"`, `labels.a > "x"`, `true == true`, `labels.a | lower() contains env`,
		`receiver.x == "y"`, `$env["labels"].a == "x"`, `if true { true } else { false }`, `-1 == 1`, `not labels.a`, `labels.a == nil`, "\xff",
	} {
		if _, _, mistakes := NewRules([]Rule{{Name: "r", Match: match, Reportable: Reportable}}); len(mistakes) != 1 || strings.Contains(mistakes[0].Error(), "\n") {
			t.Errorf("%q: got %v, want it refused in one line", match, mistakes)
		}
	}
}

func TestManyRulesAreBounded(t *testing.T) {
	list := make([]Rule, 30)
	for n := range list {
		list[n] = Rule{Name: fmt.Sprint(n), Match: `labels.a matches "x{900}"`, Reportable: Reportable}
	}
	_, _, mistakes := NewRules(list)
	if len(mistakes) != 1 || mistakes[0].Index != 22 || !strings.Contains(mistakes[0].Error(), "more than 20000") {
		t.Errorf("got %v, want the total refused once, at the rule that exceeds it", mistakes)
	}
}

// A rule that was found dead must be dead: no labels make it count.
func TestDeadRules(t *testing.T) {
	const a, b = `labels.a == "x"`, `labels.b == "y"`
	for _, tt := range []struct {
		name    string
		matches []string // a + in front lets the rule continue
		want    string   // the dead ones
	}{
		{"alone", []string{a}, ""},
		{"identical", []string{a, a}, "1"},
		{"written differently", []string{a, `"x" == labels["a"]`}, "1"},
		{"after a weaker one", []string{a, a + " and " + b}, "1"},
		{"in another order", []string{a + " && " + b, b + " and " + a}, "1"},
		{"after a stronger one", []string{a + " and " + b, a}, ""},
		{"after true", []string{"true", a}, "1"},
		{"after one that continues", []string{"+true", a}, ""},
		{"one of several values", []string{`labels.a in ["x", "z"]`, a}, "1"},
		{"several values, each taken", []string{a, `labels.a == "z"`, `labels.a in ["x", "z"]`}, "2"},
		{"several values, one left", []string{a, `labels.a in ["x", "z"]`}, ""},
		{"a value that fits a pattern", []string{`labels.a matches "^x"`, a}, "1"},
		{"a value that fits no pattern", []string{`labels.a matches "^y"`, a}, ""},
		{"a value that is not another", []string{`labels.a != "z"`, a}, "1"},
		{"false", []string{"false", a}, "0"},
		{"never", []string{a + ` and labels.a == "y"`}, "0"},
		{"contrary", []string{a + " and not (" + a + ")"}, "0"},
		{"contrary of and", []string{"not (" + a + " or " + b + ") and " + b}, "0"},
		{"a pattern the value cannot have", []string{`labels.a startsWith "y" and ` + a}, "0"},
		{"no list", []string{`labels.a in []`}, "0"},
		{"constants", []string{`"a" == "b"`, `"a" == "a"`, a}, "0 2"},
		{"presence follows from no value", []string{`"a" in labels`, a}, ""},
		{"receiver", []string{`receiver == "r"`, `receiver == "r" and ` + a}, "1"},
		{"two labels", []string{`labels.a == labels.b`, a + ` and labels.b == "x"`}, "1"},
		{"too many to tell", []string{strings.Repeat(`labels.a in ["1","2","3","4","5"] and labels.b in ["1","2","3","4","5"] and labels.c in ["1","2","3","4","5"] or `, 2) + a, a}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var list []Rule
			for n, match := range tt.matches {
				plain, more := strings.CutPrefix(match, "+")
				list = append(list, Rule{Name: fmt.Sprint(n), Match: plain, Continue: more, Reportable: Reportable})
			}
			rules, doubts, mistakes := NewRules(list)
			if mistakes != nil {
				t.Fatal(mistakes)
			}
			var dead []string
			for _, d := range doubts {
				dead = append(dead, fmt.Sprint(d.Index))
			}
			if got := strings.Join(dead, " "); got != tt.want {
				t.Errorf("got %q dead, want %q: %v", got, tt.want, doubts)
			}
			values := []string{"", "x", "y", "z", "1", "xy", "yx"}
			for _, va := range values {
				for _, vb := range values {
					for _, receiver := range []string{"", "r"} {
						for _, name := range (Policy{Rules: rules}).Classify(receiver, map[string]string{"a": va, "b": vb}).Rules {
							if slices.Contains(dead, name) {
								t.Errorf("rule %s is called dead and counts for a=%q b=%q", name, va, vb)
							}
						}
					}
				}
			}
		})
	}
}

func TestRuleThatKeepsAlertsFromOthers(t *testing.T) {
	silent := Rule{Name: "silent", Match: `labels.a == "x"`, Service: "web"}
	between := Rule{Name: "between", Match: `labels.c == "z"`, Service: "mail", Continue: true}
	for _, verdict := range []Verdict{Reportable, Triage} {
		other := Rule{Name: "other", Match: `labels.b == "y"`, Reportable: verdict}
		if _, doubts, _ := NewRules([]Rule{silent, between, other}); len(doubts) != 1 || doubts[0].Index != 0 || !strings.Contains(doubts[0].Error(), "such as other: set continue: true") {
			t.Errorf("got %v, want that silent keeps alerts from other", doubts)
		}
	}
	other := Rule{Name: "other", Match: `labels.b == "y"`, Reportable: Reportable}
	if _, doubts, _ := NewRules([]Rule{silent, between}); len(doubts) != 0 {
		t.Errorf("got %v, want nothing: no rule decides", doubts)
	}
	silent.Continue = true
	if _, doubts, _ := NewRules([]Rule{silent, other}); len(doubts) != 0 {
		t.Errorf("got %v, want nothing: it continues", doubts)
	}
}

// eachSetting yields a rule that says something and, for each of its fields, one
// that differs in that field alone.
func eachSetting(t *testing.T, f func(field string, plain, other Rule)) {
	t.Helper()
	plain := Rule{Name: "r", Match: `lower(labels.a) matches "x"`, Severity: "critical"}
	for n, field := range reflect.VisibleFields(reflect.TypeFor[Rule]()) {
		other := plain
		switch v := reflect.ValueOf(&other).Elem().Field(n).Addr().Interface().(type) {
		case *bool:
			*v = true
		case *string:
			*v += "y"
		case *[]string:
			*v = []string{"y"}
		case *Verdict:
			*v = Reportable
		case *Answer:
			*v = Yes
		case *Category:
			*v = Category{Class: "intrusions"}
		default:
			t.Fatalf("Rule.%s: how does a test change a %T?", field.Name, v)
		}
		if field.Name == "Match" {
			other.Match = "true"
		}
		f(field.Name, plain, other)
	}
}

// A reload that changes one setting of one rule must not pass for no change.
func TestRulesEqual(t *testing.T) {
	eachSetting(t, func(field string, plain, other Rule) {
		if p, q := ruled(t, plain), ruled(t, other); p.Equal(q) || q.Equal(p) {
			t.Errorf("a rule with another %s is equal", field)
		}
	})
	r, second := Rule{Name: "r", Match: "true", Reportable: Reportable}, Rule{Name: "second", Match: "true", Reportable: Triage}
	switch p := ruled(t, r, second); {
	case !p.Equal(ruled(t, r, second)):
		t.Error("the same rules read twice differ")
	case p.Equal(ruled(t, second, r)) || p.Equal(ruled(t, r)) || ruled(t, r).Equal(p):
		t.Error("rules in another order, or fewer of them, are equal")
	case p.Equal(DefaultPolicy()) || DefaultPolicy().Equal(p):
		t.Error("rules are equal to none")
	case !DefaultPolicy().Equal(DefaultPolicy()):
		t.Error("no rules differ from no rules")
	}
}

// A rule that sets one thing, whichever, is a rule; one that sets nothing is not.
func TestRuleThatSetsNothing(t *testing.T) {
	eachSetting(t, func(field string, _, other Rule) {
		if field != "Severity" {
			other.Severity = ""
		}
		_, _, mistakes := NewRules([]Rule{other})
		if nothing := field == "Name" || field == "Match" || field == "Continue"; (len(mistakes) > 0) != nothing {
			t.Errorf("a rule with nothing but %s: %v", field, mistakes)
		} else if nothing && !strings.HasPrefix(mistakes[0].Error(), "rule 1: ") {
			t.Errorf("got %q, want the first rule named as 1", mistakes[0])
		}
	})
}

func TestRSIT(t *testing.T) {
	types := 0
	for _, c := range RSIT().Classes {
		types += len(c.Types)
		for _, k := range c.Types {
			if got, err := ParseCategory(c.ID + "/" + k.ID); err != nil || got != (Category{c.ID, k.ID}) || k.Label == "" {
				t.Errorf("%s/%s: got %v, %v, label %q", c.ID, k.ID, got, err, k.Label)
			}
		}
	}
	if len(RSIT().Classes) != 11 || types != 39 || RSIT().Version != "1003" {
		t.Errorf("%d classes, %d types, version %s", len(RSIT().Classes), types, RSIT().Version)
	}
	for _, s := range []string{"", "/", "intrusions/", "intrusion", "intrusions/ddos", "Intrusions", "intrusions/burglary/x"} {
		if c, err := ParseCategory(s); err == nil {
			t.Errorf("%q: got %v, want it refused", s, c)
		}
	}
}

// FuzzConditions: what is accepted at load never fails and never takes long,
// whatever labels it meets; what is called never true is not; and the values
// that are looked at first decide nothing that the condition does not.
func FuzzConditions(f *testing.F) {
	for _, match := range []string{
		`labels.a == "x" and receiver != "y"`, `labels["a b"] in ["x", "y"] or "b" not in labels`, `not (upper(labels.a) matches "^(x|y)+$")`,
		`trim(lower(labels.a)) contains labels.b || labels.b startsWith "x" && labels.a endsWith ""`, `labels.a == "x" and labels.a == "y"`,
		`labels.a matches "(x+x+)+y"`, `"x" == "x"`, "((((true))))", `labels.a in []`, `any(labels, true)`, "sa == tb and lc == \"y\"", `labels.a == 'x'`, "labels.a == `x`", `labels.a not matches "x"`,
	} {
		f.Add(match, "x", strings.Repeat("x", 3000), "r")
	}
	f.Fuzz(func(t *testing.T, match, a, b, receiver string) {
		rules, doubts, mistakes := NewRules([]Rule{{Name: "r", Match: match, Reportable: Reportable}})
		if (rules == nil) != (len(mistakes) > 0) {
			t.Fatalf("rules %v and mistakes %v", rules, mistakes)
		}
		for _, m := range slices.Concat(doubts, mistakes) {
			if strings.Contains(m.Error(), "\n") {
				t.Errorf("more than one line: %s", m)
			}
		}
		if rules == nil {
			return
		}
		labels := map[string]string{"a": a, "b": b, "a b": a}
		began := time.Now()
		d := Policy{Rules: rules}.Classify(receiver, maps.Clone(labels))
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
		if len(d.Flags) > 0 {
			t.Errorf("failed: %s", d.Flags)
		}
		if len(doubts) > 0 && len(d.Rules) > 0 {
			t.Errorf("%v, and it counts for a=%q b=%q receiver=%q", doubts, a, b, receiver)
		}
		full, err := rules.all[0].expr.run(&vm.VM{}, environment(clipBytes(unquote(receiver)), seen(labels)))
		if err != nil || full != (len(d.Rules) > 0) {
			t.Errorf("the condition is %v (%v), but counts: %q", full, err, d.Rules)
		}
	})
}
