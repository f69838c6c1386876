package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
)

// This file reads a bbolt file without bbolt, for Verify. bbolt maps the file into
// memory and trusts it: a damaged page makes it panic, fault, loop or allocate
// without bound, and parts of a page it never looks at could say anything. A
// pageFile trusts nothing. It reads each page at most once and checks all that bbolt would rely on.
//
// Layout (bbolt format 2, in the byte order of the machine that wrote it):
//
//	page      id u64, flags u16, count u16, overflow u32, then count elements
//	branch    element: pos u32, ksize u32, page u64       → key
//	leaf      element: flags u32, pos u32, ksize u32, vsize u32 → key value
//	meta      magic u32, version u32, pageSize u32, flags u32, root u64,
//	          sequence u64, freelist u64, pages u64, txid u64, FNV-1a of these u64
//	freelist  page ids u64; when count is 0xFFFF the first is their number
//	bucket    value of a leaf element with flag 1: root u64, sequence u64, and when
//	          root is 0 the bucket's only page
//
// pos counts from the element itself. Keys and values lie one behind the other in
// the order of their elements.
const (
	pageHeaderSize  = 16
	elementSize     = 16
	metaSize        = 64
	branchFlag      = 0x01
	leafFlag        = 0x02
	metaFlag        = 0x04
	freelistFlag    = 0x10
	bucketFlag      = 0x01
	boltMagic       = 0xED0CDAED
	boltVersion     = 2
	minPageSize     = 1 << 10
	maxPageSize     = 1 << 24
	maxPageRun      = 8 * MaxPayload // bytes; a node of our own entries is smaller
	countInFirst    = 0xFFFF
	maxTreeDepth    = 64
	freelistMissing = ^uint64(0)
)

var order = binary.NativeEndian

// errNotBolt says that neither meta page is that of a bbolt file.
var errNotBolt = errors.New("it is not a bbolt file")

// A pageFile is a bbolt file as its newest valid meta page describes it.
type pageFile struct {
	r        io.ReaderAt
	size     int64 // of the file, bytes
	pageSize int64
	nPages   uint64 // pages that the file has given out, the two meta pages included
	root     uint64 // page of the bucket of buckets
	freelist uint64
	used     []uint64 // bit set of the pages read so far
	badMeta  []error  // what is wrong with a meta page that is not used
}

type boltMeta struct {
	pageSize             uint32
	root, sequence       uint64
	freelist, pages, txn uint64
}

// openPages reads the meta pages of a file of size bytes.
func openPages(r io.ReaderAt, size int64) (*pageFile, error) {
	first, err0 := readBoltMeta(r, 0, 0)
	pageSize := int64(first.pageSize)
	var second boltMeta
	err1 := errNotBolt
	if err0 == nil {
		second, err1 = readBoltMeta(r, pageSize, 1)
	} else {
		// The page size stands in the damaged page: look for the second one.
		for pageSize = minPageSize; pageSize <= maxPageSize && err1 != nil; pageSize <<= 1 {
			if m, err := readBoltMeta(r, pageSize, 1); err == nil && int64(m.pageSize) == pageSize {
				second, err1 = m, nil
				break
			}
		}
	}
	f := &pageFile{r: r, size: size, pageSize: pageSize}
	m := first
	switch {
	case err0 != nil && err1 != nil:
		return nil, fmt.Errorf("%w: %w", errNotBolt, err0)
	case err0 != nil:
		m = second
		f.badMeta = append(f.badMeta, fmt.Errorf("page 0: %w", err0))
	case err1 != nil:
		f.badMeta = append(f.badMeta, fmt.Errorf("page 1: %w", err1))
	case second.txn > first.txn:
		m = second
	}
	f.nPages, f.root, f.freelist = m.pages, m.root, m.freelist
	if m.sequence != 0 {
		return nil, errors.New("its bucket of buckets has a sequence number")
	}
	if f.nPages < 4 || f.nPages > uint64(size/pageSize) {
		return f, fmt.Errorf("it is cut short: %d bytes of %d", size, f.nPages*uint64(pageSize))
	}
	f.used = make([]uint64, f.nPages/64+1)
	f.use(0)
	f.use(1)
	return f, nil
}

