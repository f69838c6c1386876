package app

import (
	"errors"
	"path/filepath"
	"sync"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/desk"
	"nis2clock/internal/incident"

	"github.com/prometheus/client_golang/prometheus"
)

// tokens makes the token files of a first start and the keeper of all tokens.
func (a *App) tokens(dir string, reg prometheus.Registerer) error {
	for _, name := range []string{access.AdminFile, access.IntakeFile} {
		made, err := access.Ensure(dir, name)
		if err != nil {
			return err
		}
		if made {
			a.created = append(a.created, filepath.Join(dir, name))
		}
	}
	var err error
	a.keeper, err = access.New(access.Options{
		AdminFile:   filepath.Join(dir, access.AdminFile),
		IntakeFiles: append([]string{filepath.Join(dir, access.IntakeFile)}, a.cfg.Intake.TokenFiles...),
		IntakeBasic: a.cfg.Intake.Basic,
		Ledger:      &ledger{desk: a.desk},
		Now:         time.Now,
		Logger:      a.o.Logger,
		Register:    reg,
	})
	return err
}

// reloadTokens reads the token files again. An admin token that was deleted is
// void from here on, and a new one takes its place; that of the intake stays
// valid, because alerts would be lost.
func (a *App) reloadTokens() error {
	made, err := access.Ensure(a.cfg.DataDir, access.AdminFile)
	if made {
		a.o.Logger.Info("The admin token's file was gone, a new token was made", "file", filepath.Join(a.cfg.DataDir, access.AdminFile))
	}
	return errors.Join(err, a.keeper.Reload())
}

// ledger reads the tokens the journal tells of from the desk's state. It keeps
// what it read: while a state that cannot be rebuilt holds no tokens, those
// known before still open the intake, which then answers that nothing can be
// stored; a sender that was refused would not come again.
type ledger struct {
	desk *desk.Desk

	mu       sync.Mutex
	revision uint64 // of the state's tokens
	issued   []access.Issued
}

// Issued implements [access.Ledger].
func (l *ledger) Issued() []access.Issued {
	var tokens []incident.Token
	var revision uint64
	l.desk.View(func(s *incident.State) { tokens, revision = s.Tokens(), s.TokensRevision() })
	l.mu.Lock()
	defer l.mu.Unlock()
	if revision > l.revision {
		l.revision, l.issued = revision, make([]access.Issued, 0, len(tokens))
		for _, t := range tokens {
			hash, err := access.ParseHash(t.SHA256)
			if err != nil {
				continue // opens nothing
			}
			l.issued = append(l.issued, access.Issued{
				Identity: access.Identity{Name: t.Name, Role: access.Role(t.Role)},
				Hash:     hash, ExpiresAt: t.ExpiresAt, Revoked: t.Revoked != nil,
			})
		}
	}
	return l.issued
}
