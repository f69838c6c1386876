package web

import (
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"nis2clock/internal/access"
)

const (
	cookieName  = "nis2clock_session"
	sessionLife = 12 * time.Hour
	codeLife    = time.Hour
)

// SignIn turns an API token, or a one-time code printed at start, into a
// session. Somebody who came in with a token may do what its role may, for as
// long as the token is valid; a code is for the admin. It is safe for concurrent
// use. Sessions end with the process.
//
// A one-time code stands in the fragment of its link, which browsers do not
// send, and is used up only by the POST that follows: a link preview that
// fetches the address learns and spends nothing (SL-8).
type SignIn struct {
	keeper *access.Keeper
	now    func() time.Time // wall time
	secure bool
	logger *slog.Logger

	mu       sync.Mutex
	codes    map[[sha256.Size]byte]time.Time // until when
	sessions map[[sha256.Size]byte]session
}

type session struct {
	who   access.Identity // of a one-time code
	token *access.Hash    // nil for a one-time code
	until time.Time
}

// NewSignIn returns a SignIn without codes or sessions. secure marks cookies
// for HTTPS only.
func NewSignIn(k *access.Keeper, now func() time.Time, secure bool, logger *slog.Logger) *SignIn {
	return &SignIn{keeper: k, now: now, secure: secure, logger: logger,
		codes: map[[sha256.Size]byte]time.Time{}, sessions: map[[sha256.Size]byte]session{}}
}

// Link returns the path of a sign-in link that works once, within an hour.
func (s *SignIn) Link() string {
	code := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[sha256.Sum256([]byte(code))] = s.now().Add(codeLife)
	return "/sign-in#" + code
}

// who is the signed-in person behind a request.
func (s *SignIn) who(r *http.Request) (access.Identity, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return access.Identity{}, false
	}
	got, ok := s.session(sha256.Sum256([]byte(c.Value)))
	if !ok || got.token == nil {
		return got.who, ok
	}
	return s.keeper.Holder(*got.token)
}

func (s *SignIn) session(key [sha256.Size]byte) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	got, ok := s.sessions[key]
	if ok && s.now().After(got.until) {
		delete(s.sessions, key)
		return session{}, false
	}
	return got, ok
}

// redeem accepts a one-time code, once, or a token of somebody who may see the
// pages.
func (s *SignIn) redeem(secret string) (session, bool) {
	key := sha256.Sum256([]byte(secret))
	in := session{until: s.now().Add(sessionLife)}
	s.mu.Lock()
	until, ok := s.codes[key]
	delete(s.codes, key)
	s.mu.Unlock()
	if ok && s.now().Before(until) {
		in.who = access.Identity{Name: "admin", Role: access.Admin}
		return in, true
	}
	who, ok := s.keeper.Token(access.SignInDoor, secret)
	in.token = new(access.HashOf(secret))
	return in, ok && who.Role.Has(access.MayRead)
}

func (s *SignIn) page(w http.ResponseWriter, _ *http.Request) {
	s.show(w, http.StatusOK, "")
}

func (s *SignIn) show(w http.ResponseWriter, status int, problem string) {
	render(w, s.logger, status, "sign-in", problem)
}

func (s *SignIn) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	in, ok := s.redeem(strings.TrimSpace(r.PostFormValue("secret")))
	if !ok {
		s.show(w, http.StatusUnauthorized, "That code or token is not valid. A link works once, within an hour of the start that printed it; a token until it expires or is revoked. The admin token lies in the data folder.")
		return
	}
	id := rand.Text() + rand.Text()
	s.mu.Lock()
	s.sessions[sha256.Sum256([]byte(id))] = in
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode, MaxAge: int(sessionLife.Seconds())})
	to := r.URL.Query().Get("next")
	if !returnable.MatchString(to) {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// returnable are the pages that somebody who signs in on the way to them is
// sent on to: what messages link to, and nothing outside.
var returnable = regexp.MustCompile(`^/(incidents/[A-Z0-9-]+|exercise(/script)?)$`)

// ask sends somebody who is not signed in to do so, and then on to the page they
// asked for.
func (s *SignIn) ask(w http.ResponseWriter, r *http.Request) {
	to := "/sign-in"
	if r.Method == http.MethodGet && returnable.MatchString(r.URL.Path) {
		to += "?next=" + url.QueryEscape(r.URL.Path)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *SignIn) leave(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		s.mu.Lock()
		delete(s.sessions, sha256.Sum256([]byte(c.Value)))
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}
