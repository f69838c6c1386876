package packet

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
)

func TestVerifyWithKeys(t *testing.T) {
	h := lived(t)
	data := h.packet("")
	v := verify(t, data, VerifyOptions{})
	if v.State != Consistent || v.KeyGiven || v.KeyFingerprint == "" || v.Incident != "INC-2026-0002" || v.Entries != 9 || v.Size != 10 {
		t.Errorf("with the key inside: %+v", v)
	}
	if v := verify(t, data, VerifyOptions{Key: h.log.VerifierKey() + "\n"}); v.State != Consistent || !v.KeyGiven {
		t.Errorf("with the right key: %+v", v)
	}
	other := lived(t).log.VerifierKey()
	if v := verify(t, data, VerifyOptions{Key: other}); v.State != Altered || len(v.Problems) == 0 || v.Problems[0].File != keyFile {
		t.Errorf("with another key: %+v", v)
	}
	if _, err := Verify(t.Context(), bytes.NewReader(data), int64(len(data)), VerifyOptions{Key: "a key"}); err == nil {
		t.Error("took anything for a key")
	}
}

// A packet or a head that somebody holds from before anchors a later packet, and
// a past that was written anew shows.
func TestEarlierHeadAnchors(t *testing.T) {
	h := lived(t)
	held := []byte(unzip(t, h.packet(""))[checkpointFile])
	h.do(incident.AddNote{Person: by("zoe"), ID: "INC-2026-0001", Text: "elsewhere"})
	h.do(incident.AddNote{Person: by("ana"), ID: h.id, Text: "later"})
	data := h.packet("")
	if v := verify(t, data, VerifyOptions{Checkpoint: held}); v.State != Anchored || len(v.Anchors) != 1 {
		t.Errorf("%+v", v)
	}
	foreign := []byte(unzip(t, lived(t).packet(""))[checkpointFile])
	if v := verify(t, data, VerifyOptions{Checkpoint: foreign}); v.State != Altered {
		t.Errorf("another journal's head: %+v", v)
	}
	if v := verify(t, data, VerifyOptions{Checkpoint: h.log.Checkpoint()}); v.State != Anchored {
		t.Errorf("its own head: %+v", v)
	}
	h.do(incident.AddNote{Person: by("zoe"), ID: "INC-2026-0001", Text: "elsewhere"})
	if v := verify(t, data, VerifyOptions{Checkpoint: h.log.Checkpoint()}); v.State != Consistent || len(v.Notes) != 1 {
		t.Errorf("a head that it says nothing about: %+v", v)
	}
}

// Any flipped byte anywhere is found, in contents and in the zip file's own form,
// and the file that it lies in is named.
func TestAnyFlippedByteIsNamed(t *testing.T) {
	h := lived(t)
	data := h.packet("")
	owner := owners(t, data)
	// Inside a file one digest covers all bytes alike: a sample of them will do,
	// unless NIS2CLOCK_FLIP=all. Every byte of the zip file's own form, of the
	// signatures and of the key is tried.
	step := 23
	if os.Getenv("NIS2CLOCK_FLIP") == "all" {
		step = 1
	}
	sampled := func(n int) bool {
		return step > 1 && owner[n] != "" && owner[n] != noteFile && owner[n] != checkpointFile && owner[n] != keyFile && n%step != 0
	}
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			flipped := bytes.Clone(data)
			for n := w; n < len(data); n += workers {
				if sampled(n) {
					continue
				}
				bit := byte(1) << (n % 8)
				flipped[n] ^= bit
				v, err := Verify(t.Context(), bytes.NewReader(flipped), int64(len(flipped)), VerifyOptions{Key: h.log.VerifierKey()})
				flipped[n] ^= bit
				if err != nil || v.State != Altered {
					t.Errorf("byte %d of %s flipped: %s, %v, %v", n, owner[n], v.State, v.Problems, err)
					return
				}
				if named := fmt.Sprint(v.Problems); owner[n] != "" && !strings.Contains(named, owner[n]) && !strings.Contains(named, "directory") {
					t.Errorf("byte %d of %s flipped, and it is not named: %s", n, owner[n], named)
					return
				}
			}
		})
	}
	wg.Wait()
}

// owners says of each byte of a packet which file's content it is; empty for the
// zip file's own.
func owners(t *testing.T, data []byte) []string {
	t.Helper()
	all := make([]string, len(data))
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		at, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		for n := range f.CompressedSize64 {
			all[uint64(at)+n] = f.Name
		}
	}
	return all
}

// member is a file of a zip file that is put together by hand.
type member struct {
	name, content string
	method        uint16
}

