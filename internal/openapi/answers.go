package openapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// answers are what can come back.
func (d *document) answers(r route, w words, path string, x exchange) object {
	var out object
	success := http.StatusOK
	content := object{}
	if w.form != "" {
		t, err := d.lookup(w.form)
		if err != nil {
			d.fail("%s: %w", r.pattern, err)
			return nil
		}
		x.answer, x.status = t, http.StatusOK
	}
	if x.answer != nil {
		success = x.status
		content = content.with("application/json", object{{"schema", d.answer(x.answer)}})
	}
	for _, m := range w.gives {
		content = content.with(m.name, m.value)
	}
	answer := object{{"description", w.answer}}
	if w.answer == "" {
		answer = answer.with("description", http.StatusText(success))
	}
	if len(content) == 0 && w.answer == "" {
		d.fail("%s: its code does not tell what it answers; say so in internal/openapi", r.pattern)
	}
	if len(content) > 0 {
		answer = append(answer, member{"content", content})
	}
	out = append(out, member{strconv.Itoa(success), answer})
	if w.refuses != nil { // in words of its own
		for _, status := range slices.Sorted(maps.Keys(w.refuses)) {
			content := w.refusal
			if content == nil {
				content = problemContent
			}
			out = append(out, member{strconv.Itoa(status), object{{"description", w.refuses[status]}, {"content", content}}})
		}
		return out
	}
	if r.needs == 0 && !w.problems {
		return out
	}
	statuses := []int{}
	if r.needs != 0 {
		statuses = append(statuses, 401, 403)
	}
	if len(x.query) > 0 || x.body != nil || w.takes != nil || strings.Contains(path, "{number}") || strings.Contains(path, "{file}") {
		statuses = append(statuses, 400)
	}
	if strings.Contains(path, "{") {
		statuses = append(statuses, 404)
	}
	if x.body != nil || w.takes != nil {
		statuses = append(statuses, 409, 413, 422, 503)
	}
	statuses = append(statuses, w.also...)
	slices.Sort(statuses)
	for _, status := range slices.Compact(statuses) {
		out = append(out, member{strconv.Itoa(status), object{{"$ref", "#/components/responses/" + problemName(status)}}})
	}
	return append(out, member{"default", object{{"$ref", "#/components/responses/Problem"}}})
}

func problemName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// problemAnswers are the refusals that many paths share.
func problemAnswers() object {
	var out object
	answer := func(name, about string) {
		out = append(out, member{name, object{{"description", about}, {"content", problemContent}}})
	}
	for _, status := range slices.Sorted(maps.Keys(refusals)) {
		answer(problemName(status), refusals[status])
	}
	answer("Problem", "Any other refusal or fault, in the same form.")
	return out
}
