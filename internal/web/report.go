package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
	"nis2clock/internal/report"
)

// report serves one report as STAGE.pdf or STAGE.json, of another regime than
// nis2 as REGIME/STAGE.pdf, and the signature of a PDF as STAGE.pdf.p7s.
func (s *server) report(w http.ResponseWriter, r *http.Request) error {
	file, regime := r.PathValue("file"), r.PathValue("regime")
	if regime != "" {
		regime += "/"
	}
	if stage, ok := strings.CutSuffix(file, ".pdf.p7s"); ok {
		return s.reportSignature(w, r, regime+stage)
	}
	format := strings.TrimPrefix(path.Ext(file), ".")
	if !slices.Contains(report.Formats, format) {
		return errBadRequest{fmt.Errorf("reports are served as STAGE.pdf and STAGE.json (PDF, JSON), not %q", file)}
	}
	q := r.URL.Query()
	req := report.Request{Stage: regime + strings.TrimSuffix(file, path.Ext(file)), Lang: q.Get("lang"), Entity: q.Get("entity"), For: q.Get("for")}
	out, err := s.Report(r.Context(), id(r), req, format)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/"+format)
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", string(id(r))+"-"+strings.ReplaceAll(req.Stage, "/", "-")+"."+format))
	if _, err := w.Write(out); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
	return nil
}

// indicators serves the indicators of compromise for machines.
func (s *server) indicators(w http.ResponseWriter, r *http.Request) error {
	out, err := s.Indicators(id(r))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/stix+json;version=2.1")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", string(id(r))+"-indicators.stix.json"))
	if _, err := w.Write(out); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
	return nil
}

// timelineCSV writes the timeline for a spreadsheet: a head row, then one row
// an entry. A cell that a spreadsheet would run as a formula begins with an
// apostrophe.
func (s *server) timelineCSV(w http.ResponseWriter, id incident.ID, entries []incident.Entry, who access.Identity) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", string(id)+"-timeline.csv"))
	out := csv.NewWriter(w)
	err := out.Write([]string{"seq", "at", "kind", "actor", "via", "summary", "erased"})
	for _, e := range entries {
		if err != nil {
			break
		}
		l := lineOf(e, who)
		err = out.Write([]string{strconv.FormatUint(l.Seq, 10), l.At.UTC().Format(time.RFC3339Nano), l.Kind, noFormula(l.Actor), noFormula(l.Via), noFormula(l.Summary), strconv.FormatBool(l.Erased)})
	}
	if out.Flush(); err == nil {
		err = out.Error()
	}
	if err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
	return nil
}

// noFormula keeps a spreadsheet from running what somebody else wrote.
func noFormula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
