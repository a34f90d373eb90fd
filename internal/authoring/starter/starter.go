package starter

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/authoring/infer"
)

// Service is what a connector is drafted for.
type Service struct {
	Name   string // key of the connector, "workshop"
	Method string // of the sign-in: bearer, api_key, basic or none
	Header string // that takes the key; only for api_key
	Token  string // reference to the credential, "env:WORKSHOP_TOKEN"; may be empty
	Draft  *infer.Draft
}

// File is a file of a connector's folder.
type File struct{ Name, Text string }

// Files returns the files of the connector's folder.
func Files(s Service) []File {
	part := s.Draft.Object + ".yaml"
	if part == "connector.yaml" {
		part = "records.yaml"
	}
	return []File{{"connector.yaml", s.connector()}, {part, s.part()}}
}

// Title is a key as people read it: "Repair order" for repair_order.
func Title(key string) string {
	text := strings.ReplaceAll(key, "_", " ")
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// plain fits texts that YAML takes for texts without quotes.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

// text writes a scalar.
func text(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(s)
	}
	if plain.MatchString(s) {
		return s
	}
	return quoted(s)
}

// quoted writes a text in quotes, as JSON and YAML both read it.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r > 0xffff:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// why returns the comment with the reasons for something, a line each; empty for none.
func (s Service) why(about, indent string) string {
	var b strings.Builder
	for _, g := range s.Draft.Guesses {
		if g.About == about {
			fmt.Fprintf(&b, "%s# %s\n", indent, oneLine(g.Why))
		}
	}
	return b.String()
}

// oneLine is a text as a comment takes it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

// connector writes connector.yaml.
func (s Service) connector() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A first draft by \"pollux connectors new\". Lines with # say what was guessed, and why.\nconnector: v1\nkey: %s\ntitle: %s\nbase_url: %s\n",
		s.Name, text(Title(s.Name)), quoted(s.Draft.BaseURL))
	if s.Method == "api_key" {
		fmt.Fprintf(&b, "auth: [{method: api_key, in: header, name: %s}]\n", text(s.Header))
	} else {
		fmt.Fprintf(&b, "auth: [{method: %s}]\n", s.Method)
	}
	fmt.Fprintf(&b, "check: %s.list # the read that shows whether a credential works\n", s.Draft.Object)
	b.WriteString(s.why("limits", ""))
	if l := s.Draft.Limit; l != nil {
		fmt.Fprintf(&b, "limits:\n  all: {requests: %d, per: 1m, remaining: %s, max: %s}\n", l.Requests, text(l.Remaining), text(l.Max))
	} else {
		b.WriteString("# limits:\n#   all: {requests: 60, per: 1m}\n")
	}
	b.WriteString("errors:\n  # where code and message stand in the answer to a request that is refused: nothing was refused yet\n" +
		"  code: [error.code, code]\n  message: [error.message, message, error, detail]\n")
	return b.String()
}

// part writes the file with the object and its list.
func (s Service) part() string {
	d := s.Draft
	var b strings.Builder
	fmt.Fprintf(&b, "objects:\n  %s:\n    title: %s\n", d.Object, text(Title(d.Object)))
	b.WriteString(s.why("id", "    "))
	fmt.Fprintf(&b, "    id: %s\n", d.ID)
	for _, at := range []struct{ about, field string }{{"created", d.Created}, {"updated", d.Updated}} {
		if at.field != "" {
			b.WriteString(s.why(at.about, "    "))
			fmt.Fprintf(&b, "    %s: %s\n", at.about, at.field)
		}
	}
	b.WriteString("    open: true # fields that this sample did not show are kept\n    fields:\n")
	fields(&b, d.Fields, "      ")
	s.list(&b)
	return b.String()
}

// fields writes fields, a line each; those with members over several.
func fields(b *strings.Builder, list []infer.Field, indent string) {
	for _, f := range list {
		note := ""
		if f.Note != "" {
			note = " # " + f.Note
		}
		parts := parts(f)
		switch {
		case len(f.Fields) > 0:
			fmt.Fprintf(b, "%s%s:%s\n%s  type: object\n%s  open: true\n", indent, key(f.Name), note, indent, indent)
			if f.Personal {
				fmt.Fprintf(b, "%s  personal: true\n", indent)
			}
			fmt.Fprintf(b, "%s  fields:\n", indent)
			fields(b, f.Fields, indent+"    ")
		case len(parts) == 1 && strings.HasPrefix(parts[0], "type: "):
			fmt.Fprintf(b, "%s%s: %s%s\n", indent, key(f.Name), strings.TrimPrefix(parts[0], "type: "), note)
		default:
			fmt.Fprintf(b, "%s%s: {%s}%s\n", indent, key(f.Name), strings.Join(parts, ", "), note)
		}
	}
}

// key writes the name of a field, which may look like another thing to YAML.
func key(name string) string { return text(name) }

// parts writes what a field is.
func parts(f infer.Field) []string {
	var list []string
	if f.Type != schema.String || !f.Personal && f.Normal == schema.NormalNone {
		list = append(list, "type: "+string(f.Type))
	}
	if f.Type == schema.Map {
		list = append(list, "open: true")
	}
	if f.Type == schema.Array {
		list = append(list, "items: "+string(f.Items))
	}
	if f.Personal {
		list = append(list, "personal: true")
	}
	if f.Normal != schema.NormalNone {
		list = append(list, "normal: "+string(f.Normal))
	}
	return list
}

