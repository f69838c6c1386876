package cli

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"nis2clock/internal/holidays"
	"nis2clock/internal/regime"
)

// Version is set at link time (-ldflags "-X nis2clock/internal/cli.Version=…");
// otherwise it is read from the build.
var Version string

type versionCmd struct{}

// Run implements the verb.
func (versionCmd) Run(env *Env) error {
	law := regime.Builtin()
	fmt.Fprintf(env.Stdout, "nis2clock %s\n", version())
	fmt.Fprintf(env.Stdout, "  go              %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, r := range law.Regimes() {
		fmt.Fprintf(env.Stdout, "  regime %-19s version %s, reviewed %s\n", r.ID, r.Version, r.Reviewed)
	}
	fmt.Fprintf(env.Stdout, "  regime data     %s, %d Member States\n", law.Digest(), len(law.States()))
	fmt.Fprintf(env.Stdout, "  holidays        reviewed %s\n", holidays.Builtin().Reviewed())
	fmt.Fprintf(env.Stdout, "  time-zone data  %s\n", zoneData())
	return nil
}

func version() string {
	if Version != "" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = "commit " + s.Value[:min(12, len(s.Value))]
		}
	}
	if v == "" {
		v = "(devel)"
	}
	return v
}

// zoneData says where the time-zone rules come from: the system's, which Go
// prefers, or those in the program.
func zoneData() string {
	if dir := os.Getenv("ZONEINFO"); dir != "" {
		return "from ZONEINFO=" + dir
	}
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"} {
		if _, err := os.Stat(filepath.Join(dir, "Europe", "Brussels")); err != nil {
			continue
		}
		if v := zoneVersion(dir); v != "" {
			return v + " (" + dir + ")"
		}
		return "of unknown version (" + dir + ")"
	}
	return "embedded, of " + runtime.Version()
}

// zoneVersion reads the version from the tzdata source most systems install.
func zoneVersion(dir string) string {
	f, err := os.Open(filepath.Join(dir, "tzdata.zi"))
	if err != nil {
		return ""
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	if sc.Scan() {
		if v, ok := strings.CutPrefix(sc.Text(), "# version "); ok {
			return v
		}
	}
	return ""
}
