package service

import (
	"math/rand/v2"
	"sync"
	"time"
)

// World is what the services of one sandbox share: the faults, the log of writes,
// the counts of requests, the clock and the source of chance. All methods are safe
// for concurrent use.
type World struct {
	Dice     *Dice
	skew     time.Duration
	faults   *faults
	standing *standing
	log      *writeLog
	counts   *counts
}

// NewWorld returns a world whose chance comes from a seed, whose clocks are ahead
// by a skew, and whose log keeps so many writes; 0 means 100,000.
func NewWorld(seed uint64, skew time.Duration, maxWrites int) *World {
	d := newDice(seed)
	return &World{Dice: d, skew: skew, faults: &faults{dice: d}, standing: newStanding(), log: newWriteLog(maxWrites), counts: newCounts()}
}

// Now is the time on the services' clocks.
func (w *World) Now() time.Time { return time.Now().Add(w.skew).UTC() }

// Dice is the sandbox's source of chance.
type Dice struct {
	mu sync.Mutex // guards r
	r  *rand.Rand
}

func newDice(seed uint64) *Dice {
	return &Dice{r: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))} //nolint:gosec // made-up data, no secrets
}

// Below returns a number from 0 to n-1.
func (d *Dice) Below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

// Happens is true with a probability.
func (d *Dice) Happens(probability float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Float64() < probability
}

// ID returns n letters and digits, as services use them for ids.
func (d *Dice) ID(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	d.mu.Lock()
	defer d.mu.Unlock()
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[d.r.IntN(len(letters))]
	}
	return string(b)
}
