package incident

import (
	"fmt"
	"time"

	"nis2clock/internal/classify"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Event is the payload of one journal entry. Its kind is an explicit,
// versioned string that never changes meaning: a new shape is a new kind, and
// a retired kind stays readable.
type Event interface {
	// Kind is the entry's kind, for example "incident.opened/v1".
	Kind() string
	// About is the incident it belongs to; empty for the service as a whole.
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
}

// Receipt is how a webhook body came in. One stands in the journal for every
// accepted request.
type Receipt struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	// Raw is the body as received; nil when it lies in the vault under its
	// digest (Vault is true) or when nothing in it was new.
	Raw         []byte `json:"raw,omitempty"`
	Vault       bool   `json:"vault,omitzero"`
	Receiver    string `json:"receiver,omitzero"`
	GroupKey    string `json:"group_key,omitzero"`
	ExternalURL string `json:"external_url,omitzero"`
	UserAgent   string `json:"user_agent,omitzero"`
	Truncated   int    `json:"truncated,omitzero"`
}

// Counts are what became of the alerts of one body; each is counted once, and
// Received is the sum of the rest.
type Counts struct {
	Received    int `json:"received"`
	Opened      int `json:"opened"`
	Attached    int `json:"attached"`
	Resolved    int `json:"resolved"`
	Duplicate   int `json:"duplicate"`
	Ignored     int `json:"ignored"`
	Quarantined int `json:"quarantined"`
}

// Sum is what Received must be.
func (c Counts) Sum() int {
	return c.Opened + c.Attached + c.Resolved + c.Duplicate + c.Ignored + c.Quarantined
}

// Opened begins an incident. With an alert it is the one entry an alert that
// opens an incident costs.
type Opened struct {
	Meta
	Title       string            `json:"title"`
	Summary     string            `json:"summary,omitzero"`
	Exercise    bool              `json:"exercise,omitzero"`
	DetectedAt  time.Time         `json:"detected_at"`
	ReceivedAt  time.Time         `json:"received_at"`
	Severity    string            `json:"severity,omitzero"`
	Category    classify.Category `json:"category,omitzero"`
	Service     string            `json:"service,omitzero"`
	Malicious   classify.Answer   `json:"malicious,omitzero"`
	CrossBorder classify.Answer   `json:"cross_border,omitzero"`
	Regimes     []string          `json:"regimes,omitempty"`
	Correlation string            `json:"correlation,omitzero"`
	Previous    ID                `json:"previous,omitzero"`
	Reason      string            `json:"reason"`
	TriageBy    time.Time         `json:"triage_by,omitzero"`
	Alert       *Alert            `json:"alert,omitzero"`
	Body        string            `json:"body,omitzero"` // SHA-256 of the webhook body it came in
	Receipt     *Receipt          `json:"receipt,omitzero"`
	Clocks      []Clock           `json:"clocks"`
	Law         Law               `json:"law"`
}

// Attached adds an occurrence to an incident. When it proves an earlier
// detection, the new instants stand beside it.
type Attached struct {
	Meta
	Alert      Alert     `json:"alert"`
	ReceivedAt time.Time `json:"received_at"`
	Body       string    `json:"body,omitzero"`
	Receipt    *Receipt  `json:"receipt,omitzero"`
	Redetected *Redated  `json:"redetected,omitzero"`
}

// Redated is a fact that changed and what the clocks are since.
type Redated struct {
	Was    time.Time `json:"was,omitzero"`
	Now    time.Time `json:"now"`
	Clocks []Clock   `json:"clocks"`
	Law    Law       `json:"law"`
}

// AlertResolved ends an occurrence. It stops no clock.
type AlertResolved struct {
	Meta
	Series     string    `json:"series"`
	StartsAt   time.Time `json:"starts_at"` // of the occurrence as known before
	Earlier    time.Time `json:"earlier_start,omitzero"`
	EndsAt     time.Time `json:"ends_at"`
	Body       string    `json:"body,omitzero"`
	Receipt    *Receipt  `json:"receipt,omitzero"`
	Redetected *Redated  `json:"redetected,omitzero"`
}

