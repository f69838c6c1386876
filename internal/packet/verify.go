package packet

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"nis2clock/internal/journal"

	"github.com/go-json-experiment/json"
)

// VerifyOptions say what a packet is compared with.
type VerifyOptions struct {
	// Key is the text of the verifier key that must have signed it. Empty means
	// the one inside.
	Key string
	// Checkpoint is an earlier signed head of the same journal; nil for none.
	Checkpoint []byte
	// Roots are the certificates that time-stamp authorities must lead to; nil
	// for none.
	Roots *x509.CertPool
}

// Bounds on what is held in memory at once.
const (
	maxManifest = 64 << 20
	maxSmall    = 1 << 20
)

// ageIntro opens a file that age encrypted.
const ageIntro = "age-encryption.org/v1"

// Verify reads every byte of a packet and says whether they are those that the
// journal's key signed. It needs nothing but the file; it writes nothing and
// unpacks nothing. An error means that there was nothing to judge: a
// malformed Key, or a file that cannot be read.
func Verify(ctx context.Context, r io.ReaderAt, size int64, o VerifyOptions) (Verdict, error) {
	v := &verification{ctx: ctx, r: r, size: size, o: o, Verdict: Verdict{Anchors: []string{}, Notes: []string{}, Problems: []Problem{}}}
	if o.Key != "" {
		key, err := journal.ParseKey(strings.TrimSpace(o.Key))
		if err != nil {
			return Verdict{}, fmt.Errorf("verify: the given key is %w", err)
		}
		v.key, v.KeyGiven = &key, true
	}
	start := make([]byte, min(size, int64(len(ageIntro))))
	if _, err := r.ReadAt(start, 0); err != nil && err != io.EOF {
		return Verdict{}, fmt.Errorf("verify: %w", err)
	}
	if string(start) == ageIntro {
		v.Notes = append(v.Notes, "it is encrypted: decrypt it first, with age --decrypt -i IDENTITY, and verify what comes out")
		return v.Verdict, nil
	}
	z, err := zip.NewReader(r, size)
	switch {
	case err != nil && !bytes.HasPrefix(start, []byte("PK")):
		v.Notes = append(v.Notes, "it is neither a packet nor another zip file")
		return v.Verdict, nil
	case err != nil:
		v.bad("", "the zip file's directory cannot be read: %v: it was cut short or altered", err)
		return v.finish(), nil
	}
	v.packet(z)
	if err := ctx.Err(); err != nil {
		return Verdict{}, fmt.Errorf("verify: %w", err)
	}
	return v.finish(), nil
}

// verification collects what is found.
type verification struct {
	Verdict
	ctx     context.Context
	r       io.ReaderAt
	size    int64
	o       VerifyOptions
	key     *journal.Key
	head    *journal.Head
	earlier map[uint64]string // roots by size
	m       Manifest
	files   map[string]*zip.File
	altered bool
	signed  bool // the manifest is what the key signed
}

func (v *verification) bad(file, format string, args ...any) {
	v.problem(Problem{File: file, What: fmt.Sprintf(format, args...)})
}

func (v *verification) badEntry(seq uint64, format string, args ...any) {
	v.problem(Problem{File: entriesFile, Entry: &seq, What: fmt.Sprintf(format, args...)})
}

func (v *verification) problem(p Problem) {
	v.altered = true
	if len(v.Problems) < MaxProblems {
		v.Problems = append(v.Problems, p)
	}
}

func (v *verification) finish() Verdict {
	switch {
	case v.altered:
		v.State = Altered
	case v.signed && len(v.Anchors) > 0:
		v.State = Anchored
	case v.signed:
		v.State = Consistent
	}
	return v.Verdict
}

// packet judges a file that has the form of a zip file.
func (v *verification) packet(z *zip.Reader) {
	v.files = map[string]*zip.File{}
	for _, f := range z.File {
		if v.files[f.Name] != nil {
			v.bad(f.Name, "is there twice")
		}
		v.files[f.Name] = f
	}
	if v.files[manifestFile] == nil && v.files[noteFile] == nil {
		v.Notes = append(v.Notes, "it is a zip file, but no packet: it has no "+manifestFile)
		return
	}
	v.takeKey()
	readable := v.takeManifest()
	v.takeHead()
	if !readable {
		return
	}
	v.contents(z)
	v.entries()
	v.roots()
	v.stamps()
}

