// Package regime holds the law as data and the pure arithmetic on it: which reports a body of law
// asks for, what starts the period of each, how long it runs, and at which instants it ends.
//
// It reads no clock, does no I/O beyond the files it is given at load time, and keeps no state. The same
// facts, place and data give the same clocks on every host, whatever its time zone.
//
// # Three instants
//
// Every [Clock] has three instants, all exclusive (see [Late]) and in UTC:
//
//   - the target, the house rule: the regime's own period counted from detection;
//   - the due instant, the conservative reading of the law, which drives alarms;
//   - the outer reading: Regulation (EEC, Euratom) No 1182/71 applied throughout. It is contested, because
//     national rules on time limits may govern instead; it is shown with that label and never relied on.
//
// None of them displaces "without undue delay": a report inside its limit can still be late in law.
// Comments that say "regulation 2.1" or "2.3" cite the project's regulation reference, where the two readings
// are set side by side; testdata/vectors.yaml at the top of the repository holds its worked examples.
//
// # Data
//
// A regime is one YAML file. Numbers of hours and months stand there and nowhere in the code.
//
//	id: nis2                  # lower-case letters, digits and _
//	title: NIS2
//	version: "1"              # of this file
//	reviewed: 2026-11-22      # when a person last compared it with the act
//	act: Directive (EU) 2022/2555
//	link: https://…           # optional
//	applies_from: 2026-09-11  # optional: who became aware before that day owes nothing
//	hour_rounding: none       # optional
//	displaces:                # optional: regimes that do not bind whom this one binds
//	  - {regime: nis2, source: Directive (EU) 2022/2555 Art. 4}
//	stages:                   # in the order in which they are owed
//	  - id: final_report
//	    title: Final report
//	    only_if: CONDITION    # optional: the stage is owed only then
//	    clock: NAME           # optional: what the calculator calls it, the id if absent
//	    period: 1 month       # N hours, days, working days or months, or "as requested"
//	    from: submission of notification   # see [Event]
//	    conservative_from: awareness       # optional: the conservative reading counts from it, if it came first
//	    no_later_than: 24 hours from awareness  # optional: the earlier of the two
//	    again: 1 month        # optional: once submitted, owed again so long after it was due, until the incident is handled
//	    relief: 12:00 of the next working day   # optional: outer reading of a limit on a weekend or holiday
//	    source: Directive (EU) 2022/2555 Art. 23(4)(d)
//	    confidence: verified  # or secondary, memory
//	    except:               # optional: the first whose condition holds replaces the rule above
//	      - if: CONDITION
//	        …                 # clock, period, from and so on
//
// A stage can be counted only from the submission of a stage listed before it; "actual submission of STAGE" does
// not count a late submission from its due instant. With hour_rounding: none, hours are counted from minute to minute
// in the outer reading too. Conditions are named in [Condition].
//
// A Member State is one YAML file in the folder states beside the regimes. Its overlay says in which keys a stage of
// the regime differs there; a stage that the regime lacks is added.
//
//	state: PT                 # ISO 3166-1 alpha-2
//	name: Portugal
//	zone: Europe/Lisbon       # of its authorities
//	holidays: PT              # whose public holidays hold
//	languages: [pt]
//	act: DL 125/2025          # the national act; every stage cites it
//	in_force: true            # false: the stages cite the regime alone, and say so
//	since: 2026-04-03         # optional
//	authority: CNCS / CERT.PT
//	portal: …                 # optional
//	source: …                 # where this was read
//	confidence: secondary     # in the deadlines there; a rule is as sure as the less sure of it and its regime
//	reviewed: 2026-11-22
//	notes: […]                # optional: deviations that no clock shows
//	regime: nis2
//	start: detection          # optional: what runs from awareness runs from detection
//	hour_rounding: none       # optional
//	stages:                   # optional
//	  - id: final_report
//	    period: 30 working days
//	    from: submission of end_of_impact_notification
//	  - id: end_of_impact_notification
//	    before: progress_report   # optional: the place of an added stage
//	    …
//
// An operator's folder of the same form adds to this data or overrides it, file by file: see [Set.With]. An unknown
// key, a missing one or a value outside these is refused with file, line and reason.
package regime

import "slices"

// ID names a body of law, such as "nis2".
type ID string

// StageID names a report within its regime, such as "early_warning".
type StageID string

// Regime is a body of law that makes an entity report incidents. It is read-only: the stages are shared
// by everyone who asked the same [Set].
type Regime struct {
	ID       ID
	Title    string
	Version  string // of the data file
	Reviewed string // date of the last comparison with the act, YYYY-MM-DD
	Act      string // as cited, e.g. "Directive (EU) 2022/2555"
	Link     string // to the act; may be empty

	// AppliesFrom is the day on which its duties begin, YYYY-MM-DD; empty if they hold for every incident there can be.
	AppliesFrom string

	Stages []Stage

	// Displaces are the regimes that do not bind an entity which this one binds.
	Displaces []Displacement
}

// Displacement says that a body of law takes the place of another.
type Displacement struct {
	Regime ID
	Source string // act and article that say so
}

// Applies reports whether the regime's duties had begun when the entity became aware of the incident or, while that is not recorded, when
// it was detected. The day is that of the place.
func (r Regime) Applies(f Facts, p Place) bool {
	_, at := f.since(FromAwareness)
	return DateOf(at.In(p.zone())).String() >= r.AppliesFrom // both are YYYY-MM-DD
}

// CountsFrom reports whether a period of the regime runs from that event.
func (r Regime) CountsFrom(e Event) bool {
	from := func(rule Rule) bool {
		return rule.Anchor.Event == e || rule.ConservativeAnchor.Event == e || rule.NoLaterThan != nil && rule.NoLaterThan.Anchor.Event == e
	}
	return slices.ContainsFunc(r.Stages, func(s Stage) bool {
		return from(s.Rule) || slices.ContainsFunc(s.Except, func(x Exception) bool { return from(x.Rule) })
	})
}

// Stage returns the stage with that id, or of which that is a later report.
func (r Regime) Stage(id StageID) (Stage, bool) {
	for _, s := range r.Stages {
		if s.ID == id.Base() {
			return s, true
		}
	}
	return Stage{}, false
}

// Stage is one report that a regime asks for.
type Stage struct {
	ID    StageID
	Title string
	Rule
	OnlyIf Condition   // the stage is owed only then; empty: always
	Again  Period      // after which a submitted report is owed again while the incident is open; zero: once
	Except []Exception // the first whose condition holds replaces Rule
}

// Exception is a rule that applies in the place of the ordinary one, such as the derogation for trust service
// providers in Directive (EU) 2022/2555 Art. 23(4), last subparagraph.
type Exception struct {
	If Condition
	Rule
}

// Confidence says how sure the data is of a rule. What is not [Verified] is shown as unconfirmed.
type Confidence string

const (
	Verified  Confidence = "verified"  // the wording was read in the act or on an official page
	Secondary Confidence = "secondary" // read only in a commentary or by a third party
	Memory    Confidence = "memory"    // not looked up
)
