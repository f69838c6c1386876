package significance

// FactID names a fact of the assessment, such as users_limited.
type FactID string

// Facts that others than the table speak of.
const (
	ScheduledMaintenance FactID = "scheduled_maintenance"
	FinancialLoss        FactID = "financial_loss_eur"
	PotentialLoss        FactID = "potential_financial_loss_eur"
	AnnualTurnover       FactID = "annual_turnover_eur"
	MaliciousSuspected   FactID = "malicious_suspected"
	UsersInUnion         FactID = "users_in_union"
	WeeklyUnavailability FactID = "weekly_unavailability"
	Outages              FactID = "outages"
	RootCause            FactID = "root_cause"
	RecurringIncidents   FactID = "recurring_incidents"
	RecurringLoss        FactID = "recurring_loss_eur"
)

// Kind is the form of a fact's value.
type Kind string

// Kinds. The comment is what [Parse] reads besides "unknown" and a leading "~"
// for an estimate.
const (
	YesNo   Kind = "yes_no"  // yes, no
	Effect  Kind = "effect"  // yes (it happened), possible (the incident is capable of it), no
	Number  Kind = "number"  // 12000, 12 000, 12k
	Users   Kind = "users"   // as Number; or 1200+3400, customers and the persons associated with business customers
	Euros   Kind = "euros"   // 500000, 499 999.50, 1.2M
	Length  Kind = "length"  // 45m, 1h30m, 90 min, 0
	Periods Kind = "periods" // START/END[, START/END…], RFC 3339 with offset
	Text    Kind = "text"    // any
)

// cost ranks how hard a fact is to find out: a yes or no is asked for first.
func (k Kind) cost() int {
	switch k {
	case YesNo, Effect:
		return 0
	case Length, Periods:
		return 1
	case Number, Users:
		return 2
	}
	return 3
}

// Form says how a value of the kind is written.
func (k Kind) Form() string {
	switch k {
	case YesNo:
		return "yes or no"
	case Effect:
		return "yes, possible or no"
	case Number:
		return "a number, such as 12000; ~12000 for an estimate"
	case Users:
		return "a number, such as 12000; ~12000 for an estimate; 1200+3400 for customers and persons associated with business customers"
	case Euros:
		return "EUR, such as 500000 or 1.2M; ~500000 for an estimate"
	case Length:
		return "a length of time, such as 45m or 1h30m; 0 for not at all"
	case Periods:
		return "START/END, separated by commas, as RFC 3339 with offset"
	}
	return "a few words"
}

// Question asks for one fact.
type Question struct {
	ID   FactID
	Kind Kind
	// Ask is the question; Label the fact's name in a sentence, followed by its value.
	Ask, Label string
	// Explain says what counts, with its source.
	Explain string
}

const usersExplained = "Count the customers with a contract that gives them access, and the natural and legal persons associated with business customers who use the service (Impl. Reg. (EU) 2024/2690 Art. 3(3)): 1200+3400 keeps the two apart. When it cannot be counted, give the highest number possible as an estimate, ~12000 (recital 32)."

const effectExplained = "\"possible\" when it has not happened but the incident is capable of causing it: that is enough."

