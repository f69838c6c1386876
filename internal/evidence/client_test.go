package evidence

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMayDial(t *testing.T) {
	for _, tt := range []struct {
		ip             string
		named, unnamed bool
	}{
		{"93.184.216.34", true, true},
		{"2606:2800:220:1::1", true, true},
		{"127.0.0.1", true, false},
		{"::1", true, false},
		{"10.1.2.3", true, false},
		{"172.16.0.1", true, false},
		{"172.32.0.1", true, true},
		{"192.168.1.1", true, false},
		{"100.64.0.1", true, false},
		{"fd12:3456::1", true, false},
		{"::ffff:10.0.0.1", true, false},
		{"169.254.169.254", false, false},
		{"169.254.0.1", false, false},
		{"::ffff:169.254.169.254", false, false},
		{"64:ff9b::a9fe:a9fe", false, false}, // the same through NAT64
		{"2002:a9fe:a9fe::1", false, false},  // and through 6to4
		{"fe80::1", false, false},
		{"fe80::1%eth0", false, false},
		{"fd00:ec2::254", false, false},
		{"fd20:ce::254", false, false},
		{"168.63.129.16", false, false},
		{"100.100.100.200", false, false},
		{"0.0.0.0", false, false},
		{"::", false, false},
		{"224.0.0.1", false, false},
		{"255.255.255.255", false, false},
	} {
		for named, want := range map[bool]bool{true: tt.named, false: tt.unnamed} {
			if err := mayDial(netip.MustParseAddr(tt.ip), named); (err == nil) != want {
				t.Errorf("%s, named %t: %v, want allowed %t", tt.ip, named, err, want)
			}
		}
	}
}

// memory is a sink that keeps one content.
type memory struct{ bytes.Buffer }

func (m *memory) Create() (Draft, error) { return m, nil }
func (m *memory) Commit() (string, error) {
	sum := sha256.Sum256(m.Bytes())
	return hex.EncodeToString(sum[:]), nil
}
func (m *memory) Discard() error { m.Reset(); return nil }

