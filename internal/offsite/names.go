package offsite

import (
	"fmt"
	"strconv"
	"strings"
)

// Names of objects; the package comment says what each holds.
const (
	pubKey         = "journal/journal.pub"
	signerKey      = "journal/journal.key.age"
	segmentDir     = "journal/segments/"
	checkpointDir  = "journal/checkpoints/"
	vaultDir       = "vault/"
	maxSegment     = 64 << 20 // bytes, decoded: a segment's limit and one more entry fit
	maxSmallObject = 64 << 10
)

func segmentKey(from, to uint64, suffix string) string {
	return fmt.Sprintf("%s%020d-%020d%s", segmentDir, from, to, suffix)
}

func checkpointKey(size uint64) string { return fmt.Sprintf("%s%020d", checkpointDir, size) }

// parseSegment reads a name that segmentKey made; false for another.
func parseSegment(key string) (from, to uint64, ok bool) {
	name, ok := strings.CutPrefix(key, segmentDir)
	if !ok || len(name) < 41 {
		return 0, 0, false
	}
	from, err1 := strconv.ParseUint(name[:20], 10, 64)
	to, err2 := strconv.ParseUint(name[21:41], 10, 64)
	if err1 != nil || err2 != nil || from >= to {
		return 0, 0, false
	}
	for _, suffix := range []string{".zst", ".zst.age"} {
		if key == segmentKey(from, to, suffix) {
			return from, to, true
		}
	}
	return 0, 0, false
}
