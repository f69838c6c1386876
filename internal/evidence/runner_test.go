package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
)

// collector is made of a function.
type collector struct {
	source evidence.Source
	run    func(context.Context, *evidence.Recorder) error
}

func (c collector) Source() evidence.Source { return c.source }

func (c collector) Collect(ctx context.Context, _ evidence.Request, rec *evidence.Recorder) error {
	return c.run(ctx, rec)
}

func named(name string, run func(context.Context, *evidence.Recorder) error) collector {
	return collector{evidence.Source{Name: name, Timeout: 10 * time.Second, MaxBytes: 100}.As("test"), run}
}

// write is a fetch that writes so much.
func write(n int) func(context.Context, *evidence.Capture) error {
	return func(_ context.Context, c *evidence.Capture) error {
		_, err := c.Write([]byte(strings.Repeat("x", n)))
		return err
	}
}

func run(t *testing.T, sink evidence.Sink, all ...evidence.Collector) map[string][]evidence.Artefact {
	t.Helper()
	r, err := evidence.NewRunner(sink, time.Now, all...)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]evidence.Artefact{}
	r.Run(t.Context(), evidence.Request{}, r.Names(), func(o evidence.Outcome) { out[o.Collector] = o.Artefacts })
	return out
}

// One collector that misbehaves costs a failed artefact of its own, and its
// neighbours nothing.
func TestRunnerBoundsWhatCollectorsDo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		run   func(context.Context, *evidence.Recorder) error
		takes time.Duration
		kinds string // of its artefacts
		want  string // in the last error
		retry bool
		bytes int64 // of the last
	}{
		{"fails before it asks", func(context.Context, *evidence.Recorder) error { return evidence.Fail(true, "no way there") }, 0, "test", "no way there", true, 0},
		{"says nothing", func(context.Context, *evidence.Recorder) error { return nil }, 0, "test", "captured nothing", false, 0},
		{"panics before it asks", func(context.Context, *evidence.Recorder) error { panic("oh") }, 0, "test", "the collector broke: oh", false, 0},
		{"panics in an artefact", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "first", write(5))
			rec.Take(ctx, "second", func(_ context.Context, c *evidence.Capture) error {
				if _, err := c.Write([]byte("half")); err != nil {
					return err
				}
				panic("oh")
			})
			return nil
		}, 0, "first second", "the collector broke: oh", false, 4},
		{"takes too long and notices", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "slow", func(ctx context.Context, c *evidence.Capture) error {
				if _, err := c.Write([]byte("half")); err != nil {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			})
			return nil
		}, 10 * time.Second, "slow", "not done within its timeout of 10s", true, 4},
		{"too many bytes", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "large", write(101))
			return nil
		}, 0, "large", "cut: there is more than the 100 bytes that max_bytes allows", false, 100},
		{"too many bytes in all", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "one", write(60))
			rec.Take(ctx, "two", write(60))
			return nil
		}, 0, "one two", "cut:", false, 40},
		{"exactly so many", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "full", write(100))
			return nil
		}, 0, "full", "", false, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				got := run(t, evidencetest.NewSink(t), named("bad", tt.run), named("good", func(ctx context.Context, rec *evidence.Recorder) error {
					rec.Take(ctx, "fine", write(10))
					return nil
				}))
				if took := time.Since(begun); took != tt.takes {
					t.Errorf("it took %s, want %s", took, tt.takes)
				}
				if good := got["good"]; len(good) != 1 || !good[0].Complete || good[0].Bytes != 10 {
					t.Errorf("the other collector came to %+v", good)
				}
				var kinds []string
				for _, a := range got["bad"] {
					kinds = append(kinds, a.Kind)
				}
				if strings.Join(kinds, " ") != tt.kinds {
					t.Fatalf("artefacts of kinds %q, want %q", kinds, tt.kinds)
				}
				last := got["bad"][len(kinds)-1]
				if !strings.Contains(last.Error, tt.want) || (last.Error == "") != (tt.want == "") || last.Retry != tt.retry || last.Bytes != tt.bytes || last.Complete != (tt.want == "") {
					t.Errorf("got %+v, want %d bytes and the error %q", last, tt.bytes, tt.want)
				}
			})
		})
	}
}

