package folder

import (
	"fmt"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/yamlnode/plain"
)

// head stands in the first lines of connector.yaml.
const head = `Made from an OpenAPI document. What the document does not say was guessed from names
and from the meaning of HTTP: each guess is marked with "guess". Look at them before a recipe
relies on them; docs/writing-a-connector.md explains every key.`

// connector renders connector.yaml.
func connector(c *draft.Connector) plain.Mapping {
	var m plain.Mapping
	m = append(m, plain.Entry{Key: "connector", Value: "v1", Comment: head})
	m.Add("key", c.Key)
	m.Add("title", c.Title)
	text(&m, "docs", c.Docs)
	m.Add("base_url", c.BaseURL)
	if h := hosts(c); len(h) > 0 {
		m.Add("hosts", h)
	}
	if c.Version != nil {
		m.Add("version", plain.Mapping{{Key: "header", Value: c.Version.Header}, {Key: "value", Value: c.Version.Value}})
	}
	var auth []any
	for _, a := range c.Auth {
		one := plain.Mapping{{Key: "method", Value: a.Method}}
		text(&one, "in", a.In)
		text(&one, "name", a.Name)
		text(&one, "authorize_url", a.AuthorizeURL)
		text(&one, "token_url", a.TokenURL)
		auth = append(auth, one)
	}
	m = append(m, plain.Entry{Key: "auth", Value: auth, Comment: guess(c.AuthGuess)})
	if c.Check != "" {
		m = append(m, plain.Entry{Key: "check", Value: c.Check, Aside: "guess"})
	}
	if len(c.Settings) > 0 {
		var settings plain.Mapping
		for i := range c.Settings {
			s := &c.Settings[i]
			settings = append(settings, plain.Entry{Key: s.Name, Value: setting(s), Comment: guess(s.Guess)})
		}
		m.Add("settings", settings)
	}
	var errors plain.Mapping
	paths(&errors, "code", c.Code)
	paths(&errors, "message", c.Message)
	if len(errors) > 0 {
		m = append(m, plain.Entry{Key: "errors", Value: errors, Comment: guess("where refusals say what is wrong, by name")})
	}
	paths(&m, "notes", c.Notes)
	return m
}

// hosts renders the other addresses that some operation is behind.
func hosts(c *draft.Connector) map[string]any {
	used := map[string]any{}
	for _, f := range c.Files {
		for _, o := range f.Operations {
			if o.Host != "" {
				used[o.Host] = c.Hosts[o.Host]
			}
		}
	}
	return used
}

// guess is the comment of a guess; empty for none.
func guess(why string) string {
	if why == "" {
		return ""
	}
	return "guess: " + why
}

// text adds a text unless it is empty.
func text(m *plain.Mapping, key, value string) {
	if value != "" {
		m.Add(key, value)
	}
}

// yes adds a flag that is set.
func yes(m *plain.Mapping, key string, value bool) {
	if value {
		m.Add(key, true)
	}
}

// paths adds a list of texts unless it is empty.
func paths(m *plain.Mapping, key string, values []string) {
	if len(values) == 0 {
		return
	}
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	m.Add(key, list)
}

// setting renders a setting of the account.
func setting(f *draft.Field) any {
	if f.Description == "" {
		return f.Type
	}
	return plain.Mapping{{Key: "description", Value: f.Description}}
}

// object renders a kind of record.
func object(o *draft.Object) plain.Mapping {
	var m plain.Mapping
	m.Add("title", o.Title)
	text(&m, "id", o.ID)
	text(&m, "created", o.Created)
	text(&m, "updated", o.Updated)
	m.Add("open", true)
	text(&m, "note", o.Note)
	m.Add("fields", fields(o.Fields))
	return m
}

// fields renders the members of a record or an object, or the inputs of an operation.
func fields(all []draft.Field) plain.Mapping {
	m := plain.Mapping{}
	for i := range all {
		m = append(m, plain.Entry{Key: all[i].Name, Value: field(&all[i]), Comment: guess(all[i].Guess)})
	}
	return m
}

// field renders a field: its type alone, or what else there is to say.
func field(f *draft.Field) any {
	var m plain.Mapping
	if f.Type != "string" {
		m.Add("type", f.Type)
	}
	yes(&m, "file", f.File)
	text(&m, "in", f.In)
	text(&m, "at", f.At)
	yes(&m, "required", f.Required)
	text(&m, "setting", f.Setting)
	yes(&m, "nullable", f.Nullable)
	yes(&m, "secret", f.Secret)
	yes(&m, "personal", f.Personal)
	if f.Default != nil {
		m.Add("default", f.Default)
	}
	paths(&m, "options", f.Options)
	if f.Items != nil {
		m.Add("items", field(f.Items))
	}
	yes(&m, "open", f.Open)
	text(&m, "description", f.Description)
	text(&m, "note", f.Note)
	if len(f.Fields) > 0 {
		m.Add("fields", fields(f.Fields))
	}
	if len(m) == 0 || (len(m) == 1 && m[0].Key == "type") {
		return f.Type
	}
	return m
}

