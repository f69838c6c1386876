package indicator

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Source is what a bundle is made of.
type Source struct {
	Incident, Title string
	// Entity is who saw them, by its legal name; empty where none is configured.
	Entity string
	// TLP is a label of the Traffic Light Protocol 2.0 without "TLP:".
	TLP string
	// Seen is when the incident was detected, Recorded, not before it, when the
	// indicators were written down last.
	Seen, Recorded time.Time
	Exercise       bool
	Lines          []string
}

// tlp are the marking definitions of TLP 2.0, which STIX fixes.
var tlp = map[string]string{
	"CLEAR":        "94868c89-83c2-464b-929b-a1a8aa3c8487",
	"GREEN":        "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"AMBER":        "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
	"RED":          "e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// tlpExtension is the extension that defines them, tlpCreated its date.
const (
	tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
	tlpCreated   = "2022-10-01T00:00:00.000Z"
)

// space is the namespace of the ids: the same record gives the same ones, so
// that a packet made twice is one packet.
var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://nis2clock/stix"))

// object is any object of STIX; what it does not have is left out.
type object struct {
	Type        string   `json:"type"`
	SpecVersion string   `json:"spec_version"`
	ID          string   `json:"id"`
	CreatedBy   string   `json:"created_by_ref,omitzero"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified,omitzero"`
	Labels      []string `json:"labels,omitempty"`
	Markings    []string `json:"object_marking_refs,omitempty"`

	Name           string              `json:"name,omitzero"`
	Description    string              `json:"description,omitzero"`
	IdentityClass  string              `json:"identity_class,omitzero"`
	IndicatorTypes []string            `json:"indicator_types,omitempty"`
	Pattern        string              `json:"pattern,omitzero"`
	PatternType    string              `json:"pattern_type,omitzero"`
	ValidFrom      string              `json:"valid_from,omitzero"`
	Content        string              `json:"content,omitzero"`
	ReportTypes    []string            `json:"report_types,omitempty"`
	Published      string              `json:"published,omitzero"`
	Refs           []string            `json:"object_refs,omitempty"`
	Extensions     map[string]tlpLabel `json:"extensions,omitempty"`
}

type tlpLabel struct {
	Type string `json:"extension_type"`
	TLP  string `json:"tlp_2_0"`
}

type bundle struct {
	Type    string   `json:"type"`
	ID      string   `json:"id"`
	Objects []object `json:"objects"`
}

// Bundle writes the indicators as a STIX 2.1 bundle: the entity, a report that
// stands for the incident, an indicator for each line, and a note for each that
// is no indicator a machine can look for. The same source gives the same bytes.
// It fails without a line and for a TLP label that there is none of.
func Bundle(src Source) ([]byte, error) {
	if len(src.Lines) == 0 {
		return nil, fmt.Errorf("%s has no indicators of compromise", src.Incident)
	}
	marking, ok := tlp[src.TLP]
	if !ok {
		return nil, fmt.Errorf("TLP:%s is no label of the Traffic Light Protocol 2.0", src.TLP)
	}
	key := src.Entity + "\x00" + src.Incident + "\x00" + src.Seen.UTC().Format(time.RFC3339Nano)
	id := func(kind, what string) string {
		return kind + "--" + uuid.NewSHA1(space, []byte(key+"\x00"+kind+"\x00"+what)).String()
	}
	seen, recorded := stamp(src.Seen), stamp(src.Recorded)
	name := src.Entity
	if name == "" {
		name = "the reporting entity"
	}
	who := id("identity", "")
	made := func(kind, what string) object {
		o := object{Type: kind, SpecVersion: "2.1", ID: id(kind, what), CreatedBy: who, Created: seen, Modified: recorded, Markings: []string{"marking-definition--" + marking}}
		if src.Exercise {
			o.Labels = []string{"exercise"}
		}
		return o
	}
	identity := made("identity", "")
	identity.CreatedBy, identity.Name, identity.IdentityClass = "", name, "organization"
	report := made("report", "")
	report.Name, report.ReportTypes, report.Published = src.Incident+": "+src.Title, []string{"indicator"}, recorded
	if src.Exercise {
		report.Name = "EXERCISE " + report.Name
	}
	objects := []object{
		{
			Type: "marking-definition", SpecVersion: "2.1", ID: "marking-definition--" + marking, Created: tlpCreated, Name: "TLP:" + src.TLP,
			Extensions: map[string]tlpLabel{tlpExtension: {"property-extension", strings.ToLower(src.TLP)}},
		},
		identity,
	}
	known := map[Indicator]bool{}
	for _, line := range src.Lines {
		i := Parse(line)
		if known[i] {
			continue
		}
		known[i] = true
		if i.Kind == Other {
			o := made("note", i.Value)
			o.Content, o.Refs = i.Value, []string{report.ID}
			objects = append(objects, o)
			continue
		}
		o := made("indicator", string(i.Kind)+" "+i.Value)
		o.Name, o.IndicatorTypes, o.ValidFrom = i.name(), []string{"malicious-activity"}, seen
		o.Pattern, o.PatternType = i.pattern()
		report.Refs = append(report.Refs, o.ID)
		objects = append(objects, o)
	}
	if len(report.Refs) == 0 {
		report.Refs = []string{who} // a report is about something
	}
	objects = append(objects, report)
	return json.Marshal(bundle{"bundle", id("bundle", recorded+"\x00"+strings.Join(src.Lines, "\x00")), objects}, json.Deterministic(true), jsontext.WithIndent("  "))
}

// stamp is an instant as STIX writes it: UTC, to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// name is an indicator in a line.
func (i Indicator) name() string {
	switch i.Kind {
	case YARA:
		return "YARA rule"
	case STIX:
		return "STIX pattern"
	case File:
		return "file " + i.Value
	}
	return i.Value
}

// quote is a text as a string of a STIX pattern.
var quote = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// pattern is what to look for, and in which language it is said.
func (i Indicator) pattern() (pattern, language string) {
	switch i.Kind {
	case YARA:
		return i.Value, "yara"
	case STIX:
		return i.Value, "stix"
	case MD5, SHA1, SHA256, SHA512:
		return fmt.Sprintf("[file:hashes.'%s' = '%s']", i.Kind, i.Value), "stix"
	case File:
		return "[file:name = '" + quote.Replace(i.Value) + "']", "stix"
	}
	return fmt.Sprintf("[%s:value = '%s']", i.Kind, quote.Replace(i.Value)), "stix"
}
