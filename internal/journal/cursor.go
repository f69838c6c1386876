package journal

import (
	"bytes"
	"fmt"
)

// A cursor yields the keys and values of one bucket of a [pageFile] in order and checks
// on the way that they are in order, that each page holds what its parent says, and
// that nothing points outside its page.
type cursor struct {
	file  *pageFile
	ref   bucketRef
	begun bool
	err   error
	stack []frame // from the bucket's root to the present leaf page
	spare [][]byte
	last  []byte // key yielded last
	some  bool   // one has been yielded
}

// A frame is a page of which the cursor has read the elements up to next.
type frame struct {
	buf         []byte
	id          uint64
	leaf        bool
	next, count int
	at          int    // where the key of next has to lie
	low, high   []byte // keys are in [low, high); nil is no bound
}

func (f *pageFile) cursor(ref bucketRef) *cursor {
	return &cursor{file: f, ref: ref}
}

// next returns the next key with its value and element flags, and a nil key at the
// end. They are valid until the next call. After an error there is only that error.
func (c *cursor) next() (key, value []byte, flags uint32, err error) {
	if c.err == nil {
		key, value, flags, c.err = c.step()
	}
	return key, value, flags, c.err
}

func (c *cursor) step() (key, value []byte, flags uint32, err error) {
	if !c.begun {
		c.begun = true
		if err := c.begin(); err != nil {
			return nil, nil, 0, err
		}
	}
	for len(c.stack) > 0 {
		top := &c.stack[len(c.stack)-1]
		if top.next == top.count {
			c.spare = append(c.spare, top.buf)
			c.stack = c.stack[:len(c.stack)-1]
			continue
		}
		if top.leaf {
			return c.leafElement(top)
		}
		if err := c.descend(top); err != nil {
			return nil, nil, 0, err
		}
	}
	return nil, nil, 0, nil
}

func (c *cursor) begin() error {
	if c.ref.root != 0 {
		return c.enter(c.ref.root, nil, nil)
	}
	if len(c.ref.inline) < pageHeaderSize || order.Uint64(c.ref.inline) != 0 || order.Uint32(c.ref.inline[12:]) != 0 ||
		order.Uint16(c.ref.inline[8:]) != leafFlag {
		return fmt.Errorf("page inside its parent is malformed")
	}
	return c.push(frame{buf: c.ref.inline})
}

// enter reads a page and makes it the top of the stack.
func (c *cursor) enter(id uint64, low, high []byte) error {
	if len(c.stack) == maxTreeDepth {
		return fmt.Errorf("page %d: the tree is more than %d pages deep", id, maxTreeDepth)
	}
	var buf []byte
	if n := len(c.spare); n > 0 {
		buf, c.spare = c.spare[n-1], c.spare[:n-1]
	}
	buf, err := c.file.readPage(id, buf)
	if err != nil {
		return err
	}
	return c.push(frame{buf: buf, id: id, low: low, high: high})
}

func (c *cursor) push(f frame) error {
	f.count = int(order.Uint16(f.buf[10:]))
	switch flags := order.Uint16(f.buf[8:]); flags {
	case leafFlag:
		f.leaf = true
	case branchFlag:
		if f.count == 0 {
			return fmt.Errorf("page %d: it has no children", f.id)
		}
	default:
		return fmt.Errorf("page %d: it is of another type, %#x", f.id, flags)
	}
	f.at = pageHeaderSize + f.count*elementSize
	if f.at > len(f.buf) {
		return fmt.Errorf("page %d: it cannot hold %d elements", f.id, f.count)
	}
	c.stack = append(c.stack, f)
	return nil
}

// data returns the n bytes that belong to the present element, which must lie right
// behind those of the element before.
func (f *frame) data(pos uint32, n uint64) ([]byte, error) {
	element := pageHeaderSize + f.next*elementSize
	if int64(element)+int64(pos) != int64(f.at) || n > uint64(len(f.buf)-f.at) {
		return nil, fmt.Errorf("page %d: element %d points to bytes that are not its own", f.id, f.next)
	}
	b := f.buf[f.at : f.at+int(n)]
	f.at += int(n)
	f.next++
	return b, nil
}

func (c *cursor) leafElement(f *frame) (key, value []byte, flags uint32, err error) {
	e := f.buf[pageHeaderSize+f.next*elementSize:]
	flags = order.Uint32(e)
	pos, ksize, vsize := order.Uint32(e[4:]), order.Uint32(e[8:]), order.Uint32(e[12:])
	b, err := f.data(pos, uint64(ksize)+uint64(vsize))
	if err != nil {
		return nil, nil, 0, err
	}
	key, value = b[:ksize:ksize], b[ksize:]
	if ksize == 0 || c.some && bytes.Compare(key, c.last) <= 0 || bytes.Compare(key, f.low) < 0 || f.high != nil && bytes.Compare(key, f.high) >= 0 {
		return nil, nil, 0, fmt.Errorf("page %d: key %.40x is out of order", f.id, key)
	}
	c.last, c.some = append(c.last[:0], key...), true
	return key, value, flags, nil
}

// descend enters the next child of a branch page.
func (c *cursor) descend(f *frame) error {
	e := f.buf[pageHeaderSize+f.next*elementSize:]
	pos, ksize, child := order.Uint32(e), order.Uint32(e[4:]), order.Uint64(e[8:])
	key, err := f.data(pos, uint64(ksize))
	if err != nil {
		return err
	}
	high := f.high
	if f.next < f.count { // peek at the next sibling's key; data checks it in its turn
		e := f.buf[pageHeaderSize+f.next*elementSize:]
		n := uint64(order.Uint32(e[4:]))
		if n > uint64(len(f.buf)-f.at) {
			return fmt.Errorf("page %d: element %d points to bytes that are not its own", f.id, f.next)
		}
		high = f.buf[f.at : f.at+int(n)]
	}
	if ksize == 0 || bytes.Compare(key, f.low) < 0 || high != nil && bytes.Compare(key, high) >= 0 {
		return fmt.Errorf("page %d: child %.40x is out of order", f.id, key)
	}
	return c.enter(child, key, high)
}
