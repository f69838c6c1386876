//go:build linux

package journal

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// percentiles reports the median and the 99th percentile of the durations.
func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
}

// BenchmarkAppend measures durable batches of 1600-byte payloads, and on the same
// disk the floor under them: writing 1 KiB and syncing it.
func BenchmarkAppend(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
		if err != nil {
			b.Fatal(err)
		}
		block := make([]byte, 1<<10)
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			if _, err := f.Write(block); err != nil {
				b.Fatal(err)
			}
			if err := syscall.Fdatasync(int(f.Fd())); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
		percentiles(b, took)
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	})
	for _, n := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("batch=%d", n), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{})
			records := batch(n, 1600)
			var took []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				mustAppend(b, s, records...)
				took = append(took, time.Since(start))
			}
			b.ReportMetric(float64(n*len(took))/b.Elapsed().Seconds(), "entries/s")
			percentiles(b, took)
		})
	}
}

func fill1M(b *testing.B) (dir string) {
	dir = b.TempDir()
	s := mustOpen(b, dir, Options{NoSync: true})
	records := batch(2000, 200)
	for range 500 {
		mustAppend(b, s, records...)
	}
	mustClose(b, s)
	return dir
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{200, 1600} {
		b.Run(fmt.Sprintf("payload=%d", size), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{NoSync: true})
			for range 10 {
				mustAppend(b, s, batch(2000, size)...)
			}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range s.Read(b.Context(), 0, s.Head().Size) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkMillion opens and verifies a journal of 1 000 000 entries, and in the
// same run hashes the bytes of its file as the measure of verifying: with this program's
// own code, and with sha256sum where there is one.
func BenchmarkMillion(b *testing.B) {
	dir := fill1M(b)
	path := filepath.Join(dir, dbFile)
	size, err := sizeOf(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("floor/sha256", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.CopyBuffer(sha256.New(), struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor/sha256sum", func(b *testing.B) {
		program, err := exec.LookPath("sha256sum")
		if err != nil {
			b.Skip("there is no sha256sum here")
		}
		b.SetBytes(size)
		for b.Loop() {
			if err := exec.Command(program, path).Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(dir, Options{})
			if err != nil {
				b.Fatal(err)
			}
			mustClose(b, s)
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if v := mustVerify(b, dir, VerifyOptions{}); v.State != Consistent {
				b.Fatal(v.Problems)
			}
		}
	})
}
