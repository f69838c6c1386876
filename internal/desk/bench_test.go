package desk

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
)

// nFold is the journal that a start is measured with: a million entries is
// some years of a busy service.
const nFold = 1_000_000

// BenchmarkFold is a start of the service on a journal of a million entries;
// with -short, of a fiftieth.
func BenchmarkFold(b *testing.B) {
	n := nFold
	if testing.Short() {
		n /= 50
	}
	store, err := journal.Open(b.TempDir(), journal.Options{Name: "bench", NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	}()
	fill(b, store, n)
	runtime.GC()
	var state *incident.State
	for b.Loop() {
		if state, err = fold(b.Context(), store); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(state.Size), "ns/entry")
	b.ReportMetric(float64(peak(b))/(1<<20), "peak-RSS-MiB")
	b.ReportMetric(float64(heap())/(1<<20), "heap-MiB")
	b.ReportMetric(float64(len(state.IDs())), "incidents")
}

// BenchmarkOpenIncidents is the memory that ten thousand open incidents take.
func BenchmarkOpenIncidents(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		before := heap()
		rules, state := testRules(), incident.NewState()
		now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
		for i := range n {
			body := receive(fmt.Sprintf("Alert%d", i), now)
			if _, _, err := rules.Execute(state, now, body); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/n, "B/incident")
		b.ReportMetric(float64(heap())/(1<<20), "heap-MiB")
		runtime.KeepAlive(state)
	}
}

// BenchmarkDo is one durable command from many callers at once.
func BenchmarkDo(b *testing.B) {
	store, err := journal.Open(b.TempDir(), journal.Options{Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	d := mustOpen(b, store)
	b.Cleanup(func() {
		d.Close()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	id, err := d.Do(b.Context(), declare("a", time.Now()))
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(100)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := d.Do(b.Context(), note(id.(incident.ID), "x")); err != nil {
				b.Error(err)
			}
		}
	})
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// peak is the most memory the process has had resident, in bytes; 0 where the
// system does not say.
func peak(b *testing.B) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb << 10
		}
	}
	return 0
}
