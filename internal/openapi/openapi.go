// Package openapi writes the OpenAPI 3.1 description of the HTTP API, which the
// service gives out at /api/v1/openapi.json, from the source of internal/web.
//
// The paths and the rights they need are those of its table of routes. What a
// path takes and answers is the Go type that its handler really reads the body
// into and writes the answer from, and its parameters are those its code asks
// for: a handler that changes changes the description, or breaks it with an
// error. Descriptions of members are the comments on the fields, enumerations
// the constants of their types. What no code tells, such as what a path is for,
// is said in paths.go and words.go; a path without words, and words without a
// path, are errors.
//
// The description is made when the module is tested and lies in the tree as
// internal/web/openapi.json, so that a change of the API is seen as a diff.
package openapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// Document is the description of the API in the source tree at root, the folder
// of go.mod: JSON laid out in lines, the same bytes for the same source. It runs the go
// command there. The error names each path of which something is not known.
func Document(root string) ([]byte, error) {
	src, err := load(root)
	if err != nil {
		return nil, err
	}
	return src.describe()
}

// describe writes the description of what was read.
func (src *source) describe() ([]byte, error) {
	d := &document{source: src, schemas: newSchemas(src)}
	paths := d.paths()
	if t, err := src.lookup("problem.details"); err != nil {
		d.fail("%w", err)
	} else {
		d.answer(t)
	}
	doc := object{
		{"openapi", "3.1.0"},
		{"info", object{{"title", "nis2clock"}, {"version", "1"}, {"summary", summary}, {"description", introduction}, {"license", object{{"name", "Apache License 2.0"}, {"identifier", "Apache-2.0"}}}}},
		{"servers", []object{{{"url", "/"}, {"description", "The service that gave you this."}}}},
		{"tags", tagObjects()},
		{"paths", paths},
		{"components", object{
			{"securitySchemes", securitySchemes},
			{"parameters", object{{"IdempotencyKey", idempotencyKey}}},
			{"responses", problemAnswers()},
			{"schemas", d.components()},
		}},
	}
	if err := errors.Join(append(d.errs, d.schemas.errs...)...); err != nil {
		return nil, err
	}
	out, err := json.Marshal(doc, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return layOut(out)
}

// document is a description in the making.
type document struct {
	*source
	*schemas
	errs []error
}

func (d *document) fail(format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf(format, args...))
}

// paths are all paths, sorted, each with its methods.
func (d *document) paths() object {
	byPath := map[string]object{}
	for _, r := range d.routes {
		if unsaid[r.pattern] != "" {
			continue
		}
		w, ok := said[r.pattern]
		if !ok {
			d.fail("%s: say in internal/openapi what it is for", r.pattern)
			continue
		}
		method, path, ok := strings.Cut(r.pattern, " ")
		if !ok { // the webhooks look at the method themselves, and take no other
			method, path = http.MethodPost, r.pattern
		}
		path = strings.ReplaceAll(path, "...}", "}")
		byPath[path] = append(byPath[path], member{strings.ToLower(method), d.operation(r, w, method, path)})
	}
	for _, pattern := range slices.Sorted(maps.Keys(said)) {
		if !slices.ContainsFunc(d.routes, func(r route) bool { return r.pattern == pattern }) {
			d.fail("%s: internal/openapi has words for it, and it is not served any more", pattern)
		}
	}
	var out object
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		out = append(out, member{path, byPath[path]})
	}
	return out
}

func tagObjects() []object {
	var out []object
	for _, t := range tags {
		out = append(out, object{{"name", t.name}, {"description", t.value}})
	}
	return out
}
