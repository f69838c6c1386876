package pdf

import "testing"

func TestResolve(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"plain", "plain"},
		{`\*\|\\`, `*|\`},
		{`\a`, `\a`},
		{"end\\", "end\\"},
		{"&#10;", "\n"},
		{"&#x1F525;", "🔥"},
		{"&amp;", "&"},
		{"&notanentity;", "&notanentity;"},
		{"&", "&"},
		{"&;", "&;"},
		{"&#;", "&#;"},
		{"&#x;", "&#x;"},
		{"&#0;", "\uFFFD"},
		{"&#xD800;", "\uFFFD"},
		{"&#x110000;", "\uFFFD"},
		{"&#12345678;", "&#12345678;"},
		{`\&#10;`, "&#10;"},
		{`\\&#65;`, `\A`},
		{"&amp;#65;", "&#65;"}, // one pass: what an entity gives is not read again
		{"a & b; c", "a & b; c"},
	} {
		if got := resolve(tt.in); got != tt.want {
			t.Errorf("resolve(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
