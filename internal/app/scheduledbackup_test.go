package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/backup"
	"nis2clock/internal/config"
	"nis2clock/internal/verify"
)

// Backups are taken on time whatever restarts there are, the newest are kept,
// another's files are left alone, and each restores what there was.
func TestScheduledBackups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		const other = "nis2clock-before-the-move.tar.zst"
		for _, name := range []string{other, "nis2clock-20261122T000000Z.tar.zst.part"} { // the second was cut short
			if err := os.WriteFile(filepath.Join(folder, name), []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := newStage(t, func(c *config.Config) {
			c.Retention.Backup = &config.Backup{Folder: folder, Every: 6 * time.Hour, Keep: 2}
		})
		there := func() (names []string) {
			t.Helper()
			all, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				names = append(names, e.Name())
			}
			return names
		}
		want := func(when string, names ...string) {
			t.Helper()
			for n := range names {
				names[n] = "nis2clock-" + names[n] + ".tar.zst"
			}
			if got := there(); strings.Join(got, " ") != strings.Join(append(names, other), " ") {
				t.Errorf("%s there are %q, want %q", when, got, names)
			}
		}
		s.wait(time.Second)
		want("at the start", "20261123T090000Z")
		s.restart(true, time.Hour)
		s.alert(time.Now().Add(-time.Minute), 1)
		s.wait(4 * time.Hour)
		want("before the next is due", "20261123T090000Z")
		s.wait(time.Hour)
		want("once it is due", "20261123T090000Z", "20261123T150000Z")
		s.restart(false, 20*time.Hour)
		s.wait(time.Second)
		if got := there(); len(got) != 3 || got[0] != "nis2clock-20261123T150000Z.tar.zst" {
			t.Errorf("after a long outage there are %q", got)
		}

		f, err := os.Open(filepath.Join(folder, "nis2clock-20261123T150000Z.tar.zst"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}()
		v, err := backup.Restore(t.Context(), f, backup.Options{Dir: filepath.Join(t.TempDir(), "back")})
		if err != nil || v.State != verify.Consistent || v.Journal.Size < 4 {
			t.Errorf("restored %+v, %v", v, err)
		}
	})
}

// A folder that cannot be written to is named until it can.
func TestScheduledBackupFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "mounted")
		s := newStage(t, func(c *config.Config) {
			c.Retention.Backup = &config.Backup{Folder: folder, Every: 6 * time.Hour, Keep: 2}
		})
		ready := func() string {
			said, err := answer(s.client.Get("http://clock.example/-/ready"))
			if err != nil {
				t.Fatal(err)
			}
			return said
		}
		s.wait(time.Second)
		if said := ready(); !strings.Contains(said, "no scheduled backup was taken ever: open "+folder) {
			t.Errorf("/-/ready says %s", said)
		}
		if got := s.metric("nis2clock_backup_last_timestamp_seconds"); got != 0 {
			t.Errorf("the last is of %v", got)
		}
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		s.wait(backupAgain)
		if said := ready(); strings.Contains(said, "backup") {
			t.Errorf("once there is one /-/ready says %s", said)
		}
		if got, want := s.metric("nis2clock_backup_last_timestamp_seconds"), float64(time.Now().Add(-time.Second).Unix()); got < want-1 || got > want+1 {
			t.Errorf("the last is of %s, want %s", fmt.Sprint(got), fmt.Sprint(want))
		}
	})
}
