package importing

import (
	"fmt"
	"io"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/show"
)

// operationView is an operation of the new connector, as --json prints it.
type operationView struct {
	Type    string   `json:"type"` // operation
	Key     string   `json:"key"`
	Title   string   `json:"title"`
	Kind    string   `json:"kind"`
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Poll    string   `json:"poll"`     // the strategy; empty for none
	NoPoll  string   `json:"no_poll"`  // of a list, why it has none
	Guesses []string `json:"guesses"`  // what was guessed, and from what
	LeftOut string   `json:"left_out"` // what of it the reader refused; empty for nothing
}

// leftOutView is an operation that is not in the connector, as --json prints it.
type leftOutView struct {
	Type    string `json:"type"` // left_out
	Method  string `json:"method"`
	Path    string `json:"path"`
	Pointer string `json:"pointer"`
	Reason  string `json:"reason"`
}

// warningView is something to look at, as --json prints it.
type warningView struct {
	Type    string `json:"type"` // warning
	Message string `json:"message"`
}

// summaryView is the end, as --json prints it.
type summaryView struct {
	Type       string `json:"type"` // summary
	Connector  string `json:"connector"`
	Folder     string `json:"folder"`
	BaseURL    string `json:"base_url"`
	Files      int    `json:"files"`
	Operations int    `json:"operations"`
	Polled     int    `json:"polled"`
	Guesses    int    `json:"guesses"`
	LeftOut    int    `json:"left_out"`
	Warnings   int    `json:"warnings"`
}

// report prints what was made.
func report(a *console.Console, m *made) error {
	c := m.Connector
	sum := summaryView{
		Type: "summary", Connector: c.Key, Folder: m.dir, BaseURL: c.BaseURL, Files: len(m.Files), LeftOut: len(c.LeftOut), Warnings: len(c.Warnings),
	}
	var views []operationView
	for _, f := range c.Files {
		for _, o := range f.Operations {
			v := view(o, m.Simplified[o.Key])
			sum.Operations++
			sum.Guesses += len(v.Guesses)
			if v.Poll != "" {
				sum.Polled++
			}
			views = append(views, v)
		}
	}
	if !a.JSON {
		printReport(a.Stdout, m, views, sum)
		return nil
	}
	var all []any
	for _, v := range views {
		all = append(all, v)
	}
	for _, l := range c.LeftOut {
		all = append(all, leftOutView{"left_out", l.Method, l.Path, l.Pointer, l.Reason})
	}
	for _, w := range c.Warnings {
		all = append(all, warningView{"warning", w})
	}
	for _, v := range append(all, sum) {
		if err := show.JSON(a.Stdout, v); err != nil {
			return err
		}
	}
	return nil
}

// view is the view of an operation.
func view(o *draft.Operation, leftOut string) operationView {
	v := operationView{
		Type: "operation", Key: o.Key, Title: o.Title, Kind: "write", Method: o.Method, Path: o.Path, NoPoll: o.NoPoll, Guesses: o.Guesses(), LeftOut: leftOut,
	}
	if o.Read {
		v.Kind = "read"
	}
	if o.Poll != nil {
		v.Poll = o.Poll.Strategy
	}
	if v.Guesses == nil {
		v.Guesses = []string{}
	}
	return v
}

// printReport prints what was made, for people: the lists with their strategies one by one,
// the guesses by kind, for there are many and each stands in the files.
func printReport(w io.Writer, m *made, views []operationView, sum summaryView) {
	c := m.Connector
	fmt.Fprintf(w, "%s: %s in %s, at %s\n", show.Clean(m.dir), show.Plural(sum.Operations, "operation"), show.Plural(sum.Files, "file"), show.Clean(c.BaseURL))
	section(w, show.Plural(sum.Polled, "list")+" can be polled", polled(views))
	section(w, "lists without a strategy", unpolled(views))
	section(w, "simplified, because the reader of connectors refused a part", simplified(views))
	var out []string
	for _, l := range c.LeftOut {
		out = append(out, fmt.Sprintf("%s %s: %s", l.Method, l.Path, l.Reason))
	}
	section(w, "left out", out)
	section(w, "look at these first", c.Warnings)
	if sum.Guesses > 0 {
		fmt.Fprintf(w, "\nguessed: %s. Each is marked with \"guess\" in the files; --json lists them.\n", kinds(views))
	}
	fmt.Fprintf(w, "\nNext: pollux validate; pollux connectors describe %s; then an account with connector: %s\n", c.Key, c.Key)
}

// section prints some lines under a title.
func section(w io.Writer, title string, lines []string) {
	const most = 100
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for i, l := range lines {
		if i == most {
			fmt.Fprintf(w, "  and %d more; --json lists all\n", len(lines)-most)
			return
		}
		fmt.Fprintln(w, "  "+show.Clean(l))
	}
}

func polled(views []operationView) []string {
	var out []string
	for _, v := range views {
		if v.Poll != "" {
			out = append(out, v.Key+": "+v.Poll)
		}
	}
	return out
}

func unpolled(views []operationView) []string {
	var out []string
	for _, v := range views {
		if v.Poll == "" && v.NoPoll != "" {
			out = append(out, v.Key+": "+v.NoPoll)
		}
	}
	return out
}

func simplified(views []operationView) []string {
	var out []string
	for _, v := range views {
		if v.LeftOut != "" {
			out = append(out, v.Key+": "+v.LeftOut)
		}
	}
	return out
}

// kinds counts the guesses by what they are about.
func kinds(views []operationView) string {
	counts := map[string]int{}
	order := []string{"kind", "answer", "paging", "poll", "repeat", "inputs"}
	for _, v := range views {
		for _, g := range v.Guesses {
			kind, _, _ := strings.Cut(g, ":")
			if _, known := map[string]bool{"kind": true, "answer": true, "paging": true, "poll": true, "repeat": true}[kind]; !known {
				kind = "inputs"
			}
			counts[kind]++
		}
	}
	var parts []string
	for _, kind := range order {
		if counts[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s", counts[kind], kind))
		}
	}
	return strings.Join(parts, ", ")
}
