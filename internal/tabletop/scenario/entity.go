package scenario

// Entity is the profile of one legal entity of the exercise, in the keys and
// words of the configuration's entities; see testdata/config/full.yaml.
type Entity struct {
	Name        string     `yaml:"name" json:"name"`
	LegalName   string     `yaml:"legal_name" json:"legal_name,omitzero"`
	Class       string     `yaml:"class" json:"class,omitzero"`
	Sector      string     `yaml:"sector" json:"sector,omitzero"`
	Type        string     `yaml:"type" json:"type,omitzero"`
	MemberState string     `yaml:"member_state" json:"member_state,omitzero"`
	Authority   string     `yaml:"authority" json:"authority,omitzero"`
	Regimes     []string   `yaml:"regimes" json:"regimes,omitempty"`
	Users       string     `yaml:"users_in_union" json:"users_in_union,omitzero"`
	Turnover    string     `yaml:"annual_turnover_eur" json:"annual_turnover_eur,omitzero"`
	DataSets    []DataSet  `yaml:"data_sets" json:"data_sets,omitempty"`
	Contracts   []Contract `yaml:"contracts" json:"contracts,omitempty"`
}

// DataSet is personal data that the entity holds.
type DataSet struct {
	Name       string   `yaml:"name" json:"name"`
	Role       string   `yaml:"role" json:"role"` // controller or processor
	Categories []string `yaml:"categories" json:"categories,omitempty"`
}

// Contract is an agreement under which the entity processes personal data.
type Contract struct {
	Name         string   `yaml:"name" json:"name"`
	Controller   string   `yaml:"controller" json:"controller,omitzero"`
	NotifyWithin string   `yaml:"notify_within" json:"notify_within,omitzero"`
	DataSets     []string `yaml:"data_sets" json:"data_sets,omitempty"`
	Source       string   `yaml:"source" json:"source,omitzero"`
}
