package offsite

import (
	"strings"
	"testing"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
)

// What the bucket keeps locked says since when the journal has been what it is;
// what somebody puts over it later says nothing.
func TestHeads(t *testing.T) {
	g := startGateway(t, true)
	g.makeBucket("evidence", true)
	h := newHouse(t, vault.Options{})
	cfg := g.config("evidence")
	cfg.Prefix = "ours/"
	if heads, err := Heads(t.Context(), cfg); err != nil || len(heads) != 0 {
		t.Fatalf("of an empty bucket: %v, %v", heads, err)
	}
	began := time.Now().Add(-2 * time.Second) // the bucket's clock may be cut to seconds
	c, stop := start(t, h.options(cfg))
	h.append("{}", "{}")
	caughtUp(t, c)
	h.append("{}")
	caughtUp(t, c)
	stop()
	heads, err := Heads(t.Context(), cfg)
	if err != nil || len(heads) != 1 {
		t.Fatalf("%d heads of one month, %v", len(heads), err)
	}
	got := heads[0]
	head, err := journal.CheckHead(got.Note, h.store.VerifierKey())
	if err != nil || head != h.store.Head() {
		t.Errorf("the bucket keeps the head %+v, %v; the journal's is %+v", head, err, h.store.Head())
	}
	if got.Mode != Governance || !got.RetainUntil.After(time.Now()) || got.PutAt.Before(began) || got.PutAt.After(time.Now().Add(time.Second)) {
		t.Errorf("it is %+v", got)
	}
	if s := got.String(); !strings.Contains(s, got.VersionID) || !strings.Contains(s, "governance mode until ") || strings.Contains(s, secretKey) {
		t.Errorf("in words: %s", s)
	}

	b, err := openBucket(cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := b.putBytes(t.Context(), checkpointKey(head.Size), []byte("another head"))
	if err != nil {
		t.Fatal(err)
	}
	// A server that tells nothing of the lock of an older version has the one before
	// it speak.
	heads, err = Heads(t.Context(), cfg)
	if err != nil || len(heads) != 1 || heads[0].VersionID == forged.VersionID {
		t.Fatalf("with something put over the newest: %+v, %v", heads, err)
	}
	if _, err := journal.CheckHead(heads[0].Note, h.store.VerifierKey()); err != nil {
		t.Errorf("with something put over the newest: %v", err)
	}
}