// operation renders an operation.
func operation(o *draft.Operation) plain.Mapping {
	var m plain.Mapping
	m.Add("title", o.Title)
	text(&m, "description", o.Description)
	kind := "write"
	if o.Read {
		kind = "read"
	}
	m = append(m, plain.Entry{Key: kind, Value: o.Method + " " + o.Path, Comment: guess(o.KindGuess)})
	text(&m, "host", o.Host)
	text(&m, "version", o.Version)
	paths(&m, "scopes", o.Scopes)
	text(&m, "deprecated", o.Deprecated)
	if len(o.Inputs) > 0 {
		m.Add("inputs", inputs(o.Inputs))
	}
	var fixed plain.Mapping
	if len(o.Headers) > 0 {
		headers := map[string]any{}
		for name, value := range o.Headers {
			headers[name] = value
		}
		fixed.Add("headers", headers)
	}
	yes(&fixed, "form", o.Form)
	if len(fixed) > 0 {
		m.Add("fixed", fixed)
	}
	if o.Answer != nil {
		m = append(m, plain.Entry{Key: "answer", Value: answer(o.Answer), Comment: guess(o.AnswerGuess)})
	}
	if o.Paging != nil {
		m = append(m, plain.Entry{Key: "paging", Value: paging(o.Paging), Comment: guess(o.Paging.Guess)})
	}
	if o.Poll != nil {
		m = append(m, plain.Entry{Key: "poll", Value: poll(o.Poll), Comment: guess(o.Poll.Guess)})
	}
	if o.Repeat != "" {
		m = append(m, plain.Entry{Key: "repeat", Value: o.Repeat, Aside: guess(o.RepeatGuess)})
	}
	if o.IdempotencyHeader != "" {
		m.Add("idempotency", plain.Mapping{{Key: "header", Value: o.IdempotencyHeader}})
	}
	text(&m, "danger", o.Danger)
	paths(&m, "notes", o.Notes)
	return m
}

// inputs renders inputs. What a path needs is required anyway.
func inputs(all []draft.Field) plain.Mapping {
	m := plain.Mapping{}
	for _, f := range all {
		f.Required = f.Required && !f.InPath()
		m = append(m, plain.Entry{Key: f.Name, Value: field(&f), Comment: guess(f.Guess)})
	}
	return m
}

// answer renders where the value of an answer stands.
func answer(a *draft.Answer) plain.Mapping {
	var m plain.Mapping
	if a.Object != nil {
		m.Add("object", a.Object.Key)
	}
	switch {
	case a.File:
		m.Add("file", true)
	case a.List != "":
		m.Add("list", a.List)
	default:
		m.Add("value", a.Value)
	}
	return m
}

// paging renders how a list is read page by page.
func paging(p *draft.Paging) plain.Mapping {
	m := plain.Mapping{{Key: "style", Value: p.Style}}
	text(&m, "input", p.Input)
	if p.First != nil {
		m.Add("first", *p.First)
	}
	if len(p.Carry) > 0 {
		carry := map[string]any{}
		for input, from := range p.Carry {
			carry[input] = from
		}
		m.Add("carry", carry)
	}
	text(&m, "link", p.Link)
	if p.SizeInput != "" {
		m.Add("size", plain.Mapping{{Key: "input", Value: p.SizeInput}, {Key: "max", Value: p.SizeMax}})
	}
	text(&m, "last", p.Last)
	text(&m, "total", p.Total)
	return m
}

// poll renders how changes in a list are found.
func poll(p *draft.Poll) plain.Mapping {
	m := plain.Mapping{{Key: "strategy", Value: p.Strategy}}
	text(&m, "by", p.By)
	if p.With != nil {
		m.Add("with", p.With)
	}
	if p.SinceInput != "" {
		m.Add("since", plain.Mapping{{Key: "input", Value: p.SinceInput}, {Key: "format", Value: p.SinceFormat}})
	}
	if p.Parent != "" {
		m.Add("parents", plain.Mapping{{Key: "operation", Value: p.Parent}, {Key: "input", Value: p.ParentInput}})
	}
	if p.ConfirmRead != "" {
		m.Add("confirm", plain.Mapping{{Key: "operation", Value: p.ConfirmRead}, {Key: "input", Value: p.ConfirmInput}})
	}
	return m
}

// above is the comment over an operation.
func above(o *draft.Operation) string {
	if o.NoPoll == "" {
		return ""
	}
	return fmt.Sprintf("Not polled: %s.", strings.TrimSuffix(o.NoPoll, "."))
}
