package web

import (
	"fmt"
	"net/http"
	"time"

	"nis2clock/internal/access"
	"nis2clock/internal/incident"
)

// tokenView is an API token as the API shows it: never the token itself.
type tokenView struct {
	Name      string     `json:"name"`
	Role      string     `json:"role"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by"`
	ExpiresAt *time.Time `json:"expires_at"`
	Expired   bool       `json:"expired"`
	// LastUsedAt is null when it was not used since the service started.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// listTokens lists the tokens that were not revoked, oldest first.
func (s *server) listTokens(w http.ResponseWriter, _ *http.Request) error {
	var all []incident.Token
	s.Desk.View(func(st *incident.State) { all = st.Tokens() })
	out := struct {
		Tokens []tokenView `json:"tokens"`
	}{Tokens: []tokenView{}}
	now := s.SignIn.now()
	for _, t := range all {
		if t.Revoked == nil {
			out.Tokens = append(out.Tokens, s.tokenView(t, now))
		}
	}
	return s.write(w, http.StatusOK, out)
}

func (s *server) tokenView(t incident.Token, now time.Time) tokenView {
	v := tokenView{Name: t.Name, Role: t.Role, CreatedAt: t.Created.At, CreatedBy: t.Created.By.Name, Expired: !t.Live(now)}
	if !t.ExpiresAt.IsZero() {
		v.ExpiresAt = &t.ExpiresAt
	}
	if hash, err := access.ParseHash(t.SHA256); err == nil {
		if used := s.Keeper.LastUsed(hash); !used.IsZero() {
			v.LastUsedAt = new(used.UTC())
		}
	}
	return v
}

// createToken makes a token and answers with it: the only time it is shown.
func (s *server) createToken(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name      string    `json:"name"`
		Role      string    `json:"role"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	p, err := read(r, &in)
	if err != nil {
		return err
	}
	role, err := access.ParseRole(in.Role)
	if err != nil {
		return errBadRequest{err}
	}
	if s.Keeper.Reserved(in.Name) {
		return errBadRequest{fmt.Errorf("name %q is that of a token file or of the intake's user: choose another", in.Name)}
	}
	token := access.NewToken()
	cmd := incident.CreateToken{
		Person: p, Name: in.Name, Role: string(role), SHA256: access.HashOf(token).String(), ExpiresAt: in.ExpiresAt, Now: s.SignIn.now(),
	}
	reply, err := s.command(r, cmd)
	if err != nil {
		return err
	}
	return s.write(w, http.StatusCreated, struct {
		tokenView
		Token string `json:"token"`
	}{s.tokenView(reply.(incident.Token), cmd.Now), token})
}

// revokeToken ends a token, and the sessions of who signed in with it.
func (s *server) revokeToken(w http.ResponseWriter, r *http.Request) error {
	p, err := read(r, &struct{}{})
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	if _, err := s.command(r, incident.RevokeToken{Person: p, Name: name}); err != nil {
		return err
	}
	return s.write(w, http.StatusOK, struct {
		Name    string `json:"name"`
		Revoked bool   `json:"revoked"`
	}{name, true})
}
