package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nis2clock/internal/regime"
)

const contractFile = `id: contract
title: Contract
version: "1"
reviewed: 2026-11-22
act: Contract 1
stages:
  - {id: word, title: Word, period: 36 hours, from: awareness, source: Clause 9, confidence: verified}
`

// lawDir holds folders of regimes, good ones and others.
func lawDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"good/contract.yaml":  contractFile,
		"later/contract.yaml": strings.Replace(contractFile, "36 hours", "12 hours", 1),
		"bad/contract.yaml":   strings.Replace(strings.Replace(contractFile, "36 hours", "36h", 1), "from: awareness", "from: submission of word", 1),
		"none/README":         "nothing",
		"loose.yaml":          contractFile,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRegimes(t *testing.T) {
	dir := lawDir(t)
	for _, tt := range []struct {
		name, text string
		hours      int      // of the contract's stage
		want       []string // lines of the error instead
	}{
		{"a folder", "regimes: good\nentities: [{regimes: [nis2, contract]}]\n", 36, nil},
		{"a later folder overrides", "regimes: [good, later]\nentities: [{regimes: [contract]}]\n", 12, nil},
		{"the order of the file does not matter", "entities: [{regimes: [contract]}]\nregimes: good\n", 36, nil},
		{"a mistake names its file and line", "regimes: bad\n", 0, []string{
			`c.yaml:1: regimes: contract.yaml:7: period: bad period "36h": want such as "72 hours", "14 days", "30 working days" or "1 month", at most 9999`,
			`c.yaml:1: regimes: contract.yaml:7: stage "word" is counted from the submission of "word": want a stage listed before it`,
		}},
		{"a folder without regimes", "regimes: [good, none]\n", 0, []string{"c.yaml:1: regimes[1]: read regimes: no .yaml file there"}},
		{"a file", "regimes: loose.yaml\n", 0, []string{"c.yaml:1: regimes: the path named there is not that of a folder: name the folder that the regime's file lies in"}},
		{"a folder that is not there", "regimes: gone\n", 0, []string{"c.yaml:1: regimes: the path named there cannot be read: no such file or directory; a relative one counts from the folder of this config"}},
		{"a regime of no folder", "entities: [{regimes: [contract]}]\n", 0, []string{
			`c.yaml:1: entities[0].regimes[0]: there is no regime "contract": want cer, cra_severe_incident, cra_vulnerability, dora, eidas, gdpr or nis2`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse("c.yaml", dir, []byte(tt.text), environment)
			if tt.want != nil {
				if err == nil || !slices.Equal(strings.Split(err.Error(), "\n"), tt.want) {
					t.Errorf("got %v\nwant %s", err, strings.Join(tt.want, "\n"))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r, _ := c.Law.Regime("contract")
			if stage, _ := r.Stage("word"); stage.Period != (regime.Period{N: tt.hours, Unit: regime.Hours}) {
				t.Errorf("period is %s, want %d hours", stage.Period, tt.hours)
			}
			if !slices.Contains(c.Entities[0].Regimes, "contract") {
				t.Errorf("regimes of the entity are %v", c.Entities[0].Regimes)
			}
		})
	}
}
