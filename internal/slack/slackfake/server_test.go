package slackfake

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// said is what we read of any answer.
type said struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error"`
	Needed   string `json:"needed"`
	Provided string `json:"provided"`
	TS       string `json:"ts"`
	TeamID   string `json:"team_id"`
	HasMore  bool   `json:"has_more"`
	Messages []wire `json:"messages"`
	Next     struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// call calls a method with pairs of names and values.
func call(t *testing.T, s *Server, method string, pairs ...string) said {
	t.Helper()
	form := url.Values{"token": {"xoxb-1"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := http.PostForm(s.URL()+method, form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	if resp.StatusCode != http.StatusOK {
		return said{Error: resp.Status + " " + resp.Header.Get("Retry-After")}
	}
	var out said
	if err := json.UnmarshalRead(resp.Body, &out); err != nil {
		t.Fatal(err)
	}
	if out.OK == (out.Error != "") {
		t.Errorf("%s: ok is %v, error %q", method, out.OK, out.Error)
	}
	return out
}

func repeat(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

func TestBlocks(t *testing.T) {
	sec := func(n int) string {
		return `{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", n) + `"}}`
	}
	head := func(n int, kind string) string {
		return `[{"type":"header","text":{"type":"` + kind + `","text":"` + strings.Repeat("x", n) + `"}}]`
	}
	fields := func(n, length int) string {
		return `[{"type":"section","fields":` + repeat(n, `{"type":"mrkdwn","text":"`+strings.Repeat("x", length)+`"}`) + `}]`
	}
	button := func(label, value, id int) string {
		x := strings.Repeat
		return fmt.Sprintf(`[{"type":"actions","elements":[{"type":"button","action_id":"%s","value":"%s","text":{"type":"plain_text","text":"%s"}}]}]`, x("i", id), x("v", value), x("l", label))
	}
	tests := []struct {
		name, blocks, want string
	}{
		{"50 blocks", repeat(50, `{"type":"divider"}`), ""},
		{"51 blocks", repeat(51, `{"type":"divider"}`), "invalid_blocks"},
		{"section of 3000", "[" + sec(3000) + "]", ""},
		{"section of 3001", "[" + sec(3001) + "]", "invalid_blocks"},
		{"empty section", "[" + sec(0) + "]", "invalid_blocks"},
		{"3000 in UTF-16", `[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("😀", 1501) + `"}}]`, "invalid_blocks"},
		{"section of nothing", `[{"type":"section"}]`, "invalid_blocks"},
		{"header of 150", head(150, "plain_text"), ""},
		{"header of 151", head(151, "plain_text"), "invalid_blocks"},
		{"header in mrkdwn", head(9, "mrkdwn"), "invalid_blocks"},
		{"10 fields", fields(10, 5), ""},
		{"11 fields", fields(11, 5), "invalid_blocks"},
		{"field of 2000", fields(1, 2000), ""},
		{"field of 2001", fields(1, 2001), "invalid_blocks"},
		{"button at its limits", button(75, 2000, 255), ""},
		{"label of 76", button(76, 1, 1), "invalid_blocks"},
		{"value of 2001", button(1, 2001, 1), "invalid_blocks"},
		{"action id of 256", button(1, 1, 256), "invalid_blocks"},
		{"no action id", button(1, 1, 0), "invalid_blocks"},
		{"26 buttons", `[{"type":"actions","elements":` + repeat(26, `{"type":"button"}`) + `}]`, "invalid_blocks"},
		{"no buttons", `[{"type":"actions","elements":[]}]`, "invalid_blocks"},
		{"context", `[{"type":"context","elements":` + repeat(10, `{"type":"mrkdwn","text":"x"}`) + `}]`, ""},
		{"context of 11", `[{"type":"context","elements":` + repeat(11, `{"type":"mrkdwn","text":"x"}`) + `}]`, "invalid_blocks"},
		{"the same block id twice", repeat(2, `{"type":"divider","block_id":"a"}`), "invalid_blocks"},
		{"too much in all", "[" + strings.Join([]string{sec(2900), sec(2900), sec(2900), sec(2900), sec(1300)}, ",") + "]", "msg_blocks_too_long"},
		{"just below", "[" + strings.Join([]string{sec(2900), sec(2900), sec(2900), sec(2900)}, ",") + "]", ""},
		{"unknown block", `[{"type":"hologram"}]`, "invalid_blocks"},
		{"unknown field", `[{"type":"divider","wide":true}]`, "invalid_blocks"},
		{"an object", `{"type":"divider"}`, "invalid_blocks_format"},
		{"no JSON", `[`, "invalid_blocks_format"},
	}
	s := start(t, Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := call(t, s, "chat.postMessage", "channel", DefaultChannel, "blocks", tt.blocks).Error; got != tt.want {
				t.Errorf("error %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	s := start(t, Config{Token: "xoxb-1", Channels: []string{"C1", "C2"}})
	s.AddChannel("C3")
	s.Archive("C2")
	ts := call(t, s, "chat.postMessage", "channel", "C1", "text", "first").TS
	answer := call(t, s, "chat.postMessage", "channel", "C1", "text", "answer", "thread_ts", ts).TS
	tests := []struct {
		name, method string
		pairs        []string
		want         string
	}{
		{"no token", "auth.test", []string{"token", ""}, "not_authed"},
		{"another token", "auth.test", []string{"token", "xoxb-2"}, "invalid_auth"},
		{"unknown method", "chat.delete", nil, "unknown_method"},
		{"no channel", "chat.postMessage", []string{"text", "x"}, "channel_not_found"},
		{"unknown channel", "chat.postMessage", []string{"channel", "C9", "text", "x"}, "channel_not_found"},
		{"archived", "chat.postMessage", []string{"channel", "C2", "text", "x"}, "is_archived"},
		{"not joined", "chat.postMessage", []string{"channel", "C3", "text", "x"}, "not_in_channel"},
		{"history of one not joined", "conversations.history", []string{"channel", "C3"}, "not_in_channel"},
		{"nothing to say", "chat.postMessage", []string{"channel", "C1"}, "no_text"},
		{"no blocks", "chat.postMessage", []string{"channel", "C1", "blocks", "[]", "text", ""}, "no_text"},
		{"thread that is no ts", "chat.postMessage", []string{"channel", "C1", "text", "x", "thread_ts", "first"}, "invalid_thread_ts"},
		{"answer to an answer", "chat.postMessage", []string{"channel", "C1", "text", "x", "thread_ts", answer}, "cannot_reply_to_message"},
		{"metadata that is none", "chat.postMessage", []string{"channel", "C1", "text", "x", "metadata", "{"}, "invalid_metadata_format"},
		{"metadata without a type", "chat.postMessage", []string{"channel", "C1", "text", "x", "metadata", `{"event_payload":{}}`}, "invalid_metadata_schema"},
		{"update of nothing", "chat.update", []string{"channel", "C1", "text", "x", "ts", "1.000000"}, "message_not_found"},
		{"update to nothing", "chat.update", []string{"channel", "C1", "text", "", "ts", ts}, "no_text"},
		{"thread of nothing", "conversations.replies", []string{"channel", "C1", "ts", "1.000000"}, "thread_not_found"},
		{"page of 0", "conversations.history", []string{"channel", "C1", "limit", "0"}, "invalid_limit"},
		{"no cursor of ours", "conversations.history", []string{"channel", "C1", "cursor", "x"}, "invalid_cursor"},
		{"bound that is no ts", "conversations.history", []string{"channel", "C1", "oldest", "x"}, "invalid_ts_oldest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := call(t, s, tt.method, tt.pairs...).Error; got != tt.want {
				t.Errorf("error %q, want %q", got, tt.want)
			}
		})
	}
	s.SetScopes("chat:write")
	got := call(t, s, "conversations.history", "channel", "C1")
	if got.Error != "missing_scope" || got.Needed != "channels:history" || got.Provided != "chat:write" {
		t.Errorf("without the scope: %+v", got)
	}
	if n := len(s.Messages()); n != 2 {
		t.Errorf("%d messages are there, want the 2 that were taken", n)
	}
	if got := call(t, s, "auth.test"); !got.OK || got.TeamID != TeamID {
		t.Errorf("auth.test: %+v", got)
	}
}

func TestHistory(t *testing.T) {
	now := time.Unix(1_795_399_537, 999_999_400)
	s := start(t, Config{Now: func() time.Time { return now }})
	post := func(text string, pairs ...string) string {
		return call(t, s, "chat.postMessage", append([]string{"channel", DefaultChannel, "text", text, "metadata", `{"event_type":"e","event_payload":{"key":"` + text + `"}}`}, pairs...)...).TS
	}
	first := post("first")
	post("hidden answer", "thread_ts", first)
	shown := post("shown answer", "thread_ts", first, "reply_broadcast", "true")
	last := post("last")

	// The clock stands still, and yet each ts is new and later.
	if first != "1795399537.999999" || shown != "1795399538.000001" || last != "1795399538.000002" {
		t.Errorf("ts %q, %q, %q", first, shown, last)
	}
	list := func(method string, pairs ...string) []string {
		got := []string{}
		for _, m := range call(t, s, method, append([]string{"channel", DefaultChannel}, pairs...)...).Messages {
			text := m.Text
			if m.Metadata != nil {
				text += " " + m.Metadata.Payload["key"].(string)
			}
			got = append(got, text)
		}
		return got
	}
	tests := []struct {
		name, method string
		pairs        []string
		want         []string
	}{
		{"newest first", "conversations.history", nil, []string{"last", "shown answer", "first"}},
		{"with metadata", "conversations.history", []string{"include_all_metadata", "1", "limit", "1"}, []string{"last last"}},
		{"after", "conversations.history", []string{"oldest", shown}, []string{"last"}},
		{"from", "conversations.history", []string{"oldest", shown, "inclusive", "1"}, []string{"last", "shown answer"}},
		{"after a second", "conversations.history", []string{"oldest", "1795399538"}, []string{"last", "shown answer"}},
		{"before", "conversations.history", []string{"latest", shown}, []string{"first"}},
		{"between", "conversations.history", []string{"oldest", first, "latest", last}, []string{"shown answer"}},
		{"second page", "conversations.history", []string{"limit", "2", "cursor", "2"}, []string{"first"}},
		{"past the end", "conversations.history", []string{"cursor", "9"}, []string{}},
		{"thread, oldest first", "conversations.replies", []string{"ts", first}, []string{"first", "hidden answer", "shown answer"}},
		{"thread after, with its parent", "conversations.replies", []string{"ts", first, "oldest", "1795399538.000000"}, []string{"first", "shown answer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, list(tt.method, tt.pairs...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	page := call(t, s, "conversations.history", "channel", DefaultChannel, "limit", "2")
	if !page.HasMore || page.Next.Cursor != "2" {
		t.Errorf("first page: %+v", page)
	}
}

func TestUpdateKeepsWhatIsNotSent(t *testing.T) {
	s := start(t, Config{})
	const divider = `[{"type":"divider"}]`
	ts := call(t, s, "chat.postMessage", "channel", DefaultChannel, "text", "a", "blocks", divider, "metadata", `{"event_type":"e","event_payload":{"key":"k"}}`).TS
	call(t, s, "chat.update", "channel", DefaultChannel, "ts", ts, "text", "b")
	m := s.Messages()[0]
	if m.Text != "b" || string(m.Blocks) != divider || m.Metadata.Payload["key"] != "k" || m.Edits != 1 {
		t.Errorf("after a new text: %+v", m)
	}
	call(t, s, "chat.update", "channel", DefaultChannel, "ts", ts, "blocks", "[]")
	if m := s.Messages()[0]; m.Text != "b" || m.Blocks != nil || m.Edits != 2 {
		t.Errorf("after the blocks were removed: %+v", m)
	}
}

func TestRateLimitIsPerChannel(t *testing.T) {
	now := time.Unix(1_795_399_537, 0)
	var mu sync.Mutex
	s := start(t, Config{Channels: []string{"C1", "C2"}, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	s.LimitRate(true)
	post := func(channel string) string {
		return call(t, s, "chat.postMessage", "channel", channel, "text", "x").Error
	}
	if got := post("C1") + post("C2"); got != "" {
		t.Error(got)
	}
	if got := post("C1"); got != "429 Too Many Requests 1" {
		t.Errorf("a second message in the same second: %q", got)
	}
	mu.Lock()
	now = now.Add(time.Second)
	mu.Unlock()
	if got := post("C1"); got != "" {
		t.Errorf("a second later: %q", got)
	}
	if n := len(s.Messages()); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}

func TestOnMessage(t *testing.T) {
	var seen []string
	s := start(t, Config{OnMessage: func(m Message) { seen = append(seen, fmt.Sprint(m.Text, m.Edits)) }})
	ts := call(t, s, "chat.postMessage", "channel", DefaultChannel, "text", "a").TS
	call(t, s, "chat.update", "channel", DefaultChannel, "ts", ts, "text", "b")
	call(t, s, "chat.postMessage", "channel", "C9", "text", "refused")
	if diff := cmp.Diff([]string{"a0", "b1"}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPressNeedsAButton(t *testing.T) {
	s := start(t, Config{})
	if err := s.React(t.Context(), DefaultChannel, "1.000000", "memo", "U1", "T1"); err == nil || !strings.Contains(err.Error(), "SetCallback") {
		t.Errorf("without a callback: %v", err)
	}
	s.SetCallback("http://127.0.0.1:1/", "secret")
	ts := call(t, s, "chat.postMessage", "channel", DefaultChannel, "text", "a").TS
	if err := s.Press(t.Context(), ts, "a", "U1", "T1"); err == nil || !strings.Contains(err.Error(), "no button a") {
		t.Errorf("without a button: %v", err)
	}
}

// A reply address works five times within half an hour (SL-5).
func TestReplyAddressWearsOut(t *testing.T) {
	now := time.Unix(1_795_399_537, 0)
	var mu sync.Mutex
	s := start(t, Config{Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	s.mu.Lock()
	s.replies["1"] = &replyAddress{to: Reply{User: "U1"}, made: now}
	s.replies["2"] = &replyAddress{to: Reply{User: "U1"}, made: now}
	address := func(id string) string { return s.replyURL(id) }
	s.mu.Unlock()
	reply := func(id, body string) int {
		resp, err := http.Post(address(id), "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	const private = `{"text":"x","response_type":"ephemeral","replace_original":false}`
	for i := range 6 {
		want := 200
		if i == 5 {
			want = 404
		}
		if got := reply("1", private); got != want {
			t.Errorf("use %d: %d, want %d", i+1, got, want)
		}
	}
	for body, want := range map[string]int{`{`: 400, `{"response_type":"ephemeral"}`: 400, `{"text":"x","response_type":"in_channel"}`: 400} {
		if got := reply("2", body); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
	if got := reply("3", private); got != 404 {
		t.Errorf("an address never given: %d, want 404", got)
	}
	mu.Lock()
	now = now.Add(30*time.Minute + time.Second)
	mu.Unlock()
	if got := reply("2", private); got != 404 {
		t.Errorf("after half an hour: %d, want 404", got)
	}
	if n := len(s.Replies()); n != 5 {
		t.Errorf("%d replies, want 5", n)
	}
}
