// Package access says who sends a request and what they may do.
//
// Some tokens and passwords lie in files, one to a line, without the space
// around it: the first line is the current one, a second stays valid while
// senders change over to the first. The files are read again when they change.
// Other tokens are made while the service runs and lie, hashed, in the journal;
// see [Issued]. Nothing here ever prints a secret.
//
// Tokens are drawn at random with more than 100 bits ([NewToken]). That is why
// there is no lock-out after wrong ones, which would only shut out the right
// ones: a guess does not come true, and [Keeper] counts them.
package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Identity is who sends a request.
type Identity struct {
	Name string
	Role Role
}

// Token files in the data folder.
const (
	AdminFile  = "admin.token"
	IntakeFile = "intake.token"
)

// Ensure makes a token file with a fresh token, mode 0600, unless it is there.
// It reports whether it made one.
func Ensure(dir, name string) (created bool, err error) {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("make a token file: %w", err)
	}
	_, err = f.WriteString(rand.Text())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, fmt.Errorf("write %s: %w", path, err)
	}
	return true, nil
}

// Read returns the current token of a file: its first line.
func Read(path string) (string, error) {
	tokens, err := readTokens(path)
	if err != nil {
		return "", err
	}
	return tokens[0], nil
}

func readTokens(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a token file: %w", err)
	}
	var tokens []string
	for line := range strings.Lines(string(raw)) {
		if t := strings.TrimSpace(line); t != "" {
			tokens = append(tokens, t)
		}
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%s holds no token: write one into it, or several, one to a line", path)
	}
	return tokens, nil
}

// Basic is a user name and the file its password lies in.
type Basic struct {
	Username     string
	PasswordFile string
}

// Options is who may come in.
type Options struct {
	AdminFile   string
	IntakeFiles []string              // every token in any of them opens the intake
	IntakeBasic *Basic                // nil for none
	Ledger      Ledger                // of the tokens made while the service runs; nil for none
	Now         func() time.Time      // wall time
	Logger      *slog.Logger          // nil for none
	Register    prometheus.Registerer // nil for none
}

// Keeper knows the tokens. It is safe for concurrent use.
type Keeper struct {
	basic    *Basic
	ledger   Ledger
	now      func() time.Time
	logger   *slog.Logger
	failures *prometheus.CounterVec // by door

	mu      sync.RWMutex
	sources []*source
	checked time.Time

	usedMu sync.Mutex
	used   map[Hash]time.Time // issued tokens since the start of the process
	told   map[Hash]time.Time // when the log last said that an issued token is void
}

// source is one file of secrets.
type source struct {
	path     string
	identity Identity
	password bool // for basic auth, not a bearer token

	modified time.Time
	size     int64
	hashes   []Hash
}

// recheck is how often the files are looked at for a change.
const recheck = time.Second

// New reads all token files.
func New(o Options) (*Keeper, error) {
	k := &Keeper{
		basic: o.IntakeBasic, ledger: o.Ledger, now: o.Now, logger: o.Logger, failures: newFailures(o.Register),
		used: map[Hash]time.Time{}, told: map[Hash]time.Time{},
	}
	if k.logger == nil {
		k.logger = slog.New(slog.DiscardHandler)
	}
	k.sources = append(k.sources, &source{path: o.AdminFile, identity: Identity{"admin", Admin}})
	for _, f := range o.IntakeFiles {
		k.sources = append(k.sources, &source{path: f, identity: Identity{"alertmanager", Intake}})
	}
	if o.IntakeBasic != nil {
		k.sources = append(k.sources, &source{path: o.IntakeBasic.PasswordFile, identity: Identity{o.IntakeBasic.Username, Intake}, password: true})
	}
	return k, k.Reload()
}

// Reload reads every file again, also one that seems to be as it was; when one
// cannot be read the tokens known before stay.
func (k *Keeper) Reload() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reload(true)
}

// reload is Reload with k.mu held; without always it passes over files that
// seem to be as they were.
func (k *Keeper) reload(always bool) error {
	k.checked = k.now()
	var errs []error
	for _, s := range k.sources {
		errs = append(errs, s.read(always))
	}
	return errors.Join(errs...)
}

