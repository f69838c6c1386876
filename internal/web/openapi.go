package web

import (
	_ "embed"
	"net/http"
)

// description is the OpenAPI description of the API. It is written from this
// package's source by internal/openapi, with
//
//	go test ./internal/web -run TestDescriptionIsOfThisCode -update
//
//go:embed openapi.json
var description []byte

// describe serves the description of the API, to everybody: it is the same for
// every service of this version, and programs that make clients of it send no
// token.
func (s *server) describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(description); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
}
