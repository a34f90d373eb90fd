package overview

import (
	"fmt"
	"io"

	"github.com/pollux-automation/pollux/internal/show"
)

// The results of a doctor's look.
const (
	Fine    = "ok"
	Warning = "warning" // it works, and should be looked at
	Problem = "problem" // it does not work
)

// HealthView is one thing that the doctor looked at, as --json prints it. Advice says what
// to do; empty when all is well.
type HealthView struct {
	What   string `json:"check"`
	Result string `json:"result"`
	Words  string `json:"message"`
	Advice string `json:"advice,omitempty"`
	// Version is that of the running program; empty elsewhere.
	Version string `json:"version,omitempty"`
}

// Print prints it in a line for people.
func (v HealthView) Print(w io.Writer) {
	text := v.Words
	if v.Advice != "" {
		text += " → " + v.Advice
	}
	fmt.Fprintf(w, "%-8s %s: %s\n", v.Result, show.Clean(v.What), show.Clean(text))
}
