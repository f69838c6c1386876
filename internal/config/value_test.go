package config

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "4h": 4 * time.Hour, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute,
		"1d": 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1d12h": 36 * time.Hour, "0s": 0, "0": 0,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "h", "1 h", "-1m", "1h1d", "9999999y"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"65536": 64 << 10, "64KiB": 64 << 10, "65 KiB": 65 << 10, "1MiB": 1 << 20, "4GiB": 4 << 30, "4294967296": 4 << 30,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "63KiB", "65535", "0GiB", "4294967297", "5GiB", "1.5MiB", "-1", "1TiB", "1M", "0x100000"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

// TestThresholdsReadDays: a lead may be written in days, which Go's own
// durations lack.
func TestThresholdsReadDays(t *testing.T) {
	for text, want := range map[string]string{"75%": "75%", "12.5%": "12.5%", "1d": "24h", "90m": "1h30m", "0s": "0s"} {
		if got, err := parseThreshold(text); err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"https://am.example": "https://am.example", "http://[::1]:9093/": "http://[::1]:9093", "http://am:9093/alertmanager/": "http://am:9093/alertmanager",
	} {
		if got, err := parseBase(text); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"am", "//am", "http://", "http://:80", "http:am", "http://a b", "http://u@am", "http://am#x", "http://am?", "file:///etc", "http://am:x"} {
		if got, err := parseBase(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}
