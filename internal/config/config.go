package config

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/classify"
	"nis2clock/internal/evidence"
	"nis2clock/internal/incident"
	"nis2clock/internal/intake"
	"nis2clock/internal/mail"
	"nis2clock/internal/offsite"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/people"
	"nis2clock/internal/regime"
	"nis2clock/internal/report/catalogue"
	"nis2clock/internal/signature"
	"nis2clock/internal/slack"
	"nis2clock/internal/timestamp"
	"nis2clock/internal/vault"
	"nis2clock/internal/webhookout"
)

// Config is everything an operator can set. Paths are as the process can open
// them. It is read-only once loaded.
type Config struct {
	// DataDir is the folder of the journal, the vault and the tokens.
	DataDir string
	// Law is the regimes and Member States in this binary, with those of the operator's folders. It is never nil.
	Law *regime.Set
	// Entities are the legal entities that report, at least one.
	Entities []Entity
	// People are those who are named; nil for nobody.
	People *people.Directory
	// Classification is what alerts become and how they are correlated.
	Classification classify.Policy
	Clocks         Clocks
	Decisions      Decisions
	Intake         Intake
	PagerDuty      *pagerduty.Config  // nil for none
	Slack          *slack.Config      // nil for none
	Opsgenie       *opsgenie.Config   // nil for none
	Mail           *mail.Config       // nil for none
	Webhook        *webhookout.Config // nil for none
	Evidence       Evidence
	Vault          vault.Config
	Offsite        *offsite.Config   // nil for none
	Timestamps     *timestamp.Config // nil for none
	Web            Web
	Retention      Retention
	Exercise       Exercise
	// TemplatesDir holds report templates that replace the built-in ones;
	// empty for none.
	TemplatesDir string
	// Languages are those of a packet's reports, and the first that of a report,
	// where none is asked for; at least one.
	Languages []string
	// Signing is what reports are signed with; nil for not at all.
	Signing *signature.Config
	// RunbooksDir holds runbooks that replace the built-in ones and add to them;
	// empty for none.
	RunbooksDir string
	// SecretFiles are the files that secrets were read from, whoever uses them.
	SecretFiles []string
	// Warnings are what is doubtful in the file, in order of line, each in the
	// form that the package comment gives.
	Warnings []string
}

// Clocks is when people are reminded of a clock.
type Clocks struct {
	Reminders    []incident.Threshold
	OverdueEvery time.Duration      // 0 for never; otherwise at least a minute
	PageFrom     incident.Threshold // earlier reminders do not wake anybody
	Escalation   incident.Escalation
}

// Decisions is who decides what.
type Decisions struct {
	// SecondPerson: that an incident is not significant takes effect once a
	// second person confirms it.
	SecondPerson bool
}

// Intake is who may send alerts and what is expected of them.
type Intake struct {
	TokenFiles []string      // of bearer tokens, besides [access.IntakeFile] in the data folder
	Basic      *access.Basic // nil for no basic auth
	MaxBody    int64         // bytes
	Heartbeat  Heartbeat
	// Alertmanagers are the base addresses, without a slash at the end, that
	// are asked for what the webhook missed.
	Alertmanagers []string
	// Prometheus are those of the servers whose rules make the alerts.
	Prometheus []string
	// ReconcileEvery is how often they are asked; at least ten seconds.
	ReconcileEvery time.Duration
}

// Heartbeat is the alert that must keep coming; both fields are zero for none.
type Heartbeat struct {
	AlertName string
	Within    time.Duration
}

// Web is where the service listens.
type Web struct {
	Listen      string // host:port
	ExternalURL string // where people reach it, without a slash at the end; empty when not given
	TLS         *TLS   // nil for plain HTTP
}

// TLS names PEM files.
type TLS struct {
	CertFile     string
	KeyFile      string
	ClientCAFile string // of the authority whose client certificates open the intake; empty for none
}

// Default is the configuration without a file.
func Default() *Config {
	return &Config{
		DataDir:        "data",
		Languages:      []string{catalogue.Default},
		Law:            regime.Builtin(),
		Entities:       []Entity{defaultEntity()},
		Classification: classify.DefaultPolicy(),
		Clocks: Clocks{
			Reminders:    thresholds("50%", "75%", "90%", "1h", "0s"),
			OverdueEvery: time.Hour,
			PageFrom:     thresholds("75%")[0],
		},
		Intake:    Intake{MaxBody: intake.DefaultMaxBody, ReconcileEvery: intake.DefaultReconcileEvery},
		Evidence:  Evidence{Schedule: evidence.DefaultSchedule()},
		Web:       Web{Listen: "127.0.0.1:2555"},
		Retention: Retention{RetentionPolicy: incident.DefaultRetention()},
		Exercise:  Exercise{WarnAfter: DefaultWarnAfter},
	}
}

