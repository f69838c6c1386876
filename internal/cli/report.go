package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type reportCmd struct {
	remote
	ID    string `arg:"" help:"INC-…"`
	Stage string `arg:"" help:"early_warning"`
	Lang  string `help:"Language of the report." enum:"en" default:"en"`
	Out   string `short:"o" required:"" help:"The file to write, FILE.pdf." placeholder:"FILE"`
}

// Run implements the verb.
func (c *reportCmd) Run(ctx context.Context, env *Env) error {
	if !strings.EqualFold(filepath.Ext(c.Out), ".pdf") {
		return usage("-o %s: reports are written as FILE.pdf", c.Out)
	}
	pdf, err := c.call(ctx, env, "GET", incidentPath(c.ID, "reports/"+c.Stage+".pdf"), nil)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, pdf, 0o600); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%s (%d bytes)\n", c.Out, len(pdf))
	return c.sign(ctx, env, incidentPath(c.ID, "reports/"+c.Stage+".pdf.p7s"), pdf)
}
