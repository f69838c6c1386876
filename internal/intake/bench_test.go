//go:build linux

package intake

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nis2clock/internal/journal"
)

// connections is how many senders post at the same time.
const connections = 64

// BenchmarkIntake measures the way in against its own floor, in one run:
//
//   - bare and bare-again: an HTTP handler that reads the same bodies and
//     answers, before and after what is compared with it;
//   - fdatasync: a loop of 1 KiB appends to a file, each synced;
//   - durable-floor: a handler that reads the bodies as JSON and commits each to
//     a bbolt file with whatever else waits, and nothing else;
//   - new-alert: the webhook handler, every body one alert that opens an
//     incident, every 200 durable;
//   - storm and storm-one-incident: 20 000 alerts in one body; peak-MiB is the
//     resident memory of the whole process, the sender's body included.
//
// bare-again reports as x-bare the rate of new-alert over the faster of the
// two bare handlers: a floor that other work on the machine slowed down must not
// make the ratio look better than it is. x-floor is the rate over that of durable-floor,
// which ran right before.
//
// The senders run in the same process on 64 kept-alive connections; they write
// prebuilt requests and read no more of an answer than they must, so that most
// of what is measured is the server's.
func BenchmarkIntake(b *testing.B) {
	floor := func(b *testing.B) float64 {
		return storm(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			if _, err := io.WriteString(w, "{}\n"); err != nil {
				b.Error(err)
			}
		}))
	}
	var before, durable, rate float64
	b.Run("bare", func(b *testing.B) { before = floor(b) })
	b.Run("fdatasync", benchmarkDisk)
	b.Run("durable-floor", func(b *testing.B) {
		round := &scope{TB: b}
		defer round.end()
		durable = storm(b, durableFloor(round))
	})
	b.Run("new-alert", func(b *testing.B) {
		round := &scope{TB: b}
		defer round.end()
		d := durableDoor(round)
		rate = storm(b, d.handler)
		if got := len(d.ids()); got != b.N {
			b.Errorf("%d incidents from %d alerts", got, b.N)
		}
	})
	b.Run("bare-again", func(b *testing.B) {
		if after := floor(b); rate > 0 {
			b.ReportMetric(rate/max(before, after), "x-bare")
			b.ReportMetric(rate/durable, "x-floor")
		}
	})
	b.Run("storm", func(b *testing.B) {
		benchmarkStorm(b, 20_000, func(n int) string { return reportable("Storm" + strconv.Itoa(n)) })
	})
	b.Run("storm-one-incident", func(b *testing.B) {
		benchmarkStorm(b, 1, func(n int) string { return reportable("Storm", "instance", strconv.Itoa(n)) })
	})
}

// scope ends what was begun for one round of a benchmark before the next.
type scope struct {
	testing.TB
	after []func()
}

// Cleanup implements [testing.TB].
func (s *scope) Cleanup(f func()) { s.after = append(s.after, f) }

func (s *scope) end() {
	for _, f := range slices.Backward(s.after) {
		f()
	}
}

// durableDoor is a handler over a journal that syncs.
func durableDoor(b testing.TB) *door {
	b.Helper()
	log, err := journal.Open(b.TempDir(), journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	})
	return openDoor(b, log, func(o *Options) { o.Logger = slog.New(slog.DiscardHandler) })
}

// storm sends b.N bodies of one alert each and returns the requests per second.
func storm(b *testing.B, h http.Handler) float64 {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		if err := server.Close(); err != nil {
			b.Error(err)
		}
		<-served
	}()
	var next atomic.Int64
	took := make([]time.Duration, b.N)
	senders := make([]*sender, min(connections, b.N))
	for n := range senders {
		if senders[n], err = dial(l.Addr().String()); err != nil {
			b.Fatal(err)
		}
		defer senders[n].close(b)
	}
	runtime.GC()
	before := cpuTime(b)
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, s := range senders {
		wg.Go(func() {
			for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
				start := time.Now()
				if err := s.post(n); err != nil {
					b.Error(err)
					return
				}
				took[n] = time.Since(start)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-before)/1e3/float64(b.N), "cpu-µs/req")
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "req/s")
	percentiles(b, took)
	return rate
}

// cpuTime is what the process, its collector of garbage and the kernel on its
// behalf have used of the processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// sender is one kept-alive connection.
type sender struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	mark int // where the alert's number stands
	ms   int // where the milliseconds of its start stand
}

const digits = 9

