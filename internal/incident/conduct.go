package incident

import "time"

// Conduct is the part of a [View] about the work on it: notes, the runbooks
// that were followed and what people were told.
type Conduct struct {
	Notes          []NoteView          `json:"notes"`
	Runbooks       []RunbookView       `json:"runbooks"`
	Communications []CommunicationView `json:"communications"`
}

// RunbookView is how far a runbook has been followed, as its ticks tell it.
// Who knows the runbooks of today adds those that fit and are not begun.
type RunbookView struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// CommunicationView is one message that people were sent. It has either the
// text or its digest.
type CommunicationView struct {
	Kind     string    `json:"kind"`
	Lang     string    `json:"lang"`
	Audience string    `json:"audience"`
	Channel  string    `json:"channel"`
	SentAt   time.Time `json:"sent_at"`
	SentBy   string    `json:"sent_by"`
	Text     string    `json:"text"`
	SHA256   *string   `json:"sha256"`
}

func (i *Incident) conduct() Conduct {
	c := Conduct{Notes: []NoteView{}, Runbooks: []RunbookView{}, Communications: []CommunicationView{}}
	for _, n := range i.Notes {
		c.Notes = append(c.Notes, n.view())
	}
	at := map[string]int{}
	for _, t := range i.Ticks {
		n, known := at[t.Runbook]
		if !known {
			n = len(c.Runbooks)
			at[t.Runbook] = n
			c.Runbooks = append(c.Runbooks, RunbookView{Name: t.Runbook})
		}
		r := &c.Runbooks[n]
		r.Title, r.Total = t.Title, t.Total // a later tick may be of a newer version
		if t.Done {
			r.Done++
		}
	}
	for _, m := range i.Communications {
		c.Communications = append(c.Communications, CommunicationView{
			Kind: m.Kind, Lang: m.Lang, Audience: m.Audience, Channel: m.Channel, SentAt: m.At, SentBy: m.Sender, Text: m.Text, SHA256: some(m.SHA256),
		})
	}
	return c
}
