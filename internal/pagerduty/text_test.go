package pagerduty

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"short", "a b", 10, "a b"},
		{"at the limit", "abcdefghij", 10, "abcdefghij"},
		{"over the limit", "abcdefghijk", 10, "abcdefg…"},
		{"cut inside a character", "ααααα", 8, "αα…"},
		{"lines", "a\r\n\tb", 10, "a b"},
		{"direction override", "a\u202eb", 10, "ab"},
		{"not UTF-8", "a\xffb", 10, "a\ufffdb"},
		{"grows by repair", strings.Repeat("\xff", 10), 10, "\ufffd\ufffd…"},
		{"huge and blank", strings.Repeat(" ", 1000) + "x", 10, "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := words(tt.in, tt.limit)
			if got != tt.want || len(got) > tt.limit || !utf8.ValidString(got) {
				t.Errorf("got %q, want %q within %d bytes", got, tt.want, tt.limit)
			}
		})
	}
}
