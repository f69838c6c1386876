package offsite

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// Mode is how firmly a copy is locked (S3-2).
type Mode string

// The modes. Compliance cannot be undone by anybody before its time, and costs
// what the bucket costs until then.
const (
	Governance Mode = "governance"
	Compliance Mode = "compliance"
)

// ParseMode reads a mode.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(strings.ToLower(s)); m {
	case Governance, Compliance:
		return m, nil
	}
	return "", fmt.Errorf("%.40q is not a mode: want governance or compliance", s)
}

// Bounds and default of Config.Retention. The default is that of incident files,
// five years; a slip of the finger beyond the upper bound could never be taken
// back (S3-8).
const (
	MinRetention     = 24 * time.Hour
	MaxRetention     = 10 * 366 * 24 * time.Hour
	DefaultRetention = 5 * 366 * 24 * time.Hour
)

// Config says where copies go. Printing one shows no credentials.
type Config struct {
	Endpoint string // http or https, host and port
	Region   string // empty asks the server
	Bucket   string
	Prefix   string // of every object's name: empty, or with a slash at its end

	// The credentials need s3:PutObject, PutObjectRetention, GetObject,
	// GetObjectVersion, GetObjectRetention, ListBucket, ListBucketVersions,
	// GetBucketVersioning and GetBucketObjectLockConfiguration, and for legal holds
	// Get- and PutObjectLegalHold. They need no right to delete.
	AccessKey string `json:"-"`
	SecretKey string `json:"-"`

	CAFile    string        // PEM: the authority of the server's certificate; empty for the system's
	Mode      Mode          // empty is governance
	Retention time.Duration // how long each object is locked from its copy on; 0 is DefaultRetention
	LegalHold bool          // put every object under a hold that has no end as well
}

// Validate names what would make every copy fail. No error holds a credential.
func (c Config) Validate() error {
	var errs []error
	if u, err := url.Parse(c.Endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		errs = append(errs, errors.New("endpoint is not of the form https://host:port"))
	}
	if !IsBucket(c.Bucket) {
		errs = append(errs, fmt.Errorf("bucket: %.70q is not the name of one", c.Bucket))
	}
	if err := CheckPrefix(c.Prefix); err != nil {
		errs = append(errs, fmt.Errorf("prefix %w", err))
	}
	if c.AccessKey == "" || c.SecretKey == "" {
		errs = append(errs, errors.New("the access key or the secret key is missing"))
	}
	if c.Mode != "" {
		if _, err := ParseMode(string(c.Mode)); err != nil {
			errs = append(errs, fmt.Errorf("mode: %w", err))
		}
	}
	if c.Retention != 0 && (c.Retention < MinRetention || c.Retention > MaxRetention) {
		errs = append(errs, fmt.Errorf("retention %s is out of bounds: want 1d to 3660d", c.Retention))
	}
	return errors.Join(errs...)
}

// IsBucket reports whether s can be the name of a bucket.
func IsBucket(s string) bool { return s3utils.CheckValidBucketNameStrict(s) == nil }

// CheckPrefix says what keeps a text from being the beginning of object names.
func CheckPrefix(s string) error {
	switch {
	case s == "":
		return nil
	case len(s) > 200 || strings.HasPrefix(s, "/") || strings.Contains(s, "//") || strings.Contains(s, ".."):
		return errors.New("is not the beginning of an object's name, such as nis2clock/")
	case !strings.HasSuffix(s, "/"):
		return errors.New("does not end with a slash, as in nis2clock/")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Mode == "" {
		c.Mode = Governance
	}
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	return c
}

// String implements [fmt.Stringer] without credentials.
func (c Config) String() string {
	c = c.withDefaults()
	return fmt.Sprintf("bucket %s at %s, prefix %q, %s for %s", c.Bucket, c.Endpoint, c.Prefix, c.Mode, c.Retention)
}

// GoString implements [fmt.GoStringer] without credentials.
func (c Config) GoString() string { return c.String() }
