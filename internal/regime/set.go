package regime

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"

	"nis2clock/internal/yamlfile"
)

// Set is a collection of regimes and Member States loaded together. It is immutable and safe for concurrent use.
type Set struct {
	layers  []layer // a later one adds to those before it and overrides them
	regimes map[ID]Regime
	states  map[string]State
	law     map[string]Regime // by State: the regime that its overlay changes
	digest  string
}

// Regime returns the regime with that id, before any Member State's overlay.
func (s *Set) Regime(id ID) (Regime, bool) {
	r, ok := s.regimes[id]
	return r, ok
}

// Regimes returns all regimes, sorted by id.
func (s *Set) Regimes() []Regime {
	var regimes []Regime
	for _, id := range slices.Sorted(maps.Keys(s.regimes)) {
		regimes = append(regimes, s.regimes[id])
	}
	return regimes
}

// State returns the Member State with that code.
func (s *Set) State(code string) (State, bool) {
	state, ok := s.states[code]
	return state, ok
}

// States returns all Member States, sorted by code.
func (s *Set) States() []State {
	var states []State
	for _, code := range slices.Sorted(maps.Keys(s.states)) {
		states = append(states, s.states[code])
	}
	return states
}

// In returns the regime with that id as it holds in a Member State: with the State's overlay if that concerns the regime, else as
// [Set.Regime] gives it. Without the regime or the State ok is false.
func (s *Set) In(id ID, state string) (_ Regime, ok bool) {
	r, known := s.regimes[id]
	there, ok := s.states[state]
	if ok && there.Regime == id {
		r = s.law[state]
	}
	return r, ok && known
}

// Digest returns "sha256:" and the hex SHA-256 of the names and bytes of the files that the set was loaded from. It
// is kept beside instants computed from them.
func (s *Set) Digest() string { return s.digest }

//go:embed regimes
var embedded embed.FS

// Builtin returns the regimes and Member States in this binary.
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

// Load reads every .yaml and .yml file at the root of fsys, one regime each, and in its folder "states", one Member State each,
// in the form that the package comment gives. Mistakes are reported together, each as "FILE:LINE: reason"; there is no
// partial set.
func Load(fsys fs.FS) (*Set, error) { return new(Set).With(fsys) }

// With returns the set with the files of an operator's folder, read as [Load] does: a regime or State that the set has already
// is overridden whole, others are added. A State's overlay applies to the regime as the folder leaves it. The set itself stays
// as it is.
func (s *Set) With(fsys fs.FS) (*Set, error) {
	var l layer
	var err error
	if l.regimes, err = readFiles(fsys, "."); err != nil {
		return nil, err
	}
	if l.states, err = readFiles(fsys, statesDir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(l.regimes)+len(l.states) == 0 {
		return nil, errors.New("read regimes: no .yaml file there")
	}
	return build(append(slices.Clip(s.layers), l))
}

const statesDir = "states"

// layer is the files of one folder.
type layer struct{ regimes, states []file }

type file struct {
	name string
	data []byte
}

// readFiles reads the data files of a folder, sorted by name.
func readFiles(fsys fs.FS, dir string) ([]file, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read regimes: %w", err)
	}
	var files []file
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read regime: %w", err)
		}
		files = append(files, file{name, data})
	}
	return files, nil
}

// build parses the layers: all regimes first, so that a State's overlay finds the one that holds.
func build(layers []layer) (*Set, error) {
	s := &Set{layers: layers, regimes: map[ID]Regime{}, states: map[string]State{}, law: map[string]Regime{}}
	digest := sha256.New()
	var mistakes []error
	for _, l := range layers {
		fileOf := map[ID]string{}
		for _, f := range l.regimes {
			fmt.Fprintf(digest, "%s %d\n%s", f.name, len(f.data), f.data)
			r, err := parseFile(f.name, f.data)
			if err != nil {
				mistakes = append(mistakes, err)
				continue
			}
			if other, ok := fileOf[r.ID]; ok {
				mistakes = append(mistakes, fmt.Errorf("%s:1: regime %q is defined in %s already", f.name, r.ID, other))
			}
			fileOf[r.ID] = f.name
			s.regimes[r.ID] = r
		}
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...) // States would only repeat that a regime is missing
	}
	// Of a State that a later layer overrides, the earlier file no longer counts: it may not fit an overridden regime.
	holds := map[string]file{}
	for _, l := range layers {
		fileOf := map[string]string{}
		for _, f := range l.states {
			fmt.Fprintf(digest, "%s %d\n%s", f.name, len(f.data), f.data)
			code, err := stateCode(f)
			if err != nil {
				mistakes = append(mistakes, err)
				continue
			}
			if other, ok := fileOf[code]; ok {
				mistakes = append(mistakes, fmt.Errorf("%s:1: State %q is defined in %s already", f.name, code, other))
			}
			fileOf[code] = f.name
			holds[code] = f
		}
	}
	for _, code := range slices.Sorted(maps.Keys(holds)) {
		state, law, err := parseState(holds[code].name, holds[code].data, s.regimes)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		s.states[code], s.law[code] = state, law
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	s.digest = "sha256:" + hex.EncodeToString(digest.Sum(nil))
	return s, nil
}

// stateCode is the State that a file is about.
func stateCode(f file) (string, error) {
	var y stateYAML
	if err := yamlfile.Decode(f.name, f.data, &y); err != nil {
		return "", err
	}
	r := &reader{yamlfile.Mistakes{File: f.name}}
	code := need(r, 1, "state", y.State, parseCode)
	return code, r.Err()
}
