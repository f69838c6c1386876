package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/config"
)

// renew writes a new certificate for localhost into a folder and returns it.
func renew(t *testing.T, dir string, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"web.crt": {Type: "CERTIFICATE", Bytes: der}, "web.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c
}

// A certificate that is renewed while the service runs is in use at the next
// connection, and one that cannot be read takes nothing down.
func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	first := renew(t, dir, 1)
	cfg := config.Default()
	cfg.DataDir, cfg.Web.Listen = filepath.Join(dir, "data"), "localhost:0"
	cfg.Web.TLS = &config.TLS{CertFile: filepath.Join(dir, "web.crt"), KeyFile: filepath.Join(dir, "web.key")}
	a := startWith(t, cfg)

	// shown is the certificate of a new connection, over which the service
	// answers HTTP/2.
	shown := func(want *x509.Certificate) {
		t.Helper()
		trusted := x509.NewCertPool()
		trusted.AddCert(want)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(strings.Replace(a.URL(), "127.0.0.1", "localhost", 1) + "/-/healthy")
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
			t.Errorf("%s over %s", resp.Status, resp.Proto)
		}
	}
	notes := func() []string {
		_, notes := a.ready()
		return slices.DeleteFunc(notes, func(n string) bool { return !strings.Contains(n, "certificate") })
	}

	shown(first)
	second := renew(t, dir, 2)
	shown(second)
	if n := notes(); len(n) != 0 {
		t.Errorf("all is well, and readiness says %q", n)
	}
	if err := os.WriteFile(cfg.Web.TLS.KeyFile, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	shown(second)
	if n := notes(); len(n) != 1 || !strings.Contains(n[0], "stays in use: web.tls:") {
		t.Errorf("readiness says %q", n)
	}
	shown(renew(t, dir, 3))
	if n := notes(); len(n) != 0 {
		t.Errorf("it was mended, and readiness says %q", n)
	}
}
