package show

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Line is the last line of a terminal, which is written anew while it changes. What else
// is written to it, whole lines, goes above. It is safe for concurrent use.
type Line struct {
	mu   sync.Mutex
	to   io.Writer
	text string
	// width is how many letters fit into a line.
	width func() int
}

// usualWidth is taken for a terminal that does not tell its own.
const usualWidth = 80

// NewLine returns the last line of a terminal; ok is false for what is none.
func NewLine(w io.Writer) (l *Line, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !IsTerminal(f) {
		return nil, false
	}
	return &Line{to: f, width: func() int {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 1 {
			return width - 1 // in the last column some terminals begin a new line
		}
		return usualWidth
	}}, true
}

// clearLine goes to the beginning of the line and empties it.
const clearLine = "\r\x1b[K"

// Set replaces the line; an empty text takes it away.
func (l *Line) Set(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text = Clean(text)
	if text == l.text {
		return
	}
	l.text = text
	_, _ = io.WriteString(l.to, clearLine+Cut(text, l.width())) // a closed terminal is the reader's wish
}

// Write writes above the line.
func (l *Line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text == "" {
		return l.to.Write(p)
	}
	if _, err := io.WriteString(l.to, clearLine+string(p)+Cut(l.text, l.width())); err != nil {
		return 0, err
	}
	return len(p), nil
}
