package config

import (
	"fmt"
	"slices"
	"time"

	"nis2clock/internal/incident"
)

// personalData reads the data sets an entity holds and the contracts under
// which it processes some of them.
func (e *Entity) personalData(s *section) {
	each(s, "data_sets", func(sub *section) {
		e.DataSets = append(e.DataSets, readDataSet(sub, e.DataSets))
	})
	each(s, "contracts", func(sub *section) {
		e.Contracts = append(e.Contracts, e.readContract(sub))
	})
}

// each reads a list of sections.
func each(s *section, key string, read func(*section)) {
	f, ok := s.take(key)
	if !ok {
		return
	}
	items, ok := f.items()
	if !ok {
		return
	}
	for _, item := range items {
		if sub, ok := item.section(); ok {
			read(sub)
		}
	}
}

func readDataSet(s *section, before []incident.DataSet) incident.DataSet {
	defer s.close()
	var d incident.DataSet
	if !scalar(s, "name", &d.Name, parseShortName) {
		s.missing("name", "give the data set a short name")
	} else if slices.ContainsFunc(before, func(o incident.DataSet) bool { return o.Name == d.Name && d.Name != "" }) {
		s.refuse(s.lineOf("name"), s.at("name"), "%s is the name of another data set too: give each its own", quote(d.Name))
	}
	if !scalar(s, "role", &d.Role, parseDataRole) {
		s.missing("role", "say controller or processor")
	}
	list(s, "categories", &d.Categories, parseText)
	return d
}

func (e *Entity) readContract(s *section) incident.Contract {
	defer s.close()
	var c incident.Contract
	if !scalar(s, "name", &c.Name, parseShortName) {
		s.missing("name", "give the contract a short name")
	} else if slices.ContainsFunc(e.Contracts, func(o incident.Contract) bool { return o.Name == c.Name && c.Name != "" }) {
		s.refuse(s.lineOf("name"), s.at("name"), "%s is the name of another contract too: give each its own", quote(c.Name))
	}
	if !scalar(s, "controller", &c.Controller, parseText) {
		c.Controller = c.Name
	}
	role := incident.Processor
	scalar(s, "role", &role, parseContractRole)
	if !scalar(s, "notify_within", &c.NotifyWithin, parseHours) {
		s.warn(s.line, s.at("notify_within"), "is missing: the notice is owed without undue delay, and people are reminded at once")
	}
	scalar(s, "contact", &c.Contact, parseText)
	scalar(s, "source", &c.Source, parseText)
	list(s, "data_sets", &c.DataSets, e.processed)
	return c
}

// processed reads the name of a data set that the entity processes. Where it
// lists none, the contracts' own names for them will do.
func (e *Entity) processed(s string) (string, error) {
	if len(e.DataSets) == 0 {
		return parseShortName(s)
	}
	for _, d := range e.DataSets {
		switch {
		case d.Name != s:
		case d.Role == incident.Controller:
			return "", fmt.Errorf("%s is data of which the entity is the controller: a contract names data it processes", quote(s))
		default:
			return s, nil
		}
	}
	return "", fmt.Errorf("there is no data set %s: list it under data_sets of the entity", quote(s))
}

func parseShortName(s string) (string, error) {
	if !entityName.MatchString(s) {
		return "", fmt.Errorf("%s is not a short name: want up to 64 letters, digits, dots, dashes and underscores", quote(s))
	}
	return s, nil
}

func parseDataRole(s string) (incident.DataRole, error) {
	switch r := incident.DataRole(s); r {
	case incident.Controller, incident.Processor:
		return r, nil
	}
	return "", fmt.Errorf("%s is not a role: want controller or processor", quote(s))
}

func parseContractRole(s string) (incident.DataRole, error) {
	if r := incident.DataRole(s); r == incident.Processor {
		return r, nil
	}
	return "", fmt.Errorf("%s is not a role that owes word to a controller: want processor", quote(s))
}

// parseHours reads a period that a contract gives in hours or days.
func parseHours(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err == nil && (d < time.Hour || d%time.Hour != 0) {
		return 0, fmt.Errorf("%s is not a number of whole hours such as 24h", quote(s))
	}
	return d, err
}
