package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
	"nis2clock/internal/journal/journaltest"
	"nis2clock/internal/web"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// unread is a body that fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestHandlerStatus(t *testing.T) {
	d := newDoor(t, func(o *Options) { o.MaxBody = 2000 })
	type header map[string]string
	bearer := header{"Authorization": "Bearer " + intakeToken}
	for _, c := range []struct {
		name   string
		method string
		header header
		body   string // unread when empty
		status int
		line   string
		also   header
	}{
		{"GET", http.MethodGet, bearer, "", 405, "send webhook bodies with POST, not GET", header{"Allow": "POST"}},
		{"HEAD", http.MethodHead, bearer, "", 405, "send webhook bodies with POST, not HEAD", header{"Allow": "POST"}},
		{"PUT", http.MethodPut, bearer, "", 405, "send webhook bodies with POST, not PUT", header{"Allow": "POST"}},
		{"a method of their own", "FETCH", bearer, "", 405, "send webhook bodies with POST, not FETCH", header{"Allow": "POST"}},
		{"no credentials", http.MethodPost, nil, "", 401, "no valid credentials: send the intake token as Authorization: Bearer …", header{"WWW-Authenticate": `Bearer realm="nis2clock intake"`}},
		{"an unknown token", http.MethodPost, header{"Authorization": "Bearer secret-guess"}, "", 401, "no valid credentials: send the intake token as Authorization: Bearer …", nil},
		{"a token cut short", http.MethodPost, header{"Authorization": "Bearer " + intakeToken[:len(intakeToken)-1]}, "", 401, "no valid credentials: send the intake token as Authorization: Bearer …", nil},
		{"an empty token", http.MethodPost, header{"Authorization": "Bearer "}, "", 401, "no valid credentials: send the intake token as Authorization: Bearer …", nil},
		{"the token as another scheme", http.MethodPost, header{"Authorization": "Token " + intakeToken}, "", 401, "no valid credentials: send the intake token as Authorization: Bearer …", nil},
		{"the token as a password", http.MethodPost, header{"Authorization": "Basic " + basic("alertmanager", intakeToken)}, "", 401, "no valid credentials: send the intake token as Authorization: Bearer …", nil},
		{"the admin token", http.MethodPost, header{"Authorization": "Bearer " + adminToken}, "", 403, "these credentials do not open the intake: use the intake token", nil},
		{"compressed", http.MethodPost, header{"Authorization": "Bearer " + intakeToken, "Content-Encoding": "gzip"}, "", 415, "the body is compressed: send it plain", nil},
		{"too large", http.MethodPost, bearer, body(reportable("Large", "pad", strings.Repeat("x", 2000))), 413, "the body is larger than 2000 bytes: raise intake.max_body", nil},
		{"nothing to read in it", http.MethodPost, bearer, "{}", 400, "the body has no alerts: send an Alertmanager webhook body (version 4) (kept in quarantine as sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a)", nil},
		{"another content type", http.MethodPost, header{"Authorization": "bearer  " + intakeToken, "Content-Type": "text/plain"}, body(plain("Ignored")), 200, `{"received":1,"opened":[],"opened_alerts":0,"attached":0,"resolved":0,"duplicate":0,"ignored":1,"quarantined":0}`, header{"Content-Type": "application/json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(c.body)
			r.Method = c.method
			r.Header = http.Header{}
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			if c.body == "" {
				r.Body = io.NopCloser(unread{t})
			}
			size := d.log.Head().Size
			w := d.serve(r)
			if w.Code != c.status || line(t, w) != c.line {
				t.Errorf("answered %d %q, want %d %q", w.Code, w.Body, c.status, c.line)
			}
			for k, v := range c.also {
				if got := w.Header().Get(k); got != v {
					t.Errorf("header %s is %q, want %q", k, got, v)
				}
			}
			if stored := d.log.Head().Size - size; (c.status == 200 || c.status == 400) != (stored == 1) {
				t.Errorf("%d entries were stored", stored)
			}
		})
	}
	if digests, drafts := d.vaultFiles(); len(digests)+len(drafts) > 0 {
		t.Errorf("the vault holds %v and drafts %v", digests, drafts)
	}
	if s := d.said.String(); strings.Contains(s, intakeToken) || strings.Contains(s, adminToken) || strings.Contains(s, "guess") {
		t.Errorf("a token was logged: %s", s)
	}
	want := map[string]float64{"200": 1, "400": 1, "401": 6, "403": 1, "405": 4, "413": 1, "415": 1}
	if diff := cmp.Diff(d.counters("nis2clock_intake_requests_total"), want); diff != "" {
		t.Errorf("requests counted (-got +want)\n%s", diff)
	}
}

