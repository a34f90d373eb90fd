// Package diag holds findings: what is wrong in a file that a user wrote, where,
// and what to write instead.
//
// Readers of files add findings to a [List] and go on, so that one pass reports
// everything. [Render] prints them for people, with the line and a caret;
// [Finding] marshals to the JSON that scripts read. [Suggest] guesses the word
// that somebody meant.
package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity tells how bad a finding is.
type Severity string

// The severities. Only errors keep a file from being used.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one thing that is wrong at one place.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1; 0 for the file as a whole
	Column   int      `json:"column"` // from 1, in characters; 0 with line 0
	Severity Severity `json:"severity"`
	// Code is stable and explained in docs/diagnostics.md.
	Code    string `json:"code"`
	Message string `json:"message"`
	// Suggestion says what to write instead; may be empty.
	Suggestion string `json:"suggestion"`
	// Width is how many characters the caret underlines; 0 means one.
	Width int `json:"-"`
}

// String returns the finding on one line, without the excerpt and without what a terminal
// would obey: a message may hold what others have written.
func (f Finding) String() string {
	if f.Line == 0 {
		return printable(fmt.Sprintf("%s: %s: %s [%s]", f.File, f.Severity, f.Message, f.Code))
	}
	return printable(fmt.Sprintf("%s:%d:%d: %s: %s [%s]", f.File, f.Line, f.Column, f.Severity, f.Message, f.Code))
}

// Place is where something stands in a file.
type Place struct {
	File   string
	Line   int
	Column int
	Width  int
}

// List collects findings. The zero value is empty and ready. It is not safe for
// concurrent use.
type List struct {
	findings []Finding
}

// Add appends a finding.
func (l *List) Add(f Finding) { l.findings = append(l.findings, f) }

// Errorf adds an error at a place. suggestion may be empty.
func (l *List) Errorf(at Place, code, suggestion, format string, args ...any) {
	l.add(at, Error, code, suggestion, fmt.Sprintf(format, args...))
}

// Warnf adds a warning at a place. suggestion may be empty.
func (l *List) Warnf(at Place, code, suggestion, format string, args ...any) {
	l.add(at, Warning, code, suggestion, fmt.Sprintf(format, args...))
}

func (l *List) add(at Place, s Severity, code, suggestion, message string) {
	l.Add(Finding{
		File: at.File, Line: at.Line, Column: at.Column, Width: at.Width,
		Severity: s, Code: code, Message: message, Suggestion: suggestion,
	})
}

// Append adds all findings of another list.
func (l *List) Append(other *List) { l.findings = append(l.findings, other.findings...) }

// AppendSome adds the findings of another list in their order, but at most so
// many, and says in the last one how many were left out.
func (l *List) AppendSome(other *List, most int) {
	sorted := other.Sorted()
	if len(sorted) <= most {
		l.findings = append(l.findings, sorted...)
		return
	}
	l.findings = append(l.findings, sorted[:most]...)
	last := sorted[most]
	last.Code, last.Suggestion, last.Width = CodeTooManyFindings, "correct the ones above first", 1
	last.Severity = Error
	last.Message = fmt.Sprintf("%d more findings from here on are not shown", len(sorted)-most)
	l.Add(last)
}

// CodeSecretInClear is the code of the finding for a secret that is written out.
// [Render] puts stars where it stands.
const CodeSecretInClear = "secret-in-clear"

// CodeTooManyFindings is the code of the finding that stands for those which a
// list left out.
const CodeTooManyFindings = "too-many-findings"

// Len returns the number of findings.
func (l *List) Len() int { return len(l.findings) }

// HasErrors reports whether any finding is an error.
func (l *List) HasErrors() bool {
	return slices.ContainsFunc(l.findings, func(f Finding) bool { return f.Severity == Error })
}

// Sorted returns the findings by file, line, column and code, each once.
func (l *List) Sorted() []Finding {
	out := slices.Clone(l.findings)
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(out)
}
