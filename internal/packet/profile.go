package packet

import (
	"fmt"
	"slices"
	"strings"
)

// A Profile says what a recipient sees.
type Profile struct {
	Name string
	// Reader is who it is for, in the packet's own words.
	Reader string
	// Withhold are the entries whose payload is left out, by the beginning of
	// their kind, and why. Only, where it is not nil, names the beginnings of those
	// that are shown; OnlyWhy is why the others are not.
	Withhold map[string]string
	Only     []string
	OnlyWhy  string
	// Members of incident.json that are shown, and why the others are not; nil
	// for all.
	Members    []string
	MembersWhy string
	// Reports are the stages that are shown; nil for all.
	Reports    []string
	ReportsWhy string
	// NoEvidence is why artefacts, time-stamps apart, are left out; empty when they
	// are in.
	NoEvidence string
}

// privileged is why a note under legal privilege is in no packet.
const privileged = "legal privilege: advice of counsel is shown to nobody"

// besideRestricted is why an entry with a webhook body is left out.
const besideRestricted = "restricted: the webhook body in it tells of another incident, which is shown to named people only"

// ofOthersToo is why an entry is shown in words alone in the packet of one entity.
const ofOthersToo = "it holds what concerns other addressees too; timeline.json says what of it concerns this one"

// Names of the profiles.
const (
	Authority = "authority"
	Customer  = "customer"
	Auditor   = "auditor"
)

// profiles are who sees what: the one place where that is said.
var profiles = []Profile{
	{
		Name: Authority, Reader: "a competent authority or CSIRT",
		Withhold: map[string]string{
			"effect.": "internal: through which channels the house's own people were called",
			"packet.": "internal: to whom else a packet was given",
		},
	},
	{
		Name: Customer, Reader: "a recipient of the service",
		Only: []string{"incident.dated", "incident.handled", "incident.closed", "incident.acknowledged", "incident.command_taken"},
		OnlyWhy: "a recipient of the service is told what happened and what to do (Directive (EU) 2022/2555 Art. 23(1) and (2)); " +
			"the house's own record of it may concern others",
		Members: []string{
			"id", "title", "summary", "status", "exercise", "tlp", "severity", "service", "detected_at", "received_at", "opened_at", "updated_at",
			"impact_ended_at", "recovered_at", "handled_at", "closed_at", "revision",
		},
		MembersWhy: "what concerns the entity and its authority, other customers, or the inside of its systems",
		Reports:    []string{"recipients_notice"},
		ReportsWhy: "reports to an authority are for the authority",
		NoEvidence: "artefacts show the inside of systems that others use too",
	},
	{Name: Auditor, Reader: "an auditor of the entity"},
}

// ProfileOf returns the profile of that name; the authority's when it is empty.
func ProfileOf(name string) (Profile, error) {
	if name == "" {
		name = Authority
	}
	var names []string
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("profile %.40q is none of %s", name, strings.Join(names, ", "))
}

// withholds is why the payload of an entry of that kind is left out, empty when
// it is shown.
func (p *Profile) withholds(kind string) string {
	for begin, why := range p.Withhold {
		if strings.HasPrefix(kind, begin) {
			return why
		}
	}
	if p.Only != nil && !slices.ContainsFunc(p.Only, func(begin string) bool { return strings.HasPrefix(kind, begin) }) {
		return p.OnlyWhy
	}
	return ""
}

// Shows reports whether reports of a stage are in the packet.
func (p *Profile) Shows(stage string) bool {
	return p.Reports == nil || slices.Contains(p.Reports, stage)
}
