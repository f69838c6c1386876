package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"nis2clock/internal/incident"
	"nis2clock/internal/report"
	"nis2clock/internal/signature"
	"nis2clock/internal/web"
)

// newSigner reads the certificate that reports are signed with; nil for none.
func (a *App) newSigner() (*signature.Signer, error) {
	if a.cfg.Signing == nil {
		return nil, nil
	}
	return signature.New(*a.cfg.Signing)
}

// Freeze makes the final bytes of a report as it now stands, without a draft's
// mark and with the approver's name, signs them and puts them into the vault. The
// command approves them by their digests. From there on they are read, never
// rendered again: another version of the program or of a template could draw
// them differently.
//
// An approval that is refused leaves bytes in the vault that nothing names.
func (a *App) Freeze(ctx context.Context, by incident.Person, role string, id incident.ID, req web.Approval) (incident.ApproveReport, error) {
	src, err := a.source(ctx, id)
	if err != nil {
		return incident.ApproveReport{}, err
	}
	cmd := incident.ApproveReport{
		Person: by, ID: id, Entity: req.Entity, Stage: req.Stage, Lang: a.lang(req.Lang), Role: role,
		Size: src.Journal.Size, At: a.o.Now().UTC().Truncate(time.Second), Reason: req.Reason,
	}
	if req.Size != 0 && req.Size != src.Journal.Size {
		return cmd, fmt.Errorf("%w: %s has changed since the draft you name (journal size %d, now %d): read the new draft, then approve it",
			incident.ErrRefused, id, req.Size, src.Journal.Size)
	}
	src.Approval = &report.Approval{By: by.By.Name, Role: role, At: cmd.At}
	pdf, err := a.draw(web.ReportName{Stage: req.Stage, Lang: cmd.Lang, Entity: req.Entity}, src)
	if err != nil {
		return cmd, err
	}
	if cmd.SHA256, cmd.Stored, err = a.keep(pdf); err != nil || a.signer == nil {
		return cmd, err
	}
	sig, err := a.signer.Sign(pdf)
	if err != nil {
		return cmd, err
	}
	cmd.Signature, cmd.SignatureStored, err = a.keep(sig)
	return cmd, err
}

// keep puts bytes into the vault and returns their digest once they are durable,
// and that of their file where it is encrypted.
func (a *App) keep(data []byte) (digest, stored string, err error) {
	d, err := a.vault.Create()
	if err != nil {
		return "", "", err
	}
	if _, err := d.Write(data); err != nil {
		return "", "", errors.Join(err, d.Discard())
	}
	info, err := d.Commit()
	if info.Encrypted {
		stored = info.Stored
	}
	return info.Digest, stored, err
}

// kept reads bytes from the vault.
func (a *App) kept(digest string) (data []byte, err error) {
	r, err := a.vault.Open(digest)
	if err != nil {
		return nil, err
	}
	data, err = io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// version is an approved version of a report.
type version struct {
	incident.ApprovalView
	pdf, sig []byte // sig is nil where there is none
}

// frozen reads the approved version of a report, where there is one and nothing
// was recorded since that a new draft would show.
func (a *App) frozen(id incident.ID, req web.ReportName) (v version, ok bool, err error) {
	if req.For != "" { // a worksheet about another stage
		return v, false, nil
	}
	a.desk.View(func(s *incident.State) {
		i, known := s.Incident(id)
		if !known {
			return
		}
		reg, stage := incident.SplitStage(req.Stage)
		last, found := i.Approval(i.Reporting(req.Entity, req.Stage), reg, stage, a.lang(req.Lang))
		if ok = found && last.Size == i.Revision; ok {
			v.ApprovalView = last.View()
		}
	})
	if ok {
		err = a.read(&v)
	}
	return v, ok, err
}

// read fills in an approved version's bytes.
func (a *App) read(v *version) (err error) {
	if v.pdf, err = a.kept(v.SHA256); err == nil && v.Signature != nil {
		v.sig, err = a.kept(*v.Signature)
	}
	if err != nil {
		return fmt.Errorf("version %d of the %s: %w", v.Version, v.Stage, err)
	}
	return nil
}

// Signature is the detached signature of a report as it now stands. That of a draft
// is made anew each time.
func (a *App) Signature(ctx context.Context, id incident.ID, req web.ReportName) ([]byte, error) {
	req.Lang = a.lang(req.Lang)
	v, ok, err := a.frozen(id, req)
	switch {
	case err != nil:
		return nil, err
	case ok && v.sig != nil:
		return v.sig, nil
	case ok || a.signer == nil:
		return nil, fmt.Errorf("%w: this report is not signed; reports.signing in the config names a certificate", report.ErrStage)
	}
	pdf, err := a.newest(ctx, id, req)
	if err != nil {
		return nil, err
	}
	return a.signer.Sign(pdf)
}
