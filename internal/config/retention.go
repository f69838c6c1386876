package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"nis2clock/internal/incident"

	"github.com/prometheus/common/model"
)

// Retention is how long what is stored is kept; 0 keeps a class for good.
type Retention struct {
	incident.RetentionPolicy
	// Every is how often what has expired is erased without being asked; 0 for
	// never: a person decides.
	Every time.Duration
	// Backup is nil where nobody but people and their programs takes backups.
	Backup *Backup
}

// Backup is when the whole record is written to a file without being asked.
type Backup struct {
	Folder string        // outside the data folder
	Every  time.Duration // at least [minErase]
	Keep   int           // as many of the newest; older ones are removed
}

// Defaults of [Backup].
const (
	defaultBackupEvery = 24 * time.Hour
	defaultBackupKeep  = 7
)

// minErase keeps erasures, which stop the service while they rewrite the
// journal, rare.
const minErase = time.Hour

func (r *Retention) read(s *section, data string) {
	defer s.close()
	class := func(key string, keep *time.Duration, least time.Duration) {
		if scalar(s, key, keep, atLeast(0)) && *keep != 0 && *keep < least {
			s.warn(s.lineOf(key), s.at(key), "%s is shorter than the %s that auditors and supervisors commonly ask for", model.Duration(*keep), model.Duration(least))
		}
	}
	class("logs", &r.Logs, incident.MinLogs)
	class("events", &r.Events, incident.MinLogs)
	class("incidents", &r.Incidents, incident.MinRecords)
	class("exercises", &r.Exercises, incident.MinRecords)
	scalar(s, "every", &r.Every, zeroOr(atLeast(minErase)))
	if sub, ok := s.section("backup"); ok {
		r.Backup = readBackup(sub, data)
	}
}

// readBackup takes what is backed up to where; data is the data folder.
func readBackup(s *section, data string) *Backup {
	defer s.close()
	b := &Backup{Every: defaultBackupEvery, Keep: defaultBackupKeep}
	s.folder("folder", &b.Folder)
	if b.Folder == "" {
		s.missing("folder", "name the folder that backups are written to, on another disk than data_dir")
	} else if within(data, b.Folder) {
		s.refuse(s.lineOf("folder"), s.at("folder"), "lies in data_dir: what takes that takes the backups too")
	}
	scalar(s, "every", &b.Every, atLeast(minErase))
	scalar(s, "keep", &b.Keep, parseKeep)
	return b
}

// within reports whether a folder lies in another, or is it.
func within(outer, folder string) bool {
	a, err := filepath.Abs(outer)
	b, err2 := filepath.Abs(folder)
	if errors.Join(err, err2) != nil {
		return false
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && filepath.IsLocal(rel)
}

func parseKeep(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 10_000 {
		return 0, fmt.Errorf("%s is not a number of backups from 1 to 10000", quote(s))
	}
	return n, nil
}
