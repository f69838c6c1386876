package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/regime"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/timestamp/tsatest"
	"nis2clock/internal/vault"
	"nis2clock/internal/verify"

	"filippo.io/age"
)

// record makes a data folder in which every kind of artefact is named: a
// capture, a file, and the body of a webhook.
type record struct {
	t        *testing.T
	dir      string
	log      *journal.Store
	desk     *desk.Desk
	vault    *vault.Vault
	id       incident.ID
	digests  map[string]string // by kind
	earlier  []byte            // a checkpoint in the middle
	tsa      *tsatest.Authority
	released bool
}

func newRecord(t *testing.T, o vault.Options) *record {
	t.Helper()
	r := &record{t: t, dir: t.TempDir(), digests: map[string]string{}}
	var err error
	if r.log, err = journal.Open(r.dir, journal.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	r.desk, err = desk.Open(t.Context(), desk.Options{Log: r.log, Now: time.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Rules: &incident.Rules{
		Classify: classify.DefaultPolicy(), Law: regime.Builtin(),
		Tracks: []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if r.vault, err = vault.Open(filepath.Join(r.dir, "vault"), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.release)

	labels := map[string]string{"alertname": "Exfiltration", "nis2_reportable": "true"}
	body := r.artefact("body", strings.Repeat("the body of a webhook ", 20))
	receiving := r.do(incident.ReceiveBatch{
		By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: time.Now(),
		Receipt: incident.Receipt{SHA256: strings.TrimPrefix(body.Digest, "sha256:"), Vault: true, Stored: body.Stored},
		Alerts:  []incident.Delivery{{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: time.Now(), Labels: labels}},
	}).(incident.Receiving)
	r.id = receiving.Incidents[0]
	captured := r.artefact("prometheus_range", strings.Repeat("up 1\n", 40))
	r.do(incident.RecordRun{ID: r.id, Run: incident.Run{Collector: "prom", StartedAt: time.Now(), Try: 1}, Artefacts: []incident.Artefact{
		captured, {Collector: "prom", Kind: "prometheus_rules", Error: "no answer"},
	}})
	r.earlier = r.log.Checkpoint()
	file := r.artefact("file", "root login failed")
	file.Name = "auth.log"
	r.do(incident.AddEvidence{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, ID: r.id, Artefact: file})
	return r
}

func (r *record) do(cmd incident.Command) any {
	r.t.Helper()
	reply, err := r.desk.Do(r.t.Context(), cmd)
	if err != nil {
		r.t.Fatalf("%T: %v", cmd, err)
	}
	return reply
}

// keep puts content into the vault.
func (r *record) keep(kind, content string) vault.Info {
	r.t.Helper()
	d, err := r.vault.Create()
	if err == nil {
		_, err = d.Write([]byte(content))
	}
	if err != nil {
		r.t.Fatal(err)
	}
	info, err := d.Commit()
	if err != nil {
		r.t.Fatal(err)
	}
	r.digests[kind] = info.Digest
	return info
}

func (r *record) artefact(kind, content string) incident.Artefact {
	info := r.keep(kind, content)
	a := incident.Artefact{Collector: "prom", Kind: kind, Digest: "sha256:" + info.Digest, Bytes: info.Size, CollectedAt: time.Now(), Complete: true}
	if info.Encrypted {
		a.Stored = info.Stored
	}
	return a
}

// stamp has the newest checkpoint time-stamped.
func (r *record) stamp() {
	r.t.Helper()
	r.tsa = tsatest.Start(r.t)
	client, err := timestamp.New(timestamp.Config{URL: r.tsa.URL, RootsFile: r.tsa.RootsFile}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	note := r.log.Checkpoint()
	digest := sha256.Sum256(note)
	token, at, err := client.Stamp(r.t.Context(), digest)
	if err != nil {
		r.t.Fatal(err)
	}
	r.do(incident.RecordStamp{Stamp: incident.CheckpointStamped{
		Size: r.log.Head().Size, Checkpoint: string(note), SHA256: hex.EncodeToString(digest[:]), Token: token, At: at.At, Authority: at.Authority,
	}})
}

// release stops what uses the folder.
func (r *record) release() {
	if r.released {
		return
	}
	r.released = true
	r.desk.Close()
	for _, err := range []error{r.log.Close(), r.vault.Close()} {
		if err != nil {
			r.t.Error(err)
		}
	}
}

func (r *record) verify(o verify.Options) verify.Verdict {
	r.t.Helper()
	r.release()
	v, err := verify.Folder(r.t.Context(), r.dir, o)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// path is where the artefact of that kind lies.
func (r *record) path(kind string) string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, "vault", "sha256", "*", r.digests[kind]+"*"))
	if err != nil || len(found) != 1 {
		r.t.Fatalf("%s lies at %v, %v", kind, found, err)
	}
	return found[0]
}

// contents are all files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		out[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every artefact that an entry names is there, and looking changes nothing.
func TestConsistent(t *testing.T) {
	r := newRecord(t, vault.Options{Compression: vault.Fastest})
	r.keep("orphan", "a crash came before its entry")
	r.release()
	before := contents(t, r.dir)
	v := r.verify(verify.Options{})
	if v.State != verify.Consistent || v.Named != 3 || v.Present != 3 || v.Unnamed != 1 || len(v.Problems) > 0 {
		t.Errorf("%v: %+v", v.State, v)
	}
	if after := contents(t, r.dir); len(after) != len(before) {
		t.Errorf("%d files became %d", len(before), len(after))
	}
}

// One flipped bit in any byte of any artefact is named, in every form it may
// lie in, with no more than the folder.
func TestEveryByteOfEveryArtefact(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]vault.Options{
		"plain":      {},
		"compressed": {Compression: vault.Default},
		"encrypted":  {Recipients: []age.Recipient{identity.Recipient()}, Identities: []age.Identity{identity}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, o)
			r.release()
			for kind := range r.digests {
				path := r.path(kind)
				raw, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for n := range raw {
					changed := bytes.Clone(raw)
					changed[n] ^= 1 << (n % 8)
					if err := os.WriteFile(path, changed, 0o600); err != nil {
						t.Fatal(err)
					}
					v := r.verify(verify.Options{})
					if v.State != verify.Altered || len(v.Problems) == 0 || !strings.HasSuffix(path, strings.TrimPrefix(v.Problems[0].Artefact, "vault/")) || v.Problems[0].Entry == nil {
						t.Fatalf("byte %d of %s: %v %v", n, kind, v.State, v.Problems)
					}
				}
				if err := os.WriteFile(path, raw, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestEveryFileThatIsGone(t *testing.T) {
	for _, kind := range []string{"body", "prometheus_range", "file"} {
		t.Run(kind, func(t *testing.T) {
			r := newRecord(t, vault.Options{})
			r.release()
			if err := os.Remove(r.path(kind)); err != nil {
				t.Fatal(err)
			}
			v := r.verify(verify.Options{})
			if v.State != verify.Missing || len(v.Problems) != 1 || v.Problems[0].Artefact != "sha256:"+r.digests[kind] || v.Problems[0].Entry == nil || v.Present != 2 {
				t.Errorf("%v: %v", v.State, v.Problems)
			}
		})
	}
	t.Run("the vault", func(t *testing.T) {
		r := newRecord(t, vault.Options{})
		r.release()
		if err := os.RemoveAll(filepath.Join(r.dir, "vault")); err != nil {
			t.Fatal(err)
		}
		if v := r.verify(verify.Options{}); v.State != verify.Missing || len(v.Problems) != 3 {
			t.Errorf("%v: %v", v.State, v.Problems)
		}
	})
}

// An artefact cannot be hidden behind an encrypted file that bears its name
// and that nobody here can read.
func TestEncryptedFileInPlaceOfAnArtefact(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, sealed := range map[string][]age.Recipient{"of a plain one": nil, "of an encrypted one": {identity.Recipient()}} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, vault.Options{Recipients: sealed})
			path := r.path("prometheus_range")
			var forged bytes.Buffer
			w, err := age.Encrypt(&forged, identity.Recipient())
			if err == nil {
				_, err = w.Write([]byte("something else"))
			}
			if err != nil || w.Close() != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(forged.Bytes())
			digest := r.digests["prometheus_range"]
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), digest+"."+hex.EncodeToString(sum[:])+".age"), forged.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			v := r.verify(verify.Options{})
			if want := map[bool]verify.State{true: verify.Altered, false: verify.CannotTell}[sealed != nil]; v.State != want {
				t.Errorf("%v, want %v: %v", v.State, want, v.Problems)
			}
			if v := r.verify(verify.Options{Vault: vault.Options{Identities: []age.Identity{identity}}}); v.State != verify.Altered {
				t.Errorf("with the identity: %v: %v", v.State, v.Problems)
			}
		})
	}
}

