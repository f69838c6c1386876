package timestamp

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// Object identifiers, with their sources.
var (
	oidSHA256             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidTSTInfo            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}  // RFC 3161 section 2.4.2
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}         // RFC 5652 section 11.1
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // RFC 2634 section 5.4
	oidSigningCertV2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035 section 3
	oidExtKeyUsage        = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidQCStatements       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3} // RFC 3739
	oidQualifiedStamp     = asn1.ObjectIdentifier{0, 4, 0, 19422, 1, 1}      // ETSI EN 319 422 section 9.1
)

// The messages of RFC 3161 sections 2.4.1 and 2.4.2.

type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

type request struct {
	Version  int
	Imprint  messageImprint
	Policy   asn1.ObjectIdentifier `asn1:"optional"`
	Nonce    *big.Int
	WantCert bool
}

type response struct {
	Status pkiStatus
	Token  asn1.RawValue `asn1:"optional"`
}

type pkiStatus struct {
	Status  int
	Text    []string       `asn1:"optional,utf8"`
	Failure asn1.BitString `asn1:"optional"`
}

type accuracy struct {
	Seconds int `asn1:"optional"`
	Millis  int `asn1:"optional,tag:0"`
	Micros  int `asn1:"optional,tag:1"`
}

func (a accuracy) duration() time.Duration {
	return time.Duration(a.Seconds)*time.Second + time.Duration(a.Millis)*time.Millisecond + time.Duration(a.Micros)*time.Microsecond
}

type tstInfo struct {
	Version    int
	Policy     asn1.ObjectIdentifier
	Imprint    messageImprint
	Serial     *big.Int
	Time       time.Time        `asn1:"generalized"`
	Accuracy   accuracy         `asn1:"optional"`
	Ordering   bool             `asn1:"optional,default:false"`
	Nonce      *big.Int         `asn1:"optional"`
	TSA        asn1.RawValue    `asn1:"optional,tag:0"`
	Extensions []pkix.Extension `asn1:"optional,tag:1"`
}

// signingCertificate is the attribute of RFC 2634 and, with an algorithm, of
// RFC 5035. Only the certificate's digest is looked at.
type signingCertificate struct {
	Certs    []asn1.RawValue
	Policies asn1.RawValue `asn1:"optional"`
}

type certIDv1 struct {
	Digest       []byte
	IssuerSerial asn1.RawValue `asn1:"optional"`
}

type certIDv2 struct {
	Algorithm    pkix.AlgorithmIdentifier `asn1:"optional"`
	Digest       []byte
	IssuerSerial asn1.RawValue `asn1:"optional"`
}

type qcStatement struct {
	ID   asn1.ObjectIdentifier
	Info asn1.RawValue `asn1:"optional"`
}

// failures are the bits of PKIFailureInfo.
var failures = map[int]string{
	0: "it does not know the algorithm", 2: "it does not take this request", 5: "it cannot read the request", 14: "its clock is not available",
	15: "it does not have this policy", 16: "it does not have this extension", 17: "what was asked for is not available", 25: "it is out of order",
}
