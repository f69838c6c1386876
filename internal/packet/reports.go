package packet

import (
	"context"
	"fmt"
	"strings"
)

// reports puts in the reports that the recipient sees.
func (b *builder) reports(context.Context) error {
	m := &b.out.manifest
	left := 0
	taken := map[string]bool{}
	for _, r := range b.src.Reports {
		if !b.profile.Shows(r.Stage) {
			left++
			continue
		}
		version, what := "draft", "a DRAFT that nobody has approved"
		f := ReportFile{Stage: r.Stage, Lang: r.Lang, Entity: r.Entity}
		if a := r.Approval; a != nil {
			version, what = fmt.Sprintf("v%d", a.Version), fmt.Sprintf("version %d, approved by %s (%s) at %s", a.Version, a.ApprovedBy, a.Role, instant(a.ApprovedAt))
			f.Version, f.Entry, f.ApprovedBy = new(a.Version), new(a.Entry), new(a.ApprovedBy)
		}
		f.File = fmt.Sprintf("reports/%s.%s.%s.pdf", plain(r.Stage), plain(r.Lang), version)
		if taken[f.File] { // the same report of another entity
			f.File = fmt.Sprintf("reports/%s.%s.%s.%s.pdf", plain(r.Stage), plain(r.Lang), plain(r.Entity), version)
		}
		if taken[f.File] {
			return fmt.Errorf("there are two reports %s", f.File)
		}
		taken[f.File] = true
		b.add(f.File, title(r.Stage)+" in "+r.Lang+": "+what, r.PDF)
		if r.Signature != nil {
			f.Signature = new(f.File + ".p7s")
			b.add(*f.Signature, "its detached signature (CMS)", r.Signature)
		}
		m.Reports = append(m.Reports, f)
	}
	if left > 0 {
		m.LeftOut = append(m.LeftOut, LeftOut{What: fmt.Sprintf("%d reports", left), Why: b.profile.ReportsWhy})
	}
	return nil
}

// plain is a name as part of a file's name.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '-'
	}, s)
}

// title is a stage in words.
func title(stage string) string {
	law, name, ok := strings.Cut(stage, "/")
	if !ok {
		law, name = "nis2", stage
	}
	return strings.ToUpper(strings.ReplaceAll(law, "_", " ")) + " " + strings.ReplaceAll(name, "_", " ")
}
