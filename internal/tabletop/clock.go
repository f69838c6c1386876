package tabletop

import (
	"math"
	"sync"
	"time"
)

// Clock is the clock of an exercise: an affine function of wall time, or one
// that stands until it is moved. It is safe for concurrent use.
type Clock struct {
	wall  func() time.Time
	speed float64 // scenario seconds in a real one; 0 for one that jumps

	mu      sync.Mutex
	at      time.Time // scenario time at since
	since   time.Time // wall time
	paused  bool
	changed chan struct{} // closed when the clock is set, paused or resumed
}

// NewClock returns a clock that stands at the instant.
func NewClock(wall func() time.Time, speed float64, at time.Time) *Clock {
	return &Clock{wall: wall, speed: speed, at: at, since: wall(), paused: true, changed: make(chan struct{})}
}

// Now is the scenario's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// now is Now with c.mu held.
func (c *Clock) now() time.Time {
	if c.paused || c.speed == 0 {
		return c.at
	}
	return c.at.Add(times(c.wall().Sub(c.since), c.speed))
}

// times is d at the speed, without overflow.
func times(d time.Duration, speed float64) time.Duration {
	f := float64(d) * speed
	if f >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(f)
}

// stands is what Until says of a clock that does not move by itself.
const stands = time.Hour

// Until is how long in wall time it takes to t; an hour, after which to ask again,
// while the clock stands.
func (c *Clock) Until(t time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused || c.speed == 0 {
		return stands
	}
	return times(t.Sub(c.now()), 1/c.speed)
}

// Set makes it show at as of the wall time since, and run or stand.
func (c *Clock) Set(at, since time.Time, paused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.since, c.paused = at, since, paused
	close(c.changed)
	c.changed = make(chan struct{})
}

// Jump moves it forwards to t, and never backwards.
func (c *Clock) Jump(t time.Time) {
	if t.After(c.Now()) {
		c.Set(t, c.wall(), false)
	}
}

// Pause stops it where it is, and reports whether it ran.
func (c *Clock) Pause() bool {
	at, wall := c.Now(), c.wall()
	if c.Paused() {
		return false
	}
	c.Set(at, wall, true)
	return true
}

// Resume lets it run on, and reports whether it stood.
func (c *Clock) Resume() bool {
	if !c.Paused() {
		return false
	}
	c.Set(c.Now(), c.wall(), false)
	return true
}

// Paused reports whether it stands for now.
func (c *Clock) Paused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused
}

// Changed is closed when the clock is next set, paused or resumed.
func (c *Clock) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}
