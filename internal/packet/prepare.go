package packet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Packet is ready to be written. Everything about it is decided, and its
// manifest signed; only its journal entries and artefacts are still to be read.
type Packet struct {
	manifest Manifest
	signed   [2][]byte // manifest.json, manifest.note
	files    []file
}

// file is one of a packet's before it is written.
type file struct {
	File
	// write writes the content, the same each time.
	write func(context.Context, io.Writer) error
	// checked says that write itself fails when the bytes are not those of the
	// digest.
	checked bool
}

// builder gathers a packet.
type builder struct {
	src     Source
	profile Profile
	key     journal.Key
	head    journal.Head
	note    []byte // the signed head
	events  []event
	view    jsontext.Value // incident.json as the recipient sees it
	out     Packet
}

// Prepare decides what is in a packet and signs its manifest. It reads the
// incident's entries and no artefact.
func Prepare(ctx context.Context, src Source, profile Profile) (*Packet, error) {
	b := &builder{src: src, profile: profile}
	for _, step := range []func(context.Context) error{
		b.place, b.look, b.incident, b.timeline, b.indicators, b.sent, b.reports, b.journal, b.stamps, b.evidence, b.readme, b.sign,
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("packet of %s: %w", src.Incident.ID, err)
		}
	}
	return &b.out, nil
}

// Manifest says what is in the packet.
func (p *Packet) Manifest() Manifest { return p.manifest }

// Digest is the SHA-256 of manifest.json in hex; it names the packet.
func (p *Packet) Digest() string { return digest(p.signed[0]) }

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// place finds where in the journal the packet stands.
func (b *builder) place(context.Context) error {
	var err error
	if b.note, err = b.src.Log.CheckpointAt(b.src.Size); err != nil {
		return err
	}
	if b.key, err = journal.ParseKey(b.src.Log.VerifierKey()); err != nil {
		return err
	}
	if b.head, err = b.key.Head(b.note); err != nil {
		return err
	}
	v := b.src.Incident
	b.out.manifest = Manifest{
		Format: Format, Incident: string(v.ID), Exercise: v.Exercise, Profile: b.profile.Name, For: b.profile.Reader, Entity: b.src.Entity,
		Journal:   Place{b.head.Size, b.head.Root.String(), b.key.String(), b.key.Fingerprint()},
		Languages: append([]string{}, b.src.Langs...), Files: []File{}, Reports: []ReportFile{}, Evidence: []EvidenceFile{}, LeftOut: []LeftOut{},
	}
	return nil
}

// look reads every entry once.
func (b *builder) look(ctx context.Context) error {
	m := &b.out.manifest
	var shown []uint64
	defer func() { b.src.Entries = shown }()
	return b.src.each(ctx, func(raw journal.Entry) error {
		e, ok, err := b.src.look(&b.profile, raw)
		if err != nil || !ok {
			return err
		}
		shown = append(shown, raw.Seq)
		b.events = append(b.events, e)
		m.Entries++
		m.AsOf = e.At
		if e.Absent != "" {
			m.LeftOut = append(m.LeftOut, LeftOut{What: "the content of a journal entry of kind " + e.Kind, Entry: new(e.Entry), SHA256: hex.EncodeToString(raw.Digest[:]), Why: e.Absent})
		}
		return nil
	})
}

// add puts a file of known bytes into the packet.
func (b *builder) add(name, what string, data []byte) {
	b.out.files = append(b.out.files, file{
		File:  File{Name: name, Bytes: int64(len(data)), SHA256: digest(data), What: what},
		write: func(_ context.Context, w io.Writer) error { _, err := w.Write(data); return err },
	})
}

