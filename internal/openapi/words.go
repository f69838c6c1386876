package openapi

import (
	"net/http"

	"nis2clock/internal/incident"
	"nis2clock/internal/packet"
	"nis2clock/internal/regime"
)

// words are what is said of a path, besides what its code tells.
type words struct {
	tag, summary string
	about        string // Markdown; more than the summary says
	// must, members, enums and example are of the body: what has to be in it, and
	// what its members mean and may be where their comments do not say it. schema
	// takes the place of one whose form its type does not tell; takes is a body
	// that is no JSON read into a type, by content type.
	must    []string
	members map[string]string
	enums   map[string][]string
	example string
	schema  object
	takes   object
	keyed   bool // takes an Idempotency-Key though it reads no JSON
	params  map[string]parameter
	// answer is what a success means; form the type of its JSON where another room
	// answers; gives what it may hold besides, by content type.
	answer string
	form   string
	gives  object
	// also are refusals besides those of every path of its kind. problems is for
	// a path without a right that has those; refuses is for one that has others,
	// and refusal their form where they are no problem details.
	also     []int
	problems bool
	refuses  map[int]string
	refusal  object
	security []object // of a path without a right; nil for none
}

// parameter is a part of an address. Must is for one in the query.
type parameter struct {
	about  string
	schema object
	must   bool
}

// field is what is said of a member of an answer: in place of its comment, and
// which values it has.
type field struct {
	about  string
	values []string
}

const summary = "Incident response under NIS2: reporting clocks, reports, and a record that cannot be altered unseen."

const introduction = `Every action on an incident is a POST, whoever sends it; a GET changes nothing of an incident. What a POST changed is durable
before it is answered, and every answer to a change of an incident is the incident as it now stands.

**Credentials.** An API token as ` + "`Authorization: Bearer …`" + ` (` + "`nis2clock token create`" + `, or ` + "`POST /api/v1/tokens`" + `), or a browser's session. A token has a role,
and a role has rights; each path says which right it needs, and the refusal of one whose role lacks it says whom to ask. Incidents that are
restricted to named people are, for all others, as if they were not there. Requests from another web origin's page are refused (403, in plain text).

**Times** are RFC 3339 with an offset, in answers UTC. Due instants are exclusive.

**Bodies** are JSON of at most 1 MiB; an unknown or repeated member is refused (400). A body may be left out where nothing in it is required.
What answers hold may grow: pass over members that you do not know.

**Refusals** are problem details (RFC 9457), whose ` + "`detail`" + ` says in a sentence what is wrong and how to mend it.

**Repeating.** With an ` + "`Idempotency-Key`" + ` the same request can be sent again safely: see the parameter.

An exercise is served by the same API; each of its answers carries ` + "`X-Nis2clock-Exercise: true`" + `, and its ids begin with EX-.`

var tags = []struct{ name, value string }{
	{"Incidents", "Open, list and work on incidents."},
	{"Decisions", "What binds the entity towards an authority: awareness, significance, reportability, submissions, dates."},
	{"Confidentiality", "Who may know of an incident, and where it may be spoken of."},
	{"Reports", "Reports, approvals, packets, drafts of messages, and indicators for machines."},
	{"Evidence", "What was captured and handed in."},
	{"Event register", "Suspicious events, before they are incidents."},
	{"Registers", "Personal data breaches, exercises held and what is still to be done after them."},
	{"Journal", "Who did what, when; and the log behind it, as C2SP tlog-tiles."},
	{"Retention", "What is kept, held and erased."},
	{"Exercise", "A tabletop exercise that runs here; the real service refuses all of it with 409."},
	{"Administration", "Tokens, configuration, backup."},
	{"Webhooks", "What others call: Alertmanager, Slack, PagerDuty."},
	{"Monitoring", "For orchestrators, Prometheus and calendar programs."},
}

var (
	text      = object{{"type", "string"}}
	number    = object{{"type", "integer"}, {"minimum", 0}}
	ordinal   = object{{"type", "integer"}, {"minimum", 1}}
	instant   = object{{"type", "string"}, {"format", "date-time"}}
	truth     = object{{"type", "boolean"}}
	texts     = object{{"type", "array"}, {"items", text}}
	octets    = object{{"schema", object{}}}
	plainText = object{{"text/plain", object{{"schema", text}}}}
	digest    = object{{"type", "string"}, {"pattern", "^sha256:[0-9a-f]{64}$"}}
)

