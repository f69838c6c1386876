package backup

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

const (
	version      = "nis2clock-backup/v1"
	formatName   = "format"
	pubName      = "journal.pub"
	segmentDir   = "journal/"
	segmentEnd   = ".segment"
	vaultDir     = "vault/"
	manifestName = "manifest.json"
)

// Bounds of what is read into memory, in bytes.
const (
	segmentBytes = 4 << 20  // of entries, after which a segment ends
	maxSegment   = 64 << 20 // one more entry of the largest payload fits
	maxSmall     = 64 << 10
	maxManifest  = 1 << 30
)

// ErrDamaged is returned by [Restore] for a file that is not a whole backup: cut
// short, altered, or never one. Nothing was installed.
var ErrDamaged = errors.New("not a whole backup")

// Manifest is the last file of a backup.
type Manifest struct {
	Format  string `json:"format"`
	Entries uint64 `json:"entries"` // of the journal
	Root    string `json:"root"`    // of its tree, base64
	// Files are all others, in their order.
	Files []File `json:"files"`
}

// File is one file of a backup.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // in bytes
	SHA256 string `json:"sha256"` // lower-case hex
}

func segmentName(from, to uint64) string {
	return fmt.Sprintf("%s%012d-%012d%s", segmentDir, from, to, segmentEnd)
}

// isSegment reports whether name is one that segmentName returns.
func isSegment(name string) bool {
	if path.Dir(name)+"/" != segmentDir {
		return false
	}
	first, last, ok := strings.Cut(strings.TrimSuffix(path.Base(name), segmentEnd), "-")
	from, err1 := strconv.ParseUint(first, 10, 63)
	to, err2 := strconv.ParseUint(last, 10, 63)
	return ok && err1 == nil && err2 == nil && segmentName(from, to) == name
}
