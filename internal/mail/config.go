package mail

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"
)

// TLS is how a connection is protected.
type TLS string

const (
	StartTLS TLS = "starttls" // required, on the port for submission
	Implicit TLS = "tls"      // from the first byte
	Plain    TLS = "none"     // not at all: for a relay on the same machine
)

// ParseTLS reads one of the three.
func ParseTLS(s string) (TLS, error) {
	switch t := TLS(s); t {
	case StartTLS, Implicit, Plain:
		return t, nil
	}
	return "", fmt.Errorf("%q is none of %s, %s and %s", s, StartTLS, Implicit, Plain)
}

// DefaultTimeout bounds one delivery.
const DefaultTimeout = 10 * time.Second

// Config says through which server to send, from whom and to whom. Printing one
// never shows the password.
type Config struct {
	Host string
	Port int
	TLS  TLS
	// CAFile is PEM of the authorities that the server's certificate is checked
	// with; empty for the system's.
	CAFile string
	// Username and Password are empty for a server that asks for none.
	Username string
	Password string `json:"-"`
	// From is the sender's address, To the addresses that are told of
	// everything.
	From string
	To   []string
	// Timeout bounds one delivery; zero for [DefaultTimeout].
	Timeout time.Duration
	// Zone is shown beside UTC; nil for UTC alone.
	Zone *time.Location
}

// String implements [fmt.Stringer] without the password.
func (c Config) String() string {
	return fmt.Sprintf("mail from %s through %s:%d (%s)", c.From, c.Host, c.Port, c.TLS)
}

// GoString implements [fmt.GoStringer] without the password.
func (c Config) GoString() string { return c.String() }

// Check reads the file of authorities, if there is one.
func (c Config) Check() error {
	_, err := c.tls()
	return err
}

// tls are the settings for the connection; nil for Go's.
func (c Config) tls() (*tls.Config, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read the authorities of the mail server: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", c.CAFile)
	}
	return &tls.Config{RootCAs: roots, ServerName: c.Host, MinVersion: tls.VersionTLS12}, nil
}
