package portal

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestPortals(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Portals() {
		key := p.State + "/" + p.Regime
		if seen[key] {
			t.Errorf("there are two forms for %s", key)
		}
		seen[key] = true
	}
	for _, state := range strings.Fields("NL LU ES IT CZ DE BE PL PT SE DK FI AT HR FR IE HU SK") {
		if _, ok := For(state, "nis2"); !ok {
			t.Errorf("there is none for %s", state)
		}
	}
	for regime, want := range map[string]string{"cra_vulnerability": "ENISA SRP", "cra_severe_incident": "ENISA SRP", "dora": "", "gdpr": ""} {
		if p, ok := For("DE", regime); !ok || p.Name != want {
			t.Errorf("%s is filed through %q, %v, want %q", regime, p.Name, ok, want)
		}
	}
	if p, ok := For("MT", "nis2"); ok {
		t.Errorf("Malta's form is not known, yet it is %+v", p)
	}
}

// The limits an authority sets are the ones people trip over.
func TestLimitsOfPortals(t *testing.T) {
	for _, tt := range []struct {
		state, regime, no string
		max               int
	}{{"CZ", "nis2", "11", 600}, {"LU", "nis2", "1", 100}, {"LU", "nis2", "13", 255}, {"DE", "cra_vulnerability", "2", 4000}, {"DE", "cra_vulnerability", "17", 100}, {"FR", "dora", "2.4", 32767}} {
		p, _ := For(tt.state, tt.regime)
		found := false
		for _, f := range p.Fields {
			if f.No == tt.no {
				found = true
				if f.Max != tt.max {
					t.Errorf("%s %s %s takes %d characters, want %d", tt.state, tt.regime, tt.no, f.Max, tt.max)
				}
			}
		}
		if !found {
			t.Errorf("%s %s has no field %s", tt.state, tt.regime, tt.no)
		}
	}
}

func TestMistakesAreFound(t *testing.T) {
	const good = "state: NL\nregime: nis2\nauthority: a\nsource: s\nreviewed: 2026-11-22\nconfidence: verified\nseen: all\nfields:\n  - {no: \"1\", asks: q, need: R, from: [severity_assessment], codes: {high: H}}\n"
	for want, change := range map[string][2]string{
		"want all, part or none":     {"seen: all", "seen: some"},
		"no field severity":          {"severity_assessment", "severity"},
		"is never red":               {"high: H", "red: H"},
		"want verified or secondary": {"verified", "sure"},
		"need (R, O, C or A)":        {"need: R", "need: X"},
		"unknown field":              {"state: NL", "country: NL"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if _, err := read(fstest.MapFS{"portals/x.yaml": {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := read(fstest.MapFS{"portals/x.yaml": {Data: []byte(good)}}); err != nil {
		t.Error(err)
	}
}