func oneOf(values ...string) object { return text.among(values) }

// foreign are the forms of types that write themselves, or are not ours.
var foreign = map[string]object{
	"time.Time":      instant,
	"jsontext.Value": {},
	"tlog.Hash":      {{"type", "string"}, {"contentEncoding", "base64"}, {"description", "SHA-256, 32 bytes."}},
	"web.said": {
		{"description", "A text in the form people write it, a number, true for yes, false for no, null for unknown; or such a value with whether it is estimated."},
		{"anyOf", []object{
			{{"type", []string{"string", "number", "boolean", "null"}}},
			{{"type", "object"}, {"properties", object{{"value", object{{"type", []string{"string", "number", "boolean", "null"}}}}, {"estimated", truth}}}, {"required", []string{"value"}}, {"additionalProperties", false}},
		}},
	},
}

// unbounded are types with constants beside which there are other values.
var unbounded = map[string]bool{
	"regime.ID": true, "regime.StageID": true, "significance.FactID": true, "significance.Value": true, "significance.EntityType": true,
}

// names are components whose Go name would not do.
var names = map[string]string{
	"incident.View": "Incident", "incident.SuspicionView": "Event", "incident.AssessmentView": "EventAssessment",
	"incident.MotionView": "Proposal", "incident.ProposalView": "ProposedDecision", "incident.Advice": "DPOAdvice",
	"significance.Advice": "SignificanceAdvice", "significance.Result": "Criterion", "significance.Missing": "MissingFact",
	"runbook.StepView": "Step", "web.line": "JournalEntry", "web.proven": "Proof", "web.candidateView": "RetentionCandidate",
	"web.erasedView": "Erased", "web.remainView": "Remains", "problem.details": "Problem", "incident.SentView": "Submission", "incident.MessageView": "AuthorityMessage",
}

var securitySchemes = object{
	{"token", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "An API token. What it may do is its role's."}}},
	{"session", object{{"type", "apiKey"}, {"in", "cookie"}, {"name", "nis2clock_session"}, {"description", "A browser's session, of somebody who signed in at /sign-in; it ends with the token it was opened with."}}},
	{"intakeToken", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "The intake's token, or one of role intake. It opens nothing but the intake."}}},
	{"intakeBasic", object{{"type", "http"}, {"scheme", "basic"}, {"description", "The intake's user and password, where the configuration has them."}}},
	{"intakeCertificate", object{{"type", "mutualTLS"}, {"description", "A client certificate, where the configuration names its authority."}}},
	{"slackSignature", object{{"type", "apiKey"}, {"in", "header"}, {"name", "X-Slack-Signature"}, {"description", "Slack's signature, `v0=` and HMAC-SHA-256 in hex over `v0:TIMESTAMP:BODY` under the app's signing secret; the timestamp is in X-Slack-Request-Timestamp, at most five minutes off."}}},
	{"pagerdutySignature", object{{"type", "apiKey"}, {"in", "header"}, {"name", "X-PagerDuty-Signature"}, {"description", "PagerDuty's v3 signatures, `v1=` and HMAC-SHA-256 in hex over the body, under the subscription's secret."}}},
	{"calendarToken", object{{"type", "apiKey"}, {"in", "query"}, {"name", "token"}, {"description", "A token of role auditor: an address is no place for one that can do more than read."}}},
}

var idempotencyKey = object{
	{"name", "Idempotency-Key"}, {"in", "header"},
	{"description", "Any text of your choice. Within 30 days the same sender's same request to the same path under the same key changes nothing again and is answered with how things stand; another body under it is refused (422)."},
	{"schema", text},
}

var problemContent = object{{"application/problem+json", object{{"schema", object{{"$ref", "#/components/schemas/Problem"}}}}}}

