package deadline

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"nis2clock/internal/regime"
)

// Check compares answers with what the vectors of a file say of their own: all of due's conservative and
// outer_reading, and due's target and submission_status where they stand there. It returns a sentence for each
// difference, in the order of the answers, and an error if the file's expectations are not in the form of vectors.
// An answer without a vector is a difference; a vector without an answer is one too unless it has Needs.
func Check(answers []Answer, vectors []Vector) ([]string, error) {
	byID := map[string]Vector{}
	for _, v := range vectors {
		byID[v.ID] = v
	}
	var differences []string
	for _, a := range answers {
		v, ok := byID[a.ID]
		if !ok {
			differences = append(differences, a.ID+": no such vector in the file that is compared with")
			continue
		}
		delete(byID, a.ID)
		found, err := v.compare(a.json())
		if err != nil {
			return nil, err
		}
		differences = append(differences, found...)
	}
	for _, v := range vectors {
		if _, left := byID[v.ID]; left && v.Needs == "" {
			differences = append(differences, v.ID+": no such vector among the facts")
		}
	}
	return differences, nil
}

func (v Vector) compare(got answerJSON) ([]string, error) {
	if v.due == nil {
		return []string{v.ID + ": the file states no due instants"}, nil
	}
	due, err := v.file.mapping(v.due, "due", []string{target, conservative, outerReading})
	if err != nil {
		return nil, err
	}
	var differences []string
	for _, reading := range []struct {
		name string
		got  instants
	}{{target, got.Due.Target}, {conservative, got.Due.Conservative}, {outerReading, got.Due.OuterReading}} {
		if reading.name == target && due[target] == nil {
			continue
		}
		want, err := v.instants(due[reading.name], reading.name)
		if err != nil {
			return nil, err
		}
		for _, clock := range both(want, reading.got) {
			if !want[clock].Equal(reading.got[clock]) {
				differences = append(differences, fmt.Sprintf("%s %s %s: file %s, computed %s",
					v.ID, clock, reading.name, shown(want, clock), shown(reading.got, clock)))
			}
		}
	}
	if v.submission == nil {
		return differences, nil
	}
	found, err := v.compareStatus(got)
	return append(differences, found...), err
}

func (v Vector) compareStatus(got answerJSON) ([]string, error) {
	clocks, err := v.file.anyMapping(v.submission, "submission_status")
	if err != nil {
		return nil, err
	}
	var differences []string
	for _, clock := range slices.Sorted(maps.Keys(clocks)) {
		want, err := v.file.mapping(clocks[clock], "the status of "+clock, []string{conservative, outerReading})
		if err != nil {
			return nil, err
		}
		for _, reading := range slices.Sorted(maps.Keys(want)) {
			s, err := v.file.text(want[reading], reading)
			if err != nil {
				return nil, err
			}
			if computed := got.SubmissionStatus[clock][reading]; s != computed {
				if computed == "" {
					computed = "none"
				}
				differences = append(differences, fmt.Sprintf("%s %s %s submission: file %s, computed %s", v.ID, clock, reading, s, computed))
			}
		}
	}
	return differences, nil
}

func (v Vector) instants(n ast.Node, reading string) (instants, error) {
	found := instants{}
	if n == nil {
		return found, nil
	}
	clocks, err := v.file.anyMapping(n, reading)
	if err != nil {
		return nil, err
	}
	for clock, n := range clocks {
		s, err := v.file.text(n, clock)
		if err != nil {
			return nil, err
		}
		if found[clock], err = regime.ParseInstant(s); err != nil {
			return nil, v.file.refuse(n, "%s %s: %w", reading, clock, err)
		}
	}
	return found, nil
}

// both is the clocks that stand in either, sorted.
func both(a, b instants) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func shown(in instants, clock string) string {
	if at, ok := in[clock]; ok {
		return at.UTC().Format(time.RFC3339Nano)
	}
	return "none"
}
