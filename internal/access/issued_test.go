package access

import (
	"bytes"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// book is a ledger.
type book []Issued

func (b *book) Issued() []Issued { return *b }

// issue adds a token and returns it.
func (b *book) issue(name string, role Role, expires time.Time) string {
	token := NewToken()
	*b = append(*b, Issued{Identity: Identity{name, role}, Hash: HashOf(token), ExpiresAt: expires})
	return token
}

func TestIssuedTokens(t *testing.T) {
	var tokens book
	var log bytes.Buffer
	g := newGate(t, func(o *Options) { o.Ledger, o.Logger = &tokens, slog.New(slog.NewTextHandler(&log, nil)) })
	ana := tokens.issue("ana", Responder, time.Time{})
	ci := tokens.issue("ci", Commander, g.now.Add(time.Hour))
	am := tokens.issue("am-2", Intake, time.Time{})
	expect := func(when string, want map[string]string) {
		t.Helper()
		for token, want := range want {
			if got := g.who("Bearer " + token); got != want {
				t.Errorf("%s, %s is %s, want %s", when, token, got, want)
			}
			if got := name(g.keeper.Holder(HashOf(token))); got != want {
				t.Errorf("%s, who came in with %s is %s, want %s", when, token, got, want)
			}
		}
	}
	expect("at first", map[string]string{ana: "responder ana", ci: "commander ci", am: "intake am-2", "admin-1": "admin admin"})
	for _, wrong := range []string{ana + "A", ana[:len(ana)-1], strings.TrimPrefix(ana, prefix), prefix, strings.ToLower(ana), HashOf(ana).String()} {
		if got := g.who("Bearer " + wrong); got != "nobody" {
			t.Errorf("%s is %s", wrong, got)
		}
	}
	if got := g.who(basicAuth("ana", ana)) + ", " + g.who(basicAuth("am", am)); got != "nobody, nobody" {
		t.Errorf("as passwords the tokens are %s", got)
	}
	g.now = g.now.Add(time.Hour - 1)
	expect("before it expires", map[string]string{ci: "commander ci"})
	if log.Len() > 0 {
		t.Errorf("it is said: %s", &log)
	}
	g.now = g.now.Add(1)
	tokens[0].Revoked = true
	expect("after a revocation and an expiry", map[string]string{ana: "nobody", ci: "nobody", am: "intake am-2"})

	// The log says why, once in a while, and shows no token.
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "name=ana") || !strings.Contains(got, `"it was revoked"`) ||
		!strings.Contains(got, "name=ci") || !strings.Contains(got, "it expired at ") {
		t.Errorf("it is said: %s", got)
	}
	g.now = g.now.Add(retell)
	expect("later", map[string]string{ana: "nobody"})
	if got := log.String(); strings.Count(got, "\n") != 3 {
		t.Errorf("after %v it is said: %s", retell, got)
	}
	for _, token := range []string{ana, ci, am} {
		if strings.Contains(log.String(), token[len(prefix):]) || strings.Contains(log.String(), HashOf(token).String()) {
			t.Error("the log shows a token")
		}
	}
}

func TestLastUsed(t *testing.T) {
	var tokens book
	g := newGate(t, func(o *Options) { o.Ledger = &tokens })
	ana := tokens.issue("ana", Responder, time.Time{})
	ben := tokens.issue("ben", Responder, g.now)
	g.who("Bearer " + ana)
	used := g.now
	g.now = g.now.Add(time.Minute)
	g.who("Bearer " + ben) // void
	if got := g.keeper.LastUsed(HashOf(ana)); !got.Equal(used) {
		t.Errorf("last used at %s, want %s", got, used)
	}
	if got := g.keeper.LastUsed(HashOf(ben)); !got.IsZero() {
		t.Errorf("a void token was used at %s", got)
	}
}

// Whoever is not let in is counted where it was, and nobody else.
func TestFailuresAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	g := newGate(t, func(o *Options) { o.Register = reg })
	for _, authorization := range []string{"", "Bearer wrong", "Bearer " + prefix + "wrong", basicAuth("am", "wrong"), basicAuth("eve", "x"), "Bearer admin-1", basicAuth("am", "pass word-1")} {
		g.who(authorization)
	}
	g.keeper.Token(SignInDoor, "wrong")
	g.keeper.Token(SignInDoor, "admin-1")
	g.keeper.Holder(HashOf("wrong")) // a session that is over, not an attempt
	families, err := reg.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "nis2clock_auth_failures_total" {
		t.Fatalf("gathered %v, %v", families, err)
	}
	got := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	if want := map[string]float64{"api": 5, "intake": 0, "sign_in": 1}; !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// Names of the files' identities are not for other tokens.
func TestReserved(t *testing.T) {
	g := newGate(t)
	for name, want := range map[string]bool{"admin": true, "alertmanager": true, "am": true, "ana": false, "": false} {
		if got := g.keeper.Reserved(name); got != want {
			t.Errorf("%q: reserved %v, want %v", name, got, want)
		}
	}
}

func TestNewToken(t *testing.T) {
	a, b := NewToken(), NewToken()
	if a == b || len(a) != len(prefix)+26 || !strings.HasPrefix(a, prefix) {
		t.Errorf("tokens are %s and %s", a, b)
	}
	h := HashOf(a)
	if back, err := ParseHash(h.String()); err != nil || back != h {
		t.Errorf("the hash %s is read back as %s, %v", h, back, err)
	}
	for _, s := range []string{"", h.String()[2:], h.String() + "00", strings.Repeat("x", 64)} {
		if _, err := ParseHash(s); err == nil {
			t.Errorf("%q is read as a hash", s)
		}
	}
}

// An explicit reload reads also a file whose time and size are as they were.
func TestReloadLooksInside(t *testing.T) {
	g := newGate(t)
	info, err := os.Stat(g.path(AdminFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.path(AdminFile), []byte("admin-2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(g.path(AdminFile), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := g.keeper.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := g.who("Bearer admin-1") + ", " + g.who("Bearer admin-2"); got != "nobody, admin admin" {
		t.Errorf("after a reload the tokens are %s", got)
	}
}
