package journal

import (
	"fmt"
	"runtime/debug"
)

// guard runs f and turns a panic, or a fault on a page that is not there, into
// ErrDamaged: that is how bbolt meets a damaged file, which it maps into memory.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	return f()
}
