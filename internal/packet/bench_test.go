package packet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
)

// big is a house whose incident has n artefacts of size bytes each.
func big(t testing.TB, n int, size int64) *house {
	h := newHouse(t)
	for i := range n {
		d, err := h.vault.Create()
		if err != nil {
			t.Fatal(err)
		}
		block := bytes.Repeat([]byte("0123456789abcdef"), 4096)
		for at := int64(0); at < size; at += int64(len(block)) {
			binary.LittleEndian.PutUint64(block, uint64(at)<<8|uint64(i))
			if _, err := d.Write(block[:min(int64(len(block)), size-at)]); err != nil {
				t.Fatal(err)
			}
		}
		info, err := d.Commit()
		if err != nil {
			t.Fatal(err)
		}
		labels := map[string]string{"alertname": fmt.Sprint("A", i), "nis2_reportable": "true", "nis2_incident": "one"}
		h.do(incident.ReceiveBatch{
			By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: h.now, Receipt: incident.Receipt{SHA256: info.Digest, Bytes: size, Vault: true},
			Alerts: []incident.Delivery{{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: h.now, Labels: labels}},
		})
	}
	h.id = "INC-2026-0001"
	return h
}

// create writes a file through write.
func create(t testing.TB, path string, write func(io.Writer) error) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func writePacket(t testing.TB, h *house, path string) {
	t.Helper()
	profile, err := ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(context.Background(), h.source(), profile)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.Manifest().Evidence); n == 0 {
		t.Fatal("no evidence is in it")
	}
	create(t, path, func(w io.Writer) error { return p.Write(context.Background(), w) })
}

// BenchmarkPacket writes a packet with 1 GiB of evidence, and in the same run stores
// the same files in a zip file as the measure: with the standard library, and with
// zip -0 where there is one. What the packet adds is the SHA-256 of everything. Run
// it with -benchtime 3x; TMPDIR chooses the disk.
func BenchmarkPacket(b *testing.B) {
	const n, size = 16, 64 << 20
	h := big(b, n, size)
	dir := b.TempDir()
	var files []string
	for info, err := range h.vault.Walk(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
		path := filepath.Join(dir, info.Digest)
		r, err := h.vault.Open(info.Digest)
		if err != nil {
			b.Fatal(err)
		}
		create(b, path, func(w io.Writer) error { _, err := io.Copy(w, r); return errors.Join(err, r.Close()) })
		files = append(files, path)
	}
	b.Run("floor/archive-zip", func(b *testing.B) {
		b.SetBytes(n * size)
		for b.Loop() {
			create(b, filepath.Join(dir, "floor.zip"), func(w io.Writer) error { return store(w, files) })
		}
	})
	b.Run("floor/zip -0", func(b *testing.B) {
		program, err := exec.LookPath("zip")
		if err != nil {
			b.Skip("there is no zip here")
		}
		b.SetBytes(n * size)
		for b.Loop() {
			if err := exec.Command(program, append([]string{"-0", "-q", "-FS", "-j", filepath.Join(dir, "zip0.zip")}, files...)...).Run(); err != nil {
				b.Fatal(err)
			}
			if err := os.Remove(filepath.Join(dir, "zip0.zip")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("packet", func(b *testing.B) {
		b.SetBytes(n * size)
		for b.Loop() {
			writePacket(b, h, filepath.Join(dir, "packet.zip"))
		}
	})
	b.Run("verify", func(b *testing.B) {
		f, err := os.Open(filepath.Join(dir, "packet.zip"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(info.Size())
		for b.Loop() {
			v, err := Verify(b.Context(), f, info.Size(), VerifyOptions{Key: h.log.VerifierKey()})
			if err != nil || v.State != Consistent {
				b.Fatalf("%+v %v", v, err)
			}
		}
	})
}

// store puts files into a zip file without compressing them.
func store(w io.Writer, files []string) error {
	buffered := bufio.NewWriterSize(w, copyBuffer)
	z := zip.NewWriter(buffered)
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		out, err := z.CreateHeader(&zip.FileHeader{Name: filepath.Base(path), Method: zip.Store})
		if err == nil {
			_, err = io.CopyBuffer(out, struct{ io.Reader }{f}, make([]byte, copyBuffer))
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return errors.Join(z.Close(), buffered.Flush())
}

// raced says that the race detector is on.
var raced bool

// memoryChild names, in a child process, how many MiB of evidence it packs.
const memoryChild = "NIS2CLOCK_PACKET_MIB"

// Memory does not grow with the evidence: a process of its own writes and verifies
// a packet of 256 MiB, and stays well below it.
func TestMemoryStaysSmall(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the peak of a process is read from /proc")
	}
	if mib := os.Getenv(memoryChild); mib != "" {
		var n int
		if _, err := fmt.Sscan(mib, &n); err != nil {
			t.Fatal(err)
		}
		h := big(t, n/64, 64<<20)
		path := filepath.Join(t.TempDir(), "packet.zip")
		writePacket(t, h, path)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if v, err := Verify(t.Context(), f, info.Size(), VerifyOptions{}); err != nil || v.State != Consistent {
			t.Errorf("%+v, %v", v, err)
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "VmHWM:") {
				fmt.Print("PEAK ", line)
			}
		}
		return
	}
	if raced {
		t.Skip("the race detector needs more memory than the packet")
	}
	mib := "256"
	if all := os.Getenv("NIS2CLOCK_PACKET_TEST_MIB"); all != "" {
		mib = all
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryStaysSmall$")
	cmd.Env = append(os.Environ(), memoryChild+"="+mib)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "PEAK VmHWM:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatalf("no peak in %s", out)
	}
	t.Logf("peak %d MiB for %s MiB of evidence", kib>>10, mib)
	if kib >= 64<<10 {
		t.Errorf("peak %d MiB for %s MiB of evidence, want less than 64", kib>>10, mib)
	}
}
