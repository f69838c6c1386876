package journaltest_test

import (
	"testing"

	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
)

func TestStore(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Log { return journaltest.Open(t) })
}
