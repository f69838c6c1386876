// Package calendar writes the reports that are owed as an iCalendar (RFC 5545),
// for the calendars of people and for mail.
//
// An entry ends at the instant the report is due, by the earlier of target and
// due instant as reminders go, and says which incident and report. It holds
// nothing of what has happened: calendars are shared and synchronised.
package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"nis2clock/internal/incident"
)

// ContentType is that of what [Clocks] writes.
const ContentType = "text/calendar; charset=utf-8"

// before is how long before the deadline an entry begins, so that it shows.
const before = 30 * time.Minute

// Clocks writes every clock of the incidents that still owes a report. The same
// incidents give the same bytes; page is the address of an incident's page.
func Clocks(incidents []incident.View, page func(incident.ID) string) []byte {
	cal := ics.NewCalendarFor("nis2clock")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName("NIS2 reports")
	cal.SetRefreshInterval("PT15M")
	for _, v := range incidents {
		for n := range v.Clocks {
			if c := &v.Clocks[n]; c.SubmittedAt == nil && c.Stopped == nil {
				entry(cal, &v, c, page(v.ID))
			}
		}
	}
	return []byte(cal.Serialize())
}

func entry(cal *ics.Calendar, v *incident.View, c *incident.ClockView, page string) {
	end := c.Deadline().UTC()
	sum := sha256.Sum256([]byte(page + "/" + c.ClockID.String()))
	e := cal.AddEvent(hex.EncodeToString(sum[:16]) + "@nis2clock")
	e.SetDtStampTime(v.UpdatedAt.UTC())
	e.SetSequence(int(min(v.Revision, 1<<31-1)))
	e.SetStartAt(end.Add(-before))
	e.SetEndAt(end)
	mark := ""
	if v.Exercise {
		mark = "[EXERCISE] "
	}
	of := strings.ToUpper(string(c.Regime))
	if c.Entity != "default" {
		of += ", " + c.Entity
	}
	e.SetSummary(fmt.Sprintf("%s%s: %s (%s)", mark, v.ID, c.Title, of))
	said := "Target"
	if end.Equal(c.DueAt) {
		said = "Due"
	}
	text := fmt.Sprintf("%s at %s, exclusive. %s.", said, end.Format(time.RFC3339), c.Source)
	if !c.DueAt.IsZero() && !end.Equal(c.DueAt) {
		text += fmt.Sprintf(" Legally due at %s.", c.DueAt.UTC().Format(time.RFC3339))
	}
	if c.DueAt.IsZero() {
		text = "Owed without undue delay. " + c.Source + "."
	}
	e.SetDescription(text)
	e.SetURL(page)
}
