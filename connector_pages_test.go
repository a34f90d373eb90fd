package pollux_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/schema"
)

var update = flag.Bool("update", false, "write the generated pages")

// pages is the folder of the generated pages.
const pages = "docs/connectors"

// TestConnectorPages_AreUpToDate holds docs/connectors to what the manifests say.
// With -update it writes the pages instead.
func TestConnectorPages_AreUpToDate(t *testing.T) {
	t.Parallel()
	all := builtin.Registry()
	for _, key := range all.Keys() {
		c, _ := all.Connector(key)
		file, want := filepath.Join(pages, key+".md"), connectorPage(c.Describe())
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; write it with: go test . -run ConnectorPages -update", err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is stale; write it anew with: go test . -run ConnectorPages -update\n(-want +got):\n%s", file, diff)
		}
	}
	checkNoStrangers(t, all.Keys())
}

// checkNoStrangers reports pages of connectors that are gone.
func checkNoStrangers(t *testing.T, keys []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pages, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if key := strings.TrimSuffix(filepath.Base(f), ".md"); !slices.Contains(keys, key) {
			t.Errorf("%s belongs to no connector; remove it", f)
		}
	}
}

// page is a page that is being written.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// table writes a table; it writes nothing when there are no rows.
func (p *page) table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	p.line("| %s |", strings.Join(head, " | "))
	p.line("|%s", strings.Repeat("---|", len(head)))
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", `\|`)
		}
		p.line("| %s |", strings.Join(row, " | "))
	}
	p.line("")
}

// list writes a list of sentences under a heading.
func (p *page) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	p.line("%s\n", heading)
	for _, item := range items {
		p.line("- %s", item)
	}
	p.line("")
}

// folder is where a connector lies. A package of Go should not be called http.
func folder(d *connectors.Description) string {
	if d.Key == "http" {
		return "anyhttp"
	}
	return d.Key
}

// connectorPage is the page of a connector.
func connectorPage(d *connectors.Description) string {
	p := &page{}
	p.line("<!-- Generated from the manifests in connectors/%s by: go test . -run ConnectorPages -update -->\n", folder(d))
	p.line("# %s (`%s`)\n", d.Title, d.Key)
	p.line("How to sign in and what to watch out for: [the connector's README](../../connectors/%s/README.md). The service's own documentation: <%s>.\n", folder(d), d.Docs)
	base := "the `base_url` of the account"
	if d.BaseURL != "" {
		base = "`" + d.BaseURL + "`"
	}
	p.line("- Base URL: %s", base)
	for _, m := range d.Auth {
		p.line("- Signs in by: `%s`", m.Name)
	}
	p.line("")
	writeSettings(p, d)
	writeLimits(p, d)
	p.list("What is uncertain or surprising about the service:", d.Notes)
	p.line("## Operations\n")
	writeOverview(p, d)
	for _, o := range d.Operations {
		writeOperation(p, o)
	}
	p.line("## Records\n")
	for _, o := range d.Objects {
		writeObject(p, o)
	}
	return strings.TrimRight(p.String(), "\n") + "\n"
}

func writeSettings(p *page, d *connectors.Description) {
	var rows [][]string
	for _, s := range d.Settings {
		rows = append(rows, []string{code(s.Name), string(s.Type), mark(s.Required), sentences(s.Description, s.Note)})
	}
	p.table([]string{"account setting", "type", "required", "meaning"}, rows)
}

func writeLimits(p *page, d *connectors.Description) {
	var rows [][]string
	for _, l := range d.Limits {
		of := "all operations"
		if len(l.Operations) > 0 {
			of = codes(l.Operations)
		}
		told := "nothing"
		if l.Remaining != "" {
			told = code(l.Remaining)
		}
		rows = append(rows, []string{l.Name, fmt.Sprintf("%d per %s and %s", l.Requests, brief(l.Per), l.By), of, told})
	}
	p.table([]string{"limit", "requests", "of", "header that tells what is left"}, rows)
}

