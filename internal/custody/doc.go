// Package custody brings evidence into the record and answers for it from
// there on: who or what collected an artefact, for which round, with which
// query, and everybody who was given it since (ISO/IEC 27037's chain of
// custody).
//
// [Rounds] runs the collectors when their time has come and records what they
// came to. [Locker] takes files that people hand in and gives artefacts out,
// which is an entry before it is an answer. [Stamper] has an authority
// time-stamp the journal's checkpoints.
//
// All three work beside the service and never in its way: whatever a source or
// an authority does, alerts are taken and people are paged. Bytes are in the
// vault before the entry that names them is written; a crash between the two
// leaves bytes that no entry names, and the run is made again.
package custody
