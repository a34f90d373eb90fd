package budget

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

const (
	// MaxStretch is the largest factor of [Gate.Stretch]: polls never starve.
	MaxStretch = 60
	// longWindow is from which length on a window is planned ahead.
	longWindow = time.Hour
	// recentSlots are what tells how often polls come, the unfinished one included.
	recentSlots = 3
)

// Stretch returns by what polls have to wait longer than they would, so that no
// window of an hour or more is used up before it is free again: 1 when all is well,
// at most [MaxStretch]. A tenth is left to steps. why says it in words; it is empty
// for 1.
//
// The gate takes it that polls obey from now on: what they want is taken to be what
// they send times the last factor. So the factor stays steady while they obey, and
// sinks when they want less.
func (g *Gate) Stretch(now time.Time) (factor float64, why string) {
	g.lobby.mu.Lock()
	defer g.lobby.mu.Unlock()
	factor, why = g.own.stretch(now)
	if g.host != nil {
		if f, w := g.host.pool.stretch(now); f > factor {
			factor, why = f, w
		}
	}
	g.factor = factor
	return factor, why
}

// stretch returns the largest factor that a window of the pool asks for.
func (p *pool) stretch(now time.Time) (factor float64, why string) {
	p.advance(now)
	factor = 1
	for _, c := range p.windows {
		if c.Per < longWindow || len(c.Operations) > 0 {
			continue
		}
		if f := factorFor(c.demand(now), c.outlook(now)); f > factor {
			left := c.state(now).Remaining
			factor = f
			why = fmt.Sprintf("polls come %s times less often, so that the %s quota lasts: %d of %d requests are left",
				strconv.FormatFloat(math.Ceil(f*10)/10, 'f', -1, 64), c.Name, left, c.max)
		}
	}
	return factor, why
}

// horizon says how many polls can go out until a moment.
type horizon struct {
	in   time.Duration // from now
	free float64
}

// factorFor returns by how much a demand of so many polls a second must be divided
// to fit all horizons: 1 to MaxStretch.
func factorFor(demand float64, ahead []horizon) float64 {
	factor := 1.0
	for _, h := range ahead {
		want := demand * h.in.Seconds()
		switch {
		case want <= 0 || want <= h.free:
		case h.free*MaxStretch <= want:
			return MaxStretch
		default:
			factor = math.Max(factor, want/h.free)
		}
	}
	return factor
}

// demand returns how many polls a second were wanted of late. At least one slot is
// looked at, so that a short burst, such as the first walk over a list, does not
// look like a habit.
func (c *counter) demand(now time.Time) float64 {
	slot := c.Per / slots
	first, polls := max(0, c.slot-recentSlots+1), 0.0
	for s := first; s <= c.slot; s++ {
		polls += c.asked[s%(slots+1)]
	}
	since := now.Sub(c.start.Add(time.Duration(first) * slot))
	return polls / max(since, slot).Seconds()
}

// outlook returns how much of the window is free for polls until each moment at
// which a part of it becomes free again. advance was called with the same now.
func (c *counter) outlook(now time.Time) []horizon {
	used := c.used()
	kept := float64(c.share(used[step]))
	free := float64(c.max-used[poll]-used[step]) - kept
	var ahead []horizon
	others := 0.0 // what others have sent, which becomes free at a time that nobody tells
	if now.Before(c.leftUntil) {
		left := float64(c.left) - kept
		switch {
		case c.fixed: // the service tells when all of it is free again
			ahead = append(ahead, horizon{in: c.leftUntil.Sub(now), free: left - c.others(now, left)})
		case left < free:
			others, free = free-left, left
		}
	}
	for s := c.slot - slots; s <= c.slot; s++ {
		in := c.until(now, s)
		ahead = append(ahead, horizon{in: in, free: free + others*math.Min(1, in.Seconds()/c.Per.Seconds())})
		if s >= 0 {
			n := c.sent[s%(slots+1)]
			free += float64(n[poll] + n[step])
		}
	}
	return ahead
}

// others returns how much of what is left others will take until the service's own
// window ends, if they go on as they did since it began. It is half at most: what
// they did this morning says little about tonight.
func (c *counter) others(now time.Time, left float64) float64 {
	ahead := c.leftUntil.Sub(now)
	gone := max(c.Per-ahead, c.Per/slots)
	taken := float64(c.max - c.left)
	for s := max(0, c.slot-slots); s <= c.slot; s++ {
		if end := c.start.Add(time.Duration(s+1) * (c.Per / slots)); now.Sub(end) < gone {
			n := c.sent[s%(slots+1)]
			taken -= float64(n[poll] + n[step])
		}
	}
	return math.Min(math.Max(0, taken)*ahead.Seconds()/gone.Seconds(), math.Max(0, left/2))
}
