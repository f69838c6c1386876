package config

import (
	"fmt"
	"path/filepath"
	"time"

	"nis2clock/internal/slack"
)

// Exercise is what tabletop exercises are set up with.
type Exercise struct {
	// WarnAfter is how old the last exercise with people may become before the
	// service says so; 0 for never.
	WarnAfter time.Duration
	// Slack is the one that an exercise posts to; nil for none. That of the
	// service is never used for one.
	Slack *slack.Config
}

// DefaultWarnAfter is a year: Implementing Regulation (EU) 2024/2690 annex 3.5.5
// and 4.3.4 ask for tests at planned intervals.
const DefaultWarnAfter = 365 * 24 * time.Hour

func (e *Exercise) read(s *section) {
	defer s.close()
	scalar(s, "warn_after", &e.WarnAfter, zeroOr(atLeast(24*time.Hour)))
	if sub, ok := s.section("slack"); ok {
		e.Slack = readExerciseSlack(sub)
	}
}

func readExerciseSlack(s *section) *slack.Config {
	defer s.close()
	c := &slack.Config{BaseURL: slack.DefaultBaseURL, Unknown: slack.AllowUnknown, ConfirmWithin: slack.DefaultConfirmWithin, Mark: slack.DefaultMark}
	var f *field
	if c.Token, f, _ = s.secret("token"); f == nil {
		s.missing("token_file", "name the file that holds the bot token (xoxb-…) of the exercise's app, or write token: ${NAME}")
	}
	c.AppToken, _, _ = s.secret("app_token")
	c.SigningSecret, _, _ = s.secret("signing_secret")
	if !scalar(s, "channel", &c.Channel, parseChannel) {
		s.missing("channel", "give the id of a channel that is for exercises only, such as C024BE91M")
	}
	scalar(s, "url", &c.BaseURL, parseURL)
	return c
}

// LoadExercise reads of a file what an exercise is run with: the law, people,
// classification, clocks, decisions, templates and runbooks, and under exercise
// the ways out of its own. Every other key is left alone, and so are the secrets
// and addresses in them: what is not here cannot be told anything. The ways in
// and out that [Load] fills are nil. The errors are those of [Load].
func LoadExercise(path string, getenv func(string) string) (*Config, error) {
	data, err := readBounded(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("read the config: %w", err)
	}
	r := &reader{name: path, dir: filepath.Dir(path), getenv: getenv}
	c := Default()
	if s, ok := r.document(data); ok {
		c.readForExercise(s)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	c.Warnings = r.notices()
	return c, nil
}

// readForExercise takes the keys that an exercise may know.
func (c *Config) readForExercise(s *section) {
	c.regimes(s)
	c.entities(s)
	c.people(s)
	if sub, ok := s.section("classification"); ok {
		c.classification(sub)
	}
	if sub, ok := s.section("clocks"); ok {
		c.Clocks.read(sub)
	}
	if sub, ok := s.section("decisions"); ok {
		scalar(sub, "second_person", &c.Decisions.SecondPerson, parseBool)
	}
	if sub, ok := s.section("exercise"); ok {
		c.Exercise.read(sub)
	}
	if sub, ok := s.section("reports"); ok {
		c.reports(sub)
	}
	s.folder("runbooks_dir", &c.RunbooksDir)
}
