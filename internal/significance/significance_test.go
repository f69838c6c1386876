package significance

import (
	"strings"
	"testing"
	"time"
)

func TestAdvice(t *testing.T) {
	const cloud = "cloud_computing_service_provider"
	none := "scheduled_maintenance=no financial_loss_eur=0 potential_financial_loss_eur=0 trade_secrets_exfiltrated=no death=no health_damage=no " +
		"unauthorised_access=no recurring_incidents=1 complete_unavailability=5m limited_availability=0 data_compromised=no"
	for _, tt := range []struct {
		name, kind, said string
		want             Verdict
		says             string
		first            FactID
	}{
		{"one is enough", cloud, "complete_unavailability=31m", Significant, "Art. 7(a)", ""},
		{"all known, none met", cloud, none, NotSignificant, "exhaustive", ""},
		{"nothing known", cloud, "", CannotTell, "10 criteria", "trade_secrets_exfiltrated"},
		{"outside the Regulation", "", "severe_operational_disruption=no considerable_financial_loss=no damage_to_others=no", NotSignificant, "National law may add", ""},
		{"outside the Regulation, open", "", "severe_operational_disruption=no", CannotTell, "2 cannot be judged", "considerable_financial_loss"},
		{"one costly fact left", cloud, strings.Replace(none, "potential_financial_loss_eur=0", "", 1), CannotTell, "1 cannot be judged", PotentialLoss},
		{"a disruption alone is not in the Regulation", cloud, none + " severe_operational_disruption=yes", NotSignificant, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := profile(tt.kind)
			a := Advise(p, Evaluate(p, facts(t, tt.said)))
			if a.Verdict != tt.want || !strings.Contains(a.Because, tt.says) {
				t.Errorf("%s: %s; want %s and %q", a.Verdict, a.Because, tt.want, tt.says)
			}
			if tt.first != "" && (len(a.Missing) == 0 || a.Missing[0].Fact != tt.first) || tt.first == "" && len(a.Missing) > 0 {
				t.Errorf("missing %v, want %s first", a.Missing, tt.first)
			}
		})
	}
}

// An answer that settles a criterion spares the person what hangs on it.
func TestQuestionsFollowTheLawAndStopEarly(t *testing.T) {
	p := profile("cloud_computing_service_provider")
	f := Facts{}
	var asked []string
	for range 100 {
		q, ok := Next(p, f, func(FactID) bool { return false })
		if !ok {
			break
		}
		asked = append(asked, string(q.ID))
		no := map[Kind]Value{YesNo: "no", Effect: "no", Number: "0", Users: "0", Euros: "0", Length: "0s", Text: "a cable"}[q.Kind]
		f[q.ID] = Fact{Value: no}
	}
	want := "scheduled_maintenance financial_loss_eur potential_financial_loss_eur trade_secrets_exfiltrated death health_damage unauthorised_access malicious_suspected " +
		"root_cause recurring_incidents complete_unavailability limited_availability data_compromised"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("asked\n%s, want\n%s", got, want)
	}
}

