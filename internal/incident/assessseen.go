package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nis2clock/internal/significance"

	"github.com/go-json-experiment/json"
)

// assessmentVersion names what is known of an entity's assessment and what is
// decided on it: 32 hexadecimal digits that change when any of it does, also
// when other incidents or the configuration change what is known.
func (r *Rules) assessmentVersion(s *State, i *Incident, t Track) (string, error) {
	j := i.judgement(t.Entity)
	said, _, err := merge(j.Facts, nil)
	if err != nil {
		return "", err
	}
	facts, _, _ := r.compare(s, i, t, said)
	data, err := json.Marshal(struct {
		Facts    significance.Facts
		Decision string
		Decided  Stamp
		Proposed *Proposal
		Table    string
	}{facts, j.Decision, j.Decided, i.Proposals[i.scope(t.Entity)], significance.Digest()}, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("name the assessment of %s: %w", i.ID, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// unchanged refuses what goes by an assessment that has changed since it was
// seen.
func (r *Rules) unchanged(s *State, i *Incident, t Track, seen string) error {
	if seen == "" {
		return nil
	}
	now, err := r.assessmentVersion(s, i, t)
	if err != nil || now == seen {
		return err
	}
	why := "what is known of it has changed"
	if j := i.judgement(t.Entity); j.Assessed.By.Name != "" {
		why = fmt.Sprintf("%s assessed it at %s, or what is known has changed", j.Assessed.By.Name, utc(j.Assessed.At))
	}
	return refused("this assessment of %s is out of date: %s. Nothing was recorded; open it again, look at what it says now, and answer anew", i.ID, why)
}

// What implements [Proposable].
func (Assess) What() string { return "assess/v1" }

// Plan implements [Proposable].
func (c Assess) Plan() string {
	var parts []string
	facts := significance.Facts{}
	for _, id := range slices.Sorted(maps.Keys(c.Facts)) {
		shown := "unknown"
		if f, known, err := significance.Parse(id, c.Facts[id]); err == nil && known {
			facts[id] = f
			shown = facts.Show(id)
		}
		parts = append(parts, string(id)+" "+shown)
	}
	s := "record the facts " + strings.Join(parts, ", ")
	if len(parts) == 0 {
		s = ""
	}
	if c.Decision != "" {
		decide := "decide that it is " + strings.ReplaceAll(c.Decision, "_", " ")
		if c.Decision == Undecided {
			decide = "take back the decision on its significance"
		}
		s = strings.TrimPrefix(s+", and "+decide+": "+c.Reason, ", and ")
	}
	if s == "" {
		s = "assess it with what is known"
	}
	if c.Entity != "" && c.Entity != "default" {
		s += " (for " + c.Entity + ")"
	}
	return s
}

// Subject implements [Proposable].
func (c Assess) Subject() ID { return c.ID }

// For implements [Proposable].
func (c Assess) For(p Person) Proposable {
	c.Person = p
	return c
}
