package incident

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// ErrUnknownToken: no token of that name is there to revoke. [RevokeToken]
// returns it.
var ErrUnknownToken = errors.New("no such token")

// Token is an API token as the journal tells of it. The token itself is not
// kept: it is drawn at random with more than 100 bits, so a plain SHA-256 of it
// can neither be turned back nor be guessed at, and needs no slow hash.
type Token struct {
	// Name is the actor of everything done with the token.
	Name string
	// Role says what it may do; [State] does not look at it.
	Role string
	// SHA256 is of the token, as 64 hexadecimal digits.
	SHA256  string
	Created Stamp
	// ExpiresAt is the instant from which it is not valid any more, by wall
	// time; zero for never.
	ExpiresAt time.Time
	// Revoked is nil while nobody took it back.
	Revoked *Stamp
}

// Live reports whether the token is valid at now, in wall time.
func (t Token) Live(now time.Time) bool {
	return t.Revoked == nil && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Tokens are all tokens ever made, oldest first. The slice does not change; a
// change makes a new one.
func (s *State) Tokens() []Token { return s.tokens }

// TokensRevision is the journal position after the newest entry about tokens.
func (s *State) TokensRevision() uint64 { return s.tokensRevision }

// CreateToken makes an API token. Its name must not be that of another live
// one. Who may ask for it, and which roles there are, the caller knows. The
// reply is the [Token].
type CreateToken struct {
	Person
	Name, Role string
	SHA256     string    // of the token
	ExpiresAt  time.Time // zero for never
	Now        time.Time // wall time, which tokens go by
}

var tokenName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$`)

func (c CreateToken) decide(_ *Rules, d *decision) (any, error) {
	_, done, err := c.repeated(d)
	switch {
	case err != nil:
		return nil, err
	case done:
		return nil, refused("this request already made token %s, which was shown then and is kept nowhere: revoke it and make another", c.Name)
	case !tokenName.MatchString(c.Name):
		return nil, invalid("name %q: give the token up to 64 letters, digits and . _ @ + -, the first a letter or digit; it stands as actor in the journal", c.Name)
	case c.Name == System.Name:
		return nil, invalid("name %q is the service's own: choose another", c.Name)
	case !c.ExpiresAt.IsZero() && !c.ExpiresAt.After(c.Now):
		return nil, invalid("expires_at %s is over", utc(c.ExpiresAt))
	}
	for _, t := range d.s.tokens {
		if t.Name == c.Name && t.Live(c.Now) {
			return nil, refused("there is a token %s, made by %s at %s: revoke it first, or choose another name", t.Name, t.Created.By, utc(t.Created.At))
		}
	}
	d.emit(TokenCreated{Meta: c.metaFor(""), Name: c.Name, Role: c.Role, SHA256: c.SHA256, Expires: c.ExpiresAt.UTC()})
	return d.s.tokens[len(d.s.tokens)-1], nil
}

// TokenCreated says an API token was made.
type TokenCreated struct {
	Meta
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	SHA256  string    `json:"sha256"`
	Expires time.Time `json:"expires,omitzero"`
}

func (TokenCreated) Kind() string { return "access.token_created/v1" }

func (TokenCreated) lasting() string { return "who could do what" }

func (e TokenCreated) Describe() string {
	until := "until it is revoked"
	if !e.Expires.IsZero() {
		until = "until " + utc(e.Expires)
	}
	return fmt.Sprintf("made token %s with role %s, valid %s", e.Name, e.Role, until)
}

func (ev TokenCreated) apply(s *State, e Entry) {
	s.changeTokens(e, append(s.tokens[:len(s.tokens):len(s.tokens)], Token{
		Name: ev.Name, Role: ev.Role, SHA256: ev.SHA256, Created: Stamp{By: ev.By, At: e.At}, ExpiresAt: ev.Expires,
	}))
}

// RevokeToken ends a token at once; whoever signed in with it is signed out.
type RevokeToken struct {
	Person
	Name string
}

func (c RevokeToken) decide(_ *Rules, d *decision) (any, error) {
	if _, done, err := c.repeated(d); err != nil || done {
		return nil, err
	}
	for _, t := range d.s.tokens {
		if t.Name == c.Name && t.Revoked == nil {
			d.emit(TokenRevoked{Meta: c.metaFor(""), Name: c.Name})
			return nil, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknownToken, c.Name)
}

// TokenRevoked says the tokens of that name are not valid any more.
type TokenRevoked struct {
	Meta
	Name string `json:"name"`
}

func (TokenRevoked) Kind() string { return "access.token_revoked/v1" }

func (TokenRevoked) lasting() string { return "who could do what" }

func (e TokenRevoked) Describe() string { return "revoked token " + e.Name }

func (ev TokenRevoked) apply(s *State, e Entry) {
	s.revokeTokens(e, ev.By, func(t Token) bool { return t.Name == ev.Name })
}

// revokeTokens revokes those that are meant and not revoked yet.
func (s *State) revokeTokens(e Entry, by Actor, meant func(Token) bool) {
	next := make([]Token, len(s.tokens))
	for n, t := range s.tokens {
		if t.Revoked == nil && meant(t) {
			t.Revoked = &Stamp{By: by, At: e.At}
		}
		next[n] = t
	}
	s.changeTokens(e, next)
}

func (s *State) changeTokens(e Entry, next []Token) {
	s.tokens, s.tokensRevision = next, e.Seq+1
}

// applyErasedToken is for an entry about tokens whose payload is gone. A token
// that was made and cannot be read is not valid; a revocation that cannot be
// read may have meant any token before it, so it means them all.
func (s *State) applyErasedToken(e Entry) {
	if e.Kind == (TokenRevoked{}).Kind() {
		s.revokeTokens(e, System, func(Token) bool { return true })
	}
}
