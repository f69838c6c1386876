// Package tsatest is a time-stamp authority for tests: openssl behind a web
// server, with a root of its own.
package tsatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/realtest"
)

// Authority answers RFC 3161 requests.
type Authority struct {
	URL       string
	RootsFile string // PEM, of its root
	// Asked counts the requests; while Away is true each fails.
	Asked atomic.Int64
	Away  atomic.Bool

	dir string
	mu  sync.Mutex // openssl's files
}

const config = `
[tsa]
default_tsa = this
[this]
dir = %s
serial = $dir/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_chain = no
`

// Start starts one that ends with the test.
func Start(t testing.TB) *Authority {
	t.Helper()
	realtest.OpenSSL(t)
	a := &Authority{dir: t.TempDir()}
	a.RootsFile = filepath.Join(a.dir, "root.crt")
	root, key := a.issue(t, "root", nil, nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}) // id-kp-timeStamping
	if err != nil {
		t.Fatal(err)
	}
	a.issue(t, "tsa", root, key, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}
	})
	a.write(t, "ts.cnf", []byte(fmt.Sprintf(config, a.dir)))
	a.write(t, "serial", []byte("0A\n"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Asked.Add(1)
		query, err := io.ReadAll(r.Body)
		if err != nil || a.Away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		if _, err := w.Write(a.reply(t, query)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

func (a *Authority) write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// issue makes a key and a certificate, signed by its parent or itself.
func (a *Authority) issue(t testing.TB, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, with func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: "Test " + name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	with(c)
	if parent == nil {
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	a.write(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return c, key
}

// reply answers one request.
func (a *Authority) reply(t testing.TB, query []byte) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := os.WriteFile(filepath.Join(a.dir, "query"), query, 0o600); err != nil {
		t.Error(err)
		return nil
	}
	cmd := exec.Command("openssl", "ts", "-reply", "-config", "ts.cnf", "-section", "this", "-queryfile", "query", "-signer", "tsa.crt", "-inkey", "tsa.key")
	cmd.Dir = a.dir
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("openssl ts: %v", err)
	}
	return out
}
