package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Body is what could be read of a webhook body.
type Body struct {
	Receiver    string
	GroupKey    string
	ExternalURL string
	// Truncated is how many alerts the sender left out (AM-15).
	Truncated int
	Alerts    []incident.Delivery
	// Unreadable counts what could not be read; Problems names the first of it.
	Unreadable int
	Problems   []incident.Problem
}

// Bounds of what is kept of one body; the body itself is kept whole.
const (
	maxProblems = 100
	maxWords    = 200     // bytes of a problem's place, and of its text
	maxHead     = 4 << 10 // bytes of a field at the top; a longer one is left out
)

// Decode reads a webhook body as a stream. It is as lenient as it can be
// without guessing: unknown fields are passed over, a scalar of another type
// is taken as its text, and an element that cannot be read is set aside as a
// problem while the others count (AM-2, AM-12, AM-13). Where the JSON itself
// is broken, the alerts before that place count.
//
// It reads r to its end. The error is r's own, never one of the content: that
// is in Problems.
func Decode(r io.Reader) (Body, error) {
	d := decoders.Get().(*decoder)
	defer d.release()
	d.src = source{r: r}
	d.in.Reset(&d.src)
	if what := skipMark(d.in); what != "" {
		d.problem("", what)
	} else {
		d.shallow = shallow{r: d.in}
		d.dec.Reset(&d.shallow, lenient)
		if err := d.top(); err != nil && d.src.err == nil {
			d.problem(string(d.dec.StackPointer()), syntax(err))
		} else if err == nil {
			d.trailing()
		}
	}
	if _, err := io.Copy(io.Discard, d.in); err != nil && d.src.err == nil {
		return d.body, err
	}
	return d.body, d.src.err
}

// lenient: our own code decides about names that come twice.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// decoder reads one body. All but that is used again for the next.
type decoder struct {
	src     source
	in      *bufio.Reader
	shallow shallow
	dec     *jsontext.Decoder
	rest    [512]byte // of what follows after the body
	words   words
	body    Body
}

var decoders = sync.Pool{New: func() any {
	return &decoder{in: bufio.NewReader(nothing{}), dec: jsontext.NewDecoder(nothing{}), words: words{}}
}}

// maxPooled is the largest body after which the readers, whose buffers have
// grown with it, are kept.
const maxPooled = 1 << 20

// release gives the readers back without the body.
func (d *decoder) release() {
	if d.src.n > maxPooled {
		return
	}
	d.src, d.shallow, d.body = source{}, shallow{}, Body{}
	d.in.Reset(nothing{})
	d.dec.Reset(nothing{})
	decoders.Put(d)
}

// nothing is at its end.
type nothing struct{}

// Read implements [io.Reader].
func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

// source remembers a read error of the body, to tell it from one of its content.
type source struct {
	r   io.Reader
	n   int64
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

const emptyBody = "the body is empty: send an Alertmanager webhook body"

// skipMark passes over a UTF-8 byte order mark and says why a body in another
// encoding cannot be read.
func skipMark(in *bufio.Reader) string {
	head, err := in.Peek(3)
	switch {
	case len(head) == 0 && err != nil:
		return emptyBody
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		if _, err := in.Discard(3); err != nil {
			return emptyBody
		}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head, 0) >= 0:
		return "the body is not UTF-8: send JSON as UTF-8, not UTF-16"
	}
	return ""
}

// syntax words a decoding error without repeating the body.
func syntax(err error) string {
	var se *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF): // before the first token
		return emptyBody
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the body ends in the middle: it was cut on the way"
	case errors.As(err, &se) && se.Err != nil:
		reason := se.Err.Error()
		if quote := strings.IndexAny(reason, "'`\""); quote > 0 {
			reason = strings.TrimSpace(reason[:quote]) // what it quotes depends on how the body is split
		}
		return fmt.Sprintf("not JSON at byte %d: %s", se.ByteOffset, reason)
	}
	return "not JSON"
}

func (d *decoder) problem(where, what string) {
	d.body.Unreadable++
	if len(d.body.Problems) < maxProblems {
		d.body.Problems = append(d.body.Problems, incident.Problem{Where: clip(where, maxWords), What: clip(what, maxWords)})
	}
}

// unreadable sets the nth alert aside.
func (d *decoder) unreadable(n int, what string) {
	where := ""
	if len(d.body.Problems) < maxProblems {
		where = "/alerts/" + strconv.Itoa(n)
	}
	d.problem(where, what)
}

// trailing sets aside anything but space after the body.
func (d *decoder) trailing() {
	rest := d.dec.UnreadBuffer()
	for len(bytes.TrimSpace(rest)) == 0 {
		n, err := d.shallow.Read(d.rest[:])
		if n == 0 && err != nil {
			return
		}
		rest = d.rest[:n]
	}
	d.problem("", "something follows after the end of the body")
}

