package app

import (
	"os"

	"nis2clock/internal/communication"
	"nis2clock/internal/config"
	"nis2clock/internal/runbook"
	"nis2clock/runbooks"

	"github.com/prometheus/client_golang/prometheus"
)

// Runbooks are the folders of runbooks of a configuration, the built-in ones
// first.
func Runbooks(cfg *config.Config) []runbook.Folder {
	folders := []runbook.Folder{{FS: runbooks.FS, Path: "runbooks", BuiltIn: true}}
	if dir := cfg.RunbooksDir; dir != "" {
		folders = append(folders, runbook.Folder{FS: os.DirFS(dir), Path: dir})
	}
	return folders
}

// Drafts makes what people are told from the templates of a configuration.
func Drafts(cfg *config.Config) (*communication.Drafter, error) {
	e := cfg.Entities[0]
	from := communication.From{Track: e.Name, Entity: e.LegalName, Authority: e.Authority, Zone: cfg.Zone()}
	if from.Entity == "" && e.Name != config.Default().Entities[0].Name {
		from.Entity = e.Name
	}
	return communication.New(from, templateFolders(cfg)...)
}

// openRunbooks reads the runbooks and shows their health.
func (a *App) openRunbooks(reg prometheus.Registerer) (err error) {
	if a.runbooks, err = runbook.Open(Runbooks(a.cfg)...); err != nil {
		return err
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	reg.MustRegister(
		gauge("nis2clock_runbooks_review_overdue", "Runbooks whose review is overdue.", func() float64 { return float64(len(a.Runbooks().Overdue(a.o.Now()))) }),
		gauge("nis2clock_runbooks_refused", "1 while the runbooks in force are older than those on disk, which have a mistake.", func() float64 {
			if a.runbooks.Broken() != nil {
				return 1
			}
			return 0
		}),
	)
	return nil
}

// Runbooks are those in force.
func (a *App) Runbooks() *runbook.Library { return a.runbooks.Library() }