// readBoltMeta reads the meta page with the given id at offset at.
func readBoltMeta(r io.ReaderAt, at int64, id uint64) (boltMeta, error) {
	var b [pageHeaderSize + metaSize]byte
	if _, err := r.ReadAt(b[:], at); err != nil {
		return boltMeta{}, fmt.Errorf("meta page cannot be read: %w", err)
	}
	m := b[pageHeaderSize:]
	sum := fnv.New64a()
	if _, err := sum.Write(m[:metaSize-8]); err != nil {
		return boltMeta{}, err
	}
	switch {
	case order.Uint32(m) != boltMagic:
		return boltMeta{}, errors.New("meta page does not begin with bbolt's magic number")
	case order.Uint32(m[4:]) != boltVersion:
		return boltMeta{}, fmt.Errorf("meta page is of bbolt format %d", order.Uint32(m[4:]))
	case order.Uint64(m[metaSize-8:]) != sum.Sum64():
		return boltMeta{}, errors.New("meta page does not match its checksum")
	case order.Uint64(b[:]) != id || order.Uint16(b[8:]) != metaFlag || order.Uint16(b[10:]) != 0 || order.Uint32(b[12:]) != 0:
		return boltMeta{}, errors.New("meta page has another header")
	}
	v := boltMeta{
		pageSize: order.Uint32(m[8:]),
		root:     order.Uint64(m[16:]), sequence: order.Uint64(m[24:]),
		freelist: order.Uint64(m[32:]), pages: order.Uint64(m[40:]), txn: order.Uint64(m[48:]),
	}
	if v.txn%2 != id {
		return boltMeta{}, fmt.Errorf("meta page belongs to transaction %d, which writes the other one", v.txn)
	}
	if v.pageSize < minPageSize || v.pageSize > maxPageSize || v.pageSize&(v.pageSize-1) != 0 {
		return boltMeta{}, fmt.Errorf("meta page gives a page size of %d", v.pageSize)
	}
	return v, nil
}

// use marks a page and reports whether it was free to mark.
func (f *pageFile) use(id uint64) bool {
	word, bit := &f.used[id/64], uint64(1)<<(id%64)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

// readPage reads the run of pages that begins with id into buf, which may be grown.
func (f *pageFile) readPage(id uint64, buf []byte) ([]byte, error) {
	if id < 2 || id >= f.nPages {
		return buf, fmt.Errorf("page %d: there is no such page", id)
	}
	// Most runs are one page: it is read with its header.
	buf = slices.Grow(buf[:0], int(f.pageSize))[:f.pageSize]
	if _, err := f.r.ReadAt(buf, int64(id)*f.pageSize); err != nil {
		return buf, fmt.Errorf("page %d: %w", id, err)
	}
	if got := order.Uint64(buf); got != id {
		return buf, fmt.Errorf("page %d: it says that it is page %d", id, got)
	}
	n := uint64(order.Uint32(buf[12:])) + 1
	if n > f.nPages-id || n*uint64(f.pageSize) > maxPageRun {
		return buf, fmt.Errorf("page %d: it says that it is %d pages long", id, n)
	}
	for i := range n {
		if !f.use(id + i) {
			return buf, fmt.Errorf("page %d: it is used twice", id+i)
		}
	}
	if n == 1 {
		return buf, nil
	}
	buf = slices.Grow(buf, int(n-1)*int(f.pageSize))[:int(n)*int(f.pageSize)]
	if _, err := f.r.ReadAt(buf[f.pageSize:], int64(id+1)*f.pageSize); err != nil {
		return buf, fmt.Errorf("page %d: %w", id, err)
	}
	return buf, nil
}

// A bucketRef is where a bucket's tree begins.
type bucketRef struct {
	root   uint64
	inline []byte // the only page, when root is 0
}

// buckets lists the top level of the file, where only buckets are expected.
func (f *pageFile) buckets() (map[string]bucketRef, error) {
	refs := map[string]bucketRef{}
	c := f.cursor(bucketRef{root: f.root})
	for {
		name, value, flags, err := c.next()
		if err != nil {
			return refs, err
		}
		if name == nil {
			return refs, nil
		}
		if flags != bucketFlag || len(value) < 16 {
			return refs, fmt.Errorf("%.40q is not a bucket", name)
		}
		if order.Uint64(value[8:]) != 0 {
			return refs, fmt.Errorf("bucket %.40q has a sequence number", name)
		}
		ref := bucketRef{root: order.Uint64(value)}
		if ref.root == 0 {
			ref.inline = bytes.Clone(value[16:])
		} else if len(value) != 16 {
			return refs, fmt.Errorf("bucket %.40q has %d bytes too many", name, len(value)-16)
		}
		refs[string(name)] = ref
	}
}

// account checks the freelist, once every tree has been read: each page must be in
// exactly one tree, or be the freelist's, or be free. A free page that is in use
// would be written over.
func (f *pageFile) account() error {
	if f.freelist == freelistMissing {
		return errors.New("it has no list of free pages")
	}
	buf, err := f.readPage(f.freelist, nil)
	if err != nil {
		return fmt.Errorf("list of free pages: %w", err)
	}
	if flags := order.Uint16(buf[8:]); flags != freelistFlag {
		return fmt.Errorf("list of free pages: page %d is of another type, %#x", f.freelist, flags)
	}
	count, ids := uint64(order.Uint16(buf[10:])), buf[pageHeaderSize:]
	if count == countInFirst {
		count, ids = order.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("list of free pages: page %d cannot hold %d numbers", f.freelist, count)
	}
	for i := range count {
		id := order.Uint64(ids[8*i:])
		if id < 2 || id >= f.nPages {
			return fmt.Errorf("list of free pages: there is no page %d", id)
		}
		if !f.use(id) {
			return fmt.Errorf("list of free pages: page %d is free and in use, or named twice", id)
		}
	}
	for id := uint64(2); id < f.nPages; id++ {
		if f.use(id) {
			return fmt.Errorf("list of free pages: page %d is neither free nor in use", id)
		}
	}
	return nil
}
