package offsite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

var (
	// ErrRefused is returned by [Copier.Check] for a bucket that cannot hold the
	// copy, whatever is tried. Its text says why and how to mend it.
	ErrRefused = errors.New("the bucket cannot hold the off-site copy")

	// ErrNotLocked is returned for an object that the bucket took and did not lock
	// as asked.
	ErrNotLocked = errors.New("the bucket does not lock what is put into it")
)

// How long the server may take.
const (
	connectWithin = 10 * time.Second
	answerWithin  = 30 * time.Second // from the last byte sent to the first received
	stallWithin   = time.Minute      // between two pieces of either
	// slowest is the speed in bytes per second below which a transfer is given up.
	slowest = 64 << 10
)

// largestPut is the most one PUT may carry; above it the object is sent in parts.
const largestPut = 5 << 30

// Copy is one object as the bucket holds it.
type Copy struct {
	Key         string    `json:"key"`
	VersionID   string    `json:"version_id"`
	SHA256      string    `json:"sha256"` // of its bytes, lower-case hex
	Size        int64     `json:"size"`
	Mode        Mode      `json:"mode"`
	RetainUntil time.Time `json:"retain_until"` // UTC, as read back
	LegalHold   bool      `json:"legal_hold"`
	CopiedAt    time.Time `json:"copied_at"` // UTC, by our clock
}

// bucket is the S3 side. It tries nothing twice.
type bucket struct {
	c      Config
	client *minio.Client
	now    func() time.Time
}

func openBucket(c Config, now func() time.Time) (*bucket, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("off-site copy: %w", err)
	}
	c = c.withDefaults()
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, errors.New("off-site copy: endpoint is not an address")
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dial,
		TLSHandshakeTimeout:   connectWithin,
		ResponseHeaderTimeout: answerWithin,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true, // what comes must be what lies there
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("off-site copy: %w", err)
		}
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("off-site copy: %s holds no certificate", c.CAFile)
		}
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:           credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure:          u.Scheme == "https",
		Region:          c.Region,
		Transport:       transport,
		TrailingHeaders: true, // for the checksum of what is streamed
		MaxRetries:      1,    // who calls decides when to try again
	})
	if err != nil {
		return nil, fmt.Errorf("off-site copy: %w", err)
	}
	return &bucket{c: c, client: client, now: now}, nil
}

// dial connects, to a server that may not stop in the middle.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: connectWithin}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &lively{c, stallWithin}, nil
}

// lively is a connection on which every read and write ends within a time, also
// where a list or an object stops halfway.
type lively struct {
	net.Conn
	within time.Duration
}

// Read implements [io.Reader].
func (l *lively) Read(p []byte) (int, error) {
	if err := l.SetReadDeadline(time.Now().Add(l.within)); err != nil {
		return 0, err
	}
	return l.Conn.Read(p)
}

// Write implements [io.Writer].
func (l *lively) Write(p []byte) (int, error) {
	if err := l.SetWriteDeadline(time.Now().Add(l.within)); err != nil {
		return 0, err
	}
	return l.Conn.Write(p)
}

// within bounds a request that transfers so many bytes.
func within(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	limit := 2*answerWithin + time.Duration(size/slowest)*time.Second
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
}

// check refuses a bucket that does not version and lock (S3-1, S3-7).
func (b *bucket) check(ctx context.Context) error {
	ctx, cancel := within(ctx, 0)
	defer cancel()
	v, err := b.client.GetBucketVersioning(ctx, b.c.Bucket)
	if err != nil {
		return b.refused(err)
	}
	if v.Status != minio.Enabled {
		return fmt.Errorf("%w: bucket %s does not keep versions: make a new bucket with Object Lock enabled", ErrRefused, b.c.Bucket)
	}
	lock, _, _, _, err := b.client.GetObjectLockConfig(ctx, b.c.Bucket)
	if minio.ToErrorResponse(err).Code == "ObjectLockConfigurationNotFoundError" || err == nil && lock != minio.Enabled {
		return fmt.Errorf("%w: bucket %s has no Object Lock: make a new bucket with it enabled", ErrRefused, b.c.Bucket)
	}
	return b.refused(err)
}

