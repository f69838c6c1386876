package dispatch

import (
	"regexp"
	"testing"
)

func TestDefang(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"https://evil.example/x?y=1", "hxxps://evil[.]example/x?y=1"},
		{"HTTP://EVIL.EXAMPLE", "HxxP://EVIL[.]EXAMPLE"},
		{"ftp://drop.evil.example", "fxp://drop[.]evil[.]example"},
		{"10.0.0.1 and 192.0.2.77:8080", "10[.]0[.]0[.]1 and 192[.]0[.]2[.]77:8080"},
		{"mail from ceo@evil.example.", "mail from ceo[@]evil[.]example."},
		{"2001:db8::1 spoke", "2001[:]db8[:][:]1 spoke"},
		{"::ffff:192.0.2.1", "[:][:]ffff[:]192[.]0[.]2[.]1"},
		{"at 12:30:45 in v1.2.3, Art. 23(4)", "at 12:30:45 in v1.2.3, Art. 23(4)"},
		{"bücher.example and xn--bcher-kva.example", "bücher[.]example and xn--bcher-kva[.]example"},
		{"host.xn--p1ai", "host[.]xn--p1ai"},
		{"dropper.exe", "dropper[.]exe"},
		{"Disk is full.", "Disk is full."},
		{"99.5 percent", "99.5 percent"},
		{"hxxps://evil[.]example ceo[@]evil[.]example", "hxxps://evil[.]example ceo[@]evil[.]example"},
	} {
		if got := Defang(tt.in); got != tt.want {
			t.Errorf("Defang(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

var clickable = regexp.MustCompile(`(?i)\bhttps?://|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|[a-z0-9]\.(com|example|net|org)\b`)

func FuzzDefang(f *testing.F) {
	f.Add("https://evil.example ceo@evil.example 10.0.0.1 2001:db8::1")
	f.Add("a.b.c..com@@x.net:::1")
	f.Fuzz(func(t *testing.T, s string) {
		once := Defang(s)
		if m := clickable.FindString(once); m != "" {
			t.Errorf("%q leaves %q in %q", s, m, once)
		}
		if twice := Defang(once); twice != once {
			t.Errorf("%q becomes %q, and then %q", s, once, twice)
		}
	})
}
