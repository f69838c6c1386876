package pagerduty_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nis2clock/internal/pagerduty"
)

func TestConfigValidate(t *testing.T) {
	tests := []struct {
		name string
		cfg  pagerduty.Config
		want string // in the error; empty for none
	}{
		{"minimal", pagerduty.Config{RoutingKey: testKey}, ""},
		{"EU host", pagerduty.Config{RoutingKey: testKey, BaseURL: "https://events.eu.pagerduty.com"}, ""},
		{"loopback", pagerduty.Config{RoutingKey: testKey, BaseURL: "http://127.0.0.1:8080/"}, ""},
		{"no key", pagerduty.Config{}, "routing key has 0 characters, want 32"},
		{"short key", pagerduty.Config{RoutingKey: testKey[:31]}, "routing key has 31 characters, want 32"},
		{"full address", pagerduty.Config{RoutingKey: testKey, BaseURL: "https://events.pagerduty.com/v2/enqueue"}, "base URL"},
		{"with user", pagerduty.Config{RoutingKey: testKey, BaseURL: "https://" + testKey + "@events.pagerduty.com"}, "base URL"},
		{"other scheme", pagerduty.Config{RoutingKey: testKey, BaseURL: "ftp://events.pagerduty.com"}, "base URL"},
		{"no scheme", pagerduty.Config{RoutingKey: testKey, BaseURL: "events.pagerduty.com"}, "base URL"},
		{"negative timeout", pagerduty.Config{RoutingKey: testKey, Timeout: -1}, "timeout -1ns is negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.cfg.Validate()
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), testKey[:8]) {
				t.Errorf("got %v, want %q without the key", err, tt.want)
			}
		})
	}
}

func TestConfigHidesItsKey(t *testing.T) {
	cfg := pagerduty.Config{RoutingKey: testKey}
	inJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%s %q", &cfg, &cfg), string(inJSON)} {
		if strings.Contains(s, testKey) {
			t.Errorf("%s shows the key", s)
		}
	}
}