func (s *source) read(always bool) error {
	info, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("read a token file: %w", err)
	}
	if !always && info.ModTime().Equal(s.modified) && info.Size() == s.size {
		return nil
	}
	tokens, err := readTokens(s.path)
	if err != nil {
		return err
	}
	s.hashes = make([]Hash, len(tokens))
	for n, t := range tokens {
		s.hashes[n] = HashOf(t)
	}
	s.modified, s.size = info.ModTime(), info.Size()
	return nil
}

func (s *source) matches(hash Hash) bool {
	found := 0
	for _, h := range s.hashes {
		found |= subtle.ConstantTimeCompare(h[:], hash[:])
	}
	return found == 1
}

// Reserved reports whether a name is that of an identity the files or the
// configuration give, which no other token may bear.
func (k *Keeper) Reserved(name string) bool {
	return slices.ContainsFunc(k.sources, func(s *source) bool { return s.identity.Name == name })
}

// Token returns who a bearer token belongs to. A wrong one counts as a failure
// at the door.
func (k *Keeper) Token(door Door, token string) (Identity, bool) {
	who, ok := k.bearer(token)
	k.count(door, ok)
	return who, ok
}

// Holder returns who the token of that hash belongs to now: somebody who came
// in with it stays in only while it is valid.
func (k *Keeper) Holder(hash Hash) (Identity, bool) {
	if who, ok := k.inFiles(hash, false); ok {
		return who, true
	}
	return k.issued(hash)
}

func (k *Keeper) bearer(token string) (Identity, bool) {
	hash := HashOf(token)
	if who, ok := k.inFiles(hash, false); ok || !strings.HasPrefix(token, prefix) {
		return who, ok
	}
	return k.issued(hash)
}

// inFiles returns who a password or a token in one of the files belongs to.
func (k *Keeper) inFiles(hash Hash, password bool) (Identity, bool) {
	k.refresh()
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, s := range k.sources {
		if s.password == password && s.matches(hash) {
			return s.identity, true
		}
	}
	return Identity{}, false
}

// refresh looks for changed files now and then. A file that cannot be read
// leaves its tokens as they were.
func (k *Keeper) refresh() {
	k.mu.RLock()
	fresh := k.now().Sub(k.checked) < recheck
	k.mu.RUnlock()
	if fresh {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now().Sub(k.checked) < recheck {
		return // another request has just looked
	}
	if err := k.reload(false); err != nil {
		return // said aloud at start and on reload; the tokens known before stay
	}
}

// Authenticate returns who sends the request: by bearer token, basic auth or a
// verified client certificate, which opens the intake. A request by nobody
// counts as a failure at the door.
func (k *Keeper) Authenticate(door Door, r *http.Request) (Identity, bool) {
	who, ok := k.authenticate(r)
	k.count(door, ok)
	return who, ok
}

func (k *Keeper) authenticate(r *http.Request) (Identity, bool) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return k.bearer(strings.TrimSpace(secret))
	}
	if user, pass, ok := r.BasicAuth(); ok {
		if k.basic == nil || subtle.ConstantTimeCompare([]byte(user), []byte(k.basic.Username)) != 1 {
			return Identity{}, false
		}
		return k.inFiles(HashOf(pass), true)
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return Identity{Name: holder(r.TLS.VerifiedChains[0][0]), Role: Intake}, true
	}
	return Identity{}, false
}

// holder names the holder of a client certificate.
func holder(c *x509.Certificate) string {
	for _, name := range append([]string{c.Subject.CommonName}, c.DNSNames...) {
		if name = strings.ToValidUTF8(name, "\uFFFD"); name != "" {
			return name
		}
	}
	return "client certificate " + c.SerialNumber.Text(16)
}

type contextKey struct{}

// With returns a context that carries who sends the request.
func With(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// From is the inverse of [With].
func From(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(contextKey{}).(Identity)
	return id, ok
}
