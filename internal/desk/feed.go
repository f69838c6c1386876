package desk

import (
	"maps"
	"slices"
	"sync"

	"nis2clock/internal/incident"
)

// Feed tells a subscriber which incidents changed, however slowly it reads:
// changes are kept by incident, not one by one.
type Feed struct {
	// C receives a value when there is something to take.
	C <-chan struct{}

	wake chan struct{}
	mu   sync.Mutex
	ids  map[incident.ID]bool
	desk *Desk
}

// Subscribe returns a feed of what changes from here on. It is given up with
// [Feed.Close].
func (d *Desk) Subscribe() *Feed {
	wake := make(chan struct{}, 1)
	f := &Feed{C: wake, wake: wake, ids: map[incident.ID]bool{}, desk: d}
	d.feedsMu.Lock()
	defer d.feedsMu.Unlock()
	d.feeds[f] = true
	return f
}

// Take returns the incidents that changed since the last call; the empty id
// stands for an entry about the service itself.
func (f *Feed) Take() []incident.ID {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := slices.Collect(maps.Keys(f.ids))
	clear(f.ids)
	return ids
}

// Close ends the subscription.
func (f *Feed) Close() {
	f.desk.feedsMu.Lock()
	defer f.desk.feedsMu.Unlock()
	delete(f.desk.feeds, f)
}

func (d *Desk) publish(ids []incident.ID) {
	if len(ids) == 0 {
		return
	}
	d.feedsMu.Lock()
	defer d.feedsMu.Unlock()
	for f := range d.feeds {
		f.mu.Lock()
		for _, id := range ids {
			f.ids[id] = true
		}
		f.mu.Unlock()
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}
