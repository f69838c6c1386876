// Package verify says whether a data folder is as it was recorded: the
// journal, every artefact that an entry names, and every time-stamp over the
// journal. It needs the folder and a public key; no server and no network. A
// folder restored from the off-site copy is a folder like any other.
//
// # What the verdicts claim
//
// Consistent: every byte that was looked at agrees with the journal's own
// signed head. Anchored: and somebody else's word, which the verdict names,
// says that the first so many entries were the same at a time. Neither says
// that what was recorded is true, and a key that was found in the folder proves
// no origin. Altered and missing name the entry or the file.
package verify
