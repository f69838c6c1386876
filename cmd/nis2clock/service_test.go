package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"nis2clock/internal/access"

	"github.com/go-json-experiment/json"
)

// patience bounds every wait for another process.
const patience = time.Minute

// process is a server of ours or of Prometheus. All of them say where they
// listen in the same words.
type process struct {
	name string
	cmd  *exec.Cmd
	url  string // of the address it listens on
	gone chan struct{}

	mu     sync.Mutex
	stderr bytes.Buffer
	err    error // how it ended; set before gone is closed
}

var listening = regexp.MustCompile(`msg="Listening on" .*address=(\S+)`)

// launch starts a server and returns once it listens.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{name: filepath.Base(cmd.Path), cmd: cmd, gone: make(chan struct{})}
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	at := make(chan string, 1)
	go func() {
		defer close(p.gone)
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			p.mu.Lock()
			p.stderr.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case at <- m[1]:
				default: // it listens twice: the first counts
				}
			}
		}
		p.err = errors.Join(lines.Err(), cmd.Wait())
	}()
	select {
	case addr := <-at:
		p.url = "http://" + addr
		return p, nil
	case <-p.gone:
		return nil, fmt.Errorf("%s ended before it listened: %w\n%s", p.name, p.err, p.output())
	case <-time.After(patience):
		return nil, errors.Join(fmt.Errorf("%s does not say where it listens\n%s", p.name, p.output()), p.kill())
	}
}

// output is what the process said on stderr so far.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// running reports whether the process has not ended.
func (p *process) running() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// kill ends the process as a power cut does, and waits until it is gone. One
// that is gone already is no error.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	<-p.gone
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// stop asks the process to end and returns how it did.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.gone:
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("%s does not stop", p.name), p.kill())
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.name, p.err, p.output())
	}
	return nil
}

// call sends a request with the token that lies in a file of the data folder,
// and returns the answer's status and body.
func call(ctx context.Context, method, url, tokenFile string, body []byte) (int, []byte, error) {
	token, err := access.Read(tokenFile)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, raw, errors.Join(err, resp.Body.Close())
}

// get reads an answer of the API into v.
func get(ctx context.Context, url, tokenFile string, v any) error {
	status, raw, err := call(ctx, http.MethodGet, url, tokenFile, nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s: %d %s", url, status, raw)
	}
	return json.Unmarshal(raw, v)
}

// verified runs verify over a data folder and returns its error unless the
// answer is "consistent".
func verified(program, dir string) error {
	out, err := exec.Command(program, "verify", dir).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "consistent: ") {
		return fmt.Errorf("verify: %w\n%s", err, out)
	}
	return nil
}
