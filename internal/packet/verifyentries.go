package packet

import (
	"bufio"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/timestamp"

	"github.com/go-json-experiment/json"
)

// maxLine bounds a line of entries.jsonl: the largest payload of an entry, each
// byte of it written as an escape of six, and room for the rest.
const maxLine = 6*journal.MaxPayload + 1<<20

// lines calls f with each line of a file, without its end.
func (v *verification) lines(name string, f func(n int, line []byte)) {
	file := v.files[name]
	if file == nil {
		return // it was said
	}
	r, err := v.open(file)
	if err != nil {
		return // it was said
	}
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, maxLine)
	scan.Split(wholeLines)
	for n := 1; scan.Scan() && v.ctx.Err() == nil; n++ {
		f(n, scan.Bytes())
	}
	if err := scan.Err(); err != nil {
		v.bad(name, "cannot be read: %v", err)
	}
}

// wholeLines splits like [bufio.ScanLines], but keeps every byte and takes no
// line without its end.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	for n, c := range data {
		if c == '\n' {
			return n + 1, data[:n], nil
		}
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// entries judges each journal entry by itself.
func (v *verification) entries() {
	if v.head == nil {
		return
	}
	var last *uint64
	approved := map[uint64]incident.ReportApproved{}
	v.lines(entriesFile, func(n int, raw []byte) {
		v.Entries++
		var l line
		if err := json.Unmarshal(raw, &l, json.RejectUnknownMembers(true)); err != nil {
			v.bad(entriesFile, "line %d cannot be read: %v", n, err)
			return
		}
		e, err := l.entry(*v.head)
		if err != nil && e.Kind == "" {
			v.bad(entriesFile, "line %d: %v", n, err)
			return
		}
		if err != nil {
			v.badEntry(e.Seq, "%v", err)
			return
		}
		switch {
		case e.Incident != v.m.Incident:
			v.badEntry(e.Seq, "belongs to %.40q, not to %s", e.Incident, v.m.Incident)
		case last != nil && e.Seq <= *last:
			v.badEntry(e.Seq, "does not come after entry %d", *last)
		}
		last = &e.Seq
		if kind := (incident.ReportApproved{}).Kind(); e.Kind == kind && !e.Erased {
			ev, err := incident.Decode(kind, e.Payload)
			if err != nil {
				v.badEntry(e.Seq, "%v", err)
				return
			}
			approved[e.Seq] = ev.(incident.ReportApproved)
		}
	})
	if v.Entries != v.m.Entries {
		v.bad(entriesFile, "has %d entries, the manifest says %d", v.Entries, v.m.Entries)
	}
	v.approvals(approved)
}

// approvals compares the reports with the entries that froze them.
func (v *verification) approvals(approved map[uint64]incident.ReportApproved) {
	sums := map[string]string{}
	for _, f := range v.m.Files {
		sums[f.Name] = f.SHA256
	}
	for _, r := range v.m.Reports {
		if sums[r.File] == "" {
			v.bad(manifestFile, "names a report %.100q that is not there", r.File)
		}
		if r.Entry == nil {
			continue
		}
		a, ok := approved[*r.Entry]
		switch {
		case !ok && v.shown(*r.Entry):
			v.bad(r.File, "entry %d, which is said to approve it, does not", *r.Entry)
		case ok && a.SHA256 != sums[r.File]:
			v.bad(r.File, "is not the version that entry %d approved", *r.Entry)
		case ok && r.Signature != nil && a.Signature != sums[*r.Signature]:
			v.bad(*r.Signature, "is not the signature that entry %d names", *r.Entry)
		}
	}
}

// shown reports whether an entry's payload is in the packet, as the manifest has
// it.
func (v *verification) shown(seq uint64) bool {
	for _, l := range v.m.LeftOut {
		if l.Entry != nil && *l.Entry == seq {
			return false
		}
	}
	return true
}

// roots judges the earlier heads, and compares the one that the caller holds.
func (v *verification) roots() {
	if v.head == nil {
		return
	}
	v.earlier = map[uint64]string{v.head.Size: v.Root}
	v.lines(rootsFile, func(n int, raw []byte) {
		var r root
		if err := json.Unmarshal(raw, &r, json.RejectUnknownMembers(true)); err != nil {
			v.bad(rootsFile, "line %d cannot be read: %v", n, err)
			return
		}
		old, err := journal.ParseHead(r.Size, r.Root)
		if err == nil {
			err = v.head.Follows(old, r.Proof)
		}
		if err != nil {
			v.bad(rootsFile, "size %d: %v", r.Size, err)
			return
		}
		v.earlier[r.Size] = r.Root
	})
	if v.o.Checkpoint == nil || v.key == nil {
		return
	}
	held, err := v.key.Head(v.o.Checkpoint)
	switch got, ok := v.earlier[held.Size]; {
	case err != nil:
		v.bad(checkpointFile, "the earlier head that was given: %v", err)
	case ok && got == held.Root.String():
		v.Anchors = append(v.Anchors, fmt.Sprintf("an earlier head of %d entries, which you hold", held.Size))
	case ok:
		v.bad(checkpointFile, "the journal had another root at size %d, as the earlier head that was given says: its past was written anew", held.Size)
	default:
		v.Notes = append(v.Notes, fmt.Sprintf("the earlier head that was given has %d entries; this packet proves nothing about that size", held.Size))
	}
}

// stamps judges the time-stamps of signed heads.
func (v *verification) stamps() {
	for _, f := range v.m.Files {
		if !strings.HasPrefix(f.Name, stampsDir) || !strings.HasSuffix(f.Name, ".tst") || v.key == nil {
			continue
		}
		name := strings.TrimSuffix(f.Name, ".tst") + ".checkpoint"
		note, token := v.whole(name, maxSmall), v.whole(f.Name, maxSmall)
		if note == nil || token == nil {
			continue
		}
		head, err := v.key.Head(note)
		if err == nil && v.earlier[head.Size] != head.Root.String() {
			err = fmt.Errorf("%s does not go on from it", checkpointFile)
		}
		if err != nil {
			v.bad(name, "%v", err)
			continue
		}
		roots := v.o.Roots
		if roots == nil {
			roots = x509.NewCertPool()
		}
		stamp, err := timestamp.Verify(token, sha256.Sum256(note), roots)
		switch {
		case errors.Is(err, timestamp.ErrUntrusted):
			v.Notes = append(v.Notes, f.Name+" fits; give the authority's root certificates to know whose it is")
		case err != nil:
			v.bad(f.Name, "%v", err)
		default:
			v.Anchors = append(v.Anchors, fmt.Sprintf("a time-stamp of %s at %s for the first %d entries", stamp.Authority, instant(stamp.At), head.Size))
		}
	}
}
