package app

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"nis2clock/internal/config"
	"nis2clock/internal/custody"
	"nis2clock/internal/dispatch"
	"nis2clock/internal/incident"
	"nis2clock/internal/intake"
	"nis2clock/internal/mail"
	"nis2clock/internal/opsgenie"
	"nis2clock/internal/pagerduty"
	"nis2clock/internal/people"
	"nis2clock/internal/slack"
	"nis2clock/internal/web"
	"nis2clock/internal/webhookout"
	"nis2clock/templates"

	"github.com/prometheus/client_golang/prometheus"
)

// vendorTimeout bounds a call to a vendor.
const vendorTimeout = 10 * time.Second

// vendor is a client for the calls to vendors.
func (a *App) vendor() *http.Client {
	return &http.Client{Timeout: vendorTimeout, Transport: a.o.Transport}
}

// makeChannels makes the configured ways out, the pagers first.
func (a *App) makeChannels(from *config.Config) ([]dispatch.Channel, error) {
	var out []dispatch.Channel
	if c := from.PagerDuty; c != nil {
		out = append(out, pagerduty.New(*c, a.vendor()))
	}
	if c := from.Opsgenie; c != nil {
		ch, err := opsgenie.New(*c, a.vendor())
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	if c := from.Slack; c != nil {
		cfg := *c
		cfg.Zone, cfg.People = a.cfg.Zone(), a.cfg.People
		ch, err := slack.New(cfg, a.vendor())
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
		if c.Rooms {
			out = append(out, slack.NewRooms(ch, cfg))
		}
	}
	if c := from.Mail; c != nil {
		out = append(out, mail.New(*c, a.addresses, a.pageURL))
	}
	if c := from.Webhook; c != nil {
		out = append(out, webhookout.New(*c, a.vendor(), time.Now))
	}
	if a.o.Exercise != nil {
		a.o.Exercise.drills(out)
	}
	return out, nil
}

// addresses are those of the person of that name and of who stands in for them
// now.
func (a *App) addresses(name string) (out []string) {
	all := a.cfg.People.Deputies(name, time.Now())
	if p, ok := a.cfg.People.Named(name); ok {
		all = append([]people.Person{p}, all...)
	}
	for _, p := range all {
		if p.Email != "" {
			out = append(out, p.Email)
		}
	}
	return out
}

// named reports whether the configuration names a person so.
func (a *App) named(name string) bool {
	_, ok := a.cfg.People.Named(name)
	return ok
}

// handler makes the HTTP side and the parts that run by themselves.
func (a *App) handler(reg *prometheus.Registry) (http.Handler, error) {
	keep, err := a.openVault()
	if err != nil {
		return nil, err
	}
	a.vault = keep
	if a.signer, err = a.newSigner(); err != nil {
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
	if err := a.startEvidence(reg, keep); err != nil {
		return nil, err
	}
	if err := a.startStamps(reg); err != nil {
		return nil, err
	}
	in := intake.New(intake.Options{
		Desk: a.desk, Vault: keep, Keeper: a.keeper, Classify: a.cfg.Classification, MaxBody: a.cfg.Intake.MaxBody,
		Now: a.o.Now, Logger: a.o.Logger, Register: reg,
	})
	a.intake = in
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
		PageURL: a.pageURL, Until: a.until(),
	})
	interactions, err := a.slackHandler(reg)
	if err != nil {
		return nil, err
	}
	pager, err := a.pagerHandler(reg)
	if err != nil {
		return nil, err
	}
	a.startOnCall()
	a.startBackups(reg)
	a.signIn = web.NewSignIn(a.keeper, time.Now, strings.HasPrefix(a.cfg.Web.ExternalURL, "https:") || a.cfg.Web.TLS != nil, a.o.Logger)
	return web.New(web.Options{
		Desk: a.desk, Journal: a.store, Keeper: a.keeper, SignIn: a.signIn, Intake: in, Slack: interactions, PagerDuty: pager,
		Locker: &custody.Locker{Desk: a.desk, Vault: keep, Now: time.Now},
		Report: a.Render, Signature: a.Signature, Indicators: a.Indicators, Freeze: a.Freeze, Packet: a.Packet, Backup: a.Backup, Erase: a.Erase, Retention: a.cfg.Retention.RetentionPolicy,
		Runbooks: a.Runbooks, Drafts: a.drafts,
		Ready: a.ready, PageURL: a.pageURL, OnCall: a.onCall, Named: a.named, Reload: a.Reload, Zone: a.cfg.Zone(), Zones: a.cfg.Zones(), Logger: a.o.Logger, Gatherer: a.gatherer(reg), Exercise: a.board(), ExerciseEvery: a.cfg.Exercise.WarnAfter,
	}), nil
}

// pageURL is the address of an incident's page; of the service without one.
func (a *App) pageURL(id incident.ID) string {
	if id == "" {
		return a.URL() + "/"
	}
	return a.URL() + "/incidents/" + string(id)
}

// templateFolders are the built-in templates and those that replace them.
func templateFolders(cfg *config.Config) []fs.FS {
	folders := []fs.FS{templates.FS}
	if cfg.TemplatesDir != "" {
		folders = append(folders, os.DirFS(cfg.TemplatesDir))
	}
	return folders
}

// Reload takes over new tokens, runbooks, and the reminders and the secrets of
// the ways out of the configuration file. What else changed takes effect at the
// next start, and is named. by is who asks for it, and is recorded with what it
// changes.
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
	if err := a.renew(next); err != nil {
		return err
	}
	a.secretsRead(nil)
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
