package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Secrets that lie in the files and the environment of these tests.
const (
	keySecret   = "k3y-in-a-file-k3y-in-a-file-k3y-"
	tokenSecret = "t0ken-in-a-file"
	envSecret   = "s3cret-in-the-environment-32-abc"
)

// secretDir is a folder of files to be named in a config.
func secretDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, f := range map[string]struct {
		content string
		mode    fs.FileMode
	}{
		"key":    {keySecret + "\n", 0o600},
		"token":  {tokenSecret + "\r\n", 0o600},
		"open":   {tokenSecret + "\n", 0o644},
		"group":  {tokenSecret + "\n", 0o640},
		"short":  {tokenSecret + "\n", 0o600},
		"lines":  {tokenSecret + "\nsecond\n", 0o600},
		"empty":  {"\n", 0o600},
		"large":  {strings.Repeat("x", maxSecret+1), 0o600},
		"public": {"PEM\n", 0o644},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(f.content), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// environment stands in for os.Getenv.
func environment(name string) string {
	return map[string]string{"KEY": envSecret, "TOKEN": envSecret + "\n", "SPACED": "a b"}[name]
}

func TestMistakes(t *testing.T) {
	dir := secretDir(t)
	for _, tt := range []struct {
		name, text string
		want       []string // lines of the error, without the file name
	}{
		{"not YAML", "web: [\n", []string{"1: not YAML: sequence end token ']' not found"}},
		{"tab", "web:\n\tlisten: x\n", []string{`2: not YAML: found character '\t' that cannot start any token`}},
		{"vault", "evidence:\n  vault:\n    compression: brotli\n    recipients: [AGE-SECRET-KEY-1QQQ]\n    identity_file: " + filepath.Join(dir, "key"), []string{
			`3: evidence.vault.compression: "brotli" is not a level of compression: want off, fastest, default, better or best`,
			"4: evidence.vault.recipients[0]: is not an age recipient: give the line age1… that age-keygen prints as the public key",
			"5: evidence.vault.identity_file: the file named there holds no age identity, such as age-keygen writes",
		}},
		{"languages", "reports:\n  languages: [de, sv]\n", []string{`2: reports.languages[1]: there is no report in "sv": want en, bg, de, el, es, fr, it, nl, pl`}},
		{"no language", "reports:\n  languages: []\n", []string{"2: reports.languages: the list is empty: leave the key out for en"}},
		{"store", "store:\n  engine: raft\n", []string{`2: store.engine: "raft" is not an engine: want bbolt`}},
		{"off-site copy", "evidence:\n  offsite:\n    endpoint: s3.example\n    bucket: Ab\n    prefix: x\n    mode: locked\n    retention: 100y\n    legal_hold: perhaps\n    secret_key_file: " + filepath.Join(dir, "key"), []string{
			"2: evidence.offsite.access_key_file: is missing: name the file that holds the access key's id, or write access_key: ${NAME}",
			"3: evidence.offsite.endpoint: is not an address such as https://host.example",
			`4: evidence.offsite.bucket: "Ab" is not the name of a bucket: 3 to 63 small letters, digits, dots and dashes`,
			"5: evidence.offsite.prefix: does not end with a slash, as in nis2clock/",
			`6: evidence.offsite.mode: "locked" is not a mode: want governance or compliance`,
			`7: evidence.offsite.retention: "100y" is out of bounds: want 1d to 3660d`,
			`8: evidence.offsite.legal_hold: "perhaps" is neither true nor false`,
		}},
		{"time-stamps", "evidence:\n  timestamps:\n    url: ftp://tsa.example\n    roots_file: " + filepath.Join(dir, "public") + "\n    basic: {username: u}\n", []string{
			"3: evidence.timestamps.url: is not an address such as https://host.example",
			"4: evidence.timestamps.roots_file: the file named there holds no certificate in PEM",
			"5: evidence.timestamps.basic.password_file: is missing: name the file that holds the password, or write password: ${NAME}",
		}},
		{"a list at the root", "- web\n", []string{"1: want keys with values, such as name: value"}},
		{"a word at the root", "data_dir:/data\n", []string{"1: want keys with values, such as name: value"}},
		{"two documents", "data_dir: /a\n---\ndata_dir: /b\n", []string{"3: a second document: keep one"}},
		{"a directive", "%YAML 1.2\n---\ndata_dir: /a\n", []string{"3: a second document: keep one"}},
		{"unknown key", "listen: :80\n", []string{"1: listen: unknown key: want data_dir, store, regimes, entities, people, classification, clocks, decisions, intake, evidence, pagerduty, slack, opsgenie, mail, webhook, escalation, web, retention, exercise, reports or runbooks_dir"}},
		{"unknown key below", "web:\n  listen: :80\n  tsl: {}\n", []string{"3: web.tsl: unknown key: want listen, external_url or tls"}},
		{"unknown key in a list", "entities:\n  - name: a\n  - contact: {mail: x}\n", []string{"3: entities[1].contact.mail: unknown key: want name, role, email or phone"}},
		{"unknown key that may be a secret", "slack:\n  channel: C024BE91L\n  token_file: token\n  signing_secret_file: token\n  x0xb-123456: 1\n", []string{"5: slack: unknown key: want token, token_file, app_token, app_token_file, signing_secret, signing_secret_file, channel, url, unknown_users, confirm_within, second_person, note_reaction, incident_channels or incident_channel_prefix"}},
		{"merge key", "web:\n  <<: {listen: :80}\n", []string{"2: web: unknown key: want listen, external_url or tls"}},
		{"key given twice", "web:\n  listen: :80\n  listen: :81\n", []string{"3: web.listen: is given twice, first on line 2: keep one"}},
		{"no value", "data_dir:\nweb:\n  # listen: :80\n", []string{"1: data_dir: has no value: give it one or leave it out", "2: web: has no value: give it one or leave it out"}},
		{"null", "web: {listen: ~, tls: null}\n", []string{"1: web.listen: has no value: give it one or leave it out", "1: web.tls: has no value: give it one or leave it out"}},
		{"empty", "data_dir: ''\n", []string{"1: data_dir: is empty: give it a value or leave it out"}},
		{"anchor", "data_dir: &a /data\n", []string{"1: data_dir: anchors, aliases, tags and directives are not read here: write the value out"}},
		{"alias", "web: &a {}\nclocks: *a\n", []string{"1: web: anchors, aliases, tags and directives are not read here: write the value out", "2: clocks: anchors, aliases, tags and directives are not read here: write the value out"}},
		{"tag", "data_dir: !!str 1\n", []string{"1: data_dir: anchors, aliases, tags and directives are not read here: write the value out"}},
		{"a list for a value", "data_dir: [a]\n", []string{"1: data_dir: want a single value"}},
		{"a value for a list", "classification:\n  correlate_by: alertname\n", []string{"2: classification.correlate_by: want a list, such as [a, b]"}},
		{"a value for a section", "web: :80\n", []string{"1: web: want keys with values, such as name: value"}},
		{"control character", "data_dir: \"a\\0b\"\n", []string{"1: data_dir: holds a control character"}},

		{"no entity", "entities: []\n", []string{"1: entities: the list is empty: leave the key out for one entity named default"}},
		{"an entity that is a word", "entities: [acme]\n", []string{"1: entities[0]: want keys with values, such as name: value"}},
		{"entity name", "entities: [{name: ACME GmbH}]\n", []string{`1: entities[0].name: "ACME GmbH" is not a short name: want up to 64 letters, digits, dots, dashes and underscores; legal_name holds the full one`}},
		{"two bad names are not one", "entities: [{name: a/b}, {name: a/b}]\n", []string{
			`1: entities[0].name: "a/b" is not a short name: want up to 64 letters, digits, dots, dashes and underscores; legal_name holds the full one`,
			`1: entities[1].name: "a/b" is not a short name: want up to 64 letters, digits, dots, dashes and underscores; legal_name holds the full one`}},
		{"entity named twice", "entities:\n  - name: acme\n  - class: essential\n    name: acme\n", []string{`4: entities[1].name: "acme" is the name of entities[0] too: give each entity its own`}},
		{"two entities without a name", "entities:\n  - class: essential\n  - class: important\n", []string{`3: entities[1].name: "default" is the name of entities[0] too: give each entity its own`}},
		{"class", "entities: [{class: Essential}]\n", []string{`1: entities[0].class: "Essential" is not a class: want essential, important or not_in_scope`}},
		{"trust service provider misspelt", "entities: [{type: Trust-service provider}]\n", []string{`1: entities[0].type: "Trust-service provider" would not be counted as a trust service provider (Art. 23(4), last subparagraph): write trust_service_provider`}},
		{"member state", "entities: [{member_state: UK}, {name: b, member_state: de}]\n", []string{
			`1: entities[0].member_state: "UK" is not a Member State: want two capital letters such as DE`,
			`1: entities[1].member_state: "de" is not a Member State: want two capital letters such as DE`}},
		{"time zone", "entities: [{tz: Europe/Bonn}, {name: b, tz: Local}, {name: c, tz: ../zone}]\n", []string{
			`1: entities[0].tz: "Europe/Bonn" is not a time zone here: want an IANA name such as Europe/Berlin`,
			`1: entities[1].tz: "Local" is not a time zone here: want an IANA name such as Europe/Berlin`,
			`1: entities[2].tz: "../zone" is not a time zone here: want an IANA name such as Europe/Berlin`}},
		{"facts of the entity", "entities: [{users_in_union: many}, {name: b, annual_turnover_eur: unknown}]\n", []string{
			`1: entities[0].users_in_union: users_in_union is "many": want a number, such as 12000; ~12000 for an estimate; 1200+3400 for customers and persons associated with business customers, or unknown: it is not a number`,
			"1: entities[1].annual_turnover_eur: leave the key out for what is not known"}},
		{"second person", "decisions: {second_person: maybe}\n", []string{`1: decisions.second_person: "maybe" is neither true nor false`}},
		{"no regime", "entities: [{regimes: []}]\n", []string{"1: entities[0].regimes: the list is empty, so no clock would ever run: leave the key out for nis2"}},
		{"e-mail", "entities: [{contact: {email: Erika <e@acme.example>}}, {name: b, contact: {email: acme}}]\n", []string{
			"1: entities[0].contact.email: is not an e-mail address such as soc@example.eu",
			"1: entities[1].contact.email: is not an e-mail address such as soc@example.eu"}},
		{"holidays", "entities:\n  - holidays:\n      - 2027-02-29\n      - 2027-01-01\n      - 2027-01-01\n", []string{
			`3: entities[0].holidays[0]: "2027-02-29" is not a date such as 2027-01-01`,
			"5: entities[0].holidays[2]: is listed before: keep one"}},

		{"duration", "classification:\n  correlate_within: 4 hours\n  triage_within: 15\n", []string{
			`2: classification.correlate_within: "4 hours" is not a length of time such as 15m, 4h or 1d`,
			`3: classification.triage_within: "15" is not a length of time such as 15m, 4h or 1d`}},
		{"negative duration", "classification: {triage_within: -1h}\n", []string{`1: classification.triage_within: "-1h" is not a length of time such as 15m, 4h or 1d`}},
		{"short duration", "clocks: {overdue_every: 59s}\n", []string{`1: clocks.overdue_every: "59s" is too short: want 1m or longer`}},
		{"a retention that erases all the time", "retention: {every: 1m}\n", []string{`1: retention.every: "1m" is too short: want 1h or longer`}},
		{"backups", "retention:\n  backup:\n    folder: .\n    every: 1m\n    keep: 0\ndata_dir: " + dir, []string{
			"3: retention.backup.folder: lies in data_dir: what takes that takes the backups too",
			`4: retention.backup.every: "1m" is too short: want 1h or longer`,
			`5: retention.backup.keep: "0" is not a number of backups from 1 to 10000`}},
		{"backups to nowhere", "retention:\n  backup:\n    every: 2h\n", []string{"2: retention.backup.folder: is missing: name the folder that backups are written to, on another disk than data_dir"}},
		{"a retention that is no time", "retention: {logs: 5 years}\n", []string{`1: retention.logs: "5 years" is not a length of time such as 15m, 4h or 1d`}},
		{"zero where it means nothing", "classification: {correlate_within: 0s}\n", []string{`1: classification.correlate_within: "0s" is too short: want 1m or longer`}},
		{"label", "classification: {correlate_by: [a, \"\\xff\", a]}\n", []string{"1: classification.correlate_by[2]: is listed before: keep one"}},
		{"reminders", "clocks:\n  reminders: [50%, 100%, 0%, soon, 1h, 60m]\n  page_from: often\n", []string{
			`2: clocks.reminders[1]: "100%" is neither a share of the period such as 75% nor a time before its end such as 1h`,
			`2: clocks.reminders[2]: "0%" is neither a share of the period such as 75% nor a time before its end such as 1h`,
			`2: clocks.reminders[3]: "soon" is neither a share of the period such as 75% nor a time before its end such as 1h`,
			"2: clocks.reminders[5]: is listed before: keep one",
			`3: clocks.page_from: "often" is neither a share of the period such as 75% nor a time before its end such as 1h`}},

		{"size", "intake: {max_body: 64MB}\n", []string{`1: intake.max_body: "64MB" is not a size: want bytes, or a number with KiB, MiB or GiB such as 64MiB`}},
		{"size below the bounds", "intake: {max_body: 65535}\n", []string{`1: intake.max_body: "65535" is out of bounds: want 64KiB to 4GiB`}},
		{"size above the bounds", "intake: {max_body: 999999999999GiB}\n", []string{`1: intake.max_body: "999999999999GiB" is out of bounds: want 64KiB to 4GiB`}},
		{"basic auth by half", "intake:\n  auth:\n    basic: {username: 'a:b'}\n", []string{
			"3: intake.auth.basic.password_file: is missing: name the file that holds the password",
			"3: intake.auth.basic.username: holds a colon, which basic auth does not allow"}},
		{"token files", "intake:\n  auth:\n    token_files:\n      - token\n      - nowhere\n      - empty\n      - .\n      - large\n", []string{
			"5: intake.auth.token_files[1]: the path named there cannot be read: no such file or directory; a relative one counts from the folder of this config",
			"6: intake.auth.token_files[2]: the file named there is empty: write the secret into it",
			"7: intake.auth.token_files[3]: the file named there cannot be read: not a regular file",
			"8: intake.auth.token_files[4]: the file named there cannot be read: larger than 65536 bytes"}},
		{"addresses", "intake:\n  reconcile:\n    alertmanager:\n      - alertmanager:9093\n      - http://u:p@am:9093\n      - http://am:9093?x=1\n      - http://am:99999\n      - http://am\n      - http://am/\n", []string{
			"4: intake.reconcile.alertmanager[0]: is not an address such as https://host.example",
			"5: intake.reconcile.alertmanager[1]: holds a user name or a password: leave them out of the address",
			"6: intake.reconcile.alertmanager[2]: has a part that begins with ? or #: end the address before it",
			"7: intake.reconcile.alertmanager[3]: has a port above 65535",
			"9: intake.reconcile.alertmanager[5]: is listed before: keep one"}},

		{"evidence", "evidence:\n  schedule: []\n  before_report: 1s\n  window: {before: 0s}\n  collectors: x\n", []string{
			"2: evidence.schedule: the list is empty: leave the key out for 0s and 15m",
			`3: evidence.before_report: "1s" is too short: want 1m or longer`,
			`4: evidence.window.before: "0s" is too short: want 1m or longer`,
			"5: evidence.collectors: want a list, such as [a, b]"}},
		{"a collector by half", "evidence:\n  collectors:\n    - url: http://h\n    - {name: a b, kind: splunk}\n", []string{
			"3: evidence.collectors[0].kind: is missing: say which kind of system it asks: alertmanager, grafana, http, kubernetes, loki, opensearch or prometheus",
			"3: evidence.collectors[0].name: is missing: give the collector a short name, which its artefacts bear",
			`4: evidence.collectors[1].kind: "splunk" is not a kind of collector: want alertmanager, grafana, http, kubernetes, loki, opensearch or prometheus`,
			`4: evidence.collectors[1].name: "a b" is not a short name: want up to 64 letters, digits, dots, dashes and underscores`}},
		{"two collectors of one name", "evidence:\n  collectors:\n    - {name: a, kind: alertmanager, url: 'http://h'}\n    - {name: a, kind: kubernetes}\n", []string{
			`4: evidence.collectors[1].name: "a" is the name of evidence.collectors[0] too: give each collector its own`}},
		{"a collector without an address", "evidence:\n  collectors:\n    - {name: a, kind: prometheus, max_bytes: 1}\n    - {name: b, kind: loki, url: h, queries: []}\n", []string{
			`3: evidence.collectors[0].max_bytes: "1" is out of bounds: want 64KiB to 4GiB`,
			"3: evidence.collectors[0].url: is missing: give the base address of what is asked",
			"4: evidence.collectors[1].queries: the list is empty: give at least one log query",
			"4: evidence.collectors[1].url: is not an address such as https://host.example"}},
		{"key of another kind", "evidence:\n  collectors:\n    - {name: a, kind: kubernetes, queries: [up]}\n", []string{
			"3: evidence.collectors[0].queries: unknown key: want name, kind, timeout, max_bytes, url, ca_file, client_certificate, bearer_token_file, basic, redirects, namespace or pod"}},
		{"templates", "evidence:\n  collectors:\n    - name: a\n      kind: prometheus\n      url: http://h\n      queries:\n        - up{job=`{{ .Labels.job }}`}\n        - 'up{job=\"{{ .Labels.job }}'\n    - {name: b, kind: http, url: 'http://h', path: x}\n    - {name: c, kind: opensearch, url: 'http://h', index: i, query: '{\"query_string\": {\"query\": \"{{ .Labels.host }}\"}}'}\n", []string{
			"7: evidence.collectors[0].queries[0]: {{.Labels.job}}: in a string of backquotes a value cannot be escaped: write the string with \"",
			"8: evidence.collectors[0].queries[1]: the query ends inside a string that began with \"",
			"9: evidence.collectors[1].path: a path begins with one slash",
			"10: evidence.collectors[2].query: {{.Labels.host}}: in a query_string a value can be a query of its own: use a term or match query, or write {{ … | lucene }}"}},
		{"panels", "evidence:\n  collectors:\n    - {name: a, kind: grafana, url: 'http://h', width: 0, panels: [{dashboard: a/b}, {panel: -1, dashboard: x}]}\n", []string{
			`3: evidence.collectors[0].panels[0].dashboard: "a/b" is not the uid of a dashboard, as it stands in its address after /d/`,
			"3: evidence.collectors[0].panels[0].panel: is missing: give the id of the panel, which stands in its address after viewPanel=",
			`3: evidence.collectors[0].panels[1].panel: "-1" is not a number from 0 to 2147483647`,
			`3: evidence.collectors[0].width: "0" is not a number from 1 to 4000`}},
		{"two ways to say who asks", "evidence:\n  collectors:\n    - {name: a, kind: alertmanager, url: 'http://h', bearer_token_file: token, basic: {username: u, password_file: token}, client_certificate: {}}\n", []string{
			"3: evidence.collectors[0].bearer_token_file: basic is given too: keep one of the two",
			"3: evidence.collectors[0].client_certificate.cert_file: is missing: name the PEM file of the certificate and its chain",
			"3: evidence.collectors[0].client_certificate.key_file: is missing: name the PEM file of the certificate's private key"}},

		{"PagerDuty without a key", "pagerduty: {}\n", []string{"1: pagerduty.routing_key_file: is missing: name the file that holds the integration key of an Events API v2 integration, or write routing_key: ${NAME}"}},
		{"Opsgenie without a key", "opsgenie: {}\n", []string{"1: opsgenie.api_key_file: is missing: name the file that holds the key of an API integration, or write api_key: ${NAME}"}},
		{"literal key of Opsgenie", "opsgenie: {api_key: 12345678-90ab}\n", []string{"1: opsgenie.api_key: a secret has no place in this file: put it in a file and name that with api_key_file, or write ${NAME} for an environment variable"}},
		{"path in Opsgenie's address", "opsgenie: {api_key_file: key, url: https://api.eu.opsgenie.com/v2/alerts}\n", []string{"1: opsgenie.url: has a path: end the address with the host"}},
		{"team at Opsgenie", "opsgenie: {api_key_file: key}\nescalation: {steps: [{after: 15m, to: [opsgenie/board]}]}\n", []string{"2: escalation.steps[0].to[0]: opsgenie tells whom it is configured to: leave /board out"}},
		{"literal secret", "pagerduty:\n  routing_key: 0123456789abcdef0123456789abcdef\n", []string{"2: pagerduty.routing_key: a secret has no place in this file: put it in a file and name that with routing_key_file, or write ${NAME} for an environment variable"}},
		{"secret and file", "pagerduty:\n  routing_key_file: key\n  routing_key: ${KEY}\n", []string{"3: pagerduty.routing_key: routing_key_file is given too: keep one of the two"}},
		{"short routing key", "pagerduty:\n  routing_key_file: short\n", []string{"2: pagerduty.routing_key_file: the key has 15 characters, not 32: copy the integration key of an Events API v2 integration"}},
		{"unset variable", "pagerduty:\n  routing_key: ${NOBODY}\n", []string{"2: pagerduty.routing_key: the environment variable named there is empty or not set"}},
		{"path in PagerDuty's address", "pagerduty: {routing_key_file: key, url: https://events.pagerduty.com/v2/enqueue}\n", []string{"1: pagerduty.url: has a path: end the address with the host"}},
		{"people", "people:\n  - role: boss\n  - name: a@b\n    slack: {user: U1}\n    until: tomorrow\n  - {name: c, role: intake, deputy_for: d}\n", []string{
			"2: people[0].name: is missing: the journal calls the person by it",
			`2: people[0].role: "boss" is no role of a person: want commander, responder, auditor or admin`,
			`3: people[1].name: "a@b" is not a name: want up to 64 letters, digits, spaces and . , ' ( ) _ -`,
			"4: people[1].slack.team: is missing: a user's id names nobody without the workspace's; it is in the address of Slack in a browser",
			`5: people[1].until: "tomorrow" is neither a date such as 2027-01-01 nor a time with offset such as 2027-01-01T08:00:00+01:00`,
			`6: people[2].deputy_for: nobody in people is called "d"`,
			`6: people[2].role: "intake" is no role of a person: want commander, responder, auditor or admin`}},
		{"people beside a text", "people:\n  - somebody\n  - role: boss\n    name: a\n", []string{
			"2: people[0]: want keys with values, such as name: value",
			`3: people[1].role: "boss" is no role of a person: want commander, responder, auditor or admin`}},
		{"Slack by half", "slack:\n  url: ftp://x\n", []string{
			"1: slack.channel: is missing: give the id of the channel to post to, such as C024BE91L",
			"1: slack.token_file: is missing: name the file that holds the app's bot token (xoxb-…), or write token: ${NAME}",
			"2: slack.url: is not an address such as https://host.example"}},
		{"Slack policies", "slack: {token: '${TOKEN}', signing_secret: '${KEY}', channel: C1, unknown_users: ask, confirm_within: 10s, second_person: [ack], note_reaction: 'a b', incident_channel_prefix: 'IR '}\n", []string{
			"1: slack.confirm_within: \"10s\" is too short: want 1m or longer",
			"1: slack.incident_channel_prefix: \"IR \" cannot begin a channel's name: want up to 40 lower-case letters, digits, - and _",
			"1: slack.note_reaction: \"a b\" is not the name of an emoji such as memo",
			"1: slack.second_person[0]: \"ack\" is not known here: want assess, submit or not_reportable",
			"1: slack.unknown_users: \"ask\" is not known here: want allow or refuse"}},
		{"Slack channel by name", "slack: {token: '${TOKEN}', channel: '#nis2'}\n", []string{"1: slack.channel: is not a channel id such as C024BE91L: Slack shows it at the foot of the channel's details"}},
		{"secret of two lines", "slack: {token_file: lines, signing_secret: '${SPACED}', channel: C1}\n", []string{
			"1: slack.signing_secret: the secret holds a space, a line end or another character that none has",
			"1: slack.token_file: the secret holds a space, a line end or another character that none has"}},

		{"listen", "web: {listen: localhost}\n", []string{`1: web.listen: "localhost" is not host:port, such as 127.0.0.1:2555, or :2555 for every interface`}},
		{"listen port", "web: {listen: ':70000'}\n", []string{`1: web.listen: ":70000" is not host:port, such as 127.0.0.1:2555, or :2555 for every interface`}},
		{"TLS by half", "web:\n  tls:\n    client_ca_file: nowhere\n", []string{
			"2: web.tls.cert_file: is missing: name the PEM file of the certificate and its chain",
			"2: web.tls.key_file: is missing: name the PEM file of the certificate's private key",
			"3: web.tls.client_ca_file: the path named there cannot be read: no such file or directory; a relative one counts from the folder of this config"}},
		{"templates", "reports: {templates_dir: token}\n", []string{"1: reports.templates_dir: the path named there is not that of a folder"}},
		{"certificate", "web: {tls: {cert_file: ., key_file: key}}\n", []string{"1: web.tls.cert_file: the path named there is not that of a file"}},
		{"escalation", "pagerduty: {routing_key_file: key, services: [{name: A b, routing_key_file: token}]}\nescalation:\n  steps:\n    - {after: 15m, to: []}\n    - {after: 10m, to: [slack, pigeon, pagerduty/board]}\n    - {to: [pagerduty]}\n  instead:\n    - {clocks: [early_bird], steps: [{after: 1m}]}\n    - {steps: []}\n  quiet: {from: 25:00}\n", []string{
			`1: pagerduty.services[0].name: "A b" is not a name: want up to 32 small letters, digits, dashes and underscores`,
			"1: pagerduty.services[0].routing_key_file: the key has 15 characters, not 32: copy the integration key of an Events API v2 integration",
			"5: escalation.steps[1].to[0]: slack is not configured in this file",
			`5: escalation.steps[1].to[1]: "pigeon" is none of the channels: want pagerduty, slack, opsgenie, mail or webhook`,
			`5: escalation.steps[1].to[2]: "board" is none of pagerduty.services`,
			"6: escalation.steps[2].after: is missing: say how long nobody may have answered, such as 15m; 0s is the beginning",
			`8: escalation.instead[0].clocks[0]: "early_bird" is no report of a regime here, such as early_warning or nis2/early_warning`,
			"8: escalation.instead[0].severities: is missing: say for which incidents these steps are, or with clocks for which reports",
			"8: escalation.instead[0].steps[0].to: is missing: a step that calls nobody is none: name a channel such as pagerduty, or channel/whom",
			"9: escalation.instead[1].severities: is missing: say for which incidents these steps are, or with clocks for which reports",
			"9: escalation.instead[1].steps: an escalation needs a step: leave it out to call nobody else",
			`10: escalation.quiet.from: "25:00" is not a time of day such as 22:00`,
			"10: escalation.quiet.until: is missing: give the time of day from which people are woken again, such as 07:00"}},
		{"mail and webhook", "mail: {server: smtp.example, tls: maybe, username: u, from: x, to: []}\nwebhook: {url: ftp://x, secret_file: short}\n", []string{
			"1: mail.from: is not an e-mail address such as soc@example.eu",
			"1: mail.password_file: is missing: name the file that holds the password, or write password: ${NAME}",
			`1: mail.server: "smtp.example" is not host:port, such as smtp.example:587`,
			`1: mail.tls: "maybe" is none of starttls, tls and none`,
			"1: mail.to: is empty: list the addresses that are told of everything",
			"2: webhook.secret_file: the secret has 15 characters: want at least 16",
			"2: webhook.url: is not an address such as https://host.example"}},
		{"a step that calls nobody", "pagerduty: {routing_key_file: key}\nescalation:\n  steps:\n    - {after: 15m, to: []}\n", []string{"3: escalation.steps: step 1 calls nobody: give it somebody in to, or leave it out"}},
		{"steps out of order", "pagerduty: {routing_key_file: key}\nescalation:\n  steps:\n    - {after: 15m, to: [pagerduty]}\n    - {after: 15m, to: [pagerduty]}\n", []string{"3: escalation.steps: step 2 comes after 15m, no later than the one before it"}},
		{"all at once, by line", "zzz: 1\nweb: {listen: x}\nclocks: {overdue_every: x}\ndata_dir: []\n", []string{
			"1: zzz: unknown key: want data_dir, store, regimes, entities, people, classification, clocks, decisions, intake, evidence, pagerduty, slack, opsgenie, mail, webhook, escalation, web, retention, exercise, reports or runbooks_dir",
			`2: web.listen: "x" is not host:port, such as 127.0.0.1:2555, or :2555 for every interface`,
			`3: clocks.overdue_every: "x" is not a length of time such as 15m, 4h or 1d`,
			"4: data_dir: want a single value"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse("c.yaml", dir, []byte(tt.text), environment)
			if err == nil {
				t.Fatalf("accepted: %v", c)
			}
			var want []string
			for _, line := range tt.want {
				want = append(want, "c.yaml:"+line)
			}
			if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownRegime(t *testing.T) {
	_, err := parse("c.yaml", ".", []byte("entities:\n  - regimes: [nis2, nis3]\n"), environment)
	if err == nil || !strings.HasPrefix(err.Error(), `c.yaml:2: entities[0].regimes[1]: there is no regime "nis3": want `) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	dir := secretDir(t)
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"none", "pagerduty: {routing_key_file: key, webhook_secret_file: token}\n", nil},
		{"PagerDuty does not tell", "pagerduty: {routing_key_file: key}\n", []string{"1: pagerduty.webhook_secret_file: is missing: who acknowledges in PagerDuty is not known here"}},
		{"Opsgenie ends", "opsgenie:\n  api_key_file: key\n", []string{"1: opsgenie: Opsgenie ends on 5 April 2027: what is sent to it from then on reaches nobody; move to another way out before"}},
		{"group may read", "intake: {auth: {token_files: [group]}}\n", nil},
		{"certificate may be read", "web: {tls: {cert_file: public, key_file: key}}\n", nil},
		{"by line", "slack:\n  channel: C1\n  token_file: open\nintake: {auth: {token_files: [token, open]}}\n", []string{
			"1: slack.signing_secret_file: is missing, and so is app_token_file: the buttons will not work",
			"3: slack.token_file: every user of this machine can read the file named there: chmod 600 it",
			"4: intake.auth.token_files[1]: every user of this machine can read the file named there: chmod 600 it"}},
		{"retention shorter than usual", "retention:\n  logs: 30d\n  incidents: 1825d\n  exercises: 1y\n  every: 1w\n", []string{
			"2: retention.logs: 30d is shorter than the 1y that auditors and supervisors commonly ask for",
			"4: retention.exercises: 1y is shorter than the 5y that auditors and supervisors commonly ask for"}},
		{"retention for good", "retention: {logs: 0, incidents: 0s, exercises: 0}\n", nil},
		{"private key", "web: {tls: {cert_file: public, key_file: public}}\n", []string{"1: web.tls.key_file: every user of this machine can read the file named there: chmod 600 it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse("c.yaml", dir, []byte(tt.text), environment)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, line := range tt.want {
				want = append(want, "c.yaml:"+line)
			}
			if diff := cmp.Diff(want, c.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
