package packet

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"

	"github.com/go-json-experiment/json"
)

// copyBuffer is how much of an artefact is in memory at once.
const copyBuffer = 256 << 10

// artefact is what the record says of one.
type artefact struct {
	Digest      string     `json:"digest"` // sha256:…
	Kind        string     `json:"kind"`
	CollectedAt *time.Time `json:"collected_at"`
	Bytes       int64      `json:"bytes"`
	Complete    bool       `json:"complete"`
	Error       *string    `json:"error"`
}

// artefacts are those that the incident names, and webhook bodies that were too
// large for the journal. They are read from the record as it is handed out, so
// that both always say the same.
func (b *builder) artefacts(ctx context.Context) ([]artefact, []EvidenceFile, error) {
	var record struct {
		Evidence []artefact `json:"evidence"`
	}
	whole, err := json.Marshal(b.src.Incident)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(whole, &record); err != nil {
		return nil, nil, err
	}
	all := record.Evidence
	custody := map[string][]Custody{}
	n := 0
	err = b.src.each(ctx, func(raw journal.Entry) error {
		e := b.events[n]
		n++
		if raw.Erased {
			return nil
		}
		var told struct {
			Receipt struct {
				SHA256 string `json:"sha256"`
				Bytes  int64  `json:"bytes"`
				Vault  bool   `json:"vault"`
			} `json:"receipt"`
		}
		// Not every payload is an object with such a member.
		if bytes.Contains(raw.Payload, []byte(`"receipt"`)) && json.Unmarshal(raw.Payload, &told) == nil && told.Receipt.Vault && !b.src.Beside && !b.src.partly[raw.Seq] {
			r := told.Receipt
			all = append(all, artefact{Digest: "sha256:" + r.SHA256, Kind: "webhook_body", CollectedAt: new(raw.At), Bytes: r.Bytes, Complete: true})
		}
		for _, a := range all {
			if d := hexOf(a.Digest); d != "" && e.Absent == "" && bytes.Contains(raw.Payload, []byte(d)) {
				custody[a.Digest] = append(custody[a.Digest], Custody{raw.Seq, raw.At, raw.Kind, e.By})
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var files []EvidenceFile
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(a artefact) bool {
		again := a.Digest != "" && seen[a.Digest]
		seen[a.Digest] = true
		return again
	})
	for _, a := range all {
		files = append(files, EvidenceFile{
			Digest: a.Digest, Kind: a.Kind, CollectedAt: a.CollectedAt, Bytes: a.Bytes, Complete: a.Complete, Error: a.Error,
			Custody: slices.CompactFunc(append([]Custody{}, custody[a.Digest]...), func(x, y Custody) bool { return x.Entry == y.Entry }),
		})
	}
	slices.SortStableFunc(files, func(x, y EvidenceFile) int { return cmp.Compare(first(x), first(y)) })
	return all, files, nil
}

// first is the entry that an artefact came in with.
func first(e EvidenceFile) uint64 {
	if len(e.Custody) == 0 {
		return 0
	}
	return e.Custody[0].Entry
}

// hexOf is the digest that a sha256:… names, empty when it is none.
func hexOf(digest string) string {
	d, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || len(d) != 64 || strings.Trim(d, "0123456789abcdef") != "" {
		return ""
	}
	return d
}

// evidence puts the artefacts in.
func (b *builder) evidence(ctx context.Context) error {
	_, files, err := b.artefacts(ctx)
	if err != nil {
		return err
	}
	m := &b.out.manifest
	for _, f := range files {
		d := hexOf(f.Digest)
		if d == "" { // nothing could be collected; Error says why
			if b.profile.NoEvidence == "" {
				m.Evidence = append(m.Evidence, f)
			}
			continue
		}
		why := b.profile.NoEvidence
		if why == "" {
			if why, err = b.missing(d); err != nil {
				return err
			}
		}
		if why != "" {
			m.LeftOut = append(m.LeftOut, LeftOut{What: "an artefact of kind " + f.Kind, SHA256: d, Why: why})
			if b.profile.NoEvidence == "" {
				m.Evidence = append(m.Evidence, f)
			}
			continue
		}
		f.File = new(evidenceDir + d)
		m.Evidence = append(m.Evidence, f)
		b.out.files = append(b.out.files, file{
			File:    File{*f.File, f.Bytes, d, "artefact of kind " + f.Kind},
			checked: true,
			write:   func(ctx context.Context, w io.Writer) error { return b.copy(ctx, w, d) },
		})
	}
	return nil
}

// missing is why an artefact cannot be put in, empty when it can.
func (b *builder) missing(digest string) (string, error) {
	r, err := b.src.Vault.Open(digest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it is not in the vault any more", nil
	case errors.Is(err, vault.ErrSealed):
		return "it is encrypted to somebody else, who alone can show it", nil
	case err != nil:
		return "", err
	}
	return "", r.Close()
}

// copy writes an artefact. The vault's reader compares it with its digest.
func (b *builder) copy(ctx context.Context, w io.Writer, digest string) (err error) {
	r, err := b.src.Vault.Open(digest)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	buffer := make([]byte, copyBuffer)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buffer)
		if _, werr := w.Write(buffer[:n]); werr != nil {
			return werr
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("artefact %s: %w", digest, err)
		}
	}
}
