package offsite

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestSegmentNames(t *testing.T) {
	for _, suffix := range []string{".zst", ".zst.age"} {
		if from, to, ok := parseSegment(segmentKey(41, 1<<40, suffix)); !ok || from != 41 || to != 1<<40 {
			t.Errorf("%s reads as %d to %d, %t", segmentKey(41, 1<<40, suffix), from, to, ok)
		}
	}
	for _, name := range []string{
		"", segmentDir, segmentKey(1, 2, ""), segmentKey(1, 2, ".gz"), segmentKey(2, 2, ".zst"), segmentKey(3, 2, ".zst"),
		"x" + segmentKey(1, 2, ".zst"), strings.Replace(segmentKey(1, 2, ".zst"), "00001-", "+0001-", 1), strings.Replace(segmentKey(1, 2, ".zst"), "-", "_", 1),
	} {
		if from, to, ok := parseSegment(name); ok {
			t.Errorf("%q reads as %d to %d", name, from, to)
		}
	}
}

// A crash in the middle of a line costs that line alone.
func TestNotesAfterACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offsite.jsonl")
	add := func(key string) {
		t.Helper()
		n, err := openNotes(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(n.add(Copy{Key: key}), n.close()); err != nil {
			t.Fatal(err)
		}
	}
	add("first")
	add("second")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := strings.Index(string(whole), "\n") + 1
	for cut := second; cut < len(whole); cut++ {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		add("second")
		if got, err := os.ReadFile(path); err != nil || string(got) != string(whole) {
			t.Fatalf("cut at %d: %q, %v", cut, got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestConfigNamesMistakesAndNoSecrets(t *testing.T) {
	good := Config{Endpoint: "https://s3.example", Bucket: "evidence", AccessKey: "the-id", SecretKey: "the-secret"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for says, c := range map[string]Config{
		"endpoint":     {Endpoint: "s3.example", Bucket: "evidence", AccessKey: "the-id", SecretKey: "the-secret"},
		"bucket":       {Endpoint: "https://s3.example", Bucket: "E", AccessKey: "the-id", SecretKey: "the-secret"},
		"prefix":       {Endpoint: "https://s3.example", Bucket: "evidence", Prefix: "x", AccessKey: "the-id", SecretKey: "the-secret"},
		"access key":   {Endpoint: "https://s3.example", Bucket: "evidence", SecretKey: "the-secret"},
		"mode":         {Endpoint: "https://s3.example", Bucket: "evidence", AccessKey: "the-id", SecretKey: "the-secret", Mode: "locked"},
		"1d to 3660d":  {Endpoint: "https://s3.example", Bucket: "evidence", AccessKey: "the-id", SecretKey: "the-secret", Retention: time.Hour},
		"out of bound": {Endpoint: "https://s3.example", Bucket: "evidence", AccessKey: "the-id", SecretKey: "the-secret", Retention: MaxRetention + 1},
	} {
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want words on %s", err, says)
		}
		for _, text := range []string{fmt.Sprint(err), fmt.Sprint(c), fmt.Sprintf("%#v", c), fmt.Sprintf("%+v", &c)} {
			if strings.Contains(text, "the-") {
				t.Errorf("shows a credential: %s", text)
			}
		}
	}
}

// A server that stops in the middle of an answer is given up.
func TestStalledConnectionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := &lively{ours, stallWithin}
		start := time.Now()
		go func() {
			for range 3 { // slow is not stalled
				time.Sleep(stallWithin - time.Second)
				if _, err := theirs.Write([]byte("x")); err != nil {
					t.Error(err)
				}
			}
		}()
		n := 0
		for {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
				}
				break
			}
			n++
		}
		if took := time.Since(start); n != 3 || took != 4*stallWithin-3*time.Second {
			t.Errorf("ended after %s and %d bytes", took, n)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a write that nobody reads: %v", err)
		}
	})
}

// A bucket that is away for an hour is asked about once a minute, to the end, and
// the log says so twice: when it goes and when it is back.
func TestBucketAwayForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := &Copier{o: Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
		reg := prometheus.NewRegistry()
		c.metrics = newMetrics(nil, c)
		reg.MustRegister(c.metrics.failures)
		began, tries := time.Now(), 0
		var longest time.Duration
		last := began
		done := c.persist(t.Context(), "copy a segment of the journal", func() error {
			tries++
			longest, last = max(longest, time.Since(last)), time.Now()
			if time.Since(began) < time.Hour {
				return errors.New("connection refused")
			}
			return nil
		})
		if took := time.Since(began); !done || took < time.Hour || took > time.Hour+2*lastPause {
			t.Errorf("done: %v after %s", done, took)
		}
		if tries < 40 || tries > 150 || longest > 2*lastPause {
			t.Errorf("%d tries, %s between two of them", tries, longest)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "connection refused") || !strings.Contains(log.String(), "goes on") {
			t.Errorf("%d lines in the log:\n%s", n, log.String())
		}
		families, err := reg.Gather()
		if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetCounter().GetValue() != float64(tries-1) {
			t.Errorf("the metric counts %v of %d failures, %v", families, tries-1, err)
		}
	})
}
