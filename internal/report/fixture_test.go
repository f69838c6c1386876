package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/templates"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// renderer is one for the specimen's entity, changed by adjust.
func renderer(t testing.TB, adjust ...func(*Options)) *Renderer {
	t.Helper()
	o := Options{Entities: []Entity{SpecimenEntity()}, Builtin: templates.FS, Law: regime.Builtin()}
	for _, f := range adjust {
		f(&o)
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func specimen(t testing.TB) Source {
	t.Helper()
	src, err := Specimen()
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func render(t testing.TB, r *Renderer, req Request, src Source) []byte {
	t.Helper()
	out, err := r.PDF(req, src)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Stage, req.Lang, err)
	}
	return out
}

// squeeze leaves out white space, which lines and readers set differently.
func squeeze(s string) string {
	return strings.NewReplacer(" ", "", "\n", "", "\u00a0", "", "\t", "", "\f", "").Replace(s)
}

// languages are those of the catalogue.
var languages = strings.Fields("en de fr nl it es pl el bg")

var at0 = time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)

// written makes a source of one incident by commands, each a minute after the
// one before.
func written(t testing.TB, commands ...func(incident.Person, incident.ID) incident.Command) Source {
	t.Helper()
	rules := &incident.Rules{Law: regime.Builtin(), Tracks: []incident.Track{{Entity: "default", Regimes: []regime.ID{"nis2"}, Place: regime.Place{Zone: time.UTC}}}}
	state := incident.NewState()
	by := incident.Person{By: incident.Actor{Name: "ana", Via: "cli"}}
	var entries []incident.Entry
	var id incident.ID
	do := func(n int, cmd incident.Command) {
		reply, more, err := rules.Execute(state, at0.Add(time.Duration(n)*time.Minute), cmd)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, more...)
		id = reply.(incident.ID)
	}
	do(0, incident.Declare{Person: by, Title: "Sign-in fails", DetectedAt: at0})
	for n, c := range commands {
		do(n+1, c(by, id))
	}
	i, _ := state.Incident(id)
	return Source{Incident: i.View(i.UpdatedAt), Entries: entries, Journal: Journal{Size: state.Size, Root: "root", Key: "key"}}
}

// golden compares got with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test -update)", err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs from what is rendered; look at the difference and run go test -update:\n%s", name, firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for n := range min(len(w), len(g)) {
		if w[n] != g[n] {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", n+1, w[n], g[n])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
