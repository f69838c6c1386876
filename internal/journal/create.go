package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

// formatVersion is the value of the "format" key. It names everything the package
// comment says under "Stored format".
const (
	formatName    = "nis2clock-journal/v"
	formatVersion = formatName + "1"
)

var (
	leavesBucket   = []byte("leaves")
	payloadsBucket = []byte("payloads")
	hashesBucket   = []byte("hashes")
	metaBucket     = []byte("meta")

	formatKey = []byte("format")
	headKey   = []byte("head")
)

// create makes an empty journal in dir, key first. The file is written under
// another name, whose lock keeps a second process out, and gets its own when it
// is complete: a journal.db is either not there or a whole journal, at every
// instant. A crash leaves a key without journal.db, which the next create uses.
func create(dir string, o Options) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create journal: %w", err)
	}
	path, newPath := filepath.Join(dir, dbFile), filepath.Join(dir, dbNewFile)
	db, _, err := openDB(newPath, o)
	if errors.Is(err, ErrFormat) || errors.Is(err, ErrDamaged) {
		// Left unfinished by a machine that lost power. It never was a journal.
		if err := os.Remove(newPath); err != nil {
			return fmt.Errorf("create journal: %w", err)
		}
		db, _, err = openDB(newPath, o)
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		// Another process was faster, and has finished.
		return errors.Join(db.Close(), removeIfThere(newPath))
	}
	err = fill(db, dir, o)
	if err == nil {
		err = os.Rename(newPath, path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return errors.Join(fmt.Errorf("create journal: %w", err), removeIfThere(newPath))
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// fill gives the folder a key, if it has none, and writes the empty journal.
func fill(db *bolt.DB, dir string, o Options) error {
	key, err := readKey(dir)
	if errors.Is(err, os.ErrNotExist) {
		if err := noHistory(dir); err != nil {
			return err
		}
		if err := makeKey(dir, o.Name); err != nil {
			return err
		}
		key, err = readKey(dir)
	}
	if err != nil {
		return err
	}
	w, err := readWitness(dir, key.verifier)
	if err != nil {
		return err
	}
	if w != nil && w.Size > 0 {
		return noHistory(dir)
	}
	if err := exportKey(dir, key, false); err != nil {
		return err
	}
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		return err
	}
	msg, err := signHead(key.signer, Head{0, root})
	if err != nil {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		// A crash may have come after this transaction and before the rename.
		for _, name := range [][]byte{leavesBucket, payloadsBucket, hashesBucket, metaBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(metaBucket)
		return errors.Join(meta.Put(formatKey, []byte(formatVersion)), meta.Put(headKey, msg))
	})
}

// noHistory refuses a folder whose witness outlived the journal.
func noHistory(dir string) error {
	path := filepath.Join(dir, checkpointFile)
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s is missing, but %s says that there was a journal: restore it from a backup, or delete %s to begin anew",
		ErrDamaged, filepath.Join(dir, dbFile), checkpointFile, checkpointFile)
}
