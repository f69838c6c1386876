package communication_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/communication"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/templates"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden drafts")

var (
	berlin = time.FixedZone("Europe/Berlin", 3600)
	noon   = time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
)

func drafter(t *testing.T, systems ...fs.FS) *communication.Drafter {
	t.Helper()
	d, err := communication.New(communication.From{Entity: "Example Energy GmbH", Authority: "BSI", Zone: berlin}, append([]fs.FS{templates.FS}, systems...)...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// inside is what no recipient of a service may read.
const inside = "host-db-7 198.51.100.7"

func full() incident.View {
	at := noon.Add(-time.Hour)
	return incident.View{
		ID: "INC-2026-0001", Title: inside, Summary: inside, Service: "customer portal", Status: "open", DetectedAt: at, AwareAt: &at,
		Malicious: classify.Yes, CrossBorder: classify.Unknown, Commander: new("Anna " + inside), Reason: inside, Severity: inside,
		Significance: incident.Significance{EntitySignificance: incident.EntitySignificance{Decision: "significant", Reason: inside}},
		Clocks: []incident.ClockView{
			{ClockID: incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}, State: incident.ClockSubmitted, DueAt: noon.Add(23 * time.Hour), SubmittedAt: &at},
			{ClockID: incident.ClockID{Entity: "default", Regime: "nis2", Stage: "notification"}, State: incident.ClockRunning, DueAt: noon.Add(71 * time.Hour), Late: true},
			{ClockID: incident.ClockID{Entity: "default", Regime: "nis2", Stage: "final_report"}, State: incident.ClockProjected},
		},
		Alerts:   []incident.AlertView{{Labels: map[string]string{"instance": inside}, Annotations: map[string]string{"summary": inside}}},
		Messages: []incident.MessageView{{Number: 1, Direction: incident.In, Kind: incident.RequestMessage, ReceivedAt: &at, RespondBy: new(noon.Add(48 * time.Hour)), Text: "Which systems? " + inside, Regime: new(regime.ID("nis2"))}},
		Dossier:  incident.Dossier{Submissions: []incident.SentView{{Stages: []string{"early_warning"}, SubmittedAt: at, Reference: "4711"}}},
		Conduct: incident.Conduct{
			Notes:    []incident.NoteView{{Text: inside}},
			Runbooks: []incident.RunbookView{{Name: "ransomware", Title: inside, Done: 3, Total: 18}},
		},
	}
}

// Drafts as a person gets them, in every language, of an incident of which
// much is known and of one of which nothing is.
func TestDrafts(t *testing.T) {
	d := drafter(t)
	for _, kind := range incident.CommunicationKinds {
		langs := d.Languages(kind)
		if diff := cmp.Diff([]string{"de", "en", "fr"}, langs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		for _, lang := range langs {
			for name, v := range map[string]incident.View{"full": full(), "bare": {ID: "EX-2026-0001", Exercise: true}} {
				got, err := d.Draft(kind, lang, v, noon)
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", kind+"."+lang+"."+name+".md")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", file, diff)
				}
			}
		}
	}
}

// A notice to customers cannot carry what is inside, whatever its template
// says: the struct that it is filled from has no more than this.
func TestRecipientsSeeNothingOfTheInside(t *testing.T) {
	d := drafter(t, fstest.MapFS{"communications/recipients_notice.en.md": {Data: []byte(`{{printf "%+v" .}}`)}})
	got, err := d.Draft(incident.RecipientsNotice, "en", full(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got, inside) || !strings.Contains(got, "customer portal") {
		t.Errorf("all that a template can reach: %s", got)
	}
	var names []string
	for f := range reflect.TypeFor[communication.Recipients]().Fields() {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"Common", "Service", "Detected", "ImpactEnded"}, names); diff != "" {
		t.Errorf("another field tells customers more: is that meant? (-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"a kind nobody knows":   {"press.en.md", "x", "name it KIND.LANG.md"},
		"no language":           {"internal_update.md", "x", "name it KIND.LANG.md"},
		"a broken template":     {"internal_update.en.md", "{{if}}", "internal_update.en.md:1"},
		"a field there is none": {"recipients_notice.en.md", "{{.Summary}}", "can't evaluate field Summary"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := communication.New(communication.From{}, fstest.MapFS{"communications/" + c.file: {Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := drafter(t).Draft("press", "en", full(), noon); !errors.Is(err, communication.ErrKind) {
		t.Errorf("an unknown kind: %v", err)
	}
	if _, err := drafter(t).Draft(incident.InternalUpdate, "xx", full(), noon); !errors.Is(err, communication.ErrKind) {
		t.Errorf("an unknown language: %v", err)
	}
}
