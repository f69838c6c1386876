package deadline

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/regime"
)

func TestVectorsAgree(t *testing.T) {
	all := vectors(t)
	got := answers(all)
	if len(all) != 44 || len(got) != 44 {
		t.Errorf("answered %d of %d vectors, want 44 of 44", len(got), len(all))
	}
	differences, err := Check(got, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		t.Error(d)
	}
	if err := Unsupported("vectors.yaml", all, regime.Builtin()); err != nil {
		t.Errorf("got error %v for vectors that can all be answered", err)
	}
	some := append(read(t, strings.Replace(vector, "  in:\n", "  in:\n    regimes: [nis2, nis3]\n", 1)), all...)
	want := "vectors.yaml: not answered: W1 (regime nis3): the regimes known are cer, cra_severe_incident, cra_vulnerability, dora, eidas, gdpr, nis2"
	if err := Unsupported("vectors.yaml", some, regime.Builtin()); err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// vector is a file with one vector, of which the text can be changed.
const vector = `
- id: W1
  title: "Baseline"
  member_state: AT
  tz: Europe/Vienna
  in:
    aware_at: "2027-01-28T18:00:00+01:00"
    notification_submitted_at: "2027-01-31T18:00:00+01:00"
  due:
    conservative:
      early_warning: "2027-01-29T17:00:00Z"
      notification: "2027-01-31T17:00:00Z"
      final_report: "2027-02-28T17:00:00Z"
    outer_reading:
      early_warning: "2027-01-29T18:00:00Z"
      notification: "2027-01-31T18:00:00Z"
      final_report: "2027-03-01T23:00:00Z"
  submission_status:
    notification: {conservative: late, outer_reading: on_time}
  why: "Due instants are exclusive."
`

func TestCheckFindsDifferences(t *testing.T) {
	for _, test := range []struct {
		name, old, new string
		want           []string
	}{
		{"none", "W1", "W1", nil},
		{"the same instant, otherwise written", "2027-01-29T17:00:00Z", "2027-01-29T18:00:00+01:00", nil},
		{"conservative", "2027-02-28T17:00:00Z", "2027-02-28T17:00:01Z",
			[]string{"W1 final_report conservative: file 2027-02-28T17:00:01Z, computed 2027-02-28T17:00:00Z"}},
		{"outer", "2027-03-01T23:00:00Z", "2027-02-28T23:00:00Z",
			[]string{"W1 final_report outer_reading: file 2027-02-28T23:00:00Z, computed 2027-03-01T23:00:00Z"}},
		{"a clock too few", `      early_warning: "2027-01-29T18:00:00Z"` + "\n", "",
			[]string{"W1 early_warning outer_reading: file none, computed 2027-01-29T18:00:00Z"}},
		{"a clock too many", "outer_reading:\n", "outer_reading:\n      progress_report: \"2027-03-01T23:00:00Z\"\n",
			[]string{"W1 progress_report outer_reading: file 2027-03-01T23:00:00Z, computed none"}},
		{"a target that agrees", "due:\n", `due:
    target: {early_warning: "2027-01-29T17:00:00Z", notification: "2027-01-31T17:00:00Z", final_report: "2027-02-28T17:00:00Z"}` + "\n", nil},
		{"a target that does not", "due:\n", `due:
    target: {early_warning: "2027-01-29T17:00:00Z", notification: "2027-01-31T17:00:00Z", final_report: "2027-02-28T18:00:00Z"}` + "\n",
			[]string{"W1 final_report target: file 2027-02-28T18:00:00Z, computed 2027-02-28T17:00:00Z"}},
		{"a status", "conservative: late", "conservative: on_time",
			[]string{"W1 notification conservative submission: file on_time, computed late"}},
		{"a status of what was not submitted", "notification: {conservative: late, outer_reading: on_time}", "early_warning: {conservative: late}",
			[]string{"W1 early_warning conservative submission: file late, computed none"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := read(t, strings.Replace(vector, test.old, test.new, 1))
			got, err := Check(answers(v), v)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckOfAnotherFile(t *testing.T) {
	one, other := read(t, vector), read(t, strings.Replace(vector, "id: W1", "id: W2", 1))
	got, err := Check(answers(one), other)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"W1: no such vector in the file that is compared with", "W2: no such vector among the facts"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	due, rest, _ := strings.Cut(vector, "  due:")
	_, why, _ := strings.Cut(rest, "  why:")
	noDue := read(t, due+"  why:"+why)
	if got, err = Check(answers(one), noDue); err != nil || len(got) != 1 || got[0] != "W1: the file states no due instants" {
		t.Errorf("got %q, %v for a vector without due", got, err)
	}
}

func TestCheckRefusesBadExpectations(t *testing.T) {
	for old, test := range map[string]struct{ new, want string }{
		"outer_reading:\n":     {"outer:\n", `W.yaml:14: unknown key "outer" of due`},
		"2027-01-29T17:00:00Z": {"2027-01-29T17:00:00", `W.yaml:11: conservative early_warning: "2027-01-29T17:00:00" has no offset`},
		"{conservative: late,": {"{strict: late,", `W.yaml:19: unknown key "strict" of the status of notification`},
		"late, ":               {"1, ", "W.yaml:19: conservative: want a text"},
	} {
		v := read(t, strings.Replace(vector, old, test.new, 1))
		if _, err := Check(answers(v), v); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q in it", test.new, err, test.want)
		}
	}
}

func read(t *testing.T, text string) []Vector {
	t.Helper()
	v, err := ReadVectors("W.yaml", []byte(text), regime.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestReadVectorsRefuses(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown key of a vector", "title:", "titel:", `W.yaml:3: unknown key "titel" of a vector: want one of id, title,`},
		{"unknown fact", "aware_at:", "aware:", `W.yaml:7: unknown key "aware" of in: want one of regimes, entity,`},
		{"unknown key of an overlay", "  in:", "  overlay: {hours: 6}\n  in:", `W.yaml:6: unknown key "hours" of overlay`},
		{"unknown key of its final", "  in:", "  overlay: {final: {unit: days}}\n  in:", `W.yaml:6: unknown key "unit" of final`},
		{"early warning in no hours", "  in:", "  overlay: {early_warning_hours: 0}\n  in:", "W.yaml:6: early_warning_hours: want a whole number"},
		{"early warning in words", "  in:", "  overlay: {early_warning_hours: \"6\"}\n  in:", "W.yaml:6: early_warning_hours: want a whole number"},
		{"unknown start", "  in:", "  overlay: {start: awareness}\n  in:", `W.yaml:6: start: unknown "awareness": want detected`},
		{"unknown rounding", "  in:", "  overlay: {hour_rounding: up}\n  in:", `W.yaml:6: hour_rounding: unknown "up": want none`},
		{"final without number", "  in:", "  overlay: {final: {kind: days}}\n  in:", "W.yaml:6: n is missing from final"},
		{"final of another kind", "  in:", "  overlay: {final: {kind: weeks, n: 2}}\n  in:", `W.yaml:6: kind: unknown "weeks"`},
		{"final from no stage", "  in:", "  overlay: {final: {kind: days, n: 2, anchor: final_report}}\n  in:", `W.yaml:6: overlay: final: no stage "final_report" to count from`},
		{"final from a stage that it lacks", "  in:", "  overlay: {final: {kind: days, n: 2, conservative_anchor: end_of_impact_notification}}\n  in:", `no stage "end_of_impact_notification"`},
		{"clocks of one name", "    aware_at:", "    regimes: [cra_vulnerability, cra_severe_incident]\n    aware_at:", "both have a clock called cra_early_warning"},
		{"merge key", "    aware_at:", "    <<: {}\n    aware_at:", `W.yaml:7: unknown key "<<" of in`},
		{"key twice", "    aware_at:", "    aware_at: x\n    aware_at:", "W.yaml:8: "},
		{"key twice in one line", `due:`, "overlay: {start: detected, start: detected}\n  due:", "W.yaml:9: "},
		{"no id", "- id: W1\n ", "-", "id is missing from the vector"},
		{"empty id", "id: W1", `id: ""`, "W.yaml:2: id is empty"},
		{"no zone", "  tz: Europe/Vienna\n", "", "W.yaml:2: tz is missing from the vector"},
		{"unknown zone", "Europe/Vienna", "Europe/Viena", `W.yaml:5: tz: unknown zone "Europe/Viena"`},
		{"no facts", "aware_at", "handled_at", "vector W1 has neither detected_at nor aware_at"},
		{"facts that are none", "  in:\n", "  in: [\n", "W.yaml:"},
		{"a fact without a value", `"2027-01-28T18:00:00+01:00"`, "", "W.yaml:7: aware_at: want a text"},
		{"a time without offset", "28T18:00:00+01:00", "28T18:00:00", "W.yaml:7: aware_at: "},
		{"a day that does not exist", "2027-01-31T", "2027-02-30T", "W.yaml:8: notification_submitted_at: there is no day 2027-02-30"},
		{"a bad time of another regime", "  due:", "    cra_aware_at: yesterday\n  due:", "W.yaml:9: cra_aware_at: "},
		{"alias", `"2027-01-28T18:00:00+01:00"`, "*other", "W.yaml:7: aware_at: want a text"},
		{"truth", "  due:", "    ongoing_at_final_due: \"yes\"\n  due:", "W.yaml:9: ongoing_at_final_due: want true or false"},
		{"exercise", "  due:", "  exercise: 1\n  due:", "W.yaml:9: exercise: want true or false"},
		{"entity", "  due:", "    entity: bank\n  due:", `W.yaml:9: entity: unknown kind "bank"`},
		{"holidays that are no list", "  due:", "    holidays: 2026-12-25\n  due:", "W.yaml:9: holidays: want a list"},
		{"a holiday that does not exist", "  due:", "    holidays: [\"2027-02-29\"]\n  due:", "W.yaml:9: holidays: there is no day"},
		{"regimes that are no list", "  due:", "    regimes: nis2\n  due:", "W.yaml:9: regimes: want a list"},
		{"the same id twice", vector, vector + vector, `id "W1" is that of the vector on line 2 too`},
		{"a second document", vector, vector + "---" + vector, "has 2 documents"},
		{"an empty file", vector, "", "holds no vectors"},
		{"an empty list", vector, "[]", "holds no vectors"},
		{"one vector that is no list", vector, "id: W1", "holds no vectors"},
		{"a list of words", vector, "- V01", "W.yaml:1: a vector: want a mapping"},
		{"no YAML", vector, "- [", "W.yaml:1: "},
		{"UTF-16", vector, "\xff\xfei\x00d\x00", "holds no vectors"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(vector, test.old, test.new, 1)
			if text == vector {
				t.Fatal("nothing was changed")
			}
			v, err := ReadVectors("W.yaml", []byte(text), regime.Builtin())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %d vectors and error %v, want one line with %q", len(v), err, test.want)
			}
		})
	}
}

// What --facts says nothing of is not looked into.
func TestReadVectorsSkipsWhatIsNotRead(t *testing.T) {
	for _, text := range []string{
		"- {id: W1, tz: UTC, in: {aware_at: 2027-01-28T18:00:00Z}, due: nonsense, submission_status: [], why: , title: 7}",
		"- {id: W1, tz: UTC, in: {aware_at: \"2027-01-28T18:00:00Z\", regimes: [], holidays: []}, member_state: XX}",
	} {
		got := answers(read(t, text))
		if len(got) != 1 || len(got[0].Clocks) != 3 {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestNeeds(t *testing.T) {
	for more, want := range map[string]string{
		"in: {regimes: [nis2, nis2], ":                                "",
		"in: {regimes: [nis2, nis3], ":                                "regime nis3",
		"overlay: {hour_rounding: none}, in: {regimes: [cer, nis4], ": "regime nis4",
		"in: {gdpr_aware_at: \"2027-01-28T18:00:00Z\", ":              "",
	} {
		v := read(t, "- {id: W1, tz: UTC, "+more+"aware_at: \"2027-01-28T18:00:00Z\"}}")
		if got := v[0].Needs; got != want {
			t.Errorf("%s: got needs %q, want %q", more, got, want)
		}
	}
}

// An overlay changes NIS2 and nothing else, and what it does not say stays.
func TestOverlayOfVector(t *testing.T) {
	const facts = "in: {regimes: [nis2, gdpr], detected_at: 2027-01-27T10:10:00Z, aware_at: 2027-01-27T12:10:00Z, " +
		"early_warning_submitted_at: 2027-01-27T13:00:00Z, notification_submitted_at: 2027-01-28T13:00:00Z}}"
	clocks := func(overlay string) map[string]string {
		texts := map[string]string{}
		for _, c := range read(t, "- {id: W1, tz: UTC, "+overlay+facts)[0].Answer().Clocks {
			texts[c.Name] = c.DueAt.Format(time.RFC3339) + " " + c.OuterReadingAt.Format(time.RFC3339)
		}
		return texts
	}
	plain := clocks("")
	for overlay, want := range map[string]map[string]string{
		"{}":                        {},
		"{early_warning_hours: 12}": {"early_warning": "2027-01-28T00:10:00Z 2027-01-28T01:00:00Z"},
		"{start: detected}": {
			"early_warning": "2027-01-28T10:10:00Z 2027-01-28T11:00:00Z", "notification": "2027-01-30T10:10:00Z 2027-01-30T11:00:00Z",
		},
		"{hour_rounding: none}": {
			"early_warning": "2027-01-28T12:10:00Z 2027-01-28T12:10:00Z", "notification": "2027-01-30T12:10:00Z 2027-01-30T12:10:00Z",
		},
		"{end_of_impact_hours: 24}":                          {},
		"{final: {kind: months, n: 2}}":                      {"final_report": "2027-03-28T13:00:00Z 2027-03-30T00:00:00Z"},
		"{final: {kind: days, n: 3}}":                        {"final_report": "2027-01-31T13:00:00Z 2027-02-02T00:00:00Z"},
		"{final: {kind: days, n: 3, anchor: early_warning}}": {"final_report": "2027-01-30T13:00:00Z 2027-02-02T00:00:00Z"},
	} {
		for name, text := range plain {
			if want[name] == "" {
				want[name] = text
			}
		}
		if diff := cmp.Diff(want, clocks("overlay: "+overlay+", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", overlay, diff)
		}
	}
}

// Whatever the bytes, reading ends with an error or with questions that can be answered in full.
func FuzzReadVectors(f *testing.F) {
	f.Add([]byte(vector))
	f.Add([]byte("- {id: W1, tz: UTC, in: {aware_at: 2999-12-31T23:59:59Z, handled_at: 2999-12-31T23:59:59Z, ongoing_at_final_due: true}}"))
	f.Add([]byte("- {id: W1, tz: UTC, overlay: {final: {kind: working_days, n: 30, conservative_anchor: early_warning}}, in: {aware_at: 2026-12-31T23:59:59Z}}"))
	f.Add([]byte("- {id: W1, tz: UTC, in: {regimes: [dora, cer], aware_at: 2026-12-31T23:59:59Z, classified_major_at: 2026-12-31T23:59:59Z}}"))
	f.Add([]byte("- &a {id: a, <<: *a}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ReadVectors("W.yaml", data, regime.Builtin())
		if err != nil {
			return
		}
		for _, a := range answers(v) {
			if len(a.Clocks) == 0 {
				t.Errorf("%s: no clocks", a.ID)
			}
			jsonOf(t, a)
			textOf(t, a)
		}
		if _, err := Check(answers(v), v); err != nil && !strings.Contains(err.Error(), "W.yaml:") {
			t.Errorf("error without a place: %v", err)
		}
	})
}
