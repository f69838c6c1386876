package slackfake

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// channelName is what Slack takes for one.
var channelName = regexp.MustCompile(`^[\p{Ll}\p{N}_-]{1,80}$`)

// Room is a private channel that was made by somebody.
type Room struct {
	ID, Name string
	Members  []string // without the app, in the order they came
	Archived bool
}

// Rooms are those there are, archived ones too, by name.
func (s *Server) Rooms() []Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Room
	for id, c := range s.channels {
		if c.name != "" {
			members := slices.DeleteFunc(slices.Clone(c.members), func(u string) bool { return u == userID })
			out = append(out, Room{ID: id, Name: c.name, Members: members, Archived: c.archived})
		}
	}
	slices.SortFunc(out, func(a, b Room) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// TakeName makes a private channel of that name, of somebody else and without
// the app.
func (s *Server) TakeName(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[s.nextChannel()] = &channel{name: name, creator: "U0OTHER", members: []string{"U0OTHER"}}
}

// Join brings somebody into a channel, as one of its members might.
func (s *Server) Join(id, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[id].members = append(s.channels[id].members, user)
}

func (s *Server) nextChannel() string { return fmt.Sprintf("C0ROOM%d", len(s.channels)) }

// made is a channel as Slack shows it.
type made struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Creator  string `json:"creator"`
	Private  bool   `json:"is_private"`
	Archived bool   `json:"is_archived"`
}

func (s *Server) show(id string) made {
	c := s.channels[id]
	return made{id, c.name, c.creator, true, c.archived}
}

type withChannel struct {
	answer
	Channel made `json:"channel"`
}

func (s *Server) createRoom(r *http.Request) (any, *Message) {
	name := r.PostForm.Get("name")
	switch {
	case name == "":
		return refuse("invalid_name_required"), nil
	case len([]rune(name)) > 80:
		return refuse("invalid_name_maxlength"), nil
	case !channelName.MatchString(name):
		return refuse("invalid_name_specials"), nil
	case !isTrue(r, "is_private"):
		return answer{Error: "missing_scope", Needed: "channels:manage"}, nil
	}
	for _, c := range s.channels {
		if c.name == name { // an archived channel keeps its name
			return refuse("name_taken"), nil
		}
	}
	id := s.nextChannel()
	s.channels[id] = &channel{joined: true, name: name, creator: userID, members: []string{userID}}
	return withChannel{answer{OK: true}, s.show(id)}, nil
}

// room is a channel that the app can do something with.
func (s *Server) room(r *http.Request) (*channel, string) {
	c, word := s.conversation(r)
	if word == "" && c.name == "" {
		return nil, "method_not_supported_for_channel_type"
	}
	return c, word
}

func (s *Server) invite(r *http.Request) (any, *Message) {
	c, word := s.room(r)
	if word != "" {
		return refuse(word), nil
	}
	users := strings.Split(r.PostForm.Get("users"), ",")
	for _, u := range users {
		switch {
		case u == "":
			return refuse("no_user"), nil
		case u == userID:
			return refuse("cant_invite_self"), nil
		case len(s.cfg.Users) > 0 && !slices.Contains(s.cfg.Users, u):
			return refuse("user_not_found"), nil
		case slices.Contains(c.members, u):
			return refuse("already_in_channel"), nil
		}
	}
	c.members = append(c.members, users...)
	return withChannel{answer{OK: true}, s.show(r.PostForm.Get("channel"))}, nil
}

func (s *Server) kick(r *http.Request) (any, *Message) {
	c, word := s.room(r)
	user := r.PostForm.Get("user")
	switch {
	case word != "":
		return refuse(word), nil
	case user == userID:
		return refuse("cant_kick_self"), nil
	case !slices.Contains(c.members, user):
		return refuse("not_in_channel"), nil
	}
	c.members = slices.DeleteFunc(c.members, func(u string) bool { return u == user })
	return answer{OK: true}, nil
}

func (s *Server) archive(r *http.Request) (any, *Message) {
	c, word := s.room(r)
	if word == "is_archived" {
		word = "already_archived"
	}
	if word != "" {
		return refuse(word), nil
	}
	c.archived = true
	return answer{OK: true}, nil
}

// members lists one to a page, so that whoever reads only the first page shows.
func (s *Server) members(r *http.Request) (any, *Message) {
	c, word := s.room(r)
	if word != "" {
		return refuse(word), nil
	}
	page, next := paged(c.members, r.PostForm.Get("cursor"))
	return struct {
		answer
		Members []string `json:"members"`
		Next    cursor   `json:"response_metadata"`
	}{answer{OK: true}, page, next}, nil
}

func (s *Server) joinedRooms(r *http.Request) (any, *Message) {
	if r.PostForm.Get("types") != "private_channel" {
		return answer{Error: "missing_scope", Needed: "channels:read"}, nil
	}
	var mine []made
	for _, id := range slices.Sorted(maps.Keys(s.channels)) {
		c := s.channels[id]
		if c.name != "" && c.joined && !(c.archived && isTrue(r, "exclude_archived")) {
			mine = append(mine, s.show(id))
		}
	}
	page, next := paged(mine, r.PostForm.Get("cursor"))
	return struct {
		answer
		Channels []made `json:"channels"`
		Next     cursor `json:"response_metadata"`
	}{answer{OK: true}, page, next}, nil
}

type cursor struct {
	Next string `json:"next_cursor"`
}

// paged is the item that the cursor, as many dashes as items went before,
// points at.
func paged[T any](all []T, from string) ([]T, cursor) {
	n := len(from)
	if n >= len(all) {
		return []T{}, cursor{}
	}
	next := cursor{}
	if n+1 < len(all) {
		next.Next = strings.Repeat("-", n+1)
	}
	return all[n : n+1], next
}

// SetUsers replaces who is in the workspace.
func (s *Server) SetUsers(users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Users = users
}
