//go:build linux

package intake

import (
	"encoding/binary"
	"io"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	bolt "go.etcd.io/bbolt"
)

// durableFloor is a handler that does the least that a durable webhook can do
// in this language with these libraries: it reads the body as JSON, puts it
// under the next number into a bbolt file that is synced, in one transaction
// with whatever else waits, and then answers. It decides nothing, hashes
// nothing, signs nothing and keeps nothing in memory.
func durableFloor(b testing.TB) http.Handler {
	b.Helper()
	db, err := bolt.Open(filepath.Join(b.TempDir(), "floor.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	puts := make(chan floorPut, connections)
	stopped := make(chan struct{})
	b.Cleanup(func() {
		close(puts)
		<-stopped
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	go func() {
		defer close(stopped)
		var n uint64
		var batch []floorPut
		for put := range puts {
			batch = append(batch[:0], put)
			for range len(puts) {
				batch = append(batch, <-puts)
			}
			err := db.Update(func(tx *bolt.Tx) error {
				bodies, err := tx.CreateBucketIfNotExists([]byte("bodies"))
				if err != nil {
					return err
				}
				bodies.FillPercent = 1
				for _, put := range batch {
					n++
					if err := bodies.Put(binary.BigEndian.AppendUint64(nil, n), put.body); err != nil {
						return err
					}
				}
				return nil
			})
			for _, put := range batch {
				put.done <- err
			}
		}
	}()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var read struct {
			Alerts []struct {
				Status, StartsAt, EndsAt, GeneratorURL, Fingerprint string
				Labels, Annotations                                 map[string]string
			} `json:"alerts"`
		}
		put := floorPut{done: make(chan error, 1)}
		var err error
		if put.body, err = io.ReadAll(r.Body); err == nil {
			err = json.Unmarshal(put.body, &read, json.MatchCaseInsensitiveNames(true))
		}
		if err == nil {
			puts <- put
			err = <-put.done
		}
		if err != nil || len(read.Alerts) != 1 {
			b.Errorf("%d alerts, %v", len(read.Alerts), err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if _, err := io.WriteString(w, "{}\n"); err != nil {
			b.Error(err)
		}
	})
}

// floorPut is one body on its way to the disk.
type floorPut struct {
	body []byte
	done chan error
}
