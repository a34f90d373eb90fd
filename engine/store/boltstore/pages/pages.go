package pages

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// The form of bbolt's pages, in bytes: the head of a page, of an element of a
// branch and of a leaf, and of a bucket. It has not changed since 2014.
const (
	pageHead   = 8 + 2 + 2 + 4
	branchHead = 4 + 4 + 8
	leafHead   = 4 + 4 + 4 + 4
	bucketHead = 8 + 8

	flagBranch = 0x01
	flagLeaf   = 0x02
	flagBucket = 0x01
)

// maxDepth is deeper than any tree of pages can be.
const maxDepth = 64

// Tree is the tree of pages of a file, as one transaction sees it.
type Tree struct {
	File     io.ReaderAt
	PageSize int
	Pages    uint64 // number of pages in use
	Root     uint64 // the page where the buckets are listed
}

// Verify walks the whole tree. The error tells the first damage, after which nothing
// can be said of the rest: a page outside of the file or used twice, one of an
// unknown kind, elements outside of their page or out of order, a bucket inside a
// bucket.
func (t Tree) Verify() error {
	v := &verifier{file: t.File, pageSize: t.PageSize, pages: t.Pages, met: make([]uint64, t.Pages/64+1)}
	return v.walk(t.Root, span{}, 0, v.bucket)
}

// verifier is one walk.
type verifier struct {
	file     io.ReaderAt
	pageSize int
	pages    uint64
	met      []uint64 // one bit for each page met
}

// span is where keys may lie: from low, inclusive, to high, exclusive. nil is no
// bound.
type span struct{ low, high []byte }

// element is one entry of a page.
type element struct {
	flags uint32
	page  uint64 // of a branch
	key   []byte
	value []byte // of a leaf
}

// walk visits a page and those below it, and calls leaf with each element of a
// leaf.
func (v *verifier) walk(id uint64, keys span, depth int, leaf func(element) error) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d is %d levels deep", id, depth)
	}
	b, err := v.read(id)
	if err != nil {
		return err
	}
	elements, branch, err := parsePage(b, keys)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i, e := range elements {
		if !branch {
			if err := leaf(e); err != nil {
				return fmt.Errorf("page %d: %w", id, err)
			}
			continue
		}
		below := span{low: e.key, high: keys.high}
		if i+1 < len(elements) {
			below.high = elements[i+1].key
		}
		if err := v.walk(e.page, below, depth+1, leaf); err != nil {
			return err
		}
	}
	return nil
}

// read returns a page with all that overflows from it. Each page may be met once.
func (v *verifier) read(id uint64) ([]byte, error) {
	if id < 2 || id >= v.pages {
		return nil, fmt.Errorf("page %d is outside of the file", id)
	}
	b := make([]byte, v.pageSize)
	at := int64(id) * int64(v.pageSize) //nolint:gosec // inside the file
	if _, err := v.file.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	if own := binary.NativeEndian.Uint64(b); own != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, own)
	}
	overflow := uint64(binary.NativeEndian.Uint32(b[12:]))
	if overflow >= v.pages-id {
		return nil, fmt.Errorf("page %d reaches beyond the file", id)
	}
	for i := id; i <= id+overflow; i++ {
		if v.met[i/64]&(1<<(i%64)) != 0 {
			return nil, fmt.Errorf("page %d is used twice", i)
		}
		v.met[i/64] |= 1 << (i % 64)
	}
	if overflow > 0 {
		b = make([]byte, (overflow+1)*uint64(v.pageSize)) //nolint:gosec // inside the file
		if _, err := v.file.ReadAt(b, at); err != nil {
			return nil, fmt.Errorf("read page %d: %w", id, err)
		}
	}
	return b, nil
}

// bucket visits the pages of a bucket, which is an element of the root.
func (v *verifier) bucket(e element) error {
	if e.flags&flagBucket == 0 {
		return fmt.Errorf("%.40q is outside of the buckets", e.key)
	}
	if len(e.value) < bucketHead {
		return fmt.Errorf("bucket %.40q is cut short", e.key)
	}
	if root := binary.NativeEndian.Uint64(e.value); root != 0 {
		return v.walk(root, span{}, 0, plain)
	}
	elements, branch, err := parsePage(e.value[bucketHead:], span{})
	if err != nil || branch {
		return fmt.Errorf("bucket %.40q: its own page is broken: %w", e.key, err)
	}
	for _, inner := range elements {
		if err := plain(inner); err != nil {
			return err
		}
	}
	return nil
}

// plain refuses a bucket inside a bucket: Pollux has none.
func plain(e element) error {
	if e.flags != 0 {
		return fmt.Errorf("the value of %.40q is of an unknown kind", e.key)
	}
	return nil
}

// parsePage takes a page apart and checks that its keys ascend within bounds.
func parsePage(b []byte, keys span) (elements []element, branch bool, err error) {
	if len(b) < pageHead {
		return nil, false, fmt.Errorf("%d bytes", len(b))
	}
	flags, count := binary.NativeEndian.Uint16(b[8:]), int(binary.NativeEndian.Uint16(b[10:]))
	branch = flags == flagBranch
	size := leafHead
	switch {
	case branch && count > 0:
		size = branchHead
	case flags != flagLeaf:
		return nil, false, fmt.Errorf("kind %#x with %d elements", flags, count)
	}
	if pageHead+count*size > len(b) {
		return nil, false, fmt.Errorf("%d elements in %d bytes", count, len(b))
	}
	elements = make([]element, count)
	last := keys.low
	for i := range elements {
		e, ok := parseElement(b, pageHead+i*size, branch)
		if !ok {
			return nil, false, fmt.Errorf("element %d lies outside", i)
		}
		order := bytes.Compare(e.key, last)
		if order < 0 || (order == 0 && i > 0) || (keys.high != nil && bytes.Compare(e.key, keys.high) >= 0) {
			return nil, false, fmt.Errorf("element %d is out of order", i)
		}
		elements[i], last = e, e.key
	}
	return elements, branch, nil
}

// parseElement reads the element whose head is at a place of a page.
func parseElement(b []byte, at int, branch bool) (e element, ok bool) {
	u32 := func(offset int) uint64 { return uint64(binary.NativeEndian.Uint32(b[at+offset:])) }
	var position, keySize, valueSize uint64
	if branch {
		position, keySize = u32(0), u32(4)
		e.page = binary.NativeEndian.Uint64(b[at+8:])
	} else {
		e.flags = binary.NativeEndian.Uint32(b[at:])
		position, keySize, valueSize = u32(4), u32(8), u32(12)
	}
	from := uint64(at) + position //nolint:gosec // a place inside a page
	if keySize == 0 || from+keySize+valueSize > uint64(len(b)) {
		return e, false
	}
	e.key, e.value = b[from:from+keySize], b[from+keySize:from+keySize+valueSize]
	return e, true
}