// A collector that never comes back is left behind; what it had captured
// stands, what it does later changes nothing, and it does not pile up.
func TestRunnerLeavesBehindWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var late atomic.Value
		hang := named("hang", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "first", write(5))
			rec.Take(ctx, "second", func(_ context.Context, c *evidence.Capture) error {
				if _, err := c.Write([]byte("half")); err != nil {
					return err
				}
				<-free
				_, err := c.Write([]byte("late"))
				late.Store(fmt.Sprint(err))
				return nil
			})
			return nil
		})
		r, err := evidence.NewRunner(evidencetest.NewSink(t), time.Now, hang)
		if err != nil {
			t.Fatal(err)
		}
		once := func() (all []evidence.Artefact, took time.Duration) {
			begun := time.Now()
			r.Run(t.Context(), evidence.Request{}, r.Names(), func(o evidence.Outcome) { all = o.Artefacts })
			return all, time.Since(begun)
		}
		for range 4 {
			got, took := once()
			if took != 11*time.Second || len(got) != 2 || !got[0].Complete || got[1].Kind != "second" || !got[1].Retry || !strings.Contains(got[1].Error, "timeout of 10s") {
				t.Errorf("after %s: %+v", took, got)
			}
		}
		got, took := once()
		if took != 10*time.Second || len(got) != 1 || !strings.Contains(got[0].Error, "4 earlier runs of it are not over") || !got[0].Retry {
			t.Errorf("the fifth run, after %s: %+v", took, got)
		}
		close(free)
		synctest.Wait()
		if late.Load() != "the capture has ended" {
			t.Errorf("a write after it was given up: %v", late.Load())
		}
		if got, took := once(); took != 0 || len(got) != 2 || !got[1].Complete {
			t.Errorf("once it is free, after %s: %+v", took, got)
		}
	})
}

func TestRunnerStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := named("slow", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "slow", func(ctx context.Context, _ *evidence.Capture) error { <-ctx.Done(); return ctx.Err() })
			return nil
		})
		r, err := evidence.NewRunner(evidencetest.NewSink(t), time.Now, slow)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		var got []evidence.Artefact
		r.Run(ctx, evidence.Request{}, []string{"slow", "gone"}, func(o evidence.Outcome) { got = append(got, o.Artefacts...) })
		slices.SortFunc(got, func(a, b evidence.Artefact) int { return strings.Compare(a.Collector, b.Collector) })
		if len(got) != 2 || !strings.Contains(got[0].Error, "no collector of this name") || got[1].Error != "stopped before it was done" || !got[1].Retry {
			t.Errorf("got %+v", got)
		}
	})
}

// broken is a sink on a full disk.
type broken struct{ create, write, commit error }

func (b broken) Create() (evidence.Draft, error) { return b, b.create }
func (b broken) Write(p []byte) (int, error)     { return len(p) / 2, b.write }
func (b broken) Commit() (string, error)         { return "", b.commit }
func (b broken) Discard() error                  { return nil }

func TestFullDiskIsRecordedAndTriedAgain(t *testing.T) {
	full := errors.New("no space left on device")
	for name, sink := range map[string]broken{"create": {create: full}, "write": {write: full}, "commit": {commit: full}} {
		got := run(t, sink, named("c", func(ctx context.Context, rec *evidence.Recorder) error {
			rec.Take(ctx, "k", func(_ context.Context, c *evidence.Capture) error {
				_, err := io.Copy(c, strings.NewReader("bytes"))
				return err
			})
			return nil
		}))["c"]
		if len(got) != 1 || got[0].Complete || !got[0].Retry || got[0].Digest != "" || got[0].Bytes != 0 || !strings.Contains(got[0].Error, "could not be kept") {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestNewRunnerRefuses(t *testing.T) {
	none := func(context.Context, *evidence.Recorder) error { return nil }
	for want, all := range map[string][]evidence.Collector{
		"no name":       {collector{evidence.Source{}.As("test"), none}},
		"are named":     {named("a", none), named("a", none)},
		"spend no time": {collector{evidence.Source{Name: "a"}, none}},
	} {
		if _, err := evidence.NewRunner(nil, time.Now, all...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// What is done is told at once, whatever the others do: after a crash in the
// middle it is recorded.
func TestOutcomesComeAsTheyAreDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after := func(d time.Duration) func(context.Context, *evidence.Recorder) error {
			return func(ctx context.Context, rec *evidence.Recorder) error {
				rec.Take(ctx, "k", func(ctx context.Context, _ *evidence.Capture) error {
					select {
					case <-time.After(d):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
				return nil
			}
		}
		r, err := evidence.NewRunner(evidencetest.NewSink(t), time.Now, named("slow", after(time.Minute)), named("fast", after(0)), named("middle", after(3*time.Second)))
		if err != nil {
			t.Fatal(err)
		}
		begun, told := time.Now(), []string{}
		r.Run(t.Context(), evidence.Request{}, r.Names(), func(o evidence.Outcome) {
			told = append(told, fmt.Sprintf("%s after %s, retry %t", o.Collector, time.Since(begun), o.Retry()))
		})
		want := []string{"fast after 0s, retry false", "middle after 3s, retry false", "slow after 10s, retry true"}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}
