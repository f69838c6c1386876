package incident

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func inSlack(name, id string) Person { return Person{By: Actor{Name: name, Via: "slack", ID: id}} }

// proposed is an incident about which ana proposed a submission.
func proposed(t *testing.T) *world {
	w := opened(t)
	w.do(Propose{Person: inSlack("ana", "U1@T1"), ExpiresAt: w.now.Add(4 * time.Hour), Do: Submit{
		ID: first, Entity: "default", Regime: "nis2", Stages: []string{"early_warning"},
		Submission: Submission{SentAt: w.now.Add(-time.Minute), Authority: "CSIRT", Channel: "portal", Reference: "77"},
	}})
	return w
}

func TestProposalTakesEffectOnceConfirmed(t *testing.T) {
	w := proposed(t)
	if c := w.incident(first).Clocks[0]; !c.Open() {
		t.Fatal("a proposal stopped a clock")
	}
	w.wait(time.Minute)
	sent := w.incident(first).Motions[0].Made.At.Add(-time.Minute)
	w.do(SettleProposal{Person: inSlack("ben", "U2@T1"), ID: first, Number: 1, Confirm: true})
	sub := w.incident(first).Clocks[0].Submitted
	if sub == nil || sub.Reference != "77" || !sub.SentAt.Equal(sent) {
		t.Fatalf("submission %+v, want what was proposed", sub)
	}
	for _, e := range w.entries[len(w.entries)-2:] {
		m := e.Event.(interface{ meta() Meta }).meta()
		if m.By.Name != "ben" || m.ProposedBy.Name != "ana" || m.ProposedBy.ID != "U1@T1" {
			t.Errorf("%s names %v and %v, want who confirmed and who proposed", e.Kind, m.By, m.ProposedBy)
		}
	}
	n := len(w.entries)
	w.do(SettleProposal{Person: inSlack("ben", "U2@T1"), ID: first, Number: 1, Confirm: true})
	if len(w.entries) != n {
		t.Error("confirming twice left another entry")
	}
}

func TestProposalIsAnsweredOnceByAnother(t *testing.T) {
	for _, tt := range []struct {
		name   string
		after  time.Duration
		before *SettleProposal
		settle SettleProposal
		err    error
		says   string
	}{
		{name: "one's own", settle: SettleProposal{Person: inSlack("ana", "U1@T1"), Number: 1, Confirm: true}, err: ErrRefused, says: "somebody else"},
		{name: "taking back one's own", settle: SettleProposal{Person: inSlack("ana", "U1@T1"), Number: 1}},
		{name: "just before it expires", after: 4*time.Hour - 1, settle: SettleProposal{Person: by("ben"), Number: 1, Confirm: true}},
		{name: "when it expires", after: 4 * time.Hour, settle: SettleProposal{Person: by("ben"), Number: 1, Confirm: true}, err: ErrRefused, says: "expired"},
		{name: "no such", settle: SettleProposal{Person: by("ben"), Number: 2, Confirm: true}, err: ErrUnknown, says: "no proposal 2"},
		{name: "after it was rejected", before: &SettleProposal{Person: by("cay"), Number: 1}, settle: SettleProposal{Person: by("ben"), Number: 1, Confirm: true}, err: ErrRefused, says: "rejected by cay"},
		{name: "rejecting what was confirmed", before: &SettleProposal{Person: by("cay"), Number: 1, Confirm: true}, settle: SettleProposal{Person: by("ben"), Number: 1}, err: ErrRefused, says: "confirmed by cay"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := proposed(t)
			w.wait(tt.after)
			if tt.before != nil {
				tt.before.ID = first
				w.do(*tt.before)
			}
			tt.settle.ID = first
			if _, err := w.try(tt.settle); !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v with %q", err, tt.err, tt.says)
			} else if err != nil && strings.Contains(err.Error(), "no such incident") {
				t.Errorf("the incident is there, and the answer is %v", err)
			}
		})
	}
}

