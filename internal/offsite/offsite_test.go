package offsite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"

	"filippo.io/age"
	"github.com/go-json-experiment/json"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/prometheus/client_golang/prometheus"
)

// house is a data folder whose copy is kept.
type house struct {
	t     *testing.T
	dir   string
	store *journal.Store
	vault *vault.Vault
	o     vault.Options
}

func newHouse(t *testing.T, o vault.Options) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), o: o}
	var err error
	if h.store, err = journal.Open(h.dir, journal.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	if h.vault, err = vault.Open(filepath.Join(h.dir, "vault"), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(h.store.Close(), h.vault.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// seal keeps content in the vault and an entry that names it.
func (h *house) seal(content []byte) vault.Info {
	h.t.Helper()
	d, err := h.vault.Create()
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := d.Write(content); err != nil {
		h.t.Fatal(err)
	}
	i, err := d.Commit()
	if err != nil {
		h.t.Fatal(err)
	}
	h.append(fmt.Sprintf(`{"artefact":%q}`, i.Digest))
	return i
}

func (h *house) append(payloads ...string) {
	h.t.Helper()
	var batch []journal.Record
	for _, p := range payloads {
		batch = append(batch, journal.Record{At: time.Now(), Kind: "test/v1", Incident: "INC-2026-0001", Payload: []byte(p)})
	}
	if _, err := h.store.Append(h.t.Context(), h.store.Head().Size, batch); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) options(c Config) Options {
	return Options{
		Config: c, Log: h.store, Vault: h.vault, Seal: h.o, File: filepath.Join(h.dir, "offsite.jsonl"),
		Logger: slog.New(slog.NewTextHandler(h.t.Output(), nil)), Gather: time.Millisecond,
	}
}

// start runs a copier; stop ends it.
func start(t *testing.T, o Options) (c *Copier, stop func()) {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { c.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return c, stop
}

// caughtUp waits until the bucket holds everything.
func caughtUp(t *testing.T, c *Copier) {
	t.Helper()
	poll(t, "the copy catches up", func() bool {
		j, a := c.lag(t.Context())
		head, _ := c.o.Log.Grown()
		return c.known.Load() && j == 0 && a == 0 && c.copied.Load() == head.Size
	})
}

func restore(t *testing.T, c Config, o vault.Options, key string) (*Restored, string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	r, err := Restore(t.Context(), RestoreOptions{Config: c, Dir: dir, Key: key, Seal: o})
	if left, _ := filepath.Glob(dir + "*"); err != nil && len(left) > 0 {
		t.Errorf("a failed restore left %v", left)
	}
	return r, dir, err
}

// sameAs fails where a restored folder is not what the house is.
func (h *house) sameAs(r *Restored, dir string, artefacts ...vault.Info) {
	h.t.Helper()
	if r.Head != h.store.Head() || r.Verdict.State != journal.Consistent || r.Artefacts != len(artefacts) {
		h.t.Errorf("restored %+v, want head %+v and %d artefacts", r, h.store.Head(), len(artefacts))
	}
	for _, i := range artefacts {
		got, err := os.ReadFile(filepath.Join(dir, "vault", i.Path()))
		want, err2 := os.ReadFile(filepath.Join(h.dir, "vault", i.Path()))
		if err = errors.Join(err, err2); err != nil || !bytes.Equal(got, want) {
			h.t.Errorf("%s is not the same, %v", i.Path(), err)
		}
	}
}

// What is committed is in the bucket soon, locked, and comes back from it.
func TestCopyAndRestore(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]vault.Options{
		"plain":     {},
		"encrypted": {Compression: vault.Fastest, Recipients: []age.Recipient{id.Recipient()}, Identities: []age.Identity{id}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, o)
			cfg := g.config("evidence")
			cfg.Prefix = name + "/"
			first := h.seal(bytes.Repeat([]byte("before the copier runs "), 5000))
			opts := h.options(cfg)
			key, err := os.ReadFile(filepath.Join(h.dir, "journal.key"))
			if err != nil {
				t.Fatal(err)
			}
			c, stop := start(t, opts)
			caughtUp(t, c)
			second := h.seal(bytes.Repeat([]byte("while it runs "), 500_000)) // more than one part of a streamed PUT
			h.append("{}", "{}")
			caughtUp(t, c)
			stop()
			third := h.seal([]byte("while it does not run"))
			opts.SigningKey = string(key) // deposited at a later start, too
			c, _ = start(t, opts)
			caughtUp(t, c)

			r, dir, err := restore(t, cfg, o, h.store.VerifierKey())
			if err != nil {
				t.Fatal(err)
			}
			h.sameAs(r, dir, first, second, third)
			if want := len(o.Recipients) > 0; r.SigningKey != want {
				t.Errorf("the signing key came back: %t, want %t", r.SigningKey, want)
			} else if want {
				s, err := journal.Open(dir, journal.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if _, _, err := restore(t, cfg, vault.Options{}, ""); !errors.Is(err, vault.ErrSealed) {
					t.Errorf("restored without the identity: %v, want ErrSealed", err)
				}
			}
			for o := range g.client().ListObjectsIter(t.Context(), "evidence", minio.ListObjectsOptions{Prefix: cfg.Prefix, Recursive: true, WithVersions: true}) {
				if o.Err != nil {
					t.Fatal(o.Err)
				}
				if strings.Contains(o.Key, "/vault/") && !o.IsLatest {
					t.Errorf("%s was copied twice", o.Key)
				}
			}
			noted, err := os.ReadFile(filepath.Join(h.dir, "offsite.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(noted)) {
				var n Copy
				if err := json.Unmarshal([]byte(line), &n, json.RejectUnknownMembers(true)); err != nil {
					t.Fatal(err)
				}
				info, err := g.client().StatObject(t.Context(), "evidence", n.Key, minio.StatObjectOptions{VersionID: n.VersionID})
				if err != nil || n.VersionID == "" || info.Size != n.Size || n.Mode != Governance || time.Until(n.RetainUntil) < 47*time.Hour {
					t.Errorf("noted %s, but the bucket says %+v, %v", line, info, err)
				}
			}
		})
	}
}

// The server of these tests enforces what the copy relies on.
func TestTheBucketLocks(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	for _, mode := range []Mode{Governance, Compliance} {
		cfg := g.config("evidence")
		cfg.Mode, cfg.Prefix = mode, string(mode)+"/"
		b, err := openBucket(cfg, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.putBytes(t.Context(), "vault/x", []byte("evidence"))
		if err != nil || c.Mode != mode {
			t.Fatalf("%+v, %v", c, err)
		}
		for _, bypass := range []bool{false, mode == Compliance} {
			if err := g.client().RemoveObject(t.Context(), "evidence", c.Key, minio.RemoveObjectOptions{VersionID: c.VersionID, GovernanceBypass: bypass}); err == nil {
				t.Errorf("%s: the locked version was deleted (bypass %t)", mode, bypass)
			}
		}
		if _, err := b.put(t.Context(), "vault/y", strings.Repeat("0", 64), 3, strings.NewReader("abc")); err == nil {
			t.Error("bytes with another SHA-256 than announced were taken for a copy")
		}
	}
	plain, err := minio.New(strings.TrimPrefix(g.proxy.URL, "http://"), &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1", MaxRetries: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = plain.PutObject(t.Context(), "evidence", "unchecked", strings.NewReader("x"), 1, minio.PutObjectOptions{
		Mode: minio.Governance, RetainUntilDate: time.Now().Add(time.Hour), DisableContentSha256: true,
	})
	if code := minio.ToErrorResponse(err).Code; err == nil || code != "InvalidRequest" {
		t.Errorf("a PUT without a checksum: %v, want InvalidRequest (S3-5)", err)
	}
}

func TestCheckRefuses(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	g.makeBucket("unlocked", false)
	g.makeBucket("versioned", false)
	if err := g.client().EnableVersioning(t.Context(), "versioned"); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, vault.Options{})
	h.append("{}", "{}")
	other := newHouse(t, vault.Options{})
	other.append("{}")
	taken := g.config("evidence")
	taken.Prefix = "taken/"
	c, stop := start(t, other.options(taken))
	caughtUp(t, c)
	stop()
	wrongKey := g.config("evidence")
	wrongKey.SecretKey = "wrong-" + secretKey
	for _, test := range []struct {
		name string
		c    Config
		says string
	}{
		{"no such bucket", g.config("missing"), "there is no bucket missing"},
		{"no versions", g.config("unlocked"), "does not keep versions"},
		{"versions, no lock", g.config("versioned"), "has no Object Lock"},
		{"wrong secret", wrongKey, "does not accept these credentials"},
		{"another journal", taken, "another journal"},
	} {
		c, err := New(h.options(test.c))
		if err != nil {
			t.Fatal(err)
		}
		err = c.Check(t.Context())
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want a refusal that says %q", test.name, err, test.says)
		}
		if err != nil && strings.Contains(err.Error(), secretKey) {
			t.Errorf("%s: the error shows the secret", test.name)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A journal that was put back to an older state is noticed: the copy knows more.
func TestCheckNoticesARolledBackJournal(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	h := newHouse(t, vault.Options{})
	h.append("{}")
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	old := t.TempDir()
	if err := os.CopyFS(filepath.Join(old, "data"), os.DirFS(h.dir)); err != nil {
		t.Fatal(err)
	}
	again := func(dir string, entries ...string) *house {
		s, err := journal.Open(dir, journal.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		o := &house{t: t, dir: dir, store: s, vault: h.vault}
		o.append(entries...)
		return o
	}
	c, stop := start(t, again(h.dir, "{}", "{}").options(g.config("evidence")))
	caughtUp(t, c)
	stop()
	for name, entries := range map[string][]string{"have lost entries": {}, "another history": {"1", "2", "3", "4"}} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(old, "data"))); err != nil {
			t.Fatal(err)
		}
		o := again(dir, entries...)
		c, err := New(o.options(g.config("evidence")))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(t.Context()); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want a refusal", name, err)
		} else {
			t.Log(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The server dies in the middle of an upload, answers nonsense, and comes back:
// the lag grows meanwhile, nobody who appends waits, and nothing is missing.
func TestTheBucketIsAway(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	h := newHouse(t, vault.Options{})
	reg := prometheus.NewRegistry()
	o := h.options(g.config("evidence"))
	o.Register = reg
	c, _ := start(t, o)
	h.append("{}")
	caughtUp(t, c)
	if lag := gauge(t, reg, "journal"); lag != 0 {
		t.Errorf("the lag is %v, want 0", lag)
	}
	var away atomic.Bool
	struck := make(chan struct{})
	g.breakBy(func(w http.ResponseWriter, r *http.Request) bool {
		if !away.Load() && (r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/vault/")) {
			return false
		}
		if away.CompareAndSwap(false, true) { // in the middle of an upload
			if _, err := io.CopyN(io.Discard, r.Body, 1<<20); err != nil {
				t.Error(err)
			}
			g.kill()
			close(struck)
			panic(http.ErrAbortHandler)
		}
		http.Error(w, "<html>out of order</html>", http.StatusInternalServerError)
		return true
	})
	big := h.seal(bytes.Repeat([]byte("evidence "), 1<<20))
	select {
	case <-struck:
	case <-time.After(time.Minute):
		t.Fatal("the artefact was not sent")
	}
	for n := range 2500 {
		h.append(fmt.Sprintf(`{"n":%d}`, n))
	}
	if j, a := gauge(t, reg, "journal"), gauge(t, reg, "artefacts"); j <= 0 || a <= 0 {
		t.Errorf("the lag is %v and %v seconds while the bucket is away", j, a)
	}
	g.start()
	g.breakBy(nil)
	caughtUp(t, c)
	r, dir, err := restore(t, g.config("evidence"), vault.Options{}, "")
	if err != nil {
		t.Fatal(err)
	}
	h.sameAs(r, dir, big)
}

// Somebody who may write to the bucket, and not delete from it, cannot spoil
// what is restored.
func TestRestoreLooksBehindNewerVersions(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	h := newHouse(t, vault.Options{})
	i := h.seal([]byte("the truth"))
	cfg := g.config("evidence")
	c, stop := start(t, h.options(cfg))
	caughtUp(t, c)
	stop()
	client := g.client()
	var keys []string
	for o := range client.ListObjectsIter(t.Context(), "evidence", minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		keys = append(keys, o.Key)
	}
	if len(keys) < 4 {
		t.Fatalf("the bucket holds %v", keys)
	}
	for n, key := range keys {
		if n%2 == 0 || strings.Contains(key, "/vault/") {
			if _, err := client.PutObject(t.Context(), "evidence", key, strings.NewReader("a lie"), 5, minio.PutObjectOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.RemoveObject(t.Context(), "evidence", key, minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	r, dir, err := restore(t, cfg, vault.Options{}, h.store.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	h.sameAs(r, dir, i)
	if _, err := Restore(t.Context(), RestoreOptions{Config: cfg, Dir: t.TempDir(), Key: h.store.VerifierKey()}); err != nil {
		t.Errorf("into a folder that is there and empty: %v", err)
	}
}

// A bucket without its last segment, or with another key, is not taken for whole.
func TestRestoreRefuses(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	h := newHouse(t, vault.Options{})
	cfg := g.config("evidence")
	c, stop := start(t, h.options(cfg))
	for range 3 {
		h.append("{}")
		caughtUp(t, c)
	}
	stop()
	if _, _, err := restore(t, cfg, vault.Options{}, newHouse(t, vault.Options{}).store.VerifierKey()); !errors.Is(err, ErrIncomplete) {
		t.Errorf("with another key: %v, want ErrIncomplete", err)
	}
	full := filepath.Join(t.TempDir(), "full")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), RestoreOptions{Config: cfg, Dir: full}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a folder that is not empty: %v", err)
	}
	for o := range g.client().ListObjectsIter(t.Context(), "evidence", minio.ListObjectsOptions{Prefix: cfg.Prefix + segmentKey(2, 3, ""), WithVersions: true}) {
		if err := errors.Join(o.Err, g.client().RemoveObject(t.Context(), "evidence", o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: true})); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := restore(t, cfg, vault.Options{}, ""); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "signed for 3") {
		t.Errorf("without its last segment: %v, want ErrIncomplete", err)
	}
}

func TestLegalHold(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	h := newHouse(t, vault.Options{})
	i := h.seal([]byte("held"))
	c, _ := start(t, h.options(g.config("evidence")))
	caughtUp(t, c)
	for _, on := range []bool{true, false} {
		if err := c.Hold(t.Context(), []string{i.Digest}, on); err != nil {
			t.Fatal(err)
		}
		got, err := c.bucket.head(t.Context(), vaultDir+i.Path(), "")
		if err != nil || got.LegalHold != on {
			t.Errorf("the hold is %+v, %v; want %t", got, err, on)
		}
	}
	if err := c.Hold(t.Context(), []string{strings.Repeat("0", 64)}, true); err == nil {
		t.Error("a hold on what is not there")
	}
	all := g.config("evidence")
	all.Prefix, all.LegalHold = "held/", true
	b, err := openBucket(all, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := b.putBytes(t.Context(), "x", []byte("x")); err != nil || !c.LegalHold {
		t.Errorf("%+v, %v; want a legal hold from the start", c, err)
	}
}

func gauge(t *testing.T, reg *prometheus.Registry, what string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "nis2clock_offsite_lag_seconds" && m.GetLabel()[0].GetValue() == what {
				return m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("there is no lag of the %s", what)
	return 0
}
