package show

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/diag"
)

// ConnectorView is a connector in a list, as --json prints it.
type ConnectorView struct {
	Docs       string `json:"docs"`
	Name       string `json:"name"`
	Operations int    `json:"operations"`
	Pollable   int    `json:"pollable"` // how many of the operations can be polled
	Title      string `json:"title"`
	From       string `json:"from"` // "built in", or the folder that it lies in
	// Findings are why it cannot be used; left out for those that can.
	Findings []diag.Finding `json:"findings,omitempty"`
}

// Connector returns the view of a connector in a list.
func Connector(d *connectors.Description) ConnectorView {
	v := ConnectorView{Docs: d.Docs, Name: d.Key, Operations: len(d.Operations), Title: d.Title}
	for _, o := range d.Operations {
		if o.Poll != nil {
			v.Pollable++
		}
	}
	return v
}

// ConnectorHead is the head of a table of connectors, whose rows [ConnectorRow]
// makes.
func ConnectorHead() []string {
	return []string{"name", "service", "operations", "can be polled", "from", "docs"}
}

// ConnectorRow is a connector as a row of a table, in the order of the head.
func ConnectorRow(v ConnectorView) []string {
	if len(v.Findings) > 0 {
		return []string{v.Name, "cannot be used: " + Plural(len(v.Findings), "finding"), "", "", v.From, ""}
	}
	return []string{v.Name, v.Title, strconv.Itoa(v.Operations), strconv.Itoa(v.Pollable), v.From, v.Docs}
}

// DescriptionView is a whole connector as --json prints it. Auth names the methods of
// signing in, Settings what an account may or must say, Limits what the service
// allows; the lists are empty, not null, for none.
type DescriptionView struct {
	Auth       []string           `json:"auth"`
	BaseURL    string             `json:"base_url"`
	Docs       string             `json:"docs"`
	Limits     []connectors.Limit `json:"limits"`
	Name       string             `json:"name"`
	Notes      []string           `json:"notes"`
	Operations []OperationView    `json:"operations"`
	Settings   []string           `json:"settings"`
	Title      string             `json:"title"`
}

// Description returns the view of a whole connector.
func Description(d *connectors.Description) DescriptionView {
	views := make([]OperationView, len(d.Operations))
	for i, o := range d.Operations {
		views[i] = Operation(o)
	}
	return DescriptionView{
		Auth: authNames(d), BaseURL: d.BaseURL, Docs: d.Docs, Limits: d.Limits, Name: d.Key,
		Notes: append([]string{}, d.Notes...), Operations: views, Settings: settingNames(d), Title: d.Title,
	}
}

