package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// gate is a keeper over files of its own and a clock that is turned by hand.
type gate struct {
	t      *testing.T
	dir    string
	keeper *Keeper
	now    time.Time
}

func newGate(t *testing.T, change ...func(*Options)) *gate {
	t.Helper()
	g := &gate{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	g.write(AdminFile, "admin-1\n")
	g.write(IntakeFile, "intake-1\n")
	g.write("more.token", "more-1")
	g.write("password", "pass word-1\n")
	o := Options{
		AdminFile: g.path(AdminFile), IntakeFiles: []string{g.path(IntakeFile), g.path("more.token")},
		IntakeBasic: &Basic{Username: "am", PasswordFile: g.path("password")}, Now: func() time.Time { return g.now },
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	if g.keeper, err = New(o); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gate) path(name string) string { return filepath.Join(g.dir, name) }

// write replaces a file; every time it is a minute newer.
func (g *gate) write(name, content string) {
	g.t.Helper()
	g.now = g.now.Add(time.Minute)
	if err := os.WriteFile(g.path(name), []byte(content), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Chtimes(g.path(name), g.now, g.now); err != nil {
		g.t.Fatal(err)
	}
}

// who is the role and name a request gets; "nobody" for none.
func (g *gate) who(authorization string) string {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return name(g.keeper.Authenticate(APIDoor, r))
}

func name(id Identity, ok bool) string {
	if !ok {
		if id != (Identity{}) {
			return fmt.Sprintf("nobody, yet %v", id)
		}
		return "nobody"
	}
	return string(id.Role) + " " + id.Name
}

func basicAuth(user, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

func TestAuthenticate(t *testing.T) {
	g := newGate(t)
	for _, c := range []struct{ authorization, want string }{
		{"", "nobody"},
		{"Bearer intake-1", "intake alertmanager"},
		{"bearer intake-1", "intake alertmanager"},
		{"Bearer  intake-1 ", "intake alertmanager"},
		{"Bearer more-1", "intake alertmanager"},
		{"Bearer admin-1", "admin admin"},
		{"Bearer", "nobody"},
		{"Bearer ", "nobody"},
		{"Bearer intake-", "nobody"},
		{"Bearer intake-11", "nobody"},
		{"Bearer INTAKE-1", "nobody"},
		{"Bearer intake-1 admin-1", "nobody"},
		{"Bearer pass word-1", "nobody"},
		{"Token intake-1", "nobody"},
		{"intake-1", "nobody"},
		{basicAuth("am", "pass word-1"), "intake am"},
		{basicAuth("am", "pass"), "nobody"},
		{basicAuth("am", "word-1"), "nobody"},
		{basicAuth("am", ""), "nobody"},
		{basicAuth("", "pass word-1"), "nobody"},
		{basicAuth("AM", "pass word-1"), "nobody"},
		{basicAuth("am", "intake-1"), "nobody"},
		{basicAuth("am", "admin-1"), "nobody"},
		{"Basic !", "nobody"},
	} {
		if got := g.who(c.authorization); got != c.want {
			t.Errorf("%q is %s, want %s", c.authorization, got, c.want)
		}
	}
	without := newGate(t, func(o *Options) { o.IntakeBasic = nil })
	if got := without.who(basicAuth("am", "pass word-1")); got != "nobody" {
		t.Errorf("with no basic auth configured it is %s", got)
	}
	shared := newGate(t, func(o *Options) { o.IntakeBasic.PasswordFile = o.IntakeFiles[0] })
	if got := shared.who("Bearer intake-1") + ", " + shared.who(basicAuth("am", "intake-1")); got != "intake alertmanager, intake am" {
		t.Errorf("with one file for both it is %s", got)
	}
}

func TestRotation(t *testing.T) {
	g := newGate(t)
	steps := []struct {
		change string // what the file then holds; "-" removes it
		valid  []string
		void   []string
	}{
		{"intake-2\nintake-1\n", []string{"intake-1", "intake-2"}, []string{"intake-3", "intake-2\nintake-1"}},
		{"intake-2\r\n\r\n  intake-3  ", []string{"intake-2", "intake-3"}, []string{"intake-1", ""}},
		{"", []string{"intake-2", "intake-3"}, []string{"intake-1", ""}},
		{"intake-4", []string{"intake-4"}, []string{"intake-2", "intake-3"}},
		{"-", []string{"intake-4"}, []string{"intake-5"}},
		{"intake-5", []string{"intake-5"}, []string{"intake-4"}},
	}
	for n, s := range steps {
		if s.change == "-" {
			if err := os.Remove(g.path(IntakeFile)); err != nil {
				t.Fatal(err)
			}
		} else {
			g.write(IntakeFile, s.change)
		}
		g.now = g.now.Add(recheck)
		for _, token := range s.valid {
			if got := g.who("Bearer " + token); got != "intake alertmanager" {
				t.Errorf("step %d: %q is %s", n, token, got)
			}
		}
		for _, token := range s.void {
			if got := g.who("Bearer " + token); got != "nobody" {
				t.Errorf("step %d: %q is %s", n, token, got)
			}
		}
		if got := g.who("Bearer admin-1"); got != "admin admin" {
			t.Errorf("step %d: the admin token is %s", n, got)
		}
	}
}

// TestRecheck: files are looked at once in a while, and a change is seen also
// when it came within the resolution of the file's time.
func TestRecheck(t *testing.T) {
	g := newGate(t)
	info, err := os.Stat(g.path(IntakeFile))
	if err != nil {
		t.Fatal(err)
	}
	g.who("Bearer x")
	if err := os.WriteFile(g.path(IntakeFile), []byte("intake-two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(g.path(IntakeFile), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	g.now = g.now.Add(recheck - 1)
	if got := g.who("Bearer intake-1"); got != "intake alertmanager" {
		t.Errorf("before it is looked at, the old token is %s", got)
	}
	g.now = g.now.Add(1)
	if got := g.who("Bearer intake-1") + ", " + g.who("Bearer intake-two"); got != "nobody, intake alertmanager" {
		t.Errorf("after that the tokens are %s", got)
	}
}

func TestReload(t *testing.T) {
	g := newGate(t)
	g.write(IntakeFile, "intake-2")
	if err := g.keeper.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := g.who("Bearer intake-2"); got != "intake alertmanager" {
		t.Errorf("after a reload the new token is %s", got)
	}
	g.write(IntakeFile, " \n")
	g.write(AdminFile, "admin-2")
	if err := g.keeper.Reload(); err == nil || !strings.Contains(err.Error(), g.path(IntakeFile)) {
		t.Errorf("an empty file is reloaded with error %v", err)
	}
	if got := g.who("Bearer intake-2") + ", " + g.who("Bearer admin-2"); got != "intake alertmanager, admin admin" {
		t.Errorf("beside an empty file the tokens are %s", got)
	}
}

// TestErrorsSayNoSecret: an error names the file and never what is in it.
func TestErrorsSayNoSecret(t *testing.T) {
	g := newGate(t)
	const secret = "intake-1"
	var errs []error
	for name, spoil := range map[string]func() error{
		"missing": func() error { return os.Remove(g.path(IntakeFile)) },
		"empty":   func() error { return os.WriteFile(g.path(IntakeFile), nil, 0o600) },
		"a folder": func() error {
			return errors.Join(os.Remove(g.path(IntakeFile)), os.Mkdir(g.path(IntakeFile), 0o700))
		},
	} {
		if err := os.RemoveAll(g.path(IntakeFile)); err != nil {
			t.Fatal(err)
		}
		g.write(IntakeFile, secret)
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		_, err := New(Options{AdminFile: g.path(AdminFile), IntakeFiles: []string{g.path(IntakeFile)}, Now: time.Now})
		_, readErr := Read(g.path(IntakeFile))
		for _, err := range []error{err, readErr} {
			if err == nil || !strings.Contains(err.Error(), g.path(IntakeFile)) {
				t.Errorf("%s: error %v does not name the file", name, err)
			}
		}
		errs = append(errs, err, readErr, g.keeper.Reload())
	}
	said := fmt.Sprintf("%v %+v %#v %v", errors.Join(errs...), g.keeper, g.keeper, g.keeper.sources)
	for _, s := range []string{secret, "admin-1", "word-1", "more-1"} {
		if strings.Contains(said, s) {
			t.Errorf("%q is printed", s)
		}
	}
}

func TestEnsure(t *testing.T) {
	dir := t.TempDir()
	made, err := Ensure(dir, IntakeFile)
	if err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	path := filepath.Join(dir, IntakeFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	token, err := Read(path)
	if err != nil || len(token) < 26 {
		t.Errorf("the token has %d characters, %v", len(token), err)
	}
	if made, err := Ensure(dir, IntakeFile); err != nil || made {
		t.Errorf("a second time: made %v, %v", made, err)
	}
	if again, err := Read(path); err != nil || again != token {
		t.Errorf("the token changed, %v", err)
	}
	if made, err := Ensure(filepath.Join(dir, "none"), IntakeFile); made || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no folder: made %v, %v", made, err)
	}
	if other, err := Ensure(dir, AdminFile); err != nil || !other {
		t.Fatal(err)
	}
	if admin, err := Read(filepath.Join(dir, AdminFile)); err != nil || admin == token {
		t.Errorf("two files hold one token, %v", err)
	}
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	g := newGate(t, func(o *Options) { o.Now = time.Now })
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 200 {
				if n == 0 {
					if err := g.keeper.Reload(); err != nil {
						t.Error(err)
					}
				}
				if got := g.who("Bearer intake-1"); got != "intake alertmanager" {
					t.Errorf("the token is %s", got)
				}
			}
		})
	}
	wg.Wait()
}

// signed makes a key and a certificate; it signs itself when there is no parent.
func signed(t *testing.T, c *x509.Certificate, parent *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	by, with := c, any(key)
	if parent != nil {
		by, with = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), with)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// TestClientCertificate speaks real TLS: a certificate by the configured
// authority opens the intake, and nothing else does.
func TestClientCertificate(t *testing.T) {
	g := newGate(t)
	authority := func() tls.Certificate {
		return signed(t, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	}
	ours, others := authority(), authority()
	client := func(by *tls.Certificate, cn string, dns ...string) *tls.Certificate {
		c := signed(t, &x509.Certificate{SerialNumber: big.NewInt(0xabc), Subject: pkix.Name{CommonName: cn}, DNSNames: dns, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, by)
		return &c
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Who", name(g.keeper.Authenticate(APIDoor, r)))
	}))
	pool := x509.NewCertPool()
	pool.AddCert(ours.Leaf)
	server.TLS = &tls.Config{ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the refused certificate
	server.StartTLS()
	defer server.Close()
	for _, c := range []struct {
		name        string
		certificate *tls.Certificate
		token       string
		want        string
	}{
		{"none", nil, "", "nobody"},
		{"with a name", client(&ours, "prometheus"), "", "intake prometheus"},
		{"with a DNS name only", client(&ours, "", "am.example"), "", "intake am.example"},
		{"with no name", client(&ours, ""), "", "intake client certificate abc"},
		{"with a wrong token", client(&ours, "prometheus"), "wrong", "nobody"},
		{"with the admin token", client(&ours, "prometheus"), "admin-1", "admin admin"},
		{"of another authority", client(&others, "prometheus"), "", "no connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport := server.Client().Transport.(*http.Transport).Clone()
			defer transport.CloseIdleConnections()
			if c.certificate != nil {
				// Also one that the server does not ask for.
				transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.certificate, nil }
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			got := "no connection"
			if resp, err := (&http.Client{Transport: transport}).Do(r); err == nil {
				got = resp.Header.Get("Who")
				if err := resp.Body.Close(); err != nil {
					t.Error(err)
				}
			}
			if got != c.want {
				t.Errorf("it is %s, want %s", got, c.want)
			}
		})
	}
}

func TestContext(t *testing.T) {
	if _, ok := From(t.Context()); ok {
		t.Error("an empty context carries somebody")
	}
	want := Identity{"anna", Admin}
	if got, ok := From(With(context.Background(), want)); !ok || got != want {
		t.Errorf("the context carries %v, %v", got, ok)
	}
}