// writeOverview writes one row an operation.
func writeOverview(p *page, d *connectors.Description) {
	var rows [][]string
	for _, o := range d.Operations {
		watch := ""
		if o.Poll != nil {
			watch = string(o.Poll.Strategy)
		}
		anchor := strings.ReplaceAll(o.Key, ".", "")
		rows = append(rows, []string{fmt.Sprintf("[`%s`](#%s)", o.Key, anchor), o.Title, string(o.Kind), watch, string(o.Repeat)})
	}
	p.table([]string{"operation", "title", "kind", "can be polled by", "repeat"}, rows)
}

func writeOperation(p *page, o *connectors.Operation) {
	p.line("### %s\n", o.Key)
	p.line("%s: `%s %s`\n", o.Title, o.Method, o.Path)
	if o.Description != "" {
		p.line("%s\n", o.Description)
	}
	if o.Deprecated != "" {
		p.line("**Deprecated**: %s\n", o.Deprecated)
	}
	var rows [][]string
	for _, in := range o.Inputs {
		if in.Paging {
			continue
		}
		rows = append(rows, []string{code(in.Name), inputType(in), need(in), in.In, inputMeaning(in)})
	}
	p.table([]string{"input", "type", "required", "goes into", "meaning"}, rows)
	var facts []string
	if len(o.Scopes) > 0 {
		facts = append(facts, "Needs the scopes "+codes(o.Scopes)+".")
	}
	if o.Answer != nil {
		word := "Answers one record"
		if o.List {
			word = "Lists records"
		}
		facts = append(facts, fmt.Sprintf("%s: [%s](#%s).", word, o.Answer.Title, anchorOf(o.Answer)))
	}
	facts = append(facts, pollFacts(o)...)
	facts = append(facts, repeatFact(o)...)
	facts = append(facts, dangerFact(o)...)
	for _, n := range o.Notes {
		facts = append(facts, "Note: "+n)
	}
	for _, f := range facts {
		p.line("- %s", f)
	}
	p.line("")
}

func pollFacts(o *connectors.Operation) []string {
	if o.Poll == nil {
		return nil
	}
	p := o.Poll
	var text string
	switch p.Strategy {
	case connectors.Keyset:
		text = "by the time of update (keyset)"
		if p.Overlap > 0 {
			text += ", with an overlap of " + brief(p.Overlap)
		}
	case connectors.Newest:
		text = "from the newest on, by " + code(p.By) + " (newest)"
	case connectors.FanOut:
		text = fmt.Sprintf("one request for each record of [`%s`](#%s) (fan_out); its id goes into %s",
			p.Parents.Operation, strings.ReplaceAll(p.Parents.Operation, ".", ""), code(p.Parents.Input))
	case connectors.Snapshot:
		text = "the whole list is read and compared (snapshot)"
		if !o.List {
			text = "the one record is read and compared (snapshot)"
		}
	}
	facts := []string{"Can be polled: " + text + ".", "Cost of a poll: " + cost(o) + "."}
	if p.Window != nil {
		facts = append(facts, fmt.Sprintf("A poll asks for what has its %s between %s ago and %s ahead.", code(p.By), brief(p.Window.Back), brief(p.Window.Ahead)))
	}
	if p.Confirm != nil {
		facts = append(facts, fmt.Sprintf("Whether a record that is missing is gone is asked of [`%s`](#%s).",
			p.Confirm.Operation, strings.ReplaceAll(p.Confirm.Operation, ".", "")))
	}
	return facts
}

// cost is how many requests a poll takes.
func cost(o *connectors.Operation) string {
	size := o.Poll.PageSize
	switch {
	case o.Poll.Strategy == connectors.Keyset || o.Poll.Strategy == connectors.Newest:
		return fmt.Sprintf("one request as long as nothing changes, and one for every %d records that did", size)
	case o.Poll.Strategy == connectors.FanOut:
		return "one request for each record of that list and round; rounds are spread so that they take at most half of the account's budget"
	case o.List && size > 0:
		return fmt.Sprintf("one request for every %d records of the list", size)
	}
	return "one request"
}

// dangerFact tells what cannot be undone.
func dangerFact(o *connectors.Operation) []string {
	switch o.Danger {
	case connectors.DangerDelete:
		return []string{"Danger: it deletes, and nobody can undo that. A recipe without a filter that uses it gets a warning."}
	case connectors.DangerSend:
		return []string{"Danger: people get messages. A recipe without a filter that uses it gets a warning."}
	case connectors.DangerPay:
		return []string{"Danger: money moves. The account must say `allow: [payments]`."}
	}
	return nil
}

