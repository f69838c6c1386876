package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"nis2clock/internal/config"
	"nis2clock/internal/offsite"
)

// A bucket that can never hold the copy stops the start; one that is away does
// not.
func TestStartWithABucket(t *testing.T) {
	for _, test := range []struct {
		name    string
		answer  func(w http.ResponseWriter, r *http.Request)
		refused bool
	}{
		{"there is none", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchBucket</Code></Error>`)
		}, true},
		{"it keeps no versions", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `<VersioningConfiguration/>`)
		}, true},
		{"it is out of order", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "<html>", http.StatusBadGateway)
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(test.answer))
			defer server.Close()
			cfg := config.Default()
			cfg.DataDir, cfg.Web.Listen = t.TempDir(), "127.0.0.1:0"
			cfg.Offsite = &offsite.Config{Endpoint: server.URL, Region: "eu-central-1", Bucket: "evidence", AccessKey: "id", SecretKey: "secret"}
			a, err := Start(t.Context(), Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
			if test.refused != errors.Is(err, offsite.ErrRefused) || !test.refused && err != nil {
				t.Errorf("started with %v, want a refusal: %t", err, test.refused)
			}
			if err == nil {
				if err := a.Stop(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
