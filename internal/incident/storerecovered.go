package incident

import (
	"fmt"
	"time"
)

// StoreRecovered records that for a while the journal took nothing. Whatever
// was sent meanwhile was refused, not lost: its senders were told so.
type StoreRecovered struct {
	Meta
	Since time.Time `json:"since"`
	Error string    `json:"error"`
}

func (StoreRecovered) Kind() string { return "store.recovered/v1" }

func (StoreRecovered) logged() string { return "outages of the store" }

func (e StoreRecovered) Describe() string {
	return fmt.Sprintf("the store takes entries again; from %s it took none: %s", utc(e.Since), e.Error)
}

// apply keeps nothing: the journal alone tells of the outage.
func (StoreRecovered) apply(*State, Entry) {}

// RecordRecovery records that the journal takes entries again.
type RecordRecovery struct {
	Since time.Time
	Error string
}

func (c RecordRecovery) decide(_ *Rules, d *decision) (any, error) {
	d.emit(StoreRecovered{Meta: Meta{By: System}, Since: c.Since.UTC(), Error: c.Error})
	return nil, nil
}