// whole reads a small file; nil when it is not there or not readable, which is
// then said.
func (v *verification) whole(name string, most int64) []byte {
	f := v.files[name]
	if f == nil {
		v.bad(name, "is missing")
		return nil
	}
	r, err := v.open(f)
	if err != nil {
		v.bad(name, "%v", err)
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		v.bad(name, "cannot be read: %v", err)
		return nil
	case int64(len(data)) > most:
		v.bad(name, "has more than %d bytes", most)
		return nil
	}
	return data
}

// open reads a file's bytes as they lie there.
func (v *verification) open(f *zip.File) (io.Reader, error) {
	if f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 {
		return nil, errors.New("is compressed, which no file of a packet is")
	}
	if f.CompressedSize64 > uint64(v.size) {
		return nil, fmt.Errorf("claims to have %d bytes, more than the whole packet", f.CompressedSize64)
	}
	r, err := f.OpenRaw()
	if err != nil {
		return nil, fmt.Errorf("its zip header cannot be read: %w", err)
	}
	return r, nil
}

func (v *verification) takeKey() {
	inside := strings.TrimSuffix(string(v.whole(keyFile, maxSmall)), "\n")
	if v.key == nil && inside != "" {
		key, err := journal.ParseKey(inside)
		if err != nil {
			v.bad(keyFile, "is %v", err)
			return
		}
		v.key = &key
	}
	if v.key == nil {
		return
	}
	v.Key, v.KeyFingerprint = v.key.String(), v.key.Fingerprint()
	if inside != v.Key {
		v.bad(keyFile, "is another key than the one given: the packet is of another journal, or was made anew")
	}
}

// takeManifest reports whether the manifest can be read.
func (v *verification) takeManifest() bool {
	data := v.whole(manifestFile, maxManifest)
	note := v.whole(noteFile, maxSmall)
	if data == nil {
		return false
	}
	if v.newer(data, note) {
		return false
	}
	if err := json.Unmarshal(data, &v.m, json.RejectUnknownMembers(true)); err != nil {
		v.bad(manifestFile, "cannot be read: %v", err)
		return false
	}
	if v.m.Format != Format {
		v.bad(manifestFile, "has the form %.60q, not %s", v.m.Format, Format)
		return false
	}
	if note != nil && v.key != nil {
		v.takeNote(data, note)
	}
	v.Incident, v.Profile, v.AsOf, v.LeftOut = v.m.Incident, v.m.Profile, v.m.AsOf, len(v.m.LeftOut)
	if v.key != nil && (v.m.Journal.Key != v.Key || v.m.Journal.KeyFingerprint != v.KeyFingerprint) {
		v.bad(manifestFile, "names the key with the fingerprint %.64q, not %s", v.m.Journal.KeyFingerprint, v.KeyFingerprint)
	}
	return true
}

// newer reports whether the manifest is one of another form, which the key signed:
// not altered, but not for this program to read.
func (v *verification) newer(data, note []byte) bool {
	var m struct {
		Format string `json:"format"`
	}
	if json.Unmarshal(data, &m) != nil || m.Format == "" || m.Format == Format || v.key == nil {
		return false
	}
	st, err := v.key.Statement(note)
	if err != nil || st.Digest != sha256.Sum256(data) {
		return false
	}
	v.Notes = append(v.Notes, fmt.Sprintf("its form is %.60q, this program reads %s: use a newer nis2clock", m.Format, Format))
	return true
}

func (v *verification) takeNote(data, note []byte) {
	st, err := v.key.Statement(note)
	switch {
	case err != nil:
		v.bad(noteFile, "%v", err)
	case st.Digest != sha256.Sum256(data):
		v.bad(manifestFile, "is not the one that was signed")
	case st.About != v.m.about():
		v.bad(noteFile, "is about %.100q, not about %q", st.About, v.m.about())
	default:
		v.signed = true
	}
}

