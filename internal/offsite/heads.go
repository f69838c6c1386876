package offsite

import (
	"context"
	"fmt"
	"time"
)

// Head is a signed head of the journal as the bucket keeps it.
type Head struct {
	Note []byte // a checkpoint; nobody has checked its signature
	// Copy is the version it was read from. Its SHA256 and CopiedAt are left out.
	Copy
	// PutAt is when the bucket got it, by its own clock, UTC.
	PutAt time.Time
}

// String says where it is kept, and how firmly.
func (h Head) String() string {
	s := fmt.Sprintf("the off-site copy (%s, version %s, locked in %s mode until %s", h.Key, h.VersionID, h.Mode, h.RetainUntil.Format("2006-01-02"))
	if h.LegalHold {
		s += ", under legal hold"
	}
	return s + ")"
}

// looks is how many heads of a month are looked at for one that is locked.
const looks = 8

// Heads reads signed heads from the bucket, oldest first: of each month, by the
// bucket's clock, the last one that it says is still locked, so that of any entry
// it can be said since when it has been out of our hands. Of each only the first
// version counts: a later one is somebody else's.
func Heads(ctx context.Context, c Config) ([]Head, error) {
	b, err := openBucket(c, time.Now)
	if err != nil {
		return nil, err
	}
	var months [][]object // the last few of each, newest first
	for o, err := range b.objects(ctx, checkpointDir) {
		if err != nil {
			return nil, err
		}
		if n := len(months); n > 0 && month(months[n-1][0].put[0]) == month(o.put[0]) {
			months[n-1] = append([]object{o}, months[n-1][:min(len(months[n-1]), looks-1)]...)
			continue
		}
		months = append(months, []object{o})
	}
	var heads []Head
	for _, newestFirst := range months {
		for _, o := range newestFirst {
			h, locked, err := b.lockedHead(ctx, o)
			if err != nil {
				return nil, err
			}
			if locked {
				heads = append(heads, h)
				break
			}
		}
	}
	return heads, nil
}

// lockedHead reads the first version of an object, where the bucket says that it
// is locked.
func (b *bucket) lockedHead(ctx context.Context, o object) (h Head, locked bool, err error) {
	h.PutAt = o.put[0].UTC()
	if h.Copy, err = b.head(ctx, o.key, o.versions[0]); err != nil {
		return Head{}, false, fmt.Errorf("look at %s: %w", o.key, err)
	}
	if !h.RetainUntil.After(b.now()) && !h.LegalHold {
		return Head{}, false, nil
	}
	h.Note, err = b.getBytes(ctx, o.key, o.versions[0], maxSmallObject)
	return h, err == nil, err
}

func month(t time.Time) string { return t.UTC().Format("2006-01") }
