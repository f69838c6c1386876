package web_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// handIn adds a file and returns its digest.
func (s *service) handIn(id, name, content string, header ...string) string {
	s.t.Helper()
	a := s.api("POST", "/incidents/"+id+"/evidence?note=from+the+host&name="+url.QueryEscape(name), content, header...)
	if a.StatusCode != 201 {
		s.t.Fatalf("hand in: %s %s", a.Status, a.body)
	}
	all := a.decode(s.t)["evidence"].([]any)
	return all[len(all)-1].(map[string]any)["digest"].(string)
}

// What others sent us is downloaded and never runs here, whatever they call
// it; and the record knows who took it before they have it.
func TestEvidenceIsGivenOutSafely(t *testing.T) {
	s := start(t)
	id := s.alert("Exfiltration", "x")
	const page = "<script>alert(document.cookie)</script>"
	digest := s.handIn(id, `C:\evil\"x".html`, page, "Content-Type", "text/html")
	before := len(entries(t, s))
	a := s.api("GET", "/incidents/"+id+"/evidence/"+digest, "")
	if a.StatusCode != 200 || string(a.body) != page {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "X-Evidence-Digest": digest,
		"Content-Disposition": `attachment; filename="\"x\".html"`, "Content-Security-Policy": "default-src 'none'; sandbox",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	after := entries(t, s)
	if last := after[len(after)-1]; len(after) != before+1 || last["kind"] != "evidence.read/v1" || last["actor"] != "admin" {
		t.Errorf("the reading left %v", after[before:])
	}
	if a := s.api("HEAD", "/incidents/"+id+"/evidence/"+digest, ""); a.StatusCode != 200 || len(entries(t, s)) != before+1 {
		t.Errorf("a look at the head: %s, and the record says that something was read", a.Status)
	}
	list := s.api("GET", "/incidents/"+id+"/evidence", "").decode(t)["evidence"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["note"] != "from the host" {
		t.Errorf("list: %v", list)
	}
}

func TestEvidenceRefusals(t *testing.T) {
	s := start(t)
	id, other := s.alert("Exfiltration", "x"), s.alert("Escalation", "x")
	digest := s.handIn(id, "auth.log", "root")
	for _, tt := range []struct {
		name, method, path string
		status             int
		says               string
	}{
		{"another incident's", "GET", "/incidents/" + other + "/evidence/" + digest, 404, "no such artefact"},
		{"of no incident", "GET", "/incidents/INC-1999-0001/evidence/" + digest, 404, "no such incident"},
		{"a path for a digest", "GET", "/incidents/" + id + "/evidence/..%2f..%2fadmin.token", 404, "no such artefact"},
		{"for no incident", "POST", "/incidents/INC-1999-0001/evidence?name=x", 404, "no such incident"},
		{"without a name", "POST", "/incidents/" + id + "/evidence", 400, "?name=FILE"},
		{"with a folder for a name", "POST", "/incidents/" + id + "/evidence?name=x/", 400, "?name=FILE"},
		{"with a note without end", "POST", "/incidents/" + id + "/evidence?name=x&note=" + strings.Repeat("n", 4097), 400, "4096 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := s.api(tt.method, tt.path, "content")
			if a.StatusCode != tt.status || !strings.Contains(a.decode(t)["detail"].(string), tt.says) {
				t.Errorf("%s %s", a.Status, a.body)
			}
		})
	}
}

// Bytes that are not those of the digest must not look like an answer.
func TestAlteredEvidenceBreaksOff(t *testing.T) {
	s := start(t)
	id := s.alert("Exfiltration", "x")
	digest := s.handIn(id, "auth.log", "root login failed")
	sum := strings.TrimPrefix(digest, "sha256:")
	if _, err := hex.DecodeString(sum); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, "vault", "sha256", sum[:2], sum)
	if err := os.WriteFile(path, []byte("root login denied"), 0o600); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/api/v1/incidents/"+id+"/evidence/"+digest, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.admin)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		if err := resp.Body.Close(); err != nil {
			t.Log(err)
		}
	}
	if err == nil {
		t.Error("an altered artefact came as if it were whole")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if a := s.api("GET", "/incidents/"+id+"/evidence/"+digest, ""); a.StatusCode != 410 || !strings.Contains(string(a.body), "run nis2clock verify") {
		t.Errorf("a missing artefact: %s %s", a.Status, a.body)
	}
}

// The page says in words what was captured, and what was not.
func TestPageListsEvidence(t *testing.T) {
	s := start(t)
	id := s.alert("Exfiltration", "x")
	b := s.signIn(s.admin)
	show := func() string {
		resp, err := b.Get(s.URL() + "/incidents/" + id)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if !strings.Contains(show(), "None yet.") {
		t.Error("a page without evidence does not say so")
	}
	digest := s.handIn(id, "<auth>.log", "root")
	for _, want := range []string{"&lt;auth&gt;.log", "complete; from the host", digest, "4 bytes", "/api/v1/incidents/" + id + "/evidence/" + digest} {
		if !strings.Contains(show(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
