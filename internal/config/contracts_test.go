package config

import (
	"strings"
	"testing"
	"time"

	"nis2clock/internal/incident"

	"github.com/google/go-cmp/cmp"
)

func TestContracts(t *testing.T) {
	for _, tt := range []struct {
		name, flow string
		want       incident.Contract
	}{
		{"the name is the controller", "{contracts: [{name: acme, notify_within: 2d}]}",
			incident.Contract{Name: "acme", Controller: "acme", NotifyWithin: 48 * time.Hour}},
		{"its own names for the data", "{contracts: [{name: acme, notify_within: 24h, data_sets: [tickets]}]}",
			incident.Contract{Name: "acme", Controller: "acme", NotifyWithin: 24 * time.Hour, DataSets: []string{"tickets"}}},
		{"the entity's names for the data, listed after", "{contracts: [{name: acme, data_sets: [tickets]}], data_sets: [{name: tickets, role: processor}]}",
			incident.Contract{Name: "acme", Controller: "acme", DataSets: []string{"tickets"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := entityOf(t, tt.flow).Contracts
			if diff := cmp.Diff([]incident.Contract{tt.want}, got, equal); diff != "" {
				t.Errorf("contracts (-want +got):\n%s", diff)
			}
		})
	}
}

// A contract that names nothing the entity holds would leave a controller
// without word.
func TestContractMistakes(t *testing.T) {
	for _, tt := range []struct{ name, flow, says string }{
		{"no name", "{contracts: [{notify_within: 24h}]}", "contracts[0].name: is missing"},
		{"no whole hours", "{contracts: [{name: a, notify_within: 90m}]}", "whole hours"},
		{"another role", "{contracts: [{name: a, role: controller}]}", "want processor"},
		{"the same name twice", "{contracts: [{name: a, notify_within: 1h}, {name: a, notify_within: 2h}]}", "contracts[1].name"},
		{"data that is not listed", "{data_sets: [{name: tickets, role: processor}], contracts: [{name: a, data_sets: [tickest]}]}", `no data set "tickest"`},
		{"data of its own", "{data_sets: [{name: staff, role: controller}], contracts: [{name: a, data_sets: [staff]}]}", "is the controller"},
		{"a data set without a role", "{data_sets: [{name: staff}]}", "data_sets[0].role: is missing"},
		{"another role in data", "{data_sets: [{name: staff, role: owner}]}", "controller or processor"},
		{"a data set twice", "{data_sets: [{name: a, role: processor}, {name: a, role: controller}]}", "data_sets[1].name"},
		{"an unknown key", "{contracts: [{name: a, hours: 24}]}", "contracts[0].hours: unknown key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("c.yaml", ".", []byte("entities: ["+tt.flow+"]\n"), environment)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a refusal that says %q", err, tt.says)
			}
		})
	}
	c, err := parse("c.yaml", ".", []byte("entities: [{contracts: [{name: a}]}]\n"), environment)
	if err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "without undue delay") {
		t.Errorf("a contract without a figure: %v, warnings %v", err, c.Warnings)
	}
}
