package incident

import "time"

// Intend records that an effect is about to be tried.
type Intend struct {
	ID     ID // empty for the service itself
	Effect Effect
	Repeat bool
}

func (c Intend) decide(_ *Rules, d *decision) (any, error) {
	d.emit(Intended{Meta: Meta{ID: c.ID, By: System}, Effect: c.Effect, Repeat: c.Repeat})
	return nil, nil
}

// Deliver records that an effect took place.
type Deliver struct {
	ID     ID
	Effect Effect
	Ref    string
	Found  bool
}

func (c Deliver) decide(_ *Rules, d *decision) (any, error) {
	d.emit(Delivered{Meta: Meta{ID: c.ID, By: System}, Effect: c.Effect, Ref: c.Ref, Found: c.Found})
	return nil, nil
}

// Fail records that a try did not work, and when the next one is due.
type Fail struct {
	ID        ID
	Effect    Effect
	Reason    string
	Permanent bool
	RetryAt   time.Time
}

func (c Fail) decide(_ *Rules, d *decision) (any, error) {
	d.emit(Failed{Meta: Meta{ID: c.ID, By: System}, Effect: c.Effect, Reason: c.Reason, Permanent: c.Permanent, RetryAt: c.RetryAt.UTC()})
	return nil, nil
}

// AdoptPolicy records the reminder policy when it differs from the one in force.
type AdoptPolicy struct{ Policy ReminderPolicy }

func (c AdoptPolicy) decide(_ *Rules, d *decision) (any, error) {
	if d.s.Policy == nil || !d.s.Policy.Equal(c.Policy) {
		d.emit(PolicyAdopted{Meta: Meta{By: System}, Policy: c.Policy})
	}
	return nil, nil
}

// RecordRecovery records that the journal takes entries again.
type RecordRecovery struct {
	Since time.Time
	Error string
}

func (c RecordRecovery) decide(_ *Rules, d *decision) (any, error) {
	d.emit(StoreRecovered{Meta: Meta{By: System}, Since: c.Since.UTC(), Error: c.Error})
	return nil, nil
}
