package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"nis2clock/internal/app"
	"nis2clock/internal/config"
	"nis2clock/internal/incident"
)

type serveCmd struct {
	Config    string `help:"Configuration file; none is needed." placeholder:"FILE"`
	Data      string `help:"Data folder (default ./data)." placeholder:"DIR"`
	Listen    string `help:"Address to listen on (default 127.0.0.1:2555)." placeholder:"ADDR"`
	LogLevel  string `name:"log.level" help:"Only log messages of this severity or above." enum:"debug,info,warn,error" default:"info"`
	LogFormat string `name:"log.format" help:"Output format of log messages." enum:"logfmt,json" default:"logfmt"`
}

// load reads the configuration; flags win over it.
func (c *serveCmd) load(env *Env) (*config.Config, error) {
	cfg := config.Default()
	if c.Config != "" {
		var err error
		if cfg, err = config.Load(c.Config, env.Getenv); err != nil {
			return nil, err
		}
	}
	if c.Data != "" {
		cfg.DataDir = c.Data
	}
	if c.Listen != "" {
		cfg.Web.Listen = c.Listen
	}
	return cfg, nil
}

// Run implements the verb: it serves until a signal or ctx ends it.
func (c *serveCmd) Run(ctx context.Context, env *Env) error {
	cfg, err := c.load(env)
	if err != nil {
		return err
	}
	logger := newLogger(env.Stderr, c.LogLevel, c.LogFormat)
	slog.SetDefault(logger)
	for _, w := range cfg.Warnings {
		logger.Warn("Configuration", "warning", w)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	tune := func(percent int) {
		if env.Getenv("GOGC") == "" {
			debug.SetGCPercent(percent)
		}
	}
	// Rebuilding the state from a long journal is a burst of garbage over a
	// growing heap. What it took is given back before the first alert comes.
	tune(300)
	a, err := app.Start(ctx, app.Options{
		Config: cfg, Logger: logger, Version: version(),
		Reload: func() (*config.Config, error) { return c.load(env) },
	})
	tune(100)
	debug.FreeOSMemory()
	if err != nil {
		return err
	}
	for _, f := range a.Created() {
		fmt.Fprintf(env.Stdout, "Created %s (mode 0600)\n", f)
	}
	fmt.Fprintf(env.Stdout, "Sign in within an hour, once: %s\n", a.SignInLink())
	logger.Info("Listening on", "address", a.Addr(), "version", version(), "config", cfg)
	err = wait(ctx, a, logger)
	stop() // a second signal ends the process at once
	return joinLines(err, a.Stop())
}

// wait returns when ctx ends or the service cannot go on; SIGHUP reloads it
// meanwhile.
func wait(ctx context.Context, a *app.App, logger *slog.Logger) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			logger.Info("Stopping", "cause", context.Cause(ctx))
			return nil
		case err := <-a.Failed():
			return err
		case <-hup:
			if err := a.Reload(incident.System); err != nil {
				logger.Error("Not reloaded, the configuration in force stays", "err", err)
				continue
			}
			logger.Info("Configuration reloaded", "by", "SIGHUP")
		}
	}
}

func newLogger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// joinLines joins errors into one line.
func joinLines(errs ...error) error {
	var parts []string
	for _, err := range errs {
		if err != nil {
			parts = append(parts, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(parts, "; "))
}
