package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The two forms of a signing certificate are told apart, and half of one is refused.
func TestSigning(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"cert": "x", "key": "y", "p12": "z", "word": "correct-horse"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ text, want string }{
		{"cert_file: cert, key_file: key", ""},
		{"bundle_file: p12, bundle_password_file: word", ""},
		{"bundle_file: p12, bundle_password: '${WORD}'", ""},
		{"cert_file: cert", "reports.signing.key_file: is missing"},
		{"key_file: key", "reports.signing.cert_file: is missing"},
		{"bundle_file: p12", "reports.signing.bundle_password_file: is missing"},
		{"bundle_file: p12, bundle_password_file: word, key_file: key", "keep one of the two forms"},
		{"bundle_file: nowhere, bundle_password_file: word", "cannot be read"},
	} {
		c, err := parse("c.yaml", dir, []byte("reports: {signing: {"+tt.text+"}}\n"), func(string) string { return "correct-horse" })
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "horse") {
				t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		} else if strings.HasPrefix(tt.text, "bundle") && c.Signing.Password != "correct-horse" || c.Signing.CertFile+c.Signing.PKCS12File == "" {
			t.Errorf("%s: read as %v", tt.text, c.Signing)
		}
	}
}
