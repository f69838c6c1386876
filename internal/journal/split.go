package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// This file reads leaves for Verify. It does not use the code that writes them, and
// makes no garbage: there are as many leaves as entries.

// leafParts are the lines of a leaf that Verify needs.
type leafParts struct {
	kind     string
	incident string // empty for none
	digest   [sha256.Size]byte
}

var leafStart = []byte("nis2clock-entry/v1\n")

// split takes the leaf of entry n apart. It accepts exactly the bytes that can be put
// together again from the parts.
func (w *walk) split(leaf []byte) (p leafParts, err error) {
	rest, ok := bytes.CutPrefix(leaf, leafStart)
	var line [5][]byte
	for i := range line {
		if !ok {
			break
		}
		line[i], rest, ok = bytes.Cut(rest, []byte{'\n'})
	}
	if !ok || len(rest) > 0 {
		return p, errors.New("leaf does not have the six lines of its version")
	}
	seq, at, kind, incident, digest := line[0], line[1], line[2], line[3], line[4]
	if !isNumber(seq, w.n) {
		return p, fmt.Errorf("leaf says that it is entry %.40q", seq)
	}
	if !isTime(at) {
		return p, fmt.Errorf("leaf has no valid time but %.40q", at)
	}
	if !isHex(digest, p.digest[:]) {
		return p, errors.New("leaf has no valid digest")
	}
	if p.kind, ok = named(kind, &w.kind); !ok {
		return p, errors.New("leaf has no valid kind or incident id")
	}
	if p.incident, ok = named(incident, &w.incident); !ok {
		return p, errors.New("leaf has no valid kind or incident id")
	}
	if p.incident == noIncident {
		p.incident = ""
	}
	copy(w.last[:], at)
	return p, nil
}

// isNumber reports whether text is n in decimal.
func isNumber(text []byte, n uint64) bool {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] != byte('0'+n%10) || n == 0 && len(text) > 1 {
			return false
		}
		n /= 10
	}
	return n == 0 && len(text) > 0
}

// isHex decodes lower-case hex that fills into.
func isHex(text, into []byte) bool {
	if len(text) != hex.EncodedLen(len(into)) {
		return false
	}
	for _, c := range text {
		if c >= 'A' && c <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(into, text)
	return err == nil
}

// named is the name that text is, the last one if it is that again.
func named(text []byte, last *string) (string, bool) {
	if string(text) == *last {
		return *last, len(text) > 0
	}
	name := string(text)
	if name == "" || checkName(name) != nil {
		return "", false
	}
	*last = name
	return name, true
}

// zeroTime is Go's zero time, which stands for none.
const zeroTime = "0001-01-01T00:00:00.000000000Z"

// isTime reports whether text is an instant of the years 1 to 9999 in the form
// 2006-01-02T15:04:05.000000000Z.
func isTime(text []byte) bool {
	const form = "dddd-dd-ddTdd:dd:dd.dddddddddZ"
	if len(text) != len(form) {
		return false
	}
	for i, c := range text {
		if digit := c >= '0' && c <= '9'; digit != (form[i] == 'd') || !digit && c != form[i] {
			return false
		}
	}
	two := func(at int) int { return int(text[at]-'0')*10 + int(text[at+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	if string(text) == zeroTime || year < 1 || month < 1 || month > 12 || day < 1 || two(11) > 23 || two(14) > 59 || two(17) > 59 {
		return false
	}
	if day <= 28 {
		return true
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}