func basic(user, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}

// counters are the values of a counter, by its label.
func (d *door) counters(name string) map[string]float64 {
	d.t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		d.t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				label := ""
				if len(m.GetLabel()) > 0 {
					label = m.GetLabel()[0].GetValue()
				}
				out[label] = m.GetCounter().GetValue()
			}
		}
	}
	return out
}

// broken is a journal whose appends can be made to fail or to wait.
type broken struct {
	journal.Log
	mu     sync.Mutex
	before func(context.Context) error
}

func (b *broken) Append(ctx context.Context, size uint64, batch []journal.Record) (journal.Head, error) {
	b.mu.Lock()
	before := b.before
	b.mu.Unlock()
	if before != nil {
		if err := before(ctx); err != nil {
			return journal.Head{}, err
		}
	}
	return b.Log.Append(ctx, size, batch)
}

func (b *broken) set(before func(context.Context) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = before
}

// TestHandlerTransient: whatever is no fault of the body is answered 503, so
// that Alertmanager sends again (AM-19).
func TestHandlerTransient(t *testing.T) {
	log := &broken{Log: journaltest.Open(t)}
	for _, c := range []struct {
		name  string
		line  string
		spoil func(t *testing.T, d *door, r *http.Request) *http.Request
	}{
		{"the disk is full", "not stored, send it again: the store cannot take it now", func(_ *testing.T, _ *door, r *http.Request) *http.Request {
			log.set(func(context.Context) error { return fmt.Errorf("write /data/journal.db: %w", syscall.ENOSPC) })
			return r
		}},
		{"the store is closed", "not stored, send it again: the store cannot take it now", func(_ *testing.T, _ *door, r *http.Request) *http.Request {
			log.set(func(context.Context) error { return journal.ErrClosed })
			return r
		}},
		{"shutting down", "not stored, send it again: the service is shutting down", func(_ *testing.T, d *door, r *http.Request) *http.Request {
			d.desk.Close()
			return r
		}},
		{"the sender does not wait", "not stored, send it again: the store is busy", func(t *testing.T, _ *door, r *http.Request) *http.Request {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return r.WithContext(ctx)
		}},
		{"the body breaks off", "not stored, send it again: the body did not arrive whole", func(_ *testing.T, _ *door, r *http.Request) *http.Request {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 700), failing{io.ErrUnexpectedEOF}))
			return r
		}},
		{"a large body breaks off", "not stored, send it again: the body did not arrive whole", func(_ *testing.T, _ *door, r *http.Request) *http.Request {
			start := strings.NewReader(`{"alerts":[` + strings.Repeat(reportable("A")+",", 1000))
			r.Body = io.NopCloser(io.MultiReader(start, failing{io.ErrUnexpectedEOF}))
			return r
		}},
		{"the body stalls", "not stored, send it again: the body did not arrive whole", func(_ *testing.T, _ *door, r *http.Request) *http.Request {
			r.Body = io.NopCloser(failing{os.ErrDeadlineExceeded})
			return r
		}},
		{"the vault is gone", "not stored, send it again: the store cannot take it now", func(t *testing.T, d *door, r *http.Request) *http.Request {
			if err := os.RemoveAll(filepath.Join(d.dir, "vault")); err != nil {
				t.Fatal(err)
			}
			r.Body = io.NopCloser(strings.NewReader(body(reportable("Large", "pad", strings.Repeat("x", inline)))))
			return r
		}},
		{"a panic", "internal fault, nothing was stored; send it again", func(_ *testing.T, _ *door, r *http.Request) *http.Request {
			r.Body = io.NopCloser(failing{nil})
			return r
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := openDoor(t, log)
			r := c.spoil(t, d, request(body(reportable("Spoilt"))))
			w := d.serve(r)
			log.set(nil)
			if got := line(t, w); w.Code != http.StatusServiceUnavailable || got != c.line {
				t.Errorf("answered %d %q, want 503 %q", w.Code, got, c.line)
			}
			if n := log.Head().Size; n != 0 {
				t.Errorf("%d entries were stored", n)
			}
			if digests, drafts := d.vaultFiles(); len(digests)+len(drafts) > 0 {
				t.Errorf("the vault holds %v and drafts %v", digests, drafts)
			}
			if got := d.counters("nis2clock_intake_alerts_received_total")[""]; got != 0 {
				t.Errorf("%v alerts were counted", got)
			}
			if got := d.counters("nis2clock_intake_requests_total"); got["503"] != 1 {
				t.Errorf("requests counted: %v", got)
			}
			if strings.Contains(d.said.String(), intakeToken) {
				t.Errorf("a token was logged: %s", d.said)
			}
		})
	}
}

