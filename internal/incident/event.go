package incident

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Event is the payload of one journal entry. Its kind is an explicit,
// versioned string that never changes meaning: a new shape is a new kind, and
// a retired kind stays readable.
type Event interface {
	// Kind is the entry's kind, for example "incident.opened/v1".
	Kind() string
	// About is the incident or the suspicious event it belongs to; empty for the
	// service as a whole.
	About() ID
	// Actor is who caused it.
	Actor() Actor
	// Describe says in one sentence what happened, for timelines and audits.
	Describe() string
}

// Meta stands at the head of every event.
type Meta struct {
	ID ID    `json:"id,omitzero"`
	By Actor `json:"by"`
	// Key and Digest make a person's command idempotent; see [Command].
	Key    string `json:"key,omitzero"`
	Digest string `json:"digest,omitzero"`
	// ProposedBy asked for what By confirmed; see [Propose].
	ProposedBy Actor `json:"proposed_by,omitzero"`
}

// About implements [Event].
func (m Meta) About() ID { return m.ID }

// Actor implements [Event].
func (m Meta) Actor() Actor { return m.By }

func (m Meta) meta() Meta { return m }

// Law says which data the instants in an event were computed with.
type Law struct {
	// Digest is the SHA-256 of the regime data.
	Digest string `json:"digest"`
	// Zones are digests of the rules of each time zone used.
	Zones map[string]string `json:"zones,omitempty"`
	// Warnings are what a person should know of it, a sentence each.
	Warnings []string `json:"warnings,omitempty"`
}

// decoders is every kind ever written.
var decoders = map[string]func([]byte, ...json.Options) (Event, error){
	Opened{}.Kind():         decode[Opened],
	Attached{}.Kind():       decode[Attached],
	AlertResolved{}.Kind():  decode[AlertResolved],
	AlertMoved{}.Kind():     decode[AlertMoved],
	Received{}.Kind():       decode[Received],
	Quarantined{}.Kind():    decode[Quarantined],
	Truncated{}.Kind():      decode[Truncated],
	ReadBack{}.Kind():       decode[ReadBack],
	Acknowledged{}.Kind():   decode[Acknowledged],
	CommandTaken{}.Kind():   decode[CommandTaken],
	Noted{}.Kind():          decode[Noted],
	Linked{}.Kind():         decode[Linked],
	FactsSet{}.Kind():       decode[FactsSet],
	Aware{}.Kind():          decode[Aware],
	Submitted{}.Kind():      decode[Submitted],
	Handled{}.Kind():        decode[Handled],
	NotReportable{}.Kind():  decode[NotReportable],
	Closed{}.Kind():         decode[Closed],
	PolicyAdopted{}.Kind():  decode[PolicyAdopted],
	StoreRecovered{}.Kind(): decode[StoreRecovered],
	Reconciled{}.Kind():     decode[Reconciled],
	TokenCreated{}.Kind():   decode[TokenCreated],
	TokenRevoked{}.Kind():   decode[TokenRevoked],
	Intended{}.Kind():       decode[Intended],
	Delivered{}.Kind():      decode[Delivered],
	Failed{}.Kind():         decode[Failed],

	WithdrawalOpened{}.Kind(): decode[WithdrawalOpened],

	ProposalMade{}.Kind():    decode[ProposalMade],
	ProposalSettled{}.Kind(): decode[ProposalSettled],
	ActionRefused{}.Kind():   decode[ActionRefused],
	TLPSet{}.Kind():          decode[TLPSet],
	OutOfBandSet{}.Kind():    decode[OutOfBandSet],

	AccessRestricted{}.Kind(): decode[AccessRestricted],
	AccessChanged{}.Kind():    decode[AccessChanged],

	Assessed{}.Kind():        decode[Assessed],
	Decided{}.Kind():         decode[Decided],
	Reopened{}.Kind():        decode[Reopened],
	Held{}.Kind():            decode[Held],
	Released{}.Kind():        decode[Released],
	ErasureOrdered{}.Kind():  decode[ErasureOrdered],
	ReportFieldsSet{}.Kind(): decode[ReportFieldsSet],
	PolicyAdopted{}.Kind():   decode[PolicyAdopted],
	StoreRecovered{}.Kind():  decode[StoreRecovered],
	Reconciled{}.Kind():      decode[Reconciled],
	TokenCreated{}.Kind():    decode[TokenCreated],
	TokenRevoked{}.Kind():    decode[TokenRevoked],
	Intended{}.Kind():        decode[Intended],
	Delivered{}.Kind():       decode[Delivered],
	Failed{}.Kind():          decode[Failed],
	Dated{}.Kind():           decode[Dated],
	MessageRecorded{}.Kind(): decode[MessageRecorded],
	DetectionMoved{}.Kind():  decode[DetectionMoved],
	MessageSettled{}.Kind():  decode[MessageSettled],

	PagerLinked{}.Kind(): decode[PagerLinked],
	PagerHeard{}.Kind():  decode[PagerHeard],

	CommanderProposed{}.Kind(): decode[CommanderProposed],
	CommandHandedOver{}.Kind(): decode[CommandHandedOver],

	ReportabilitySet{}.Kind():  decode[ReportabilitySet],
	BreachRecorded{}.Kind():    decode[BreachRecorded],
	EventJoined{}.Kind():       decode[EventJoined],
	ReportApproved{}.Kind():    decode[ReportApproved],
	PacketExported{}.Kind():    decode[PacketExported],
	SuspicionReported{}.Kind(): decode[SuspicionReported],
	SuspicionAssessed{}.Kind(): decode[SuspicionAssessed],
	SuspicionNoted{}.Kind():    decode[SuspicionNoted],

	Collected{}.Kind():         decode[Collected],
	EvidenceRead{}.Kind():      decode[EvidenceRead],
	EvidenceExported{}.Kind():  decode[EvidenceExported],
	CheckpointStamped{}.Kind(): decode[CheckpointStamped],
	RunbookTicked{}.Kind():     decode[RunbookTicked],
	BackupTaken{}.Kind():       decode[BackupTaken],
	CommunicationSent{}.Kind(): decode[CommunicationSent],

	ExerciseNoted{}.Kind(): decode[ExerciseNoted],
	ExerciseHeld{}.Kind():  decode[ExerciseHeld],
	RemedyClosed{}.Kind():  decode[RemedyClosed],
}

