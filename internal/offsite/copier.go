package offsite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"nis2clock/internal/journal"
	"nis2clock/internal/vault"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// A Log is what is copied of a journal; [journal.Store] is one.
type Log interface {
	Grown() (journal.Head, <-chan struct{})
	Segment(ctx context.Context, from uint64, limit int) (data []byte, to uint64, err error)
	CheckpointAt(size uint64) ([]byte, error)
	Read(ctx context.Context, from, to uint64) iter.Seq2[journal.Entry, error]
	VerifierKey() string
}

// Options is what a copier is made of.
type Options struct {
	Config Config
	Log    Log
	Vault  *vault.Vault

	// Seal says how segments are compressed and to whom they are encrypted; the
	// vault's own options.
	Seal vault.Options

	// SigningKey is the text of the journal's signing key. It is copied, encrypted,
	// if Seal has recipients; empty, it stays at home.
	SigningKey string `json:"-"`

	// File is where copies are noted, offsite.jsonl in the data folder; empty for
	// nowhere.
	File string

	Logger   *slog.Logger
	Register prometheus.Registerer // nil for no metrics

	// Now is the clock of lags and retention; nil means [time.Now].
	Now func() time.Time

	// Gather is how long a copy waits for more entries to go along; 0 means 1 s.
	Gather time.Duration
}

// segmentLimit is about how large a segment is, in bytes before compression.
const segmentLimit = 8 << 20

// Pauses between tries: they grow from the first to the last, with jitter.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// A Copier copies. It is safe for concurrent use.
type Copier struct {
	o       Options
	bucket  *bucket
	note    *notes
	metrics *metrics
	started time.Time

	copied atomic.Uint64 // the bucket holds the entries before this one
	known  atomic.Bool   // copied has been asked for

	// behind is since when an artefact waits, in Unix nanoseconds; 0 when none does.
	behind atomic.Int64

	// seen are artefacts that the bucket surely has, so that it is not asked for
	// each time an entry names one. Only the goroutine that copies artefacts uses it.
	seen map[string]bool
}

// New makes a copier. It does not ask the bucket yet.
func New(o Options) (*Copier, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Gather == 0 {
		o.Gather = time.Second
	}
	b, err := openBucket(o.Config, o.Now)
	if err != nil {
		return nil, err
	}
	n, err := openNotes(o.File)
	if err != nil {
		return nil, err
	}
	c := &Copier{o: o, bucket: b, note: n, started: o.Now(), seen: map[string]bool{}}
	c.behind.Store(c.started.UnixNano())
	c.metrics = newMetrics(o.Register, c)
	return c, nil
}

// Close lets go of offsite.jsonl. Run must have ended.
func (c *Copier) Close() error { return c.note.close() }

// Check asks the bucket whether it can hold the copy, and what it holds. The
// error is [ErrRefused] when it cannot; any other error, as of a bucket that is
// out of reach, may pass, and Run asks again.
func (c *Copier) Check(ctx context.Context) error {
	if err := c.bucket.check(ctx); err != nil {
		return err
	}
	if err := c.claim(ctx); err != nil {
		return err
	}
	if err := c.deposit(ctx); err != nil {
		return err
	}
	to, err := c.held(ctx)
	if err != nil {
		return err
	}
	c.copied.Store(to)
	c.known.Store(true)
	return nil
}

// claim makes the prefix this journal's, or finds that it is another's.
func (c *Copier) claim(ctx context.Context) error {
	key := c.o.Log.VerifierKey()
	there, err := c.bucket.getBytes(ctx, pubKey, "", maxSmallObject)
	switch {
	case err == nil && string(there) == key+"\n":
		return nil
	case err == nil:
		return fmt.Errorf("%w: below prefix %q lies the copy of another journal: choose another prefix", ErrRefused, c.o.Config.Prefix)
	case !errors.Is(err, errAbsent):
		return err
	}
	return c.copyBytes(ctx, pubKey, []byte(key+"\n"))
}

// deposit copies the signing key, if it may leave the house and is not there yet.
func (c *Copier) deposit(ctx context.Context) error {
	if c.o.SigningKey == "" || len(c.o.Seal.Recipients) == 0 {
		return nil
	}
	if _, err := c.bucket.head(ctx, signerKey, ""); err == nil || !absent(err) {
		return err
	}
	sealed, _, err := c.o.Seal.Encode([]byte(c.o.SigningKey))
	if err != nil {
		return err
	}
	return c.copyBytes(ctx, signerKey, sealed)
}

