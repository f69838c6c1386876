package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusansboldoblique"
	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-fonts/dejavu/dejavusansoblique"
)

// faceID names one of the fonts.
type faceID uint8

const (
	sans faceID = iota
	sansBold
	sansOblique
	sansBoldOblique
	mono
	nFaces
)

// fontFiles holds, per face, the family and style under which the PDF writer
// knows it, and the TrueType file. DejaVu covers Latin, Greek and Cyrillic with
// everything that the official languages of the Union are written in.
var fontFiles = [nFaces]struct {
	family, style string
	ttf           []byte
}{
	sans:            {"DejaVuSans", "", dejavusans.TTF},
	sansBold:        {"DejaVuSans", "B", dejavusansbold.TTF},
	sansOblique:     {"DejaVuSans", "I", dejavusansoblique.TTF},
	sansBoldOblique: {"DejaVuSans", "BI", dejavusansboldoblique.TTF},
	mono:            {"DejaVuSansMono", "", dejavusansmono.TTF},
}

// noGlyph is the advance of a character that a face does not have.
const noGlyph = -1

// face holds the advance width of each character of the Basic Multilingual
// Plane in thousandths of the font size.
type face struct{ advance [1 << 16]int16 }

// faces are the fonts as the layout sees them. They are read once and never
// changed, so any number of renders share them.
type faces [nFaces]*face

// loadFaces reads the fonts on the first render. The files are compiled in: an
// error here is a broken build.
var loadFaces = sync.OnceValues(func() (*faces, error) {
	var fs faces
	for id := range fontFiles {
		f, err := readFace(fontFiles[id].ttf)
		if err != nil {
			return nil, fmt.Errorf("font %s%s: %w", fontFiles[id].family, fontFiles[id].style, err)
		}
		fs[id] = f
	}
	return &fs, nil
})

// find returns the face that draws r when want is asked for, and the advance
// there. Upright sans has the most characters and stands in for the others. It
// reports false when no face has r.
func (fs *faces) find(want faceID, r rune) (id faceID, advance int16, ok bool) {
	if r > 0xFFFF {
		return 0, 0, false
	}
	for _, id := range [...]faceID{want, sans, mono} {
		if a := fs[id].advance[r]; a != noGlyph {
			return id, a, true
		}
	}
	return 0, 0, false
}

// readFace reads the character map (format 4, Unicode BMP) and the horizontal
// metrics of a TrueType file.
func readFace(ttf []byte) (*face, error) {
	tables, err := fontTables(ttf)
	if err != nil {
		return nil, err
	}
	head, hhea, hmtx := tables["head"], tables["hhea"], tables["hmtx"]
	if len(head) < 54 || len(hhea) < 36 {
		return nil, errors.New("head or hhea table is missing")
	}
	perEm := int(binary.BigEndian.Uint16(head[18:]))
	nMetrics := int(binary.BigEndian.Uint16(hhea[34:]))
	if perEm == 0 || nMetrics == 0 || len(hmtx) < 4*nMetrics {
		return nil, errors.New("horizontal metrics are missing")
	}
	sub, err := bmpSubtable(tables["cmap"])
	if err != nil {
		return nil, err
	}
	f := new(face)
	for r := range f.advance {
		glyph := glyphIndex(sub, r)
		if glyph == 0 {
			f.advance[r] = noGlyph
			continue
		}
		// Glyphs after the last metric share its advance.
		at := 4 * min(glyph, nMetrics-1)
		f.advance[r] = int16((int(binary.BigEndian.Uint16(hmtx[at:]))*1000 + perEm/2) / perEm)
	}
	return f, nil
}

// fontTables returns the tables of a TrueType file by tag.
func fontTables(ttf []byte) (map[string][]byte, error) {
	if len(ttf) < 12 {
		return nil, errors.New("file is too short")
	}
	n := int(binary.BigEndian.Uint16(ttf[4:]))
	if len(ttf) < 12+16*n {
		return nil, errors.New("table directory is cut")
	}
	tables := make(map[string][]byte, n)
	for i := range n {
		rec := ttf[12+16*i:]
		at, size := uint64(binary.BigEndian.Uint32(rec[8:])), uint64(binary.BigEndian.Uint32(rec[12:]))
		if at+size > uint64(len(ttf)) {
			return nil, fmt.Errorf("table %q is cut", rec[:4])
		}
		tables[string(rec[:4])] = ttf[at : at+size]
	}
	return tables, nil
}

// bmpSubtable returns the format 4 subtable for platform 3 (Windows), encoding
// 1 (Unicode BMP), from a cmap table.
func bmpSubtable(cmap []byte) ([]byte, error) {
	if len(cmap) < 4 {
		return nil, errors.New("cmap table is missing")
	}
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		rec := cmap[min(4+8*i, len(cmap)):]
		if len(rec) < 8 {
			break
		}
		at := uint64(binary.BigEndian.Uint32(rec[4:]))
		if binary.BigEndian.Uint32(rec) != 3<<16|1 || at+16 > uint64(len(cmap)) {
			continue
		}
		sub := cmap[at:]
		if binary.BigEndian.Uint16(sub) == 4 && 16+4*int(binary.BigEndian.Uint16(sub[6:])) <= len(sub) {
			return sub, nil
		}
	}
	return nil, errors.New("cmap table has no format 4 subtable for the Unicode BMP")
}

// glyphIndex looks r up in a format 4 subtable; 0 means that the font does not
// have it (OpenType, cmap).
func glyphIndex(sub []byte, r int) int {
	at := func(i int) int {
		if i+2 > len(sub) {
			return 0
		}
		return int(binary.BigEndian.Uint16(sub[i:]))
	}
	size := at(6) // twice the number of segments
	for i := 0; i < size; i += 2 {
		end, start := at(14+i), at(16+size+i)
		if r > end {
			continue
		}
		if r < start {
			return 0
		}
		delta, offset := at(16+2*size+i), at(16+3*size+i)
		if offset == 0 {
			return (r + delta) & 0xFFFF
		}
		glyph := at(16 + 3*size + i + offset + 2*(r-start))
		if glyph == 0 {
			return 0
		}
		return (glyph + delta) & 0xFFFF
	}
	return 0
}
