package cli

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// written is a file that a verb wrote, as --json tells of it.
type written struct {
	File      string `json:"file"`
	Bytes     int64  `json:"bytes"`
	Digest    string `json:"digest,omitzero"`    // sha256:…, where the verb compared it
	Signature string `json:"signature,omitzero"` // the file with its signature
}

// wrote tells of a file: as JSON where that was asked for, else in the words
// given.
func (r *remote) wrote(env *Env, w written, format string, args ...any) error {
	raw, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if printed, err := r.printed(env, raw); err != nil || printed {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, format, args...)
	return err
}
