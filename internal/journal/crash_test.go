//go:build unix

package journal

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The test binary, started with these variables, appends to a journal until it dies.
const (
	crashDir = "JOURNAL_CRASH_DIR" // where
	crashAt  = "JOURNAL_CRASH_AT"  // in the transaction of which append; empty for none
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, appendUntilDeath(dir, os.Getenv(crashAt)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendUntilDeath prints each size that it was told is durable.
func appendUntilDeath(dir, at string) error {
	s, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if strconv.Itoa(i) == at {
			s.beforeCommit = func() error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }
		}
		h, err := s.Append(context.Background(), s.Head().Size, batch(1+i%5, 700))
		if err != nil {
			return err
		}
		fmt.Println(h.Size)
	}
}

// crash runs the child until it kills itself, or until it was told the given number of
// times that a batch is durable. It returns the last size it was told.
func crash(t *testing.T, dir, at string, told int) (size uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashAt+"="+at)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		if size, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if n == told {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("child ended with %v: %s", err, stderr.String())
	}
	return size
}

func TestKilledBetweenWriteAndCommit(t *testing.T) {
	dir := t.TempDir()
	size := uint64(0)
	for _, at := range []string{"0", "1", "5", "12", "0"} {
		if told := crash(t, dir, at, -1); told > 0 {
			size = told
		}
		if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Size != size {
			t.Fatalf("killed in append %s: verdict is %v with %d entries, want %d: %v", at, v.State, v.Size, size, v.Problems)
		}
	}
	s := mustOpen(t, dir, Options{})
	mustAppend(t, s, batch(1, 1)...)
}

func TestKilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	for round := range 10 {
		size := crash(t, dir, "", 1+round*3)
		v := mustVerify(t, dir, VerifyOptions{})
		if v.State != Consistent || v.Size < size {
			t.Fatalf("round %d: verdict is %v with %d entries of %d: %v", round, v.State, v.Size, size, v.Problems)
		}
	}
}

// The machine stops after the pages of a commit are on disk and before its meta page.
func TestTornCommit(t *testing.T) {
	dir := newJournal(t, batch(30, 300), batch(30, 300))
	path := filepath.Join(dir, dbFile)
	before, witness := readFile(t, path), readFile(t, dir, checkpointFile)
	s := mustOpen(t, dir, Options{})
	mustAppend(t, s, batch(50, 300)...)
	mustClose(t, s)
	after := readFile(t, path)
	meta := 2 * os.Getpagesize()
	torn := append(append([]byte(nil), before[:meta]...), after[meta:]...)

	overwrite(t, torn, path)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Altered {
		t.Errorf("a witness of the lost commit is there, but the verdict is %v", v.State)
	}
	overwrite(t, witness, dir, checkpointFile)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Size != 60 {
		t.Errorf("verdict is %v with %d entries: %v", v.State, v.Size, v.Problems)
	}
	s = mustOpen(t, dir, Options{})
	mustAppend(t, s, batch(5, 300)...)
	mustClose(t, s)
	if v := mustVerify(t, dir, VerifyOptions{}); v.State != Consistent || v.Size != 65 {
		t.Errorf("after going on, verdict is %v with %d entries: %v", v.State, v.Size, v.Problems)
	}
}
