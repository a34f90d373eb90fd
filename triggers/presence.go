package triggers

import "math/bits"

// Presence notes which records a walk over a whole list has shown, one bit for each
// ordinal. It lives in memory only: a walk that outlives its process is no proof of
// a deletion. The zero value has seen nothing.
type Presence struct {
	words []uint64
	pages int
	total int
	moved bool
}

// Page notes that a page was read; total is how many records the list has by its own
// word, -1 when it does not say.
func (p *Presence) Page(total int) {
	p.moved = p.moved || p.pages > 0 && total != p.total
	p.pages++
	p.total = total
}

// Mark notes the record with an ordinal.
func (p *Presence) Mark(ordinal uint32) {
	word := int(ordinal / 64)
	if word >= len(p.words) {
		p.words = append(p.words, make([]uint64, word+1-len(p.words))...)
	}
	p.moved = p.moved || p.Has(ordinal)
	p.words[word] |= 1 << (ordinal % 64)
}

// Moved reports signs that rows came, went or moved while the list was read: a record
// was shown twice, or the number of records changed. Where pages count rows, one that
// was not shown may have moved past us.
func (p *Presence) Moved() bool { return p.moved }

// Has reports whether the record with an ordinal was shown.
func (p *Presence) Has(ordinal uint32) bool {
	word := int(ordinal / 64)
	return word < len(p.words) && p.words[word]&(1<<(ordinal%64)) != 0
}

// Count is how many records were shown.
func (p *Presence) Count() int {
	n := 0
	for _, w := range p.words {
		n += bits.OnesCount64(w)
	}
	return n
}
