package config

import (
	"fmt"
	"time"

	"nis2clock/internal/offsite"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/vault"

	"github.com/prometheus/common/model"
)

func readVault(s *section, c *vault.Config) {
	defer s.close()
	scalar(s, "compression", &c.Compression, vault.ParseLevel)
	list(s, "recipients", &c.Recipients, parseRecipient)
	if f, ok := s.take("identity_file"); ok {
		if path, _, ok := f.secretFile(); ok {
			c.IdentityFile = path
			if _, err := (vault.Config{IdentityFile: path}).Options(); err != nil {
				f.refuse("the file named there holds no age identity, such as age-keygen writes")
			}
		}
	}
}

// parseRecipient reads an age public key and keeps its text.
func parseRecipient(s string) (string, error) {
	_, err := vault.ParseRecipient(s)
	return s, err
}

func readOffsite(s *section) *offsite.Config {
	defer s.close()
	c := &offsite.Config{Mode: offsite.Governance, Retention: offsite.DefaultRetention}
	if !scalar(s, "endpoint", &c.Endpoint, parseHost) {
		s.missing("endpoint", "give the address of the S3 server, such as https://s3.eu-central-1.amazonaws.com")
	}
	scalar(s, "region", &c.Region, parseText)
	if !scalar(s, "bucket", &c.Bucket, parseBucket) {
		s.missing("bucket", "give the name of a bucket that was made with Object Lock enabled")
	}
	scalar(s, "prefix", &c.Prefix, func(text string) (string, error) { return text, offsite.CheckPrefix(text) })
	key, f, _ := s.secret("access_key")
	if f == nil {
		s.missing("access_key_file", "name the file that holds the access key's id, or write access_key: ${NAME}")
	}
	secret, f, _ := s.secret("secret_key")
	if f == nil {
		s.missing("secret_key_file", "name the file that holds the secret key, or write secret_key: ${NAME}")
	}
	c.AccessKey, c.SecretKey = key, secret
	s.file("ca_file", &c.CAFile)
	scalar(s, "mode", &c.Mode, offsite.ParseMode)
	scalar(s, "retention", &c.Retention, parseRetention)
	scalar(s, "legal_hold", &c.LegalHold, parseBool)
	return c
}

func readTimestamps(s *section) *timestamp.Config {
	defer s.close()
	c := new(timestamp.Config)
	if !scalar(s, "url", &c.URL, parseURL) {
		s.missing("url", "give the address of an RFC 3161 time-stamp authority")
	}
	if f, ok := s.take("roots_file"); !ok {
		s.missing("roots_file", "name the PEM file of the authority's root certificates")
	} else if path, _, ok := f.stat(); ok {
		if c.RootsFile = path; !certificates(path) {
			f.refuse("the file named there holds no certificate in PEM")
		}
	}
	s.file("ca_file", &c.CAFile)
	if basic, ok := s.section("basic"); ok {
		defer basic.close()
		if !scalar(basic, "username", &c.Username, parseUsername) {
			basic.missing("username", "give the name that the authority knows")
		}
		password, f, _ := basic.secret("password")
		if f == nil {
			basic.missing("password_file", "name the file that holds the password, or write password: ${NAME}")
		}
		c.Password = password
	}
	return c
}

// certificates reports whether a file holds one.
func certificates(path string) bool {
	_, err := timestamp.Roots(path)
	return err == nil
}

func parseBucket(s string) (string, error) {
	if !offsite.IsBucket(s) {
		return "", fmt.Errorf("%s is not the name of a bucket: 3 to 63 small letters, digits, dots and dashes", quote(s))
	}
	return s, nil
}

func parseRetention(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err == nil && (d < offsite.MinRetention || d > offsite.MaxRetention) {
		return 0, fmt.Errorf("%s is out of bounds: want %s to 3660d", quote(s), model.Duration(offsite.MinRetention))
	}
	return d, err
}
