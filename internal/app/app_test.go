package app

import (
	"net"
	"testing"
)

// The links that are printed and sent must be ones a person can open.
func TestReachable(t *testing.T) {
	for _, tt := range []struct {
		ip   net.IP
		want string
	}{
		{net.IPv4zero, "localhost:2555"},
		{net.IPv6unspecified, "localhost:2555"},
		{net.IPv4(127, 0, 0, 1), "127.0.0.1:2555"},
		{net.IPv6loopback, "[::1]:2555"},
		{net.IPv4(192, 0, 2, 7), "192.0.2.7:2555"},
	} {
		if got := reachable(&net.TCPAddr{IP: tt.ip, Port: 2555}); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.ip, got, tt.want)
		}
	}
}
