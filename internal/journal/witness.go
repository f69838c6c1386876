package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// witnessInterval is the shortest time between two writes of journal.checkpoint.
const witnessInterval = time.Second

// A witness keeps journal.checkpoint near the head, off the path of Append. It
// writes a head only after that head is durable, so the file is never ahead of the
// journal.
type witness struct {
	store *Store
	quit  chan struct{}
	done  chan struct{} // closed when the goroutine has ended

	mu   sync.Mutex
	size uint64 // guarded by mu; the file vouches for it
	err  error  // guarded by mu; of the last write
}

// startWitness begins with a file that vouches for size entries.
func startWitness(s *Store, size uint64) *witness {
	w := &witness{store: s, size: size, quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *witness) run() {
	defer close(w.done)
	for {
		now := w.store.state.Load()
		w.write(now)
		select {
		case <-now.superseded:
		case <-w.quit:
			return
		}
		select {
		case <-time.After(witnessInterval):
		case <-w.quit:
			return
		}
	}
}

// write brings the file to now. A failed write is kept for status and tried again with
// the next head.
func (w *witness) write(now *state) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.size == now.head.Size && w.err == nil {
		return
	}
	if w.err = writeFile(filepath.Join(w.store.dir, checkpointFile), now.note, 0o644); w.err == nil {
		w.size = now.head.Size
	}
}

// stop ends the goroutine and writes the last head.
func (w *witness) stop() error {
	close(w.quit)
	<-w.done
	w.write(w.store.state.Load())
	_, err := w.status()
	return err
}

func (w *witness) status() (size uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size, w.err
}

// readWitness reads journal.checkpoint, nil when there is none. No crash leaves a
// broken one behind, so a broken one is refused.
func readWitness(dir string, verifier note.Verifier) (*Head, error) {
	path := filepath.Join(dir, checkpointFile)
	msg, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read earlier head: %w", err)
	}
	h, err := openHead(msg, verifier)
	if err != nil {
		return nil, fmt.Errorf("%w: %s %w: find out who changed it, then delete it and it is written anew", ErrDamaged, path, err)
	}
	return &h, nil
}
