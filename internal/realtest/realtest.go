// Package realtest is how tests use real programs: the servers that the service
// talks to, and independent readers of what it writes.
//
// Where a program is missing the test is skipped with how to install it, or
// fails when NIS2CLOCK_E2E is "required", as it is where every change is
// checked.
package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Program is the path of a program that is known under any of the names.
// Install is the command that installs it, such as "apt-get install qpdf".
func Program(t testing.TB, install string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing := fmt.Sprintf("there is no %s here: %s", strings.Join(names, " or "), install)
	if os.Getenv("NIS2CLOCK_E2E") == "required" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// Poppler is one of the programs that read a PDF, such as pdftotext.
func Poppler(t testing.TB, name string) string {
	t.Helper()
	return Program(t, "apt-get install poppler-utils", name)
}

// QPDF is the program that checks the structure of a PDF.
func QPDF(t testing.TB) string {
	t.Helper()
	return Program(t, "apt-get install qpdf", "qpdf")
}

// OpenSSL is the program that checks signatures and answers for a time-stamp
// authority.
func OpenSSL(t testing.TB) string {
	t.Helper()
	return Program(t, "apt-get install openssl", "openssl")
}

// Run runs a program, which has to succeed, and returns what it said on both of
// its outputs.
func Run(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Save writes a file for a program to read, where -artifacts keeps it, and
// returns its path.
func Save(t testing.TB, name string, file []byte) string {
	t.Helper()
	path := filepath.Join(t.ArtifactDir(), name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// spaces is white space between words, in which readers of PDF differ.
var spaces = regexp.MustCompile(`[ \t]+`)

// PDFText is what an independent program reads from a PDF: its lines in the
// order in which they are drawn, without empty ones.
func PDFText(t testing.TB, file []byte) string {
	t.Helper()
	var lines []string
	for l := range strings.Lines(Run(t, Poppler(t, "pdftotext"), "-raw", "-enc", "UTF-8", Save(t, "report.pdf", file), "-")) {
		if l = strings.TrimSpace(spaces.ReplaceAllString(strings.ReplaceAll(l, "\f", ""), " ")); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
