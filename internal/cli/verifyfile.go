package cli

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nis2clock/internal/packet"
	"nis2clock/internal/signature"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// file judges a packet or a report.
func (c *verifyCmd) file(ctx context.Context, env *Env) error {
	if c.Offsite != "" {
		return usage("--offsite belongs to a data folder: give a packet an earlier head of the same journal with --checkpoint")
	}
	if strings.EqualFold(filepath.Ext(c.Path), ".pdf") {
		return c.report(env)
	}
	return c.packet(ctx, env)
}

func (c *verifyCmd) packet(ctx context.Context, env *Env) (err error) {
	given, err := c.options()
	if err != nil {
		return &exitError{2, err}
	}
	o := packet.VerifyOptions{Key: given.Key, Checkpoint: given.Checkpoint, Roots: given.Roots}
	f, err := os.Open(c.Path)
	if err != nil {
		return &exitError{2, err}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return &exitError{2, err}
	}
	v, err := packet.Verify(ctx, f, info.Size(), o)
	if err != nil {
		return &exitError{2, err}
	}
	if c.JSON {
		// Its first keys are those of every verdict; state is its older name.
		err := verdictJSONTo(env, struct {
			Says packet.State `json:"verdict"`
			Path string       `json:"path"`
			packet.Verdict
		}{v.State, c.Path, v})
		if err != nil {
			return err
		}
	} else {
		c.say(env, v)
	}
	switch v.State {
	case packet.Consistent, packet.Anchored:
		return nil
	case packet.Altered:
		return &exitError{code: 1}
	}
	return &exitError{code: 2}
}

// say prints a packet's verdict for a person.
func (c *verifyCmd) say(env *Env, v packet.Verdict) {
	out := env.Stdout
	fmt.Fprintf(out, "%s: %s\n", v.State, c.Path)
	for _, p := range v.Problems {
		where := p.File
		if where == "" {
			where = "the zip file"
		}
		if p.Entry != nil {
			where += fmt.Sprintf(", entry %d", *p.Entry)
		}
		fmt.Fprintf(out, "  %s: %s\n", where, p.What)
	}
	for _, a := range v.Anchors {
		fmt.Fprintf(out, "  anchored by %s\n", a)
	}
	for _, n := range v.Notes {
		fmt.Fprintf(out, "  %s\n", n)
	}
	if v.Incident != "" {
		fmt.Fprintf(out, "  incident         %s, packet for the %s, as of %s\n", v.Incident, v.Profile, v.AsOf.UTC().Format(time.RFC3339))
		fmt.Fprintf(out, "  files            %d\n  entries          %d of a journal of %d\n  left out         %d, each named in manifest.json\n", v.Files, v.Entries, v.Size, v.LeftOut)
	}
	if v.Root != "" {
		fmt.Fprintf(out, "  root             %s\n", v.Root)
	}
	if v.KeyFingerprint != "" {
		fmt.Fprintf(out, "  key fingerprint  %s\n", v.KeyFingerprint)
	}
	if !v.KeyGiven && (v.State == packet.Consistent || v.State == packet.Anchored) {
		fmt.Fprintln(out, "  The key was found inside the packet: this proves consistency, not origin. Compare the fingerprint with the published one, or pass --key.")
	}
}

// signedJSON is the verdict on a report as programs read it. What the
// signature says is empty where there is none that can be read.
type signedJSON struct {
	Verdict     packet.State `json:"verdict"`
	Path        string       `json:"path"`
	Notes       []string     `json:"notes"`
	SignedBy    string       `json:"signed_by"`
	IssuedBy    string       `json:"issued_by"`
	Certificate string       `json:"certificate_sha256"`
	SignedAt    *time.Time   `json:"signed_at"` // as the signer says
	KeyGiven    bool         `json:"key_given"`
}

// report judges a PDF by the signature beside it.
func (c *verifyCmd) report(env *Env) error {
	document, err := os.ReadFile(c.Path)
	if err != nil {
		return &exitError{2, err}
	}
	out := env.Stdout
	sig, err := os.ReadFile(c.Path + ".p7s")
	if errors.Is(err, fs.ErrNotExist) {
		why := fmt.Sprintf("There is no signature beside it: put %s.p7s there, or verify the packet that holds it.", filepath.Base(c.Path))
		if c.JSON {
			if err := verdictJSONTo(env, signedJSON{Verdict: packet.CannotTell, Path: c.Path, Notes: []string{why}}); err != nil {
				return err
			}
		} else {
			fmt.Fprintf(out, "cannot tell: %s\n  %s\n", c.Path, why)
		}
		return &exitError{code: 2}
	}
	if err != nil {
		return &exitError{2, err}
	}
	var trusted []*x509.Certificate
	if c.Key != "" {
		if trusted, err = certificates(c.Key); err != nil {
			return &exitError{2, err}
		}
	}
	s, err := signature.Verify(document, sig, trusted)
	if c.JSON {
		v := signedJSON{Verdict: packet.Consistent, Path: c.Path, SignedBy: s.By, IssuedBy: s.Issuer, Certificate: s.Fingerprint, KeyGiven: trusted != nil}
		if err != nil {
			v.Verdict, v.Notes = packet.Altered, []string{err.Error()}
		}
		if !s.At.IsZero() {
			v.SignedAt = new(s.At.UTC())
		}
		if printErr := verdictJSONTo(env, v); printErr != nil {
			return printErr
		}
		if err != nil {
			return &exitError{code: 1}
		}
		return nil
	}
	if err != nil {
		fmt.Fprintf(out, "altered: %s\n  %s.p7s: %v\n", c.Path, filepath.Base(c.Path), err)
	} else {
		fmt.Fprintf(out, "consistent: %s\n", c.Path)
	}
	if s.By != "" {
		fmt.Fprintf(out, "  signed by        %s\n  issued by        %s\n  certificate      SHA-256 %s\n", s.By, s.Issuer, s.Fingerprint)
	}
	if !s.At.IsZero() {
		fmt.Fprintf(out, "  signed at        %s, as the signer says\n", s.At.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return &exitError{code: 1}
	}
	if trusted == nil {
		fmt.Fprintln(out, "  The certificate came with the signature: this proves consistency, not origin. Compare its SHA-256, or pass --key with the signer's certificate.")
	}
	return nil
}

func verdictJSONTo(env *Env, v any) error {
	if err := json.MarshalWrite(env.Stdout, v, jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := fmt.Fprintln(env.Stdout)
	return err
}

// certificates reads a PEM file.
func certificates(path string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificates: %w", err)
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s holds something else than certificates", path)
		}
		out = append(out, cert)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return out, nil
}
