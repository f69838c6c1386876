package scenario_test

import (
	"testing"

	"nis2clock/internal/tabletop/scenario"
)

func TestShipped(t *testing.T) {
	all, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Log(s.Name, s.Title)
	}
}
