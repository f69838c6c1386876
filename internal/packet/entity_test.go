package packet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/incident"
	"nis2clock/internal/regime"
)

// sisters is a house with two entities, to whose authorities one incident was
// reported.
func sisters(t *testing.T) *house {
	h := newHouse(t)
	h.rules.Tracks = nil
	alert := func(pod string) incident.Delivery {
		labels := map[string]string{"alertname": "TableCopied", "nis2_reportable": "true", "pod": pod, classify.LabelEntity: "example,kypros"}
		return incident.Delivery{Fingerprint: classify.Fingerprint(labels), Firing: true, StartsAt: h.now, Labels: labels}
	}
	for _, track := range []incident.Track{{Entity: "example", MemberState: "DE", Authority: "BSI"}, {Entity: "kypros", MemberState: "CY", Authority: "Archi Dyo"}} {
		track.Regimes, track.Place = []regime.ID{"nis2"}, regime.Place{Zone: time.UTC}
		h.rules.Tracks = append(h.rules.Tracks, track)
	}
	h.id = "INC-2026-0001"
	large := []byte(`{"version":"4","alerts":[{"labels":{"nis2_entity":"example,kypros"}}]}`)
	digest := h.keep(large)
	h.do(incident.ReceiveBatch{
		By: incident.Actor{Name: "am", Via: "webhook"}, ReceivedAt: h.now, Receipt: incident.Receipt{SHA256: digest, Bytes: int64(len(large)), Vault: true},
		Alerts: []incident.Delivery{alert("a"), alert("b")}, // the second joins, without a body of its own
	})
	h.do(incident.AddNote{Person: by("ana"), ID: h.id, Text: "keys revoked"})
	for n, track := range h.rules.Tracks {
		h.do(incident.SetDate{Person: by("ana"), ID: h.id, Date: incident.DateID{Date: incident.AwareAt, Entity: track.Entity}, At: h.now.Add(time.Duration(n) * time.Second), Reason: "told " + track.Authority})
		h.do(incident.Submit{Person: by("ana"), ID: h.id, Entity: track.Entity, Stages: []string{"early_warning"}, Submission: incident.Submission{Authority: track.Authority, Reference: track.Entity + "-4711"}})
	}
	h.do(incident.SetDate{Person: by("ana"), ID: h.id, Date: incident.DateID{Date: incident.HandledAt}, Reason: "all is well"})
	return h
}

// A packet of one entity verifies and holds nothing of the other; without an
// entity it holds both.
func TestAPacketOfOneEntity(t *testing.T) {
	h := sisters(t)
	authority, err := ProfileOf(Authority)
	if err != nil {
		t.Fatal(err)
	}
	source := func(entity string) Source {
		src := h.source()
		src.Reports = nil
		if entity != "" {
			src.Entity, src.Share = entity, incident.ShareOf(entity, src.Incident)
			src.Incident, _ = incident.OfEntity(entity, src.Incident, nil)
		}
		return src
	}
	secrets := map[string][]string{"example": {"example", "BSI", `"DE"`}, "kypros": {"kypros", "Archi Dyo", `"CY"`}}
	for own, other := range map[string]string{"example": "kypros", "kypros": "example", "": ""} {
		data := write(t, source(own), authority)
		if v := verify(t, data, VerifyOptions{}); v.State != Consistent {
			t.Errorf("packet of %q: %s %v", own, v.State, v.Problems)
		}
		if !bytes.Equal(data, write(t, source(own), authority)) {
			t.Errorf("packet of %q: two runs differ", own)
		}
		for _, secret := range secrets[other] {
			for name, text := range unzip(t, data) {
				if strings.Contains(text, secret) {
					t.Errorf("packet of %s: %q of %s is in %s", own, secret, other, name)
				}
			}
		}
		for _, want := range []string{own + "-4711", "keys revoked", "the end of the handling recorded", "incident opened: "} {
			if own == "" {
				want = strings.TrimPrefix(want, "-")
			}
			if !bytes.Contains(data, []byte(want)) {
				t.Errorf("packet of %q: %q is not in it", own, want)
			}
		}
		if files := unzip(t, data); strings.Contains(fmt.Sprint(files), "webhook_body") != (own == "") {
			t.Errorf("packet of %q: the body that names both is in it: %t", own, own != "")
		}
	}
}
