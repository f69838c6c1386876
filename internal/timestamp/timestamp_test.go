package timestamp

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/realtest"
)

// authority is a time-stamp authority: openssl answers behind a web server.
type authority struct {
	t      testing.TB
	dir    string
	server *httptest.Server
	reply  func(query []byte) []byte // of openssl's, unless a test changes it
}

// certificate is how the authority's own differs from a good one.
type certificate struct {
	usages      []asn1.ObjectIdentifier // of the extended key usage
	notCritical bool
	notAfter    time.Time
}

var forStamps = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}

// startAuthority makes a root, an authority below an intermediate one, and a server.
func startAuthority(t testing.TB, c certificate) *authority {
	t.Helper()
	realtest.OpenSSL(t)
	if c.usages == nil {
		c.usages = []asn1.ObjectIdentifier{forStamps}
	}
	if c.notAfter.IsZero() {
		c.notAfter = time.Now().Add(time.Hour)
	}
	a := &authority{t: t, dir: t.TempDir()}
	usages, err := asn1.Marshal(c.usages)
	if err != nil {
		t.Fatal(err)
	}
	root, rootKey := a.issue("root", nil, nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	middle, middleKey := a.issue("middle", root, rootKey, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	a.issue("tsa", middle, middleKey, func(t *x509.Certificate) {
		t.NotAfter = c.notAfter
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.ExtraExtensions = []pkix.Extension{{Id: oidExtKeyUsage, Critical: !c.notCritical, Value: usages}}
	})
	a.write("ts.cnf", fmt.Sprintf(`
[tsa]
default_tsa = this
[this]
dir = %s
serial = $dir/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1, millisecs:500, microsecs:100
ess_cert_id_chain = no
`, a.dir))
	a.write("serial", "0A\n")
	a.reply = a.openssl
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		query, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" || user != "u" || password != "s3cret" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		if _, err := w.Write(a.reply(query)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(a.server.Close)
	return a
}

func (a *authority) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// issue makes a key and a certificate, signed by its parent or itself.
func (a *authority) issue(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, with func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: "Test " + name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	with(c)
	if parent == nil {
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), parentKey)
	if err != nil {
		a.t.Fatal(err)
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	a.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	return c, key
}

// openssl answers a query.
func (a *authority) openssl(query []byte) []byte {
	a.write("query", string(query))
	return a.run("ts", "-reply", "-config", "ts.cnf", "-section", "this", "-queryfile", "query", "-signer", "tsa.crt", "-inkey", "tsa.key", "-chain", "middle.crt")
}

func (a *authority) run(args ...string) []byte {
	cmd := exec.Command("openssl", args...)
	cmd.Dir = a.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		a.t.Errorf("openssl %s: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

func (a *authority) client(now func() time.Time) *Client {
	a.t.Helper()
	c, err := New(Config{URL: a.server.URL, RootsFile: filepath.Join(a.dir, "root.crt"), Username: "u", Password: "s3cret"}, now)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func (a *authority) roots() *x509.CertPool {
	a.t.Helper()
	pool, err := Roots(filepath.Join(a.dir, "root.crt"))
	if err != nil {
		a.t.Fatal(err)
	}
	return pool
}

var digest = sha256.Sum256([]byte("nis2clock/0000\n41\nroot\n"))

func TestStampAndVerify(t *testing.T) {
	a := startAuthority(t, certificate{})
	token, s, err := a.client(nil).Stamp(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	if since := time.Since(s.At); since < -2*time.Second || since > time.Minute || s.Ahead > 2*time.Second || s.Ahead < -time.Minute {
		t.Errorf("stamped %s ago, ahead by %s", since, s.Ahead)
	}
	want := Stamp{
		At: s.At, Accuracy: 1500*time.Millisecond + 100*time.Microsecond, Authority: "CN=Test tsa", Issuer: "CN=Test middle", Serial: "11", Policy: "1.2.3.4.1",
	}
	if got, err := Verify(token, digest, a.roots()); err != nil || got != want {
		t.Errorf("verified as %+v, %v; want %+v", got, err, want)
	}
	// openssl agrees about the stored form.
	a.write("token", string(token))
	if out := a.run("ts", "-verify", "-token_in", "-in", "token", "-digest", hex.EncodeToString(digest[:]), "-CAfile", "root.crt"); !bytes.Contains(out, []byte("OK")) {
		t.Errorf("openssl says %s", out)
	}
	other := digest
	other[0] ^= 1
	if _, err := Verify(token, other, a.roots()); !errors.Is(err, ErrInvalid) {
		t.Errorf("for another digest: %v, want ErrInvalid", err)
	}
	for name, roots := range map[string]*x509.CertPool{"none": nil, "another's": startAuthority(t, certificate{}).roots()} {
		if _, err := Verify(token, digest, roots); !errors.Is(err, ErrUntrusted) {
			t.Errorf("with %s roots: %v, want ErrUntrusted", name, err)
		}
	}
	// Whatever is changed, it says the same or nothing.
	for i := range token {
		bad := bytes.Clone(token)
		bad[i] ^= 1
		if got, err := Verify(bad, digest, a.roots()); err == nil && got != want {
			t.Errorf("with byte %d changed it says %+v", i, got)
		}
	}
	for n := range len(token) {
		if _, err := Verify(token[:n], digest, a.roots()); err == nil {
			t.Errorf("cut to %d bytes it is valid", n)
		}
	}
}

// The clocks differ: the stamp is taken, with the difference.
func TestClockOff(t *testing.T) {
	a := startAuthority(t, certificate{})
	for _, off := range []time.Duration{-3 * time.Hour, 48 * time.Hour} {
		_, s, err := a.client(func() time.Time { return time.Now().Add(off) }).Stamp(t.Context(), digest)
		if d := s.Ahead + off; err != nil || d < -time.Minute || d > 2*time.Second {
			t.Errorf("our clock is off by %s: ahead by %s, %v", off, s.Ahead, err)
		}
	}
}

func TestSignersThatMayNotStamp(t *testing.T) {
	server := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	for name, c := range map[string]certificate{
		"usage not critical":   {notCritical: true},
		"a web server as well": {usages: []asn1.ObjectIdentifier{forStamps, server}},
		"a web server":         {usages: []asn1.ObjectIdentifier{server}},
		"an unknown usage too": {usages: []asn1.ObjectIdentifier{forStamps, {1, 2, 3}}},
		"expired":              {notAfter: time.Now().Add(-time.Hour)},
	} {
		a := startAuthority(t, c)
		// openssl does not stamp with most of them, so its signer is judged alone.
		if err := checkSigner(a.certificate("tsa"), []*x509.Certificate{a.certificate("middle")}, a.roots(), time.Now()); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	a := startAuthority(t, certificate{notAfter: time.Now().Add(-time.Hour)})
	if _, _, err := a.client(nil).Stamp(t.Context(), digest); !errors.Is(err, ErrInvalid) {
		t.Errorf("a stamp after the signer's certificate ended: %v, want ErrInvalid", err)
	}
}

func (a *authority) certificate(name string) *x509.Certificate {
	a.t.Helper()
	raw, err := os.ReadFile(filepath.Join(a.dir, name+".crt"))
	if err != nil {
		a.t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// What an authority may answer instead.
func TestBadReplies(t *testing.T) {
	a := startAuthority(t, certificate{})
	var first []byte
	for _, test := range []struct {
		name  string
		reply func(query []byte) []byte
		want  error
		says  string
	}{
		{"HTML", func([]byte) []byte { return []byte("<html>hello</html>") }, ErrInvalid, "time-stamp authority?"},
		{"nothing", func([]byte) []byte { return nil }, ErrInvalid, "not a TimeStampResp"},
		{"a refusal", func([]byte) []byte { return a.openssl([]byte("not a query")) }, ErrRefused, "cannot read the request"},
		{"more than can be", func([]byte) []byte { return make([]byte, maxReply+10) }, nil, "more than"},
		{"its first", func(q []byte) []byte { first = a.openssl(q); return first }, nil, ""},
		{"its first again", func([]byte) []byte { return first }, ErrInvalid, "nonce"},
		{"more than a reply", func(q []byte) []byte { return append(a.openssl(q), 0) }, ErrInvalid, "not a TimeStampResp"},
	} {
		a.reply = test.reply
		_, _, err := a.client(nil).Stamp(t.Context(), digest)
		if test.says == "" && err == nil {
			continue
		}
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %v that says %q", test.name, err, test.want, test.says)
		}
	}
	c := a.client(nil)
	a.server.Close()
	if _, _, err := c.Stamp(t.Context(), digest); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("out of reach: %v", err)
	}
}

// An authority that hangs is given up with the caller's patience.
func TestHangingAuthority(t *testing.T) {
	a := startAuthority(t, certificate{})
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	a.reply = func([]byte) []byte { cancel(); <-release; return nil }
	_, _, err := a.client(nil).Stamp(ctx, digest)
	close(release)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestQualified(t *testing.T) {
	statement := func(ids ...asn1.ObjectIdentifier) []pkix.Extension {
		var all []qcStatement
		for _, id := range ids {
			all = append(all, qcStatement{ID: id})
		}
		raw, err := asn1.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return []pkix.Extension{{Id: oidQCStatements, Value: raw}}
	}
	for _, test := range []struct {
		e    []pkix.Extension
		want bool
	}{
		{nil, false},
		{statement(oidQualifiedStamp), true},
		{statement(asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}), false}, // of a certificate
		{statement(asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}, oidQualifiedStamp), true},
		{[]pkix.Extension{{Id: oidQCStatements, Value: []byte{1}}}, false},
	} {
		if got := qualified(test.e); got != test.want {
			t.Errorf("qualified(%v) is %t", test.e, got)
		}
	}
}

func FuzzVerify(f *testing.F) {
	a := startAuthority(f, certificate{})
	token, _, err := a.client(nil).Stamp(f.Context(), digest)
	if err != nil {
		f.Fatal(err)
	}
	roots := a.roots()
	want, err := Verify(token, digest, roots)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(token))
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := Verify(b, digest, roots); err == nil && got != want {
			t.Errorf("it says %+v", got)
		}
	})
}
