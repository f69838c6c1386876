package web_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"nis2clock/internal/backup"
	"nis2clock/internal/verify"
)

// download asks for a backup and reads what comes, and how it ends.
func (s *service) download() (*http.Response, []byte, error) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.URL()+"/api/v1/backup", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.admin)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	raw, readErr := io.ReadAll(resp.Body)
	if err := resp.Body.Close(); err != nil {
		s.t.Error(err)
	}
	return resp, raw, readErr
}

// A backup that was downloaded from the running service verifies, and holds the
// entry that says who took it. To ask for its headers leaves none.
func TestBackupIsServedAndRecorded(t *testing.T) {
	s := start(t)
	id := s.alert("PrivilegeEscalation", "root shell")
	if a := s.api("POST", "/incidents/"+id+"/evidence?name=auth.log", "root login failed"); a.StatusCode != 201 {
		t.Fatalf("add evidence: %s %s", a.Status, a.body)
	}
	before := len(entries(t, s))
	if a := s.api("HEAD", "/backup", ""); a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/zstd" || len(entries(t, s)) != before {
		t.Errorf("HEAD: %s %v, and %d entries more", a.Status, a.Header, len(entries(t, s))-before)
	}
	resp, raw, err := s.download()
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	v, err := backup.Restore(t.Context(), bytes.NewReader(raw), backup.Options{Dir: filepath.Join(t.TempDir(), "data")})
	if err != nil || v.State != verify.Consistent || v.Present != 1 || v.Journal.Size != uint64(before+1) {
		t.Errorf("%v with %d entries of %d: %v", v.State, v.Journal.Size, before+1, err)
	}
	if a := s.api("GET", "/journal?type=backup.taken", ""); !bytes.Contains(a.body, []byte(`"actor":"admin"`)) {
		t.Errorf("nobody knows who took it: %s", a.body)
	}
}

// What fails before a byte of it is out is a problem, and what fails later is
// cut: a receiver that reads to the end is told.
func TestBackupThatFails(t *testing.T) {
	s := start(t)
	id := s.alert("PrivilegeEscalation", "root shell")
	noise := make([]byte, 4<<20)
	if _, err := rand.NewChaCha8([32]byte{}).Read(noise); err != nil {
		t.Fatal(err)
	}
	for _, file := range []struct{ content, change string }{
		{"root login failed", "root login worked"}, {string(noise), "n" + string(noise[1:])},
	} {
		if a := s.api("POST", "/incidents/"+id+"/evidence?name=auth.log", file.content); a.StatusCode != 201 {
			t.Fatalf("add evidence: %s %s", a.Status, a.body)
		}
		files, err := filepath.Glob(filepath.Join(s.dir, "vault", "sha256", "*", "*"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		if err := os.WriteFile(files[0], []byte(file.change), 0o600); err != nil {
			t.Fatal(err)
		}
		resp, raw, err := s.download()
		if len(file.content) < 1000 && (err != nil || resp.StatusCode != 500 || resp.Header.Get("Content-Disposition") != "") {
			t.Errorf("before it began: %s %s, %v", resp.Status, raw, err)
		}
		if len(file.content) > 1000 && (err == nil || resp.StatusCode != 200 || len(raw) == 0) {
			t.Errorf("on the way: %s with %d bytes, %v", resp.Status, len(raw), err)
		}
		if err := os.Remove(files[0]); err != nil {
			t.Fatal(err)
		}
	}
}
