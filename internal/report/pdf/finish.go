package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
)

// finish rewrites the end of the file that fpdf made: the catalogue, which fpdf
// writes as the last object, the cross-reference table and the trailer. It adds
//
//   - the attachments. fpdf 0.9 can embed files, but numbers them before the
//     pages and so makes every outline entry point at the wrong object;
//   - a file identifier, made from the content so that it is the same for the
//     same file (PDF 1.7, 14.4);
//   - the wish that a reader shows the title rather than the file name;
//   - the version that this content needs, 1.7.
func finish(file []byte, doc Document) ([]byte, error) {
	t, err := readTail(file)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, len(file)+4096))
	out.Write(file[:t.catalog])
	copy(out.Bytes(), "%PDF-1.7")

	objects := t.objects[:t.root] // all but the catalogue, which is the last
	add := func(body string) int {
		n := len(objects)
		objects = append(objects, out.Len())
		fmt.Fprintf(out, "%d 0 obj\n%s\nendobj\n", n, body)
		return n
	}
	var names bytes.Buffer
	for i, a := range doc.Attach {
		data, err := deflate(a.Data)
		if err != nil {
			return nil, fmt.Errorf("attachment %q: %w", a.Name, err)
		}
		stream := add(fmt.Sprintf("<< /Type /EmbeddedFile /Filter /FlateDecode /Length %d /Params << /Size %d /ModDate (D:%sZ) >> >>\nstream\n%s\nendstream",
			len(data), len(a.Data), doc.At.UTC().Format("20060102150405"), data))
		name := pdfString(oneLine(a.Name))
		spec := add(fmt.Sprintf("<< /Type /Filespec /F %s /UF %s /Desc %s /AFRelationship /Supplement /EF << /F %d 0 R /UF %d 0 R >> >>",
			name, name, pdfString(oneLine(a.Description)), stream, stream))
		// Keys of a name tree are in order.
		fmt.Fprintf(&names, "(attachment %04d) %d 0 R ", i+1, spec)
	}
	catalog := "<<\n" + t.entries + "/ViewerPreferences << /DisplayDocTitle true >>\n"
	if names.Len() > 0 {
		catalog += "/Names << /EmbeddedFiles << /Names [ " + names.String() + "] >> >>\n"
	}
	root := add(catalog + ">>")

	id := sha256.Sum256(out.Bytes())
	xref := out.Len()
	fmt.Fprintf(out, "xref\n0 %d\n0000000000 65535 f \n", len(objects))
	for _, at := range objects[1:] {
		fmt.Fprintf(out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(out, "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R\n/ID [<%x> <%x>]\n>>\nstartxref\n%d\n%%%%EOF\n",
		len(objects), root, t.root-1, id[:16], id[:16], xref)
	return out.Bytes(), nil
}

// tail is what fpdf wrote last.
type tail struct {
	objects []int  // offset of each object; number 0 is unused
	root    int    // number of the catalogue
	catalog int    // its offset
	entries string // its entries up to the name dictionary
}

// errTail means that fpdf's output is not what this package was written for:
// look here first after an upgrade.
var errTail = errors.New("end of the file written by fpdf is not in the expected form")

// readTail reads the cross-reference table and the catalogue, whose form is
// fixed by fpdf's source: entries of 20 bytes, the catalogue last, and /Names
// last in it.
func readTail(file []byte) (tail, error) {
	_, end, ok := cutLast(file, []byte("\nstartxref\n"))
	if !ok {
		return tail{}, errTail
	}
	number, _, _ := bytes.Cut(end, []byte("\n"))
	xref, err := strconv.Atoi(string(number))
	if err != nil || xref <= 0 || xref >= len(file) {
		return tail{}, errTail
	}
	var n int
	if _, err := fmt.Sscanf(string(file[xref:min(len(file), xref+32)]), "xref\n0 %d\n", &n); err != nil || n < 4 {
		return tail{}, errTail
	}
	entries := file[xref+len(fmt.Sprintf("xref\n0 %d\n", n)):]
	if len(entries) < 20*n {
		return tail{}, errTail
	}
	t := tail{objects: make([]int, n), root: n - 1}
	for i := 1; i < n; i++ {
		at, err := strconv.Atoi(string(entries[20*i : 20*i+10]))
		if err != nil || at <= 0 || at >= xref {
			return tail{}, errTail
		}
		t.objects[i] = at
	}
	t.catalog = t.objects[t.root]
	body, ok := bytes.CutPrefix(file[t.catalog:xref], fmt.Appendf(nil, "%d 0 obj\n<<\n", t.root))
	if !ok || !bytes.HasPrefix(body, []byte("/Type /Catalog\n")) || !bytes.HasPrefix(file, []byte("%PDF-1.")) {
		return tail{}, errTail
	}
	kept, _, ok := bytes.Cut(body, []byte("/Names <<"))
	if !ok {
		return tail{}, errTail
	}
	t.entries = string(kept)
	return t, nil
}

// cutLast is bytes.Cut around the last separator.
func cutLast(s, sep []byte) (before, after []byte, found bool) {
	i := bytes.LastIndex(s, sep)
	if i < 0 {
		return s, nil, false
	}
	return s[:i], s[i+len(sep):], true
}

// deflate compresses data as a FlateDecode stream.
func deflate(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pdfString writes s as a hexadecimal PDF text string in UTF-16.
func pdfString(s string) string {
	var b bytes.Buffer
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteByte('>')
	return b.String()
}
