package incident

import (
	"bytes"
	"strings"
)

// Named is an artefact that an entry says lies in the vault.
type Named struct {
	Digest string // lower-case hex SHA-256
	Stored string // of its file, where the entry says it
	What   string // such as prometheus_range, or body of a webhook
}

// inVault stands in every entry whose webhook body lies in the vault. An entry is
// written with sorted, compact members.
var inVault = []byte(`"vault":true`)

// NamesArtefact reports whether an entry can name an artefact, without decoding
// it: of a million entries few can. payload is as the entry holds it.
func NamesArtefact(kind string, payload []byte) bool {
	switch kind {
	case Collected{}.Kind(), ReportApproved{}.Kind():
		return true
	}
	return bytes.Contains(payload, inVault)
}

// Artefacts are those that an event says lie in the vault: whoever verifies a
// record looks for each of them.
func Artefacts(e Event) []Named {
	var r *Receipt
	switch e := e.(type) {
	case Collected:
		digest, ok := strings.CutPrefix(e.Artefact.Digest, "sha256:")
		if !ok {
			return nil
		}
		what := e.Artefact.Kind
		if e.Artefact.Name != "" {
			what += " " + e.Artefact.Name
		}
		return []Named{{digest, e.Artefact.Stored, what}}
	case ReportApproved:
		var named []Named
		if e.SHA256 != "" {
			named = append(named, Named{Digest: e.SHA256, Stored: e.Stored, What: "an approved " + e.Stage})
		}
		if e.Signature != "" {
			named = append(named, Named{Digest: e.Signature, Stored: e.SignatureStored, What: "the signature of an approved " + e.Stage})
		}
		return named
	case Opened:
		r = e.Receipt
	case Attached:
		r = e.Receipt
	case AlertResolved:
		r = e.Receipt
	case AlertMoved:
		r = e.Receipt
	case Received:
		r = &e.Receipt
	case Quarantined:
		r = &e.Receipt
	}
	if r == nil || !r.Vault {
		return nil
	}
	return []Named{{Digest: r.SHA256, Stored: r.Stored, What: "the body of a webhook"}}
}
