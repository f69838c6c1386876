package cli

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"nis2clock/internal/report"
)

type reportCmd struct {
	remote
	ID     string `arg:"" optional:"" help:"INC-…"`
	Stage  string `arg:"" optional:"" help:"early_warning, notification, final_report, …, worksheet, or of another regime gdpr/notification."`
	Lang   string `help:"Language of the report: en, de, fr, nl, it, es, pl, el or bg; the service's own where none is given (reports.languages, en)."`
	Entity string `help:"For which entity, where there are several." placeholder:"NAME"`
	For    string `help:"The stage whose answers a worksheet lists." placeholder:"STAGE"`
	Out    string `short:"o" help:"The file to write, FILE.pdf or FILE.json." placeholder:"FILE"`
	Schema bool   `help:"Print the JSON Schema of FILE.json; needs no server."`
}

// Run implements the verb.
func (c *reportCmd) Run(ctx context.Context, env *Env) error {
	if c.Schema {
		_, err := env.Stdout.Write(report.Schema)
		return err
	}
	if c.ID == "" || c.Stage == "" || c.Out == "" {
		return usage("say which incident, which report and with -o which file to write; the reports are %s", strings.Join(report.Stages(), ", "))
	}
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Out)), ".")
	if !slices.Contains(report.Formats, format) {
		return usage("-o %s: reports are written as FILE.pdf or FILE.json", c.Out)
	}
	var stage []string
	for part := range strings.SplitSeq(c.Stage, "/") {
		stage = append(stage, url.PathEscape(part))
	}
	q := url.Values{"lang": {c.Lang}}
	for name, v := range map[string]string{"entity": c.Entity, "for": c.For} {
		if v != "" {
			q.Set(name, v)
		}
	}
	name, query := incidentPath(c.ID, "reports/"+strings.Join(stage, "/")+"."+format), "?"+q.Encode()
	out, err := c.call(ctx, env, "GET", name+query, nil)
	if err != nil {
		return err
	}
	if err := wholeBytes(c.Out, out); err != nil {
		return err
	}
	var sig []byte
	if format == "pdf" {
		if sig, err = c.sign(ctx, env, name+".p7s"+query, out); err != nil {
			return err
		}
	}
	done, say := written{File: c.Out, Bytes: int64(len(out))}, fmt.Sprintf("%s (%d bytes)\n", c.Out, len(out))
	if sig != nil {
		done.Signature = c.Out + ".p7s"
		say += fmt.Sprintf("%s (%d bytes)\n", done.Signature, len(sig))
	}
	return c.wrote(env, done, "%s", say)
}
