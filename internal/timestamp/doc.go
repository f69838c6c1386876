// Package timestamp asks an authority for RFC 3161 time-stamps and checks them.
//
// A token proves that a digest existed at a time, in the authority's word, and
// nothing about who made it. It is checked without a network: [Verify] needs
// the token, the digest and the authority's root certificate.
//
// # What is checked
//
// The token is a CMS SignedData of one signer with a TSTInfo inside, its
// signature fits, the imprint is the SHA-256 that was asked for, and the signer's
// certificate is the one that the token itself names (signing-certificate
// attribute, RFC 5035), is for time-stamping and for nothing else (critical
// extended key usage, RFC 3161 section 2.3), leads to one of the roots given, and
// was valid at the time of the stamp. A reply must carry the nonce of its request.
//
// # What is not
//
// Revocation is not asked for. A key that was stolen later can sign earlier times:
// keep the tokens of one digest from two authorities, or a copy where it cannot
// be changed, if that matters. That an authority calls its stamp qualified
// (ETSI EN 319 422) is reported; whether it is on a Member State's trusted list a
// person has to look up.
//
// # Stored form
//
// A [Token] is the DER of the TimeStampToken, a CMS ContentInfo, as it came.
// `openssl ts -verify -token_in -in TOKEN -digest HEX -CAfile ROOTS` checks it too.
package timestamp
