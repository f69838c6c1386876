package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nis2clock/internal/regime"
	"nis2clock/internal/report"
	"nis2clock/templates"
)

type templateCmd struct {
	Check   templateCheckCmd   `cmd:"" help:"Read a folder of report templates as the service would at start, and name every mistake."`
	Preview templatePreviewCmd `cmd:"" help:"Render a report of an exercise that never was."`
}

type templateCheckCmd struct {
	Dir string `arg:"" help:"The folder, as in reports.templates_dir."`
}

// specimen is how templates are tried without a service.
func specimen() report.Options {
	return report.Options{Entities: []report.Entity{report.SpecimenEntity()}, Builtin: templates.FS, Law: regime.Builtin()}
}

// Run implements the verb.
func (c *templateCheckCmd) Run(env *Env) error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return usage("%s is no folder", c.Dir)
	}
	o := specimen()
	o.Custom, o.CustomName = os.DirFS(c.Dir), c.Dir
	n, err := report.CheckTemplates(o)
	if err != nil {
		return each(err)
	}
	if n == 0 {
		return fmt.Errorf("%s holds no template: name files after their report, such as early_warning.md", c.Dir)
	}
	fmt.Fprintf(env.Stdout, "%s: %d template files, no mistakes\n", c.Dir, n)
	return nil
}

// each words joined errors one a line, each after the program's name.
func each(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "\nnis2clock: "))
}

type templatePreviewCmd struct {
	Stage string `arg:"" help:"early_warning, notification, …, worksheet, gdpr/notification."`
	Lang  string `help:"Language of the report." default:"en"`
	Dir   string `help:"Folder of templates of your own." placeholder:"DIR"`
	For   string `help:"The stage whose answers a worksheet lists." placeholder:"STAGE"`
	Out   string `short:"o" required:"" help:"The file to write, FILE.pdf or FILE.json." placeholder:"FILE"`
}

// Run implements the verb.
func (c *templatePreviewCmd) Run(env *Env) error {
	o := specimen()
	if c.Dir != "" {
		o.Custom, o.CustomName = os.DirFS(c.Dir), c.Dir
	}
	r, err := report.New(o)
	if err != nil {
		return each(err)
	}
	src, err := report.Specimen()
	if err != nil {
		return err
	}
	out, err := r.Render(report.Request{Stage: c.Stage, Lang: c.Lang, For: c.For}, src, strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Out)), "."))
	if errors.Is(err, report.ErrStage) {
		return usage("%w", err)
	}
	if err != nil {
		return err
	}
	if err := wholeBytes(c.Out, out); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%s (%d bytes)\n", c.Out, len(out))
	return nil
}
