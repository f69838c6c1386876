// Package scenario reads the scenarios of tabletop exercises and checks them.
//
// A scenario is one YAML file, named after it; schema.json describes it for
// editors. All instants in it are offsets from its start, such as 90m or 2d4h:
//
//	title: Ransomware over a weekend
//	aim: what the exercise is to find out
//	briefing: what everybody is told at the start
//	start: 2027-01-16T02:10:00+01:00     # scenario time of offset 0s
//	tz: Europe/Berlin                    # in which times are shown
//	length: 5d                           # nothing happens after it
//	tests: [Implementing Regulation (EU) 2024/2690 annex 3.5.5]
//	entities: [{…}]                      # keys of the configuration's entities
//	participants:
//	  - {id: commander, role: Incident commander, access: commander, required: true}
//	injects:                             # in the order of their offsets
//	  - id: encrypted
//	    at: 0s
//	    alerts: [{labels: {…}, annotations: {…}, status: firing, started: 5m}]
//	    # or one of: message, fact, outage, authority, journalist
//	    allows: [{know: that services fail, shown_by: [aware]}]
//	    note: for the facilitator
//	expect:
//	  - {id: aware, do: aware, by: [commander], after: encrypted, within: 2h, weight: 3, why: …}
//	  - {id: early, do: submit, stage: early_warning, before: due}
//	  - {id: none, do: submit, never: true}
//	decisions: [{id: isolate, at: 40m, for: [commander], question: …, options: [a, b], consider: …}]
//	hints: [{id: h1, for: aware, after: 1h, text: …}]
//	questions: [{id: q1, ask: …, about: annex 3.5.5}]
//	auto: [{at: 4m, by: responder, do: acknowledge}]   # what scripted participants do
//	clocks:                              # what the law makes of the auto script
//	  - {regime: nis2, stage: early_warning, due: 2027-01-17T03:40:00+01:00, source: …}
//
// Reading is strict: an unknown key, a value out of its bounds, a name that
// nothing has or an action that nobody may do is refused as "FILE:LINE: reason".
//
// The package reads no clock, starts nothing and sends nothing.
package scenario
