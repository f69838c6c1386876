package offsite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/go-json-experiment/json"
)

// notes is offsite.jsonl. A nil one notes nothing.
type notes struct {
	mu   sync.Mutex
	file *os.File // guarded by mu
}

// openNotes opens the file for more lines and cuts a last one that a crash left
// without its end.
func openNotes(path string) (*notes, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("note off-site copies: %w", err)
	}
	if err := cutTorn(f); err != nil {
		return nil, errors.Join(fmt.Errorf("note off-site copies: %w", err), f.Close())
	}
	return &notes{file: f}, nil
}

// cutTorn leaves the file at the end of its last whole line.
func cutTorn(f *os.File) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	tail := make([]byte, min(end, 64<<10))
	if _, err := f.ReadAt(tail, end-int64(len(tail))); err != nil {
		return err
	}
	end -= int64(len(tail) - 1 - bytes.LastIndexByte(tail, '\n'))
	if err := f.Truncate(end); err != nil {
		return err
	}
	_, err = f.Seek(end, io.SeekStart)
	return err
}

// add writes a line and syncs it.
func (n *notes) add(c Copy) error {
	if n == nil {
		return nil
	}
	line, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("note the copy of %s: %w", c.Key, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	_, err = n.file.Write(append(line, '\n'))
	if err = errors.Join(err, n.file.Sync()); err != nil {
		return fmt.Errorf("note the copy of %s: %w", c.Key, err)
	}
	return nil
}

func (n *notes) close() error {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.file.Close()
}