// failing is a reader that fails, or panics when it has no error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		panic("a fault of ours")
	}
	return 0, f.err
}

// TestHandlerRecovers: after a failed commit the same body is accepted, and
// counted once.
func TestHandlerRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &broken{Log: journaltest.Open(t)}
		d := openDoor(t, log)
		defer d.desk.Close()
		text := body(reportable("A"), reportable("B"), plain("C"), "7")
		log.set(func(context.Context) error { return syscall.ENOSPC })
		if w := d.serve(request(text)); w.Code != http.StatusServiceUnavailable {
			t.Fatalf("answered %d", w.Code)
		}
		log.set(nil)
		time.Sleep(time.Minute) // until the desk tries again
		got := d.post(text)
		want := reply{Received: 4, Opened: []string{"INC-2026-0001", "INC-2026-0002"}, OpenedAlerts: 2, Ignored: 1, Quarantined: 1}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want)\n%s", diff)
		}
		d.invariant(4)
	})
}

// TestHandlerBusy: a store that does not answer is not waited for longer than
// an Alertmanager cluster waits.
func TestHandlerBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &broken{Log: journaltest.Open(t)}
		d := openDoor(t, log)
		defer d.desk.Close()
		let := make(chan struct{})
		log.set(func(context.Context) error { <-let; return nil })
		start := time.Now()
		w := d.serve(request(body(reportable("A"))))
		if got := line(t, w); w.Code != http.StatusServiceUnavailable || got != "not stored, send it again: the store is busy" {
			t.Errorf("answered %d %q", w.Code, got)
		}
		if took := time.Since(start); took != answerWithin {
			t.Errorf("answered after %v, want %v", took, answerWithin)
		}
		close(let)
		synctest.Wait()
		if got := d.post(body(reportable("A"))); got.Duplicate != 1 || len(d.ids()) != 1 {
			t.Errorf("sent again it became %+v, with incidents %v", got, d.ids())
		}
	})
}

// invariant checks that received is the sum of the outcomes, as the metrics
// have it.
func (d *door) invariant(received int) {
	d.t.Helper()
	outcomes := d.counters("nis2clock_intake_alerts_total")
	sum := 0.0
	for _, n := range outcomes {
		sum += n
	}
	if got := d.counters("nis2clock_intake_alerts_received_total")[""]; got != float64(received) || sum != got || len(outcomes) != 6 {
		d.t.Errorf("%v received, outcomes %v, want %d", got, outcomes, received)
	}
}

