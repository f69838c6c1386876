package verify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/vault"
)

// Options say what a folder is compared with.
type Options struct {
	// Key is the text of the verifier key that must have signed the journal;
	// empty takes the one in the folder.
	Key string
	// Roots are the certificates of time-stamp authorities that are trusted; nil
	// for none.
	Roots *x509.CertPool
	// Checkpoint is an earlier signed head that was kept elsewhere; empty for
	// none.
	Checkpoint []byte
	// Kept are signed heads that somebody else keeps.
	Kept []Kept
	// Identities open encrypted artefacts; without one their files are compared
	// with the digests that were recorded of the files.
	Vault vault.Options
}

// Kept is a signed head that somebody else keeps, such as a bucket in which it
// is locked.
type Kept struct {
	Note []byte
	By   string     // who keeps it, in words that go on from "by"
	At   *time.Time // since when, by their clock; nil when that is not known
}

// Folder reads every byte of a data folder and changes none. An error means
// that there was nothing to judge, or that ctx ended.
func Folder(ctx context.Context, dir string, o Options) (Verdict, error) {
	c := &check{o: o, named: map[string]naming{}}
	var err error
	c.v.Journal, err = journal.Verify(dir, journal.VerifyOptions{Key: o.Key, Entry: c.entry, Prefixes: c.sizes})
	if err != nil {
		return Verdict{}, err
	}
	for _, p := range c.v.Journal.Problems {
		c.v.Problems = append(c.v.Problems, Problem{Entry: p.Seq, What: p.What})
	}
	switch c.v.Journal.State {
	case journal.CannotTell:
		return c.v, nil // whoever uses the folder changes the artefacts too
	case journal.Altered:
		c.altered = true
	}
	if _, err := os.Stat(filepath.Join(dir, "journal.checkpoint")); errors.Is(err, fs.ErrNotExist) {
		c.note("journal.checkpoint is missing, which would say if the newest entries had been cut off: compare with a checkpoint that was kept elsewhere (--checkpoint)")
	}
	if err := c.artefacts(ctx, filepath.Join(dir, "vault")); err != nil {
		return Verdict{}, err
	}
	c.checkpoints()
	return c.verdict(), nil
}

// check collects what is found.
type check struct {
	o                        Options
	v                        Verdict
	altered, missing, doubts bool
	problems                 []Problem // besides the journal's
	named                    map[string]naming
	stamps                   []stamp
}

// naming is the first entry that names an artefact.
type naming struct {
	incident.Named
	entry uint64
}

type stamp struct {
	incident.CheckpointStamped
	entry uint64
}

// entry takes from an entry what has to be compared.
func (c *check) entry(e journal.Entry) {
	stamped := e.Kind == incident.CheckpointStamped{}.Kind()
	if strings.HasPrefix(e.Kind, "journal.") || !stamped && !incident.NamesArtefact(e.Kind, e.Payload) {
		return
	}
	ev, err := incident.Decode(e.Kind, e.Payload)
	if err != nil {
		c.unsure(&e.Seq, "", "%v", err)
		return
	}
	if s, ok := ev.(incident.CheckpointStamped); ok {
		c.stamps = append(c.stamps, stamp{s, e.Seq})
	}
	for _, n := range incident.Artefacts(ev) {
		was, known := c.named[n.Digest]
		if !known {
			was = naming{n, e.Seq}
		}
		was.Stored = cmp.Or(was.Stored, n.Stored)
		c.named[n.Digest] = was
	}
}

// sizes are those of which the roots are needed.
func (c *check) sizes() []uint64 {
	var out []uint64
	for _, s := range c.stamps {
		out = append(out, s.Size)
	}
	// What a given checkpoint says of itself; it is believed once its signature is
	// checked.
	for _, k := range c.kept() {
		if lines := strings.SplitN(string(k.Note), "\n", 3); len(lines) == 3 {
			if n, err := strconv.ParseUint(lines[1], 10, 63); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// kept are all heads that come from outside.
func (c *check) kept() []Kept {
	if len(c.o.Checkpoint) == 0 {
		return c.o.Kept
	}
	return append([]Kept{{Note: c.o.Checkpoint, By: "the earlier checkpoint that was given"}}, c.o.Kept...)
}

func (c *check) problem(entry *uint64, artefact, format string, args ...any) {
	c.problems = append(c.problems, Problem{entry, artefact, fmt.Sprintf(format, args...)})
}

func (c *check) bad(entry *uint64, artefact, format string, args ...any) {
	c.altered = true
	c.problem(entry, artefact, format, args...)
}

func (c *check) unsure(entry *uint64, artefact, format string, args ...any) {
	c.doubts = true
	c.problem(entry, artefact, format, args...)
}

func (c *check) note(format string, args ...any) {
	c.v.Notes = append(c.v.Notes, fmt.Sprintf(format, args...))
}

// verdict weighs what was found.
func (c *check) verdict() Verdict {
	v := c.v
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()), cmp.Compare(a.Artefact, b.Artefact))
	})
	if more := len(c.problems) - journal.MaxProblems; more > 0 {
		c.problems = append(c.problems[:journal.MaxProblems], Problem{What: fmt.Sprintf("and %d more", more)})
	}
	v.Problems = append(v.Problems, c.problems...)
	slices.SortStableFunc(v.Anchors, func(a, b Anchor) int { return cmp.Compare(b.Size, a.Size) })
	switch {
	case c.altered:
		v.State = Altered
	case c.missing:
		v.State = Missing
	case c.doubts:
		v.State = CannotTell
	case len(v.Anchors) > 0:
		v.State = Anchored
	default:
		v.State = Consistent
	}
	return v
}