// catalogue is every fact in the order in which it is asked for, that of the law.
var catalogue = []Question{
	{ScheduledMaintenance, YesNo, "Is all of this a scheduled interruption, or the planned consequence of scheduled maintenance?", "scheduled maintenance",
		"Impl. Reg. (EU) 2024/2690 Art. 3(2). Say no when anything happened that was not planned: only planned consequences are left out."},
	{FinancialLoss, Euros, "How much direct financial loss has the incident caused so far, in EUR?", "financial loss of",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(a). Direct losses only; an estimate will do."},
	{PotentialLoss, Euros, "How much direct financial loss could it cause in all, in EUR?", "possible financial loss of",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(a): a loss that it is capable of causing counts like one it has caused."},
	{AnnualTurnover, Euros, "What was the entity's total annual turnover in the preceding financial year, in EUR?", "annual turnover",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(a). Set annual_turnover_eur of the entity in the configuration, and it is not asked again."},
	{"trade_secrets_exfiltrated", Effect, "Have trade secrets of the entity been exfiltrated, or could they be?", "trade secrets exfiltrated",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(b), trade secrets as in Directive (EU) 2016/943 Art. 2(1). " + effectExplained},
	{"death", Effect, "Has the incident caused the death of a person, or could it?", "death of a person",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(c). " + effectExplained},
	{"health_damage", Effect, "Has it caused considerable damage to a person's health, or could it?", "considerable damage to health",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(d). " + effectExplained},
	{"unauthorised_access", YesNo, "Has somebody gained unauthorised access to network and information systems?", "successful unauthorised access",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(e). An attempt that failed is a no."},
	{MaliciousSuspected, YesNo, "Is malicious action suspected?", "malicious action suspected",
		"Impl. Reg. (EU) 2024/2690 Art. 3(1)(e) and Art. 7 to 13. A suspicion is enough."},
	{"severe_operational_disruption", Effect, "Has the incident severely disrupted the operation of the services, or could it?", "severe operational disruption",
		"Directive (EU) 2022/2555 Art. 23(3)(a); Impl. Reg. (EU) 2024/2690 Art. 3(1)(e). " + effectExplained},
	{"considerable_financial_loss", Effect, "Has it caused financial loss for the entity that matters, or could it?", "considerable financial loss",
		"Directive (EU) 2022/2555 Art. 23(3)(a). The Directive says \"financial loss\" and names no amount; national law or guidance may. " + effectExplained},
	{"damage_to_others", Effect, "Has it caused considerable material or non-material damage to other people or organisations, or could it?", "considerable damage to others",
		"Directive (EU) 2022/2555 Art. 23(3)(b). " + effectExplained},
	{RootCause, Text, "What is the apparent root cause, in a few words?", "root cause",
		"Impl. Reg. (EU) 2024/2690 Art. 4(b). Write it alike each time: incidents with the same root cause are proposed as recurring."},
	{RecurringIncidents, Number, "How many incidents with the same apparent root cause were there within 6 months, this one among them, none significant by itself?", "incidents with the same apparent root cause within 6 months:",
		"Impl. Reg. (EU) 2024/2690 Art. 4. nis2clock counts those on record once the root cause is given."},
	{RecurringLoss, Euros, "How much direct financial loss have these incidents caused, or could they cause, together, in EUR?", "their financial loss of",
		"Impl. Reg. (EU) 2024/2690 Art. 4(c): only the financial test of Art. 3(1)(a) counts for them together."},
	{"complete_unavailability", Length, "For how long was the service completely unavailable?", "complete unavailability of",
		"From when users could not use it at all until it worked as before; from detection when the beginning is not known (Impl. Reg. (EU) 2024/2690 recital 35). The longest such time, of the service hit hardest; 0 for not at all."},
	{"users_unavailable", Users, "How many users in the Union could not use the service at all?", "users for whom it was completely unavailable:",
		usersExplained},
	{WeeklyUnavailability, Length, "For how long in all was the trust service unavailable to users or relying parties in a calendar week?", "unavailability in a calendar week of",
		"Impl. Reg. (EU) 2024/2690 Art. 14(b). All outages of the week add up; the week begins on Monday, 00:00, in the authority's zone (a house rule: the article does not say). The fact \"outages\" (START/END, …) is added up by itself."},
	{Outages, Periods, "When was the trust service unavailable?", "outages",
		"Impl. Reg. (EU) 2024/2690 Art. 14(b): the times from which the hours per calendar week are added up."},
	{"limited_availability", Length, "For how long was the availability of the service limited?", "limited availability of",
		"Slower, in part or for some users only; from the disruption until recovery (Impl. Reg. (EU) 2024/2690 recital 34). 0 for not at all."},
	{"users_limited", Users, "How many users of the service in the Union were affected by limited availability?", "users with limited availability:",
		usersExplained},
	{"relying_parties_limited", Number, "How many relying parties in the Union were affected by limited availability?", "relying parties with limited availability:",
		"Impl. Reg. (EU) 2024/2690 Art. 14(c). Those who rely on the trust service without being its users; counted by themselves."},
	{"average_response_time", Length, "What was the average response time to DNS requests at its worst?", "average response time of",
		"Impl. Reg. (EU) 2024/2690 Art. 5(b) and 6(b). Such as 12s; 0 when it was as usual."},
	{"slow_response_period", Length, "For how long was the average response time above 10 seconds?", "slow for",
		"Impl. Reg. (EU) 2024/2690 Art. 5(b) and 6(b)."},
	{"data_compromised", YesNo, "Has the integrity, confidentiality or authenticity of data of the service been compromised?", "data compromised",
		"Data stored, transmitted or processed in providing the service (Impl. Reg. (EU) 2024/2690 Art. 5(c) to 14(e)); for DNS that of the authoritative service, for a TLD registry that of its technical operation."},
	{"misconfiguration_only", YesNo, "Is it only that data is incorrect because of a misconfiguration?", "mere misconfiguration",
		"Impl. Reg. (EU) 2024/2690 Art. 5(c): the one exception, and it has bounds."},
	{"misconfigured_names", Number, "For how many domain names is the data incorrect?", "domain names with incorrect data:",
		"Impl. Reg. (EU) 2024/2690 Art. 5(c): fewer than 1 000, and at most 1 % of those managed."},
	{"names_managed", Number, "How many domain names does the DNS service provider manage?", "domain names managed",
		"Impl. Reg. (EU) 2024/2690 Art. 5(c)."},
	{"users_data_affected", Users, "How many users of the service in the Union are affected by the compromised data?", "users affected by the compromised data:",
		usersExplained},
	{"relying_parties_data_affected", Number, "How many relying parties in the Union are affected by the compromised data?", "relying parties affected by the compromised data:",
		"Impl. Reg. (EU) 2024/2690 Art. 14(e). Counted by themselves."},
	{"physical_access_compromised", YesNo, "Has physical access been compromised (to a data centre; for a trust service provider to a restricted area, or the protection of it)?", "physical access compromised",
		"Impl. Reg. (EU) 2024/2690 Art. 8(d) and 14(d)."},
	{UsersInUnion, Users, "How many users does the service have in the Union?", "users in the Union",
		usersExplained + " Set users_in_union of the entity in the configuration, and it is not asked again."},
	{"relying_parties_in_union", Number, "How many relying parties does the trust service have in the Union?", "relying parties in the Union",
		"Impl. Reg. (EU) 2024/2690 Art. 14(c) and (e)."},
}

// Catalogue is every question in the order of the law. The slice is a copy.
func Catalogue() []Question { return append([]Question(nil), catalogue...) }

// byID finds a fact's question.
var byID = func() map[FactID]Question {
	m := make(map[FactID]Question, len(catalogue))
	for _, q := range catalogue {
		m[q.ID] = q
	}
	return m
}()

// Ask is the question that asks for a fact; false for a name there is none of.
func Ask(id FactID) (Question, bool) {
	q, ok := byID[id]
	return q, ok
}
