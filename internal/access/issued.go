package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"time"
)

// prefix marks the tokens made here, so that people and secret scanners know
// them on sight.
const prefix = "n2c_"

// NewToken draws a token: the prefix and 26 characters that hold 130 random
// bits.
func NewToken() string { return prefix + rand.Text() }

// Hash is the SHA-256 of a token. It need not be slow, as for passwords: a
// token has too many random bits to be guessed at any speed.
type Hash [sha256.Size]byte

// HashOf returns the hash of a token.
func HashOf(token string) Hash { return sha256.Sum256([]byte(token)) }

// String is the hash as 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash is the inverse of [Hash.String].
func ParseHash(s string) (h Hash, err error) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(h) {
		return h, fmt.Errorf("%q is not a SHA-256 in hexadecimal digits", s)
	}
	return Hash(raw), nil
}

// Issued is a token that was made while the service ran.
type Issued struct {
	Identity
	Hash      Hash
	ExpiresAt time.Time // the first instant it is not valid; zero for never
	Revoked   bool
}

// Ledger knows the tokens that were made while the service runs.
type Ledger interface {
	// Issued returns every token ever made, those that are void too. It is
	// safe for concurrent use; the caller does not change the slice. It never
	// returns fewer than before, whatever state the store is in: what is
	// refused here a sender does not send again.
	Issued() []Issued
}

// retell is how long the log keeps quiet about a void token it has spoken of.
const retell = time.Hour

// issued returns who a token in the ledger belongs to. Every hash is compared,
// in constant time. Why a token is void stands in the log only.
func (k *Keeper) issued(hash Hash) (Identity, bool) {
	if k.ledger == nil {
		return Identity{}, false
	}
	var found *Issued
	all := k.ledger.Issued()
	for n := range all {
		if subtle.ConstantTimeCompare(all[n].Hash[:], hash[:]) == 1 {
			found = &all[n]
		}
	}
	now := k.now()
	switch {
	case found == nil:
		return Identity{}, false
	case found.Revoked:
		k.void(found, "it was revoked", now)
		return Identity{}, false
	case !found.ExpiresAt.IsZero() && !now.Before(found.ExpiresAt):
		k.void(found, "it expired at "+found.ExpiresAt.UTC().Format(time.RFC3339), now)
		return Identity{}, false
	}
	k.usedMu.Lock()
	defer k.usedMu.Unlock()
	k.used[hash] = now
	return found.Identity, true
}

// void says in the log, once in a while, that a token is tried in vain.
func (k *Keeper) void(t *Issued, why string, now time.Time) {
	k.usedMu.Lock()
	last, told := k.told[t.Hash]
	if told = told && now.Sub(last) < retell; !told {
		k.told[t.Hash] = now
	}
	k.usedMu.Unlock()
	if !told {
		k.logger.Warn("A token was refused", "name", t.Name, "role", t.Role, "reason", why)
	}
}

// LastUsed is when an issued token was last used since the process began; zero
// for never.
func (k *Keeper) LastUsed(hash Hash) time.Time {
	k.usedMu.Lock()
	defer k.usedMu.Unlock()
	return k.used[hash]
}
