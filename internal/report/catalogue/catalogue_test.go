package catalogue

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nis2clock/internal/report/field"
)

// The build fails with a missing, an extra or an empty translation: Load holds
// every language against English.
func TestEveryLanguageIsComplete(t *testing.T) {
	all, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range strings.Fields("en de fr nl it es pl el bg") {
		if all[tag] == nil {
			t.Errorf("there is no %s", tag)
		}
	}
	if _, err := readNational(data, all); err != nil {
		t.Error(err)
	}
	for _, d := range field.All() {
		for _, key := range append([]string{"f_" + d.ID, "g_" + d.Group}, valueKeys(d)...) {
			if !all[Default].Has(key) {
				t.Errorf("field %s has no text %s", d.ID, key)
			}
		}
	}
}

// valueKeys are the texts that a field's values need; codes of international
// lists are printed as they are.
func valueKeys(d *field.Def) []string {
	if d.ID == "incident_class" || d.ID == "tlp_marking" {
		return nil
	}
	var keys []string
	for _, v := range d.Values {
		keys = append(keys, "v_"+v)
	}
	return keys
}

func TestLoadFindsWhatDoesNotAgree(t *testing.T) {
	de, err := fs.ReadFile(data, "languages/de.yaml")
	if err != nil {
		t.Fatal(err)
	}
	en, err := fs.ReadFile(data, "languages/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(string) string{
		"page_of is missing":            func(s string) string { return strings.Replace(s, "  page_of:", "  page_off:", 1) },
		"extra is in no other language": func(s string) string { return s + "  extra: \"x\"\n" },
		"page_of has the blanks":        func(s string) string { return strings.Replace(s, "Seite {n}", "Seite {x}", 1) },
		"late stands there twice":       func(s string) string { return strings.Replace(s, "\nterms:\n", "\nterms:\n  late: \"spät\"\n", 1) },
		"its tag is fr":                 func(s string) string { return strings.Replace(s, "tag: de", "tag: fr", 1) },
		"twelve months":                 func(s string) string { return strings.Replace(s, "Januar, ", "", 1) },
	} {
		changed := change(string(de))
		if changed == string(de) {
			t.Fatalf("%s: the change changes nothing", want)
		}
		_, err := Load(fstest.MapFS{"languages/en.yaml": {Data: en}, "languages/de.yaml": {Data: []byte(changed)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestDatesAndNumbers(t *testing.T) {
	at := time.Date(2026, 5, 22, 9, 4, 5, 0, time.FixedZone("", 2*3600))
	for tag, want := range map[string][3]string{
		"en": {"22 May 2026, 09:04:05 (UTC+02:00)", "1,234,567.5", "12.5%"},
		"de": {"22. Mai 2026, 09:04:05 Uhr (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5\u00a0%"},
		"fr": {"22 mai 2026, 09 h 04 min 05 s (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5\u00a0%"},
		"nl": {"22 mei 2026, 09.04.05 uur (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5%"},
		"it": {"22 maggio 2026, ore 09:04:05 (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5%"},
		"es": {"22 de mayo de 2026, 09:04:05 h (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5\u00a0%"},
		"pl": {"22 maja 2026 r., godz. 09:04:05 (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5%"},
		"el": {"22 Μαΐου 2026, 09:04:05 (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5%"},
		"bg": {"22 май 2026 г., 09:04:05 ч. (UTC+02:00)", "1\u00a0234\u00a0567,5", "12,5%"},
	} {
		l, err := In(tag)
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]string{l.Long(at), l.Number("1234567.5"), l.Percent("12.5")}; got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	l, _ := In("de-AT")
	if got := l.Short(at.UTC()); got != "2026-05-22 07:04:05 UTC" {
		t.Errorf("in a table: %s", got)
	}
	if got := l.Number("about ten"); got != "about ten" {
		t.Errorf("no number: %s", got)
	}
}

func TestNationalTerms(t *testing.T) {
	l, err := In("de")
	if err != nil {
		t.Fatal(err)
	}
	if got := l.National("DE").Say("stage_early_warning"); got != "Frühe Erstmeldung" {
		t.Errorf("in Germany an early warning is %q", got)
	}
	if got := l.National("AT").Say("stage_early_warning"); got != "Frühwarnung" {
		t.Errorf("in Austria an early warning is %q", got)
	}
	if got := l.Say("stage_early_warning"); got != "Frühwarnung" {
		t.Errorf("in the Directive an early warning is %q", got)
	}
}

func TestUnknownLanguageAndText(t *testing.T) {
	if _, err := In("sv"); err == nil || !strings.Contains(err.Error(), "en, bg, de, el") {
		t.Errorf("Swedish: %v, want the languages there are", err)
	}
	l, err := In("")
	if err != nil || l.Tag != "en" {
		t.Fatalf("no language is %v, %v", l, err)
	}
	if _, err := l.Text("nonsense"); err == nil {
		t.Error("an unknown key has a text")
	}
	if got := l.Say("page_of", "n", "2", "m", "5"); got != "Page 2 of 5" {
		t.Errorf("got %q", got)
	}
	if len(l.Unconfirmed()) != 0 {
		t.Error("English terms are unconfirmed")
	}
}
