//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package journal

import "os"

// unlock does nothing where bbolt's lock is of another kind: there it ends with the
// process.
func unlock(*os.File) error { return nil }
