package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/realtest"

	"software.sslmate.com/src/go-pkcs12"
)

var document = []byte("%PDF-1.7 a report")

// issue makes a certificate for a key, signed by its parent or itself.
func issue(t *testing.T, name string, key crypto.Signer, parent *x509.Certificate, by crypto.Signer) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: parent == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c
}

func newEC(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// house is a root, a certificate below it, and the configurations that sign with it.
func house(t *testing.T, key crypto.Signer) (root, cert *x509.Certificate, configs map[string]Config) {
	t.Helper()
	rootKey := newEC(t)
	root = issue(t, "Root", rootKey, nil, nil)
	cert = issue(t, "Signing desk", key, root, rootKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p12, err := pkcs12.Modern.Encode(key, cert, []*x509.Certificate{root}, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	return root, cert, map[string]Config{
		"PEM": {
			CertFile: file(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})),
			KeyFile:  file(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		},
		"PKCS#12": {PKCS12File: file(t, "desk.p12", p12), Password: "correct horse"},
	}
}

func TestSignAndVerify(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for kind, key := range map[string]crypto.Signer{"RSA": rsaKey, "ECDSA": newEC(t)} {
		root, cert, configs := house(t, key)
		for form, c := range configs {
			t.Run(kind+" "+form, func(t *testing.T) {
				s, err := New(c)
				if err != nil {
					t.Fatal(err)
				}
				sig, err := s.Sign(document)
				if err != nil {
					t.Fatal(err)
				}
				for name, trusted := range map[string][]*x509.Certificate{"nobody": nil, "the root": {root}, "the signer": {cert}} {
					got, err := Verify(document, sig, trusted)
					if err != nil || got.By != "CN=Signing desk" || got.Issuer != "CN=Root" || len(got.Fingerprint) != 64 || time.Since(got.At) > time.Minute {
						t.Errorf("trusting %s: %+v, %v", name, got, err)
					}
				}
				for n := range document {
					altered := bytes.Clone(document)
					altered[n] ^= 1
					if _, err := Verify(altered, sig, nil); !errors.Is(err, ErrInvalid) {
						t.Errorf("byte %d altered: %v", n, err)
					}
				}
				stranger := issue(t, "Stranger", newEC(t), nil, nil)
				if got, err := Verify(document, sig, []*x509.Certificate{stranger}); !errors.Is(err, ErrUntrusted) || got.By == "" {
					t.Errorf("trusting another: %+v, %v", got, err)
				}
				openssl(t, sig, root)
			})
		}
	}
}

// openssl checks a signature as an authority may, without this program.
func openssl(t *testing.T, sig []byte, root *x509.Certificate) {
	t.Helper()
	realtest.Run(t, realtest.OpenSSL(t), "cms", "-verify", "-binary", "-inform", "DER", "-in", file(t, "s.p7s", sig), "-content", file(t, "doc", document),
		"-CAfile", file(t, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})), "-purpose", "any")
}

func TestConfigRefused(t *testing.T) {
	_, _, configs := house(t, newEC(t))
	_, _, others := house(t, newEC(t))
	pemFiles, p12 := configs["PEM"], configs["PKCS#12"]
	for name, c := range map[string]Config{
		"nothing":          {},
		"another password": {PKCS12File: p12.PKCS12File, Password: "battery staple"},
		"no PKCS#12":       {PKCS12File: pemFiles.CertFile, Password: "correct horse"},
		"another's key":    {CertFile: pemFiles.CertFile, KeyFile: others["PEM"].KeyFile},
		"no such file":     {CertFile: pemFiles.CertFile, KeyFile: "nowhere"},
	} {
		_, err := New(c)
		if err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "battery") || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
	if text := p12.String() + p12.GoString(); strings.Contains(text, "horse") {
		t.Errorf("printed as %s", text)
	}
}

func TestVerifyOtherBytes(t *testing.T) {
	for name, sig := range map[string][]byte{"nothing": nil, "text": []byte("signed"), "cut": {0x30, 0x82}} {
		if _, err := Verify(document, sig, nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
