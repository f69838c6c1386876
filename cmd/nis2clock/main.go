// Command nis2clock starts NIS2 reporting clocks from Prometheus alerts, pages
// the incident commander and renders the reports the law asks for.
package main

import (
	"context"
	"os"
	"time"
	_ "time/tzdata" // a minimal image has no zone files

	"nis2clock/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], &cli.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now}))
}
