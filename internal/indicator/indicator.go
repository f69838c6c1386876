// Package indicator reads indicators of compromise as people write them and
// writes them for machines, as a STIX 2.1 bundle (OASIS, stix-v2.1-os). Article
// 23(4)(b) of Directive (EU) 2022/2555 asks for them in the notification, where
// available; a CSIRT loads a bundle instead of typing them from a page.
package indicator

import (
	"encoding/hex"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Kind is what an indicator is of.
type Kind string

// Kinds. Other is a line that is none of them: it is passed on as it stands.
const (
	MD5    Kind = "MD5"
	SHA1   Kind = "SHA-1"
	SHA256 Kind = "SHA-256"
	SHA512 Kind = "SHA-512"
	IPv4   Kind = "ipv4-addr" // or a prefix in CIDR notation
	IPv6   Kind = "ipv6-addr"
	Domain Kind = "domain-name"
	URL    Kind = "url"
	Mail   Kind = "email-addr"
	File   Kind = "file" // a file's name
	YARA   Kind = "yara" // a rule
	STIX   Kind = "stix" // a pattern
	Other  Kind = ""
)

// Indicator is one indicator.
type Indicator struct {
	Kind Kind
	// Value is without prefix and not defanged.
	Value string
}

// hashes are the kinds of a hash by the number of its hexadecimal digits.
var hashes = map[int]Kind{32: MD5, 40: SHA1, 64: SHA256, 128: SHA512}

// prefixes are how people say what follows, in lower case.
var prefixes = map[string]Kind{
	"md5": MD5, "sha1": SHA1, "sha-1": SHA1, "sha256": SHA256, "sha-256": SHA256, "sha512": SHA512, "sha-512": SHA512,
	"ip": IPv4, "ipv4": IPv4, "ipv6": IPv6, "domain": Domain, "host": Domain, "url": URL, "mail": Mail, "email": Mail, "e-mail": Mail,
	"file": File, "yara": YARA, "stix": STIX,
}

// refang undoes the ways of writing an address so that nothing makes a link of
// it.
var refang = strings.NewReplacer("[.]", ".", "(.)", ".", "[dot]", ".", "[:]", ":", "[@]", "@", "[at]", "@", "[://]", "://",
	"hxxp://", "http://", "hxxps://", "https://", "hXXp://", "http://", "hXXps://", "https://", "fxp://", "ftp://", "sfxp://", "sftp://")

// Parse reads an indicator as a person wrote it: bare, or after a prefix such
// as sha256: or domain:, defanged or not. What it cannot tell is [Other], with
// the line as it stands; nothing is lost.
func Parse(line string) Indicator {
	text := strings.TrimSpace(line)
	if name, rest, ok := strings.Cut(text, ":"); ok {
		if kind, known := prefixes[strings.ToLower(name)]; known {
			if got := as(kind, strings.TrimSpace(rest)); got.Kind != Other {
				return got
			}
		}
	}
	for _, kind := range []Kind{SHA256, IPv4, URL, Mail, Domain} {
		if got := as(kind, text); got.Kind != Other && (kind != Domain || listed(got.Value)) {
			return got
		}
	}
	return Indicator{Other, text}
}

// listed reports whether a name ends in a suffix under which names are
// registered: what tells a host from the name of a file.
func listed(domain string) bool {
	_, icann := publicsuffix.PublicSuffix(domain)
	return icann
}

// as reads text as a kind; a hash or an address says itself which one it is.
func as(kind Kind, text string) Indicator {
	none := Indicator{Kind: Other}
	if text == "" {
		return none
	}
	switch kind {
	case YARA, STIX, File:
		return Indicator{kind, text}
	}
	text = refang.Replace(text)
	switch kind {
	case MD5, SHA1, SHA256, SHA512:
		if raw, err := hex.DecodeString(text); err == nil && hashes[2*len(raw)] != Other {
			return Indicator{hashes[2*len(raw)], strings.ToLower(text)}
		}
	case IPv4, IPv6:
		addr, err := netip.ParseAddr(text)
		if err != nil {
			prefix, notPrefix := netip.ParsePrefix(text)
			if notPrefix != nil {
				return none
			}
			addr, text = prefix.Addr(), prefix.String()
		} else {
			text = addr.String()
		}
		if addr.Is4() {
			return Indicator{IPv4, text}
		}
		return Indicator{IPv6, text}
	case URL:
		if u, err := url.Parse(text); err == nil && u.Host != "" && strings.Contains(text, "://") {
			return Indicator{URL, text}
		}
	case Mail:
		if a, err := mail.ParseAddress(text); err == nil && a.Name == "" && a.Address == text {
			return Indicator{Mail, text}
		}
	case Domain:
		if host := strings.TrimSuffix(strings.ToLower(text), "."); isHost(host) {
			return Indicator{Domain, host}
		}
	}
	return none
}

// isHost reports whether s is a name of at least two labels, RFC 1123, letters
// of any script among them.
func isHost(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.ContainsAny(l, " \t\r\n/\\:@,;'\"()[]{}<>|=*?!#$%&+^`~") {
			return false
		}
	}
	_, err := netip.ParseAddr(s)
	return err != nil
}
