package communication_test

import (
	"strings"
	"testing"
	"time"

	"nis2clock/internal/communication"
	"nis2clock/internal/incident"
	"nis2clock/templates"
)

// What is added for one authority quotes no reference and no message of
// another's.
func TestAFollowUpIsOfOneEntity(t *testing.T) {
	d, err := communication.New(communication.From{Entity: "Example AG", Authority: "BSI", Track: "example"}, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var v incident.View
	for n, entity := range []string{"example", "kypros"} {
		v.Submissions = append(v.Submissions, incident.SentView{Entity: entity, Stages: []string{"early_warning"}, SubmittedAt: at, Reference: entity + "-77"})
		v.Messages = append(v.Messages, incident.MessageView{Number: n + 1, Direction: incident.In, Kind: incident.RequestMessage, Entity: new(entity), ReceivedAt: &at, Text: "send logs, " + entity})
	}
	text, err := d.Draft(incident.AuthorityFollowUp, "en", v, at)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"example-77", "send logs, example"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it:\n%s", want, text)
		}
	}
	if strings.Contains(text, "kypros") {
		t.Errorf("it quotes what went to another authority:\n%s", text)
	}
}