// AlertMoved is a live alert whose start moved backwards (AM-8).
type AlertMoved struct {
	Meta
	Series     string    `json:"series"`
	StartsAt   time.Time `json:"starts_at"`
	Earlier    time.Time `json:"earlier_start"`
	Body       string    `json:"body,omitzero"`
	Receipt    *Receipt  `json:"receipt,omitzero"`
	Redetected *Redated  `json:"redetected,omitzero"`
}

// Received is the receipt of a request in which nothing was new.
type Received struct {
	Meta
	Receipt Receipt `json:"receipt"`
	Counts  Counts  `json:"counts"`
	// Heartbeat names the dead-man alert the body carried.
	Heartbeat string `json:"heartbeat,omitzero"`
}

// Quarantined keeps what could not be read: nothing a sender says is lost.
type Quarantined struct {
	Meta
	Receipt  Receipt   `json:"receipt"`
	Count    int       `json:"count"`
	Problems []Problem `json:"problems"` // the first of them
}

// Problem is one unreadable element of a body.
type Problem struct {
	Where string `json:"where"` // a JSON pointer, empty for the whole body
	What  string `json:"what"`
}

// Truncated marks incidents whose batch the sender cut (AM-15); the missing
// alerts are to be read back.
type Truncated struct {
	Meta
	Body      string `json:"body"`
	Receiver  string `json:"receiver"`
	Missing   int    `json:"missing"`
	Incidents []ID   `json:"incidents,omitempty"`
}

// ReadBack is the outcome of asking Alertmanager for what a batch lacked.
type ReadBack struct {
	Meta
	Body   string `json:"body"`
	Alerts int    `json:"alerts"`
	// Error is why it failed for good; empty when the batch is now complete.
	Error string `json:"error,omitzero"`
}

// Acknowledged is a person's first sign of having seen the incident.
type Acknowledged struct{ Meta }

// CommandTaken makes a person the incident commander.
type CommandTaken struct{ Meta }

// Noted adds a note to the timeline.
type Noted struct {
	Meta
	Text string `json:"text"`
}

// FactsSet records what a person says of the incident. A nil field was not
// spoken of and stays as it was.
type FactsSet struct {
	Meta
	Summary     *string          `json:"summary,omitzero"`
	Malicious   *classify.Answer `json:"malicious,omitzero"`
	CrossBorder *classify.Answer `json:"cross_border,omitzero"`
}

// Aware records when the entity became aware that the incident is significant.
type Aware struct {
	Meta
	Person     string    `json:"person"`
	Reason     string    `json:"reason,omitzero"`
	Redated    Redated   `json:"redated"`
	DetectedAt time.Time `json:"detected_at"`
}

// Submitted records a report that went to an authority. It closes the stages
// named; those already closed stay as they were.
type Submitted struct {
	Meta
	Entity     string     `json:"entity"`
	Regime     string     `json:"regime"`
	Stages     []string   `json:"stages"`
	Submission Submission `json:"submission"`
	// Clocks are all clocks as they stand after it; a stage that waited for
	// this submission starts here.
	Clocks []Clock `json:"clocks"`
	Law    Law     `json:"law"`
}

// Handled records that the work on the incident is done, and what the clocks
// are since: an incident that was still open when the final report fell due
// owes a progress report instead, and the final one after handling.
type Handled struct {
	Meta
	HandledAt time.Time `json:"handled_at"`
	Clocks    []Clock   `json:"clocks"`
	Law       Law       `json:"law"`
}

// NotReportable records a person's decision that the incident is not
// significant. The record stays; its clocks stop with the reason.
type NotReportable struct {
	Meta
	Reason string `json:"reason"`
}