func TestAnchoredByATimeStamp(t *testing.T) {
	r := newRecord(t, vault.Options{})
	r.stamp()
	roots, err := timestamp.Roots(r.tsa.RootsFile)
	if err != nil {
		t.Fatal(err)
	}
	v := r.verify(verify.Options{Roots: roots})
	if v.State != verify.Anchored || len(v.Anchors) != 1 || v.Anchors[0].By != "the time-stamp authority CN=Test tsa" || v.Anchors[0].At == nil || v.Anchors[0].Size != v.Journal.Size-1 {
		t.Errorf("%v: %+v %v", v.State, v.Anchors, v.Problems)
	}
	v = r.verify(verify.Options{})
	if v.State != verify.Consistent || v.Stamps != 1 || len(v.Notes) != 1 || !strings.Contains(v.Notes[0], "--roots") {
		t.Errorf("without the root: %v: %v", v.State, v.Notes)
	}
}

// Each of what a time-stamp is made of must fit.
func TestTimeStampThatDoesNotFit(t *testing.T) {
	for name, forge := range map[string]func(*incident.CheckpointStamped){
		"another token":      func(s *incident.CheckpointStamped) { s.Token[len(s.Token)/2] ^= 1 },
		"another size":       func(s *incident.CheckpointStamped) { s.Size-- },
		"another digest":     func(s *incident.CheckpointStamped) { s.SHA256 = strings.Repeat("0", 64) },
		"another checkpoint": func(s *incident.CheckpointStamped) { s.Checkpoint = strings.Replace(s.Checkpoint, "\n", "x\n", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, vault.Options{})
			r.stamp()
			var s incident.CheckpointStamped
			for e, err := range r.log.Read(t.Context(), r.log.Head().Size-1, r.log.Head().Size) {
				if err != nil {
					t.Fatal(err)
				}
				ev, err := incident.Decode(e.Kind, e.Payload)
				if err != nil {
					t.Fatal(err)
				}
				s = ev.(incident.CheckpointStamped)
			}
			forge(&s)
			r.do(incident.RecordStamp{Stamp: s})
			v := r.verify(verify.Options{})
			if v.State != verify.Altered || len(v.Problems) != 1 || v.Problems[0].Entry == nil || *v.Problems[0].Entry != v.Journal.Size-1 {
				t.Errorf("%v: %v", v.State, v.Problems)
			}
		})
	}
}

