package vault

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
)

// A 1 GiB artefact is sealed, verified and read back in under 64 MiB of memory,
// as the system counts it for a process of its own.
func TestMemoryIsBounded(t *testing.T) {
	const size = 1 << 30
	if dir := os.Getenv("VAULT_TEST_DIR"); dir != "" {
		sealLarge(t, dir, size)
		return
	}
	if testing.Short() {
		t.Skip("seals 1 GiB")
	}
	if raced {
		t.Skip("the race detector needs more memory than the vault")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryIsBounded$", "-test.v")
	cmd.Env = append(os.Environ(), "VAULT_TEST_DIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, peak, ok := strings.Cut(string(out), "peak ")
	if !ok {
		t.Fatalf("it did not say its peak:\n%s", out)
	}
	t.Log("peak", strings.TrimSpace(strings.SplitN(peak, "\n", 2)[0]))
}

// raced says that the race detector is on.
var raced bool

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// sealLarge seals, verifies and reads so many bytes with everything switched on, and
// fails where the process needed 64 MiB or more.
func sealLarge(t *testing.T, dir string, size int64) {
	id := identity(t)
	v := openWith(t, dir, Options{Compression: Fastest, Recipients: []age.Recipient{id.Recipient()}, Identities: []age.Identity{id}})
	d, err := v.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(d, io.LimitReader(new(lines), size)); err != nil {
		t.Fatal(err)
	}
	i, err := d.Commit()
	if err != nil || i.Size != size {
		t.Fatalf("sealed as %+v, %v", i, err)
	}
	if check, err := v.Verify(t.Context(), i); err != nil || !check.Plain {
		t.Fatalf("verified as %+v, %v", check, err)
	}
	r, err := v.Open(i.Digest)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if err = errors.Join(err, r.Close()); err != nil || n != size {
		t.Fatalf("read %d bytes, %v", n, err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the system does not say how much memory was used")
	}
	m := highWater.FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in\n%s", status)
	}
	kib, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("peak %d MiB", kib>>10)
	if limit := 64 << 10; kib >= limit {
		t.Errorf("the peak was %d KiB, want under %d", kib, limit)
	}
}