// Closed ends the work on the incident.
type Closed struct{ Meta }

// PolicyAdopted records which reminders the service gives from here on, so
// that a changed policy never fires backwards.
type PolicyAdopted struct {
	Meta
	Policy ReminderPolicy `json:"policy"`
}

// Intended says an effect on the outside world is about to be tried.
type Intended struct {
	Meta
	Effect Effect `json:"effect"`
	Repeat bool   `json:"repeat,omitzero"` // it may have been said before
}

// Delivered says an effect took place.
type Delivered struct {
	Meta
	Effect Effect `json:"effect"`
	// Ref is the vendor's name for it: a Slack ts, a PagerDuty dedup key.
	Ref string `json:"ref,omitzero"`
	// Found is true when it was in doubt and turned out to have happened.
	Found bool `json:"found,omitzero"`
}

// Failed says a try did not work.
type Failed struct {
	Meta
	Effect    Effect    `json:"effect"`
	Reason    string    `json:"reason"`
	Permanent bool      `json:"permanent,omitzero"`
	RetryAt   time.Time `json:"retry_at,omitzero"`
}

// StoreRecovered records that for a while the journal took nothing. Whatever
// was sent meanwhile was refused, not lost: its senders were told so.
type StoreRecovered struct {
	Meta
	Since time.Time `json:"since"`
	Error string    `json:"error"`
}

func (Opened) Kind() string         { return "incident.opened/v1" }
func (Attached) Kind() string       { return "alert.attached/v1" }
func (AlertResolved) Kind() string  { return "alert.resolved/v1" }
func (AlertMoved) Kind() string     { return "alert.moved/v1" }
func (Received) Kind() string       { return "webhook.received/v1" }
func (Quarantined) Kind() string    { return "webhook.quarantined/v1" }
func (Truncated) Kind() string      { return "webhook.truncated/v1" }
func (ReadBack) Kind() string       { return "webhook.readback/v1" }
func (Acknowledged) Kind() string   { return "incident.acknowledged/v1" }
func (CommandTaken) Kind() string   { return "incident.command_taken/v1" }
func (Noted) Kind() string          { return "incident.noted/v1" }
func (FactsSet) Kind() string       { return "incident.facts_set/v1" }
func (Aware) Kind() string          { return "incident.aware/v1" }
func (Submitted) Kind() string      { return "report.submitted/v1" }
func (Handled) Kind() string        { return "incident.handled/v1" }
func (NotReportable) Kind() string  { return "incident.not_reportable/v1" }
func (Closed) Kind() string         { return "incident.closed/v1" }
func (PolicyAdopted) Kind() string  { return "policy.adopted/v1" }
func (StoreRecovered) Kind() string { return "store.recovered/v1" }
func (Intended) Kind() string       { return "effect.intended/v1" }
func (Delivered) Kind() string      { return "effect.delivered/v1" }
func (Failed) Kind() string         { return "effect.failed/v1" }

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
	FactsSet{}.Kind():       decode[FactsSet],
	Aware{}.Kind():          decode[Aware],
	Submitted{}.Kind():      decode[Submitted],
	Handled{}.Kind():        decode[Handled],
	NotReportable{}.Kind():  decode[NotReportable],
	Closed{}.Kind():         decode[Closed],
	PolicyAdopted{}.Kind():  decode[PolicyAdopted],
	StoreRecovered{}.Kind(): decode[StoreRecovered],
	Intended{}.Kind():       decode[Intended],
	Delivered{}.Kind():      decode[Delivered],
	Failed{}.Kind():         decode[Failed],
}

func decode[E Event](payload []byte, opts ...json.Options) (Event, error) {
	var e E
	if err := json.Unmarshal(payload, &e, opts...); err != nil {
		return nil, err
	}
	return e, nil
}

// Encode is the inverse of [Decode].
func Encode(e Event) ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Kind(), err)
	}
	return b, nil
}

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
