package runbook

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/classify"
	"nis2clock/internal/yamlfile"

	"github.com/prometheus/common/model"
)

// fence is the line before the front matter and after it.
const fence = "---"

// head is the front matter as it is written.
type head struct {
	Title       yamlfile.On[string]
	Owner       yamlfile.On[string]
	Reviewed    yamlfile.On[string]
	ReviewEvery yamlfile.On[string] `yaml:"review_every"`
	Matches     yamlfile.On[struct {
		Categories []yamlfile.On[string]
		Alerts     []yamlfile.On[string]
		Labels     map[string]yamlfile.On[string]
		Every      yamlfile.On[bool]
	}]
}

// split cuts the file after its front matter. above is the number of lines
// before the body; ok is false where there is no front matter.
func split(file string) (front, body string, above int, ok bool) {
	lines := strings.SplitAfter(file, "\n")
	if strings.TrimRight(lines[0], "\r\n") != fence {
		return "", "", 0, false
	}
	for n := 1; n < len(lines); n++ {
		if strings.TrimRight(lines[n], "\r\n") == fence {
			// A line for the first fence, so that the decoder counts as the file does.
			return "\n" + strings.Join(lines[1:n], ""), strings.Join(lines[n+1:], ""), n + 1, true
		}
	}
	return "", "", 0, false
}

// front reads the front matter into the runbook.
func (r *Runbook) front(text string, m *yamlfile.Mistakes) error {
	var h head
	if err := yamlfile.Decode(r.File, []byte(text), &h); err != nil {
		return err
	}
	need := func(f yamlfile.On[string], name, mend string) string {
		if strings.TrimSpace(f.Value) == "" {
			m.Refuse(f.Line, "%s is missing: %s", name, mend)
		}
		return strings.TrimSpace(f.Value)
	}
	r.Title, r.Owner = need(h.Title, "title", "say what it is for"), need(h.Owner, "owner", "say who keeps it true")
	if day := need(h.Reviewed, "reviewed", "give the day somebody last went through it, such as 2026-11-16"); day != "" {
		var err error
		if r.Reviewed, err = time.Parse(time.DateOnly, day); err != nil {
			m.Refuse(h.Reviewed.Line, "reviewed: %q is not a day such as 2026-11-16", day)
		}
	}
	if every := need(h.ReviewEvery, "review_every", "say how long a review holds, such as 26w"); every != "" {
		d, err := model.ParseDuration(every)
		if err != nil || d <= 0 {
			m.Refuse(h.ReviewEvery.Line, "review_every: %q is not a length of time such as 26w", every)
		}
		r.ReviewEvery = time.Duration(d)
	}
	r.Matches.Every = h.Matches.Value.Every.Value
	for _, c := range h.Matches.Value.Categories {
		cat, err := classify.ParseCategory(c.Value)
		if err != nil {
			m.Refuse(c.Line, "matches.categories: %w", err)
		}
		r.Matches.Categories = append(r.Matches.Categories, cat)
	}
	pattern := func(f yamlfile.On[string], name string) string {
		if _, err := path.Match(f.Value, ""); err != nil || f.Value == "" {
			m.Refuse(f.Line, "%s: %q is not a pattern such as Backup*", name, f.Value)
		}
		return f.Value
	}
	for _, a := range h.Matches.Value.Alerts {
		r.Matches.Alerts = append(r.Matches.Alerts, pattern(a, "matches.alerts"))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Matches.Value.Labels)) {
		if r.Matches.Labels == nil {
			r.Matches.Labels = map[string]string{}
		}
		r.Matches.Labels[name] = pattern(h.Matches.Value.Labels[name], "matches.labels."+name)
	}
	return nil
}
