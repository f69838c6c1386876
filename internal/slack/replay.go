package slack

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// maxSeen bounds how many requests are remembered: over ten minutes far more
// than Slack sends. Past it the check lapses, and what the actions' own keys
// make harmless stays harmless.
const maxSeen = 50_000

// replays remembers signed requests for as long as their signature holds. Slack
// signs each call anew, also one that it sends again, so that the same signature
// a second time comes from whoever has read the first.
type replays struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]time.Time
	next time.Time // when those that are over are dropped
}

func requestOf(h http.Header) [sha256.Size]byte {
	return sha256.Sum256([]byte(h.Get(timestampHeader) + ":" + h.Get(signatureHeader)))
}

// claim is false for a request that was taken, or is being taken, already.
func (r *replays) claim(h http.Header, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !now.Before(r.next) {
		for sum, at := range r.seen {
			if now.Sub(at) > 2*maxAge {
				delete(r.seen, sum)
			}
		}
		r.next = now.Add(time.Minute)
	}
	sum := requestOf(h)
	if _, again := r.seen[sum]; again {
		return false
	}
	if r.seen == nil {
		r.seen = map[[sha256.Size]byte]time.Time{}
	}
	if len(r.seen) < maxSeen {
		r.seen[sum] = now
	}
	return true
}

// release forgets a request that was not taken: what comes again under the same
// second's signature is then Slack's own next try.
func (r *replays) release(h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, requestOf(h))
}
