//go:build linux

package intake

import (
	"fmt"
	"strings"
	"testing"

	"nis2clock/internal/classify"
)

// BenchmarkClassify is what 50 rules cost an alert, beside what reading that
// alert costs, in one run:
//
//   - decode: the recorded body of one alert;
//   - no-rules: its classification by labels alone;
//   - rules-50: with rules of which each asks for another value, and the last
//     matches: most are passed over without evaluating them;
//   - patterns-50: with rules that all have to be evaluated, the worst case.
func BenchmarkClassify(b *testing.B) {
	content := recorded("Alert000000001")
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if body, err := Decode(strings.NewReader(content)); err != nil || len(body.Alerts) != 1 {
				b.Fatal(err)
			}
		}
	})
	body, err := Decode(strings.NewReader(content))
	if err != nil {
		b.Fatal(err)
	}
	labels := body.Alerts[0].Labels
	run := func(name string, match func(n int) string) {
		b.Run(name, func(b *testing.B) {
			p := classify.DefaultPolicy()
			if match != nil {
				list := []classify.Rule{}
				for n := range 50 {
					list = append(list, classify.Rule{Name: fmt.Sprint(n), Match: match(n), Reportable: classify.Reportable, Service: "x"})
				}
				rules, _, mistakes := classify.NewRules(list)
				if len(mistakes) > 0 {
					b.Fatal(mistakes)
				}
				p.Rules = rules
			}
			for b.Loop() {
				if d := p.Classify(body.Receiver, labels); d.Verdict != classify.Reportable || (match != nil) != (len(d.Rules) == 1) {
					b.Fatalf("got %+v", d)
				}
			}
		})
	}
	run("no-rules", nil)
	run("rules-50", func(n int) string {
		if n == 49 {
			return `labels.job == "payments" and labels.severity in ["critical", "high"]`
		}
		return fmt.Sprintf(`labels.job == "service-%d" and labels.severity in ["critical", "high"]`, n)
	})
	run("patterns-50", func(n int) string {
		if n == 49 {
			return `labels.alertname startsWith "Alert"`
		}
		return fmt.Sprintf(`labels.alertname startsWith "Service%d" or labels.instance matches "^10\\.%d\\."`, n, n+1)
	})
}
