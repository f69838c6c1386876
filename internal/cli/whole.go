package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// whole writes a file, which is there whole, and on disk, or not at all: what
// lay there before stays until then. It is made beside out and moved there, so
// that out can be no device, pipe or folder.
func whole(out string, write func(io.Writer) error) error {
	if info, err := os.Stat(out); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file that can be replaced: name another", out)
	}
	part := out + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// wholeBytes is whole for a file whose bytes are there already.
func wholeBytes(out string, data []byte) error {
	return whole(out, func(f io.Writer) error {
		_, err := f.Write(data)
		return err
	})
}
