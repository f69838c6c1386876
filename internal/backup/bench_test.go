package backup_test

import (
	"bytes"
	"io"
	"testing"

	"nis2clock/internal/backup"
	"nis2clock/internal/journal"
	"nis2clock/internal/vault"
)

// BenchmarkMillion writes a backup of 1 000 000 entries, and restores it.
func BenchmarkMillion(b *testing.B) {
	f := newFolder(b, vault.Options{})
	batch := make([]journal.Record, 2000)
	for i := range batch {
		batch[i] = journal.Record{At: at, Kind: "alert.received/v1", Incident: "INC-2026-0001", Payload: bytes.Repeat([]byte{byte(i)}, 200)}
	}
	for range 500 {
		f.append(batch...)
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.begin().Write(b.Context(), io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
	archive := f.backup()
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := restore(b, archive, backup.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
