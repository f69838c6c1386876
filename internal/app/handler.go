package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/desk"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/intake"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/report"
	"nis2clock/internal/slack"
	"nis2clock/internal/web"
	"nis2clock/templates"

	"github.com/prometheus/client_golang/prometheus"
)

// vendorTimeout bounds a call to a vendor.
const vendorTimeout = 10 * time.Second

// makeChannels makes the configured ways out, the pager first.
func (a *App) makeChannels() ([]dispatch.Channel, error) {
	var out []dispatch.Channel
	if c := a.cfg.PagerDuty; c != nil {
		out = append(out, pagerduty.New(*c, &http.Client{Timeout: vendorTimeout}))
	}
	if c := a.cfg.Slack; c != nil {
		cfg := *c
		cfg.Zone, cfg.People = a.cfg.Zone(), a.cfg.People
		ch, err := slack.New(cfg, &http.Client{Timeout: vendorTimeout})
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	return out, nil
}

// handler makes the HTTP side and the parts that run by themselves.
func (a *App) handler(reg *prometheus.Registry) (http.Handler, error) {
	keep, err := a.openVault()
	if err != nil {
		return nil, err
	}
	a.condemned = newCondemned(keep, a.cfg.DataDir)
	if n, err := a.settle(context.Background()); err != nil {
		a.o.Logger.Error("Content of the vault that an erasure left behind could not be removed", "err", err)
	} else if n > 0 {
		a.o.Logger.Info("Removed content of the vault that an erasure left behind", "files", n)
	}
	if err := a.startOffsite(reg, keep); err != nil {
		return nil, err
	}
	in := intake.New(intake.Options{
		Desk: a.desk, Vault: keep, Keeper: a.keeper, Classify: a.cfg.Classification, MaxBody: a.cfg.Intake.MaxBody,
		Now: a.o.Now, Logger: a.o.Logger, Register: reg,
	})
	readBack, err := a.newReadBack(in)
	if err != nil {
		return nil, err
	}
	a.background(readBack.Run, "read-back")
	if a.reconcile, err = a.newReconcile(in, reg); err != nil {
		return nil, err
	}
	a.background(a.reconcile.Run, "reconcile")
	a.dispatch = dispatch.New(dispatch.Options{
		Desk: a.desk, Channels: a.channels, Install: a.install(), Logger: a.o.Logger, Register: reg,
		PageURL: func(id incident.ID) string {
			if id == "" {
				return a.URL() + "/"
			}
			return a.URL() + "/incidents/" + string(id)
		},
	})
	interactions, err := a.slackHandler(reg)
	if err != nil {
		return nil, err
	}
	a.signIn = web.NewSignIn(a.keeper, time.Now, strings.HasPrefix(a.cfg.Web.ExternalURL, "https:") || a.cfg.Web.TLS != nil, a.o.Logger)
	return web.New(web.Options{
		Desk: a.desk, Journal: a.store, Keeper: a.keeper, SignIn: a.signIn, Intake: in, Slack: interactions,
		Report: a.Report, Erase: a.Erase, Retention: a.cfg.Retention.RetentionPolicy, Runbooks: a.Runbooks, Drafts: a.drafts,
		Ready: a.ready, Reload: a.Reload, Zone: a.cfg.Zone(), Logger: a.o.Logger, Gatherer: reg,
	}), nil
}

// renderer parses the report templates.
func (a *App) renderer() (*report.Renderer, error) {
	e := a.cfg.Entities[0]
	entity := report.Entity{
		Name: e.LegalName, NationalID: e.NationalID, Address: e.Address, Sector: e.Sector, Class: strings.ReplaceAll(string(e.Class), "_", " "),
		MemberState: e.MemberState, Authority: e.Authority, Contact: report.Contact(e.Contact),
	}
	if entity.Name == "" && e.Name != config.Default().Entities[0].Name {
		entity.Name = e.Name
	}
	return report.New(entity, a.cfg.Zone(), templateFolders(a.cfg)...)
}

// templateFolders are the built-in templates and those that replace them.
func templateFolders(cfg *config.Config) []fs.FS {
	folders := []fs.FS{templates.FS}
	if cfg.TemplatesDir != "" {
		folders = append(folders, os.DirFS(cfg.TemplatesDir))
	}
	return folders
}

// Report makes one report as of the incident's last entry about content.
func (a *App) Report(ctx context.Context, id incident.ID, stage string) ([]byte, error) {
	var src report.Source
	known := false
	a.desk.View(func(s *incident.State) {
		var i *incident.Incident
		if i, known = s.Incident(id); known {
			src.Incident = i.View(i.UpdatedAt)
			src.Journal.Size = i.Revision
		}
	})
	if !known {
		return nil, fmt.Errorf("%w: %s", incident.ErrUnknown, id)
	}
	if src.Incident.Erased {
		return nil, fmt.Errorf("%w: %s was erased: there is nothing to report on", incident.ErrRefused, id)
	}
	entries, err := desk.Entries(ctx, a.desk, a.store, id)
	if err != nil {
		return nil, err
	}
	src.Entries = slices.DeleteFunc(entries, func(e incident.Entry) bool { return e.Seq >= src.Journal.Size })
	root, err := a.store.Root(src.Journal.Size)
	if err != nil {
		return nil, err
	}
	src.Journal.Root, src.Journal.Key = root.String(), a.store.VerifierKey()
	return a.report.PDF(stage, src)
}

// Reload takes over new tokens, runbooks and the reminders of the configuration file. What
// else changed takes effect at the next start, and is named. by is who asks for
// it, and is recorded with what it changes.
func (a *App) Reload(by incident.Actor) error {
	if err := errors.Join(a.reloadTokens(), a.runbooks.Reload()); err != nil {
		return err
	}
	if a.o.Reload == nil {
		return nil
	}
	next, err := a.o.Reload()
	if err != nil {
		return err
	}
	if waits := changed(*a.cfg, *next); len(waits) > 0 {
		a.o.Logger.Warn("These settings take effect at the next start", "settings", waits)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	_, err = a.desk.Do(ctx, incident.AdoptPolicy{By: by, Policy: a.policy(next)})
	return err
}

// changed names the settings that differ and are not taken over while running.
func changed(a, b config.Config) []string {
	var out []string
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for n := range va.NumField() {
		name := va.Type().Field(n).Name
		same := reflect.DeepEqual(va.Field(n).Interface(), vb.Field(n).Interface())
		if name == "Classification" { // compiled rules differ where what they say does not
			same = a.Classification.Equal(b.Classification)
		}
		if name != "Clocks" && name != "Warnings" && !same {
			out = append(out, name)
		}
	}
	return out
}

func parseURLs(list []string) ([]*url.URL, error) {
	var out []*url.URL
	for _, s := range list {
		u, err := url.Parse(s)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}
