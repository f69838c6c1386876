// Package dispatchtest holds what every way out must keep to, as tests.
package dispatchtest

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/agenda"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
)

// Indicator is what an alert about an attack may name, in every form that a
// program might make a link of.
const Indicator = "https://evil.example/quokka 192.0.2.77 drop@evil.example"

// clickable is what is left of it where it was not defanged.
var clickable = regexp.MustCompile(`(?i)https?://evil|192\.0\.2\.77|evil\.example`)

// page is the address of the incident's page, which is a link of ours.
const page = "https://clock.test/incidents/INC-2026-0001"

// ours are texts that come from the law, the configuration or a list of words
// of ours, and from nobody else.
var ours = map[string]bool{
	"ID": true, "TLP": true, "Status": true, "Reportability": true, "State": true, "Decision": true, "Basis": true, "Regime": true, "Stage": true,
	"Entity": true, "Source": true, "Confidence": true, "Awaits": true, "What": true, "Via": true, "Kind": true, "Direction": true,
	"Class": true, "Type": true, "MemberState": true, "Self": true, "Page": true, "Packet": true, "Date": true,
}

// Notice is one about an incident of which every free text holds the
// [Indicator]. It shares nothing with another.
func Notice(role incident.Role, tlp string, restricted bool) dispatch.Notice {
	at := time.Date(2026, 11, 22, 2, 5, 37, 0, time.UTC)
	n := dispatch.Notice{
		Item: agenda.Item{ID: "INC-2026-0001", Since: at.Add(30 * time.Hour), Effect: incident.Effect{Key: "INC-2026-0001/x", Role: role, Proposal: 1}},
		Key:  "9f2c/INC-2026-0001/x", Page: page, Now: at.Add(30 * time.Hour), Text: "INC-2026-0001 waits: " + Indicator,
	}
	n.Refused, n.Reason = []string{"pagerduty"}, Indicator
	fill(reflect.ValueOf(&n.Incident).Elem(), "")
	v := &n.Incident
	v.ID, v.TLP, v.Status, v.Exercise, v.Erased = n.ID, tlp, incident.Open, false, false
	if !restricted {
		v.Restricted = nil
	}
	v.DetectedAt, v.AcknowledgedAt, v.ClosedAt = at, nil, nil
	for i := range v.Proposals {
		v.Proposals[i].Number, v.Proposals[i].State, v.Proposals[i].ExpiresAt = i+1, incident.ProposalOpen, n.Now.Add(time.Hour)
	}
	for i := range v.Clocks {
		c := &v.Clocks[i]
		c.ClockID = incident.ClockID{Entity: "default", Regime: "nis2", Stage: "early_warning"}
		c.Title, c.State, c.SubmittedAt, c.Stopped = "Early warning", incident.ClockOverdue, nil, nil
		c.StartedAt, c.TargetAt, c.DueAt = at, at.Add(24*time.Hour), at.Add(24*time.Hour)
		n.Effect.Clock = c.ClockID
	}
	n.Effect.Thresholds = []incident.Passed{{Name: "50%", At: at}}
	n.Effect.Covers = []incident.ClockPassed{{Clock: n.Effect.Clock, Thresholds: n.Effect.Thresholds}}
	return n
}

// fill sets every text in v to the indicator, and makes one of whatever there
// can be several of.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && !ours[name] {
			v.SetString(Indicator)
		}
	case reflect.Pointer:
		if v.CanSet() {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), name)
		}
	case reflect.Slice:
		if v.CanSet() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), name)
		}
	case reflect.Map:
		if v.CanSet() && v.Type().Key().Kind() == reflect.String && v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf("alertname").Convert(v.Type().Key()), reflect.ValueOf(Indicator).Convert(v.Type().Elem()))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name)
		}
	}
}

// Confidential tries a way out with every label, restricted and not: said is
// all that would leave the house for the notice. It fails where more is said
// than [dispatch.Say] allows in that place, and where an indicator can be
// opened.
func Confidential(t *testing.T, place dispatch.Class, roles []incident.Role, said func(dispatch.Notice) string) {
	t.Helper()
	for _, role := range roles {
		for _, tlp := range append([]string{"", "WHITE"}, incident.TLPs...) {
			for _, restricted := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/%v", role, tlp, restricted), func(t *testing.T) {
					got := strings.ReplaceAll(said(Notice(role, tlp, restricted)), page, "PAGE")
					if m := clickable.FindString(got); m != "" {
						t.Errorf("%q can be opened:\n%s", m, got)
					}
					if !strings.Contains(got, "INC-2026-0001") {
						t.Errorf("it does not say which incident:\n%s", got)
					}
					if dispatch.Say(tlp, restricted, place) != dispatch.Call {
						return
					}
					if !strings.Contains(got, "needs you") || !strings.Contains(got, "PAGE") {
						t.Errorf("it does not say what is wanted, and where:\n%s", got)
					}
					for _, secret := range []string{"quokka", "evil", "arly", "warning", "50%", "nis2\"", "02:05"} {
						if strings.Contains(got, secret) {
							t.Errorf("%q got out:\n%s", secret, got)
						}
					}
				})
			}
		}
	}
}
