package indicator

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestParse(t *testing.T) {
	for line, want := range map[string]Indicator{
		"sha256:" + sha256:                  {SHA256, sha256},
		"SHA-256: " + sha256:                {SHA256, sha256},
		strings.ToUpper(sha256):             {SHA256, sha256},
		"md5:" + sha256:                     {SHA256, sha256}, // its length says what it is
		sha256[:32]:                         {MD5, sha256[:32]},
		sha256[:40]:                         {SHA1, sha256[:40]},
		sha256[:41]:                         {Other, sha256[:41]},
		"sha256:none yet":                   {Other, "sha256:none yet"},
		"198.51.100.23":                     {IPv4, "198.51.100.23"},
		" 198[.]51[.]100[.]23 ":             {IPv4, "198.51.100.23"},
		"ip: 198.51.100.0/24":               {IPv4, "198.51.100.0/24"},
		"2001:DB8::1":                       {IPv6, "2001:db8::1"},
		"2001[:]db8[:][:]1":                 {IPv6, "2001:db8::1"},
		"ipv4:2001:db8::1":                  {IPv6, "2001:db8::1"},
		"hxxps://evil[.]example[.]com/":     {URL, "https://evil.example.com/"},
		"http://198.51.100.23:8080/a'b":     {URL, "http://198.51.100.23:8080/a'b"},
		"evil.example.com.":                 {Domain, "evil.example.com"},
		"Evil[.]Example[.]com":              {Domain, "evil.example.com"},
		"domain:c2.internal":                {Domain, "c2.internal"},
		"bücher.de":                         {Domain, "bücher.de"},
		"invoice.exe":                       {Other, "invoice.exe"},
		"file:invoice.exe":                  {File, "invoice.exe"},
		"boss[@]example[.]com":              {Mail, "boss@example.com"},
		"mail:boss@example.com":             {Mail, "boss@example.com"},
		"yara:rule a { condition: true }":   {YARA, "rule a { condition: true }"},
		"stix:[mutex:name = 'a']":           {STIX, "[mutex:name = 'a']"},
		"logins at night from new machines": {Other, "logins at night from new machines"},
		"domain:":                           {Other, "domain:"},
		"":                                  {Other, ""},
	} {
		if got := Parse(line); got != want {
			t.Errorf("Parse(%q) = %q, want %q", line, got, want)
		}
	}
}

func source(lines ...string) Source {
	return Source{
		Incident: "INC-2026-0042", Title: "Files are being encrypted", Entity: "Example", TLP: "AMBER+STRICT",
		Seen: time.Date(2026, 11, 20, 16, 30, 0, 123456789, time.UTC), Recorded: time.Date(2026, 11, 21, 9, 0, 0, 0, time.FixedZone("", 3600)), Lines: lines,
	}
}

func TestBundle(t *testing.T) {
	got, err := Bundle(source("sha256:"+sha256, "198.51.100.23", "hxxp://evil[.]example/a'b", "yara:rule a { condition: true }", "198[.]51.100.23", `file:C:\run'me.exe`, "logins at night"))
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/bundle.golden.json"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("the bundle is\n%s", got)
	}
}

func TestBundleOfAnExerciseSaysSo(t *testing.T) {
	src := source("198.51.100.23")
	src.Exercise = true
	raw, err := Bundle(src)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range read(t, raw) {
		if o.Type != "marking-definition" && !slices.Equal(o.Labels, []string{"exercise"}) {
			t.Errorf("%s is not labelled as of an exercise", o.ID)
		}
		if o.Type == "report" && !strings.HasPrefix(o.Name, "EXERCISE ") {
			t.Errorf("the report is called %q", o.Name)
		}
	}
}

func TestBundleRefuses(t *testing.T) {
	if _, err := Bundle(source()); err == nil {
		t.Error("a bundle of nothing")
	}
	src := source("198.51.100.23")
	src.TLP = "WHITE"
	if _, err := Bundle(src); err == nil {
		t.Error("a label of TLP 1.0 was taken")
	}
}

func read(t *testing.T, raw []byte) []object {
	t.Helper()
	var b bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return b.Objects
}

// Whatever a person writes is in the bundle, once and under ids of its own, and
// cannot leave the string of its pattern.
func FuzzBundle(f *testing.F) {
	for _, s := range []string{"198.51.100.23", "file:a'] OR [file:name = 'b", `url:http://h/\'`, "domain:é.example", "sha256:" + sha256, "x", "file:\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.TrimSpace(line) == "" || !utf8.ValidString(line) {
			t.Skip("fields take neither")
		}
		raw, err := Bundle(source(line, line))
		if err != nil {
			t.Fatal(err)
		}
		ids, found := map[string]bool{}, 0
		for _, o := range read(t, raw) {
			if ids[o.ID] {
				t.Errorf("%s is there twice", o.ID)
			}
			ids[o.ID] = true
			i := Parse(line)
			switch o.Type {
			case "note":
				found++
				if o.Content != i.Value {
					t.Errorf("the note says %q of %q", o.Content, i.Value)
				}
			case "indicator":
				found++
				if i.Kind == YARA || i.Kind == STIX {
					continue
				}
				_, literal, _ := strings.Cut(o.Pattern, " = '")
				if got, rest := unquote(literal); got != i.Value || rest != "]" {
					t.Errorf("%q: pattern %s says %q, then %q", i.Value, o.Pattern, got, rest)
				}
			}
		}
		if found != 1 {
			t.Errorf("%q is there %d times", line, found)
		}
	})
}

// unquote reads a string of a STIX pattern up to its closing quote.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for n := 0; n < len(s); n++ {
		switch {
		case s[n] == '\\' && n+1 < len(s):
			n++
			b.WriteByte(s[n])
		case s[n] == '\'':
			return b.String(), s[n+1:]
		default:
			b.WriteByte(s[n])
		}
	}
	return b.String(), "unterminated"
}