// list writes the operation that lists the records.
func (s Service) list(b *strings.Builder) {
	d := s.Draft
	fmt.Fprintf(b, "\noperations:\n  %s.list:\n    title: %s\n    read: %s\n", d.Object, text("List "+strings.ReplaceAll(d.Object, "_", " ")+" records"), quoted("GET "+d.Path))
	if inputs := s.inputs(); len(inputs) > 0 {
		b.WriteString("    inputs:\n")
		for _, line := range inputs {
			fmt.Fprintf(b, "      %s\n", line)
		}
	}
	if len(d.Query) > 0 {
		fmt.Fprintf(b, "    # these stood in the address of the sample\n    fixed: {query: {%s}}\n", pairs(d.Query))
	}
	b.WriteString(s.why("list", "    "))
	fmt.Fprintf(b, "    answer: {object: %s, list: %s}\n", d.Object, text(d.List))
	s.paging(b)
	b.WriteString(s.why("strategy", "    "))
	switch p := d.Poll; p.Strategy {
	case "keyset":
		fmt.Fprintf(b, "    poll:\n      strategy: keyset\n      with: {%s}\n      since: {input: %s, format: %s}\n", pairs(p.With), key(p.Since), p.Format)
	case "newest":
		fmt.Fprintf(b, "    poll: {strategy: newest, by: %s, with: {}}\n", p.By)
	default:
		b.WriteString("    poll: {strategy: snapshot}\n")
	}
}

// pairs writes values by name.
func pairs(values map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, key(name)+": "+quoted(values[name]))
	}
	return strings.Join(list, ", ")
}

// inputs are those that paging and polling fill, and none else.
func (s Service) inputs() []string {
	d := s.Draft
	types := map[string]string{}
	if d.Paging.Input != "" {
		types[d.Paging.Input] = "string"
		if d.Paging.Style != "cursor" {
			types[d.Paging.Input] = "integer"
		}
	}
	if d.Paging.Size != nil {
		types[d.Paging.Size.Input] = "integer"
	}
	if d.Poll.Since != "" {
		types[d.Poll.Since] = "string"
		for name := range d.Poll.With {
			types[name] = "string"
		}
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(types)) {
		list = append(list, key(name)+": "+types[name])
	}
	return list
}

// paging writes how the list goes on.
func (s Service) paging(b *strings.Builder) {
	p := s.Draft.Paging
	b.WriteString(s.why("paging", "    "))
	if p.Style == "none" {
		b.WriteString("    paging: {style: none}\n")
		return
	}
	fmt.Fprintf(b, "    paging:\n      style: %s\n", p.Style)
	switch p.Style {
	case "cursor":
		fmt.Fprintf(b, "      carry: {%s: %s}\n      last: no_next\n", key(p.Input), text("answer."+p.From))
	case "next_link":
		fmt.Fprintf(b, "      link: %s\n      last: no_next\n", text(p.From))
	case "page":
		fmt.Fprintf(b, "      input: %s\n      first: %d\n      last: empty\n", key(p.Input), p.First)
	case "offset":
		fmt.Fprintf(b, "      input: %s\n      last: empty\n", key(p.Input))
	}
	if p.Size != nil {
		b.WriteString(s.why("size", "      "))
		fmt.Fprintf(b, "      size: {input: %s, max: %d}\n", key(p.Size.Input), p.Size.Max)
	}
	if p.Total != "" {
		fmt.Fprintf(b, "      total: %s\n", text(p.Total))
	}
}

// Account proposes the account of the settings file.
func Account(s Service) string {
	token := s.Token
	if token == "" {
		token = "env:" + strings.ToUpper(s.Name) + "_TOKEN"
	}
	auth := fmt.Sprintf("{method: %s, token: %s}", s.Method, token)
	switch s.Method {
	case "api_key":
		auth = fmt.Sprintf("{method: api_key, key: %s}", token)
	case "basic":
		auth = fmt.Sprintf("{method: basic, user: env:%s_USER, password: %s}", strings.ToUpper(s.Name), token)
	case "none":
		auth = "{method: none}"
	}
	return fmt.Sprintf("accounts:\n  %s:\n    connector: %s\n    auth: %s\n", s.Name, s.Name, auth)
}

// Recipe proposes a first recipe: it notes what has changed, from now on, and sends nothing
// anywhere.
func Recipe(s Service) string {
	d := s.Draft
	return fmt.Sprintf(`recipe: v1
id: %s-%s
name: %s
connections:
  from: {connector: %s, account: %s}
trigger:
  poll: from.%s.list
  schedule: {every: 5m}
  start: now # only what changes after the first poll; nothing runs for what is there already
steps:
  - id: seen # sends nothing; put your calls in its place
    set:
      id: =record.%s
      kind: =kind
`, s.Name, strings.ReplaceAll(d.Object, "_", "-"), text(Title(d.Object)+" at "+s.Name), s.Name, s.Name, d.Object, d.ID)
}