func TestBecauseSaysTheNumbers(t *testing.T) {
	for _, tt := range []struct{ kind, id, said, want string }{
		{"cloud_computing_service_provider", "cloud_limited", "limited_availability=61m users_limited=~1200+9000 users_in_union=200000",
			"Limited availability of 1 h 1 min, more than 1 h; users with limited availability: 10 200 (1 200 customers and 9 000 persons associated with business customers) (estimated), more than 10 000 (5 % of 200 000, smaller than 1 000 000)."},
		{"online_marketplace", "marketplace_limited", "users_limited=31 users_in_union=630", "Users with limited availability: 31, not more than 31.5 (5 % of 630, smaller than 1 000 000)."},
		{"online_marketplace", "loss", "financial_loss_eur=499999.5 potential_financial_loss_eur=500k annual_turnover_eur=2M",
			"Financial loss of EUR 499 999.50, more than EUR 100 000 (5 % of EUR 2 000 000, lower than EUR 500 000)."},
		{"trust_service_provider", "trust_limited", "users_limited=200001 users_in_union=21M", "Users with limited availability: 200 001, more than 200 000 (smaller than 210 000, 1 % of 21 000 000)."},
	} {
		if r := result(t, profile(tt.kind), tt.id, facts(t, tt.said)); r.Because != tt.want {
			t.Errorf("%s:\n%s, want\n%s", tt.id, r.Because, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		id         FactID
		text, want string // empty: refused
	}{
		{UsersInUnion, "12 000", "12000"}, {UsersInUnion, "1200 + 3400", "1200+3400"}, {UsersInUnion, "1.2M", "1200000"}, {UsersInUnion, "1.5", ""},
		{UsersInUnion, "1+2+3", ""}, {UsersInUnion, "-1", ""}, {UsersInUnion, "many", ""}, {UsersInUnion, "99999999999999999999", ""}, {UsersInUnion, "9999999M", ""},
		{FinancialLoss, "1.005", ""}, {FinancialLoss, "1.2M", "1200000"}, {FinancialLoss, "0.01", "0.01"}, {FinancialLoss, "1,5", ""},
		{"complete_unavailability", "90 min", "1h30m0s"}, {"complete_unavailability", "1 hour 5 minutes", "1h5m0s"}, {"complete_unavailability", "2d 3h", "51h0m0s"},
		{"complete_unavailability", "0", "0s"}, {"complete_unavailability", "30", ""}, {"complete_unavailability", "-5m", ""},
		{"death", "Possible", "possible"}, {"death", "perhaps", ""}, {"data_compromised", "y", "yes"}, {"data_compromised", "possible", ""}, {"data_compromised", "true", "yes"},
		{Outages, "2026-11-20T10:00:00Z/2026-11-20T09:00:00Z", ""}, {Outages, "2026-11-20T10:00:00/2026-11-20T11:00:00", ""}, {"users", "1", ""},
	} {
		f, known, err := Parse(tt.id, tt.text)
		if (err == nil) != (tt.want != "") || string(f.Value) != tt.want || known != (tt.want != "") {
			t.Errorf("%s=%q: %q, %v, want %q", tt.id, tt.text, f.Value, err, tt.want)
		}
	}
	for _, text := range []string{"", "?", "Unknown"} {
		if _, known, err := Parse("death", text); known || err != nil {
			t.Errorf("%q is known (%v)", text, err)
		}
	}
	if f, _, err := Parse(UsersInUnion, "~12k"); err != nil || !f.Estimated || f.Value != "12000" {
		t.Errorf("an estimate: %+v, %v", f, err)
	}
}

// Each kind, read back from its canonical form, is itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"yes", "12k", "1+2", "0.05", "1h2m", "~3", "2026-11-20T10:00:00Z/2026-11-20T11:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, q := range catalogue {
			fact, known, err := Parse(q.ID, text)
			if err != nil || !known {
				continue
			}
			again, _, err := Parse(q.ID, string(fact.Value))
			if q.Kind != Text && (err != nil || again.Value != fact.Value) {
				t.Errorf("%s: %q became %q, read back as %q, %v", q.ID, text, fact.Value, again.Value, err)
			}
		}
	})
}

func TestTableIsStrict(t *testing.T) {
	for name, change := range map[string][2]string{
		"an unknown key":         {"\n    maintenance: true", "\n    maintainance: true"},
		"an unknown fact":        {"fact: damage_to_others", "fact: damage"},
		"an unknown type":        {"for: [tld_name_registry]", "for: [tld]"},
		"an answer that is none": {"is: [yes, possible]", "is: [maybe]"},
		"no operator":            {"more_than: 30m", "of: users_in_union"},
		"a share of other units": {"of: annual_turnover_eur", "of: users_in_union"},
		"a length without unit":  {"more_than: 30m", "more_than: 30"},
		"whichever of two":       {"whichever: smaller", "whichever: larger"},
		"the same id twice":      {"id: tld_data", "id: tld_slow"},
		"a recurring test":       {"test: loss", "test: gain"},
	} {
		if _, err := parseTable([]byte(strings.Replace(string(criteriaYAML), change[0], change[1], 1))); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestCalendarWeek(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, said string
		zone       *time.Location
		want       time.Duration
	}{
		{"one week", "2026-11-16T00:00:00Z/2026-11-16T00:20:00Z,2026-11-22T23:20:00Z/2026-11-23T00:00:00Z", time.UTC, time.Hour},
		{"cut at Monday 00:00", "2026-11-22T23:00:00Z/2026-11-23T00:30:00Z", time.UTC, time.Hour},
		{"Monday begins an hour earlier in Berlin", "2026-11-22T22:30:00Z/2026-11-22T23:30:00Z", berlin, 30 * time.Minute},
		{"overlaps count once, in any order", "2026-11-18T10:30:00Z/2026-11-18T11:00:00Z,2026-11-18T10:00:00Z/2026-11-18T10:45:00Z", time.UTC, time.Hour},
		{"a period within another", "2026-11-18T10:00:00Z/2026-11-18T12:00:00Z,2026-11-18T10:30:00Z/2026-11-18T11:00:00Z", time.UTC, 2 * time.Hour},
		{"a week with a clock change has 169 h", "2026-10-10T00:00:00Z/2026-11-10T00:00:00Z", berlin, 169 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := periods(tt.said)
			if err != nil {
				t.Fatal(err)
			}
			if got := LongestWeek(all, tt.zone); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestEntityTypes(t *testing.T) {
	for s, want := range map[string]EntityType{
		"Cloud computing service provider": "cloud_computing_service_provider", "MSSP": "managed_security_service_provider",
		"trust-service-provider": "trust_service_provider", "electricity supplier": "", "": "",
	} {
		if got, ok := ParseEntityType(s); got != want || ok != (want != "") {
			t.Errorf("%q is %q", s, got)
		}
	}
}