// held returns up to which entry the bucket holds the journal, and compares its
// newest head with the journal's own at that size.
func (c *Copier) held(ctx context.Context) (uint64, error) {
	var to uint64
	for key, err := range c.bucket.names(ctx, segmentDir) {
		if err != nil {
			return 0, err
		}
		if from, end, ok := parseSegment(key); ok && from <= to {
			to = max(to, end)
		}
	}
	if to == 0 {
		return 0, nil
	}
	head, _ := c.o.Log.Grown()
	if to > head.Size {
		return 0, fmt.Errorf("%w: it holds %d entries and the journal %d: the journal has lost entries, restore it with `nis2clock restore --from-bucket`", ErrRefused, to, head.Size)
	}
	ours, err := c.o.Log.CheckpointAt(to)
	if err != nil {
		return 0, err
	}
	theirs, err := c.bucket.getBytes(ctx, checkpointKey(to), "", maxSmallObject)
	if errors.Is(err, errAbsent) { // a crash came between a segment and its head
		return to, c.copyBytes(ctx, checkpointKey(to), ours)
	}
	if err == nil && string(theirs) != string(ours) {
		return 0, fmt.Errorf("%w: its head of %d entries is not that of this journal: one of them has been altered: run nis2clock verify, and choose another prefix only when you know which", ErrRefused, to)
	}
	return to, err
}

// Run copies until ctx ends. It checks first if Check has not passed.
func (c *Copier) Run(ctx context.Context) {
	if !c.known.Load() && !c.persist(ctx, "check the bucket", func() error { return c.Check(ctx) }) {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.copyJournal(ctx) })
	wg.Go(func() { c.copyArtefacts(ctx) })
	wg.Wait()
}

// persist does something until it succeeds. It reports false when ctx ended first.
func (c *Copier) persist(ctx context.Context, what string, do func() error) bool {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = firstPause, lastPause
	tries := 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := ctx.Err()
		if err == nil {
			err = do()
		}
		return struct{}{}, err
	}, backoff.WithBackOff(b), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, _ time.Duration) {
		if ctx.Err() != nil {
			return
		}
		c.metrics.failures.Inc()
		if tries++; tries == 1 { // once is enough: the lag shows the rest
			c.o.Logger.Error("The off-site copy waits, and is tried again", "what", what, "err", err)
		}
	}))
	if err == nil && tries > 0 {
		c.o.Logger.Info("The off-site copy goes on", "what", what, "tries", tries+1)
	}
	return err == nil
}

// copyJournal follows the journal.
func (c *Copier) copyJournal(ctx context.Context) {
	for {
		head, grown := c.o.Log.Grown()
		if c.copied.Load() == head.Size {
			if !wait(ctx, grown, c.o.Gather) {
				return
			}
			continue
		}
		if !c.persist(ctx, "copy a segment of the journal", func() error { return c.copySegment(ctx) }) {
			return
		}
	}
}

// wait waits for more, and then for what comes along with it. It reports false
// when ctx ended first.
func wait(ctx context.Context, grown <-chan struct{}, gather time.Duration) bool {
	select {
	case <-grown:
	case <-ctx.Done():
		return false
	}
	t := time.NewTimer(gather)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// copySegment copies the next segment and the head at its end.
func (c *Copier) copySegment(ctx context.Context) error {
	from := c.copied.Load()
	data, to, err := c.o.Log.Segment(ctx, from, segmentLimit)
	if err != nil {
		return err
	}
	stored, suffix, err := c.o.Seal.Encode(data)
	if err != nil {
		return err
	}
	if err := c.copyBytes(ctx, segmentKey(from, to, suffix), stored); err != nil {
		return err
	}
	head, err := c.o.Log.CheckpointAt(to)
	if err != nil {
		return err
	}
	if err := c.copyBytes(ctx, checkpointKey(to), head); err != nil {
		return err
	}
	c.copied.Store(to)
	return nil
}

func (c *Copier) copyBytes(ctx context.Context, key string, data []byte) error {
	done, err := c.bucket.putBytes(ctx, key, data)
	return c.noted(done, err)
}

func (c *Copier) copyStream(ctx context.Context, key, sha256Hex string, size int64, body io.Reader) error {
	done, err := c.bucket.put(ctx, key, sha256Hex, size, body)
	return c.noted(done, err)
}

// noted counts and notes a copy that was made.
func (c *Copier) noted(done Copy, err error) error {
	if err != nil {
		return err
	}
	c.metrics.objects.Inc()
	c.metrics.bytes.Add(float64(done.Size))
	return c.note.add(done)
}

// lag is for how long the oldest entry and the oldest artefact have waited.
func (c *Copier) lag(ctx context.Context) (journal, artefacts time.Duration) {
	now := c.o.Now()
	if at := c.behind.Load(); at != 0 {
		artefacts = max(0, now.Sub(time.Unix(0, at)))
	}
	if !c.known.Load() {
		return max(0, now.Sub(c.started)), artefacts
	}
	from := c.copied.Load()
	if head, _ := c.o.Log.Grown(); from == head.Size {
		return 0, artefacts
	}
	for e, err := range c.o.Log.Read(ctx, from, from+1) {
		if err == nil {
			journal = max(0, now.Sub(e.At))
		}
	}
	return journal, artefacts
}