// refused makes ErrRefused of the answers that no patience changes.
func (b *bucket) refused(err error) error {
	if err == nil {
		return nil
	}
	switch code := minio.ToErrorResponse(err).Code; code {
	case "NoSuchBucket":
		return fmt.Errorf("%w: there is no bucket %s at %s: make one with Object Lock enabled", ErrRefused, b.c.Bucket, b.c.Endpoint)
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return fmt.Errorf("%w: bucket %s does not accept these credentials (%s): look at the key and what it may do", ErrRefused, b.c.Bucket, code)
	}
	return fmt.Errorf("ask bucket %s: %w", b.c.Bucket, err)
}

// put copies size bytes with the given SHA-256 to a key, locked, and reads the
// lock back.
func (b *bucket) put(ctx context.Context, key, sha256Hex string, size int64, body io.Reader) (Copy, error) {
	ctx, cancel := within(ctx, size)
	defer cancel()
	until := b.now().Add(b.c.Retention).UTC().Truncate(time.Second)
	o := minio.PutObjectOptions{
		ContentType:      "application/octet-stream",
		Mode:             minio.RetentionMode(strings.ToUpper(string(b.c.Mode))),
		RetainUntilDate:  until,
		DisableMultipart: size <= largestPut,
	}
	if o.DisableMultipart {
		// Known beforehand, it can go ahead of the bytes, where every server looks. What
		// is sent in parts has a CRC-32C for each of them, of the library's making.
		o.UserMetadata = map[string]string{"x-amz-checksum-sha256": digestHeader(sha256Hex)}
	}
	if b.c.LegalHold {
		o.LegalHold = minio.LegalHoldEnabled
	}
	info, err := b.client.PutObject(ctx, b.c.Bucket, b.c.Prefix+key, body, size, o)
	if err != nil {
		return Copy{}, fmt.Errorf("copy %s: %w", key, err)
	}
	if got := info.ChecksumSHA256; o.DisableMultipart && got != "" && got != digestHeader(sha256Hex) {
		return Copy{}, fmt.Errorf("copy %s: the bucket holds SHA-256 %s of it, want %s", key, got, digestHeader(sha256Hex))
	}
	if info.VersionID == "" {
		return Copy{}, fmt.Errorf("copy %s: %w: it made no version of it", key, ErrNotLocked)
	}
	c, err := b.head(ctx, key, info.VersionID)
	if err != nil {
		return Copy{}, fmt.Errorf("read back the lock of %s: %w", key, err)
	}
	if c.Size != size || c.RetainUntil.Before(until) || c.Mode != b.c.Mode || b.c.LegalHold && !c.LegalHold {
		return Copy{}, fmt.Errorf("copy %s: %w: it says %d bytes, mode %q until %s, legal hold %t", key, ErrNotLocked, c.Size, c.Mode, c.RetainUntil, c.LegalHold)
	}
	c.SHA256, c.CopiedAt = sha256Hex, b.now().UTC()
	return c, nil
}

// putBytes is put for what is in memory.
func (b *bucket) putBytes(ctx context.Context, key string, data []byte) (Copy, error) {
	sum := sha256.Sum256(data)
	return b.put(ctx, key, hex.EncodeToString(sum[:]), int64(len(data)), bytes.NewReader(data))
}