// TestHandlerPaths: the intake answers with and without a trailing slash, and
// no request to it is redirected (AM-26).
func TestHandlerPaths(t *testing.T) {
	d := newDoor(t)
	mux := web.New(web.Options{Desk: d.desk, Keeper: d.keeper, Intake: d.handler, Gatherer: d.registry, SignIn: web.NewSignIn(d.keeper, time.Now, false, slog.New(slog.DiscardHandler))})
	for n, path := range []string{"/webhook/alertmanager", "/webhook/alertmanager/", "/webhook/alertmanager?source=a", "/webhook/alertmanager/?source=b"} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut} {
			r := request(body(reportable("A" + strconv.Itoa(n))))
			url, err := r.URL.Parse(path)
			if err != nil {
				t.Fatal(err)
			}
			r.URL, r.Method = url, method
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			if want := map[string]int{http.MethodPost: 200}[method]; want == 0 && w.Code != 405 || want != 0 && w.Code != want {
				t.Errorf("%s %s is answered %d", method, path, w.Code)
			}
		}
	}
	if got := len(d.ids()); got != 4 {
		t.Errorf("%d incidents from 4 bodies", got)
	}
}

// TestHandlerHangUp: what a sender did not send whole is not there.
func TestHandlerHangUp(t *testing.T) {
	d := newDoor(t)
	answered := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(answered)
		d.handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	text := body(reportable("A"), reportable("B"), strings.Repeat(reportable("C")+",", 500)+"null")
	if _, err := fmt.Fprintf(conn, "POST /webhook/alertmanager HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", intakeToken, len(text), text[:len(text)-10]); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-answered
	if n := d.log.Head().Size; n != 0 || len(d.ids()) != 0 {
		t.Errorf("%d entries were stored", n)
	}
	if digests, drafts := d.vaultFiles(); len(digests)+len(drafts) > 0 {
		t.Errorf("the vault holds %v and drafts %v", digests, drafts)
	}
}

// endless is a JSON object without an end.
type endless struct{ at int }

func (e *endless) Read(p []byte) (int, error) {
	const start, member = `{"a":0`, `,"b":0` // equally long
	for n := range p {
		if p[n] = member[e.at%len(member)]; e.at < len(start) {
			p[n] = start[e.at]
		}
		e.at++
	}
	return len(p), nil
}

