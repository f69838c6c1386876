package web_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
)

// close decides that an incident is not reportable and closes it.
func (s *service) close(id string) {
	s.t.Helper()
	s.api("POST", "/incidents/"+id+"/not-reportable", `{"reason":"a drill"}`)
	if a := s.api("POST", "/incidents/"+id+"/close", ``); a.StatusCode != 200 {
		s.t.Fatalf("close: %s %s", a.Status, a.body)
	}
}

// holding are the files of the data folder that hold the text.
func (s *service) holding(text string) (files []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(text)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// Without being told to erase, retention only lists; what is held stays; what
// went is nowhere in the data folder, and its id remains.
func TestRetention(t *testing.T) {
	s := start(t, func(c *config.Config) { c.Retention.Incidents = 1 })
	large := strings.Repeat("Eva Muster ", 10_000) // its body lies in the vault
	old, held, open := s.alert("Old", large), s.alert("Held", "x"), s.alert("Open", "x")
	s.close(old)
	s.close(held)
	if a := s.api("POST", "/incidents/"+held+"/hold", `{"reason":"claim 7"}`); a.StatusCode != 200 || a.decode(t)["legal_hold"].(map[string]any)["reason"] != "claim 7" {
		t.Errorf("hold: %s %s", a.Status, a.body)
	}
	if len(s.holding("Eva Muster")) == 0 {
		t.Fatal("the text is not to be found")
	}
	dry := s.api("POST", "/retention", ``)
	listed := dry.decode(t)["candidates"].([]any)
	if dry.StatusCode != 200 || len(listed) != 2 || dry.decode(t)["erased"] != nil {
		t.Fatalf("%s %s", dry.Status, dry.body)
	}
	first, second := listed[0].(map[string]any), listed[1].(map[string]any)
	if first["incident"] != old || first["kept"] != nil || first["bytes"].(float64) < 100_000 {
		t.Errorf("first %v", first)
	}
	if second["incident"] != held || second["kept"] == nil || !strings.Contains(second["kept"].(string), "legal hold by admin") {
		t.Errorf("second %v", second)
	}
	done := s.api("POST", "/retention", `{"dry_run":false}`)
	erased, ok := done.decode(t)["erased"].(map[string]any)
	if done.StatusCode != 200 || !ok || len(erased["incidents"].([]any)) != 1 || erased["files"] != 1.0 {
		t.Fatalf("%s %s", done.Status, done.body)
	}
	if files := s.holding("Eva Muster"); len(files) > 0 {
		t.Errorf("the text is still in %v", files)
	}
	if v := s.api("GET", "/incidents/"+old, "").decode(t); v["erased"] != true || v["title"] != "(erased)" {
		t.Errorf("it shows as %v", v)
	}
	for _, id := range []string{held, open} {
		if v := s.api("GET", "/incidents/"+id, "").decode(t); v["erased"] != false || len(v["alerts"].([]any)) != 1 {
			t.Errorf("%s shows as %v", id, v)
		}
	}
	if a := s.api("GET", "/incidents/"+old+"/reports/early_warning.pdf", ""); a.StatusCode != 409 {
		t.Errorf("its report: %s", a.Status)
	}
	if again := s.api("POST", "/retention", `{"dry_run":false}`); again.StatusCode != 200 || again.decode(t)["erased"].(map[string]any)["entries"] != 0.0 {
		t.Errorf("a second time: %s %s", again.Status, again.body)
	}
}

// With retention.every nobody has to ask.
func TestRetentionByItself(t *testing.T) {
	s := start(t, func(c *config.Config) { c.Retention.Incidents, c.Retention.Every = 1, 10*time.Millisecond })
	feed := s.Desk().Subscribe()
	defer feed.Close()
	id := s.alert("Old", "x")
	s.close(id)
	late := time.After(time.Minute)
	for {
		if v, _ := s.Desk().Incident(incident.ID(id)); v.Erased {
			break
		}
		select {
		case <-feed.C:
			feed.Take()
		case <-late:
			t.Fatal("it is still there")
		}
	}
	last := entries(t, s)
	if by := last[len(last)-2]; by["actor"] != "nis2clock" || by["via"] != "system" {
		t.Errorf("the order is %v", by)
	}
}

// What is refused says why, and what is erased says what remains.
func TestErasureRequest(t *testing.T) {
	s := start(t)
	id := s.alert("Leak", "x")
	for n, tt := range []struct {
		body   string
		status int
		says   string
	}{
		{`{}`, 400, "say what is to be erased"},
		{`{"incidents":["` + id + `"]}`, 400, "its reason"},
		{`{"incidents":["INC-1999-0001"],"reason":"x"}`, 404, "INC-1999-0001"},
		{`{"incidents":["` + id + `"],"reason":"x"}`, 409, "its clocks run"},
		{`{"entries":[0],"reason":"x"}`, 409, "reminders"},
		{`{"entries":[-1],"reason":"x"}`, 400, "/entries/0"},
		{`{"entries":[4711],"reason":"x"}`, 400, "no entry 4711"},
	} {
		a := s.api("POST", "/erasures", tt.body)
		if a.StatusCode != tt.status || !strings.Contains(a.decode(t)["detail"].(string), tt.says) {
			t.Errorf("%d: %s %s, want %d with %q", n, a.Status, a.body, tt.status, tt.says)
		}
	}
	s.api("POST", "/incidents/"+id+"/notes", `{"text":"Eva Muster, born 1990"}`)
	all := entries(t, s)
	a := s.api("POST", "/erasures", `{"entries":[`+number(all[len(all)-1]["seq"])+`],"reason":"Art. 17(1)(a) GDPR"}`)
	got := a.decode(t)
	if a.StatusCode != 200 || len(got["remains"].([]any)) != 1 || len(got["copies"].([]any)) == 0 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	if left := got["remains"].([]any)[0].(map[string]any); left["kind"] != "incident.noted/v1" || left["incident"] != id {
		t.Errorf("remains %v", left)
	}
	if files := s.holding("Eva Muster"); len(files) > 0 {
		t.Errorf("the text is still in %v", files)
	}
	if a := s.send("POST", "/api/v1/erasures", s.token(access.Commander, "carla"), `{"entries":[1],"reason":"x"}`); a.StatusCode != 403 {
		t.Errorf("a commander gets %s", a.Status)
	}
}

// deliver posts a webhook body with alerts of those names.
func (s *service) deliver(names ...string) {
	s.t.Helper()
	var alerts []string
	for _, name := range names {
		alerts = append(alerts, `{"status":"firing","fingerprint":"f00`+name+`","startsAt":"2026-01-02T03:04:05Z","labels":{"alertname":"`+name+`","nis2_reportable":"true"},"annotations":{}}`)
	}
	if a := s.send("POST", "/webhook/alertmanager", s.intake, `{"version":"4","alerts":[`+strings.Join(alerts, ",")+`]}`); a.StatusCode != 200 {
		s.t.Fatalf("webhook: %s %s", a.Status, a.body)
	}
}

// An alert that was repeated in the body of another's is still there, and the
// answer says where; two that came in one body go together.
func TestErasureAndSharedBodies(t *testing.T) {
	s := start(t)
	s.deliver("A")
	s.deliver("A", "B")
	s.deliver("C", "D")
	list := s.api("GET", "/incidents", "").decode(t)["incidents"].([]any)
	id := func(n int) string { return list[len(list)-n].(map[string]any)["id"].(string) }
	a, b, c, d := id(1), id(2), id(3), id(4)
	for _, id := range []string{a, c, d} {
		s.close(id)
	}
	got := s.api("POST", "/erasures", `{"incidents":["`+a+`"],"reason":"Art. 17 GDPR"}`)
	mentions := got.decode(t)["mentions"].([]any)
	if got.StatusCode != 200 || len(mentions) != 1 || mentions[0].(map[string]any)["incident"] != b {
		t.Errorf("%s %s, want a mention in %s", got.Status, got.body, b)
	}
	if got := s.api("POST", "/erasures", `{"incidents":["`+c+`"],"reason":"Art. 17 GDPR"}`); got.StatusCode != 409 || !strings.Contains(string(got.body), "same webhook body as "+d) {
		t.Errorf("one of two: %s %s", got.Status, got.body)
	}
	got = s.api("POST", "/erasures", `{"incidents":["`+c+`","`+d+`"],"reason":"Art. 17 GDPR"}`)
	if got.StatusCode != 200 || len(got.decode(t)["mentions"].([]any)) != 0 {
		t.Errorf("both: %s %s", got.Status, got.body)
	}
	if status, page := s.do(s.signIn(s.admin), "GET", "/incidents/"+c); status != 200 || !strings.Contains(page, "Erased:") || strings.Contains(page, "<button>Ack") {
		t.Errorf("its page: %d %s", status, page)
	}
}

func number(v any) string { return strconv.Itoa(int(v.(float64))) }