func dial(addr string) (*sender, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	const mark = "Alert#########" // digits of them
	content := recorded(mark)
	out := []byte(fmt.Sprintf("POST /webhook/alertmanager HTTP/1.1\r\nHost: %s\r\nUser-Agent: Alertmanager/0.34.2\r\n"+
		"Authorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", addr, intakeToken, len(content), content))
	return &sender{
		conn: conn, in: bufio.NewReader(conn), out: out,
		mark: bytes.Index(out, []byte(mark)) + len(mark) - digits, ms: bytes.Index(out, []byte(milliseconds)) + 1,
	}, nil
}

// milliseconds ends the start of a recorded alert; each that is posted has its own.
const milliseconds = ".157Z"

// recorded is a body like those Alertmanager 0.34 sends, of one alert.
func recorded(name string) string {
	return `{"receiver":"nis2","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"` + name + `","job":"payments","instance":"10.0.0.7:9100",` +
		`"nis2_reportable":"true","nis2_service":"payments","severity":"critical"},"annotations":{"description":"More than 5 percent of payments fail since five minutes.",` +
		`"runbook_url":"https://runbooks.example/payments","summary":"Payments fail"},"startsAt":"2026-11-22T11:04:59.157Z","endsAt":"0001-01-01T00:00:00Z",` +
		`"generatorURL":"http://prometheus:9090/graph?g0.expr=sum%28rate%28payments_failed_total%5B5m%5D%29%29+%3E+0.05&g0.tab=1"}],` +
		`"notification_reason":"first notification","groupLabels":{"nis2_reportable":"true"},"commonLabels":{"nis2_reportable":"true","severity":"critical"},` +
		`"commonAnnotations":{"summary":"Payments fail"},"routeLabels":{},"externalURL":"http://alertmanager:9093","version":"4",` +
		`"groupKey":"{}/{nis2_reportable=\"true\"}:{nis2_reportable=\"true\"}","truncatedAlerts":0}` + "\n"
}

var (
	statusOK      = []byte("HTTP/1.1 200 ")
	contentLength = []byte("Content-Length: ")
)

// post sends the body with the alert of number n and reads the answer.
func (s *sender) post(n int) error {
	number(s.out[s.ms:s.ms+len("157")], n)
	number(s.out[s.mark:s.mark+digits], n)
	if _, err := s.conn.Write(s.out); err != nil {
		return err
	}
	line, err := s.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, statusOK) {
		return fmt.Errorf("answered %q", line)
	}
	size := 0
	for len(line) > len("\r\n") {
		if line, err = s.in.ReadSlice('\n'); err != nil {
			return err
		}
		if v, ok := bytes.CutPrefix(line, contentLength); ok {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return err
			}
		}
	}
	_, err = s.in.Discard(size)
	return err
}

// number writes the last digits of n, as many as there is room for.
func number(to []byte, n int) {
	for at := len(to) - 1; at >= 0; at-- {
		to[at] = byte('0' + n%10)
		n /= 10
	}
}

func (s *sender) close(b *testing.B) {
	if err := s.conn.Close(); err != nil {
		b.Error(err)
	}
}

// percentiles reports the median and the 99th percentile of the durations.
func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
}

func benchmarkDisk(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	block := make([]byte, 1<<10)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	percentiles(b, took)
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// benchmarkStorm sends 20 000 alerts in one body to a new service, again and
// again, and expects them to open that many incidents.
func benchmarkStorm(b *testing.B, incidents int, alert func(n int) string) {
	alerts := make([]string, 20_000)
	for n := range alerts {
		alerts[n] = alert(n)
	}
	content := body(alerts...)
	b.SetBytes(int64(len(content)))
	clear(alerts)
	peak := 0.0
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		round := &scope{TB: b}
		d := durableDoor(round)
		r := request("")
		r.Body = io.NopCloser(strings.NewReader(content))
		lowerPeak(b)
		b.StartTimer()
		w := d.serve(r)
		b.StopTimer()
		peak = max(peak, peakMiB(b))
		if w.Code != http.StatusOK || len(d.ids()) != incidents {
			b.Fatalf("answered %d %.200s with %d incidents, want %d", w.Code, w.Body, len(d.ids()), incidents)
		}
		round.end()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/body")
	b.ReportMetric(peak, "peak-MiB")
}

// lowerPeak gives back what memory is free and makes the present size the peak.
func lowerPeak(b *testing.B) {
	b.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Fatal(err)
	}
}

// peakMiB is the largest resident size since lowerPeak.
func peakMiB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