func TestHandlerTooLarge(t *testing.T) {
	d := newDoor(t)
	r := request("")
	r.Body = io.NopCloser(io.LimitReader(&endless{}, 80<<20))
	w := d.serve(r)
	if want := "the body is larger than 67108864 bytes: raise intake.max_body"; w.Code != http.StatusRequestEntityTooLarge || line(t, w) != want {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	if digests, drafts := d.vaultFiles(); d.log.Head().Size != 0 || len(digests)+len(drafts) > 0 {
		t.Errorf("%d entries are stored, the vault holds %v and drafts %v", d.log.Head().Size, digests, drafts)
	}
}

// TestHandlerNearTheLimit: a body that takes three quarters of what is accepted
// is told of before one is lost, and one that was lost is told of for a day.
func TestHandlerNearTheLimit(t *testing.T) {
	const limit = 4000
	now := day()
	d := newDoor(t, func(o *Options) { o.MaxBody, o.Now = limit, func() time.Time { return now } })
	sized := func(n int) string {
		text := body(plain("A"))
		return text + strings.Repeat(" ", n-len(text))
	}
	for _, c := range []struct {
		bytes   int
		largest float64
		says    string // a part of it; "" for nothing
	}{
		{limit*3/4 - 1, limit*3/4 - 1, ""},
		{limit * 3 / 4, limit * 3 / 4, "a webhook body of 3000 bytes came at 2026-11-22T12:00:00Z: one larger than 4000 is refused"},
		{limit, limit, "a webhook body of 4000 bytes came"},
		{limit + 1, limit, "a webhook body was refused at 2026-11-22T12:00:00Z because it was larger than 4000 bytes: its alerts are not here; raise intake.max_body"},
		{500, limit, "was refused"},
	} {
		d.serve(request(sized(c.bytes)))
		if got := strings.Join(d.handler.Status(), "\n"); !strings.Contains(got, c.says) || c.says == "" && got != "" {
			t.Errorf("after %d bytes it says %q, want %q", c.bytes, got, c.says)
		}
		if got := d.gauge("nis2clock_intake_largest_body_bytes"); got != c.largest {
			t.Errorf("after %d bytes the largest is %v, want %v", c.bytes, got, c.largest)
		}
	}
	if got := d.gauge("nis2clock_intake_max_body_bytes"); got != limit {
		t.Errorf("the limit shows as %v", got)
	}
	now = now.Add(sizeShown + time.Second)
	if got := d.handler.Status(); got != nil {
		t.Errorf("a day later it says %q", got)
	}
}

// gauge is the value of a gauge without labels.
func (d *door) gauge(name string) float64 {
	d.t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	d.t.Fatalf("there is no %s", name)
	return 0
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// receipts are those in the journal.
func (d *door) receipts() (out []incident.Receipt) {
	for _, ev := range d.events() {
		switch ev := ev.(type) {
		case incident.Opened:
			if ev.Receipt != nil {
				out = append(out, *ev.Receipt)
			}
		case incident.Attached:
			if ev.Receipt != nil {
				out = append(out, *ev.Receipt)
			}
		case incident.Received:
			out = append(out, ev.Receipt)
		case incident.Quarantined:
			out = append(out, ev.Receipt)
		}
	}
	return out
}

// TestHandlerKeepsBodies: a body that says anything new, or that cannot be
// read, is kept byte for byte under its SHA-256: in its entry while it is
// small, in the vault when it is not.
func TestHandlerKeepsBodies(t *testing.T) {
	pad := strings.Repeat(" ", inline)
	exact := func(text string, n int) string { return text + strings.Repeat(" ", n-len(text)) }
	for _, c := range []struct {
		name, body string
		status     int
		inEntry    bool
		inVault    bool
	}{
		{"small and reportable", body(reportable("A")), 200, true, false},
		{"small and ignored", body(plain("A")), 200, false, false},
		{"small and unreadable", "<html>", 400, true, false},
		{"small and partly unreadable", body(plain("A"), "7"), 200, true, false},
		{"as large as an entry takes", exact(body(reportable("A")), inline), 200, true, false},
		{"a byte larger", exact(body(reportable("A")), inline+1), 200, false, true},
		{"large and ignored", body(plain("A")) + pad, 200, false, false},
		{"large and unreadable", "<html>" + pad, 400, false, true},
		{"large and partly unreadable", body(plain("A"), "7") + pad, 200, false, true},
		{"large triage", body(plain("A", "nis2_reportable", "triage")) + pad, 200, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			if w := d.serve(request(c.body)); w.Code != c.status {
				t.Fatalf("answered %d %s", w.Code, w.Body)
			}
			receipts := d.receipts()
			if len(receipts) != 1 {
				t.Fatalf("%d receipts", len(receipts))
			}
			got := receipts[0]
			want := incident.Receipt{SHA256: digest(c.body), Bytes: int64(len(c.body)), Vault: c.inVault, UserAgent: "Alertmanager/0.34.2"}
			if c.inEntry {
				want.Raw = []byte(c.body)
			}
			if strings.HasPrefix(c.body, "{") {
				want.Receiver, want.GroupKey, want.ExternalURL = "nis2", "{}:{}", "http://alertmanager:9093"
			}
			if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("receipt (-got +want)\n%s", diff)
			}
			digests, drafts := d.vaultFiles()
			if c.inVault != (len(digests) == 1) || len(drafts) > 0 {
				t.Fatalf("the vault holds %v and drafts %v", digests, drafts)
			}
			if c.inVault {
				f, err := d.vault.Open(got.SHA256)
				if err != nil {
					t.Fatal(err)
				}
				kept, err := io.ReadAll(f)
				if err = errors.Join(err, f.Close()); err != nil || string(kept) != c.body {
					t.Errorf("the vault gives back %d bytes, %v", len(kept), err)
				}
			}
		})
	}
}

// TestHandlerOddAgent: what a sender says about itself is bounded and can be
// stored.
func TestHandlerOddAgent(t *testing.T) {
	d := newDoor(t)
	r := request(body(reportable("A")))
	r.Header.Set("User-Agent", "\xff"+strings.Repeat("é", 10_000))
	if w := d.serve(r); w.Code != http.StatusOK {
		t.Fatalf("answered %d %s", w.Code, w.Body)
	}
	if got := d.receipts()[0].UserAgent; len(got) > maxAgent+len("…") || !strings.HasPrefix(got, "é") {
		t.Errorf("kept %q", got)
	}
}

