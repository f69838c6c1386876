package incident

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDetectionMovesEarlierOnly(t *testing.T) {
	w := newWorld(t, "2026-11-20T12:00:00Z")
	w.receive(firing("A", at("2026-11-20T11:00:00Z")))
	id := ID("INC-2026-0001")
	for name, c := range map[string]struct {
		cmd  Redetect
		want error
	}{
		"later":          {Redetect{At: at("2026-11-20T11:00:01Z"), Reason: "x"}, ErrRefused},
		"without reason": {Redetect{At: at("2026-11-20T10:00:00Z"), Reason: " "}, ErrInvalid},
		"without time":   {Redetect{Reason: "x"}, ErrInvalid},
	} {
		c.cmd.Person, c.cmd.ID = by("ana"), id
		if _, err := w.try(c.cmd); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	before := w.incident(id).Clocks[0].DueAt
	w.do(Redetect{Person: by("ana"), ID: id, At: at("2026-11-20T08:30:00Z"), Reason: "the gateway's log shows it."})
	i := w.incident(id)
	if got, want := i.Clocks[0].DueAt, before.Add(-150*time.Minute); !got.Equal(want) || !i.DetectedAt.Equal(at("2026-11-20T08:30:00Z")) {
		t.Errorf("detected %s, due %s, want two and a half hours earlier: %s", i.DetectedAt, got, want)
	}
	says := w.entries[len(w.entries)-1].Event.Describe()
	for _, part := range []string{"2026-11-20 11:00:00Z", "2026-11-20 08:30:00Z", "the gateway's log shows it;", "earlier than"} {
		if !strings.Contains(says, part) {
			t.Errorf("the timeline says %q, without %q", says, part)
		}
	}
	w.receive(firing("A", at("2026-11-20T09:00:00Z"))) // the alert knows it later
	if got := w.incident(id).DetectedAt; !got.Equal(at("2026-11-20T08:30:00Z")) {
		t.Errorf("an alert moved detection to %s", got)
	}
}