// refusals are the statuses that many paths share.
var refusals = map[int]string{
	http.StatusBadRequest:            "The request is not what this path takes; the detail names the member or parameter.",
	http.StatusUnauthorized:          "No valid credentials.",
	http.StatusForbidden:             "The role lacks the right, or the request came from another web origin's page.",
	http.StatusNotFound:              "There is no such thing, or the sender may not know of it: the two look the same.",
	http.StatusConflict:              "It cannot be done as things stand; the detail says why.",
	http.StatusGone:                  "The record says that it was kept, and the file is not there any more.",
	http.StatusRequestEntityTooLarge: "The body is larger than this path takes.",
	http.StatusUnprocessableEntity:   "The same Idempotency-Key came with another body, or it cannot be stored as it is.",
	http.StatusServiceUnavailable:    "The store cannot take it now and nothing was changed: send it again.",
}

// parameters by where they stand and their name; a path's own words come first.
var parameters = map[string]parameter{
	"path id":       {"The incident's id, such as INC-2026-0001; EX- in an exercise.", object{{"type", "string"}, {"pattern", "^(INC|EX)-[0-9]{4}-[0-9]{4,}$"}}, false},
	"path number":   {"Its number within the incident, from 1.", ordinal, false},
	"path regime":   {"Another regime than nis2, such as gdpr, dora or cra_vulnerability.", text, false},
	"query from":    {"Not before this instant.", instant, false},
	"query to":      {"Before this instant.", instant, false},
	"query limit":   {"How many at most.", object{{"type", "integer"}, {"minimum", 1}, {"maximum", 1000}, {"default", 100}}, false},
	"query cursor":  {"The `next` of the page before.", text, false},
	"query entity":  {"Of which legal entity; may be left out where there is one.", text, false},
	"query lang":    {"Language.", object{{"type", "string"}, {"default", "en"}}, false},
	"query payload": {"true adds the content of each entry, where the sender may see it.", truth, false},
}

