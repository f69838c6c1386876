// Package significance says whether an incident is significant, and so must be
// reported, under Art. 23(3) of Directive (EU) 2022/2555 and, for the entities
// of its Art. 1, Implementing Regulation (EU) 2024/2690.
//
// The criteria are data, in criteria.yaml, to be compared with the law line by
// line. [Evaluate] compares them with [Facts], any of which may be unknown: a
// [Result] is met, not met, or unknown with the facts that are missing, never
// a guess. The answer is advice: a person decides.
//
// The logic has three values. A criterion of several tests is not met as soon
// as one of them fails, whatever is unknown besides; where the lower of two
// numbers counts and one side cannot be computed, a value above the other is
// above the lower one too.
//
// Two readings are chosen here, both on the side of reporting. The exclusion of
// scheduled maintenance (Impl. Reg. Art. 3(2)) holds only once somebody says
// that it applies, and only for what maintenance can cause: unavailability,
// slowness and loss. And a calendar week, which Art. 14(b) does not define,
// begins on Monday at 00:00 in the authority's zone.
//
// The package is pure: no I/O, no clock.
package significance