// stream puts a file into the packet that is made twice: to know its digest, and
// to write it.
func (b *builder) stream(ctx context.Context, name, what string, write func(context.Context, io.Writer) error) error {
	sum := sha256.New()
	n := new(counter)
	if err := write(ctx, io.MultiWriter(sum, n)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.out.files = append(b.out.files, file{File: File{name, int64(*n), hex.EncodeToString(sum.Sum(nil)), what}, write: write})
	return nil
}

// counter counts bytes.
type counter int64

// Write implements [io.Writer].
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// incident puts the record in, as far as the recipient sees it.
func (b *builder) incident(context.Context) error {
	whole, err := json.Marshal(b.src.Incident, json.Deterministic(true))
	if err != nil {
		return err
	}
	if b.view = whole; b.profile.Members != nil {
		if b.view, err = members(whole, b.profile.Members); err != nil {
			return err
		}
		b.out.manifest.LeftOut = append(b.out.manifest.LeftOut, LeftOut{What: "further members of " + incidentFile, Why: b.profile.MembersWhy})
	}
	text := b.view.Clone()
	if err := text.Indent(jsontext.WithIndent("  ")); err != nil {
		return err
	}
	b.add(incidentFile, "the incident as recorded, for machines", append(text, '\n'))
	return nil
}

// members keeps those of an object that are named, in their order there.
func members(object jsontext.Value, keep []string) (jsontext.Value, error) {
	all := map[string]jsontext.Value{}
	if err := json.Unmarshal(object, &all); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := jsontext.NewEncoder(&out)
	err := enc.WriteToken(jsontext.BeginObject)
	for _, name := range keep {
		value, ok := all[name]
		if !ok || err != nil {
			continue
		}
		if err = enc.WriteToken(jsontext.String(name)); err == nil {
			err = enc.WriteValue(value)
		}
	}
	if err == nil {
		err = enc.WriteToken(jsontext.EndObject)
	}
	return bytes.TrimSpace(out.Bytes()), err
}

// sent puts in what went to authorities and what came back, and who approved it.
func (b *builder) sent(context.Context) error {
	v := b.src.Incident
	for _, f := range []struct {
		member, name, what string
		content            any
	}{
		{"submissions", "submissions.json", "what was sent to whom, with receipts, and the authority's messages", struct {
			Submissions []incident.SentView    `json:"submissions"`
			Messages    []incident.MessageView `json:"authority_messages"`
		}{v.Submissions, v.Messages}},
		{"approvals", "approvals.json", "who approved which version of which report", struct {
			Approvals []incident.ApprovalView `json:"approvals"`
		}{v.Approvals}},
	} {
		if b.profile.Members != nil && !slices.Contains(b.profile.Members, f.member) {
			b.out.manifest.LeftOut = append(b.out.manifest.LeftOut, LeftOut{What: f.name, Why: b.profile.MembersWhy})
			continue
		}
		data, err := encode(f.content)
		if err != nil {
			return err
		}
		b.add(f.name, f.what, data)
	}
	return nil
}

// journal puts in the entries and all that proves them.
func (b *builder) journal(ctx context.Context) error {
	b.add(keyFile, "the key that checks what the journal signed; believe it only if its fingerprint is the published one", []byte(b.key.String()+"\n"))
	b.add(checkpointFile, "the journal's signed head (C2SP tlog-checkpoint)", b.note)
	profile, key := b.profile, b.key
	what := "every journal entry about the incident, with its inclusion proof"
	if b.src.Entity != "" {
		what = "every journal entry about the incident that concerns " + b.src.Entity + ", with its inclusion proof"
	}
	err := b.stream(ctx, entriesFile, what, func(ctx context.Context, w io.Writer) error {
		return b.src.writeEntries(ctx, w, &profile)
	})
	if err != nil {
		return err
	}
	return b.stream(ctx, rootsFile, "earlier heads, as earlier packets and reports name them, and the proof that this one goes on from each", func(ctx context.Context, w io.Writer) error {
		return b.src.writeRoots(ctx, w, key)
	})
}

func (b *builder) stamps(context.Context) error {
	for _, s := range b.src.Stamps {
		if s.Size > b.src.Size {
			continue // it is of a later head
		}
		note, err := b.src.Log.CheckpointAt(s.Size)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s%d", stampsDir, s.Size)
		b.add(name+".checkpoint", "a signed head that was time-stamped", note)
		b.add(name+".tst", "its time-stamp (RFC 3161 token)", s.Token)
	}
	return nil
}

// sign finishes the manifest.
func (b *builder) sign(context.Context) error {
	m := &b.out.manifest
	for _, f := range b.out.files {
		m.Files = append(m.Files, f.File)
	}
	data, err := encode(m)
	if err != nil {
		return err
	}
	note, err := b.src.Log.Sign(journal.Statement{About: m.about(), Digest: sha256.Sum256(data)})
	b.out.signed = [2][]byte{data, note}
	return err
}

// instant is a time as the packet's words have it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
