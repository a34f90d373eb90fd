package hooks

import (
	"crypto/sha256"
	"sync"
)

// seenMost is how many deliveries are remembered.
const seenMost = 50_000

// mark is what a delivery is remembered by.
type mark [sha256.Size]byte

// seen remembers the latest deliveries. It is safe for concurrent use; after a restart it
// knows none, and a delivery that is sent again then costs a poll.
type seen struct {
	mu    sync.Mutex // guards both
	known map[mark]struct{}
	ring  []mark // in the order in which they came
	next  int    // where the ring is written next, once it is full
}

// add remembers marks; false when one of them is known already. Then nothing changes.
func (s *seen) add(marks ...mark) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range marks {
		if _, known := s.known[p]; known {
			return false
		}
	}
	if s.known == nil {
		s.known = map[mark]struct{}{}
	}
	for _, p := range marks {
		s.known[p] = struct{}{}
		if len(s.ring) < seenMost {
			s.ring = append(s.ring, p)
			continue
		}
		delete(s.known, s.ring[s.next])
		s.ring[s.next] = p
		s.next = (s.next + 1) % seenMost
	}
	return true
}

// forget lets a delivery come once more. Its place in the ring stays taken.
func (s *seen) forget(marks ...mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range marks {
		delete(s.known, p)
	}
}
