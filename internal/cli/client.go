package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nis2clock/internal/access"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// remote is how verbs reach a running service.
type remote struct {
	Server    string `help:"Address of the service." env:"NIS2CLOCK_SERVER" default:"http://127.0.0.1:2555" placeholder:"URL"`
	TokenFile string `name:"token-file" help:"File with an API token; NIS2CLOCK_TOKEN holds one itself, data/admin.token is tried otherwise." placeholder:"FILE"`
	JSON      bool   `name:"json" help:"Print the service's answer as JSON."`
}

func (r *remote) token(env *Env) (string, error) {
	if r.TokenFile != "" {
		return access.Read(r.TokenFile)
	}
	if t := env.Getenv("NIS2CLOCK_TOKEN"); t != "" {
		return t, nil
	}
	t, err := access.Read("data/" + access.AdminFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("no API token: name a file with --token-file, or set NIS2CLOCK_TOKEN")
	}
	return t, err
}

// callWithin bounds one call of the API.
const callWithin = 60 * time.Second

// call sends a request and returns the answer's body. A problem the service
// reports becomes the error.
func (r *remote) call(ctx context.Context, env *Env, method, path string, body any) ([]byte, error) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	resp, err := r.send(ctx, env, method, path, in)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", r.Server, err)
	}
	return raw, nil
}

// send sends a body as it is, nil for none, and returns the answer, whose body
// the caller closes. A problem the service reports becomes the error.
func (r *remote) send(ctx context.Context, env *Env, method, path string, in io.Reader) (*http.Response, error) {
	token, err := r.token(env)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.Server, "/")+path, in)
	if err != nil {
		return nil, usage("--server %q is not an address such as http://127.0.0.1:2555", r.Server)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("X-Nis2clock-Via", "cli")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("%s does not answer: %w; is nis2clock serve running there?", r.Server, err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", r.Server, err)
	}
	var problem struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(raw, &problem) != nil || problem.Detail == "" {
		problem.Detail = "the answer was " + resp.Status
	}
	return nil, &refusal{resp.StatusCode, problem.Detail}
}

// refusal is a problem that the service reports.
type refusal struct {
	status int
	detail string
}

func (r *refusal) Error() string { return r.detail }

// maxProblem bounds what is read of an answer that is a problem, in bytes.
const maxProblem = 1 << 20

// get decodes what the service answers into v; with --json it prints it instead
// and reports that it did.
func (r *remote) get(ctx context.Context, env *Env, method, path string, body, v any) (printed bool, err error) {
	raw, err := r.call(ctx, env, method, path, body)
	if err != nil {
		return false, err
	}
	if printed, err := r.printed(env, raw); err != nil || printed {
		return printed, err
	}
	return false, r.decode(raw, v)
}

// printed prints an answer as it is when JSON was asked for, and reports that
// it did.
func (r *remote) printed(env *Env, raw []byte) (bool, error) {
	if !r.JSON {
		return false, nil
	}
	pretty := jsontext.Value(raw)
	if err := pretty.Indent(jsontext.WithIndent("  ")); err != nil {
		return false, fmt.Errorf("%s does not answer in JSON: %w", r.Server, err)
	}
	_, err := fmt.Fprintf(env.Stdout, "%s\n", pretty)
	return true, err
}

// decode reads an answer of the service.
func (r *remote) decode(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s does not answer as nis2clock does: %w", r.Server, err)
	}
	return nil
}
