// Package tabletop runs timed tabletop exercises on the real service.
//
// An [Exercise] is the service that serve runs, with the options of an exercise:
// its own data folder and key, ids of EX-, a clock that is fast or jumps, and
// only the ways out that are set up for exercises. What happens to the
// participants is put in through the front door: alerts as Alertmanager posts
// them. What the facilitator does, and what people say about the exercise itself,
// are entries of its journal ([incident.ExerciseNoted]), so that it survives a
// crash in the middle as incidents do: what fell due meanwhile is put in late and
// marked so, and nothing twice.
//
// At full speed the clock jumps from one instant at which something happens or
// falls due to the next, and scripted participants act. Nobody took part in such
// a rehearsal, and its write-up says so.
package tabletop
