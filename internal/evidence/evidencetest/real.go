package evidencetest

import (
	"bufio"
	"errors"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/realtest"
)

var listening = regexp.MustCompile(`msg="Listening on" .*address=(\S+)`)

// patience bounds every wait for another process.
const patience = 30 * time.Second

// Start starts a real server under any of its names and returns its address;
// it is killed when the test ends.
func Start(t testing.TB, debianPackage string, names []string, args ...string) (url string) {
	t.Helper()
	program := realtest.Program(t, "apt-get install "+debianPackage, names...)
	cmd := exec.Command(program, args...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	at, gone := make(chan string, 1), make(chan struct{})
	var said strings.Builder // read once gone is closed
	go func() {
		defer close(gone)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			said.WriteString(lines.Text() + "\n")
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case at <- m[1]:
				default: // it listens twice: the first counts
				}
			}
		}
	}()
	t.Cleanup(func() {
		err := cmd.Process.Kill()
		<-gone
		if _, killed := errors.AsType[*exec.ExitError](cmd.Wait()); err != nil || !killed || t.Failed() {
			t.Logf("%s (%v) said:\n%s", program, err, said.String())
		}
	})
	select {
	case addr := <-at:
		return "http://" + addr
	case <-gone:
		t.Fatalf("%s ended before it listened:\n%s", program, said.String())
	case <-time.After(patience):
		t.Fatalf("%s does not say where it listens", program)
	}
	return ""
}

// Await asks an address until its answer holds a text.
func Await(t testing.TB, address, text string) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		if body, err := get(address); err == nil && strings.Contains(body, text) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s never said %s", address, text)
		}
	}
}

func get(address string) (string, error) {
	resp, err := http.Get(address)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	_, err = bufio.NewReader(resp.Body).WriteTo(&b)
	return b.String(), errors.Join(err, resp.Body.Close())
}
