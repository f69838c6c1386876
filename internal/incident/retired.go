package incident

import "time"

// Aware recorded awareness before [Dated] did. It is read, and no longer written.
type Aware struct {
	Meta
	Person     string    `json:"person"`
	Reason     string    `json:"reason,omitzero"`
	Redated    Redated   `json:"redated"`
	DetectedAt time.Time `json:"detected_at"`
}

func (Aware) Kind() string { return "incident.aware/v1" }

// Describe implements [Event] in the words of what took its place.
func (e Aware) Describe() string { return e.dated().Describe() }

func (e Aware) applyTo(s *State, i *Incident, entry Entry) { e.dated().applyTo(s, i, entry) }

func (e Aware) dated() Dated {
	return Dated{
		Meta: e.Meta, DateID: DateID{Date: AwareAt}, Was: e.Redated.Was, Now: e.Redated.Now, Person: e.Person, Reason: e.Reason,
		Recount: Recount{Clocks: e.Redated.Clocks, Law: e.Redated.Law},
	}
}

// Handled recorded the end of the handling before [Dated] did. It is read, and no longer written.
type Handled struct {
	Meta
	HandledAt time.Time `json:"handled_at"`
	Clocks    []Clock   `json:"clocks"`
	Law       Law       `json:"law"`
}

func (Handled) Kind() string { return "incident.handled/v1" }

// Describe implements [Event] in the words of what took its place.
func (e Handled) Describe() string { return e.dated().Describe() }

func (e Handled) applyTo(s *State, i *Incident, entry Entry) { e.dated().applyTo(s, i, entry) }

func (e Handled) dated() Dated {
	return Dated{
		Meta: e.Meta, DateID: DateID{Date: HandledAt}, Now: e.HandledAt, Person: e.By.Name,
		Recount: Recount{Clocks: e.Clocks, Law: e.Law},
	}
}