// thresholds are those of [Default].
func thresholds(names ...string) []incident.Threshold {
	all := make([]incident.Threshold, len(names))
	for i, name := range names {
		t, err := incident.ParseThreshold(name)
		if err != nil {
			panic(err) // the names above are constants
		}
		all[i] = t
	}
	return all
}

// Policy is when people are reminded, with the channels left out: which there
// are is known once they have been made.
func (c Config) Policy() incident.ReminderPolicy {
	return incident.ReminderPolicy{
		Reminders:       c.Clocks.Reminders,
		OverdueEvery:    incident.Span(c.Clocks.OverdueEvery),
		PageFrom:        c.Clocks.PageFrom,
		Escalation:      c.Clocks.Escalation,
		Heartbeat:       c.Intake.Heartbeat.AlertName,
		HeartbeatWithin: incident.Span(c.Intake.Heartbeat.Within),
	}
}

// Tracks are the reporting duties of the entities, in their order. Each regime
// in them is in c.Law.
func (c Config) Tracks() []incident.Track {
	tracks := make([]incident.Track, len(c.Entities))
	for i, e := range c.Entities {
		tracks[i] = incident.Track{
			Entity: e.Name, MemberState: e.MemberState, Authority: e.Authority,
			Kind: e.Kind(), NoWeekendRelief: e.NoWeekendRelief(), Regimes: e.Regimes, Place: e.place(c.Law), Types: e.types(), Known: e.Known,
			DataSets: e.DataSets, Contracts: e.Contracts,
		}
	}
	return tracks
}

// Rules are what decisions about incidents go by.
func (c Config) Rules() *incident.Rules {
	return &incident.Rules{Classify: c.Classification, Law: c.Law, Tracks: c.Tracks(), Heartbeat: c.Intake.Heartbeat.AlertName, SecondPerson: c.Decisions.SecondPerson}
}

// Zone is the one shown to people beside UTC: that of the first entity's
// authority. Nil shows UTC alone.
func (c Config) Zone() *time.Location { return c.Entities[0].Place.Zone }

// Zones are those of the entities' authorities, by the entity's name. Nil is
// UTC.
func (c Config) Zones() map[string]*time.Location {
	zones := make(map[string]*time.Location, len(c.Entities))
	for _, e := range c.Entities {
		zones[e.Name] = e.Place.Zone
	}
	return zones
}

// LogValue implements [slog.LogValuer]. It says what is set up and shows no
// secret.
func (c Config) LogValue() slog.Value {
	names := make([]string, len(c.Entities))
	for i, e := range c.Entities {
		names[i] = e.Name
	}
	return slog.GroupValue(
		slog.String("data_dir", c.DataDir),
		slog.Any("entities", names),
		slog.Int("people", len(c.People.All())),
		slog.String("listen", c.Web.Listen),
		slog.String("external_url", c.Web.ExternalURL),
		slog.Bool("tls", c.Web.TLS != nil),
		slog.Int64("max_body", c.Intake.MaxBody),
		slog.String("heartbeat", c.Intake.Heartbeat.AlertName),
		slog.Any("alertmanagers", c.Intake.Alertmanagers),
		slog.Any("prometheus", c.Intake.Prometheus),
		slog.Int("collectors", len(c.Evidence.Collectors)),
		slog.Bool("pagerduty", c.PagerDuty != nil),
		slog.Bool("slack", c.Slack != nil),
		slog.Bool("mail", c.Mail != nil),
		slog.Bool("opsgenie", c.Opsgenie != nil),
		slog.Bool("webhook", c.Webhook != nil),
		slog.String("vault_compression", c.Vault.Compression.String()),
		slog.Int("vault_recipients", len(c.Vault.Recipients)),
		slog.Bool("offsite", c.Offsite != nil),
		slog.Bool("timestamps", c.Timestamps != nil),
		slog.String("templates_dir", c.TemplatesDir),
		slog.Bool("signing", c.Signing != nil),
		slog.String("runbooks_dir", c.RunbooksDir),
	)
}

// String implements [fmt.Stringer] with what [Config.LogValue] says.
func (c Config) String() string { return c.LogValue().String() }

// GoString implements [fmt.GoStringer] with what [Config.LogValue] says.
func (c Config) GoString() string { return c.String() }

// Load reads a file. Getenv is [os.Getenv] or stands in for it; secrets in
// files are read too. The error joins all mistakes, one line each; there is no
// partial configuration.
func Load(path string, getenv func(string) string) (*Config, error) {
	data, err := readBounded(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("read the config: %w", err)
	}
	return parse(path, filepath.Dir(path), data, getenv)
}

// parse reads the bytes of the file called name, whose relative paths count
// from dir.
func parse(name, dir string, data []byte, getenv func(string) string) (*Config, error) {
	r := &reader{name: name, dir: dir, getenv: getenv}
	c := Default()
	if s, ok := r.document(data); ok {
		c.read(s)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	c.Warnings, c.SecretFiles = r.notices(), r.secretFiles
	return c, nil
}