// TestHandlerPoison: no alert, however large, keeps the others from coming in.
func TestHandlerPoison(t *testing.T) { synctest.Test(t, testPoison) }

func testPoison(t *testing.T) {
	d := newDoor(t)
	defer d.desk.Close()
	const most, entry = 5 << 20, 4 << 20 // an entry takes four times as much
	for name, alert := range map[string]string{
		"labels":      reportable("Labels", "x", strings.Repeat("x", most)),
		"annotations": strings.Replace(reportable("Annotations"), "it broke", strings.Repeat("\\u0001", most/6), 1),
		"generator":   strings.Replace(reportable("Generator"), "http://", "http://"+strings.Repeat("x", most), 1),
		"fingerprint": strings.Replace(reportable("Fingerprint"), `"status"`, `"fingerprint":"`+strings.Repeat("x", most)+`","status"`, 1),
		"starts":      strings.Replace(reportable("Starts"), `"startsAt":`, strings.Repeat(`"startsAt":"x",`, most/16)+`"startsAt":`, 1),
		"controls":    strings.Replace(reportable("Controls", "nis2_service", "@", "nis2_regimes", strings.Repeat(",", maxLabels/3)), "@", strings.Repeat("\\u0001", maxLabels/2), 1),
		"receiver":    `7],"receiver":"` + strings.Repeat("x", most) + `","alerts":[` + reportable("Receiver"),
		"unreadable":  `{"labels":{"` + strings.Repeat("x", most) + `":[]}}`,
		"nothings":    strings.Repeat("0,", most/2) + "0",
	} {
		got := d.post(body(alert, reportable("Beside "+name)))
		if len(got.Opened) == 0 || got.OpenedAlerts+got.Quarantined < 2 {
			t.Errorf("%s: %d opened, %d quarantined", name, got.OpenedAlerts, got.Quarantined)
		}
	}
	for e, err := range d.log.Read(t.Context(), 0, d.log.Head().Size) {
		if err != nil || len(e.Payload) > entry {
			t.Errorf("entry %d of %d bytes, %v", e.Seq, len(e.Payload), err)
		}
	}
}

// TestHandlerTruncated: a cut batch marks its incidents until the rest is
// read back.
func TestHandlerTruncated(t *testing.T) {
	d := newDoor(t)
	raw, err := os.ReadFile("../../testdata/webhooks/am025-firing-truncated-3of10.json")
	if err != nil {
		t.Fatal(err)
	}
	got := d.post(string(raw))
	if got.OpenedAlerts+got.Attached != 3 {
		t.Fatalf("got %+v", got)
	}
	d.desk.View(func(s *incident.State) {
		i, ok := s.Incident(incident.ID(got.Opened[0]))
		if want := []incident.Cut{{Body: digest(string(raw)), Missing: 7}}; !ok || !cmp.Equal(i.Cut, want) {
			t.Errorf("the incident says %+v, want %+v", i.Cut, want)
		}
		if cuts := s.Cuts(); len(cuts) != 1 || cuts[0].Receiver != "nis2-trunc" {
			t.Errorf("to be read back: %+v", cuts)
		}
	})
}

// TestHandlerRecorded: what the recorded bodies become, one after the other.
func TestHandlerRecorded(t *testing.T) {
	d := newDoor(t)
	files, err := filepath.Glob("../../testdata/webhooks/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := d.post(string(raw))
			if new := got.OpenedAlerts + got.Attached + got.Resolved; again && new > 0 {
				t.Errorf("%s sent again became %+v", filepath.Base(file), got)
			}
		}
	}
	var titles []string
	for _, id := range d.ids() {
		v := d.incident(string(id))
		titles = append(titles, fmt.Sprintf("%s %s, %d alerts", v.ID, v.Title, len(v.Alerts)))
	}
	want := []string{
		"INC-2026-0001 ManyDown: db-1 is down (value 1), 10 alerts",
		"INC-2026-0002 TruncDown: web-1 is down (value 1), 3 alerts",
		"INC-2026-0003 New34: posted, 1 alerts",
		"INC-2026-0004 MixedDown: a, 2 alerts",
		"INC-2026-0005 InstanceDown: Instance 127.0.0.1:9090 down, 2 alerts",
		"INC-2026-0006 DatabaseDown: The database is down, 1 alerts",
		"INC-2026-0007 BooleanLabel, 1 alerts",
		"INC-2026-0008 NumberLabel, 1 alerts",
		"INC-2026-0009 NoStatus, 1 alerts",
	}
	if diff := cmp.Diff(titles, want); diff != "" {
		t.Errorf("incidents (-got +want)\n%s", diff)
	}
}

