package regime

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Set is a collection of regimes loaded together. It is immutable and safe for concurrent use.
type Set struct {
	regimes []Regime // sorted by ID
	digest  string
}

// Regime returns the regime with that id.
func (s *Set) Regime(id ID) (Regime, bool) {
	for _, r := range s.regimes {
		if r.ID == id {
			return r, true
		}
	}
	return Regime{}, false
}

// Regimes returns all regimes, sorted by id.
func (s *Set) Regimes() []Regime { return slices.Clone(s.regimes) }

// Digest returns "sha256:" and the hex SHA-256 of the names and bytes of the files that the set was loaded from. It
// is kept beside instants computed from them.
func (s *Set) Digest() string { return s.digest }

//go:embed regimes
var embedded embed.FS

// Builtin returns the regimes in this binary.
func Builtin() *Set { return builtin() }

var builtin = sync.OnceValue(func() *Set {
	files, err := fs.Sub(embedded, "regimes")
	if err != nil {
		panic(err)
	}
	set, err := Load(files)
	if err != nil {
		panic(fmt.Sprintf("regime data in this binary: %v", err)) // a test loads it: never in a released binary
	}
	return set
})

// Load reads every .yaml and .yml file at the root of fsys, one regime each, in the form that the package comment
// gives. Mistakes are reported together, each as "FILE:LINE: reason"; there is no partial set.
func Load(fsys fs.FS) (*Set, error) {
	entries, err := fs.ReadDir(fsys, ".") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("read regimes: %w", err)
	}
	set, digest, fileOf := new(Set), sha256.New(), map[ID]string{}
	var mistakes []error
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read regime: %w", err)
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(data), data)
		r, err := parseFile(name, data)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		if other, ok := fileOf[r.ID]; ok {
			mistakes = append(mistakes, fmt.Errorf("%s:1: regime %q is defined in %s already", name, r.ID, other))
		}
		fileOf[r.ID] = name
		set.regimes = append(set.regimes, r)
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	if len(set.regimes) == 0 {
		return nil, errors.New("read regimes: no .yaml file there")
	}
	slices.SortFunc(set.regimes, func(a, b Regime) int { return strings.Compare(string(a.ID), string(b.ID)) })
	set.digest = "sha256:" + hex.EncodeToString(digest.Sum(nil))
	return set, nil
}