// members are what is said of members whose comments do not say it to a client,
// by component and name, and of components, by name: in place of the comment,
// or, where there are no words, beside it.
var members = map[string]field{
	"Incident":                       {"An incident as it is at the instant of the answer.", nil},
	"Incident.id":                    {"`INC-`, the year of opening in UTC, and a number; `EX-` in an exercise. Never used again.", nil},
	"Incident.title":                 {"A line.", nil},
	"Incident.summary":               {"What happened, as a person or an annotation says it.", nil},
	"Incident.status":                {"How far the work is; what the law asks is `reportability`.", []string{incident.Open, incident.StatusHandled, incident.StatusClosed}},
	"Incident.reportability":         {"What the law asks: `voluntary` (Directive (EU) 2022/2555 Art. 30) has no clocks, `not_reportable` stops them and leaves the work going on.", reportabilities},
	"Incident.exercise":              {"It is a tabletop exercise's, and not real.", nil},
	"Incident.tlp":                   {"Traffic Light Protocol 2.0: how far what is known may go.", incident.TLPs},
	"Incident.detected_at":           {"The earliest start of its alerts, never later than their receipt; or when it was noticed, where somebody declared it.", nil},
	"Incident.received_at":           {"When the first word of it came in.", nil},
	"Incident.opened_at":             {"When it was opened here.", nil},
	"Incident.updated_at":            {"Its last entry about content; deliveries and reads do not count.", nil},
	"Incident.aware_at":              {"When the entity became aware that the incident is significant; null until a person records it. Of one regime or entity alone: in `dates`.", nil},
	"Incident.aware_by":              {"Who became aware; null until it is recorded.", nil},
	"Incident.impact_ended_at":       {"Null until a person records it.", nil},
	"Incident.recovered_at":          {"When the service was restored; null until a person records it.", nil},
	"Incident.handled_at":            {"When its handling ended; null until a person records it.", nil},
	"Incident.closed_at":             {"Null until it is closed.", nil},
	"Incident.triage_by":             {"Until when somebody has to say whether it is an incident; null where nobody is asked.", nil},
	"Incident.severity":              {"As the alert or the person who declared it said.", nil},
	"Incident.category":              {"Of the Reference Security Incident Taxonomy.", nil},
	"Incident.service":               {"Which service it is about; empty where nobody said.", nil},
	"Incident.malicious":             {"Whether it is suspected to be unlawful or malicious, Directive (EU) 2022/2555 Art. 23(4)(a).", nil},
	"Incident.cross_border":          {"Whether it could have a cross-border impact, Art. 23(4)(a).", nil},
	"Incident.affects_trust_service": {"Whether it affects the provision of trust services, Art. 23(4), last subparagraph.", nil},
	"Incident.ongoing_at_final_due":  {"Whether it is, or will be, ongoing when the final report falls due, Art. 23(4)(e).", nil},
	"Incident.significance":          {"Whether it is significant, Art. 23(3).", nil},
	"Incident.commander":             {"Who has command; null while nobody has.", nil},
	"Incident.command_offered":       {"To whom a commander wants to hand over; null for nobody.", nil},
	"Incident.acknowledged_by":       {"Null until somebody does.", nil},
	"Incident.reason":                {"What made it an incident.", nil},
	"Incident.previous":              {"The incident that the same alerts opened before; null for none.", nil},
	"Incident.clocks":                {"Every report owed, one for each entity, regime and stage.", nil},
	"Incident.authority_messages":    {"Messages from authorities and to them.", nil},
	"Incident.alerts":                {"Every occurrence that belongs to it.", nil},
	"Incident.evidence":              {"What was captured and handed in, oldest first.", nil},
	"Incident.revision":              {"Grows with every entry about content.", nil},
	"Incident.notes":                 {"Notes, oldest first.", nil},
	"Incident.runbooks":              {"The runbooks that fit it or were begun, and how far they are.", nil},
	"Incident.communications":        {"What people were told.", nil},

	"Clock":                   {"A report that is owed, at the instant of the answer.", nil},
	"Clock.entity":            {"The legal entity that owes it.", nil},
	"Clock.regime":            {"The body of law, such as nis2, gdpr or dora.", nil},
	"Clock.stage":             {"The report, such as early_warning.", nil},
	"Clock.title":             {"What is owed, in words.", nil},
	"Clock.member_state":      {"Whose law it follows; null where none is configured.", nil},
	"Clock.authority":         {"To whom it is owed; null where that is not known.", nil},
	"Clock.state":             {"Measured against `due_at`. `projected`: what starts the period has not happened, and `due_at` is `target_at`.", []string{incident.ClockProjected, incident.ClockRunning, incident.ClockSubmitted, incident.ClockOverdue, incident.ClockStopped}},
	"Clock.basis":             {"What `due_at` is counted from, such as detection, awareness or submission.", nil},
	"Clock.awaits":            {"Of a projected clock: what starts its period; null for any other.", nil},
	"Clock.started_at":        {"When `basis` happened. Where awareness is not recorded that is detection, the safe side.", nil},
	"Clock.target_at":         {"The house rule: the regime's period from detection. It never moves later. Exclusive.", nil},
	"Clock.due_at":            {"The conservative reading of the law. Exclusive; left out where no figure is agreed and the report is owed without undue delay.", nil},
	"Clock.outer_reading_at":  {"The outermost, contested reading: to be shown with that label and never relied on. Exclusive; null while the clock is projected.", nil},
	"Clock.remaining_seconds": {"Until `due_at`, as of this answer; negative once it is past, 0 where there is none.", nil},
	"Clock.submitted_at":      {"When the report was sent; null while it was not.", nil},
	"Clock.receipt_at":        {"When the authority received it, by its own word; null while nobody recorded that.", nil},
	"Clock.reference":         {"The authority's; null where none is recorded.", nil},
	"Clock.late":              {"It went out, or is still missing, after `due_at`.", nil},
	"Clock.stopped":           {"Why nothing is owed any more; null while something is.", nil},
	"Clock.source":            {"The act, article and paragraph.", nil},
	"Clock.confidence":        {"How sure `source` is: its wording was read, is known at second hand, or was not looked up.", []string{string(regime.Verified), string(regime.Secondary), string(regime.Memory)}},

	"Alert":                       {"One occurrence of an alert: an interval in which it fired.", nil},
	"Alert.status":                {"", []string{incident.Firing, incident.Resolved}},
	"Alert.ends_at":               {"Null while it fires.", nil},
	"Alert.flags":                 {"What is odd about it, such as a sender's clock that ran ahead.", nil},
	"Assessment.version":          {"Names what is known and decided now, without what is supposed; sent as `seen` with a decision, it keeps that from being made on older facts.", nil},
	"Board.state":                 {"How it stands.", []string{"running", "paused", "rewinding", "ended"}},
	"BoardExpected.state":         {"What came of it.", []string{"open", "met", "late", "missed", "avoided", "violated"}},
	"Category":                    {"A class and type of the Reference Security Incident Taxonomy; empty where nobody has said. The type alone may be.", nil},
	"Communication.kind":          {"", communications},
	"EarlierDetection.basis":      {"Which of the event's instants it is.", []string{"supplier_detected_at", "noticed_at", "received_at"}},
	"EntitySignificance.decision": {"The decision that is in force.", decisions},
	"Event.status":                {"Whether somebody has assessed it.", []string{incident.Untriaged, incident.StatusAssessed}},
	"EventAssessment.outcome":     {"What a person made of it.", outcomes},
	"Evidence":                    {"What was captured or handed in, or the try that failed.", nil},
	"Evidence.kind":               {"What it is, such as prometheus_range, or file where a person handed it in.", nil},
	"Evidence.complete":           {"All that was asked for is there.", nil},
	"Evidence.error":              {"Why something, or everything, is missing; null for nothing.", nil},
	"Evidence.empty":              {"The source had nothing.", nil},
	"Evidence.skipped":            {"It was not tried.", nil},
	"Evidence.retry":              {"Another try can help.", nil},
	"Evidence.outcome":            {"The five above in words.", nil},
	"Informing.decision":          {"Whether the persons concerned are told.", informing},
	"InformingInput.decision":     {"Whether the persons concerned are told.", informing},
	"JournalEntry":                {"One entry of the journal.", nil},
	"JournalEntry.kind":           {"What happened, such as incident.opened/v1. There will be others.", nil},
	"JournalEntry.seq":            {"Its place in the journal, from 0.", nil},
	"JournalEntry.at":             {"When it was written.", nil},
	"JournalEntry.incident":       {"The incident or suspicious event it is about; null for none.", nil},
	"JournalEntry.actor":          {"Who did it; empty once erased.", nil},
	"JournalEntry.via":            {"By which way, such as api, cli, page, slack or pagerduty.", nil},
	"JournalEntry.summary":        {"What happened, in words.", nil},
	"JournalEntry.erased":         {"Its content was erased; number, time, kind and proofs stay.", nil},
	"JournalEntry.payload":        {"The entry's content, where it was asked for.", nil},
	"Note":                        {"One note. The text of a privileged one is left out for all but those who may decide.", nil},
	"Problem":                     {"Problem details, RFC 9457.", nil},
	"Problem.type":                {"", []string{"about:blank"}},
	"Problem.title":               {"The status in words.", nil},
	"Problem.detail":              {"What is wrong, where, and how to mend it.", nil},
	"Proof":                       {"A proof of RFC 6962, and the signed head that it leads to.", nil},
	"Proof.proof":                 {"The hashes, from the leaf up.", nil},
	"Proposal":                    {"What somebody asked for without the right to it, and another must confirm.", nil},
	"Proposal.state":              {"", []string{incident.ProposalOpen, incident.ProposalConfirmed, incident.ProposalRejected, incident.ProposalExpired}},
	"Proposal.plan":               {"What it would do, in words.", nil},
	"Reporter.kind":               {"", reporters},
	"ReporterInput.kind":          {"", reporters},
	"RetentionCandidate.class":    {"", []string{incident.ClassLogs, incident.ClassEvents, incident.ClassIncidents, incident.ClassExercises}},
	"Runbook":                     {"How far a runbook has been followed.", nil},
	"Significance.decision":       {"The decision that is in force.", decisions},
	"Tally":                       {"What became of the alerts. Each is counted once, and `received` is their sum.", nil},
}

var (
	reporters       = []string{incident.ByStaff, incident.BySupplier, incident.ByCustomer, incident.ByCSIRT, incident.ByPolice, incident.ByResearcher, incident.ByAlert, incident.ByOther}
	decisions       = []string{incident.Undecided, incident.DecidedSignificant, incident.DecidedNotSignificant}
	outcomes        = []string{incident.OutcomeEvent, incident.OutcomeNearMiss, incident.OutcomeThreat, incident.OutcomeIncident}
	reportabilities = []string{incident.Undecided, incident.Mandatory, incident.Voluntary, incident.ReportNotReportable}
	informing       = []string{incident.Inform, incident.DoNotInform, incident.InformNotYet}
	communications  = []string{incident.InternalUpdate, incident.RecipientsNotice, incident.AuthorityFollowUp}
	packets         = []string{packet.Authority, packet.Customer, packet.Auditor}
)
