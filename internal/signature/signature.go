// Package signature signs documents with a certificate, beside them, and checks
// such signatures.
//
// A signature is a detached CMS SignedData (RFC 5652) in DER with one signer, over
// the SHA-256 of the document: the .p7s that mail programs, openssl and
// authorities' own tools read. It says who vouches for the bytes; that they
// existed at a time only a time-stamp says, the signing time in it being the
// signer's own word.
//
// `openssl cms -verify -binary -inform DER -in FILE.p7s -content FILE -CAfile ROOTS`
// checks it too.
package signature

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"
)

var (
	// ErrInvalid is returned by [Verify] for a signature that is not of these bytes.
	ErrInvalid = errors.New("not a signature of this document")

	// ErrUntrusted is returned by [Verify] for a signature that fits, whose signer is
	// not the one wanted nor vouched for by it.
	ErrUntrusted = errors.New("signed by somebody else")
)

// Config says with what to sign: a certificate and its key in PEM, or both in one
// PKCS#12 file. Printing one shows no password.
type Config struct {
	CertFile, KeyFile string // PEM; the certificate first, then those above it
	PKCS12File        string // in place of the two
	Password          string `json:"-"` // of the PKCS#12 file
}

// String implements [fmt.Stringer] without the password.
func (c Config) String() string { return "signing with " + c.CertFile + c.PKCS12File }

// GoString implements [fmt.GoStringer] without the password.
func (c Config) GoString() string { return c.String() }

// Signer signs with one certificate. It is safe for concurrent use.
type Signer struct {
	key   crypto.PrivateKey
	cert  *x509.Certificate
	above []*x509.Certificate
}

// New reads the files. No error shows a key or a password.
func New(c Config) (*Signer, error) {
	s := new(Signer)
	if c.PKCS12File != "" {
		data, err := os.ReadFile(c.PKCS12File)
		if err != nil {
			return nil, fmt.Errorf("sign reports: %w", err)
		}
		if s.key, s.cert, s.above, err = pkcs12.DecodeChain(data, c.Password); err != nil {
			return nil, fmt.Errorf("sign reports: %s is not a PKCS#12 file with a key and a certificate, or has another password", c.PKCS12File)
		}
	} else {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("sign reports: %w", err)
		}
		s.key = pair.PrivateKey
		for n, der := range pair.Certificate {
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, fmt.Errorf("sign reports: %s: %w", c.CertFile, err)
			}
			if n == 0 {
				s.cert = cert
			} else {
				s.above = append(s.above, cert)
			}
		}
	}
	// One that cannot sign is refused now, not when a report is due.
	if _, err := s.Sign([]byte("trial")); err != nil {
		return nil, err
	}
	return s, nil
}

// Sign returns a detached signature. It names the present wall time, so that no two
// are alike.
func (s *Signer) Sign(document []byte) ([]byte, error) {
	sd, err := pkcs7.NewSignedData(document)
	if err == nil {
		sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		err = sd.AddSignerChain(s.cert, s.key, s.above, pkcs7.SignerInfoConfig{})
	}
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	sd.Detach()
	der, err := sd.Finish()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return der, nil
}

// Signed is what a signature says.
type Signed struct {
	By          string    `json:"by"` // the name in the signer's certificate
	Issuer      string    `json:"issuer"`
	Fingerprint string    `json:"fingerprint"` // of the certificate: SHA-256 in hex
	At          time.Time `json:"at,omitzero"` // the signer's own word
}

// Verify checks a detached signature of a document. Trusted are certificates, of
// the signer or of an authority that must have issued its, valid at the time of
// signing; without any, only that the signature fits is checked. The error is
// [ErrInvalid] or [ErrUntrusted]; what is said of the signer is filled in with
// the latter too.
func Verify(document, sig []byte, trusted []*x509.Certificate) (Signed, error) {
	p7, err := pkcs7.Parse(sig)
	if err != nil {
		return Signed{}, fmt.Errorf("%w: it is not CMS: %w", ErrInvalid, err)
	}
	if len(p7.Content) > 0 {
		return Signed{}, fmt.Errorf("%w: it brings a document of its own", ErrInvalid)
	}
	p7.Content = document
	cert := p7.GetOnlySigner()
	if cert == nil {
		return Signed{}, fmt.Errorf("%w: it does not hold the certificate of its one signer", ErrInvalid)
	}
	if err := p7.Verify(); err != nil {
		if _, ok := errors.AsType[*pkcs7.MessageDigestMismatchError](err); ok {
			err = errors.New("it was made for other bytes")
		}
		return Signed{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	sum := sha256.Sum256(cert.Raw)
	s := Signed{By: cert.Subject.String(), Issuer: cert.Issuer.String(), Fingerprint: hex.EncodeToString(sum[:])}
	if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &s.At); err != nil {
		s.At = time.Time{} // it names none
	}
	if len(trusted) == 0 {
		return s, nil
	}
	return s, vouched(cert, p7.Certificates, trusted, s.At)
}

// vouched reports, as nil, that a certificate is one of those trusted or was issued
// below one.
func vouched(cert *x509.Certificate, others, trusted []*x509.Certificate, at time.Time) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, t := range trusted {
		if bytes.Equal(t.Raw, cert.Raw) {
			return nil
		}
		roots.AddCert(t)
	}
	for _, o := range others {
		between.AddCert(o)
	}
	o := x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if _, err := cert.Verify(o); err != nil {
		return fmt.Errorf("%w: %s", ErrUntrusted, strings.TrimPrefix(err.Error(), "x509: "))
	}
	return nil
}
