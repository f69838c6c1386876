package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of a signed request (SL-1).
const (
	signatureHeader = "X-Slack-Signature"
	timestampHeader = "X-Slack-Request-Timestamp"
)

// maxAge is how far a request's time may be from ours, either way (SL-1).
const maxAge = 5 * time.Minute

var (
	errStale    = errors.New("request time is missing or more than 5 minutes away: check both clocks")
	errUnsigned = errors.New("signature does not match: check the app's signing secret")
)

// digest is what Slack's signature of a body holds (SL-1).
func digest(secret, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return mac.Sum(nil)
}

// fresh checks the request's time, before its body is read.
func fresh(h http.Header, now time.Time) error {
	sent, err := strconv.ParseInt(h.Get(timestampHeader), 10, 64)
	if err != nil || now.Sub(time.Unix(sent, 0)).Abs() > maxAge {
		return errStale
	}
	return nil
}

// signed checks the signature of the body as received, in constant time,
// against each secret. Without a secret nothing is signed: an empty one would
// let anybody sign.
func signed(h http.Header, body []byte, secrets []string) error {
	claim, ok := strings.CutPrefix(h.Get(signatureHeader), "v0=")
	mac, err := hex.DecodeString(claim)
	if !ok || err != nil {
		return errUnsigned
	}
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(mac, digest(secret, h.Get(timestampHeader), body)) {
			return nil
		}
	}
	return errUnsigned
}
