package described

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/protocol"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Method is what a request to a program is called where a service has its HTTP method.
const Method = "CALL"

// The forms of keys.
var (
	keyForm       = regexp.MustCompile(finding.KeyForm)
	operationForm = regexp.MustCompile(finding.OperationKeyForm)
)

// Read reads a description. at is where the plugin stands; all findings point there. The
// result is nil when there are errors.
func Read(p protocol.Description, at diag.Place, into *diag.List) *connectors.Description {
	r := &reader{at: at, into: &diag.List{}, d: &connectors.Description{
		Key: p.Key, Title: p.Title, Docs: p.Docs, BaseURL: p.BaseURL, Notes: p.Notes, Program: true, Versions: map[string]map[string]string{},
	}}
	r.top(p)
	r.objects(p.Objects)
	r.operations(p.Operations)
	r.check(p)
	report(r.into, into)
	if r.into.HasErrors() {
		return nil
	}
	return r.d
}

const (
	// mostFindings is how many findings of a plugin are shown, longest how many bytes of
	// each: a program may say anything.
	mostFindings = 30
	longest      = 400
)

// report hands the findings on.
func report(found, into *diag.List) {
	var short diag.List
	for _, f := range found.Sorted() {
		if len(f.Message) > longest {
			f.Message = strings.ToValidUTF8(f.Message[:longest], "") + "…"
		}
		short.Add(f)
	}
	into.AppendSome(&short, mostFindings)
}

// reader builds a description. It goes on after every mistake.
type reader struct {
	at   diag.Place
	into *diag.List
	d    *connectors.Description
	// unclear are operations whose answer has a finding, by key, so that no other one
	// needs to follow from it.
	unclear map[string]bool
}

// errorf reports something wrong in a part of the description.
func (r *reader) errorf(where, code, suggestion, format string, args ...any) {
	r.into.Errorf(r.at, code, suggestion, strings.ReplaceAll(where, "%", "%%")+": "+format, args...)
}

// inside has a check made whose findings say in which part of the description they are.
func (r *reader) inside(where string, check func(*diag.List)) {
	var found diag.List
	check(&found)
	for _, f := range found.Sorted() {
		f.Message = where + ": " + f.Message
		r.into.Add(f)
	}
}

// top reads what concerns the whole connector.
func (r *reader) top(p protocol.Description) {
	if !keyForm.MatchString(p.Key) {
		r.errorf("key", finding.CodeKeyForm, "use small letters, digits and underscores", "the key %.40q is not written like todo", p.Key)
	}
	if p.Title == "" {
		r.errorf("title", finding.CodeFieldOption, `describe a title: "Todo list"`, "the connector has no title")
	}
	for _, word := range p.Auth {
		m := auth.Method{Name: word}
		switch word {
		case auth.APIKey:
			m.In, m.Param = "header", "key" // the program alone knows where it goes
		case auth.Bearer, auth.Basic:
		default:
			r.errorf("auth", finding.CodeFieldOption, "use bearer, api_key or basic", "a plugin cannot sign in by %.40q", word)
		}
		r.d.Auth = append(r.d.Auth, m)
	}
	if len(p.Auth) == 0 {
		r.errorf("auth", finding.CodeFieldOption, `describe auth: ["bearer"]`, "nobody could sign in")
	}
	r.d.Settings = r.fields("settings", p.Settings)
	r.limits(p.Limits)
}

func (r *reader) limits(list []protocol.Limit) {
	seen := map[string]bool{}
	for _, l := range list {
		where := "limit " + l.Name
		r.key(where, l.Name, keyForm, "burst", seen)
		out := connectors.Limit{
			Name: l.Name, Requests: l.Requests, Per: r.duration(where+", per", l.Per), By: l.By,
			Remaining: l.Remaining, Max: l.Max, Reset: l.Reset, Operations: l.Operations,
		}
		if l.By == "" {
			out.By = "account"
		}
		switch {
		case out.By != "account" && out.By != "host":
			r.errorf(where, finding.CodeFieldOption, "use account or host", "nothing is counted by %.40q", l.By)
		case l.Requests < 1:
			r.errorf(where, finding.CodeFieldOption, "", "%d requests are too few", l.Requests)
		case out.Per < time.Second:
			r.errorf(where, finding.CodeFieldOption, "write at least 1s", "a window of %q is too short", l.Per)
		}
		r.d.Limits = append(r.d.Limits, out)
	}
}

