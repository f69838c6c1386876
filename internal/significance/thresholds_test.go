package significance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// facts reads name=value pairs.
func facts(t testing.TB, said string) Facts {
	t.Helper()
	f := Facts{}
	for pair := range strings.FieldsSeq(said) {
		name, value, _ := strings.Cut(pair, "=")
		fact, known, err := Parse(FactID(name), value)
		if err != nil {
			t.Fatal(err)
		}
		if known {
			f[FactID(name)] = fact
		}
	}
	return f
}

func profile(kind string) Profile {
	if kind == "" {
		return Profile{}
	}
	return Profile{Types: []EntityType{EntityType(kind)}}
}

func result(t testing.TB, p Profile, id string, f Facts) Result {
	t.Helper()
	for _, r := range Evaluate(p, f) {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no criterion %s for %v", id, p.Types)
	return Result{}
}

// sides are each side of every threshold: the facts that just do not meet a
// criterion, and those that just do.
var sides = []struct{ kind, id, not, met string }{
	{"", "disruption", "severe_operational_disruption=no", "severe_operational_disruption=possible"},
	{"", "financial_loss", "considerable_financial_loss=no", "considerable_financial_loss=possible"},
	{"", "damage_to_others", "damage_to_others=no", "damage_to_others=yes"},

	{"*", "loss", "financial_loss_eur=500000 potential_financial_loss_eur=0 annual_turnover_eur=10000000", "financial_loss_eur=500000.01 annual_turnover_eur=10000000"},
	{"*", "loss", "financial_loss_eur=0 potential_financial_loss_eur=500000 annual_turnover_eur=1000000000", "potential_financial_loss_eur=500000.01 annual_turnover_eur=1000000000"},
	{"*", "loss", "financial_loss_eur=50000 potential_financial_loss_eur=50000 annual_turnover_eur=1000000", "financial_loss_eur=50000.01 annual_turnover_eur=1000000"},
	{"*", "trade_secrets", "trade_secrets_exfiltrated=no", "trade_secrets_exfiltrated=possible"},
	{"*", "death", "death=no", "death=possible"},
	{"*", "health", "health_damage=no", "health_damage=possible"},
	{"*", "access", "unauthorised_access=no", "unauthorised_access=yes malicious_suspected=yes severe_operational_disruption=possible"},
	{"*", "access", "unauthorised_access=yes malicious_suspected=no", "unauthorised_access=yes malicious_suspected=yes severe_operational_disruption=yes"},
	{"*", "access", "unauthorised_access=yes malicious_suspected=yes severe_operational_disruption=no", "unauthorised_access=yes malicious_suspected=yes severe_operational_disruption=yes"},
	{"*", "recurring", "recurring_incidents=1", "recurring_incidents=2 recurring_loss_eur=500000.01"},
	{"*", "recurring", "recurring_incidents=2 recurring_loss_eur=500000 annual_turnover_eur=1000000000", "recurring_incidents=2 recurring_loss_eur=50000.01 annual_turnover_eur=1000000"},

	{"dns_service_provider", "dns_unavailable", "complete_unavailability=30m", "complete_unavailability=30m0.001s"},
	{"dns_service_provider", "dns_slow", "average_response_time=10s slow_response_period=2h", "average_response_time=10.001s slow_response_period=1h1s"},
	{"dns_service_provider", "dns_slow", "average_response_time=11s slow_response_period=1h", "average_response_time=11s slow_response_period=1h1s"},
	{"dns_service_provider", "dns_data", "data_compromised=no", "data_compromised=yes misconfiguration_only=no"},
	{"dns_service_provider", "dns_data", "data_compromised=yes misconfiguration_only=yes misconfigured_names=999 names_managed=99900", "data_compromised=yes misconfiguration_only=yes misconfigured_names=1000"},
	{"dns_service_provider", "dns_data", "data_compromised=yes misconfiguration_only=yes misconfigured_names=999 names_managed=99900", "data_compromised=yes misconfiguration_only=yes misconfigured_names=999 names_managed=99899"},
	{"dns_service_provider", "dns_data", "data_compromised=yes misconfiguration_only=yes misconfigured_names=1 names_managed=100", "data_compromised=yes misconfiguration_only=yes misconfigured_names=2 names_managed=100"},

	{"tld_name_registry", "tld_unavailable", "complete_unavailability=0", "complete_unavailability=1ms"},
	{"tld_name_registry", "tld_slow", "average_response_time=10s", "average_response_time=10.1s slow_response_period=1h0m0.1s"},
	{"tld_name_registry", "tld_slow", "average_response_time=60s slow_response_period=1h", "average_response_time=60s slow_response_period=1h1s"},
	{"tld_name_registry", "tld_data", "data_compromised=no", "data_compromised=yes"},

	{"data_centre_service_provider", "data_centre_unavailable", "complete_unavailability=0", "complete_unavailability=1s"},
	{"data_centre_service_provider", "data_centre_limited", "limited_availability=1h", "limited_availability=1h1s"},
	{"data_centre_service_provider", "data_centre_data", "data_compromised=yes malicious_suspected=no", "data_compromised=yes malicious_suspected=yes"},
	{"data_centre_service_provider", "data_centre_access", "physical_access_compromised=no", "physical_access_compromised=yes"},

	{"trust_service_provider", "trust_unavailable", "complete_unavailability=20m", "complete_unavailability=20m1s"},
	{"trust_service_provider", "trust_week", "weekly_unavailability=1h", "weekly_unavailability=1h1s"},
	{"trust_service_provider", "trust_limited", "users_limited=100 users_in_union=10000 relying_parties_limited=0", "users_limited=101 users_in_union=10000"},
	{"trust_service_provider", "trust_limited", "users_limited=200000 users_in_union=90000000 relying_parties_limited=0", "users_limited=200001 users_in_union=90000000"},
	{"trust_service_provider", "trust_limited", "users_limited=0 relying_parties_limited=100 relying_parties_in_union=10000", "relying_parties_limited=101 relying_parties_in_union=10000"},
	{"trust_service_provider", "trust_access", "physical_access_compromised=no", "physical_access_compromised=yes"},
	{"trust_service_provider", "trust_data", "data_compromised=yes users_data_affected=1 users_in_union=1000 relying_parties_data_affected=0", "data_compromised=yes users_data_affected=2 users_in_union=1000"},
	{"trust_service_provider", "trust_data", "data_compromised=yes users_data_affected=100 users_in_union=1000000 relying_parties_data_affected=0", "data_compromised=yes users_data_affected=101 users_in_union=1000000"},
	{"trust_service_provider", "trust_data", "data_compromised=yes users_data_affected=0 relying_parties_data_affected=100 relying_parties_in_union=100000", "data_compromised=yes relying_parties_data_affected=101"},
	{"trust_service_provider", "trust_data", "data_compromised=no", "data_compromised=yes users_data_affected=101"},
}

// Articles 7, 9 and 10 are alike, and so are 11, 12 and 13.
func init() {
	for kind, prefix := range map[string]string{
		"cloud_computing_service_provider": "cloud", "content_delivery_network_provider": "cdn",
		"managed_service_provider": "managed", "managed_security_service_provider": "managed",
		"online_marketplace": "marketplace", "online_search_engine": "search", "social_networking_services_platform": "social",
	} {
		add := func(id, not, met string) {
			sides = append(sides, struct{ kind, id, not, met string }{kind, prefix + "_" + id, not, met})
		}
		add("data_malicious", "data_compromised=yes malicious_suspected=no", "data_compromised=yes malicious_suspected=yes")
		add("data_users", "data_compromised=yes users_data_affected=10000 users_in_union=200000", "data_compromised=yes users_data_affected=10001 users_in_union=200000")
		add("data_users", "data_compromised=yes users_data_affected=1000000 users_in_union=200000000", "data_compromised=yes users_data_affected=1000001 users_in_union=200000000")
		if prefix == "marketplace" || prefix == "search" || prefix == "social" {
			add("unavailable", "users_unavailable=10000 users_in_union=200000", "users_unavailable=10001 users_in_union=200000")
			add("unavailable", "users_unavailable=1000000 users_in_union=200000000", "users_unavailable=1000001 users_in_union=200000000")
			add("limited", "users_limited=10000 users_in_union=200000", "users_limited=10001 users_in_union=200000") // no minimum duration
			add("limited", "users_limited=1000000 users_in_union=200000000", "users_limited=1000001")
			continue
		}
		add("unavailable", "complete_unavailability=30m", "complete_unavailability=30m1s")
		add("limited", "limited_availability=1h users_limited=90000 users_in_union=200000", "limited_availability=1h1s users_limited=90000 users_in_union=200000")
		add("limited", "limited_availability=9h users_limited=10000 users_in_union=200000", "limited_availability=9h users_limited=10001 users_in_union=200000")
		add("limited", "limited_availability=9h users_limited=1000000 users_in_union=200000000", "limited_availability=9h users_limited=1000001 users_in_union=200000000")
	}
}

func TestEachSideOfEveryThreshold(t *testing.T) {
	tried := map[string]bool{}
	for _, s := range sides {
		kinds := []string{s.kind}
		if s.kind == "*" {
			kinds = kinds[:0]
			for _, k := range EntityTypes {
				kinds = append(kinds, string(k))
			}
		}
		tried[s.id] = true
		for _, kind := range kinds {
			for want, said := range map[Outcome]string{NotMet: s.not, Met: s.met} {
				r := result(t, profile(kind), s.id, facts(t, said))
				if r.Result != want || len(r.Missing) > 0 || !strings.HasSuffix(r.Because, ".") {
					t.Errorf("%s %s with %s: %s, want %s: %s %v", kind, s.id, said, r.Result, want, r.Because, r.Missing)
				}
			}
		}
	}
	for _, c := range builtin().criteria {
		if !tried[c.ID] {
			t.Errorf("criterion %s (%s) is not tried", c.ID, c.Source)
		}
	}
}

func TestUnknownSides(t *testing.T) {
	const cloud, tsp, dns = "cloud_computing_service_provider", "trust_service_provider", "dns_service_provider"
	for _, tt := range []struct {
		name, kind, id, said string
		want                 Outcome
		missing              string
	}{
		{"above the fixed sum, whatever the turnover", cloud, "loss", "financial_loss_eur=500001", Met, ""},
		{"at the fixed sum, turnover unknown", cloud, "loss", "financial_loss_eur=500000 potential_financial_loss_eur=0", Unknown, "annual_turnover_eur"},
		{"no loss, whatever the turnover", cloud, "loss", "financial_loss_eur=0 potential_financial_loss_eur=0", NotMet, ""},
		{"the possible loss is unknown", cloud, "loss", "financial_loss_eur=0", Unknown, "potential_financial_loss_eur"},
		{"loss unknown, turnover known", cloud, "loss", "annual_turnover_eur=10", Unknown, "financial_loss_eur potential_financial_loss_eur"},
		{"one half fails, the other is unknown", cloud, "cloud_limited", "limited_availability=5m", NotMet, ""},
		{"nobody limited, for an unknown time", cloud, "cloud_limited", "users_limited=0", NotMet, ""},
		{"long enough, users unknown", cloud, "cloud_limited", "limited_availability=2h", Unknown, "users_limited"},
		{"more than a million of an unknown number", cloud, "cloud_limited", "limited_availability=2h users_limited=1000001", Met, ""},
		{"exactly a million of an unknown number", cloud, "cloud_limited", "limited_availability=2h users_limited=1000000", Unknown, "users_in_union"},
		{"relying parties enough, users unknown", tsp, "trust_data", "data_compromised=yes relying_parties_data_affected=101", Met, ""},
		{"users below, relying parties unknown", tsp, "trust_data", "data_compromised=yes users_data_affected=0", Unknown, "relying_parties_data_affected"},
		{"compromised, whether misconfigured unknown", dns, "dns_data", "data_compromised=yes", Unknown, "misconfiguration_only misconfigured_names"},
		{"too many names, whether misconfigured unknown", dns, "dns_data", "data_compromised=yes misconfigured_names=1000", Met, ""},
		{"few names of an unknown number", dns, "dns_data", "data_compromised=yes misconfiguration_only=yes misconfigured_names=5", Unknown, "names_managed"},
		{"no name at all", dns, "dns_data", "data_compromised=yes misconfiguration_only=yes misconfigured_names=0", NotMet, ""},
		{"maintenance leaves out what it plans", cloud, "cloud_unavailable", "complete_unavailability=2h scheduled_maintenance=yes", NotMet, ""},
		{"maintenance nobody spoke of leaves out nothing", cloud, "cloud_unavailable", "complete_unavailability=2h", Met, ""},
		{"maintenance plans no compromise", cloud, "cloud_data_malicious", "data_compromised=yes malicious_suspected=yes scheduled_maintenance=yes", Met, ""},
		{"outages add up", tsp, "trust_week", "outages=2026-11-16T00:00:00Z/2026-11-16T00:30:00Z,2026-11-22T23:29:00Z/2026-11-23T09:00:00Z", Met, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := result(t, profile(tt.kind), tt.id, facts(t, tt.said))
			var missing []string
			for _, m := range r.Missing {
				missing = append(missing, string(m.Fact))
				if !strings.HasSuffix(m.Question, "?") {
					t.Errorf("%q is not a question", m.Question)
				}
			}
			if r.Result != tt.want || strings.Join(missing, " ") != tt.missing {
				t.Errorf("%s, missing %v, want %s and %s: %s", r.Result, missing, tt.want, tt.missing, r.Because)
			}
		})
	}
}

