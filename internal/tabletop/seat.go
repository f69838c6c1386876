package tabletop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop/scorecard"
)

// Seat is somebody who takes part, as whoever sets up the exercise says.
type Seat struct {
	Name string
	Part scorecard.Part
	// ID is a participant's id in the scenario.
	ID string
}

// roles are what the parts other than a participant's may do in the service.
var roles = map[scorecard.Part]access.Role{
	scorecard.Facilitates: access.Admin, scorecard.Evaluates: access.Responder, scorecard.Observes: access.Responder,
}

// Admit notes that somebody is to take part, which they confirm themselves, and
// makes them a token of their seat's role in NAME.token of the data folder (mode
// 0600), whose path it returns. For somebody who was admitted before nothing
// changes.
func (x *Exercise) Admit(ctx context.Context, s Seat) (file string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	role := roles[s.Part]
	if s.Part == scorecard.Participates {
		seat, ok := x.o.Scenario.Participant(s.ID)
		if !ok {
			return "", invalid("seat %q is none of %v", s.ID, x.seats())
		}
		role = seat.May
	}
	file = filepath.Join(x.o.Data, s.Name+".token")
	if _, err := os.Lstat(file); err == nil {
		return file, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for the token of %s: %w", s.Name, err)
	}
	token := access.NewToken()
	if _, err := x.app.Desk().Do(ctx, incident.CreateToken{
		Person: incident.Person{By: incident.System}, Name: s.Name, Role: string(role), SHA256: access.HashOf(token).String(), Now: x.o.Wall(),
	}); err != nil {
		return "", err
	}
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write the token of %s: %w", s.Name, err)
	}
	p, _ := x.o.Scenario.Participant(s.ID)
	return file, x.note(ctx, incident.Person{By: incident.System}, stepAttends, fmt.Sprintf("%s is to take part as %s %s", s.Name, s.Part, s.ID),
		scorecard.Attendance{Name: s.Name, Part: s.Part, Seat: s.ID, Management: p.Management})
}
