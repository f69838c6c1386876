package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every host
)

const vectorsFile = "../../testdata/vectors.yaml"

func deadlines(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, talk bytes.Buffer
	now := func() time.Time { return time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC) }
	code = Main(t.Context(), append([]string{"deadlines"}, args...), &Env{Stdout: &out, Stderr: &talk, Now: now})
	return code, out.String(), talk.String()
}

func TestDeadlinesExitCodes(t *testing.T) {
	vectors, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	good, text := write(t, string(vectors)), string(vectors)
	wrong := write(t, strings.Replace(text, "2026-09-16T08:17:42Z", "2026-09-16T08:17:43Z", 1))
	unknown := write(t, strings.Replace(text, "detected_at:", "detected:", 1))
	unsupported := write(t, strings.Replace(text, "regimes: [cer]", "regimes: [cer2]", 1))
	law := t.TempDir()
	if err := os.WriteFile(filepath.Join(law, "house.yaml"), []byte("id: house\ntitle: House\nversion: \"1\"\nreviewed: 2026-11-22\nact: Contract 1\nstages:\n"+
		"  - {id: word, title: Word to the customer, period: 36 hours, from: awareness, source: Clause 9, confidence: verified}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "house.yaml"), []byte("id: house\nstages: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	detected := []string{"--detected", "2026-11-10T12:17:00+01:00", "--member-state", "BE"}
	for _, test := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string // a part of each; empty: all of it is
	}{
		{"text", detected, 0, "Wed 11 Nov 2026 13:00:00 +01:00", ""},
		{"JSON", append(detected, "--json"), 0, `"early_warning": "2026-11-11T11:17:00Z"`, ""},
		{"repeated flags", append(detected, "--json",
			"--submitted", "early_warning=2026-11-10T13:00:00Z", "--submitted", "notification=2026-11-11T13:00:00Z",
			"--holiday", "2026-12-11", "--holiday", "2026-12-14"), 0, `"final_report": "2026-12-15T23:00:00Z"`, ""},
		{"nothing asked", nil, 2, "", "--detected is missing"},
		{"a bad time", []string{"--detected", "2026-11-10T12:17:00"}, 2, "", "has no offset from UTC"},
		{"an empty flag is not an absent one", append(detected, "--aware", ""), 2, "", `--aware: "" is not a time`},
		{"an empty list is not an absent one", append(detected, "--holiday", ""), 2, "", `--holiday: "" is not a day`},
		{"an unknown flag", append(detected, "--detect", "x"), 2, "", "unknown flag --detect"},
		{"an argument", append(detected, "x"), 2, "", "unexpected argument x"},
		{"a regime that is not known", append(detected, "--regime", "nis3"), 1, "", `leave --regime "nis3" out: the regimes known are cer,`},
		{"another regime", append(detected, "--regime", "dora", "--classified", "2026-11-10T13:17:00Z", "--json"), 0, `"dora_initial": "2026-11-10T17:17:00Z"`, ""},
		{"the overlay of the State", append(detected, "--member-state", "CY", "--json"), 0, `"early_warning": "2026-11-10T17:17:00Z"`, ""},
		{"its source and confidence", append(detected, "--member-state", "CY"), 0, "UNCONFIRMED: read only in a commentary", ""},
		{"its holidays", append(detected, "--json", "--submitted", "notification=2026-12-01T09:00:00+01:00"), 0, `"final_report": "2027-01-04T23:00:00Z"`, ""},
		{"a folder of law", append(detected, "--law", law, "--regime", "house", "--json"), 0, `"word": "2026-11-11T23:17:00Z"`, ""},
		{"a folder of law with mistakes", append(detected, "--law", broken), 1, "", "house.yaml:1: title is missing; house.yaml:1: version is missing"},
		{"a folder that is none", append(detected, "--law", law+".not"), 1, "", "--law "},

		{"facts", []string{"--facts", good}, 0, "\nV44\n", ""},
		{"facts as JSON", []string{"--facts", good, "--json"}, 0, `"id": "V44"`, ""},
		{"facts and flags", append(detected, "--facts", good), 2, "", "leave out all other flags"},
		{"no such file", []string{"--facts", good + ".not"}, 2, "", "no such file"},
		{"an empty file name", append(detected, "--facts", ""), 2, "", "leave out all other flags"},
		{"facts with an unknown key", []string{"--facts", unknown}, 1, "", `unknown key "detected" of in`},
		{"facts of which one cannot be answered", []string{"--facts", unsupported, "--json"}, 1, `"id": "V44"`, "V38 (regime cer2)"},

		{"check that agrees", []string{"--check", good}, 0, "44 vectors computed, 0 differences", ""},
		{"check that differs", []string{"--check", wrong}, 1,
			"V01 early_warning conservative: file 2026-09-16T08:17:43Z, computed 2026-09-16T08:17:42Z", ""},
		{"check beside JSON", []string{"--check", wrong, "--json"}, 1, `"id": "V01"`, "1 differences"},
		{"check of one file with another", []string{"--facts", good, "--check", wrong}, 1, "V01 early_warning", ""},
		{"check of the file with itself", []string{"--facts", vectorsFile, "--check", vectorsFile}, 0, "44 vectors computed, 0 differences", ""},
		{"check with more than can be answered", []string{"--check", unsupported}, 1, "43 vectors computed, 0 differences", "V38 (regime cer2)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := deadlines(t, test.args...)
			if code != test.code {
				t.Errorf("got exit code %d, want %d", code, test.code)
			}
			for _, part := range []struct{ of, got, want string }{{"stdout", stdout, test.stdout}, {"stderr", stderr, test.stderr}} {
				if !strings.Contains(part.got, part.want) || (part.want == "" && part.got != "") {
					t.Errorf("got %s %q, want %q in it", part.of, part.got, part.want)
				}
			}
			if code != 0 && test.stdout == "" && strings.Count(stderr, "\n") != 1 {
				t.Errorf("got stderr %q, want one line", stderr)
			}
		})
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "vectors.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