// key reports a key of the wrong form, or one that is taken.
func (r *reader) key(where, key string, form *regexp.Regexp, example string, seen map[string]bool) {
	switch {
	case !form.MatchString(key):
		r.errorf(where, finding.CodeKeyForm, "use small letters, digits and underscores", "the key %.80q is not written like %s", key, example)
	case seen[key]:
		r.errorf(where, finding.CodeKeyTaken, "", "the key %q is there twice", key)
	}
	seen[key] = true
}

// duration reads a duration; empty is 0.
func (r *reader) duration(where, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, ok := yamlnode.ParseDuration(text)
	if !ok || d < 0 {
		r.errorf(where, finding.CodeFieldOption, "write it like 30s, 5m or 24h", "%.40q is no duration", text)
	}
	return d
}

func (r *reader) objects(list []protocol.Object) {
	seen := map[string]bool{}
	for _, o := range list {
		where := "object " + o.Key
		r.key(where, o.Key, keyForm, "item", seen)
		out := &schema.Object{Key: o.Key, Title: o.Title, ID: o.ID, Created: o.Created, Updated: o.Updated, Open: o.Open, Note: o.Note}
		if out.Title == "" {
			out.Title = o.Key
		}
		out.Fields = r.fields(where, o.Fields)
		for _, name := range []string{o.ID, o.Created, o.Updated} {
			if _, known := out.Field(name); name != "" && !known {
				r.inside(where, func(into *diag.List) {
					finding.Unknown(into, r.at, "field", name, finding.Names(out.Fields))
				})
			}
		}
		if len(out.Fields) == 0 && !o.Open {
			r.errorf(where, finding.CodeFieldOption, "describe its fields, or open: true", "the object has no fields")
		}
		r.d.Objects = append(r.d.Objects, out)
	}
}

// fields reads fields that stand beside each other.
func (r *reader) fields(where string, list []protocol.Field) []schema.Field {
	var out []schema.Field
	seen := map[string]bool{}
	for _, f := range list {
		switch {
		case f.Name == "":
			r.errorf(where, finding.CodeKeyForm, "", "a field has no name")
		case seen[f.Name]:
			r.errorf(where, finding.CodeKeyTaken, "", "the field %q is there twice", f.Name)
		}
		seen[f.Name] = true
		out = append(out, r.field(where+", field "+f.Name, f))
	}
	return out
}

func (r *reader) field(where string, f protocol.Field) schema.Field {
	out := schema.Field{
		Name: f.Name, Type: schema.Type(f.Type), Description: f.Description, Required: f.Required, Nullable: f.Nullable,
		Secret: f.Secret, Personal: f.Personal, Volatile: f.Volatile, Normal: schema.Normaliser(f.Normal),
		Default: schema.Plain(f.Default), Options: f.Options, Open: f.Open, Note: f.Note,
	}
	if f.Type == "" {
		out.Type = schema.String
	}
	if !slices.Contains(schema.Types(), out.Type) {
		r.errorf(where, finding.CodeFieldOption, "use string, integer, number, boolean, time, array, object or any", "there is no type %.40q", f.Type)
		out.Type = schema.Any
	}
	if len(f.Options) > 0 && out.Type != schema.String {
		r.errorf(where, finding.CodeFieldOption, "", "only strings have options")
	}
	if f.Items != nil {
		if out.Type != schema.Array {
			r.errorf(where, finding.CodeFieldOption, "", "only arrays have items")
		}
		items := r.field(where+", items", *f.Items)
		out.Items = &items
	}
	if (len(f.Fields) > 0 || f.Open) && out.Type != schema.Map {
		r.errorf(where, finding.CodeFieldOption, "", "only objects have fields")
	}
	out.Fields = r.fields(where, f.Fields)
	r.normal(where, &out)
	if out.Default != nil {
		if err := out.Accepts(out.Default); err != nil {
			r.errorf(where, finding.CodeDefault, "", "the default does not fit: %s", err)
		}
	}
	return out
}

// normal reports a normaliser that does not go with the type.
func (r *reader) normal(where string, f *schema.Field) {
	switch f.Normal {
	case schema.NormalNone:
		return
	case schema.NormalSet:
		if f.Type != schema.Array {
			r.errorf(where, finding.CodeFieldOption, "", "only arrays are compared as set")
		}
	case schema.NormalEmail, schema.NormalPhone, schema.NormalTrim, schema.NormalLower:
		if f.Type != schema.String {
			r.errorf(where, finding.CodeFieldOption, "", "only strings are compared as %s", f.Normal)
		}
	case schema.NormalKeyed:
		fallthrough
	default:
		r.errorf(where, finding.CodeFieldOption, "use email, phone, set, trim or lower", "nothing is compared as %.40q", f.Normal)
	}
}