func decode[E Event](payload []byte, opts ...json.Options) (Event, error) {
	var e E
	if err := json.Unmarshal(payload, &e, opts...); err != nil {
		return nil, err
	}
	return e, nil
}

// Append appends the event as [Decode] reads it.
func Append(b []byte, e Event) ([]byte, error) {
	w := appender{b}
	if err := json.MarshalWrite(&w, e); err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Kind(), err)
	}
	return w.b, nil
}

// appender is a writer to the end of b.
type appender struct{ b []byte }

// Write implements [io.Writer].
func (w *appender) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

// Encode is the inverse of [Decode].
func Encode(e Event) ([]byte, error) { return Append(nil, e) }

// Decode reads the payload of an entry of the given kind. An unknown kind is
// an error: a newer version wrote it, and folding on without it could hide a
// submission.
func Decode(kind string, payload []byte) (Event, error) { return decodeKind(kind, payload) }

// withoutReceipts passes over the receipts of webhook bodies, the larger part
// of what is stored and nothing a state is made of.
var withoutReceipts = json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, _ *Receipt) error {
	return dec.SkipValue()
}))

// DecodeToApply is [Decode] for [State.Apply]: it leaves out what Apply does
// not look at.
func DecodeToApply(kind string, payload []byte) (Event, error) {
	return decodeKind(kind, payload, withoutReceipts)
}

func decodeKind(kind string, payload []byte, opts ...json.Options) (Event, error) {
	dec, ok := decoders[kind]
	if !ok {
		return nil, fmt.Errorf("entry kind %q is not known to this version: run the version that wrote it, or a newer one", kind)
	}
	e, err := dec(payload, opts...)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", kind, err)
	}
	return e, nil
}
