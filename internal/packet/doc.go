// Package packet makes the file that is handed to somebody outside the house, an
// authority, a customer or an auditor, and checks it again without the service
// that made it.
//
// A packet is about one incident, as of the journal size behind its newest entry
// about content and its newest approval. The same record gives the same bytes:
// the order is fixed, times are those of the record, nothing is compressed. It
// is written as a stream; memory does not grow with its evidence.
//
// # What it proves
//
// manifest.json names every file with its SHA-256 and is signed with the key of
// the journal. journal/checkpoint is the signed head of the journal, and each
// line of journal/entries.jsonl is a leaf of the tree under that head, with its
// inclusion proof. So whoever knows the key's fingerprint from elsewhere needs no
// server to see that the packet is what left the house, and that the
// entries are those the journal was signed for. [Verify] does all of it.
//
// It does not prove that no entry about the incident is missing: the
// signature under the manifest, which counts them, is the house's word.
//
// # What is left out
//
// A [Profile] says what a recipient does not see. Of an entry that is withheld
// the leaf and the proof stay: its time, its kind and the salted digest of its
// payload. The salt goes with the payload, so that nobody can guess at it; the
// house can show both later, and they fit the leaf or they do not.
//
// A packet may be of one of several entities ([Source.Entity]). It then has no
// leaf of an entry that is about others; one that is about others too is shown in
// words, as far as it concerns the entity, and its payload is withheld. So are
// all bodies of webhooks.
//
// # Format, nis2clock-packet/v1
//
// A zip file, stored without compression, in this order:
//
//	README.txt               what happened, and how to check the rest
//	manifest.json            a [Manifest]
//	manifest.note            a signed [journal.Statement] about manifest.json
//	incident.json            the incident, in the form of the API
//	timeline.json, .csv      the entries in words, a line each
//	submissions.json         what was sent, and the authority's receipts and messages
//	approvals.json           who approved which version of which report
//	reports/STAGE.LANG.pdf   a report; …draft.pdf one that nobody approved
//	reports/….pdf.p7s        its detached signature (CMS, DER)
//	journal/journal.pub      the verifier key
//	journal/checkpoint       the signed head
//	journal/entries.jsonl    the entries: leaf, salt, payload, proof
//	journal/roots.jsonl      earlier heads and the proof that this one goes on from them
//	timestamps/SIZE.tst      an RFC 3161 token for the signed head of that size
//	timestamps/SIZE.checkpoint
//	evidence/DIGEST          an artefact, named by its SHA-256
//
// A line of entries.jsonl is {"leaf", "salt", "payload", "proof"}: leaf is the
// text that journal's package comment describes, salt is hex, payload the text
// itself (payload_base64 where it is none). The digest at the leaf's end is the
// SHA-256 of salt ‖ payload, the leaf's hash SHA-256(0x00 ‖ leaf).
//
// Every other byte of the zip file follows from the names, sizes and contents and
// from the manifest's as_of: the file is read by writing it anew and comparing.
package packet
