package offsite

import (
	"context"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nis2clock/internal/realtest"

	"github.com/minio/minio-go/v7"
)

// The credentials of the server in these tests.
const (
	accessKey = "test"
	secretKey = "s3cret-of-the-test"
)

// gateway is a real S3 server that enforces Object Lock, with a proxy before it
// in which a test breaks things.
type gateway struct {
	t       *testing.T
	program string
	dir     string
	args    []string // besides where it listens
	proxy   *httptest.Server
	cmd     *exec.Cmd

	// fault, if set, is asked first; true means that it has answered.
	fault atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
}

// startGateway starts the server.
func startGateway(t *testing.T, versioning bool) *gateway {
	t.Helper()
	program := realtest.Program(t, "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0", "versitygw", filepath.Join(build.Default.GOPATH, "bin", "versitygw"))
	dir, err := os.MkdirTemp("", "s3") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	g := &gateway{t: t, program: program, dir: dir}
	g.args = []string{"posix", "--sidecar", g.folder("meta")}
	if versioning {
		g.args = append(g.args, "--versioning-dir", g.folder("versions"))
	}
	g.args = append(g.args, g.folder("objects"))
	to := &url.URL{Scheme: "http", Host: "gateway"}
	through := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
		Transport: &http.Transport{
			DisableCompression: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(g.dir, "socket"))
			},
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	g.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := g.fault.Load(); f != nil && (*f)(w, r) {
			return
		}
		if unchecked(r) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters</Message></Error>`)
			return
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(g.proxy.Close)
	g.start()
	t.Cleanup(func() { g.kill() })
	return g
}

// unchecked reports what S3 refuses and this server takes: a locked PUT whose
// bytes nothing checks (S3-5).
func unchecked(r *http.Request) bool {
	if r.Method != http.MethodPut || r.Header.Get("x-amz-object-lock-mode") == "" || r.Header.Get("Content-MD5") != "" {
		return false
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Algorithm" {
			return false
		}
	}
	return true
}

func (g *gateway) folder(name string) string {
	path := filepath.Join(g.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// start starts the server and waits until it answers.
func (g *gateway) start() {
	g.t.Helper()
	socket := filepath.Join(g.dir, "socket")
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(g.t.ArtifactDir(), "versitygw.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		g.t.Fatal(err)
	}
	g.cmd = exec.Command(g.program, append([]string{"--quiet", "--port", socket}, g.args...)...)
	g.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
	g.cmd.Stdout, g.cmd.Stderr = log, log
	if err := g.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		g.t.Fatal(err)
	}
	poll(g.t, "the gateway answers", func() bool {
		c, err := net.Dial("unix", socket)
		return err == nil && c.Close() == nil
	})
}

// kill ends the server as a power cut does.
func (g *gateway) kill() {
	if g.cmd == nil {
		return
	}
	if err := g.cmd.Process.Kill(); err != nil {
		g.t.Error(err)
	}
	if _, ok := errors.AsType[*exec.ExitError](g.cmd.Wait()); !ok {
		g.t.Error("the gateway had ended by itself")
	}
	g.cmd = nil
}

// breakBy sets what goes wrong; nil for nothing.
func (g *gateway) breakBy(f func(http.ResponseWriter, *http.Request) bool) {
	if f == nil {
		g.fault.Store(nil)
		return
	}
	g.fault.Store(&f)
}

// config is that of a copy below a prefix in a bucket.
func (g *gateway) config(bucket string) Config {
	return Config{
		Endpoint: g.proxy.URL, Region: "us-east-1", Bucket: bucket, Prefix: "nis2clock/",
		AccessKey: accessKey, SecretKey: secretKey, Retention: 48 * time.Hour,
	}
}

// client speaks to the server as somebody else does.
func (g *gateway) client() *minio.Client {
	g.t.Helper()
	b, err := openBucket(g.config("evidence"), time.Now)
	if err != nil {
		g.t.Fatal(err)
	}
	return b.client
}

// makeBucket makes a bucket, with Object Lock or without.
func (g *gateway) makeBucket(name string, lock bool) {
	g.t.Helper()
	if err := g.client().MakeBucket(g.t.Context(), name, minio.MakeBucketOptions{ObjectLocking: lock}); err != nil {
		g.t.Fatal(err)
	}
}

// poll waits for something that another process does.
func poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); !done(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("in vain: %s", what)
		}
	}
}