func repeatFact(o *connectors.Operation) []string {
	switch o.Repeat {
	case connectors.RepeatSafe:
		return []string{"Repeat: safe. However often it is sent, there is one effect."}
	case connectors.RepeatNever:
		return []string{"Repeat: never. When its answer is lost the run is parked for a person."}
	case connectors.RepeatFind:
		return []string{fmt.Sprintf("Repeat: find. When its answer is lost, `%s` is read %s; put `${run.id}` into `%s`, so that it proves something.",
			o.Find.Operation, settle(o), o.Find.Match)}
	}
	return nil
}

// settle says when a lookup can be trusted.
func settle(o *connectors.Operation) string {
	if o.Find.Settle == 0 {
		return "at once"
	}
	return brief(o.Find.Settle) + " after it was sent"
}

// brief is a duration without its zero parts.
func brief(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(text, "h0m") {
		return strings.TrimSuffix(text, "0m")
	}
	if text == "" || !strings.ContainsAny(text[len(text)-1:], "hms") {
		return d.String()
	}
	return text
}

// need says whether an input must be given.
func need(in connectors.Input) string {
	switch {
	case in.Setting != "":
		return "from the setting " + code(in.Setting)
	case in.Required && in.Default == nil:
		return "yes"
	}
	return ""
}

func inputMeaning(in connectors.Input) string {
	var parts []string
	if in.Default != nil {
		parts = append(parts, fmt.Sprintf("Default: `%v`.", in.Default))
	}
	if len(in.Options) > 0 {
		parts = append(parts, "One of "+codes(in.Options)+".")
	}
	if in.Nullable {
		parts = append(parts, "Can be cleared with `=clear`.")
	}
	if in.Named != nil {
		parts = append(parts, "A list, or values by the name of the "+in.Named.Title+".")
	}
	if in.MaxItems > 0 {
		parts = append(parts, fmt.Sprintf("At most %d.", in.MaxItems))
	}
	if in.Example != "" {
		parts = append(parts, "Such as "+code(in.Example)+".")
	}
	return sentences(append(parts, in.Description, in.Note)...)
}

func writeObject(p *page, o *schema.Object) {
	p.line("### %s\n", o.Title)
	var head []string
	if o.ID != "" {
		head = append(head, "Known by "+code(o.ID)+".")
	}
	if o.Updated != "" {
		head = append(head, "Time of update: "+code(o.Updated)+".")
	}
	if o.Open {
		head = append(head, "May have fields that are not listed.")
	}
	if o.Note != "" {
		head = append(head, o.Note)
	}
	if len(head) > 0 {
		p.line("%s\n", strings.Join(head, " "))
	}
	var rows [][]string
	for _, f := range o.Fields {
		rows = append(rows, []string{code(f.Name), typeOf(f), traits(f), sentences(f.Description, f.Note)})
	}
	p.table([]string{"field", "type", "is", "meaning"}, rows)
}

// traits says how a field is treated.
func traits(f schema.Field) string {
	var words []string
	for _, t := range []struct {
		on   bool
		word string
	}{{f.Secret, "secret"}, {f.Personal, "personal"}, {f.Volatile, "never a change"}, {f.Normal != "", "compared as " + string(f.Normal)}, {f.Named != nil, "by name"}} {
		if t.on {
			words = append(words, t.word)
		}
	}
	return strings.Join(words, ", ")
}

// inputType names what an input takes.
func inputType(in connectors.Input) string {
	if in.File {
		return "file"
	}
	return typeOf(in.Field)
}

func typeOf(f schema.Field) string {
	if f.Type == schema.Array && f.Items != nil {
		return fmt.Sprintf("%s of %s", f.Type, f.Items.Type)
	}
	return string(f.Type)
}

// anchorOf is the part of an address that leads to an object's section.
func anchorOf(o *schema.Object) string {
	return strings.ReplaceAll(strings.ToLower(o.Title), " ", "-")
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

func code(s string) string { return "`" + s + "`" }

func codes(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = code(s)
	}
	return strings.Join(quoted, ", ")
}

// sentences joins texts that may be empty.
func sentences(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
