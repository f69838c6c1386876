package app

import (
	"fmt"
	"sync"
	"time"
)

// recurringEvery is how often recurring incidents are looked for. The law asks
// once a quarter (Implementing Regulation (EU) 2024/2690 annex 3.4.2(b)).
const recurringEvery = time.Hour

// recurringCheck proposes sets of small incidents that may together be one
// significant incident (Art. 4).
type recurringCheck struct {
	mu   sync.Mutex
	at   time.Time
	note []string
}

// notes says how many sets there are. It looks at every incident, and so
// seldom.
func (c *recurringCheck) notes(a *App) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := a.o.Now(); c.at.IsZero() || now.Sub(c.at) >= recurringEvery {
		c.at, c.note = now, nil
		sets, err := a.desk.Recurring("")
		switch {
		case err != nil:
			c.note = []string{"recurring incidents cannot be looked for: " + err.Error()}
		case len(sets) > 0:
			c.note = []string{fmt.Sprintf("%d sets of recurring incidents with the same root cause may together be significant (Implementing Regulation (EU) 2024/2690 Art. 4): look with nis2clock incident recurring", len(sets))}
		}
	}
	return c.note
}
