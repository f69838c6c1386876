package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// Info describes an artefact in the vault.
type Info struct {
	Digest string // of the plain bytes, lower-case hex SHA-256
	Stored string // of the bytes in the file, the same when they are plain

	// Size counts the plain bytes; [Draft.Commit] and Verify, where they are read,
	// fill it in. It is 0 where only the file is known.
	Size       int64
	StoredSize int64 // bytes in the file

	Compressed bool // with zstd
	Encrypted  bool // with age, outside the compression
}

// Path is where the artefact lies below the vault's folder, with slashes. It
// says everything about the artefact but its sizes; [ParsePath] reads it.
func (i Info) Path() string {
	name := i.Digest
	if i.Compressed || i.Encrypted {
		name += "." + i.Stored
	}
	if i.Compressed {
		name += ".zst"
	}
	if i.Encrypted {
		name += ".age"
	}
	return path.Join(sealedDir, i.Digest[:2], name)
}

// ParsePath is the inverse of [Info.Path]. It accepts exactly what that can
// return, and otherwise returns [ErrForeign].
func ParsePath(name string) (Info, error) {
	rest := path.Base(name)
	var i Info
	rest, i.Encrypted = strings.CutSuffix(rest, ".age")
	rest, i.Compressed = strings.CutSuffix(rest, ".zst")
	var two bool
	if i.Digest, i.Stored, two = strings.Cut(rest, "."); !two {
		i.Stored = i.Digest
	}
	if !isDigest(i.Digest) || !isDigest(i.Stored) || i.Path() != name {
		return Info{}, fmt.Errorf("%.300q: %w", name, ErrForeign)
	}
	return i, nil
}

// isDigest reports whether s is a SHA-256 in lower-case hex.
func isDigest(s string) bool {
	if len(s) != hex.EncodedLen(sha256.Size) {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
