package intake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzDecode checks of any body: it is decoded without a panic into what can
// be stored, the same however it is split into reads, and what stands alone as
// a readable element counts as well between others that are none.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("../../testdata/webhooks/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	for _, s := range []string{
		"", "null", "{}", "[]", "\xef\xbb\xbf{}", "\xff\xfe{\x00}\x00", `{"alerts":[{}]}x`, `{"alerts":[{"labels":{"a":"b","a":"c"}}]}`,
		reportable("A"), `{"labels":{"a":"\ud800"}}`, nested("[", "]", 100), nested(`{"":`, "}", 100), `{"alerts":[` + nested("[", "]", 64) + `,{"labels":{"a":"]"}}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := decode(t, s)
		wellFormed(t, b)
		if split, err := Decode(iotest.OneByteReader(strings.NewReader(s))); err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(split, b); diff != "" {
			t.Errorf("read byte by byte it is another body (-split +whole)\n%s", diff)
		}
		if !jsontext.Value(s).IsValid(lenient) {
			return
		}
		alone := decode(t, `{"alerts":[`+s+`]}`)
		beside := decode(t, `{"alerts":[null,{"labels":{"a":[]}},`+s+`,7,{"labels":{"last":"one"}}]}`)
		if len(alone.Alerts)+alone.Unreadable != 1 || len(beside.Alerts) != len(alone.Alerts)+1 || beside.Unreadable != alone.Unreadable+3 {
			t.Fatalf("alone %d alerts and %d unreadable, beside others %d and %d", len(alone.Alerts), alone.Unreadable, len(beside.Alerts), beside.Unreadable)
		}
		if diff := cmp.Diff(beside.Alerts[:len(alone.Alerts)], alone.Alerts, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("beside others it is another alert (-beside +alone)\n%s", diff)
		}
	})
}
