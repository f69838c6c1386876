package deadline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"nis2clock/internal/regime"
)

// The keys that a file of vectors may have (regulation 8).
var (
	vectorKeys = []string{"id", "title", "member_state", "tz", "overlay", "exercise", "in", "due", "submission_status", "why"}
	factKeys   = []string{
		"regimes", "entity", "affects_trust_service", "detected_at", "aware_at", "early_warning_submitted_at",
		"notification_submitted_at", "ongoing_at_final_due", "handled_at", "impact_ended_at", "end_of_impact_notified_at",
		"gdpr_aware_at", "classified_major_at", "dora_initial_submitted_at", "dora_intermediate_submitted_at",
		"dora_weekend_excluded", "corrective_measure_available_at", "cra_aware_at", "cra_notification_submitted_at",
		"cer_initial_submitted_at", "holidays",
	}
)

// submissionKeys are the facts that are submissions.
var submissionKeys = []struct {
	key   string
	of    regime.ID
	stage regime.StageID
}{
	{"early_warning_submitted_at", "nis2", "early_warning"},
	{"notification_submitted_at", "nis2", "notification"},
	{"end_of_impact_notified_at", "nis2", endOfImpact},
	{"dora_initial_submitted_at", "dora", "initial"},
	{"dora_intermediate_submitted_at", "dora", "intermediate"},
	{"cra_notification_submitted_at", "cra_vulnerability", "notification"},
	{"cra_notification_submitted_at", "cra_severe_incident", "notification"},
	{"cer_initial_submitted_at", "cer", "initial"},
}

// awareKeys are the facts that say when the entity became aware of what one regime is about.
var awareKeys = map[regime.ID]string{
	"gdpr":                "gdpr_aware_at",
	"cra_vulnerability":   "cra_aware_at",
	"cra_severe_incident": "cra_aware_at",
}

// Vector is one entry of a file of vectors: a question, or what it needs that is not built in, and what the file
// itself says the answer is.
type Vector struct {
	Question
	Needs           string // such as "regime gdpr"; empty if the question can be answered
	overlaid        bool   // whether it gives an overlay
	due, submission ast.Node
	file            document
}

