package tabletop

import (
	"context"
	"io/fs"
	"os"

	"nis2clock/internal/tabletop/scorecard"
	"nis2clock/internal/tabletop/writeup"
)

// WriteUp renders the write-up of what was recorded so far, and signs its PDF
// where the configuration has a certificate for reports; sig is nil otherwise.
func (x *Exercise) WriteUp(ctx context.Context) (f writeup.Files, card scorecard.Scorecard, sig []byte, err error) {
	e, err := x.Record(ctx)
	if err != nil {
		return f, card, nil, err
	}
	var last *scorecard.Scorecard
	if x.o.Last != nil {
		last = &x.o.Last.Scorecard
	}
	card = x.score(e, last)
	x.mu.Lock()
	src := writeup.Source{Scenario: x.o.Scenario, Exercise: e, Scorecard: card, Approval: x.rec.approval, Custom: custom(x.o.Config.TemplatesDir)}
	x.mu.Unlock()
	if f, err = writeup.Render(src); err != nil {
		return f, card, nil, err
	}
	sig, err = x.app.Sign(f.PDF)
	return f, card, sig, err
}

// custom is the folder of the house's own templates; nil for none.
func custom(dir string) fs.FS {
	if dir == "" {
		return nil
	}
	return os.DirFS(dir)
}
