package evidence

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// Endpoint is where a source is and how it knows us. Files are read again when
// they are needed, but for CAFile. It holds no secret itself.
type Endpoint struct {
	// URL is the base address, http or https, without user, query and fragment.
	// Its host may be private; it is named, so it is meant.
	URL string
	// CAFile is a PEM file of the authorities to trust instead of the system's.
	CAFile string
	// CertFile and KeyFile are the PEM files of a client certificate.
	CertFile, KeyFile string
	// BearerFile holds a bearer token.
	BearerFile string
	// Username and PasswordFile are for basic authentication.
	Username, PasswordFile string
	// Redirects are further hosts that the source may send us to, as base
	// addresses. They are not shown our credentials.
	Redirects []string
}

// base reads a base address.
func base(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("an address must be of the form https://host or https://host/path, without user, query and fragment")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// Client checks the endpoint and makes its client.
func (e Endpoint) Client() (*Client, error) {
	u, err := base(e.URL)
	if err != nil {
		return nil, err
	}
	c := &Client{base: u, endpoint: e, named: map[string]bool{hostPort(u): true}}
	if u.Scheme == "http" && u.Port() == "" {
		c.named[net.JoinHostPort(strings.ToLower(u.Hostname()), "443")] = true // where it may send us on to
	}
	for _, r := range e.Redirects {
		u, err := base(r)
		if err != nil {
			return nil, fmt.Errorf("redirects: %w", err)
		}
		c.named[hostPort(u)] = true
	}
	switch {
	case e.BearerFile != "" && e.Username != "":
		return nil, errors.New("a bearer token and a user name are both given: keep one")
	case (e.Username == "") != (e.PasswordFile == ""):
		return nil, errors.New("basic authentication needs a user name and a password file")
	case (e.CertFile == "") != (e.KeyFile == ""):
		return nil, errors.New("a client certificate needs its certificate file and its key file")
	}
	conf, err := e.tls()
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: &transport{client: c, next: c.newTransport(conf)}, CheckRedirect: c.mayFollow}
	return c, nil
}

func (e Endpoint) tls() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if e.CAFile != "" {
		pem, err := read(e.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the authorities to trust: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("the file of the authorities to trust holds no certificate in PEM")
		}
	}
	if e.CertFile != "" {
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(e.CertFile, e.KeyFile)
			if err != nil {
				return nil, Fail(false, "the client certificate cannot be read: %v", err)
			}
			return &pair, nil
		}
	}
	return conf, nil
}

// authorize puts the credentials into a request.
func (e Endpoint) authorize(req *http.Request) error {
	switch {
	case e.BearerFile != "":
		token, err := secret(e.BearerFile)
		if err != nil {
			return Fail(true, "the bearer token cannot be read: %v", err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	case e.Username != "":
		password, err := secret(e.PasswordFile)
		if err != nil {
			return Fail(true, "the password cannot be read: %v", err)
		}
		req.SetBasicAuth(e.Username, password)
	}
	return nil
}

// maxSecret bounds the files that are read whole, in bytes.
const maxSecret = 1 << 20

func read(path string) (_ []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, maxSecret))
}

// secret is the one line a file holds.
func secret(path string) (string, error) {
	raw, err := read(path)
	if err != nil {
		return "", err
	}
	s := strings.TrimRight(string(raw), "\r\n")
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errors.New("the file is empty or holds more than one line")
	}
	return s, nil
}

// hostPort is the host and port of an address; the port is its scheme's when
// none is written.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// masked is an address without what looks like a credential.
func masked(u *url.URL) string {
	shown := *u
	if shown.User != nil {
		shown.User = url.User("masked")
	}
	q, err := url.ParseQuery(shown.RawQuery)
	if err != nil {
		shown.RawQuery = "unreadable"
		return shown.String()
	}
	changed := false
	for name := range q {
		low := strings.ToLower(name)
		for _, word := range []string{"token", "secret", "password", "passwd", "signature", "credential", "apikey", "api_key", "api-key", "authorization", "access_key", "sig", "key", "auth"} {
			if low == word || len(word) > 4 && strings.Contains(low, word) {
				q.Set(name, "masked")
				changed = true
			}
		}
	}
	if changed {
		shown.RawQuery = q.Encode()
	}
	return shown.String()
}
