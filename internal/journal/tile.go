package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is the height of a tile in the C2SP tlog-tiles form: a full one has
// 256 hashes.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// ErrTile is returned by [ParseTile] for what is not the path of a tile.
var ErrTile = errors.New("not the path of a tile")

// A Tile names a part of the log in the C2SP tlog-tiles form
// (https://c2sp.org/tlog-tiles), from which anybody can compute every proof.
type Tile struct {
	// Entries is true for a bundle of leaves; Level is 0 then.
	Entries bool
	Level   int    // 0 to 63; level 0 holds record hashes
	N       uint64 // counts the tiles of a level from the left
	Width   int    // 1 to 256; 256 is a full tile
}

// String is the path below /tile/, as [ParseTile] reads it.
func (t Tile) String() string {
	var b strings.Builder
	if t.Entries {
		b.WriteString("entries")
	} else {
		b.WriteString(strconv.Itoa(t.Level))
	}
	digits := strconv.FormatUint(t.N, 10)
	digits = strings.Repeat("0", (3-len(digits)%3)%3) + digits
	for ; len(digits) > 3; digits = digits[3:] {
		b.WriteString("/x" + digits[:3])
	}
	b.WriteString("/" + digits)
	if t.Width < tileWidth {
		fmt.Fprintf(&b, ".p/%d", t.Width)
	}
	return b.String()
}

// ParseTile reads a path such as 0/x001/067, 1/000.p/5 or entries/000. It accepts
// exactly what [Tile.String] can return.
func ParseTile(path string) (Tile, error) {
	bad := fmt.Errorf("%w: %.80q", ErrTile, path)
	t := Tile{Width: tileWidth}
	level, rest, _ := strings.Cut(path, "/")
	var err error
	if t.Entries = level == "entries"; !t.Entries {
		if t.Level, err = strconv.Atoi(level); err != nil || t.Level < 0 || t.Level > 63 {
			return Tile{}, bad
		}
	}
	rest, width, partial := strings.Cut(rest, ".p/")
	if partial {
		if t.Width, err = strconv.Atoi(width); err != nil || t.Width < 1 || t.Width >= tileWidth {
			return Tile{}, bad
		}
	}
	if t.N, err = strconv.ParseUint(strings.ReplaceAll(strings.ReplaceAll(rest, "/", ""), "x", ""), 10, 63); err != nil || t.String() != path {
		return Tile{}, bad
	}
	return t, nil
}

// Tile returns a tile: its hashes, 32 bytes each, or its leaves, each behind its
// length as a big-endian uint16. The error is [ErrRange] for one that the log has not
// grown to.
func (s *Store) Tile(t Tile) (data []byte, err error) {
	// The shift is by 504 at most, which leaves nothing.
	hashes := s.Head().Size >> (tileHeight * t.Level)
	if t.Width < 1 || t.Width > tileWidth || t.Level < 0 || t.N > hashes/tileWidth || t.N*tileWidth+uint64(t.Width) > hashes {
		return nil, fmt.Errorf("tile %s: %w: level %d has %d hashes", t, ErrRange, t.Level, hashes)
	}
	if t.Entries {
		data, err = s.bundle(t.N*tileWidth, t.Width)
	} else {
		data, err = tlog.ReadTileData(tlog.Tile{H: tileHeight, L: t.Level, N: int64(t.N), W: t.Width}, s)
	}
	if err != nil {
		return nil, fmt.Errorf("tile %s: %w", t, err)
	}
	return data, nil
}

// bundle is n leaves from from on.
func (s *Store) bundle(from uint64, n int) (data []byte, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(leavesBucket).Cursor()
		key, leaf := c.Seek(binary.BigEndian.AppendUint64(nil, from))
		for seq := from; seq < from+uint64(n); seq++ {
			if len(key) != 8 || binary.BigEndian.Uint64(key) != seq {
				return fmt.Errorf("%w: entry %d is missing", ErrDamaged, seq)
			}
			data = binary.BigEndian.AppendUint16(data, uint16(len(leaf))) // MaxName keeps it short
			data = append(data, leaf...)
			key, leaf = c.Next()
		}
		return nil
	})
	return data, err
}
