// Package problem answers a request that failed with problem details (RFC
// 9457), on every path that programs ask: the API, the webhooks and the lists
// others subscribe to.
package problem

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ContentType is that of problem details.
const ContentType = "application/problem+json"

// details is the body, on one line: Alertmanager logs what a refused webhook
// was answered (AM-25). The type about:blank says that the status has no
// meaning beyond HTTP's.
type details struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// Error answers with detail, which the sender reads: it must hold no secret. It
// takes the place of [http.Error], and like it leaves it to the caller to end
// there and says nothing of a sender who did not wait.
func Error(w http.ResponseWriter, detail string, status int) {
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The detail may repeat what was sent, which need not be text.
	enc := jsontext.NewEncoder(w, jsontext.AllowInvalidUTF8(true)) // ends with a newline
	if err := json.MarshalEncode(enc, details{"about:blank", http.StatusText(status), status, detail}); err != nil {
		return // nobody is there to be told
	}
}