func (v *verification) takeHead() {
	msg := v.whole(checkpointFile, maxSmall)
	if msg == nil || v.key == nil {
		return
	}
	head, err := v.key.Head(msg)
	if err != nil {
		v.bad(checkpointFile, "%v", err)
		return
	}
	v.head, v.Size, v.Root = &head, head.Size, head.Root.String()
	if v.m.Format == Format && (v.m.Journal.Size != head.Size || v.m.Journal.Root != v.Root) {
		v.bad(manifestFile, "names another journal size or root than %s", checkpointFile)
	}
}

// goodName is what a file of a packet may be called: nothing that leads out of
// the folder it is unpacked in.
var goodName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)*$`)

// order is every file that there must be, as it lies in the zip file.
func (v *verification) order() []File {
	var all []File
	for n, f := range v.m.Files {
		all = append(all, f)
		if n == 0 {
			all = append(all, File{Name: manifestFile}, File{Name: noteFile})
		}
	}
	return all
}

// contents compares every file with the manifest, and every other byte with the
// one form that the zip file can have.
func (v *verification) contents(z *zip.Reader) {
	expected := v.order()
	known := map[string]bool{}
	for _, f := range expected {
		if !goodName.MatchString(f.Name) {
			v.bad(manifestFile, "names a file %.100q, as none of a packet is called", f.Name)
			return
		}
		if known[f.Name] {
			v.bad(f.Name, "stands in the manifest twice")
			return
		}
		known[f.Name] = true
	}
	for _, f := range z.File {
		if !known[f.Name] {
			v.bad(printable(f.Name), "is not in the manifest: it was added")
		}
	}
	same := &sameWriter{r: v.r, size: v.size}
	out := newArchive(same, v.m.AsOf)
	for n, want := range expected {
		if v.ctx.Err() != nil {
			return
		}
		f := v.files[want.Name]
		if f == nil {
			v.bad(want.Name, "is missing")
			continue
		}
		if n < len(z.File) && z.File[n].Name != want.Name {
			v.bad(want.Name, "is not in its place in the zip file")
		}
		if !v.content(out, same, f, want) {
			return
		}
		v.Files++
	}
	same.label("") // what follows is the zip file's directory
	if err := out.Close(); err != nil && !errors.Is(err, errLonger) {
		v.bad("", "the zip file cannot be read: %v", err)
		return
	}
	same.end()
	for _, d := range same.found {
		if d.file == "" {
			v.bad("", "the zip file's directory was altered, at byte %d", d.at)
		} else {
			v.bad(d.file, "its header in the zip file, or what lies before it, was altered, at byte %d", d.at)
		}
	}
}

// content compares one file, and reports whether it makes sense to go on.
func (v *verification) content(out *archive, same *sameWriter, f *zip.File, want File) bool {
	r, err := v.open(f)
	if err != nil {
		v.bad(want.Name, "%v", err)
		return false
	}
	same.label(want.Name)
	w, err := out.create(want.Name)
	if err == nil {
		err = out.Flush()
	}
	sum := sha256.New()
	var n int64
	if err == nil {
		n, err = io.CopyBuffer(io.MultiWriter(sum, w), withContext{v.ctx, r}, make([]byte, copyBuffer))
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil && v.ctx.Err() == nil {
		if !errors.Is(err, errLonger) {
			v.bad(want.Name, "cannot be read: %v", err)
		} else {
			v.bad(want.Name, "the zip file is shorter than its files, or they lie on each other")
		}
		return false
	}
	got := hex.EncodeToString(sum.Sum(nil))
	switch {
	case want.SHA256 == "": // the manifest and its signature
	case n != want.Bytes:
		v.bad(want.Name, "has %d bytes, the manifest says %d", n, want.Bytes)
	case got != want.SHA256:
		v.bad(want.Name, "is altered: its SHA-256 is %s, the manifest says %.64s", got, want.SHA256)
	}
	if d, ok := strings.CutPrefix(want.Name, evidenceDir); ok && want.SHA256 != d {
		v.bad(want.Name, "is not named after its SHA-256")
	}
	return true
}

// printable is a name that a terminal can show.
func printable(name string) string {
	if goodName.MatchString(name) {
		return name
	}
	return fmt.Sprintf("%.200q", name)
}

// withContext reads until ctx ends.
type withContext struct {
	ctx context.Context
	io.Reader
}

// Read implements [io.Reader].
func (r withContext) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
