package incident

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func token(w *world, name string, expires time.Time) CreateToken {
	return CreateToken{Person: by("ana"), Name: name, Role: "responder", SHA256: "hash of " + name, ExpiresAt: expires, Now: w.now}
}

// live are the names of the tokens that open something.
func live(w *world) string {
	var names []string
	for _, t := range w.state.Tokens() {
		if t.Live(w.now) {
			names = append(names, t.Name)
		}
	}
	return strings.Join(names, " ")
}

func TestTokensLiveUntilRevokedOrExpired(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.do(token(w, "ben", time.Time{}))
	w.do(token(w, "ci", w.now.Add(time.Hour)))
	before := w.state.Tokens()
	if got := live(w); got != "ben ci" {
		t.Errorf("live are %q", got)
	}
	w.wait(time.Hour - 1)
	if got := live(w); got != "ben ci" {
		t.Errorf("before the hour is over, live are %q", got)
	}
	w.wait(1)
	if got := live(w); got != "ben" {
		t.Errorf("at the instant it expires, live are %q", got)
	}
	w.do(token(w, "ci", time.Time{})) // the name is free again
	w.do(RevokeToken{by("ana"), "ben"})
	if got := live(w); got != "ci" {
		t.Errorf("after a revocation, live are %q", got)
	}
	w.do(token(w, "ben", time.Time{}))
	if got := live(w); got != "ci ben" {
		t.Errorf("after the name was given again, live are %q", got)
	}
	if before[0].Revoked != nil || len(before) != 2 {
		t.Error("a slice handed out before has changed")
	}
	if got := w.state.TokensRevision(); got != w.state.Size {
		t.Errorf("the revision is %d, want %d", got, w.state.Size)
	}
	w.do(Declare{Person: by("ana"), Title: "x", DetectedAt: w.now})
	if got := w.state.TokensRevision(); got != w.state.Size-1 {
		t.Errorf("after an entry about something else it is %d, want %d", got, w.state.Size-1)
	}
}

func TestTokenRefusals(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	keyed := token(w, "ben", time.Time{})
	keyed.Key, keyed.Digest = "k", "d"
	w.do(keyed)
	tests := []struct {
		name string
		cmd  Command
		want error
		says string
	}{
		{"a name in use", token(w, "ben", time.Time{}), ErrRefused, "revoke it first"},
		{"the same request again", keyed, ErrRefused, "kept nowhere"},
		{"no name", token(w, "", time.Time{}), ErrInvalid, "name"},
		{"the service's own name", token(w, "nis2clock", time.Time{}), ErrInvalid, "own"},
		{"a name of two words", token(w, "ben b", time.Time{}), ErrInvalid, "name"},
		{"a line end in a name", token(w, "ben\n", time.Time{}), ErrInvalid, "name"},
		{"a name that is a flag", token(w, "-rf", time.Time{}), ErrInvalid, "name"},
		{"a path", token(w, "a/b", time.Time{}), ErrInvalid, "name"},
		{"too long a name", token(w, strings.Repeat("x", 65), time.Time{}), ErrInvalid, "64"},
		{"expired from the start", token(w, "x", w.now), ErrInvalid, "over"},
		{"revoke nobody", RevokeToken{by("ana"), "carl"}, ErrUnknownToken, "carl"},
	}
	for _, tt := range tests {
		if _, err := w.try(tt.cmd); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %v with %q", tt.name, err, tt.want, tt.says)
		}
	}
	w.do(RevokeToken{by("ana"), "ben"})
	if _, err := w.try(RevokeToken{by("ana"), "ben"}); !errors.Is(err, ErrUnknownToken) {
		t.Errorf("revoking twice: %v", err)
	}
}

// Lawful erasure may not bring back a token that was revoked.
func TestErasedTokenEntriesOpenNothing(t *testing.T) {
	w := newWorld(t, "2026-11-20T10:00:00Z")
	w.do(token(w, "ben", time.Time{}))
	w.do(token(w, "carl", time.Time{}))
	w.do(RevokeToken{by("ana"), "ben"})
	w.do(token(w, "dora", time.Time{}))
	for erased, want := range []string{"carl dora", "dora", "dora", "carl"} {
		s := NewState()
		for n, e := range w.entries {
			if n == erased {
				e.Event = nil
			}
			s.Apply(e)
		}
		if got := live(&world{state: s, now: w.now}); got != want {
			t.Errorf("without entry %d live are %q, want %q", erased, got, want)
		}
	}
}
