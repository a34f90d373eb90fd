package requests

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/fields"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// body makes the inputs that go into the body.
func (r *request) body() error {
	body := r.from.Body
	if body == nil {
		return nil
	}
	if r.op.Method == http.MethodGet {
		if body.Required {
			return errors.New("it is a GET with a body, which is not sent")
		}
		r.note("The body is left out: a GET has none.")
		return nil
	}
	switch {
	case body.Media == "application/json":
		r.json(body)
	case body.Media == "multipart/form-data":
		return r.form(body)
	case body.Media == "application/x-www-form-urlencoded":
		return errors.New("its body is a form of the type application/x-www-form-urlencoded, which a connector does not send")
	case r.op.Read:
		return fmt.Errorf("it reads, and its body of the type %.60q would be a file, which only writes send", body.Media)
	default:
		r.add(draft.Field{Name: "content", Type: "string", File: true, Required: true, Description: wording.Line("The file that is sent: "+body.Media, wording.MaxText), Place: "body"}, ".")
	}
	return nil
}

// json makes the inputs of a body in JSON: each member one, or the whole.
func (r *request) json(body *openapi.Body) {
	s := body.Schema
	if s.Lost {
		r.note("What the body holds is not known: the document refers to a description that is not there.")
	}
	if s.Forms > 1 {
		r.note("The body has one of %d forms; the members of all are inputs, and none of them says which go together.", s.Forms)
	}
	members := slices.DeleteFunc(slices.Clone(s.Properties), func(p openapi.Property) bool { return p.Schema.ReadOnly })
	dotted := slices.ContainsFunc(members, func(p openapi.Property) bool { return strings.Contains(p.Name, ".") || !wording.IsName(p.Name) })
	switch {
	case s.Kind == openapi.Object && len(s.Properties) > 0 && len(members) == 0: // nothing of it can be sent
	case s.Kind != openapi.Object || len(members) == 0 || len(members) > fields.MaxFields/2 || dotted || (s.Open && len(members) == 1):
		r.whole(body)
	default:
		r.each(members)
		if s.Open {
			r.note("The body may have more members than those that are listed.")
		}
	}
}

// each makes an input of each member of the body.
func (r *request) each(members []openapi.Property) {
	for _, p := range members {
		f := r.shape.Field(p.Name, p.Schema, 1)
		f.Required, f.Place = p.Required, "body"
		if p.Schema.Default != nil {
			if f.Required {
				f.Default = p.Schema.Default
			} else {
				f.Description = strings.TrimSpace(f.Description + " " + wording.Line(fmt.Sprintf("Without it the service takes %v.", p.Schema.Default), wording.MaxText))
			}
		}
		r.add(f, p.Name)
	}
}

// whole makes one input of the whole body.
func (r *request) whole(body *openapi.Body) {
	name := map[openapi.Kind]string{openapi.Array: "items", openapi.String: "text"}[body.Schema.Kind]
	f := r.shape.Field(cmp.Or(name, "body"), body.Schema, 1)
	f.Required, f.Nullable, f.Place = body.Required, false, "body"
	f.Description = cmp.Or(f.Description, "The whole body.")
	if f.Type == "object" {
		f.Open = true
	}
	r.add(f, ".")
}

// form makes the inputs of a form, whose parts are texts, lists of texts and files.
func (r *request) form(body *openapi.Body) error {
	if r.op.Read {
		return errors.New("it reads, and its body is a form")
	}
	r.op.Form = true
	for _, p := range body.Schema.Properties {
		if p.Schema.ReadOnly {
			continue
		}
		if strings.Contains(p.Name, ".") || !wording.IsName(p.Name) {
			if p.Required {
				return fmt.Errorf("the part %.60q of its form has a name with a dot", p.Name)
			}
			r.note("The part %.60q of the form is left out: its name has a dot.", p.Name)
			continue
		}
		r.add(r.part(p), p.Name)
	}
	if len(body.Schema.Properties) == 0 {
		return errors.New("its form has parts that the document does not name")
	}
	return nil
}

// part makes the input of one part of a form.
func (r *request) part(p openapi.Property) draft.Field {
	s := p.Schema
	binary := s.Format == "binary" || s.Format == "byte"
	if s.Kind == openapi.Array && s.Items != nil && s.Items.Format == "binary" {
		binary = true
		r.note("The part %.60q takes several files, of which one can be sent.", p.Name)
	}
	if binary {
		return draft.Field{Name: p.Name, Type: "string", File: true, Required: p.Required, Description: wording.Line(s.Description, wording.MaxText), Place: "body"}
	}
	f := r.shape.Field(p.Name, s, fields.MaxLevels)
	listed := f.Type == "array" && f.Items != nil && !slices.Contains([]string{"array", "object", "any"}, f.Items.Type)
	if slices.Contains([]string{"array", "object", "any"}, f.Type) && !listed {
		f = draft.Field{Name: p.Name, Type: "string", Description: f.Description, Note: "It has parts; the service probably wants it as JSON text."}
	}
	f.Required, f.Nullable, f.Place = p.Required, false, "body"
	return f
}
