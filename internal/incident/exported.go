package incident

import "fmt"

// RecordExport says that a packet is about to leave the house.
type RecordExport struct {
	By        Actor
	ID        ID
	Profile   string
	Entity    string // whose authority it is for; empty for all
	Manifest  string // SHA-256 of the packet's manifest, in hex
	Size      uint64 // of the journal that it was made as of
	Langs     []string
	Encrypted bool
}

func (c RecordExport) decide(_ *Rules, d *decision) (any, error) {
	if _, ok := d.s.incidents[c.ID]; !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, c.ID)
	}
	d.emit(PacketExported{Meta: Meta{ID: c.ID, By: c.By}, Profile: c.Profile, Entity: c.Entity, Manifest: c.Manifest, Size: c.Size, Langs: c.Langs, Encrypted: c.Encrypted})
	return c.ID, nil
}

// PacketExported says that somebody took a packet of the incident. It is
// written before the first byte of it is sent.
type PacketExported struct {
	Meta
	Profile   string   `json:"profile"`
	Entity    string   `json:"entity,omitzero"` // it is of this one alone
	Manifest  string   `json:"manifest"`        // SHA-256 of its manifest, in hex
	Size      uint64   `json:"size"`            // of the journal that it was made as of
	Langs     []string `json:"langs"`
	Encrypted bool     `json:"encrypted,omitzero"`
}

func (PacketExported) Kind() string { return "packet.exported/v1" }

func (e PacketExported) Describe() string {
	how := ""
	if e.Entity != "" {
		how = ", of " + e.Entity + " alone"
	}
	if e.Encrypted {
		how += ", encrypted"
	}
	return fmt.Sprintf("packet for the %s exported%s, as of journal size %d, manifest %s", e.Profile, how, e.Size, e.Manifest)
}

// apply keeps nothing: an export changes nothing of the incident.
func (PacketExported) apply(*State, Entry) {}

func (PacketExported) logged() string { return "who was given a packet" }
