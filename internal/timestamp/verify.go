package timestamp

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	// The hashes that a token may name its certificate by.
	_ "crypto/sha1"
	_ "crypto/sha512"

	"github.com/smallstep/pkcs7"
)

var (
	// ErrInvalid is returned for a token that does not prove what it is taken for.
	ErrInvalid = errors.New("not a valid time-stamp")

	// ErrUntrusted is returned for a token whose signature fits and whose signer
	// none of the roots vouches for.
	ErrUntrusted = errors.New("the time-stamp's authority is not known here")
)

// Token is a TimeStampToken in DER.
type Token []byte

// Stamp is what a token says once it has been checked.
type Stamp struct {
	// At is the authority's time, in UTC; it may be off by Accuracy either way,
	// where the authority says so.
	At       time.Time     `json:"at"`
	Accuracy time.Duration `json:"-"`

	Authority string `json:"authority"` // the signer's name, as its certificate has it
	Issuer    string `json:"issuer"`    // who vouches for it
	Serial    string `json:"serial"`    // of the stamp, decimal, unique to the authority
	Policy    string `json:"policy"`    // under which it was given, an object identifier

	// Qualified says that the authority calls it a qualified electronic time stamp.
	Qualified bool `json:"qualified"`

	// Ahead is how far the authority's clock was ahead of ours when the token was
	// asked for, negative when behind; only [Client.Stamp] knows it.
	Ahead time.Duration `json:"-"`
}

// Verify checks a token for a SHA-256 digest; the package comment says how. It
// uses no network and no clock. The error is [ErrUntrusted] when all is well but
// the roots, else [ErrInvalid].
func Verify(token Token, digest [sha256.Size]byte, roots *x509.CertPool) (Stamp, error) {
	s, _, err := verify(token, digest, roots)
	return s, err
}

func verify(token Token, digest [sha256.Size]byte, roots *x509.CertPool) (Stamp, *tstInfo, error) {
	p7, err := pkcs7.Parse(token)
	if err != nil {
		return Stamp{}, nil, invalid("it is not CMS: %w", err)
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return Stamp{}, nil, invalid("it does not hold the certificate of its one signer")
	}
	if err := p7.Verify(); err != nil {
		return Stamp{}, nil, invalid("its signature: %w", err)
	}
	if err := checkAttributes(p7, signer); err != nil {
		return Stamp{}, nil, err
	}
	info := new(tstInfo)
	if rest, err := asn1.Unmarshal(p7.Content, info); err != nil || len(rest) > 0 {
		return Stamp{}, nil, invalid("its content is not a TSTInfo")
	}
	switch {
	case info.Version != 1 || info.Serial == nil:
		return Stamp{}, nil, invalid("its version is %d", info.Version)
	case !info.Imprint.Algorithm.Algorithm.Equal(oidSHA256) || !bytes.Equal(info.Imprint.Digest, digest[:]):
		return Stamp{}, nil, invalid("it was given for %x, not for %x", info.Imprint.Digest, digest)
	}
	if err := checkSigner(signer, p7.Certificates, roots, info.Time); err != nil {
		return Stamp{}, nil, err
	}
	return Stamp{
		At: info.Time.UTC(), Accuracy: info.Accuracy.duration(), Authority: signer.Subject.String(), Issuer: signer.Issuer.String(),
		Serial: info.Serial.String(), Policy: info.Policy.String(), Qualified: qualified(info.Extensions),
	}, info, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}

// checkAttributes compares what the signer signed besides the content: of what
// kind it is, and by which certificate.
func checkAttributes(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	var kind asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(oidContentType, &kind); err != nil || !kind.Equal(oidTSTInfo) {
		return invalid("what is signed is not a time-stamp but %v", kind)
	}
	var named signingCertificate
	if err := p7.UnmarshalSignedAttribute(oidSigningCertV2, &named); err == nil && len(named.Certs) > 0 {
		id := certIDv2{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidSHA256}}
		if _, err := asn1.Unmarshal(named.Certs[0].FullBytes, &id); err != nil {
			return invalid("its signing-certificate attribute: %w", err)
		}
		return sameCertificate(signer, id.Algorithm.Algorithm, id.Digest)
	}
	named = signingCertificate{}
	if err := p7.UnmarshalSignedAttribute(oidSigningCertificate, &named); err != nil || len(named.Certs) == 0 {
		return invalid("it does not name its signer's certificate")
	}
	var id certIDv1
	if _, err := asn1.Unmarshal(named.Certs[0].FullBytes, &id); err != nil {
		return invalid("its signing-certificate attribute: %w", err)
	}
	return sameCertificate(signer, asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, id.Digest)
}

// hashes are those that name a certificate, SHA-1 in RFC 2634 only.
var hashes = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

func sameCertificate(signer *x509.Certificate, algorithm asn1.ObjectIdentifier, digest []byte) error {
	hash, ok := hashes[algorithm.String()]
	if !ok {
		return invalid("it names its signer's certificate by the unknown hash %v", algorithm)
	}
	h := hash.New()
	h.Write(signer.Raw)
	if !bytes.Equal(h.Sum(nil), digest) {
		return invalid("it was signed by another certificate than it names")
	}
	return nil
}

// checkSigner checks that a certificate was fit to give stamps at that time.
func checkSigner(signer *x509.Certificate, others []*x509.Certificate, roots *x509.CertPool, at time.Time) error {
	critical := slices.ContainsFunc(signer.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) && e.Critical })
	only := len(signer.UnknownExtKeyUsage) == 0 && slices.Equal(signer.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping})
	if !critical || !only {
		return invalid("its signer's certificate is not for time-stamping alone")
	}
	if at.Before(signer.NotBefore) || at.After(signer.NotAfter) {
		return invalid("its time, %s, is outside the validity of its signer's certificate", at.UTC().Format(time.RFC3339))
	}
	if roots == nil {
		return fmt.Errorf("%w: no root certificate was given", ErrUntrusted)
	}
	between := x509.NewCertPool()
	for _, c := range others {
		between.AddCert(c)
	}
	_, err := signer.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUntrusted, signer.Subject, err)
	}
	return nil
}

// qualified reports whether the stamp is called qualified.
func qualified(extensions []pkix.Extension) bool {
	for _, e := range extensions {
		var statements []qcStatement
		if !e.Id.Equal(oidQCStatements) {
			continue
		}
		if rest, err := asn1.Unmarshal(e.Value, &statements); err != nil || len(rest) > 0 {
			continue
		}
		if slices.ContainsFunc(statements, func(s qcStatement) bool { return s.ID.Equal(oidQualifiedStamp) }) {
			return true
		}
	}
	return false
}
