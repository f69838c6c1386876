package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"nis2clock/internal/config"
)

// identity is the certificate that the service shows, and whose certificates it
// accepts. Its files are read again for every connection, so that a renewed
// certificate is in use at once; while they cannot be read, as in the middle of
// a renewal, what was read last stands. It is safe for concurrent use.
type identity struct {
	files *config.TLS
	log   *slog.Logger

	mu   sync.Mutex
	last *tls.Config
	err  error // why the newest reading gave nothing
}

// newIdentity reads the files for the first time.
func newIdentity(files *config.TLS, log *slog.Logger) (*identity, error) {
	first, err := readIdentity(files)
	return &identity{files: files, log: log, last: first}, err
}

// current implements [tls.Config.GetConfigForClient].
func (i *identity) current(*tls.ClientHelloInfo) (*tls.Config, error) {
	next, err := readIdentity(i.files)
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case err == nil:
		i.last = next
	case i.err == nil:
		i.log.Warn("The certificate cannot be read anew: the one that was read last stays in use", "err", err)
	}
	i.err = err
	return i.last, nil
}

// notes say what a person should know; none without TLS.
func (i *identity) notes() []string {
	if i == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err == nil {
		return nil
	}
	return []string{"the certificate that was read last stays in use: " + i.err.Error()}
}

func readIdentity(files *config.TLS) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("web.tls: %w", err)
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{cert}}
	if files.ClientCAFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(files.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("web.tls: %w", err)
	}
	out.ClientCAs = x509.NewCertPool()
	if !out.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("web.tls: %s holds no certificate", files.ClientCAFile)
	}
	out.ClientAuth = tls.VerifyClientCertIfGiven
	return out, nil
}