func TestEarlierCheckpoint(t *testing.T) {
	r := newRecord(t, vault.Options{})
	if v := r.verify(verify.Options{Checkpoint: r.earlier}); v.State != verify.Anchored || len(v.Anchors) != 1 || v.Anchors[0].Size >= v.Journal.Size {
		t.Errorf("%v: %+v %v", v.State, v.Anchors, v.Problems)
	}
	other := newRecord(t, vault.Options{})
	if v := r.verify(verify.Options{Checkpoint: other.earlier}); v.State != verify.Altered {
		t.Errorf("of another journal: %v", v.State)
	}
}

// Heads that somebody else keeps anchor the journal since they have them, each
// by itself; one of them that does not fit outweighs the others.
func TestKeptHeads(t *testing.T) {
	r := newRecord(t, vault.Options{})
	since := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	ours := []verify.Kept{{Note: r.earlier, By: "the bucket", At: &since}, {Note: r.log.Checkpoint(), By: "a friend"}}
	v := r.verify(verify.Options{Kept: ours})
	if v.State != verify.Anchored || len(v.Anchors) != 2 || v.Anchors[0].By != "a friend" || v.Anchors[1].At != &since ||
		v.Anchors[1].String() != fmt.Sprintf("the first %d entries, by the bucket, since 2026-11-01T00:00:00Z", v.Anchors[1].Size) {
		t.Errorf("%v: %+v %v", v.State, v.Anchors, v.Problems)
	}
	other := newRecord(t, vault.Options{})
	for what, bad := range map[string][]byte{"of another journal": other.earlier, "no checkpoint": []byte("x")} {
		v := r.verify(verify.Options{Kept: append(ours[:2:2], verify.Kept{Note: bad, By: "a stranger"})})
		if v.State != verify.Altered || len(v.Problems) != 1 || !strings.HasPrefix(v.Problems[0].String(), "a stranger: ") {
			t.Errorf("%s: %v %v", what, v.State, v.Problems)
		}
	}
}

// What only grew still has the head that somebody kept; what was put in its
// place does not.
func TestJournalThatGrewAndOneInItsPlace(t *testing.T) {
	r := newRecord(t, vault.Options{})
	kept := r.log.Checkpoint()
	r.do(incident.AddNote{Person: incident.Person{By: incident.Actor{Name: "ana", Via: "api"}}, ID: r.id, Text: "more"})
	longer := r.log.Checkpoint()
	if v := r.verify(verify.Options{Checkpoint: kept}); v.State != verify.Anchored {
		t.Errorf("it only grew: %v %v", v.State, v.Problems)
	}
	other := newRecord(t, vault.Options{})
	if v := other.verify(verify.Options{Checkpoint: longer, Key: r.log.VerifierKey()}); v.State != verify.Altered {
		t.Errorf("another journal in its place: %v", v.State)
	}
}

func TestInUse(t *testing.T) {
	r := newRecord(t, vault.Options{})
	v, err := verify.Folder(t.Context(), r.dir, verify.Options{})
	if err != nil || v.State != verify.CannotTell || len(v.Problems) != 1 {
		t.Errorf("%v: %v, %v", v.State, v.Problems, err)
	}
}