// TestHandlerParallel: three peers of a cluster send the same group at the
// same time, again and again (AM-34).
func TestHandlerParallel(t *testing.T) {
	d := newDoor(t)
	server := httptest.NewServer(d.handler)
	defer server.Close()
	peers := []*http.Client{{Transport: &http.Transport{}}, {Transport: &http.Transport{}}, {Transport: &http.Transport{}}}
	text := body(reportable("A"))
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/webhook/alertmanager", strings.NewReader(text))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer "+intakeToken)
			resp, err := peers[n%len(peers)].Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("answered %d, %v", resp.StatusCode, err)
			}
		})
	}
	wg.Wait()
	for _, p := range peers {
		p.CloseIdleConnections()
	}
	if ids := d.ids(); len(ids) != 1 {
		t.Fatalf("%d incidents", len(ids))
	}
	if v := d.incident("INC-2026-0001"); len(v.Alerts) != 1 || len(v.Clocks) != 3 {
		t.Errorf("%d alerts and %d clocks", len(v.Alerts), len(v.Clocks))
	}
	want := map[string]float64{"opened": 1, "duplicate": 49, "attached": 0, "resolved": 0, "ignored": 0, "quarantined": 0}
	if diff := cmp.Diff(d.counters("nis2clock_intake_alerts_total"), want); diff != "" {
		t.Errorf("outcomes (-got +want)\n%s", diff)
	}
	d.invariant(50)
}

// TestHandlerStorm: 20 000 alerts in one body are all taken. It runs on a clock
// that waits for it, because how long that takes is the benchmark's to say.
func TestHandlerStorm(t *testing.T) {
	const many = 20_000
	alerts := make([]string, many)
	t.Run("of as many names", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for n := range alerts {
				alerts[n] = reportable("Storm" + strconv.Itoa(n))
			}
			d := newDoor(t)
			defer d.desk.Close()
			if got := d.post(body(alerts...)); got.OpenedAlerts != many || len(d.ids()) != many {
				t.Errorf("%d opened, %d incidents", got.OpenedAlerts, len(d.ids()))
			}
			if got := d.post(body(alerts...)); got.Duplicate != many {
				t.Errorf("sent again %d are duplicates", got.Duplicate)
			}
		})
	})
	t.Run("of one name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for n := range alerts {
				alerts[n] = reportable("Storm", "instance", strconv.Itoa(n))
			}
			d := newDoor(t)
			defer d.desk.Close()
			if got := d.post(body(alerts...)); got.OpenedAlerts != 1 || got.Attached != many-1 || len(d.ids()) != 1 {
				t.Errorf("%d opened, %d attached, %d incidents", got.OpenedAlerts, got.Attached, len(d.ids()))
			}
		})
	})
}