// What became impossible meanwhile leaves the proposal as it was.
func TestConfirmingWhatDoesNotFit(t *testing.T) {
	w := opened(t)
	w.do(Propose{Person: by("ana"), ExpiresAt: w.now.Add(time.Hour), Do: MarkNotReportable{ID: first, Reason: "a drill"}})
	w.do(Submit{Person: by("ben"), ID: first, Stages: []string{"early_warning"}})
	w.do(MarkNotReportable{Person: by("ben"), ID: first, Reason: "a drill"}) // which the authority has to be told first
	n := len(w.entries)
	if _, err := w.try(SettleProposal{Person: by("ben"), ID: first, Number: 1, Confirm: true}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v: a report has to be taken back first", err)
	}
	if state := w.incident(first).Motions[0].State(w.now); state != ProposalOpen || len(w.entries) != n {
		t.Errorf("the proposal is %s after %d entries", state, len(w.entries)-n)
	}
}

func TestTheSameProposalIsOne(t *testing.T) {
	w := opened(t)
	p := Propose{Person: by("ana"), ExpiresAt: w.now.Add(time.Hour), Do: MarkNotReportable{ID: first, Reason: "a drill"}}
	for range 2 {
		if n := w.do(p); n != 1 {
			t.Errorf("number %v, want 1", n)
		}
	}
	w.wait(time.Hour)
	p.ExpiresAt = w.now.Add(time.Hour)
	if n := w.do(p); n != 2 {
		t.Errorf("after it expired: number %v, want 2", n)
	}
	v := w.incident(first).View(w.now)
	if v.Proposals[0].State != ProposalExpired || v.Proposals[1].State != ProposalOpen {
		t.Errorf("proposals %+v", v.Proposals)
	}
}

func TestProposalsAreBounded(t *testing.T) {
	w := opened(t)
	for n := range maxOpenProposals + 1 {
		_, err := w.try(Propose{Person: by("ana"), ExpiresAt: w.now.Add(time.Hour), Do: MarkNotReportable{ID: first, Reason: strings.Repeat("x", n+1)}})
		if refused := errors.Is(err, ErrRefused); refused != (n == maxOpenProposals) {
			t.Errorf("proposal %d: %v", n+1, err)
		}
	}
}

func TestRefusalIsKept(t *testing.T) {
	w := opened(t)
	p := inSlack("U9@T1", "U9@T1")
	p.Key, p.Digest = "click", "same"
	was := w.incident(first).Revision
	for range 2 {
		w.do(RecordRefusal{Person: p, ID: first, What: "acknowledge", Reason: "nobody knows them"})
	}
	last := w.entries[len(w.entries)-1]
	if last.Kind != "access.refused/v1" || last.About != first || w.entries[len(w.entries)-2].Kind == last.Kind {
		t.Errorf("newest entry %s about %q: want one refusal for one click", last.Kind, last.About)
	}
	if w.incident(first).Revision != was {
		t.Error("a refusal counts as content")
	}
	w.do(RecordRefusal{Person: by("x"), ID: "INC-1999-0001", What: "acknowledge", Reason: "no such incident"})
	if last := w.entries[len(w.entries)-1]; last.About != "" {
		t.Errorf("a refusal is about %s, which there is not", last.About)
	}
}

// Erasing one proposal leaves the others under their numbers.
func TestErasedProposalLeavesTheOthers(t *testing.T) {
	w := opened(t)
	for _, reason := range []string{"a", "b"} {
		w.do(Propose{Person: by("ana"), ExpiresAt: w.now.Add(time.Hour), Do: MarkNotReportable{ID: first, Reason: reason}})
	}
	s := NewState()
	for _, e := range w.entries {
		if made, ok := e.Event.(ProposalMade); ok && made.Number == 1 {
			e.Event = nil
		}
		s.Apply(e)
	}
	i, _ := s.Incident(first)
	if _, ok := i.Motion(1); ok {
		t.Error("the erased proposal is there")
	}
	if p, ok := i.Motion(2); !ok || p.Number != 2 || i.nextMotion() != 3 {
		t.Errorf("proposal 2: %+v, %v; the next is %d", p, ok, i.nextMotion())
	}
}
