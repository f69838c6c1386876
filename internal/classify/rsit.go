package classify

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

// Category is a class and type of the Reference Security Incident Taxonomy
// (see [RSIT]); both are empty when nobody has said. The type alone may be.
type Category struct {
	Class string `json:"class"`
	Type  string `json:"type"`
}

// String is "class/type", or the class alone.
func (c Category) String() string {
	if c.Type == "" {
		return c.Class
	}
	return c.Class + "/" + c.Type
}

// splitCategory reads "class/type" as it stands, known or not.
func splitCategory(s string) Category {
	class, typ, _ := strings.Cut(s, "/")
	return Category{class, typ}
}

// ParseCategory reads the id of a class, or class/type, of the [RSIT]. The
// error says what there is instead.
func ParseCategory(s string) (Category, error) {
	c := splitCategory(s)
	if what := RSIT().lacks(c); what != "" {
		return Category{}, fmt.Errorf("%q is not a category: %s", s, what)
	}
	if strings.HasSuffix(s, "/") {
		return Category{}, fmt.Errorf("%q ends with a slash: leave it out, or name a type after it", s)
	}
	return c, nil
}

// Taxonomy is a list of classes and their types.
type Taxonomy struct {
	Version string
	Classes []Class
}

// Class is what kind of incident it is, in the taxonomy's first column.
type Class struct {
	ID, Label string
	Types     []Type
}

// Type is the second, optional column.
type Type struct {
	ID, Label string
}

// RSIT is the Reference Security Incident Taxonomy of ENISA and TF-CSIRT. It
// must not be changed.
var RSIT = sync.OnceValue(func() *Taxonomy {
	var t Taxonomy
	if err := yaml.UnmarshalWithOptions(rsitFile, &t, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("classify: rsit.yaml: %v", err)) // part of the program
	}
	return &t
})

//go:embed rsit.yaml
var rsitFile []byte

// class is the class of that id.
func (t *Taxonomy) class(id string) (Class, bool) {
	n := slices.IndexFunc(t.Classes, func(c Class) bool { return c.ID == id })
	if n < 0 {
		return Class{}, false
	}
	return t.Classes[n], true
}

// lacks says what of the category the taxonomy does not have; empty for
// nothing.
func (t *Taxonomy) lacks(c Category) string {
	class, ok := t.class(c.Class)
	if !ok {
		return fmt.Sprintf("RSIT %s has the classes %s", t.Version, ids(t.Classes, func(c Class) string { return c.ID }))
	}
	if c.Type != "" && !slices.ContainsFunc(class.Types, func(k Type) bool { return k.ID == c.Type }) {
		return fmt.Sprintf("RSIT %s has, of the class %s, the types %s", t.Version, class.ID, ids(class.Types, func(k Type) string { return k.ID }))
	}
	return ""
}

// Label is the category in words, such as "Intrusions: System Compromise"; as
// it stands where the taxonomy does not have it.
func (t *Taxonomy) Label(c Category) string {
	class, ok := t.class(c.Class)
	if !ok {
		return c.String()
	}
	n := slices.IndexFunc(class.Types, func(k Type) bool { return k.ID == c.Type })
	switch {
	case n >= 0:
		return class.Label + ": " + class.Types[n].Label
	case c.Type != "":
		return class.Label + ": " + c.Type
	}
	return class.Label
}

func ids[T any](all []T, id func(T) string) string {
	names := make([]string, len(all))
	for n, v := range all {
		names[n] = id(v)
	}
	return strings.Join(names, ", ")
}
