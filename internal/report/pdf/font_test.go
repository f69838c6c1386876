package pdf

import (
	"bytes"
	"math"
	"testing"

	"github.com/go-pdf/fpdf"
)

// letters of the official languages of the Union that are not ASCII, and the
// signs that reports are written with.
const letters = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ" +
	"ĀāĂăĄąĆćĊċČčĎďĐđĒēĖėĘęĚěĞğĠġĢģĦħĪīĮįĶķĹĺĻļĽľŁłŃńŅņŇňŐőŒœŔŕŘřŚśŞşŠšŢţŤťŪūŮůŰűŲųŸŹźŻżŽžȘșȚț" +
	"ḂḃĊċḊḋḞḟĠġṀṁṖṗṠṡṪṫẞ" +
	"ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫαβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ" +
	"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЬЮЯабвгдежзийклмнопрстуфхцчшщъьюяѝ" +
	"€§°·•–—…‘’“”„«»→≤≥×⟨⟩"

func TestFacesCoverTheLanguagesOfTheUnion(t *testing.T) {
	fs, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	for id := range nFaces {
		for _, r := range letters {
			if _, _, ok := fs.find(id, r); !ok {
				t.Errorf("no face draws %q (U+%04X) when %d is wanted", r, r, id)
			}
		}
		for r := rune(' '); r <= '~'; r++ {
			if got, _, ok := fs.find(id, r); !ok || got != id {
				t.Errorf("face %d does not draw %q itself", id, r)
			}
		}
		if _, a, ok := fs.find(id, noBreakSpace); !ok || a == 0 {
			t.Errorf("face %d has no no-break space with a width", id)
		}
	}
	for _, r := range "🔥中" {
		if id, _, ok := fs.find(sans, r); ok {
			t.Errorf("face %d claims to draw %q", id, r)
		}
	}
}

// The layout measures with its own reading of the fonts; fpdf draws with its
// own. They must agree.
func TestAdvancesAgreeWithThePDFWriter(t *testing.T) {
	fs, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	f := fpdf.New("P", "pt", "A4", "")
	for id, file := range fontFiles {
		f.AddUTF8FontFromBytes(file.family, file.style, bytes.Clone(file.ttf))
		f.SetFont(file.family, file.style, 10)
		n := 0
		for r, a := range fs[id].advance {
			if a == noGlyph || r < ' ' {
				continue
			}
			n++
			if got, want := float64(a)/100, f.GetStringWidth(string(rune(r))); math.Abs(got-want) > 0.0101 {
				t.Fatalf("%s%s U+%04X: %.3f pt, fpdf says %.3f", file.family, file.style, r, got, want)
			}
		}
		if n < 2000 {
			t.Errorf("%s%s: only %d characters compared", file.family, file.style, n)
		}
	}
	if f.Err() {
		t.Fatal(f.Error())
	}
}

func TestReadFaceRefusesBrokenFiles(t *testing.T) {
	whole := fontFiles[mono].ttf
	for _, n := range []int{0, 4, 11, 12, 40, 200, len(whole) / 2} {
		if _, err := readFace(whole[:n]); err == nil {
			t.Errorf("a font cut to %d bytes was accepted", n)
		}
	}
}
