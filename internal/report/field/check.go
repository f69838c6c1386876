package field

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxText is the longest text of a value, in characters: the limit of the
// widest form there is (DORA's schema).
const MaxText = 32767

// money is an amount as it is written: digits, and at most two decimals.
var money = regexp.MustCompile(`^\d{1,15}(\.\d{1,2})?$`)

// Check returns what was said of the field in the form it is kept in, or why
// it cannot be said. No values take back what was said.
func (d *Def) Check(values []string) ([]string, error) {
	if !d.Editable() {
		return nil, fmt.Errorf("%s is not set as a field: %s", d.ID, d.origin())
	}
	var out []string
	for _, v := range values {
		v = strings.TrimSpace(v)
		switch {
		case v == "":
			continue
		case !utf8.ValidString(v):
			return nil, fmt.Errorf("%s is not UTF-8 text", d.ID)
		case utf8.RuneCountInString(v) > MaxText:
			return nil, fmt.Errorf("%s has %d characters: at most %d", d.ID, utf8.RuneCountInString(v), MaxText)
		}
		if v != Unknown {
			var err error
			if v, err = d.item(v); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	several := d.Type == List || d.Type == Choices
	switch {
	case len(out) > 1 && !several:
		return nil, fmt.Errorf("%s takes one value, not %d", d.ID, len(out))
	case len(out) > 1 && slices.Contains(out, Unknown):
		return nil, fmt.Errorf("%s is unknown and something else at once: say one", d.ID)
	}
	return out, nil
}

// Editable reports whether a person may state the field as such; others are
// recorded where From says.
func (d *Def) Editable() bool {
	return d.From == "" || d.From == "config" || d.From == "incident submit" || slices.Contains(editable, d.ID)
}

// editable are fields that the record gives a first value, and a person may
// word better for an authority.
var editable = []string{"title", "tlp_marking"}

// origin says where a value that is no field of its own comes from.
func (d *Def) origin() string {
	switch d.From {
	case "stage", "incident":
		return "it comes from the incident itself"
	case "evidence":
		return "it lists the evidence of the incident"
	}
	return "record it with " + d.From
}

func (d *Def) item(v string) (string, error) {
	bad := func(want string) (string, error) {
		return "", fmt.Errorf("%s is %q: want %s, or unknown", d.ID, v, want)
	}
	switch d.Type {
	case Answer:
		if v != "yes" && v != "no" {
			return bad("yes or no")
		}
	case Choice, Choices:
		if !slices.Contains(d.Values, v) {
			return bad(strings.Join(d.Values, ", "))
		}
	case Instant:
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return bad("a time with offset such as 2026-11-20T16:30:00+01:00")
		}
		return t.Format(time.RFC3339Nano), nil
	case Number, Minutes:
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < 0 {
			return bad("a whole number such as 1200")
		}
	case Percent:
		if p, err := strconv.ParseFloat(v, 64); err != nil || math.IsNaN(p) || p < 0 || p > 100 {
			return bad("a share of 0 to 100 such as 12.5")
		}
	case Money:
		if !money.MatchString(v) {
			return bad("an amount in EUR such as 12000.50")
		}
	}
	return v, nil
}
