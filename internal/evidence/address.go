package evidence

import (
	"net/netip"
)

// never are addresses that no source has: those of the link, where clouds put
// the metadata that holds a machine's credentials, and what they put elsewhere.
var never = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, where clouds keep metadata"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "AWS metadata"},
	{netip.MustParsePrefix("fd20:ce::/32"), "Google metadata"},
	{netip.MustParsePrefix("168.63.129.16/32"), "Azure metadata"},
	{netip.MustParsePrefix("100.100.100.200/32"), "Alibaba metadata"},
	{netip.MustParsePrefix("192.0.0.192/32"), "Oracle metadata"},
	{netip.MustParsePrefix("0.0.0.0/8"), "no host's"},
	{netip.MustParsePrefix("::/128"), "no host's"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "no host's"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// inside are addresses that only the settings may send us to.
var inside = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by a carrier or a cloud"},
}

// nat64 and sixToFour hold an IPv4 address within.
var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

// mayDial says why an address must not be connected to; nil when it may. Named
// is true when the settings name the host that it was found for.
func mayDial(ip netip.Addr, named bool) error {
	ip = ip.WithZone("").Unmap()
	raw := ip.As16()
	switch {
	case nat64.Contains(ip):
		ip = netip.AddrFrom4([4]byte(raw[12:]))
	case sixToFour.Contains(ip):
		ip = netip.AddrFrom4([4]byte(raw[2:6]))
	}
	for _, n := range never {
		if n.prefix.Contains(ip) {
			return Fail(false, "refused to connect to %s (%s)", ip, n.what)
		}
	}
	for _, i := range inside {
		if !named && i.prefix.Contains(ip) {
			return Fail(false, "refused to connect to %s (%s): the settings do not name its host", ip, i.what)
		}
	}
	return nil
}
