package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/holidays"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
	"nis2clock/internal/significance"

	"github.com/google/go-cmp/cmp"
)

// entityOf reads one entity written in flow form.
func entityOf(t *testing.T, flow string) Entity {
	t.Helper()
	c, err := parse("c.yaml", ".", []byte("entities: ["+flow+"]\n"), environment)
	if err != nil {
		t.Fatal(err)
	}
	return c.Entities[0]
}

// TestCapitals knows the Union's standard times: hours east of UTC in January.
func TestCapitals(t *testing.T) {
	east := map[int]string{0: "IE PT", 2: "BG CY EE FI GR LT LV RO", 1: "AT BE CZ DE DK ES FR HR HU IT LU MT NL PL SE SI SK"}
	n := 0
	for hours, states := range east {
		for i := 0; i < len(states); i += 3 {
			n++
			state := states[i : i+2]
			e := entityOf(t, fmt.Sprintf("{member_state: %s}", state))
			if e.MemberState != state || e.Place.Zone == nil {
				t.Errorf("%s: state %q, zone %v", state, e.MemberState, e.Place.Zone)
				continue
			}
			if _, offset := time.Date(2027, 1, 15, 12, 0, 0, 0, e.Place.Zone).Zone(); offset != hours*3600 {
				t.Errorf("%s: %s is %d s east of UTC in January, want %d h", state, e.Place.Zone, offset, hours)
			}
		}
	}
	if n != 27 || len(regime.MemberStates()) != 27 {
		t.Errorf("%d States checked, %d known, want 27", n, len(regime.MemberStates()))
	}
}

func TestPlace(t *testing.T) {
	for _, tt := range []struct{ name, flow, state, zone string }{
		{"EL is Greece", "{member_state: EL}", "GR", "Europe/Athens"},
		{"a zone of its own", "{member_state: ES, tz: Atlantic/Canary}", "ES", "Atlantic/Canary"},
		{"the order does not matter", "{tz: Atlantic/Azores, member_state: PT}", "PT", "Atlantic/Azores"},
		{"a zone without a State", "{tz: UTC}", "", "UTC"},
		{"neither", "{name: a}", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := entityOf(t, tt.flow)
			zone := ""
			if e.Place.Zone != nil {
				zone = e.Place.Zone.String()
			}
			if e.MemberState != tt.state || zone != tt.zone {
				t.Errorf("got %q in %q, want %q in %q", e.MemberState, zone, tt.state, tt.zone)
			}
		})
	}
}

