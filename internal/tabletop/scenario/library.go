package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"nis2clock/runbooks"
)

// ErrUnknown is returned by [Open] for a name that is neither that of a shipped
// scenario nor of a file.
var ErrUnknown = errors.New("no such scenario")

// folder holds the shipped scenarios in [runbooks.Scenarios].
const folder = "tabletop"

// Shipped are the scenarios compiled into the program, by name.
func Shipped() ([]*Scenario, error) {
	files, err := fs.ReadDir(runbooks.Scenarios, folder)
	if err != nil {
		return nil, fmt.Errorf("read the shipped scenarios: %w", err)
	}
	var out []*Scenario
	for _, f := range files {
		s, err := shipped(f.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func shipped(file string) (*Scenario, error) {
	name := path.Join(folder, file)
	data, err := fs.ReadFile(runbooks.Scenarios, name)
	if err != nil {
		return nil, fmt.Errorf("read a shipped scenario: %w", err)
	}
	return Parse(name, data)
}

// Open reads the scenario of that name, or else of the file of that path. What
// holds a slash or ends in .yaml or .yml is a path.
func Open(name string) (*Scenario, error) {
	if !strings.ContainsRune(name, '/') && !strings.ContainsRune(name, os.PathSeparator) && path.Ext(name) != ".yaml" && path.Ext(name) != ".yml" {
		s, err := shipped(name + ".yaml")
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %q is none of the shipped ones (nis2clock tabletop list) and no path of a file", ErrUnknown, name)
		}
		return s, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the scenario: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read the scenario: %w", err)
	}
	return Parse(name, data)
}
