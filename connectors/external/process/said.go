package process

import (
	"bufio"
	"errors"
	"strings"
	"time"
	"unicode"
)

const (
	// MaxSaid is how much of a line of the standard error is passed on.
	MaxSaid = 4 << 10
	// burst and perSecond are how many lines are passed on.
	burst     = 20
	perSecond = 5
	// flood is how many bytes that nobody gets are read before the next ones must wait.
	flood = 64 << 10
)

// listen passes on the lines of the standard error, those that come too fast left out. A
// program that goes on with it is made to wait, so that it does not busy us.
func (p *Process) listen() {
	lines := bufio.NewReaderSize(p.stderr, MaxSaid)
	allowed, last := float64(burst), time.Now()
	dropped, lost := 0, 0
	for {
		line, n, err := cutLine(lines)
		if line != "" || n > 0 {
			now := time.Now()
			allowed = min(burst, allowed+now.Sub(last).Seconds()*perSecond)
			last = now
			if allowed >= 1 {
				allowed--
				p.o.Said(line, dropped)
				dropped, lost = 0, 0
			} else {
				dropped++
				lost += n
			}
		}
		if err != nil {
			break
		}
		if lost > flood {
			lost = 0
			p.rest()
		}
	}
	if dropped > 0 {
		p.o.Said("", dropped)
	}
}

// rest waits a little, unless the program has ended.
func (p *Process) rest() {
	select {
	case <-p.exited:
	case <-time.After(10 * time.Millisecond):
	}
}

// cutLine reads a line, of which it returns the beginning, and how many bytes it had; of a
// line without end it reads no more than may be lost at once.
func cutLine(r *bufio.Reader) (line string, n int, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if n == 0 {
			line = clean(string(part))
		}
		n += len(part)
		if !errors.Is(err, bufio.ErrBufferFull) || n > flood {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = nil
			}
			return line, n, err
		}
	}
}

// clean makes a text of one line that a terminal only shows.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?")))
}
