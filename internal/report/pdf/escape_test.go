package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"
)

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain text is left alone", "INC-2026-0042 at 08:14, ready?", "INC-2026-0042 at 08:14, ready?"},
		{"code", "`rm -rf`", "\\`rm -rf\\`"},
		{"cell border", "a|b", `a\|b`},
		{"link", "[x](http://evil)", `\[x\]\(http://evil\)`},
		{"autolink and HTML", "<http://evil> <b>", `\<http://evil\> \<b\>`},
		{"reference", "&#10; &amp;", `\&\#10; \&amp;`},
		{"heading", "# heading", `\# heading`},
		{"heading end", "heading ##", `heading \#\#`},
		{"bullet", "- item", `\- item`},
		{"hyphen elsewhere", "a - b", "a - b"},
		{"number with point", "1. item", `1\. item`},
		{"number with bracket", "12) item", `12\) item`},
		{"point elsewhere", "v1. item", "v1. item"},
		{"setext underline", "===", `\===`},
		{"fence", "~~~", `\~\~\~`},
		{"line breaks", "a\r\nb\nc", "a&#10;b&#10;c"},
		{"lone carriage return", "a\rb", "a⟨U+000D⟩b"},
		{"indented code", "    x  ", "&#32;&#32;&#32;&#32;x&#32;&#32;"},
		{"no-break space at the end", "x\u00a0", "x&#160;"},
		{"spaces inside", "a  b", "a  b"},
		{"right-to-left override", "abc\u202etxt.exe", "abc⟨U+202E⟩txt.exe"},
		{"zero width", "a\u200bb\ufeff", "a⟨U+200B⟩b⟨U+FEFF⟩"},
		{"nul and escape", "\x00\x1b[31m", "⟨U+0000⟩⟨U+001B⟩\\[31m"},
		{"not UTF-8", "a\xffb", "a⟨0xFF⟩b"},
		{"replacement character itself", "\uFFFD", "\uFFFD"},
		{"emoji", "🔥", "🔥"},
		{"backslash at the end", `C:\`, `C:\\`},
	} {
		if got := Escape(tt.in); got != tt.want {
			t.Errorf("%s: Escape(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}

func TestCodeSpan(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"9f86d081", "`9f86d081`"},
		{"q5kH+8d/=", "`q5kH+8d/=`"},
		{"", ""},
		{"a`b", "a\\`b"},
		{"a|b", `a\|b`},
		{`a\`, `a\\`},
		{"a b", "a b"},
		{"a\nb", "a&#10;b"},
		{"é", "é"},
	} {
		if got := codeSpan(tt.in); got != tt.want {
			t.Errorf("codeSpan(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// places are where templates print values: %s is the value.
var places = []string{
	"%s\n",
	"before %s after\n",
	"line\n%s\n",
	"line\n%s\nline\n",
	"# %s\n",
	"> **Unknown.** %s\n",
	"- %s\n",
	"1. a\n   - %s\n",
	"**%s** and text\n",
	"*%s*\n",
	"| a | b |\n| --- | --- |\n| %s | z |\n",
	"| a | b |\n| --- | --- |\n| x | **%s** |\n| y | z |\n",
}

// FuzzEscape checks the law that makes values harmless: wherever one stands,
// the tree is the same as with the letter x there, and the drawn text is what
// drawing the value directly would give.
func FuzzEscape(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Add("\t- a\n\n    b\r\r\n")
	f.Add("---\n| a |\n|---|\n")
	f.Add("&\\&\\")
	fs, err := loadFaces()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if value == "" {
			t.Skip("an empty value leaves the place empty")
		}
		direct := textOfGlyphs(fs.glyphs(nil, strings.ReplaceAll(value, "\r\n", "\n"), sans, &look{size: 1}))
		for _, place := range places {
			wantShape, withX := read(fs, fmt.Sprintf(place, "x\uFFFDx"))
			gotShape, got := read(fs, fmt.Sprintf(place, Escape(value)))
			if gotShape != wantShape {
				t.Fatalf("%q in %q: tree is\n%s\nwant\n%s", value, place, gotShape, wantShape)
			}
			if want := strings.Replace(withX, "x\uFFFDx", direct, 1); got != want {
				t.Fatalf("%q in %q: text is\n%q\nwant\n%q", value, place, got, want)
			}
		}
	})
}

// read returns the kinds of nodes in md, without text, and the text drawn.
func read(fs *faces, md string) (shape, text string) {
	source := []byte(md)
	var kinds, drawn strings.Builder
	var walk func(n ast.Node, depth int)
	walk = func(n ast.Node, depth int) {
		fmt.Fprintf(&kinds, "%*s%s\n", depth, "", n.Kind())
		if n.FirstChild() != nil && n.Type() == ast.TypeBlock && n.FirstChild().Type() == ast.TypeInline {
			drawn.WriteString(textOfGlyphs(fs.inline(source, n, textBody)))
			drawn.WriteByte(0)
		}
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if c.Kind() != ast.KindText {
				walk(c, depth+1)
			}
		}
	}
	walk(parseMarkdown(source), 0)
	return kinds.String(), drawn.String()
}
