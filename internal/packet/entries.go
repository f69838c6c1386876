package packet

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"

	"github.com/go-json-experiment/json"
)

// line is one of journal/entries.jsonl.
type line struct {
	Leaf    string        `json:"leaf"`
	Salt    string        `json:"salt,omitzero"`
	Payload *string       `json:"payload,omitzero"`
	Base64  string        `json:"payload_base64,omitzero"`
	Absent  string        `json:"absent,omitzero"` // why there is no payload
	Proof   journal.Proof `json:"proof"`
}

// root is one of journal/roots.jsonl: an earlier head that this packet's goes on
// from.
type root struct {
	Size  uint64        `json:"size"`
	Root  string        `json:"root"`
	Proof journal.Proof `json:"proof"`
}

// lawfullyErased is why the payload of an erased entry is not there.
const lawfullyErased = "erased from the journal: a later entry says when and why"

// each calls f with every entry of the source. The error of a missing one is the
// log's.
func (s *Source) each(ctx context.Context, f func(journal.Entry) error) error {
	for _, seq := range s.Entries {
		if seq >= s.Size {
			return fmt.Errorf("entry %d lies behind the packet's journal size %d", seq, s.Size)
		}
		found := false
		for e, err := range s.Log.Read(ctx, seq, seq+1) {
			if err != nil {
				return err
			}
			found = true
			if err := f(e); err != nil {
				return err
			}
		}
		if !found {
			return fmt.Errorf("entry %d: %w", seq, journal.ErrRange)
		}
	}
	return nil
}

// look reads an entry as far as the profile shows it; ok is false where it is
// about other entities than the packet.
func (s *Source) look(p *Profile, e journal.Entry) (out event, ok bool, err error) {
	out = event{Entry: e.Seq, At: e.At, Kind: e.Kind}
	read, err := s.Decode(e)
	if err != nil {
		return event{}, false, err
	}
	of := read
	if s.Share != nil {
		if of, ok = s.Share.Entry(read); !ok {
			return event{}, false, nil
		}
		s.part(read, of)
	}
	out.Absent = s.absent(p, e, read)
	if said := out.Absent == "" || out.Absent == ofOthersToo && p.withholds(e.Kind) == ""; said && of.Event != nil {
		out.By, out.Via, out.Summary = of.Event.Actor().Name, of.Event.Actor().Via, of.Event.Describe()
	}
	return out, true, nil
}

// part keeps in mind an entry of which the entity has only a part. The body of a
// webhook is everybody's.
func (s *Source) part(whole, of incident.Entry) {
	if !s.Share.Several() || reflect.DeepEqual(whole.Event, of.Event) && incident.ReceiptOf(whole.Event) == nil {
		return
	}
	if s.partly == nil {
		s.partly = map[uint64]bool{}
	}
	s.partly[whole.Seq] = true
}

// absent is why an entry's payload is not in the packet, empty when it is.
func (s *Source) absent(p *Profile, e journal.Entry, read incident.Entry) string {
	if e.Erased {
		return lawfullyErased
	}
	if read.Privileged() {
		return privileged
	}
	if s.partly[e.Seq] {
		return ofOthersToo
	}
	if s.Beside && incident.ReceiptOf(read.Event) != nil {
		return besideRestricted
	}
	return p.withholds(e.Kind)
}

// writeEntries writes journal/entries.jsonl.
func (s *Source) writeEntries(ctx context.Context, w io.Writer, p *Profile) error {
	return s.each(ctx, func(e journal.Entry) error {
		read, err := s.Decode(e)
		if err != nil {
			return err
		}
		l := line{Leaf: string(e.Leaf()), Absent: s.absent(p, e, read)}
		if l.Proof, err = s.Log.ProveEntry(e.Seq, s.Size); err != nil {
			return err
		}
		if l.Absent == "" {
			l.Salt = hex.EncodeToString(e.Salt[:])
			if utf8.Valid(e.Payload) {
				l.Payload = new(string(e.Payload))
			} else {
				l.Base64 = base64.StdEncoding.EncodeToString(e.Payload)
			}
		}
		return writeLine(w, l)
	})
}

// writeRoots writes journal/roots.jsonl: the heads that an earlier packet or
// report of the incident named, which are those behind its entries, and those that
// were time-stamped.
func (s *Source) writeRoots(_ context.Context, w io.Writer, key journal.Key) error {
	var sizes []uint64
	for _, seq := range s.Entries {
		sizes = append(sizes, seq+1)
	}
	for _, stamp := range s.Stamps {
		if stamp.Size <= s.Size {
			sizes = append(sizes, stamp.Size)
		}
	}
	slices.Sort(sizes)
	for _, size := range slices.Compact(sizes) {
		msg, err := s.Log.CheckpointAt(size)
		if err != nil {
			return err
		}
		head, err := key.Head(msg)
		if err != nil {
			return err
		}
		proof, err := s.Log.ProveHead(head.Size, s.Size)
		if err != nil {
			return err
		}
		if err := writeLine(w, root{head.Size, head.Root.String(), proof}); err != nil {
			return err
		}
	}
	return nil
}

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// entry takes a line apart and checks everything that it says by itself: the
// leaf, the payload and the inclusion in the tree.
func (l *line) entry(head journal.Head) (journal.Entry, error) {
	e, err := journal.ParseLeaf([]byte(l.Leaf))
	if err != nil {
		return e, err
	}
	if err := head.Holds(e, l.Proof); err != nil {
		return e, err
	}
	var payload []byte
	switch {
	case l.Absent != "" && (l.Salt != "" || l.Payload != nil || l.Base64 != ""):
		return e, errors.New("says that its payload is absent, and has one")
	case l.Absent != "":
		return e, nil
	case l.Payload != nil && l.Base64 != "":
		return e, errors.New("has two payloads")
	case l.Payload != nil:
		payload = []byte(*l.Payload)
	default:
		if payload, err = base64.StdEncoding.Strict().DecodeString(l.Base64); err != nil {
			return e, errors.New("payload is not base64")
		}
	}
	salt, err := hex.DecodeString(l.Salt)
	if err != nil || len(salt) != 32 || l.Salt != strings.ToLower(l.Salt) {
		return e, errors.New("salt is not 32 bytes in lower-case hex")
	}
	return e, e.Restore([32]byte(salt), payload)
}
