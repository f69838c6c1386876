package scenario

import (
	"bytes"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nis2clock/runbooks"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(runbooks.ScenarioSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("scenario.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What ships is what the published schema describes.
func TestShippedFollowsTheSchema(t *testing.T) {
	s := compiled(t)
	files, err := fs.Glob(runbooks.Scenarios, "tabletop/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d scenarios are shipped (%v): want six or more", len(files), err)
	}
	for _, name := range files {
		data, err := fs.ReadFile(runbooks.Scenarios, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(instance(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func instance(t *testing.T, data []byte) any {
	t.Helper()
	text, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// An editor offers the keys that are read, and no others.
func TestSchemaHasTheKeysThatAreRead(t *testing.T) {
	var doc struct {
		Properties map[string]any `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]struct {
				Properties map[string]any `json:"properties"`
				Items      struct {
					Properties map[string]any `json:"properties"`
				} `json:"items"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(runbooks.ScenarioSchema, &doc); err != nil {
		t.Fatal(err)
	}
	same := func(what string, got []string, of any) {
		t.Helper()
		want := keysOf(reflect.TypeOf(of))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the reader %v", what, got, want)
		}
	}
	keys := func(m map[string]any) []string { return slices.Collect(maps.Keys(m)) }
	same("scenario", keys(doc.Properties), scenarioYAML{})
	for def, of := range map[string]any{
		"entity": Entity{}, "participant": participantYAML{}, "inject": injectYAML{}, "alert": alertYAML{}, "expected": expectYAML{},
		"decision": decisionYAML{}, "hint": hintYAML{}, "question": questionYAML{}, "step": stepYAML{}, "clock": clockYAML{},
	} {
		same(def, slices.Collect(maps.Keys(doc.Defs[def].Properties)), of)
	}
	inject, step := doc.Defs["inject"].Properties, doc.Defs["step"].Properties
	for key, of := range map[string]any{"message": saidYAML{}, "fact": saidYAML{}, "journalist": saidYAML{}, "outage": outageYAML{}, "authority": authorityYAML{}} {
		same(key, keys(inject[key].Properties), of)
	}
	same("allows", keys(inject["allows"].Items.Properties), knowledgeYAML{})
	same("breach", keys(step["breach"].Properties), breachYAML{})
	same("data_sets", keys(doc.Defs["entity"].Properties["data_sets"].Items.Properties), DataSet{})
	same("contracts", keys(doc.Defs["entity"].Properties["contracts"].Items.Properties), Contract{})
}

// keysOf are the keys that the decoder reads into the type.
func keysOf(of reflect.Type) []string {
	var keys []string
	for f := range of.Fields() {
		key := f.Tag.Get("yaml")
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// The schema offers every action there is.
func TestSchemaHasTheDeeds(t *testing.T) {
	var doc struct {
		Defs map[string]struct {
			Properties struct {
				Do struct {
					Enum []Deed `json:"enum"`
				} `json:"do"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(runbooks.ScenarioSchema, &doc); err != nil {
		t.Fatal(err)
	}
	for _, def := range []string{"expected", "step"} {
		if got := doc.Defs[def].Properties.Do.Enum; !slices.Equal(got, Deeds()) {
			t.Errorf("%s: do is one of %v, want %v", def, got, Deeds())
		}
	}
}