func TestTextStaysAsWritten(t *testing.T) {
	c, err := parse("c.yaml", ".", []byte("entities:\n  - national_id: 0123\n    sector: yes\n    address: |\n      Rue de la Loi 1\n      1000 Bruxelles\n    authority: >-\n      a\n      b\n"), environment)
	if err != nil {
		t.Fatal(err)
	}
	e := c.Entities[0]
	if diff := cmp.Diff([]string{"0123", "yes", "Rue de la Loi 1\n1000 Bruxelles", "a b"}, []string{e.NationalID, e.Sector, e.Address, e.Authority}); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

func TestTracks(t *testing.T) {
	c, err := parse("c.yaml", secretDir(t), []byte(`
pagerduty: {routing_key_file: key}
slack: {token_file: token, channel: C1}
entities:
  - {name: signatures, type: trust_service_provider, member_state: AT, authority: CERT.at, holidays: [2027-01-06, 2027-11-15]}
  - {name: grid, type: electricity supplier}
`), environment)
	if err != nil {
		t.Fatal(err)
	}
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	// The State's own holidays, and beside them the one of its part.
	austria, _ := holidays.Builtin().Calendar("AT")
	days := austria.Checked()
	days[regime.Date{Year: 2027, Month: 11, Day: 15}] = ""
	want := []incident.Track{
		{Entity: "signatures", MemberState: "AT", Authority: "CERT.at", Kind: regime.TrustServiceProvider, NoWeekendRelief: true, Regimes: []regime.ID{"nis2"},
			Place: regime.Place{Zone: vienna, Holidays: days}, Types: []significance.EntityType{"trust_service_provider"}},
		{Entity: "grid", NoWeekendRelief: true, Regimes: []regime.ID{"nis2"}},
	}
	if diff := cmp.Diff(want, c.Tracks(), equal); diff != "" {
		t.Errorf("tracks (-want +got):\n%s", diff)
	}
	if c.PagerDuty.Zone.String() != "Europe/Vienna" || c.Slack.Zone.String() != "Europe/Vienna" {
		t.Errorf("pages show %v, messages %v: want the first entity's zone", c.PagerDuty.Zone, c.Slack.Zone)
	}
}

// Types of Implementing Regulation (EU) 2024/2690 bring its criteria, however
// they are spelt; anything else is free text.
func TestEntityTypes(t *testing.T) {
	for _, tt := range []struct {
		flow  string
		types []significance.EntityType
		kind  regime.EntityKind
	}{
		{"{type: electricity supplier}", nil, ""},
		{"{type: Cloud computing service provider}", []significance.EntityType{"cloud_computing_service_provider"}, ""},
		{"{type: 'managed-service-provider, MSSP, cloud'}", []significance.EntityType{"managed_service_provider", "managed_security_service_provider", "cloud_computing_service_provider"}, ""},
		{"{type: 'data_centre_service_provider, trust_service_provider'}", []significance.EntityType{"data_centre_service_provider", "trust_service_provider"}, regime.TrustServiceProvider},
	} {
		e := entityOf(t, tt.flow)
		if diff := cmp.Diff(tt.types, e.types()); diff != "" || e.Kind() != tt.kind {
			t.Errorf("%s: kind %q, types (-want +got):\n%s", tt.flow, e.Kind(), diff)
		}
	}
	e := entityOf(t, "{users_in_union: ~1200+3400, annual_turnover_eur: 1.2M}")
	want := significance.Facts{
		significance.UsersInUnion:   {Value: "1200+3400", Estimated: true, Origin: significance.FromConfig},
		significance.AnnualTurnover: {Value: "1200000", Origin: significance.FromConfig},
	}
	if diff := cmp.Diff(want, e.Known); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
}

// Delegated Regulation (EU) 2025/301 Art. 5(5).
func TestNoWeekendRelief(t *testing.T) {
	for flow, want := range map[string]bool{
		"{class: essential, regimes: [dora]}":                             true,
		"{class: important, regimes: [dora]}":                             true,
		"{class: not_in_scope, regimes: [dora]}":                          false,
		"{class: not_in_scope, type: credit_institution}":                 true,
		"{class: not_in_scope, type: central_counterparty}":               true,
		"{class: not_in_scope, type: trading_venue_operator}":             true,
		"{regimes: [dora]}":                                               false,
		"{regimes: [nis2, dora]}":                                         true,
		"{class: not_in_scope, type: payment institution, tz: UTC}":       false,
		"{class: not_in_scope, type: insurer, regimes: [dora, customer]}": false,
	} {
		flow = "{name: a, " + strings.TrimPrefix(flow, "{")
		c, err := parse("c.yaml", exampleDir, []byte("regimes: regimes\nentities: ["+flow+"]\n"), environment)
		if err != nil {
			t.Errorf("%s: %v", flow, err)
			continue
		}
		if got := c.Tracks()[0].NoWeekendRelief; got != want {
			t.Errorf("%s: excluded from the relief: %v, want %v", flow, got, want)
		}
	}
}

// The Assumption of the Virgin Mary is a holiday in a part of Germany only.
func TestRegion(t *testing.T) {
	for flow, want := range map[string]bool{
		"{member_state: DE}":                                     false,
		"{member_state: DE, region: DE-BE}":                      false,
		"{member_state: DE, region: DE-SL}":                      true,
		"{member_state: DE, holidays: [2027-08-15]}":             true,
		"{region: DE-SL}":                                        false,
		"{region: DE-SL, member_state: DE, tz: Europe/Busingen}": true,
	} {
		c, err := parse("c.yaml", ".", []byte("entities: ["+flow+"]\n"), environment)
		if err != nil {
			t.Errorf("%s: %v", flow, err)
			continue
		}
		if _, got := c.Tracks()[0].Place.Holidays[regime.Date{Year: 2027, Month: 8, Day: 15}]; got != want {
			t.Errorf("%s: 15 August is a holiday: %v, want %v", flow, got, want)
		}
	}
}

// TestDoubtfulEntities checks what is said of an entity whose regimes do not go together.
func TestDoubtfulEntities(t *testing.T) {
	c, err := parse("c.yaml", ".", []byte(`
entities:
  - {name: pay, member_state: IE, regimes: [nis2, dora]}
  - {name: fund, regimes: [dora]}
  - {name: shop, class: essential, regimes: [nis2, gdpr]}
  - {name: lost, region: DE-SL}
`), environment)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"c.yaml:3: entities[0].regimes: DORA takes the place of NIS2 for an entity that both bind, Directive (EU) 2022/2555 Art. 4 and Regulation (EU) 2022/2554 Art. 1(2); " +
			"for pay the clocks of both run: leave nis2 out of its regimes in the configuration once it is clear that it does not bind it.",
		"c.yaml:4: entities[1].regimes: DORA lets some entities send later because of a weekend, and fund counts as one of them: " +
			"give its class, or its type if that is credit_institution, central_counterparty or trading_venue_operator",
		"c.yaml:6: entities[3].region: is left out of account without member_state, the State that it is a part of",
	}
	if diff := cmp.Diff(want, c.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
