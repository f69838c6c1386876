package cli

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nis2clock/internal/signature"
)

// A program reads the verdict on a report as it reads that on a packet.
func TestVerifyReportAsJSON(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "desk"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert := file("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	signer, err := signature.New(signature.Config{CertFile: cert, KeyFile: file("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))})
	if err != nil {
		t.Fatal(err)
	}
	report := []byte("%PDF-1.7 a report")
	sig, err := signer.Sign(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"good.pdf", "changed.pdf"} {
		file(name+".p7s", sig)
	}
	file("good.pdf", report)
	file("changed.pdf", append(report, 'x'))
	file("lone.pdf", report)
	for _, tt := range []struct {
		name, verdict string
		args          []string
		code          int
		signed, given bool
	}{
		{"good.pdf", "consistent", nil, 0, true, false},
		{"good.pdf", "consistent", []string{"--key", cert}, 0, true, true},
		{"changed.pdf", "altered", nil, 1, false, false},
		{"lone.pdf", "cannot tell", nil, 2, false, false},
	} {
		var out, talk bytes.Buffer
		path := filepath.Join(dir, tt.name)
		code := Main(t.Context(), append([]string{"verify", "--json", path}, tt.args...), &Env{Stdout: &out, Stderr: &talk, Getenv: os.Getenv, Now: time.Now})
		var v struct {
			Verdict, Path string
			SignedBy      string `json:"signed_by"`
			KeyGiven      bool   `json:"key_given"`
			Notes         []string
		}
		if err := json.Unmarshal(out.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v: %s", tt.name, err, out.String())
		}
		if code != tt.code || v.Verdict != tt.verdict || v.Path != path || tt.signed && v.SignedBy != "CN=desk" || v.KeyGiven != tt.given || (len(v.Notes) > 0) != (tt.code > 0) || talk.Len() > 0 {
			t.Errorf("%s %v: exit %d, %s, said %q", tt.name, tt.args, code, out.String(), talk.String())
		}
	}
}