// ReadVectors reads a YAML file of vectors; name stands in errors. A file with any mistake is refused whole, the
// error says "NAME:LINE: " what and how to mend it. The expected answers in the file are not looked into; [Check] does.
func ReadVectors(name string, data []byte, law *regime.Set) ([]Vector, error) {
	d := document(name)
	nodes, err := d.list(data)
	if err != nil {
		return nil, err
	}
	lines := map[string]int{}
	var vectors []Vector
	for _, n := range nodes {
		v, err := d.vector(n, law)
		if err != nil {
			return nil, err
		}
		if line, twice := lines[v.ID]; twice {
			return nil, d.refuse(n, "id %q is that of the vector on line %d too: give each its own", v.ID, line)
		}
		lines[v.ID] = n.GetToken().Position.Line
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// Unsupported returns an [UnsupportedError] that names every vector which cannot be answered and what it needs, or nil.
func Unsupported(name string, vectors []Vector, law *regime.Set) error {
	var ids, what []string
	for i, v := range vectors {
		if v.Needs == "" {
			continue
		}
		ids = append(ids, v.ID)
		if next := slices.IndexFunc(vectors[i+1:], func(v Vector) bool { return v.Needs != "" }); next >= 0 && vectors[i+1+next].Needs == v.Needs {
			continue
		}
		what = append(what, strings.Join(ids, ", ")+" ("+v.Needs+")")
		ids = nil
	}
	if what == nil {
		return nil
	}
	return unsupported(law, "%s: not answered: %s", name, strings.Join(what, ", "))
}

func (d document) vector(n ast.Node, law *regime.Set) (Vector, error) {
	keys, err := d.mapping(n, "a vector", vectorKeys)
	if err != nil {
		return Vector{}, err
	}
	for _, key := range []string{"id", "tz", "in"} {
		if keys[key] == nil {
			return Vector{}, d.refuse(n, "%s is missing from the vector", key)
		}
	}
	v := Vector{due: keys["due"], submission: keys["submission_status"], file: d}
	if v.ID, err = d.text(keys["id"], "id"); err != nil {
		return Vector{}, err
	}
	if v.ID == "" {
		return Vector{}, d.refuse(keys["id"], "id is empty")
	}
	tz, err := d.text(keys["tz"], "tz")
	if err != nil {
		return Vector{}, err
	}
	if v.Place.Zone, err = regime.ParseZone(tz); err != nil {
		return Vector{}, d.refuse(keys["tz"], "tz: %w", err)
	}
	if m := keys["member_state"]; m != nil {
		if v.MemberState, err = d.text(m, "member_state"); err != nil {
			return Vector{}, err
		}
	}
	if e := keys["exercise"]; e != nil {
		if v.Exercise, err = d.truth(e, "exercise"); err != nil {
			return Vector{}, err
		}
	}
	if err := d.in(keys["in"], law, &v); err != nil || keys["overlay"] == nil {
		return v, err
	}
	o, err := d.overlay(keys["overlay"])
	if err != nil {
		return Vector{}, err
	}
	v.overlaid = true
	for i, r := range v.Regimes {
		if r.ID == defaultRegime {
			if v.Regimes[i], err = o.apply(r); err != nil {
				return Vector{}, d.refuse(keys["overlay"], "overlay: %w", err)
			}
		}
	}
	return v, nil
}

func (d document) in(n ast.Node, law *regime.Set, v *Vector) error {
	keys, err := d.mapping(n, "in", factKeys)
	if err != nil {
		return err
	}
	if err := d.regimes(keys["regimes"], law, v); err != nil {
		return err
	}
	instants := map[string]time.Time{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !strings.HasSuffix(key, "_at") {
			continue
		}
		s, err := d.text(keys[key], key)
		if err != nil {
			return err
		}
		if instants[key], err = regime.ParseInstant(s); err != nil {
			return d.refuse(keys[key], "%s: %w", key, err)
		}
	}
	truths := map[string]bool{}
	for _, key := range []string{"affects_trust_service", "ongoing_at_final_due", "dora_weekend_excluded"} {
		if keys[key] == nil {
			continue
		}
		if truths[key], err = d.truth(keys[key], key); err != nil {
			return err
		}
	}
	v.Facts = regime.Facts{
		DetectedAt:     instants["detected_at"],
		AwareAt:        instants["aware_at"],
		HandledAt:      instants["handled_at"],
		ImpactEndedAt:  instants["impact_ended_at"],
		ClassifiedAt:   instants["classified_major_at"],
		FixAvailableAt: instants["corrective_measure_available_at"],
		Ongoing:        truths["ongoing_at_final_due"],

		AffectsTrustService:   truths["affects_trust_service"],
		WeekendReliefExcluded: truths["dora_weekend_excluded"],
	}
	v.AwareFor = map[regime.ID]time.Time{}
	v.Submitted = map[regime.ID]map[regime.StageID]regime.Submission{}
	known := !v.Facts.DetectedAt.IsZero() || !v.Facts.AwareAt.IsZero()
	for _, r := range v.Regimes {
		if at := instants[awareKeys[r.ID]]; !at.IsZero() {
			v.AwareFor[r.ID] = at
			known = true
		}
		for _, s := range submissionKeys {
			if at := instants[s.key]; s.of == r.ID && !at.IsZero() {
				v.submit(r.ID, s.stage, at)
			}
		}
	}
	if !known {
		return d.refuse(n, "vector %s has neither detected_at nor aware_at: no clock starts; give one of them", v.ID)
	}
	if e := keys["entity"]; e != nil {
		s, err := d.text(e, "entity")
		if err != nil {
			return err
		}
		if v.Facts.Entity = regime.EntityKind(s); v.Facts.Entity != regime.TrustServiceProvider {
			return d.refuse(e, "entity: unknown kind %q: want %s, or leave it out for any other", s, regime.TrustServiceProvider)
		}
	}
	return d.holidays(keys["holidays"], v)
}

func (d document) regimes(n ast.Node, law *regime.Set, v *Vector) error {
	var names []string
	if n != nil {
		var err error
		if names, err = d.texts(n, "regimes"); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		names = []string{string(defaultRegime)}
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		r, ok := law.Regime(regime.ID(name))
		if !ok && v.Needs == "" {
			v.Needs = fmt.Sprintf("regime %s", name)
		}
		v.Regimes = append(v.Regimes, r)
	}
	if err := sameNames(v.Regimes); err != nil {
		return d.refuse(n, "regimes: %w", err)
	}
	return nil
}

func (d document) holidays(n ast.Node, v *Vector) error {
	v.Place.Holidays = regime.Holidays{}
	if n == nil {
		return nil
	}
	days, err := d.texts(n, "holidays")
	if err != nil {
		return err
	}
	for _, s := range days {
		day, err := regime.ParseDay(s)
		if err != nil {
			return d.refuse(n, "holidays: %w", err)
		}
		v.Place.Holidays[day] = ""
		v.Given = append(v.Given, day)
	}
	return nil
}
