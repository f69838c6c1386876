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

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Version is set at link time (-ldflags "-X nis2clock/internal/cli.Version=…");
// otherwise it is read from the build.
var Version string

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// versionJSON is what the program and its data are.
type versionJSON struct {
	Version      string          `json:"version"`
	Go           string          `json:"go"`
	Platform     string          `json:"platform"`
	Regimes      []regimeVersion `json:"regimes"`
	RegimeData   string          `json:"regime_data"` // digest of all of it
	MemberStates int             `json:"member_states"`
	Holidays     string          `json:"holidays_reviewed"`
	TimeZoneData string          `json:"time_zone_data"`
}

type regimeVersion struct {
	ID       regime.ID `json:"id"`
	Version  string    `json:"version"`
	Reviewed string    `json:"reviewed"`
}

// Run implements the verb.
func (c versionCmd) Run(env *Env) error {
	law := regime.Builtin()
	v := versionJSON{
		Version: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, RegimeData: law.Digest(), MemberStates: len(law.States()),
		Holidays: holidays.Builtin().Reviewed().String(), TimeZoneData: zoneData(),
	}
	for _, r := range law.Regimes() {
		v.Regimes = append(v.Regimes, regimeVersion{r.ID, r.Version, r.Reviewed})
	}
	if c.JSON {
		raw, err := json.Marshal(v, jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "%s\n", raw)
		return err
	}
	fmt.Fprintf(env.Stdout, "nis2clock %s\n", v.Version)
	fmt.Fprintf(env.Stdout, "  go              %s %s\n", v.Go, v.Platform)
	for _, r := range v.Regimes {
		fmt.Fprintf(env.Stdout, "  regime %-19s version %s, reviewed %s\n", r.ID, r.Version, r.Reviewed)
	}
	fmt.Fprintf(env.Stdout, "  regime data     %s, %d Member States\n", v.RegimeData, v.MemberStates)
	fmt.Fprintf(env.Stdout, "  holidays        reviewed %s\n", v.Holidays)
	fmt.Fprintf(env.Stdout, "  time-zone data  %s\n", v.TimeZoneData)
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
