// Package journal is the append-only, tamper-evident log under everything.
//
// A journal is a sequence of entries, numbered from 0. Entries are added in
// batches; a batch is on disk, whole, when [Store.Append] returns. Each entry
// is a leaf of an RFC 6962 Merkle tree, and every size the journal ever had
// has one root. The newest size and root, signed, are the journal's head.
//
// # What it guarantees
//
// No entry can be changed, removed, inserted or reordered without [Verify]
// saying so, as long as the verifier key or one earlier signed head is known
// to somebody outside. It does not stop a person who holds both the data
// folder and its signing key from writing another history from the start: a
// head that left the house (on a report, in a packet, at a witness) does, since
// no other history has that root at that size.
//
// Leaves hold no personal data, only a salted digest of the payload beside
// them. A payload can later be removed and every proof stays valid.
//
// # The folder
//
//	journal.db          the entries, a bbolt file (mode 0600)
//	journal.key         the signing key, note signer text (mode 0600)
//	journal.pub         the verifier key, note verifier text, for handing out
//	journal.checkpoint  a signed head, replaced about once a second while
//	                    the journal grows and when it is closed
//
// journal.checkpoint is a witness of the file's own past: a journal.db that is
// smaller, or has another root at that size, lost entries, for instance because
// an old copy was put back.
// journal.db.new is a journal.db that was never finished; it may be deleted.
// journal.db.compact says that an erasure was interrupted: the next start
// rewrites journal.db without the erased bytes.
//
// # Stored format, version nis2clock-journal/v1
//
// This format never changes without a new version in the "format" key. Numbers
// in keys are 8 bytes, big-endian. The bbolt file has four buckets and nothing else:
//
//	leaves    entry number              → leaf, see below
//	payloads  entry number              → 32-byte salt ‖ payload; absent once erased
//	hashes    stored hash index of tlog → 32-byte tree hash (record hashes and the
//	                                      roots of complete subtrees)
//	meta      "format"                  → "nis2clock-journal/v1"
//	          "head"                    → newest head, a signed note
//
// A leaf is six lines of UTF-8 text, each ended by a newline:
//
//	nis2clock-entry/v1
//	<entry number, decimal>
//	<time, UTC, as 2006-01-02T15:04:05.000000000Z, always nine fractional digits>
//	<kind>
//	<incident id, or - when the entry belongs to none>
//	<lower-case hex SHA-256 of salt ‖ payload>
//
// Its record hash is SHA-256(0x00 ‖ leaf), as in RFC 6962 section 2.1. The salt
// is drawn at random for each entry.
//
// A head is a C2SP tlog-checkpoint: a signed note (golang.org/x/mod/sumdb/note)
// whose text has three lines, with one Ed25519 signature under the same name:
//
//	<origin, which is the key's name>
//	<number of entries, decimal>
//	<root hash, base64>
//
// # Entries of the journal's own
//
// All kinds belong to the callers but one. An entry of kind journal.erased/v1
// records that payloads were removed. Its payload is JSON:
//
//	{"entries":[41,57],"reason":"…"}
//
// [Verify] accepts a missing payload only where a later entry of that kind names
// it, and takes a payload that is still there although one is named for an alteration.
package journal