// order is by entry, what belongs to none last.
func (p Problem) order() uint64 {
	if p.Entry == nil {
		return math.MaxUint64
	}
	return *p.Entry
}

// artefacts reads every file of the vault, and looks for those that entries
// name.
func (c *check) artefacts(ctx context.Context, dir string) error {
	c.v.Named = len(c.named)
	v, err := vault.OpenReadOnly(dir, c.o.Vault)
	if errors.Is(err, fs.ErrNotExist) {
		c.absent(nil)
		return nil
	}
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for info, err := range v.Walk(ctx) {
		switch {
		case errors.Is(err, vault.ErrForeign):
			c.note("vault: %v", err)
		case err != nil:
			return errors.Join(err, v.Close())
		default:
			if err := c.artefact(ctx, v, info); err != nil {
				return errors.Join(err, v.Close())
			}
			found[info.Digest] = true
		}
	}
	c.absent(found)
	return v.Close()
}

// absent names what entries name and is not among what was found.
func (c *check) absent(found map[string]bool) {
	for digest, n := range c.named {
		if !found[digest] {
			c.missing = true
			c.problem(&n.entry, "sha256:"+digest, "%s is missing", n.What)
		}
	}
}

// artefact compares one file of the vault with its digests.
func (c *check) artefact(ctx context.Context, v *vault.Vault, info vault.Info) error {
	n, named := c.named[info.Digest]
	entry, what := &n.entry, cmp.Or(n.What, "an artefact that no entry names")
	if !named {
		entry = nil
		c.v.Unnamed++
	}
	where := "vault/" + info.Path()
	got, err := v.Verify(ctx, info)
	switch {
	case errors.Is(err, vault.ErrAltered):
		c.bad(entry, where, "%s is not what its digest was taken of", what)
	case errors.Is(err, fs.ErrNotExist): // between the listing and the look
		c.missing = true
		c.problem(entry, where, "%s is missing", what)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		c.unsure(entry, where, "%s cannot be read: %v", what, err)
	case !named:
	case got.Plain:
		c.v.Present++
	case n.Stored == info.Stored:
		c.v.Present++
		c.v.Sealed++
	case n.Stored != "":
		c.bad(entry, where, "%s lies in another encrypted file than the one that was recorded", what)
	default:
		c.unsure(entry, where, "%s is encrypted, and the record knows its plain bytes alone: pass --identity", what)
	}
	return nil
}

// checkpoints checks every time-stamp, and the checkpoint that was given.
func (c *check) checkpoints() {
	c.v.Stamps = len(c.stamps)
	untrusted := 0
	for _, s := range c.stamps {
		at, err := c.stamp(s)
		switch {
		case errors.Is(err, timestamp.ErrUntrusted):
			untrusted++
		case err != nil:
			c.bad(&s.entry, "", "time-stamp: %v", err)
		default:
			c.v.Anchors = append(c.v.Anchors, Anchor{By: "the time-stamp authority " + at.Authority, Size: s.Size, At: &at.At, Qualified: at.Qualified, Entry: &s.entry})
		}
	}
	if untrusted > 0 {
		last := c.stamps[len(c.stamps)-1]
		why := "none of the root certificates given vouches for it"
		if c.o.Roots == nil {
			why = "pass its root certificate with --roots"
		}
		c.note("%d time-stamp(s) fit, and whose they are is not proven: the newest is said to be of %s, %s; %s", untrusted, last.Authority, last.At.UTC().Format("2006-01-02T15:04:05Z"), why)
	}
	for _, k := range c.kept() {
		c.given(k)
	}
}

// stamp checks one time-stamp: the checkpoint in it is signed with the
// journal's key, the entries still have its root, and the token is for it.
func (c *check) stamp(s stamp) (timestamp.Stamp, error) {
	head, err := journal.CheckHead([]byte(s.Checkpoint), c.v.Journal.Key)
	if err != nil {
		return timestamp.Stamp{}, err
	}
	if head.Size != s.Size {
		return timestamp.Stamp{}, fmt.Errorf("its checkpoint is of %d entries and not of %d", head.Size, s.Size)
	}
	if root, ok := c.v.Journal.Prefixes[head.Size]; ok && root != head.Root || !ok && !c.altered {
		return timestamp.Stamp{}, fmt.Errorf("the first %d entries are not those that were time-stamped", head.Size)
	}
	digest := sha256.Sum256([]byte(s.Checkpoint))
	if hex.EncodeToString(digest[:]) != s.SHA256 {
		return timestamp.Stamp{}, errors.New("its checkpoint is not the one that was time-stamped")
	}
	return timestamp.Verify(s.Token, digest, c.o.Roots)
}

// given compares with a head that was kept elsewhere.
func (c *check) given(k Kept) {
	head, err := journal.CheckHead(k.Note, c.v.Journal.Key)
	switch {
	case err != nil:
		c.bad(nil, k.By, "%v", err)
	case head.Size > c.v.Journal.Size:
		c.bad(nil, k.By, "it is of %d entries, and only %d are left", head.Size, c.v.Journal.Size)
	case c.altered: // and named already
	case c.v.Journal.Prefixes[head.Size] != head.Root:
		c.bad(nil, k.By, "the first %d entries are not those it was signed for", head.Size)
	default:
		c.v.Anchors = append(c.v.Anchors, Anchor{By: k.By, Size: head.Size, At: k.At})
	}
}
