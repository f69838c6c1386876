// Package backup writes a data folder into one file while the service runs, and
// makes a data folder of such a file again.
//
// # What it guarantees
//
// A backup is of one instant: the journal up to a head, and every artefact that
// an entry below that head names. It is read in small steps, because entries
// and artefacts never change: no transaction of the store stays open while
// somebody takes the bytes, however slowly. Only an erasure changes what lies
// there already, so one that is ordered meanwhile ends the backup with
// [ErrErased]: no copy goes out of what was just erased.
//
// [Restore] believes nothing: the journal is rebuilt from entries that lead to
// signed heads, each artefact must have the SHA-256 in its name, each file the
// one in the manifest, and the folder is verified whole before it gets its name.
// A crash or an error leaves nothing under that name.
//
// # What is not in it
//
// The journal's signing key, and the files of tokens: whoever finds a backup
// shall not be able to write entries or to act. Keep journal.key elsewhere; a
// journal that is restored without it can be verified and read, and not gone on
// with.
//
// # Stored format, version 1
//
// A tar archive, compressed with zstd (RFC 8878), of plain files in this order:
//
//	format                          "nis2clock-backup/v1" and a line end
//	journal.pub                     the journal's verifier key
//	journal/<from>-<to>.segment     runs of entries as package journal writes
//	                                them, each with a signed head; twelve digits
//	                                or more, to is exclusive
//	vault/sha256/…                  the files of the vault, named as there
//	manifest.json                   [Manifest]: the size and SHA-256 of each
//
// An archive without its manifest was cut short.
package backup
