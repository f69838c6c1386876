package openapi

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// width is how long a line may be, in bytes, without its indent.
const width = 120

// layOut writes a value for people to read and compare: what fits stands on one
// line, anything else one member or element a line.
func layOut(raw jsontext.Value) ([]byte, error) {
	var out bytes.Buffer
	err := lay(&out, raw, "\n")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// lay writes a value; newline is a line's end and the indent it stands at.
func lay(out *bytes.Buffer, raw jsontext.Value, newline string) error {
	line := raw.Clone()
	if err := line.Format(jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true)); err != nil {
		return err
	}
	if kind := line.Kind(); len(line) <= width || kind != jsontext.KindBeginObject && kind != jsontext.KindBeginArray {
		out.Write(line)
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	open, err := dec.ReadToken()
	if err != nil {
		return err
	}
	out.WriteString(open.String())
	for n := 0; dec.PeekKind() != jsontext.KindEndObject && dec.PeekKind() != jsontext.KindEndArray; n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		out.WriteString(newline + "  ")
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if open.Kind() == jsontext.KindBeginObject {
			out.Write(value)
			out.WriteString(": ")
			if value, err = dec.ReadValue(); err != nil {
				return err
			}
		}
		if err := lay(out, value.Clone(), newline+"  "); err != nil {
			return err
		}
	}
	out.WriteString(newline)
	closing, err := dec.ReadToken()
	if err != nil {
		return err
	}
	out.WriteString(closing.String())
	return nil
}
