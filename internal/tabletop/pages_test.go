package tabletop_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/tabletop"
	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/web"
)

// browser is somebody who signed in with their token.
type browser struct {
	t *testing.T
	http.Client
	base string
}

func (r *room) browser(token string) *browser {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	b := &browser{t: r.t, Client: http.Client{Jar: jar}, base: r.App().URL()}
	b.post("/sign-in", url.Values{"secret": {token}})
	return b
}

func (b *browser) read(resp *http.Response, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (b *browser) get(path string) (int, string) { b.t.Helper(); return b.read(b.Get(b.base + path)) }

func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	return b.read(b.PostForm(b.base+path, form))
}

// The participants' page holds nothing of the script, and what people press
// there is noted under their name; the facilitator's page is the facilitator's.
func TestPages(t *testing.T) {
	r := begin(t, held(t, t.TempDir(), 2000))
	browsers := map[string]*browser{}
	for _, s := range []tabletop.Seat{{Name: "ana", Part: scorecard.Participates, ID: "commander"}, {Name: "fay", Part: scorecard.Facilitates}} {
		file, err := r.Admit(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		token, err := access.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		browsers[s.Name] = r.browser(token)
	}
	ana, fay := browsers["ana"], browsers["fay"]
	r.until("a decision", func(b web.Board) bool { return len(b.Decisions) > 0 })
	const secret = "Customers should not read it in the press before they hear it from you."
	if code, page := ana.get("/exercise"); code != 200 || strings.Contains(page, secret) || strings.Contains(page, "What comes") || !strings.Contains(page, "EXERCISE") || !strings.Contains(page, "That is the account of our build system") {
		t.Errorf("the participants' page: %d %s", code, page)
	}
	if code, page := ana.get("/exercise/script"); code != 403 {
		t.Errorf("a participant sees the script: %d %s", code, page)
	}
	if code, _ := ana.post("/exercise/control/pause", nil); code != 403 {
		t.Errorf("a participant pauses: %d", code)
	}
	ana.post("/exercise/attend", nil)
	ana.post("/exercise/decide", url.Values{"decision_point": {"cut"}, "choice": {"cut off now"}, "reason": {"the keys <b>"}})
	if code, page := fay.post("/exercise/control/pause", url.Values{"reason": {"coffee"}}); code != 200 || !strings.Contains(page, secret) || !strings.Contains(page, "paused") || !strings.Contains(page, "the keys &lt;b&gt;") {
		t.Errorf("the facilitator's page: %d %s", code, page)
	}
	if _, page := ana.get("/exercise"); !strings.Contains(page, "EX-2027-0001") {
		t.Error("the participants' page lacks the incident's clocks")
	}
	r.command(incident.Restrict{Person: by("fay"), ID: "EX-2027-0001", On: true, Reason: "an insider"})
	if _, page := ana.get("/exercise"); strings.Contains(page, "EX-2027-0001") {
		t.Error("the participants' page shows an incident that is restricted to others")
	}
	e := r.record()
	if len(e.Decisions) != 1 || e.Decisions[0].Name != "ana" || e.Attendance[0].Via != "page" || len(e.Pauses) != 1 || e.Pauses[0].By != "fay" {
		t.Errorf("what was pressed became %+v, %+v, %+v", e.Decisions, e.Attendance, e.Pauses)
	}
}
