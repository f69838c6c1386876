package config

import (
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
}

// minErase keeps erasures, which stop the service while they rewrite the
// journal, rare.
const minErase = time.Hour

func (r *Retention) read(s *section) {
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
}
