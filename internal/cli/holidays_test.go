package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestHolidays(t *testing.T) {
	now := func() time.Time { return time.Date(2027, time.March, 1, 12, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string // a part of each; empty: all of it is
	}{
		{"this year", []string{"AT"}, 0, "Public holidays of Austria (AT), 2027", ""},
		{"a day", []string{"AT"}, 0, "Thu 2027-05-27  Corpus Christi\n", ""},
		{"what is none is said", []string{"AT"}, 0, "NOTE: 2027-03-26 Good Friday: not counted", ""},
		{"another year", []string{"at", "--year", "2026"}, 0, "Mon 2026-10-26  National Day", ""},
		{"JSON", []string{"AT", "--year=2027", "--json"}, 0, `"date": "2027-01-01",` + "\n      " + `"name": "New Year's Day"`, ""},
		{"no warnings are an empty list", []string{"CZ", "--json"}, 0, `"warnings": []`, ""},
		{"old data", []string{"CZ", "--year", "2040"}, 0, "checked for the years 2024 to 2036 only", ""},
		{"a region", []string{"DE", "--region", "de-nw"}, 0, "Thu 2027-05-27  Corpus Christi", ""},
		{"unknown State", []string{"EL"}, 2, "", `unknown State "EL": want one of AT BE`},
		{"no State", nil, 2, "", "expected \"<state>\""},
		{"a bad year", []string{"AT", "--year", "27"}, 2, "", "--year: 27 lies outside"},
		{"unknown region", []string{"DE", "--region", "DE-XX"}, 2, "", `--region: no holidays of "DE-XX" are known: want one of DE-BB`},
		{"no regions", []string{"CZ", "--region", "CZ-10"}, 2, "", "leave it out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, talk bytes.Buffer
			code := Main(t.Context(), append([]string{"holidays"}, test.args...), &Env{Stdout: &out, Stderr: &talk, Now: now})
			if code != test.code {
				t.Errorf("got exit code %d, want %d", code, test.code)
			}
			for _, part := range []struct{ of, got, want string }{{"stdout", out.String(), test.stdout}, {"stderr", talk.String(), test.stderr}} {
				if !strings.Contains(part.got, part.want) || (part.want == "" && part.got != "") {
					t.Errorf("got %s %q, want %q in it", part.of, part.got, part.want)
				}
			}
		})
	}
}