// OperationView is an operation as --json prints it. Poll is the strategy, Repeat
// what may be done about a lost answer; they and Deprecated are nil for none. By,
// Window, Parents and Confirm are left out where polling has none, Idempotency and
// Target where a write has none.
type OperationView struct {
	Key     string      `json:"key"`
	Title   string      `json:"title"`
	Kind    string      `json:"kind"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Version string      `json:"version"`
	Scopes  []string    `json:"scopes"`
	Inputs  []InputView `json:"inputs"`
	Poll    *string     `json:"poll"`
	By      string      `json:"by,omitempty"`      // the field with the time that polling goes by
	Window  *WindowView `json:"window,omitempty"`  // what a poll asks for
	Parents *OtherView  `json:"parents,omitempty"` // the list whose records this one is asked for
	Confirm *OtherView  `json:"confirm,omitempty"` // the read that shows whether a record is gone
	Repeat  *string     `json:"repeat"`
	// Idempotency and Target are for writes.
	Idempotency *KeyView    `json:"idempotency,omitempty"`
	Target      *TargetView `json:"target,omitempty"`
	// Composed tells of which operations it is made; nil for most.
	Composed *ComposedView `json:"composed,omitempty"`
	// Danger is what nobody can undo: delete, send or pay; nil for none.
	Danger     *string  `json:"danger"`
	Deprecated *string  `json:"deprecated"`
	Notes      []string `json:"notes,omitempty"`
}

// WindowView is how far a list with a window is polled, before and after now.
type WindowView struct {
	Back  string `json:"back"`
	Ahead string `json:"ahead"`
}

// KeyView is where a write takes the key by which the service knows a repetition.
type KeyView struct {
	Input  string `json:"input,omitempty"`
	Header string `json:"header,omitempty"`
}

// TargetView is the read that shows what a write is about to change; With gives its
// inputs from those of the write.
type TargetView struct {
	Operation string            `json:"operation"`
	With      map[string]string `json:"with"`
}

// ComposedView is what an operation is made of: a read, and for a write one of two writes.
type ComposedView struct {
	Read   string `json:"read"`
	Found  string `json:"found,omitempty"`
	Absent string `json:"absent,omitempty"`
}

// OtherView is another operation, and the input that takes the id of a record.
type OtherView struct {
	Operation string `json:"operation"`
	Input     string `json:"input"`
}

// InputView is an input of an operation as --json prints it. In says where it goes:
// path, query, header or body.
type InputView struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	In       string `json:"in"`
	Setting  string `json:"setting,omitempty"` // the account setting that fills it
	Note     string `json:"note,omitempty"`
}

// Operation returns the view of an operation, without the inputs that paging
// sets by itself.
func Operation(o *connectors.Operation) OperationView {
	v := OperationView{
		Key: o.Key, Title: o.Title, Kind: string(o.Kind), Method: o.Method, Path: o.Path, Version: o.Version,
		Scopes: append([]string{}, o.Scopes...), Inputs: []InputView{}, Repeat: Word(string(o.Repeat)), Danger: Word(string(o.Danger)), Deprecated: Word(o.Deprecated), Notes: o.Notes,
	}
	if o.Poll != nil {
		v.poll(o.Poll)
	}
	if key := o.Idempotency; key != nil {
		v.Idempotency = &KeyView{Input: key.Input, Header: key.Header}
	}
	if c := o.Composed; c != nil {
		v.Composed = &ComposedView{Read: c.Read, Found: c.Found, Absent: c.Absent}
	}
	if t := o.Target; t != nil {
		v.Target = &TargetView{Operation: t.Operation, With: t.With}
	}
	for _, in := range o.Inputs {
		if !in.Paging {
			v.Inputs = append(v.Inputs, InputView{Name: in.Name, Type: typeOf(&in), Required: in.Required, In: in.In, Setting: in.Setting, Note: in.Note})
		}
	}
	return v
}

// typeOf names what an input takes.
func typeOf(in *connectors.Input) string {
	if in.File {
		return "file"
	}
	return string(in.Type)
}

// poll fills in how an operation is polled.
func (v *OperationView) poll(p *connectors.Poll) {
	v.Poll, v.By = Word(string(p.Strategy)), p.By
	if p.Window != nil {
		v.Window = &WindowView{Back: p.Window.Back.String(), Ahead: p.Window.Ahead.String()}
	}
	if p.Parents != nil {
		v.Parents = &OtherView{Operation: p.Parents.Operation, Input: p.Parents.Input}
	}
	if p.Confirm != nil {
		v.Confirm = &OtherView{Operation: p.Confirm.Operation, Input: p.Confirm.Input}
	}
}

// PrintDescription prints a whole connector for people: what an account needs, what the
// service allows, then its operations: those that recipes can watch, other reads, and writes.
func PrintDescription(w io.Writer, d *connectors.Description) {
	line(w, "%s (%s)", d.Title, d.Key)
	base := cmp.Or(d.BaseURL, "that of the account")
	if d.Program {
		base = d.BaseURL // a program knows its service itself
	}
	for _, f := range []struct{ name, text string }{
		{"docs", d.Docs}, {"base URL", base}, {"sign-in", strings.Join(authNames(d), ", ")}, {"settings", strings.Join(settingNames(d), ", ")},
	} {
		if f.text != "" {
			line(w, "%-9s %s", f.name, f.text)
		}
	}
	for _, l := range d.Limits {
		line(w, "limit     %s: %s requests per %s and %s", l.Name, Thousands(int64(l.Requests)), l.Per, l.By)
	}
	if b := d.Breaker; b != nil {
		fmt.Fprintf(w, "breaker   %d answers of %s per %s stop all accounts of the host\n", b.Failures, statuses(b.Statuses), b.Per)
	}
	for _, n := range d.Notes {
		line(w, "note      %s", n)
	}
	printOperations(w, d, "Reads that a recipe can watch", "how changes are found", func(o *connectors.Operation) (string, bool) {
		return watched(o), o.Poll != nil
	})
	printOperations(w, d, "Other reads", "", func(o *connectors.Operation) (string, bool) {
		return "", o.Kind == connectors.Read && o.Poll == nil
	})
	printOperations(w, d, "Writes", "when the answer is lost", func(o *connectors.Operation) (string, bool) {
		return repeated(o), o.Kind == connectors.Write
	})
}

// printOperations prints the operations that a choice takes, with what it says of each.
func printOperations(w io.Writer, d *connectors.Description, title, head string, choose func(*connectors.Operation) (string, bool)) {
	var rows [][]string
	for _, o := range d.Operations {
		about, ok := choose(o)
		if !ok {
			continue
		}
		name := o.Title
		if o.Deprecated != "" {
			name += " (deprecated: " + o.Deprecated + ")"
		}
		rows = append(rows, []string{o.Key, name, needs(o), about})
	}
	if len(rows) > 0 {
		fmt.Fprintf(w, "\n%s\n", title)
		Table(w, []string{"operation", "title", "needs", head}, rows)
	}
}

// needs are the inputs without which an operation is refused, and that no setting fills.
func needs(o *connectors.Operation) string {
	var names []string
	for _, in := range o.Inputs {
		if in.Required && in.Default == nil && in.Setting == "" && !in.Paging {
			names = append(names, in.Name)
		}
	}
	return strings.Join(names, ", ")
}

// watched says how changes of a read are found, and what a quiet poll costs.
func watched(o *connectors.Operation) string {
	switch p := o.Poll; {
	case p == nil:
		return ""
	case p.Strategy == connectors.Keyset:
		return "keyset: from the time of the last change on; one request when nothing changed"
	case p.Strategy == connectors.Newest:
		return "newest: newest first; one request when nothing is new"
	case p.Strategy == connectors.FanOut && p.Parents != nil:
		return "fan_out: one request for each record of " + p.Parents.Operation + ", in rounds"
	case p.Window != nil:
		return "snapshot: what lies in a window of time is read whole at every poll"
	case o.List:
		return "snapshot: the list is read whole at every poll"
	}
	return "snapshot: one request at every poll"
}

// repeated says what follows when nobody knows whether a write arrived, and what it does
// that cannot be undone.
func repeated(o *connectors.Operation) string {
	text := map[connectors.Repeat]string{
		connectors.RepeatSafe: "safe: it is sent again", connectors.RepeatFind: "find: it is looked up first", connectors.RepeatNever: "never: a person decides",
	}[o.Repeat]
	danger := map[connectors.Danger]string{
		connectors.DangerDelete: "; deletes", connectors.DangerSend: "; people get messages", connectors.DangerPay: "; moves money",
	}[o.Danger]
	return text + danger
}

// statuses writes ranges of statuses.
func statuses(ranges [][2]int) string {
	words := make([]string, len(ranges))
	for i, r := range ranges {
		if words[i] = strconv.Itoa(r[0]); r[1] != r[0] {
			words[i] += "-" + strconv.Itoa(r[1])
		}
	}
	return strings.Join(words, ", ")
}

// authNames returns the ways to sign in; empty, not nil, for none.
func authNames(d *connectors.Description) []string {
	names := []string{}
	for _, m := range d.Auth {
		names = append(names, m.Name)
	}
	return names
}

// settingNames returns the settings of accounts; empty, not nil, for none.
func settingNames(d *connectors.Description) []string {
	names := []string{}
	for _, s := range d.Settings {
		names = append(names, s.Name)
	}
	return names
}

// pollFacts says how an operation is polled; nothing if it is not.
func pollFacts(o *connectors.Operation) []string {
	p := o.Poll
	if p == nil {
		return nil
	}
	facts := []string{string(p.Strategy)}
	if p.By != "" {
		facts[0] += " by " + p.By
	}
	if p.Window != nil {
		facts = append(facts, fmt.Sprintf("from %s ago to %s ahead", p.Window.Back, p.Window.Ahead))
	}
	if p.Parents != nil {
		facts = append(facts, fmt.Sprintf("for each record of %s, whose id goes into %s", p.Parents.Operation, p.Parents.Input))
	}
	if p.Confirm != nil {
		facts = append(facts, p.Confirm.Operation+" shows whether a record is gone")
	}
	return facts
}

// PrintOperation prints one operation with its inputs for people.
func PrintOperation(w io.Writer, o *connectors.Operation) {
	line(w, "%s: %s", o.Name(), o.Title)
	line(w, "%s %s", o.Method, o.Path)
	if o.Description != "" {
		for part := range strings.SplitSeq(o.Description, "\n") {
			line(w, "%s", part)
		}
	}
	for _, fact := range pollFacts(o) {
		line(w, "poll: %s", fact)
	}
	if key := o.Idempotency; key != nil {
		line(w, "key: the id of the effect goes into %s", key.Input+key.Header)
	}
	if o.Target != nil {
		line(w, "target: %s shows what it is about to change", o.Target.Operation)
	}
	for _, n := range o.Notes {
		line(w, "note: %s", n)
	}
	var rows [][]string
	for _, in := range Operation(o).Inputs {
		need := ""
		if in.Required {
			need = "required"
		}
		if in.Setting != "" {
			need = "from setting " + in.Setting
		}
		rows = append(rows, []string{in.Name, in.Type, in.In, need, in.Note})
	}
	Table(w, []string{"input", "type", "in", "", "note"}, rows)
}

// line prints one line whose parts come from connectors, which other people may have written:
// a terminal only shows it.
func line(w io.Writer, format string, parts ...any) {
	fmt.Fprintln(w, Clean(fmt.Sprintf(format, parts...)))
}
