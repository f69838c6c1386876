package runbook

import (
	"fmt"
	"sync"
	"time"
)

// Shelf holds the library in force. It is safe for concurrent use.
type Shelf struct {
	folders []Folder

	mu      sync.RWMutex
	library *Library
	broken  error // why the last reading was refused
}

// Open reads the folders for the first time. Any mistake in them is an error.
func Open(folders ...Folder) (*Shelf, error) {
	l, err := Load(folders...)
	if err != nil {
		return nil, err
	}
	return &Shelf{folders: folders, library: l}, nil
}

// Reload reads the folders again. On a mistake the library in force stays, and
// [Shelf.Notes] says so until a reading succeeds.
func (s *Shelf) Reload() error {
	l, err := Load(s.folders...)
	if err != nil {
		err = fmt.Errorf("the runbooks in force stay as they were: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken = err; err == nil {
		s.library = l
	}
	return err
}

// Library is the one in force.
func (s *Shelf) Library() *Library {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.library
}

// Broken is why the last reading was refused; nil when it was not.
func (s *Shelf) Broken() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.broken
}

// Notes are what a person should know of the runbooks at now, a sentence each.
func (s *Shelf) Notes(now time.Time) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	notes := s.library.ReviewNotes(now)
	if s.broken != nil {
		notes = append(notes, s.broken.Error())
	}
	return notes
}
