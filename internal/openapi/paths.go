package openapi

import (
	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// unsaid are the patterns that are no part of the API, and why.
var unsaid = map[string]string{
	"/":                         "answers what no path takes",
	"/webhook/alertmanager/{$}": "the same with a trailing slash",
	"/webhook/pagerduty/{$}":    "the same with a trailing slash",
	"GET /sign-in":              "a page",
	"POST /sign-in":             "a page's form",
	"POST /sign-out":            "a page's form",
}

const (
	reason    = "Why; it is kept."
	sha256hex = "SHA-256 of what was sent, 64 hexadecimal digits."
	exercise  = "Exercise"
)

// said are the words of every path, by its pattern.
var said = map[string]words{
	"GET /api/v1/openapi.json": {tag: "Monitoring", summary: "This description", gives: object{{"application/json", object{{"schema", object{{"type", "object"}}}}}}},

	"GET /api/v1/incidents": {
		tag: "Incidents", summary: "List incidents", about: "Newest first.",
		params: map[string]parameter{
			"status":   {"How far the work is.", oneOf(incident.Open, incident.StatusHandled, incident.StatusClosed), false},
			"exercise": {"Only those of an exercise, or only real ones.", truth, false},
			"regime":   {"With a clock under this regime, such as nis2.", text, false},
			"from":     {"Detected not before this instant.", instant, false},
			"to":       {"Detected before this instant.", instant, false},
			"q":        {"In id, title or summary, in either case.", text, false},
		},
	},
	"POST /api/v1/incidents": {
		tag: "Incidents", summary: "Declare an incident", about: "Its clocks run from `detected_at`.", must: []string{"title", "detected_at"},
		members: map[string]string{
			"detected_at": "When it was first noticed.", "severity": "In the words of your alerts, such as critical.",
			"regimes": "Under which regimes it is to be looked at besides; empty for those of the configuration.",
		},
		example: `{"title":"Ransom note on two hosts","detected_at":"2026-03-01T02:30:00+01:00","severity":"critical"}`,
	},
	"GET /api/v1/incidents/{id}":              {tag: "Incidents", summary: "Show an incident"},
	"POST /api/v1/incidents/{id}/acknowledge": {tag: "Incidents", summary: "Acknowledge", about: "Ends the calling of others; no clock stops."},
	"POST /api/v1/incidents/{id}/command":     {tag: "Incidents", summary: "Take command"},
	"POST /api/v1/incidents/{id}/hand-over": {
		tag: "Incidents", summary: "Hand command over", about: "Who takes over has command once they take it, or at once where `accepted` says that they said yes.", must: []string{"to"},
		members: map[string]string{"to": "Who takes over.", "accepted": "They have said yes where no program listened."},
	},
	"GET /api/v1/oncall": {tag: "Incidents", summary: "Who is on call"},
	"POST /api/v1/incidents/{id}/facts": {
		tag: "Incidents", summary: "State facts", about: "What is left out stays as it was.",
		members: map[string]string{
			"malicious": "Suspected to be unlawful or malicious, Directive (EU) 2022/2555 Art. 23(4)(a).", "cross_border": "Could have a cross-border impact, Art. 23(4)(a).",
			"affects_trust_service": "It affects the provision of trust services, Art. 23(4), last subparagraph; no lengthens a period.",
			"ongoing_at_final_due":  "It is, or will be, ongoing when the final report falls due, Art. 23(4)(e); yes changes what is owed.",
			"reason":                "Needed for an answer that lengthens a period.",
		},
	},
	"POST /api/v1/incidents/{id}/report-fields": {
		tag: "Reports", summary: "Answer fields of reports", about: "`nis2clock incident field --list` prints every field and its values.",
		schema: object{{"type", "object"}, {"additionalProperties", false}, {"properties", object{{"fields", object{
			{"type", "object"}, {"description", "By field id: text, a number, true or false for yes and no, a list of these, or null to take back what was said."},
			{"additionalProperties", object{{"type", []string{"string", "number", "boolean", "array", "null"}}, {"items", object{{"type", []string{"string", "number", "boolean"}}}}}},
		}}}}},
		example: `{"fields":{"users_affected":1200,"ransom_demand":false,"cia_impact":["availability"],"title":null}}`,
	},
	"POST /api/v1/incidents/{id}/detected": {
		tag: "Decisions", summary: "Detection was earlier", about: "Its clocks move earlier with it.", must: []string{"detected_at", "reason"},
		members: map[string]string{"detected_at": "RFC 3339 with offset; before what is recorded.", "reason": reason},
	},
	"POST /api/v1/incidents/{id}/aware":         dated("aware", "The entity became aware that the incident is significant", "From then on the clocks count from it. It is an admission, and no report prints detection for it.", "aware_at"),
	"POST /api/v1/incidents/{id}/classified":    dated("classified", "It was classified as major", "Delegated Regulation (EU) 2025/301 Art. 5(1)."),
	"POST /api/v1/incidents/{id}/fix-available": dated("fix_available", "A corrective or mitigating measure is available", "Regulation (EU) 2024/2847 Art. 14(2)(c)."),
	"POST /api/v1/incidents/{id}/impact-ended":  dated("impact_ended", "Its impact ended", ""),
	"POST /api/v1/incidents/{id}/recovered":     dated("recovered", "The service was restored", ""),
	"POST /api/v1/incidents/{id}/handled":       dated("handled", "Its handling ended", "The final report may be counted from it, Directive (EU) 2022/2555 Art. 23(4)(e)."),
	"POST /api/v1/incidents/{id}/notes": {
		tag: "Incidents", summary: "Add a note", must: []string{"text"},
		members: map[string]string{"privileged": "Advice of counsel: shown to those who may decide, and in no report."},
	},
	"POST /api/v1/incidents/{id}/submissions": {
		tag: "Decisions", summary: "Record what was submitted to an authority",
		about: "One submission may close several stages. It is always recorded; what the report lacked stands beside it. Which of stage and stages is given is free; one is needed.",
		members: map[string]string{
			"entity": "Which legal entity reported; may be left out where one owes it.", "regime": "Where nothing is said, nis2, or the only one there is.", "stage": "One stage, such as early_warning, or gdpr/notification.", "stages": "Several that were sent together.",
			"controller": "Under gdpr_processor: the controller that was told.", "submitted_at": "When it was sent; now where nothing is said.", "receipt_at": "When the authority received it, by its own word.",
			"authority": "To whom.", "channel": "Through what, such as a portal.", "submitter": "Who sent it; the sender of this request where nothing is said.", "reference": "The authority's.", "sha256": sha256hex,
			"incomplete_reason": "Why it went out without what its stage asks for.",
		},
		example: `{"stages":["early_warning"],"submitted_at":"2026-03-01T09:00:00+01:00","authority":"CSIRT","reference":"4711"}`,
	},
	"POST /api/v1/incidents/{id}/authority-messages": {
		tag: "Decisions", summary: "Record a message from an authority or to it", about: "A request with a date starts a clock; an answer to it ends that.", must: []string{"direction", "kind"},
		members: map[string]string{
			"received_at": "Of a message in; now where nothing is said.", "sent_at": "Of a message out; now where nothing is said.", "respond_by": "The date that the authority set.", "owner": "Who answers it.",
			"stage": "A report that it concerns.", "stages": "Several reports that it concerns.", "answers": "Of a message out: the number of the one it answers.", "sha256": "Of the attachment, 64 hexadecimal digits.",
			"reason": "Why it corrects a receipt recorded before.",
		},
	},
	"POST /api/v1/incidents/{id}/authority-messages/{number}/settle": {tag: "Decisions", summary: "A message needs no answer any more", must: []string{"reason"}, members: map[string]string{"reason": reason}},
	"POST /api/v1/incidents/{id}/not-reportable":                     {tag: "Decisions", summary: "It need not be reported", about: "Its clocks stop; the work goes on.", must: []string{"reason"}, members: map[string]string{"reason": reason}},
	"GET /api/v1/incidents/{id}/assess": {
		tag: "Decisions", summary: "What the criteria of significance ask and say", about: "Computed now, of one entity; it changes nothing. `next` is the question to ask next, null when none is left.",
		params: map[string]parameter{
			"fact": {"Supposed: NAME=VALUE. May be repeated.", texts, false}, "skip": {"A fact not to ask for. May be repeated.", texts, false},
		},
		also: []int{409},
	},
	"POST /api/v1/incidents/{id}/assess": {
		tag: "Decisions", summary: "Record facts for the assessment of significance, and a decision",
		about: "Not significant stops the entity's clocks under NIS2; where the configuration asks for a second person, once another sends it too. A decision needs the right to " + access.MayDecide.String() + ".",
		members: map[string]string{
			"entity": "May be left out where there is one.", "facts": "By the name of the fact.", "decision": "Left out: as it was.", "reason": "For the decision.",
			"seen": "The `version` of the assessment gone by: refused (409) once it has changed.",
		},
		enums:   map[string][]string{"decision": {incident.DecidedSignificant, incident.DecidedNotSignificant, incident.Undecided}},
		example: `{"facts":{"users_limited":10200,"users_in_union":{"value":200000,"estimated":true},"complete_unavailability":"45m","death":"no"},"decision":"significant","reason":"two criteria are met"}`,
	},
	"POST /api/v1/incidents/{id}/reopen": {tag: "Decisions", summary: "Re-open", about: "Takes back that it is not reportable, or closed; its clocks run again with the instants they had.", must: []string{"reason"}, members: map[string]string{"reason": reason}},
	"POST /api/v1/incidents/{id}/close":  {tag: "Incidents", summary: "Close", about: "Refused (409) while it owes a report."},
	"POST /api/v1/incidents/{id}/links": {
		tag: "Incidents", summary: "It belongs with another incident", about: "Each of the two shows the other; no clock moves.", must: []string{"incident", "reason"},
		members: map[string]string{"incident": "The other's id.", "remove": "true: no longer.", "reason": reason},
	},
	"POST /api/v1/incidents/{id}/tlp":                        {tag: "Confidentiality", summary: "How far it may go", must: []string{"tlp"}, members: map[string]string{"tlp": "Traffic Light Protocol 2.0, with or without `TLP:`.", "reason": reason}},
	"POST /api/v1/incidents/{id}/out-of-band":                {tag: "Confidentiality", summary: "Keep it out of chat and mail", must: []string{"on", "reason"}, members: map[string]string{"on": "false for no longer.", "reason": reason}},
	"POST /api/v1/incidents/{id}/restricted":                 {tag: "Confidentiality", summary: "Restrict it to named people", must: []string{"on", "reason"}, members: map[string]string{"on": "false: everybody who may read may know of it again.", "names": "Who may know of it: tokens and people by their names.", "reason": reason}},
	"POST /api/v1/incidents/{id}/access":                     {tag: "Confidentiality", summary: "Let somebody know of a restricted incident", must: []string{"name", "allow", "reason"}, members: map[string]string{"allow": "false for no longer.", "reason": reason}},
	"POST /api/v1/incidents/{id}/proposals/{number}/confirm": {tag: "Decisions", summary: "Confirm what somebody proposed", about: "Needs the right to what was proposed too.", members: map[string]string{"reason": reason}},
	"POST /api/v1/incidents/{id}/proposals/{number}/reject":  {tag: "Decisions", summary: "Reject what somebody proposed", about: "Needs the right to what was proposed too.", members: map[string]string{"reason": reason}},
	"POST /api/v1/incidents/{id}/hold":                       {tag: "Retention", summary: "Put under legal hold", about: "It is not erased meanwhile.", must: []string{"reason"}, members: map[string]string{"reason": reason}},
	"POST /api/v1/incidents/{id}/release":                    {tag: "Retention", summary: "Release from legal hold", must: []string{"reason"}, members: map[string]string{"reason": reason}},
	"GET /api/v1/recurring":                                  {tag: "Decisions", summary: "Small incidents that may together be significant", about: "Proposed, Implementing Regulation (EU) 2024/2690 Art. 4; of one entity or of all."},
	"GET /api/v1/incidents/{id}/timeline": {
		tag: "Journal", summary: "All entries about an incident", about: "Oldest first.",
		params: map[string]parameter{"format": {"json, or csv for a spreadsheet.", object{{"type", "string"}, {"enum", []string{"json", "csv"}}, {"default", "json"}}, false}},
		gives:  object{{"text/csv", object{{"schema", text}}}},
	},
	"GET /api/v1/incidents/{id}/indicators.stix.json": {tag: "Reports", summary: "Indicators of compromise", about: "A STIX 2.1 bundle; 404 where nobody wrote one down.", gives: object{{"application/stix+json", object{{"schema", object{{"type", "object"}}}}}}},
	"GET /api/v1/incidents/{id}/runbooks":             {tag: "Incidents", summary: "The runbooks in use, as checklists", about: "Best fit first."},
	"GET /api/v1/incidents/{id}/runbooks/{name}":      {tag: "Incidents", summary: "One runbook as a checklist", about: "Also one that does not fit.", params: runbook},
	"POST /api/v1/incidents/{id}/runbooks/{name}/steps/{step}": {
		tag: "Incidents", summary: "Tick a step", params: runbook, members: map[string]string{"done": "false takes the tick back."},
	},
	"GET /api/v1/incidents/{id}/communications/{kind}": {
		tag: "Reports", summary: "Draft a message to people", about: "For a person to edit; without privileged notes, whoever asks.",
		params: map[string]parameter{"kind": {"To whom.", oneOf(communications...), false}},
	},
	"POST /api/v1/incidents/{id}/communications": {
		tag: "Reports", summary: "Record what people were sent", about: "What went outside needs the right to " + access.MaySubmit.String() + ". Either the text or its digest.", must: []string{"kind", "audience", "channel"},
		members: map[string]string{"audience": "Who was told.", "channel": "Through what, such as e-mail.", "sent_at": "Now where nothing is said.", "sender": "Who sent it; the sender of this request where nothing is said.", "text": "As it was sent.", "sha256": "Of the text, where that is kept elsewhere."},
		enums:   map[string][]string{"kind": communications},
	},
	"GET /api/v1/incidents/{id}/reports/{file}":          reports("STAGE.pdf, STAGE.json or STAGE.pdf.p7s, such as early_warning.pdf."),
	"GET /api/v1/incidents/{id}/reports/{regime}/{file}": reports("STAGE.pdf, STAGE.json or STAGE.pdf.p7s, such as notification.pdf."),
	"POST /api/v1/incidents/{id}/approvals": {
		tag: "Reports", summary: "Approve a report", about: "Freezes this version: its bytes are kept, with who approved it.", must: []string{"stage", "reason"},
		members: map[string]string{"entity": "May be left out where one owes it.", "stage": "Such as early_warning, or gdpr/notification.", "lang": "en where nothing is said.", "reason": "What was checked, or why this version may go out."},
	},
	"GET /api/v1/incidents/{id}/packet.zip": {
		tag: "Reports", summary: "The packet for an authority, customer or auditor", about: "Verifiable without a server. Leaves an entry of who took what. The auditor's needs the right to " + access.MayAudit.String() + ".",
		params: map[string]parameter{
			"profile":   {"Who reads it.", object{{"type", "string"}, {"enum", packets}, {"default", packets[0]}}, false},
			"entity":    {"Whose authority reads it: nothing of the others is in it. All of the incident's where nothing is said.", text, false},
			"lang":      {"Languages of its reports. May be repeated.", texts, false},
			"recipient": {"age public keys to encrypt it to. May be repeated.", texts, false},
		},
		gives: object{{"application/zip", octets}, {"application/octet-stream", object{{"schema", object{{"description", "Encrypted with age, where recipients were named."}}}}}},
	},
	"GET /api/v1/journal": {
		tag: "Journal", summary: "Who did what, when", about: "Oldest first.",
		params: map[string]parameter{
			"actor": {"By whom.", text, false}, "incident": {"About which incident or suspicious event.", text, false}, "type": {"Of this kind, such as incident.opened.", text, false},
		},
	},
	"GET /tile/entries/{path...}": {
		tag: "Journal", summary: "Leaves of the log", about: "C2SP tlog-tiles: time, kind, incident and digest of each entry. Leaves name restricted incidents too.",
		params: tiles, gives: object{{"application/octet-stream", octets}},
	},
	"GET /tile/{path...}": {
		tag: "Journal", summary: "Hashes of the log", about: "C2SP tlog-tiles, for witnesses and monitors. A tile that is there never changes.",
		params: tiles, gives: object{{"application/octet-stream", octets}}, problems: true,
	},
	"GET /checkpoint": {tag: "Journal", summary: "The newest signed head of the log", about: "C2SP tlog-checkpoint, a signed note.", gives: plainText},
	"GET /api/v1/proof": {
		tag: "Journal", summary: "Prove an entry, or that the log only grew", about: "Either `entry` or `old`. Proofs are those of RFC 6962; `checkpoint` is the signed head of that size.",
		params: map[string]parameter{
			"entry": {"The number of an entry: it is in the log.", number, false}, "old": {"So many entries are the log's beginning.", number, false}, "size": {"Of the log; the newest where nothing is said.", number, false},
		},
		also: []int{404},
	},
	"POST /api/v1/incidents/{id}/reportability": {
		tag: "Decisions", summary: "It must be reported after all, or will be voluntarily", must: []string{"reportability", "reason"}, members: map[string]string{"reason": reason},
		enums: map[string][]string{"reportability": {incident.Mandatory, incident.Voluntary}},
	},
	"POST /api/v1/incidents/{id}/breach": {
		tag: "Decisions", summary: "State facts of a personal data breach", about: "What is left out stays as it was. It starts the clocks of Regulation (EU) 2016/679.",
		members: map[string]string{"entity": "May be left out where there is one.", "records": "How many records, and of which categories.", "subjects": "How many persons, and of which categories, Art. 33(3)(a)."},
	},
	"GET /api/v1/registers/breaches": {tag: "Registers", summary: "The register of personal data breaches", about: "Regulation (EU) 2016/679 Art. 33(5); oldest incident first."},
	"GET /api/v1/events": {
		tag: "Event register", summary: "List suspicious events", about: "Newest first.",
		params: map[string]parameter{
			"status": {"", oneOf(incident.Untriaged, incident.StatusAssessed, "overdue"), false}, "kind": {"Of which kind of reporter.", oneOf(reporters...), false},
			"outcome": {"Assessed as this.", oneOf(outcomes...), false}, "q": {"In id, what was reported or by whom, in either case.", text, false},
			"from": {"Received not before this instant.", instant, false}, "to": {"Received before this instant.", instant, false},
		},
	},
	"POST /api/v1/events": {
		tag: "Event register", summary: "Report a suspicious event", must: []string{"what", "reporter"},
		members: map[string]string{"what": "In a sentence or more.", "noticed_at": "When the reporter noticed it.", "received_at": "When it reached us; now where nothing is said.", "supplier_detected_at": "When a supplier detected it."},
	},
	"GET /api/v1/events/{id}": {tag: "Event register", summary: "Show a suspicious event", params: event},
	"POST /api/v1/events/{id}/assess": {
		tag: "Event register", summary: "Assess a suspicious event", about: "An incident, and whatever is to be reported voluntarily, opens an incident or joins one.", must: []string{"outcome", "reason"}, params: event,
		members: map[string]string{
			"reportability": "undecided for an incident, not_reportable for anything else where nothing is said.", "reason": reason, "incident": "The open one it joins; left out, it opens one.",
			"detected_at": "When the entity first noticed it.", "title": "Of the incident; what was reported where nothing is said.",
		},
		enums: map[string][]string{"outcome": outcomes, "reportability": reportabilities},
	},
	"POST /api/v1/events/{id}/notes": {tag: "Event register", summary: "Add a note to a suspicious event", must: []string{"text"}, params: event},
	"GET /api/v1/events/{id}/timeline": {
		tag: "Event register", summary: "All entries about a suspicious event", about: "Oldest first.",
		params: map[string]parameter{"id": event["id"], "format": {"json, or csv for a spreadsheet.", object{{"type", "string"}, {"enum", []string{"json", "csv"}}, {"default", "json"}}, false}},
		gives:  object{{"text/csv", object{{"schema", text}}}},
	},
	"POST /api/v1/retention": {tag: "Retention", summary: "What has expired, and erase it", members: map[string]string{"dry_run": "Nothing is erased unless this is false."}},
	"POST /api/v1/erasures": {
		tag: "Retention", summary: "Erase on request", about: "Incidents or entries, such as those that tell of a person (Regulation (EU) 2016/679 Art. 17). The answer says what remains, and where copies may be.", must: []string{"reason"},
		members: map[string]string{"incidents": "Incidents and suspicious events, as a whole.", "entries": "Entries by themselves, by number.", "reason": "The legal ground, in words."},
	},
	"GET /api/v1/incidents/{id}/evidence": {tag: "Evidence", summary: "List an incident's artefacts", about: "Oldest first."},
	"GET /api/v1/incidents/{id}/evidence/{digest}": {
		tag: "Evidence", summary: "Download an artefact", about: "Leaves an entry of who took it. An artefact that is not what its digest says breaks off.",
		params: map[string]parameter{"digest": {"Its digest.", digest, false}}, gives: object{{"application/octet-stream", octets}}, also: []int{409, 410, 503},
	},
	"POST /api/v1/incidents/{id}/evidence": {
		tag: "Evidence", summary: "Hand in a file", about: "The body is kept as it is, up to 1 GiB.", keyed: true,
		params: map[string]parameter{"name": {"The file's name.", text, true}, "note": {"What it is.", text, false}},
		takes:  object{{"*/*", octets}}, answer: "The incident as it now stands",
	},
	"GET /api/v1/tokens": {tag: "Administration", summary: "List the tokens that were not revoked", about: "Oldest first; never a token itself."},
	"POST /api/v1/tokens": {
		tag: "Administration", summary: "Make a token", about: "The answer is the only place where the token is shown: the same request again under its Idempotency-Key is refused (409).", must: []string{"name", "role"},
		members: map[string]string{"name": "Whose it is, unique among those in force; it is the actor in the journal.", "expires_at": "Never where nothing is said."},
		enums:   map[string][]string{"role": {string(access.Admin), string(access.Commander), string(access.Responder), string(access.Auditor), string(access.Intake)}},
	},
	"DELETE /api/v1/tokens/{name}": {tag: "Administration", summary: "Revoke a token", about: "Out at once, with the sessions it opened.", params: map[string]parameter{"name": {"The token's name.", text, false}}},
	"GET /api/v1/backup":           {tag: "Administration", summary: "Back everything up", about: "Journal and vault in one file, for `nis2clock restore`. Leaves an entry. An answer that is cut is not whole.", gives: object{{"application/zstd", octets}}, also: []int{503}},
	"POST /-/reload":               {tag: "Administration", summary: "Read configuration and tokens again", about: "What is wrong with them is named, and what is in force stays.", answer: "Reloaded; the body is empty.", also: []int{400}},

	"GET /api/v1/exercises": {tag: "Registers", summary: "Exercises held, and what is still to be done"},
	"POST /api/v1/exercises": {
		tag: "Registers", summary: "Record an exercise from its write-up", about: "One that was recorded before, by its `sha256`, changes nothing.", must: []string{"exercise", "ended_at", "people", "sha256"},
	},
	"POST /api/v1/remediation/{item}/close": {
		tag: "Registers", summary: "Close a line of the remediation register", must: []string{"outcome"}, members: map[string]string{"outcome": "What was done."},
		params: map[string]parameter{"item": {"Its id, such as R-2026-0003.", text, false}},
	},
	"GET /api/v1/exercise":        {tag: exercise, summary: "How the exercise stands", also: []int{409}},
	"GET /api/v1/exercise/script": {tag: exercise, summary: "The facilitator's board", about: "With what is to come.", also: []int{409}},
	"POST /api/v1/exercise/{act}": {
		tag: exercise, summary: "Take part", about: "Which members an act takes is said at each of them.",
		params: map[string]parameter{"act": {"", oneOf("attend", "leave", "decide", "answer", "gap", "lesson"), false}},
	},
	"POST /api/v1/exercise/control/{act}": {
		tag: exercise, summary: "Run the exercise", about: "Which members an act takes is said at each of them.",
		params: map[string]parameter{"act": {"", oneOf("attend", "leave", "decide", "answer", "gap", "lesson", "pause", "resume", "rewind", "hint", "remedy", "end", "approve"), false}},
	},

	"/webhook/alertmanager": {
		tag: "Webhooks", summary: "Alertmanager's webhook, version 4",
		about: "With or without a trailing slash. 200 only once what came is on disk; never a redirect, never 429. One readable reportable alert makes it 200: unreadable ones beside it are quarantined and counted.",
		takes: object{{"application/json", object{{"schema", alertmanager}}}}, form: "intake.tally",
		security: []object{{{"intakeToken", []string{}}}, {{"intakeBasic", []string{}}}, {{"intakeCertificate", []string{}}}},
		refuses: map[int]string{
			400: "No alert in it can be read; the body is quarantined.", 401: "No valid credentials.", 403: "Credentials that do not open the intake.", 405: "Not a POST.",
			413: "Larger than intake.max_body (64 MiB where nothing is configured).", 415: "Compressed.", 503: "It could not be made durable and nothing was stored: send it again.",
		},
	},
	"/webhook/slack/interactions": slack("Slack's buttons and forms", "application/x-www-form-urlencoded"),
	"/webhook/slack/commands":     slack("Slack's slash commands", "application/x-www-form-urlencoded"),
	"/webhook/slack/events":       slack("Slack's events", "application/json"),
	"/webhook/pagerduty": {
		tag: "Webhooks", summary: "PagerDuty's v3 webhook", about: "With or without a trailing slash. Served where pagerduty.webhook_secret is configured.",
		takes: object{{"application/json", object{{"schema", object{{"type", "object"}}}}}}, answer: "Taken over, or nothing of ours; the body is empty.",
		security: []object{{{"pagerdutySignature", []string{}}}},
		refuses:  map[int]string{401: "No good signature.", 404: "Not configured.", 405: "Not a POST.", 413: "Larger than PagerDuty sends.", 503: "It could not be made durable: send it again."},
	},

	"GET /-/healthy": {tag: "Monitoring", summary: "The process answers", gives: plainText},
	"GET /-/ready": {
		tag: "Monitoring", summary: "Alerts are taken and people reminded", about: "A line of what to know for each, such as that nobody can be paged.", gives: plainText,
		refusal: plainText, refuses: map[int]string{503: "Alerts or deadlines could be missed; why, a line each."},
	},
	"GET /metrics": {tag: "Monitoring", summary: "Metrics for Prometheus", about: "In the format that the Accept header asks for. `nis2clock_clock_due_timestamp_seconds{incident,entity,regime,stage}` is there while the report is owed.", gives: plainText},
	"GET /calendar.ics": {
		tag: "Monitoring", summary: "Every running clock as a calendar entry", security: []object{{{"calendarToken", []string{}}}}, gives: object{{"text/calendar", object{{"schema", text}}}},
		refuses: map[int]string{401: "No valid token.", 403: "A token that may not read, or can do more than read."},
	},
}

var (
	event   = map[string]parameter{"id": {"The event's id, such as EVT-2026-0001.", text, false}}
	runbook = map[string]parameter{"name": {"The runbook's name, such as ransomware.", text, false}, "step": {"The step's id.", text, false}}
	tiles   = map[string]parameter{"path": {"As tlog-tiles has it, with slashes: L/N and, of a tile that is not full, .p/W.", text, false}}
)

// dated are the words of a path that takes a date of an incident; must are the
// members it cannot do without.
func dated(name, summary, about string, must ...string) words {
	field, by := name+"_at", name+"_by"
	return words{tag: "Decisions", summary: summary, about: about, must: must, schema: object{
		{"type", "object"}, {"additionalProperties", false}, {"properties", object{
			{field, instant.with("description", "When; now where nothing is said, but for aware_at, which must be.")},
			{"by", text.with("description", "Who saw or decided it; the sender where nothing is said.")},
			{by, text.with("description", "The same.")},
			{"reason", text.with("description", "Needed to change what is recorded.")},
			{"entity", text.with("description", "Where it differs by legal entity.")},
			{"regime", text.with("description", "Where it differs by regime.")},
		}},
	}}
}

func reports(file string) words {
	return words{
		tag: "Reports", summary: "A report", about: "Any stage renders at any time, marked DRAFT until it is approved. As PDF; as JSON, whose schema `nis2clock report --schema` prints; and, where reports are signed, the detached CMS signature of the PDF.",
		params: map[string]parameter{
			"file": {file, text, false},
			"lang": {"en, de, fr, nl, it, es, pl, el or bg.", object{{"type", "string"}, {"default", "en"}}, false},
			"for":  {"Of a worksheet: the stage whose answers it lists; early_warning where nothing is said.", text, false},
		},
		gives: object{{"application/pdf", octets}, {"application/json", object{{"schema", object{{"type", "object"}}}}}, {"application/pkcs7-signature", octets}},
	}
}

func slack(what, content string) words {
	return words{
		tag: "Webhooks", summary: what, about: "Served where slack.signing_secret is configured; Socket Mode needs none of it.",
		takes: object{{content, object{{"schema", object{{"type", "object"}}}}}}, answer: "Done, or nothing of ours.", gives: object{{"application/json", object{{"schema", object{{"type", "object"}}}}}},
		security: []object{{{"slackSignature", []string{}}}},
		refuses:  map[int]string{400: "Signed, and yet not a call of Slack's.", 401: "No good signature, or a time more than five minutes off.", 404: "Not configured.", 405: "Not a POST.", 413: "Over 1 MiB.", 503: "It could not be made durable: the person presses again."},
	}
}

// alertmanager is what of Alertmanager's webhook body is read.
var alertmanager = object{
	{"type", "object"}, {"description", "As Alertmanager sends it; other members are passed over."}, {"required", []string{"alerts"}}, {"additionalProperties", true},
	{"properties", object{
		{"version", object{{"const", "4"}}}, {"groupKey", text}, {"truncatedAlerts", number}, {"receiver", text}, {"externalURL", text},
		{"alerts", object{{"type", "array"}, {"items", object{
			{"type", "object"}, {"required", []string{"status", "labels", "startsAt"}}, {"additionalProperties", true},
			{"properties", object{
				{"status", oneOf(incident.Firing, incident.Resolved)},
				{"labels", object{{"type", "object"}, {"additionalProperties", text}, {"description", "nis2_reportable: \"true\" opens an incident, \"triage\" one that asks for a decision."}}},
				{"annotations", object{{"type", "object"}, {"additionalProperties", text}}},
				{"startsAt", instant}, {"endsAt", instant}, {"generatorURL", text}, {"fingerprint", text},
			}},
		}}}},
	}},
}