// steps are values of each kind, rising.
var steps = map[Kind][]Value{
	YesNo: {"no", "yes"}, Effect: {"no", "possible", "yes"},
	Number: {"0", "2", "101", "999", "1000", "200001", "1000001"}, Users: {"0", "2", "101", "1000", "200001", "1000001"},
	Euros: {"0", "50000.01", "500000", "500000.01"}, Length: {"0s", "11s", "21m0s", "31m0s", "1h0m1s"},
}

// bases are what a share is taken of, and exceptions what takes a criterion
// away: more of these may well turn met into not met.
var bases = []FactID{UsersInUnion, AnnualTurnover, "names_managed", "relying_parties_in_union", ScheduledMaintenance, "misconfiguration_only"}

// Whatever is known besides: more of a fact never turns met into not met, and
// to forget a fact never turns unknown or not met into met.
func TestMoreIsNeverLess(t *testing.T) {
	rank := map[Outcome]int{NotMet: 0, Unknown: 1, Met: 2}
	for n := range 300 {
		p := Profile{Types: []EntityType{EntityTypes[n%len(EntityTypes)]}}
		f := Facts{}
		seed := uint64(n)*2654435761 + 12345
		next := func(m int) int {
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			return int(seed % uint64(m))
		}
		for _, q := range Relevant(p) {
			if values := steps[q.Kind]; values != nil && next(3) > 0 {
				f[q.ID] = Fact{Value: values[next(len(values))]}
			}
		}
		before := Evaluate(p, f)
		for _, q := range Relevant(p) {
			fact, known := f[q.ID]
			if !known {
				continue
			}
			less := maps.Clone(f)
			delete(less, q.ID)
			for i, r := range Evaluate(p, less) {
				if r.Result == Met && before[i].Result != Met && q.ID != ScheduledMaintenance {
					t.Fatalf("%s is met once %s=%s is forgotten: %v", r.ID, q.ID, fact.Value, f)
				}
			}
			if slices.Contains(bases, q.ID) {
				continue
			}
			values := steps[q.Kind]
			for _, v := range values[slices.Index(values, fact.Value)+1:] {
				more := maps.Clone(f)
				more[q.ID] = Fact{Value: v}
				for i, r := range Evaluate(p, more) {
					if rank[r.Result] < rank[before[i].Result] {
						t.Fatalf("%s: %s with %s=%s, but %s with %s: %v", r.ID, before[i].Result, q.ID, fact.Value, r.Result, v, f)
					}
				}
			}
		}
	}
}