// fetch gets a path of an endpoint into an artefact of at most 1 MiB.
func fetch(t *testing.T, e Endpoint, path, mediaType string) (Artefact, string) {
	t.Helper()
	c, err := e.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer c.HTTP().CloseIdleConnections()
	var kept memory
	rec := NewRecorder(Source{Name: "c", MaxBytes: 1 << 20}.As("test"), &kept, time.Now)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	a := rec.Take(ctx, "k", func(ctx context.Context, _ *Capture) error {
		resp, err := c.Get(ctx, c.URL(path, nil), mediaType)
		if err != nil {
			return err
		}
		return resp.Body.Close() // unread: it is captured all the same
	})
	return a, kept.String()
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// source answers in every way a source can.
func source(elsewhere string) http.Handler {
	mux := http.NewServeMux()
	say := func(path string, status int, mediaType, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
	say("/good", 200, "application/json; charset=utf-8", `{"a":1}`)
	say("/html", 200, "text/html; charset=utf-8", "<html>sign in</html>")
	say("/badgateway", 502, "text/html", "<html>bad gateway</html>")
	say("/busy", 429, "application/json", `{"error":"slow down"}`)
	say("/refused", 403, "application/json", `{"error":"no"}`)
	say("/binary", 200, "application/octet-stream", "\x00\x01")
	redirect := func(path, to string) { mux.Handle(path, http.RedirectHandler(to, http.StatusFound)) }
	redirect("/metadata", "http://169.254.169.254/latest/meta-data/")
	redirect("/elsewhere", elsewhere+"/seen")
	redirect("/again", "/good")
	redirect("/loop", "/loop")
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.Copy(w, io.LimitReader(endless{}, 1<<30))
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.Copy(z, io.LimitReader(endless{}, 64<<20))
		z.Close()
	})
	mux.HandleFunc("/breaks", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"a":`)
	})
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, r.Header.Get("Authorization"))
	})
	return mux
}

func TestClientBoundsWhatSourcesDo(t *testing.T) {
	seen := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.URL.Path + " " + r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{}`)
	}))
	defer other.Close()
	srv := httptest.NewServer(source(other.URL))
	defer srv.Close()
	for _, tt := range []struct {
		path  string
		want  string // in the error; empty for none
		retry bool
		bytes int64
	}{
		{"/good", "", false, 7},
		{"/again", "", false, 7},
		{"/html", "answered 200 with an HTML page", false, 20},
		{"/badgateway", "502", true, 24},
		{"/busy", `answered 429 Too Many Requests: {"error":"slow down"}`, true, 21},
		{"/refused", `answered 403 Forbidden: {"error":"no"}`, false, 14},
		{"/binary", `answered with "application/octet-stream", not application/json`, false, 2},
		{"/metadata", "redirected to 169.254.169.254:80: refused", false, 0},
		{"/elsewhere", "refused, because the settings do not name that host", false, 0},
		{"/loop", "redirected more than 5 times", false, 0},
		{"/endless", "cut: there is more than the 1 MiB", false, 1 << 20},
		{"/bomb", "compressed form (gzip)", false, 0},
		{"/breaks", "unexpected EOF", true, 5},
	} {
		t.Run(tt.path, func(t *testing.T) {
			got, kept := fetch(t, Endpoint{URL: srv.URL}, tt.path, MediaJSON)
			if !strings.Contains(got.Error, tt.want) || (got.Error == "") != (tt.want == "") || got.Retry != tt.retry || got.Bytes != tt.bytes || int64(len(kept)) != tt.bytes {
				t.Errorf("got error %q, retry %t and %d bytes, want %q, %t and %d", got.Error, got.Retry, got.Bytes, tt.want, tt.retry, tt.bytes)
			}
		})
	}
	select {
	case s := <-seen:
		t.Errorf("the host that the settings do not name was asked for %s", s)
	default:
	}
	t.Run("a named host is followed to, without credentials", func(t *testing.T) {
		got, _ := fetch(t, Endpoint{URL: srv.URL, BearerFile: file(t, "s3cret\n"), Redirects: []string{other.URL}}, "/elsewhere", MediaJSON)
		if s := <-seen; got.Error != "" || s != "/seen " || len(got.Parts) != 2 || got.Parts[1].URL != other.URL+"/seen" {
			t.Errorf("got %+v; the other host saw %q", got, s)
		}
	})
}

// The settings cannot name a metadata address either.
func TestClientNeverAsksMetadata(t *testing.T) {
	for _, u := range []string{"http://169.254.169.254", "http://[fd00:ec2::254]", "http://[::ffff:169.254.169.254]:80"} {
		if got, _ := fetch(t, Endpoint{URL: u}, "/", ""); !strings.Contains(got.Error, "refused to connect to") || got.Retry {
			t.Errorf("%s: got %+v", u, got)
		}
	}
}

