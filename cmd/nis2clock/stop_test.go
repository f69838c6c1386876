package main

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"nis2clock/internal/access"
)

// A sender that stops in the middle of a body does not keep the service from
// stopping in order.
func TestStopsWhileASenderHangs(t *testing.T) {
	t.Parallel()
	program, dir := built.build(t), filepath.Join(t.TempDir(), "data")
	p := serve(t, program, "--data", dir)
	token, err := access.Read(filepath.Join(dir, access.IntakeFile))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The answer to "Expect" says that the handler is reading the body.
	head := "POST /webhook/alertmanager HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
		"\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len("HTTP/1.1 100"))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 100" {
		t.Fatalf("answered %q, %v", answer, err)
	}
	if _, err := io.WriteString(conn, `{"alerts":[`); err != nil {
		t.Fatal(err)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(p.output(), "Requests that did not end were cut") {
		t.Errorf("it does not say that a request was cut:\n%s", p.output())
	}
	if err := verified(program, dir); err != nil {
		t.Error(err)
	}
}
