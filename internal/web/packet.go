package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/packet"

	"filippo.io/age"
)

// Approval is which report somebody approves, and why.
type Approval struct {
	Entity string `json:"entity"`
	Stage  string `json:"stage"`
	Lang   string `json:"lang"`
	// Size is the journal size at the foot of the draft that was read; 0 is the
	// newest one.
	Size   uint64 `json:"journal_size"`
	Reason string `json:"reason"`
}

// ReportName is which report somebody wants: in the service's language, of the first entity that
// owes it, unless they say. For is the stage that a worksheet is about.
type ReportName struct{ Stage, Lang, Entity, For string }

// PacketRequest is which packet somebody wants.
type PacketRequest struct {
	Profile    packet.Profile
	Entity     string // whose authority it is for; empty for all of the incident
	Langs      []string
	Recipients []age.Recipient // none leaves it plain
}

func (s *server) approve(w http.ResponseWriter, r *http.Request) error {
	var in Approval
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	if in.Stage == "" {
		return errBadRequest{errors.New("say which report is approved: stage")}
	}
	who, _ := access.From(r.Context())
	cmd, err := s.Freeze(r.Context(), p, string(who.Role), id(r), in)
	if err != nil {
		return err
	}
	return s.do(w, r, http.StatusOK, cmd)
}

// reportSignature serves the detached signature of a report.
func (s *server) reportSignature(w http.ResponseWriter, r *http.Request, stage string) error {
	q := r.URL.Query()
	sig, err := s.Signature(r.Context(), id(r), ReportName{Stage: stage, Lang: q.Get("lang"), Entity: q.Get("entity"), For: q.Get("for")})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/pkcs7-signature")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", string(id(r))+"-"+strings.ReplaceAll(stage, "/", "-")+".pdf.p7s"))
	if _, err := w.Write(sig); err != nil {
		s.Logger.Debug("Answer not sent", "err", err)
	}
	return nil
}

// packet serves the incident's packet. It changes nothing of the incident, and
// leaves an entry of who took what, before the first byte of it.
func (s *server) packet(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	profile, err := packet.ProfileOf(q.Get("profile"))
	if err != nil {
		return errBadRequest{err}
	}
	if profile.Name == packet.Auditor {
		if err := may(r, access.MayAudit); err != nil {
			return err
		}
	}
	req := PacketRequest{Profile: profile, Entity: q.Get("entity"), Langs: commas(q["lang"])}
	if req.Recipients, err = packet.ParseRecipients(q["recipient"]); err != nil {
		return errBadRequest{err}
	}
	write, err := s.Packet(r.Context(), actor(r), id(r), req)
	if err != nil {
		return err
	}
	name, kind := string(id(r))+"-"+profile.Name+".zip", "application/zip"
	if len(req.Recipients) > 0 {
		name, kind = name+".age", "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	// The bound on reading a request would end its context in the middle of a long
	// answer.
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
		s.Logger.Debug("A packet that takes long may be cut", "err", err)
	}
	if err := write(r.Context(), w); err != nil {
		s.Logger.Error("Packet not sent whole", "incident", string(id(r)), "err", err)
		panic(http.ErrAbortHandler) // the status is out: only a cut connection says that this is no packet
	}
	return nil
}

// commas are the values of a repeated parameter, of which each may be a list.
func commas(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}
