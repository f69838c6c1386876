package scenario

import "nis2clock/internal/yamlfile"

// on is a value of the file with its line.
type on[T any] = yamlfile.On[T]

type texts = []on[string]

// The file as it is written.

type scenarioYAML struct {
	Title, Aim, Briefing on[string]
	Tests                texts
	Start                on[string]
	TZ                   on[string]
	Length               on[string]
	Entities             []on[Entity]
	Participants         []on[participantYAML]
	Injects              []on[injectYAML]
	Expect               []on[expectYAML]
	Decisions            []on[decisionYAML]
	Hints                []on[hintYAML]
	Questions            []on[questionYAML]
	Auto                 []on[stepYAML]
	Clocks               []on[clockYAML]
}

type participantYAML struct {
	ID, Role, Access     on[string]
	Management, Required on[bool]
}

type injectYAML struct {
	ID, At     on[string]
	Alerts     []on[alertYAML]
	Message    *on[saidYAML]
	Fact       *on[saidYAML]
	Journalist *on[saidYAML]
	Outage     *on[outageYAML]
	Authority  *on[authorityYAML]
	Allows     []on[knowledgeYAML]
	Note       on[string]
}

type alertYAML struct {
	Labels, Annotations map[string]on[string]
	Status, Started     on[string]
	GeneratorURL        on[string] `yaml:"generator_url"`
}

type saidYAML struct {
	From, Text on[string]
	To         texts
}

type outageYAML struct{ Vendor, Lasts, Text on[string] }

type authorityYAML struct {
	Kind, From, Regime, Text, Reference on[string]
	To, Stages                          texts
	RespondWithin                       on[string] `yaml:"respond_within"`
}

type knowledgeYAML struct {
	Know    on[string]
	ShownBy texts `yaml:"shown_by"`
}

type expectYAML struct {
	ID, Do, After, Within, Before, Why          on[string]
	By                                          texts
	Weight                                      *on[int]
	Never                                       on[bool]
	Regime, Entity, Stage, Decision, Kind, Fact on[string]
	Runbook                                     on[string]
	Point                                       on[string] `yaml:"decision_point"`
}

type decisionYAML struct {
	ID, At, Question, Consider on[string]
	For, Options               texts
}

type hintYAML struct{ ID, For, After, Text on[string] }

type questionYAML struct{ ID, Ask, About on[string] }

type stepYAML struct {
	At, By, Do, Inject, Text, Reason, Title, Severity, Time on[string]
	Entity, Regime                                          on[string]
	Stages                                                  texts
	Malicious, Ongoing                                      on[string]
	CrossBorder                                             on[string] `yaml:"cross_border"`
	AffectsTrustService                                     on[string] `yaml:"affects_trust_service"`
	Facts                                                   map[string]on[string]
	Decision                                                on[string]
	Breach                                                  *on[breachYAML]
	Fields                                                  map[string]on[string]
	Reference, To, Kind, Audience, Channel                  on[string]
	Runbook, Step, TLP                                      on[string]
	Point                                                   on[string] `yaml:"decision_point"`
	Choice                                                  on[string]
}

type breachYAML struct {
	DataSets             texts `yaml:"data_sets"`
	Subjects, Records    *on[int64]
	Categories           texts // of subjects
	Nature, Consequences on[string]
	Measures, Risk       on[string]
	RiskReason           on[string] `yaml:"risk_reason"`
}

type clockYAML struct{ Regime, Entity, Stage, Due, Source on[string] }
