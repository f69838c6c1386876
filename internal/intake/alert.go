package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
)

// Bounds of one alert, in bytes. An alert becomes one journal entry, which may
// be at most 16 MiB long and in which a byte may take six (\u0000); an entry that
// could never be written would keep its body, and all that share its commit,
// from ever being accepted.
const (
	maxLabels      = 256 << 10 // names and values; identity, so more is unreadable
	maxAnnotations = 256 << 10 // names and values; free text, so more is cut
	maxGenerator   = 8 << 10
	maxFingerprint = 128
)

// element is one alert of a body as far as it has been read.
type element struct {
	incident.Delivery
	status, fingerprint string
	startsAt, endsAt    string
	what                string // why it cannot be read; empty when it can
}

// finish makes a delivery of what was read, and says why when there is none.
func (e *element) finish() (incident.Delivery, string) {
	a := &e.Delivery
	if e.what != "" {
		return *a, e.what
	}
	a.StartsAt, a.Flags = instant("startsAt", e.startsAt, a.Flags)
	a.EndsAt, a.Flags = instant("endsAt", e.endsAt, a.Flags)
	settle(a, e.status)
	return *a, identify(a, e.fingerprint)
}

// identify bounds the alert and sets its identity, its labels alone (AM-7). It
// says why an alert cannot be taken.
func identify(a *incident.Delivery, fingerprint string) (what string) {
	if len(a.Labels) == 0 {
		return "the alert has no labels"
	}
	if n := size(a.Labels); n > maxLabels {
		return fmt.Sprintf("the labels are %d bytes long: at most %d can be kept", n, maxLabels)
	}
	bound(a)
	if len(fingerprint) > maxFingerprint {
		sum := sha256.Sum256([]byte(fingerprint))
		fingerprint = "sha256:" + hex.EncodeToString(sum[:])
		a.Flags = append(a.Flags, "the fingerprint is longer than "+strconv.Itoa(maxFingerprint)+" bytes: its digest stands for it")
	}
	derived := classify.Fingerprint(a.Labels)
	if a.Fingerprint = fingerprint; fingerprint == "" {
		a.Fingerprint = derived
	} else if fingerprint != derived {
		a.Series = fingerprint + "+" + derived
	}
	return ""
}

func size(m map[string]string) int {
	n := 0
	for k, v := range m {
		n += len(k) + len(v)
	}
	return n
}

// bound cuts what nothing is decided from.
func bound(a *incident.Delivery) {
	if len(a.GeneratorURL) > maxGenerator {
		a.GeneratorURL = ""
		a.Flags = append(a.Flags, "the generatorURL is longer than "+strconv.Itoa(maxGenerator)+" bytes: left out")
	}
	if size(a.Annotations) <= maxAnnotations {
		return
	}
	a.Flags = append(a.Flags, "the annotations are longer than "+strconv.Itoa(maxAnnotations)+" bytes: cut")
	left := maxAnnotations
	for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
		if left -= len(name); left <= 0 {
			delete(a.Annotations, name)
			continue
		}
		v := a.Annotations[name]
		if len(v) > left {
			v = strings.ToValidUTF8(v[:left], "")
			a.Annotations[name] = v
		}
		left -= len(v)
	}
}

// settle decides whether the alert fires. Without a readable status, an end
// says that it is over (AM-4: a firing alert carries the zero time).
func settle(a *incident.Delivery, status string) {
	switch strings.ToLower(status) {
	case incident.Firing:
		a.Firing = true
	case incident.Resolved:
	default:
		a.Firing = a.EndsAt.IsZero()
		a.Flags = append(a.Flags, "no readable status: taken from endsAt")
	}
}

// instant reads a time; zero and flagged when it cannot be read, zero when it
// is not given (see [given]).
func instant(name, s string, flags []string) (time.Time, []string) {
	if s == "" {
		return time.Time{}, flags
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, append(flags, fmt.Sprintf("%s %q is not RFC 3339", name, clip(s, 40)))
	}
	return given(t), flags
}

// given is t in UTC, or zero when it is Go's zero time, which stands for none,
// or lies before 1970.
func given(t time.Time) time.Time {
	if t.Unix() <= 0 {
		return time.Time{}
	}
	return t.UTC()
}

// clip bounds text from outside to n bytes and makes it valid UTF-8.
func clip(s string, n int) string {
	if len(s) <= n {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