// TestHandlerInvariant: after any sequence of bodies, good or bad, received is
// the sum of the outcomes.
func TestHandlerInvariant(t *testing.T) {
	for seed := range uint64(20) {
		d := newDoor(t)
		random := rand.New(rand.NewPCG(seed, 0))
		received := 0
		for range 30 {
			alerts := make([]string, random.IntN(6))
			for n := range alerts {
				name := string(rune('A' + random.IntN(4)))
				alerts[n] = []func() string{
					func() string { return reportable(name, "x", strconv.Itoa(random.IntN(3))) },
					func() string { return strings.Replace(reportable(name), "firing", "resolved", 1) },
					func() string {
						return strings.Replace(reportable(name), "11:00:00", fmt.Sprintf("%02d:30:00", random.IntN(12)), 1)
					},
					func() string { return plain(name) },
					func() string { return plain("Watchdog") },
					func() string { return "17" },
					func() string { return `{"labels":{"a":"b","a":"c"}}` },
				}[random.IntN(7)]()
			}
			text := body(alerts...)
			if random.IntN(10) == 0 {
				text = text[:random.IntN(len(text))]
			}
			b := decode(t, text)
			received += len(b.Alerts) + b.Unreadable
			want := http.StatusOK
			if len(b.Alerts) == 0 {
				want = http.StatusBadRequest
			}
			size := d.log.Head().Size
			if w := d.serve(request(text)); w.Code != want {
				t.Fatalf("seed %d: answered %d %s, want %d", seed, w.Code, w.Body, want)
			}
			if d.log.Head().Size == size {
				t.Fatalf("seed %d: no receipt for %s", seed, text)
			}
			d.invariant(received)
		}
	}
}

// TestHandlerIdentity: whatever changes about a delivery but its labels and
// its start, it is the same alert (demand 2).
func TestHandlerIdentity(t *testing.T) {
	d := newDoor(t)
	random := rand.New(rand.NewPCG(2, 2))
	text := func() string { return strconv.Itoa(random.IntN(1000)) }
	members := map[string]func() string{
		"annotations": func() string {
			return fmt.Sprintf(`{"summary":%q,"value":%q,"%s":"x"}`, strings.Repeat("long ", random.IntN(500)), text(), text())
		},
		"generatorURL": func() string { return strconv.Quote("http://prometheus-" + text() + "/graph") },
		"endsAt": func() string {
			return []string{`"0001-01-01T00:00:00Z"`, `"2026-11-22T11:` + strconv.Itoa(10+random.IntN(50)) + `:00Z"`, `""`}[random.IntN(3)]
		},
		"valueString": func() string { return strconv.Quote("value=" + text()) },
		"values":      func() string { return `{"A":` + text() + `}` },
	}
	labels := map[string]string{"alertname": "A", "nis2_reportable": "true", "severity": "critical", "job": "db"}
	object := func(pairs map[string]string) string {
		names := slices.Sorted(maps.Keys(pairs))
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for n, name := range names {
			names[n] = strconv.Quote(name) + ":" + pairs[name]
		}
		return "{" + strings.Join(names, ",") + "}"
	}
	starts := day().Add(-time.Hour)
	for n := range 200 {
		quoted := map[string]string{}
		for k, v := range labels {
			quoted[k] = strconv.Quote(v)
		}
		alert := map[string]string{"status": `"firing"`, "labels": object(quoted), "startsAt": starts.Format(`"` + time.RFC3339Nano + `"`)}
		for name, value := range members {
			if random.IntN(3) > 0 {
				alert[name] = value()
			}
		}
		alerts := []string{object(alert), plain("Other" + text()), plain("Other" + text())}
		random.Shuffle(len(alerts), func(i, j int) { alerts[i], alerts[j] = alerts[j], alerts[i] })
		whole := object(map[string]string{
			"version": `"4"`, "groupKey": strconv.Quote(text()), "receiver": strconv.Quote(text()), "externalURL": strconv.Quote(text()),
			"commonAnnotations": `{"a":` + strconv.Quote(text()) + `}`, "alerts": "[" + strings.Join(alerts, ",") + "]",
		})
		got := d.post(whole)
		if n == 0 && got.OpenedAlerts != 1 || n > 0 && got.Duplicate != 1 || got.Ignored != 2 {
			t.Fatalf("delivery %d became %+v:\n%s", n, got, whole)
		}
	}
	if v := d.incident("INC-2026-0001"); len(d.ids()) != 1 || len(v.Alerts) != 1 {
		t.Errorf("%d incidents, the first has %d alerts", len(d.ids()), len(v.Alerts))
	}
	if got := d.post(body(reportable("B", "x", "1"), reportable("B", "x", "2"))); got.OpenedAlerts != 2 {
		t.Errorf("two alerts with equal annotations and different labels became %+v (demand 1)", got)
	}
}
