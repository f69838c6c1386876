package app

import (
	"os"

	"nis2clock/internal/communication"
	"nis2clock/internal/config"
	"nis2clock/internal/runbook"
	"nis2clock/runbooks"
)

// Runbooks are the folders of runbooks of a configuration, the built-in ones
// first.
func Runbooks(cfg *config.Config) []runbook.Folder {
	folders := []runbook.Folder{{FS: runbooks.FS, Path: "runbooks"}}
	if dir := cfg.RunbooksDir; dir != "" {
		folders = append(folders, runbook.Folder{FS: os.DirFS(dir), Path: dir})
	}
	return folders
}

// Drafts makes what people are told from the templates of a configuration.
func Drafts(cfg *config.Config) (*communication.Drafter, error) {
	e := cfg.Entities[0]
	from := communication.From{Entity: e.LegalName, Authority: e.Authority, Zone: cfg.Zone()}
	if from.Entity == "" && e.Name != config.Default().Entities[0].Name {
		from.Entity = e.Name
	}
	return communication.New(from, templateFolders(cfg)...)
}

// Runbooks are those in force.
func (a *App) Runbooks() *runbook.Library { return a.runbooks.Library() }