func (d *decoder) top() error {
	if kind := d.dec.PeekKind(); kind != '{' && kind != 0 {
		d.problem("", "the body is "+kindName(kind)+": send an Alertmanager webhook body, an object with alerts")
		return d.dec.SkipValue()
	}
	found := false
	err := d.object(func(name string) (err error) {
		switch name {
		case "alerts":
			found = true
			return d.alerts()
		case "receiver":
			d.body.Receiver, err = d.head()
		case "groupKey":
			d.body.GroupKey, err = d.head()
		case "externalURL":
			d.body.ExternalURL, err = d.head()
		case "truncatedAlerts":
			var s string
			s, err = d.text()
			if n, perr := strconv.Atoi(s); perr == nil && n > 0 {
				d.body.Truncated = n
			}
		default:
			err = d.dec.SkipValue()
		}
		return err
	})
	if err == nil && !found {
		d.problem("", "the body has no alerts: send an Alertmanager webhook body (version 4)")
	}
	return err
}

// object calls field with the name of every member; field reads its value.
func (d *decoder) object(field func(name string) error) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for d.dec.PeekKind() != '}' {
		name, err := d.dec.ReadValue()
		if err != nil {
			return err
		}
		if err := field(d.words.of(name)); err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	return err
}

func (d *decoder) alerts() error {
	if kind := d.dec.PeekKind(); kind != '[' {
		if kind != 0 {
			d.problem("/alerts", "alerts is "+kindName(kind)+", not an array")
		}
		return d.dec.SkipValue()
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	n := 0
	for ; d.dec.PeekKind() != ']'; n++ {
		alert, what, err := d.alert()
		if err != nil {
			return err
		}
		if what != "" {
			d.unreadable(n, what)
			continue
		}
		d.body.Alerts = append(d.body.Alerts, alert)
	}
	if n == 0 {
		d.problem("/alerts", "alerts is empty")
	}
	_, err := d.dec.ReadToken()
	return err
}

// alert reads one element; what is set when it is not an alert.
func (d *decoder) alert() (a incident.Delivery, what string, err error) {
	if kind := d.dec.PeekKind(); kind != '{' {
		return a, "the alert is " + kindName(kind) + ", not an object", d.dec.SkipValue()
	}
	var e element
	err = d.object(func(name string) (err error) {
		switch name {
		case "status":
			e.status, err = d.text()
		case "labels":
			err = d.labels(&e)
		case "annotations":
			err = d.annotations(&e)
		case "startsAt":
			e.startsAt, err = d.text()
		case "endsAt":
			e.endsAt, err = d.text()
		case "generatorURL":
			e.GeneratorURL, err = d.text()
		case "fingerprint":
			e.fingerprint, err = d.text()
		default:
			err = d.dec.SkipValue()
		}
		return err
	})
	if err != nil {
		return a, "", err
	}
	a, what = e.finish()
	return a, what, nil
}

// labels reads label values; a name that comes twice with two values makes the
// alert unreadable, because either could be the one that is meant.
func (d *decoder) labels(e *element) error {
	if kind := d.dec.PeekKind(); kind != '{' {
		e.what = "labels is " + kindName(kind) + ", not an object"
		return d.dec.SkipValue()
	}
	if e.Labels == nil {
		e.Labels = make(map[string]string, 8)
	}
	return d.object(func(name string) error {
		if kind := d.dec.PeekKind(); kind == '{' || kind == '[' {
			e.what = "label " + strconv.Quote(clip(name, maxWords/4)) + " is " + kindName(kind) + ", not text"
			return d.dec.SkipValue()
		}
		v, err := d.text()
		if had, ok := e.Labels[name]; ok && had != v {
			e.what = "label " + strconv.Quote(clip(name, maxWords/4)) + " comes twice with different values"
		}
		e.Labels[name] = v
		return err
	})
}

// annotations reads annotation values; one that is not text is left out.
func (d *decoder) annotations(e *element) error {
	if d.dec.PeekKind() != '{' {
		return d.dec.SkipValue()
	}
	if e.Annotations == nil {
		e.Annotations = make(map[string]string, 4)
	}
	return d.object(func(name string) error {
		if kind := d.dec.PeekKind(); kind == '{' || kind == '[' || kind == 'n' {
			return d.dec.SkipValue()
		}
		v, err := d.text()
		e.Annotations[name] = v
		return err
	})
}

// text reads a scalar as its text; anything else is passed over as "".
func (d *decoder) text() (string, error) {
	switch d.dec.PeekKind() {
	case '{', '[':
		return "", d.dec.SkipValue()
	}
	v, err := d.dec.ReadValue()
	if err != nil {
		return "", err
	}
	return d.words.of(v), nil
}

// head reads a field at the top of the body; "" when it is too long to keep.
func (d *decoder) head() (string, error) {
	s, err := d.text()
	if len(s) > maxHead {
		return "", err
	}
	return s, err
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "not JSON"
}
