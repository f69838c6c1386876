package openapi

import (
	"maps"
	"slices"
	"strings"

	"nis2clock/internal/access"

	"github.com/go-json-experiment/json/jsontext"
)

// operation is one route.
func (d *document) operation(r route, w words, method, path string) object {
	x := d.follow(r.handler)
	if x.mixed {
		d.fail("%s: its code reads, or answers, in more than one form, which cannot be described", r.pattern)
	}
	op := object{{"tags", []string{w.tag}}, {"operationId", operationID(method, path)}, {"summary", w.summary}}
	about := w.about
	if r.needs != 0 {
		about = strings.TrimSpace(about + "\n\n" + needs(r.needs))
	}
	op = op.with("description", about)
	if params := d.parameters(r, w, path, x); len(params) > 0 {
		op = append(op, member{"parameters", params})
	}
	if body := d.body(r, w, x); body != nil {
		op = append(op, member{"requestBody", body})
	}
	op = append(op, member{"responses", d.answers(r, w, path, x)})
	security := w.security
	if r.needs != 0 {
		scope := []string{r.needs.String()}
		security = []object{{{"token", scope}}, {{"session", scope}}}
	}
	if security == nil {
		security = []object{}
	}
	return append(op, member{"security", security})
}

// needs says which right a path asks for and who has it.
func needs(right access.Right) string {
	var roles []string
	for _, role := range []access.Role{access.Admin, access.Commander, access.Responder, access.Auditor, access.Intake} {
		if role.Has(right) {
			roles = append(roles, string(role))
		}
	}
	return "Needs the right to " + right.String() + ", which these roles have: " + strings.Join(roles, ", ") + "."
}

// operationID names an operation for generated clients.
func operationID(method, path string) string {
	id := strings.ToLower(method)
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(path, "/api/v1"), func(r rune) bool { return strings.ContainsRune("/-.", r) }) {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			part = "by" + strings.ToUpper(name[:1]) + strings.TrimSuffix(name[1:], "}")
		}
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

// parameters are those in the path, in the query and in headers.
func (d *document) parameters(r route, w words, path string, x exchange) []object {
	var out []object
	param := func(in, name string) {
		p, ok := w.params[name]
		if !ok {
			p, ok = parameters[in+" "+name]
		}
		if !ok {
			d.fail("%s: say in internal/openapi what the parameter %s in the %s is", r.pattern, name, in)
		}
		o := object{{"name", name}, {"in", in}, {"description", p.about}}
		if in == "path" || p.must {
			o = append(o, member{"required", true})
		}
		out = append(out, append(o, member{"schema", p.schema}))
	}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			param("path", strings.TrimSuffix(name, "}"))
		}
	}
	for _, name := range x.query {
		if name != "token" || len(w.security) == 0 { // a credential is a security scheme
			param("query", name)
		}
	}
	if x.body != nil || w.keyed {
		out = append(out, object{{"$ref", "#/components/parameters/IdempotencyKey"}})
	}
	return out
}

// body is what is sent, nil for nothing.
func (d *document) body(r route, w words, x exchange) object {
	switch {
	case w.takes != nil:
		return object{{"required", true}, {"content", w.takes}}
	case x.body == nil:
		return nil
	}
	schema := d.request(x.body)
	if w.schema != nil {
		schema = w.schema
	}
	members, _ := schema.get("properties").(object)
	if len(members) == 0 && w.schema == nil && schema.get("$ref") == nil && schema.get("additionalProperties") == false {
		return nil // it may be {}, which says nothing
	}
	for _, name := range slices.Sorted(maps.Keys(w.members)) {
		members = d.amend(r, members, name, func(m object) object { return m.with("description", w.members[name]) })
	}
	for _, name := range slices.Sorted(maps.Keys(w.enums)) {
		members = d.amend(r, members, name, func(m object) object { return m.among(w.enums[name]) })
	}
	if len(members) > 0 {
		schema = schema.with("properties", members)
	}
	if len(w.must) > 0 {
		for _, name := range w.must {
			if members.get(name) == nil {
				d.fail("%s: its body has no %s, which must be there", r.pattern, name)
			}
		}
		schema = schema.with("required", w.must)
	}
	media := object{{"schema", schema}}
	if w.example != "" {
		media = append(media, member{"example", jsontext.Value(w.example)})
	}
	return object{{"required", len(w.must) > 0}, {"content", object{{"application/json", media}}}}
}

// amend changes one member of a body, which must be there.
func (d *document) amend(r route, members object, name string, change func(object) object) object {
	m, ok := members.get(name).(object)
	if !ok {
		d.fail("%s: internal/openapi has words for %s, which its body has not", r.pattern, name)
		return members
	}
	return members.with(name, change(m))
}
