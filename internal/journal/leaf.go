package journal

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	leafVersion = "nis2clock-entry/v1"
	leafTime    = "2006-01-02T15:04:05.000000000Z"
	noIncident  = "-"
	saltSize    = 32
)

// Leaf returns the canonical bytes of the entry's leaf, as the package comment
// describes them. They depend on Seq, At, Kind, Incident and Digest only, so
// that an erased entry still has its leaf. tlog.RecordHash of them is the
// entry's hash in the tree.
func (e Entry) Leaf() []byte {
	return appendLeaf(nil, &e)
}

func appendLeaf(b []byte, e *Entry) []byte {
	b = append(b, leafVersion...)
	b = append(b, '\n')
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, '\n')
	b = e.At.UTC().AppendFormat(b, leafTime)
	b = append(b, '\n')
	b = append(b, e.Kind...)
	b = append(b, '\n')
	if e.Incident == "" {
		b = append(b, noIncident...)
	} else {
		b = append(b, e.Incident...)
	}
	b = append(b, '\n')
	b = hex.AppendEncode(b, e.Digest[:])
	return append(b, '\n')
}

// decodeLeaf is the inverse of [Entry.Leaf] and accepts exactly the bytes that it
// can return. Salt and Payload of the entry remain empty.
func decodeLeaf(leaf []byte) (Entry, error) {
	var line [6]string
	rest := string(leaf)
	for i := range line {
		var ok bool
		if line[i], rest, ok = strings.Cut(rest, "\n"); !ok {
			return Entry{}, fmt.Errorf("leaf has %d lines instead of %d", i, len(line))
		}
	}
	if rest != "" {
		return Entry{}, fmt.Errorf("leaf has more than %d lines", len(line))
	}
	if line[0] != leafVersion {
		return Entry{}, fmt.Errorf("leaf version is %.40q instead of %q", line[0], leafVersion)
	}
	var e Entry
	var err error
	if e.Seq, err = strconv.ParseUint(line[1], 10, 64); err != nil {
		return Entry{}, fmt.Errorf("leaf number %.40q is not a number", line[1])
	}
	if e.At, err = time.Parse(leafTime, line[2]); err != nil {
		return Entry{}, fmt.Errorf("leaf time %.40q is not in the form %s", line[2], leafTime)
	}
	e.Kind = line[3]
	if line[4] != noIncident {
		e.Incident = line[4]
	}
	if len(line[5]) != hex.EncodedLen(len(e.Digest)) {
		return Entry{}, fmt.Errorf("leaf digest has %d digits", len(line[5]))
	}
	if _, err := hex.Decode(e.Digest[:], []byte(line[5])); err != nil {
		return Entry{}, fmt.Errorf("leaf digest is not hexadecimal")
	}
	if err := checkNames(e.At, e.Kind, e.Incident); err != nil {
		return Entry{}, err
	}
	// Whatever the parsers above are lenient about ends here.
	if string(appendLeaf(make([]byte, 0, len(leaf)), &e)) != string(leaf) {
		return Entry{}, fmt.Errorf("leaf is not in canonical form")
	}
	return e, nil
}

// checkRecord says why a record cannot be stored, whatever its payload.
func checkRecord(r *Record) error {
	if r.Kind == erasedKind {
		return fmt.Errorf("kind %s belongs to the journal itself", erasedKind)
	}
	return checkNames(r.At, r.Kind, r.Incident)
}

// checkSize says why a payload of n bytes cannot be stored.
func checkSize(n int) error {
	if n > MaxPayload {
		return fmt.Errorf("payload has %d bytes, more than %d", n, MaxPayload)
	}
	return nil
}

func checkNames(at time.Time, kind, incident string) error {
	if y := at.UTC().Year(); at.IsZero() || y < 1 || y > 9999 {
		return fmt.Errorf("time %s is outside the years 1 to 9999, or zero", at.UTC().Format(time.RFC3339))
	}
	if kind == "" {
		return fmt.Errorf("kind is empty")
	}
	if err := checkName(kind); err != nil {
		return fmt.Errorf("kind %.40q %w", kind, err)
	}
	if incident == noIncident {
		return fmt.Errorf("incident id %q stands for no incident; leave it empty", incident)
	}
	if err := checkName(incident); err != nil {
		return fmt.Errorf("incident id %.40q %w", incident, err)
	}
	return nil
}

func checkName(s string) error {
	if len(s) > MaxName {
		return fmt.Errorf("has %d bytes, more than %d", len(s), MaxName)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("is not valid UTF-8")
	}
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		return fmt.Errorf("has a control character at byte %d", i)
	}
	return nil
}
