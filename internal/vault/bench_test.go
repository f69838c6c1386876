package vault

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkSeal seals a file of log lines, 256 MiB, and in the same run takes its
// SHA-256 as the measure: with this program's own code, and with sha256sum where
// there is one. What sealing adds is writing and syncing. Run it with -benchtime 3x;
// TMPDIR chooses the disk.
func BenchmarkSeal(b *testing.B) {
	const size = 256 << 20
	path := filepath.Join(b.TempDir(), "artefact")
	writeLog(b, path, size)
	b.Run("floor/sha256", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			copyFile(b, sha256.New(), path)
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
	b.Run("floor/copy and sync", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			f, err := os.CreateTemp(b.TempDir(), "")
			if err != nil {
				b.Fatal(err)
			}
			copyFile(b, struct{ io.Writer }{f}, path)
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
			if err := os.Remove(f.Name()); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, level := range []Level{Off, Fastest, Default, Better} {
		b.Run(level.String(), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				b.StopTimer()
				dir, err := os.MkdirTemp(b.TempDir(), "")
				if err != nil {
					b.Fatal(err)
				}
				v := openWith(b, dir, Options{Compression: level})
				b.StartTimer()
				d, err := v.Create()
				if err != nil {
					b.Fatal(err)
				}
				copyFile(b, d, path)
				i, err := d.Commit()
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				b.ReportMetric(float64(i.StoredSize)/size, "stored/plain")
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// writeLog makes a file of lines that differ as those of a log do.
func writeLog(b testing.TB, path string, size int64) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(f, io.LimitReader(new(lines), size)); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// lines is an endless log.
type lines struct {
	n    uint64
	left []byte
}

// Read implements [io.Reader].
func (l *lines) Read(p []byte) (int, error) {
	for len(l.left) < len(p) {
		l.n = l.n*6364136223846793005 + 1442695040888963407
		var line bytes.Buffer
		line.WriteString(`{"ts":"2026-11-22T05:11:`)
		for _, part := range []string{`Z","level":"info","msg":"request served","path":"/api/v1/orders/`, `","user":"u`, `","status":200,"took_ms":`, "}\n"} {
			for range 4 {
				line.WriteByte("0123456789abcdef"[l.n>>60])
				l.n = l.n*6364136223846793005 + 1442695040888963407
			}
			line.WriteString(part)
		}
		l.left = append(l.left, line.Bytes()...)
	}
	n := copy(p, l.left)
	l.left = append(l.left[:0], l.left[n:]...)
	return n, nil
}

func copyFile(b testing.TB, to io.Writer, path string) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.CopyBuffer(to, struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}