func TestClientCredentials(t *testing.T) {
	srv := httptest.NewServer(source(""))
	defer srv.Close()
	token := file(t, "s3cret\n")
	for _, tt := range []struct {
		name string
		e    Endpoint
		want string
	}{
		{"none", Endpoint{}, ""},
		{"bearer", Endpoint{BearerFile: token}, "Bearer s3cret"},
		{"basic", Endpoint{Username: "u", PasswordFile: token}, "Basic dTpzM2NyZXQ="},
	} {
		tt.e.URL = srv.URL
		if got, kept := fetch(t, tt.e, "/who", ""); got.Error != "" || kept != tt.want {
			t.Errorf("%s: got %q (%s), want %q", tt.name, kept, got.Error, tt.want)
		}
	}
	if err := os.WriteFile(token, []byte("s3cret\nX-Evil: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := fetch(t, Endpoint{URL: srv.URL, BearerFile: token}, "/who", ""); !strings.Contains(got.Error, "the bearer token cannot be read") || strings.Contains(got.Error, "s3cret") {
		t.Errorf("a file that holds no token: %q", got.Error)
	}
}

func TestClientTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(source(""))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of us hanging up
	srv.StartTLS()
	defer srv.Close()
	got, _ := fetch(t, Endpoint{URL: srv.URL}, "/good", MediaJSON)
	if !strings.Contains(got.Error, "certificate") || got.Retry {
		t.Errorf("a certificate nobody vouches for: %+v", got)
	}
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	if got, _ := fetch(t, Endpoint{URL: srv.URL, CAFile: ca}, "/good", MediaJSON); got.Error != "" || !got.Complete {
		t.Errorf("a certificate of the configured authority: %+v", got)
	}
	plain := httptest.NewServer(source(""))
	defer plain.Close()
	if got, _ := fetch(t, Endpoint{URL: strings.Replace(plain.URL, "http", "https", 1)}, "/good", MediaJSON); got.Error == "" || got.Retry {
		t.Errorf("no TLS at all: %+v", got)
	}
	plain.Close()
	if got, _ := fetch(t, Endpoint{URL: plain.URL}, "/good", MediaJSON); !strings.Contains(got.Error, "refused") || !got.Retry {
		t.Errorf("nobody there: %+v", got)
	}
}

func TestEndpointRefused(t *testing.T) {
	none := file(t, "no certificate")
	for _, tt := range []struct {
		e    Endpoint
		want string
	}{
		{Endpoint{URL: "prometheus:9090"}, "of the form https://host"},
		{Endpoint{URL: "ftp://h"}, "of the form https://host"},
		{Endpoint{URL: "http://u:s3cret@h"}, "of the form https://host"},
		{Endpoint{URL: "http://h?token=s3cret"}, "of the form https://host"},
		{Endpoint{URL: "http://h", Redirects: []string{"h2"}}, "redirects"},
		{Endpoint{URL: "http://h", BearerFile: "f", Username: "u", PasswordFile: "f"}, "keep one"},
		{Endpoint{URL: "http://h", Username: "u"}, "needs a user name and a password file"},
		{Endpoint{URL: "https://h", CertFile: "f"}, "needs its certificate file and its key file"},
		{Endpoint{URL: "https://h", CAFile: none}, "no certificate in PEM"},
		{Endpoint{URL: "https://h", CAFile: none + "x"}, "authorities to trust"},
	} {
		if _, err := tt.e.Client(); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v: got %v, want an error with %q", tt.e, err, tt.want)
		}
	}
}

// What is recorded of an address shows no credential.
func TestMasked(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer srv.Close()
	for _, name := range []string{"token", "api_key", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "password", "sig", "key", "access_token", "client_secret"} {
		path := "/x?" + name + "=s3cret&query=up"
		got, _ := fetch(t, Endpoint{URL: srv.URL}, path, "")
		if u := got.Parts[0].URL; strings.Contains(u, "s3cret") || !strings.Contains(u, "query=up") || strings.Contains(got.Error, "s3cret") {
			t.Errorf("%s is recorded as %s, %s", path, u, got.Error)
		}
	}
	srv.Close()
	if got, _ := fetch(t, Endpoint{URL: srv.URL}, "/x?token=s3cret", ""); got.Error == "" || strings.Contains(got.Error, "s3cret") {
		t.Errorf("nobody there: %q", got.Error)
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"short", "short"}, {"a\nb\x1b[3\x00", "a b [3 "}, {strings.Repeat("ä", 10), "ää…"}, {strings.Repeat("x", 9), "xxxxx…"}, {"12345678", "12345678"},
	} {
		if got := clip(tt.in, 8); got != tt.want {
			t.Errorf("clip(%q) is %q, want %q", tt.in, got, tt.want)
		}
	}
}
