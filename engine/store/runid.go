package store

import (
	"crypto/rand"
	"strings"
)

// The parts of a run id: the letters of the state file, a dash, and the run's
// sequence number in base 32 with digits that sort as the numbers do.
const (
	instanceLetters = "abcdefghijklmnopqrstuvwxyz"
	instanceSize    = 5
	seqDigits       = "0123456789abcdefghijklmnopqrstuv"
	seqSize         = 8
	runIDSize       = instanceSize + 1 + seqSize
)

// MaxSeq is the highest sequence number that fits into a run id.
const MaxSeq = 1<<(5*seqSize) - 1

// NewInstance returns five random letters, the beginning of all run ids of one
// store.
func NewInstance() string {
	b := make([]byte, instanceSize)
	for i := range b {
		b[i] = randomLetter()
	}
	return string(b)
}

// randomLetter draws without favouring the first letters of the alphabet.
func randomLetter() byte {
	const even = 256 - 256%len(instanceLetters)
	var b [1]byte
	for {
		_, _ = rand.Read(b[:]) // never fails: the program ends where the system has no randomness
		if int(b[0]) < even {
			return instanceLetters[int(b[0])%len(instanceLetters)]
		}
	}
}

// MakeRunID returns the id of the run with a sequence number, from 1 to
// [MaxSeq], in the store with an instance as [NewInstance] gives.
func MakeRunID(instance string, seq uint64) RunID {
	b := make([]byte, runIDSize)
	copy(b, instance)
	b[instanceSize] = '-'
	for i := runIDSize - 1; i > instanceSize; i-- {
		b[i] = seqDigits[seq%32]
		seq /= 32
	}
	return RunID(b)
}

// Seq returns the sequence number inside the id, and 0 for a text that is not a
// run id.
func (id RunID) Seq() uint64 {
	if len(id) != runIDSize || id[instanceSize] != '-' {
		return 0
	}
	var seq uint64
	for i := instanceSize + 1; i < runIDSize; i++ {
		digit := strings.IndexByte(seqDigits, id[i])
		if digit < 0 {
			return 0
		}
		seq = seq*32 + uint64(digit)
	}
	return seq
}

// SeqIn returns the sequence number of an id that belongs to the store with this
// instance, and 0 for any other text.
func (id RunID) SeqIn(instance string) uint64 {
	if len(id) < instanceSize || string(id[:instanceSize]) != instance {
		return 0
	}
	return id.Seq()
}
