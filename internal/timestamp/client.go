package timestamp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// ErrRefused is returned by [Client.Stamp] when the authority gave no stamp and
// said why.
var ErrRefused = errors.New("the time-stamp authority gave no stamp")

const (
	defaultTimeout = 20 * time.Second
	maxReply       = 1 << 20 // bytes; a token is a few KiB
)

// Config says which authority to ask. Printing one shows no password.
type Config struct {
	URL string // http or https; what is sent is a digest and a nonce

	// RootsFile is PEM: the certificates that the authority's must lead to.
	RootsFile string

	Username, Password string        `json:"-"` // basic auth; empty for none
	CAFile             string        // PEM: the authority of the server's TLS certificate; empty for the system's
	Timeout            time.Duration // of one request; 0 is 20 s
}

// Validate names what would make every request fail.
func (c Config) Validate() error {
	var errs []error
	if u, err := url.Parse(c.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		errs = append(errs, errors.New("url is not of the form https://host/path, without user and password"))
	}
	if c.RootsFile == "" {
		errs = append(errs, errors.New("the authority's root certificates are missing: name the PEM file it publishes"))
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout %s is negative", c.Timeout))
	}
	return errors.Join(errs...)
}

// String implements [fmt.Stringer] without user and password.
func (c Config) String() string {
	return fmt.Sprintf("time-stamps from %s, roots in %s", c.URL, c.RootsFile)
}

// GoString implements [fmt.GoStringer] without user and password.
func (c Config) GoString() string { return c.String() }

// Client asks one authority. It is safe for concurrent use.
type Client struct {
	c     Config
	http  *http.Client
	roots *x509.CertPool
	now   func() time.Time
}

// New reads the certificates and asks nobody. Now is the clock that the
// authority's is compared with; nil means [time.Now].
func New(c Config, now func() time.Time) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("time-stamps: %w", err)
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if now == nil {
		now = time.Now
	}
	roots, err := Roots(c.RootsFile)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, IdleConnTimeout: time.Minute}
	if c.CAFile != "" {
		if t.TLSClientConfig.RootCAs, err = Roots(c.CAFile); err != nil {
			return nil, err
		}
	}
	// A redirect could lead anywhere; the operator named an address.
	client := &http.Client{Transport: t, Timeout: c.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{c: c, http: client, roots: roots, now: now}, nil
}

// Roots reads certificates from a PEM file.
func Roots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("time-stamps: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("time-stamps: %s holds no certificate", path)
	}
	return pool, nil
}

// Stamp asks for a token for a digest and checks it. It tries once. A token whose
// time differs from ours is returned like any other, with the difference in
// Stamp.Ahead: which clock is wrong is not for this package to say. The error is
// [ErrRefused], [ErrInvalid], [ErrUntrusted], or that of the network.
func (c *Client) Stamp(ctx context.Context, digest [sha256.Size]byte) (Token, Stamp, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("ask for a time-stamp: %w", err)
	}
	ask, err := asn1.Marshal(request{
		Version: 1, Nonce: nonce, WantCert: true,
		Imprint: messageImprint{pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}, digest[:]},
	})
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("ask for a time-stamp: %w", err)
	}
	before := c.now()
	reply, err := c.post(ctx, ask)
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("ask for a time-stamp: %w", err)
	}
	took := c.now().Sub(before)
	token, err := parseReply(reply)
	if err != nil {
		return nil, Stamp{}, err
	}
	s, info, err := verify(token, digest, c.roots)
	if err != nil {
		return nil, Stamp{}, err
	}
	if info.Nonce == nil || info.Nonce.Cmp(nonce) != 0 {
		return nil, Stamp{}, invalid("it answers another request: the nonce differs")
	}
	s.Ahead = s.At.Sub(before.Add(took / 2))
	return token, s, nil
}

// post sends a request and returns the reply (RFC 3161 section 3.4).
func (c *Client) post(ctx context.Context, ask []byte) (_ []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.c.URL, bytes.NewReader(ask))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	if c.c.Username != "" {
		req.SetBasicAuth(c.c.Username, c.c.Password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", c.c.URL, resp.Status)
	}
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return nil, err
	}
	if len(reply) > maxReply {
		return nil, fmt.Errorf("%s answers more than %d bytes", c.c.URL, maxReply)
	}
	return reply, nil
}

// parseReply takes the token out of a reply.
func parseReply(reply []byte) (Token, error) {
	var r response
	if rest, err := asn1.Unmarshal(reply, &r); err != nil || len(rest) > 0 {
		return nil, invalid("the reply is not a TimeStampResp: is the address that of a time-stamp authority?")
	}
	if r.Status.Status != 0 && r.Status.Status != 1 { // granted, or granted with modifications
		why := r.Status.Text
		for bit, text := range failures {
			if r.Status.Failure.At(bit) == 1 {
				why = append(why, text)
			}
		}
		return nil, fmt.Errorf("%w: status %d: %.300s", ErrRefused, r.Status.Status, strings.Join(why, "; "))
	}
	if len(r.Token.FullBytes) == 0 {
		return nil, invalid("the reply holds no token")
	}
	return Token(r.Token.FullBytes), nil
}
