// Package evidence captures what other systems know about an incident while
// they still know it: pods go, logs rotate, and the link to a graph is blank a
// month later.
//
// A [Collector] asks one source. [Runner] runs the configured ones at the same
// time, each within its own budget of time and bytes; one that hangs, panics,
// answers without end or answers nonsense costs a failed [Artefact] and
// nothing else. When a run is due is computed by [Due] from what is recorded;
// nothing is scheduled.
//
// # What is kept
//
// The bytes of every answer are kept exactly as they were received, one answer
// after the other, through a [Sink]; the [Artefact] beside them says what was
// asked, of whom, when, what came back and what is missing ([Part], [Gap]).
// An artefact is complete when all that was asked for is in it. Empty is an
// answer and recorded as such; failed is recorded with its reason and whether
// asking again can help. What is made from received bytes, such as the lines
// of many pages each once, is an artefact of its own that names its source.
//
// # What sources may do to us
//
// [Client] is the only way out: it refuses link-local and metadata addresses
// always, private ones unless the settings name the host, redirects to hosts
// that are not named, answers that are compressed unasked, and it shows
// credentials to nobody but the source. Values of labels are the words of
// strangers: a [Template] puts them into a query or a path so that they can
// only ever be values there.
//
// The package knows neither the journal nor the vault: results are values, and
// who runs it turns them into entries.
package evidence
