package web

import (
	"fmt"
	"net/http"

	"nis2clock/internal/incident"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// setReportFields records what a person says for reports. A value is text, a
// number, true or false for yes and no, a list of these, or null to take back
// what was said.
func (s *server) setReportFields(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Fields map[string]jsontext.Value `json:"fields"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	fields := make(map[string][]string, len(in.Fields))
	for id, raw := range in.Fields {
		if fields[id], err = answers(raw); err != nil {
			return errBadRequest{fmt.Errorf("fields/%s: %w", id, err)}
		}
	}
	return s.do(w, r, http.StatusOK, incident.SetReportFields{Person: p, ID: id(r), Fields: fields})
}

// answers is a value as texts.
func answers(raw jsontext.Value) ([]string, error) {
	switch raw.Kind() {
	case 'n':
		return nil, nil
	case 't':
		return []string{"yes"}, nil
	case 'f':
		return []string{"no"}, nil
	case '0':
		return []string{raw.String()}, nil
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return []string{text}, err
	case '[':
		var items []jsontext.Value
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
		var all []string
		for _, item := range items {
			if item.Kind() == '[' {
				return nil, fmt.Errorf("a list holds text and numbers, no list")
			}
			one, err := answers(item)
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("want text, a number, true, false, a list or null")
}