// rezip writes a packet's files anew after a change, as somebody without the key
// could.
func rezip(t *testing.T, data []byte, change func([]member) []member) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var all []member
	var modified time.Time
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, member{f.Name, string(content), zip.Store})
		modified = f.Modified
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range change(all) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method, Modified: modified})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Whatever somebody does to the file as a whole shows, and nothing is unpacked.
func TestStructure(t *testing.T) {
	h := lived(t)
	data := h.packet("")
	same := rezip(t, data, func(m []member) []member { return m })
	if !bytes.Equal(same, data) {
		t.Fatal("the test's own zip differs from the packet")
	}
	drop := func(name string) []byte {
		return rezip(t, data, func(all []member) (out []member) {
			for _, m := range all {
				if m.name != name {
					out = append(out, m)
				}
			}
			return out
		})
	}
	add := func(extra ...member) []byte {
		return rezip(t, data, func(all []member) []member { return append(all, extra...) })
	}
	replace := func(name, from, to string) []byte {
		return rezip(t, data, func(all []member) []member {
			for n := range all {
				if all[n].name == name {
					changed := strings.Replace(all[n].content, from, to, 1)
					if changed == all[n].content {
						t.Fatalf("%q is not in %s", from, name)
					}
					all[n].content = changed
				}
			}
			return all
		})
	}
	comment := bytes.Clone(data)
	binary.LittleEndian.PutUint16(comment[len(comment)-2:], 2)
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"an added file":             {add(member{"reports/notification.en.v2.pdf", "%PDF", zip.Store}), "reports/notification.en.v2.pdf: is not in the manifest"},
		"a file twice":              {add(member{"README.txt", "all is well", zip.Store}), "README.txt: is there twice"},
		"a way out":                 {add(member{"../../etc/cron.d/x", "* * * * *", zip.Store}), `"../../etc/cron.d/x": is not in the manifest`},
		"an absolute way out":       {add(member{"/etc/passwd", "x", zip.Store}), "is not in the manifest"},
		"a bomb":                    {add(member{"zeros", strings.Repeat("\x00", 8<<20), zip.Deflate}), "zeros: is not in the manifest"},
		"a compressed file":         {rezip(t, data, func(m []member) []member { m[0].method = zip.Deflate; return m }), "README.txt: is compressed"},
		"a missing report":          {drop("reports/early_warning.en.v1.pdf"), "reports/early_warning.en.v1.pdf: is missing"},
		"missing evidence":          {drop("evidence/" + sha(string(body))), "evidence/" + sha(string(body)) + ": is missing"},
		"no manifest":               {drop(manifestFile), "manifest.json: is missing"},
		"no signature":              {drop(noteFile), "manifest.note: is missing"},
		"no key":                    {drop(keyFile), keyFile + ": is missing"},
		"no head":                   {drop(checkpointFile), checkpointFile + ": is missing"},
		"another order":             {rezip(t, data, func(m []member) []member { m[3], m[4] = m[4], m[3]; return m }), "is not in its place"},
		"bytes before":              {append([]byte("PK\x03\x04"), data...), "was altered"},
		"bytes behind":              {append(bytes.Clone(data), "PK"...), "directory"},
		"a comment":                 {append(comment, "hi"...), "directory"},
		"cut short":                 {data[:len(data)-1000], "cannot be read"},
		"half of it":                {data[:len(data)/2], "cannot be read"},
		"another time of sending":   {replace("submissions.json", "2026-11-20T10:09:00Z", "2026-11-20T09:59:59Z"), "submissions.json: is altered"},
		"another due time":          {replace("README.txt", "2026-11-21 09:59:00", "2026-11-22 09:59:00"), "README.txt: is altered"},
		"an entry less":             {replace(entriesFile, "\n", "\n\n"), entriesFile + ": line 2 cannot be read"},
		"an entry's payload":        {replace(entriesFile, "six minutes", "six seconds"), "entry 5: does not prove it: payload does not match its digest"},
		"an entry's leaf":           {replace(entriesFile, "incident.acknowledged/v1", "incident.acknowledgee/v1"), "entry 4: does not prove it: its leaf is not in the tree"},
		"another report's approval": {replace(manifestFile, `"approval_entry": 9`, `"approval_entry": 5`), "manifest.json: is not the one that was signed"},
	} {
		t.Run(name, func(t *testing.T) {
			v := verify(t, tt.data, VerifyOptions{Key: h.log.VerifierKey()})
			if v.State != Altered || !strings.Contains(fmt.Sprint(v.Problems), tt.want) {
				t.Errorf("%s: %v\nwant %s", v.State, v.Problems, tt.want)
			}
		})
	}
}

// The house itself cannot sign a packet whose report is not the approved one.
func TestReportIsTheApprovedOne(t *testing.T) {
	h := lived(t)
	src := h.source()
	src.Reports[0].PDF = []byte("%PDF-1.7 another")
	profile, err := ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	v := verify(t, write(t, src, profile), VerifyOptions{})
	if v.State != Altered || !strings.Contains(fmt.Sprint(v.Problems), "reports/early_warning.en.v1.pdf: is not the version that entry 9 approved") {
		t.Errorf("%s: %v", v.State, v.Problems)
	}
}

// A packet of a later form is not called altered by a program that cannot read it.
func TestLaterForm(t *testing.T) {
	h := lived(t)
	data := rezip(t, h.packet(""), func(all []member) []member {
		manifest := strings.Replace(all[1].content, Format, "nis2clock-packet/v2", 1)
		manifest = strings.Replace(manifest, `"profile"`, `"recipient": 1, "profile"`, 1)
		note, err := h.log.Sign(journal.Statement{About: "packet", Digest: sha256.Sum256([]byte(manifest))})
		if err != nil {
			t.Fatal(err)
		}
		all[1].content, all[2].content = manifest, string(note)
		return all
	})
	if v := verify(t, data, VerifyOptions{}); v.State != CannotTell || !strings.Contains(fmt.Sprint(v.Notes), "use a newer nis2clock") {
		t.Errorf("%s: %v %v", v.State, v.Notes, v.Problems)
	}
}

func TestNothingToTell(t *testing.T) {
	var empty bytes.Buffer
	if err := zip.NewWriter(&empty).Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"nothing": {}, "text": []byte("hello"), "another zip file": empty.Bytes()} {
		if v := verify(t, data, VerifyOptions{}); v.State != CannotTell || len(v.Notes) != 1 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// Verify never fails on anything but its arguments, and never calls what it did not
// sign consistent.
func FuzzVerify(f *testing.F) {
	h := lived(f)
	data := h.packet("")
	f.Add(data)
	f.Add(data[:100])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, in []byte) {
		v := verify(t, in, VerifyOptions{Key: h.log.VerifierKey()})
		if v.State == Consistent && !bytes.Equal(in, data) {
			t.Error("another file counts as consistent")
		}
	})
}
