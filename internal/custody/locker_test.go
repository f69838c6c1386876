package custody

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/vault"
)

func (h *house) locker() *Locker { return &Locker{Desk: h.Desk, Vault: h.vault, Now: time.Now} }

// kinds are those of an incident's entries, oldest first.
func (h *house) kinds(id incident.ID) (out []string) {
	h.t.Helper()
	entries, err := desk.Entries(h.t.Context(), h.Desk, h.log, id)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Kind)
	}
	return out
}

func TestFileGoesInAndOut(t *testing.T) {
	h := newHouse(t, vault.Options{Compression: vault.Fastest})
	id, l := h.alert("Exfiltration"), h.locker()
	in := Handed{Person: incident.Person{By: ana, Key: "once"}, Incident: id, Name: "auth.log", MediaType: "text/plain", Note: "from the jump host"}
	text := strings.Repeat("root login failed\n", 1000)
	digest, err := l.Add(t.Context(), in, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Add(t.Context(), in, strings.NewReader(text)); err != nil {
		t.Errorf("the same request again: %v", err)
	}
	if _, err := l.Add(t.Context(), in, strings.NewReader("another")); !errors.Is(err, incident.ErrKeyReused) {
		t.Errorf("another file under the same key: %v", err)
	}
	v, _ := h.Incident(id)
	if len(v.Evidence) != 1 || v.Evidence[0].Bytes != int64(len(text)) || *v.Evidence[0].MediaType != "text/plain" {
		t.Errorf("evidence: %+v", v.Evidence)
	}
	held, err := l.Holds(id, strings.TrimPrefix(digest, "sha256:"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := l.Open(t.Context(), ana, held, id)
	if err != nil {
		t.Fatal(err)
	}
	if kinds := h.kinds(id); kinds[len(kinds)-1] != "evidence.read/v1" {
		t.Errorf("before a byte was read the record ends in %v", kinds)
	}
	got, err := io.ReadAll(content)
	if err = errors.Join(err, content.Close()); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// What is asked of one incident is not answered from another, nor from the
// bodies that lie in the same vault.
func TestOnlyWhatTheIncidentHolds(t *testing.T) {
	h := newHouse(t, vault.Options{})
	a, b, l := h.alert("Exfiltration"), h.alert("Escalation"), h.locker()
	digest, err := l.Add(t.Context(), Handed{Person: incident.Person{By: ana}, Incident: a, Name: "x"}, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Holds(b, digest); !errors.Is(err, incident.ErrNoArtefact) {
		t.Errorf("another incident: %v", err)
	}
	if _, err := l.Holds("INC-1999-0001", digest); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("no incident: %v", err)
	}
}

func TestUploadThatBreaksOffLeavesNothing(t *testing.T) {
	h := newHouse(t, vault.Options{})
	id, l := h.alert("Exfiltration"), h.locker()
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := l.Add(t.Context(), Handed{Person: incident.Person{By: ana}, Incident: id, Name: "x"}, broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(h.dir, "*", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := l.Add(t.Context(), Handed{Person: incident.Person{By: ana}, Incident: "INC-1999-0001", Name: "x"}, iotest.ErrReader(errors.New("read"))); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("a file for nothing is read: %v", err)
	}
}

func TestArtefactThatIsGoneOrAltered(t *testing.T) {
	h := newHouse(t, vault.Options{})
	id, l := h.alert("Exfiltration"), h.locker()
	digest, err := l.Add(t.Context(), Handed{Person: incident.Person{By: ana}, Incident: id, Name: "x"}, strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	held, err := l.Holds(id, digest)
	if err != nil {
		t.Fatal(err)
	}
	hex := strings.TrimPrefix(digest, "sha256:")
	path := filepath.Join(h.dir, "sha256", hex[:2], hex)
	if err := os.WriteFile(path, []byte("tixt"), 0o600); err != nil {
		t.Fatal(err)
	}
	content, err := l.Open(t.Context(), ana, held, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, content); !errors.Is(err, vault.ErrAltered) {
		t.Errorf("altered: %v", err)
	}
	if err := errors.Join(content.Close(), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	before := len(h.kinds(id))
	if _, err := l.Open(t.Context(), ana, held, id); !errors.Is(err, ErrMissing) {
		t.Errorf("gone: %v", err)
	}
	if len(h.kinds(id)) != before {
		t.Error("nothing was given out, and the record says so")
	}
}
