// Package offsite keeps a copy of the record where the people who run the
// service cannot change it: in an S3 bucket with Object Lock.
//
// Segments of the journal, its signed heads and the vault's artefacts are copied
// within seconds of being committed. A [Copier] keeps no state of its own: what is
// still to be copied is what the bucket does not hold, so that no crash, no hour
// without the bucket and no deleted file loses anything. It holds one segment in
// memory at a time, and never delays whoever appends.
//
// A bucket that does not lock what is put into it is refused (S3-7), and so is one
// that holds the copy of another journal, or of more than this journal holds: then
// the journal has lost entries, and the copy is the evidence.
//
// # What it guarantees
//
// Each object is put with its SHA-256, which the server compares (S3-5), under a
// retention that is read back from the version that was made (S3-6, S3-7). Within
// that time nobody deletes it, in compliance mode not even the owner of the bucket
// (S3-2). Whoever may write to the bucket can lay newer versions or delete markers over
// it: [Restore] looks at all versions and takes the oldest that proves itself.
//
// Erasing personal data at home does not erase it in a locked copy. Where that
// matters, set recipients for the vault: then segments are encrypted too, and
// destroying the identity destroys them.
//
// # The bucket
//
// Below the prefix:
//
//	journal/journal.pub                          the verifier key
//	journal/journal.key.age                      the signing key, only with recipients
//	journal/segments/<from>-<to>.zst[.age]       entries [from, to), 20 digits each,
//	                                             in the form of journal.Store.Segment
//	journal/checkpoints/<size>                   the signed head at the end of a segment
//	vault/sha256/<dd>/<name>                     a file of the vault, as it lies there
//
// # offsite.jsonl
//
// This file in the data folder notes each copy that was made, one JSON object to
// a line, for people and for verification: which version of which object holds
// what. Nothing depends on it, and the bucket can be asked for the same. It is a
// file, and not entries of the journal, because an entry about a copy would be
// copied in turn, without end, and because copies must go on when the journal
// takes no more entries. Its members are those of [Copy].
package offsite