func digestHeader(sha256Hex string) string {
	raw, err := hex.DecodeString(sha256Hex)
	if err != nil {
		return sha256Hex
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// head describes a version of an object, the newest if version is empty. Its
// SHA256 and CopiedAt are left out.
func (b *bucket) head(ctx context.Context, key, version string) (Copy, error) {
	ctx, cancel := within(ctx, 0)
	defer cancel()
	info, err := b.client.StatObject(ctx, b.c.Bucket, b.c.Prefix+key, minio.StatObjectOptions{VersionID: version})
	if err != nil {
		return Copy{}, err
	}
	c := Copy{Key: b.c.Prefix + key, VersionID: info.VersionID, Size: info.Size}
	c.Mode = Mode(strings.ToLower(info.Headers.Get("x-amz-object-lock-mode")))
	c.LegalHold = info.Headers.Get("x-amz-object-lock-legal-hold") == minio.LegalHoldEnabled.String()
	if until := info.Headers.Get("x-amz-object-lock-retain-until-date"); until != "" {
		if c.RetainUntil, err = time.Parse(time.RFC3339, until); err != nil {
			return Copy{}, fmt.Errorf("it is retained until %.40q, which is no time", until)
		}
		c.RetainUntil = c.RetainUntil.UTC()
	}
	return c, nil
}

// errAbsent is returned for an object that is not there.
var errAbsent = errors.New("not in the bucket")

func absent(err error) bool {
	code := minio.ToErrorResponse(err).Code
	return code == minio.NoSuchKey || code == "NotFound" || code == "MethodNotAllowed" // the last is a delete marker's
}

// locked reports whether an object is there, whole and locked.
func (b *bucket) locked(ctx context.Context, key string, size int64) (bool, error) {
	c, err := b.head(ctx, key, "")
	if err != nil && absent(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", key, err)
	}
	return c.Size == size && c.RetainUntil.After(b.now()), nil
}

// get opens a version of an object, the newest if version is empty. The caller
// closes it.
func (b *bucket) get(ctx context.Context, key, version string) (io.ReadCloser, error) {
	core := minio.Core{Client: b.client}
	r, _, _, err := core.GetObject(ctx, b.c.Bucket, b.c.Prefix+key, minio.GetObjectOptions{VersionID: version})
	if err != nil && absent(err) {
		return nil, fmt.Errorf("%s: %w", key, errAbsent)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", key, err)
	}
	return r, nil
}

// getBytes is get for objects of at most limit bytes.
func (b *bucket) getBytes(ctx context.Context, key, version string, limit int64) ([]byte, error) {
	ctx, cancel := within(ctx, limit)
	defer cancel()
	r, err := b.get(ctx, key, version)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("fetch %s: %w", key, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("fetch %s: it is larger than %d bytes", key, limit)
	}
	return data, nil
}

// names yields the objects below a prefix whose newest version is not a delete
// marker, in order, without the bucket's prefix.
func (b *bucket) names(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for o := range b.client.ListObjectsIter(ctx, b.c.Bucket, minio.ListObjectsOptions{Prefix: b.c.Prefix + prefix, Recursive: true}) {
			if o.Err != nil {
				yield("", fmt.Errorf("list %s: %w", prefix, b.refused(o.Err)))
				return
			}
			if !yield(strings.TrimPrefix(o.Key, b.c.Prefix), nil) {
				return
			}
		}
	}
}

// object is one name with its versions.
type object struct {
	key      string
	versions []string    // oldest first, without delete markers
	put      []time.Time // when each was put, by the bucket's clock
}

// objects yields everything below a prefix, deleted or not, in order of name.
func (b *bucket) objects(ctx context.Context, prefix string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		var now object
		for o := range b.client.ListObjectsIter(ctx, b.c.Bucket, minio.ListObjectsOptions{Prefix: b.c.Prefix + prefix, Recursive: true, WithVersions: true}) {
			if o.Err != nil {
				yield(object{}, fmt.Errorf("list %s: %w", prefix, b.refused(o.Err)))
				return
			}
			key := strings.TrimPrefix(o.Key, b.c.Prefix)
			if key != now.key {
				if len(now.versions) > 0 && !yield(now, nil) {
					return
				}
				now = object{key: key}
			}
			if !o.IsDeleteMarker { // the newest comes first
				now.versions = append([]string{o.VersionID}, now.versions...)
				now.put = append([]time.Time{o.LastModified}, now.put...)
			}
		}
		if len(now.versions) > 0 {
			yield(now, nil)
		}
	}
}

// hold puts a version under a legal hold, or lifts it (S3-3).
func (b *bucket) hold(ctx context.Context, key, version string, on bool) error {
	ctx, cancel := within(ctx, 0)
	defer cancel()
	status := minio.LegalHoldDisabled
	if on {
		status = minio.LegalHoldEnabled
	}
	err := b.client.PutObjectLegalHold(ctx, b.c.Bucket, b.c.Prefix+key, minio.PutObjectLegalHoldOptions{VersionID: version, Status: &status})
	if err != nil {
		return fmt.Errorf("legal hold on %s: %w", key, err)
	}
	return nil
}
