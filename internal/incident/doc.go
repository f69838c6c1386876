// Package incident is the record of one incident and the rules by which it
// changes.
//
// A [Command] is what somebody or something asks for. [Rules.Execute] decides
// it against the [State] and yields [Event] values, the entries of the
// journal; [State.Apply] folds an entry into the state. The state is only
// ever a fold over entries: Apply copies results out of them and never
// recomputes the law, so an old journal gives the same state under a new
// binary.
//
// The package is pure. It does no I/O, reads no clock and draws no random
// numbers; an instant that matters is an argument.
//
// Three rules hold everywhere in here:
//
//   - a resolved alert stops nothing, an acknowledgement stops nothing; only a
//     recorded submission (or a recorded decision that the incident is not
//     reportable) ends a clock;
//   - what a person set, no later delivery changes;
//   - the first acknowledgement and the first submission of a stage are kept
//     for good, a later one is recorded beside them.
package incident
