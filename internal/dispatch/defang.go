package dispatch

import (
	"net/netip"
	"regexp"
	"strings"
)

var (
	schemes = regexp.MustCompile(`(?i)\b(h)tt(ps?)://`)
	otherFT = regexp.MustCompile(`(?i)\b(s?f)t(ps?)://`)
	// hosts are names of at least two labels whose last is of letters, or
	// internationalised; file names look the same and lose nothing by it.
	hosts = regexp.MustCompile(`(?i)[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.(?:xn--[a-z0-9-]+|\p{L}{2,})`)
	ipv4  = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	mails = regexp.MustCompile(`([^\s@<>\[\]]+)@([\p{L}\p{N}_-]+\[\.\])`)
	ipv6  = regexp.MustCompile(`[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.\[\]]*`)
)

// Defang writes addresses of the web, of mail, of hosts and of machines so that
// nothing makes a link of them and nobody opens one by accident: an alert about
// an attack names the attacker's. Whatever came from an alert or was written by
// somebody goes through it in every message. Doing it twice changes nothing.
func Defang(s string) string {
	s = schemes.ReplaceAllString(s, "${1}xx${2}://")
	s = otherFT.ReplaceAllString(s, "${1}x${2}://")
	dots := func(host string) string { return strings.ReplaceAll(host, ".", "[.]") }
	s = hosts.ReplaceAllStringFunc(s, dots)
	s = ipv4.ReplaceAllStringFunc(s, dots)
	s = mails.ReplaceAllString(s, "$1[@]$2")
	return ipv6.ReplaceAllStringFunc(s, func(found string) string {
		trimmed := strings.TrimRight(found, ".")
		if a, err := netip.ParseAddr(strings.ReplaceAll(trimmed, "[.]", ".")); err != nil || !a.Is6() {
			return found
		}
		return strings.ReplaceAll(trimmed, ":", "[:]") + found[len(trimmed):]
	})
}
