package wire

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Object is a row as JSON shows it.
type Object = map[string]any

// Objects are the rows of one kind, with the calls that most kinds have alike.
type Objects struct {
	Table[Object]

	Site *Site
	// Name is what refusals call one of them, "Custom field".
	Name string
	// Var is the variable of the paths that name one.
	Var string
	// One and Many are the members of answers that show one and all of them. Without One
	// a row is shown bare.
	One, Many string
	// ID is the member with the id; empty means id.
	ID string
	// New and Edit are what the bodies of a creation and of a change may have.
	New, Edit *service.Shape
	// Choices are the values that fields of the bodies may have.
	Choices Choices
	// Write turns a body into a row; former is nil for a new one. Without it the fields of
	// a body take the place of the former ones.
	Write func(former, body Object) (Object, service.Answer)
	// Created is the status of a creation; 0 means 201.
	Created int
	// Added and Updated are the members with the times of the creation and of the last
	// change; empty for rows without.
	Added, Updated string
	// Unplaced rows do not say to which location they belong.
	Unplaced bool
}

// Choices are the values that a field or a parameter may have, by its name.
type Choices map[string][]string

// refuse returns a line for each value that is none of the choices. What is missing or
// null passes.
func (ch Choices) refuse(value func(name string) (string, bool)) []string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(ch)) {
		if v, ok := value(name); ok && !slices.Contains(ch[name], v) {
			wrong = append(wrong, fmt.Sprintf("%s must be one of the following values: %s", name, strings.Join(ch[name], ", ")))
		}
	}
	return wrong
}

// ReadChosen reads a body as [Read] does, and refuses values that are none of the choices
// with 422 and a location that the token does not belong to.
func (s *Site) ReadChosen(c *service.Call, sh *service.Shape, choices Choices) (Object, service.Answer) {
	body, refused := Read(c, sh)
	if refused.Status != 0 {
		return nil, refused
	}
	if wrong := choices.refuse(func(name string) (string, bool) { return service.Text(body[name]), body[name] != nil }); len(wrong) > 0 {
		return nil, RefuseAll(wrong)
	}
	if id, sent := body["locationId"]; sent {
		return body, s.Foreign(service.Text(id))
	}
	return body, service.Answer{}
}

// Query reads the parameters of a request, and refuses with 422 when one is missing that
// must be there, or has a value that is none of the choices.
func Query(c *service.Call, choices Choices, required ...string) (url.Values, service.Answer) {
	params := c.URL.Query()
	wrong := choices.refuse(func(name string) (string, bool) { return params.Get(name), params.Has(name) })
	for _, name := range required {
		if params.Get(name) == "" {
			wrong = append(wrong, name+" should not be empty")
		}
	}
	return params, RefuseAll(wrong)
}

// Local lets a call pass only for this location, which is named by its path, or else by its
// query.
func (s *Site) Local(handle func(*service.Call) service.Answer) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		id, inPath := c.Vars["locationId"]
		if !inPath {
			params, refused := Query(c, nil, "locationId")
			if refused.Status != 0 {
				return refused
			}
			id = params.Get("locationId")
		}
		if refused := s.Foreign(id); refused.Status != 0 {
			return refused
		}
		return handle(c)
	}
}

// Inside returns a line for everything in an object of a body that does not fit. An object
// that is missing fits; one that is none is told of by the shape of the body.
func Inside(body Object, name string, sh *service.Shape) []string {
	inner, ok := body[name].(map[string]any)
	if !ok {
		return nil
	}
	wrong := sh.Check(inner)
	for i := range wrong {
		wrong[i] = name + "." + strings.TrimPrefix(wrong[i], "property ")
	}
	return wrong
}

// RefuseAll refuses with 422 and some lines; without any it lets pass.
func RefuseAll(wrong []string) service.Answer {
	if len(wrong) == 0 {
		return service.Answer{}
	}
	return Refuse(http.StatusUnprocessableEntity, strings.Join(wrong, "\n"))
}

// id is the member with the id.
func (o *Objects) id() string {
	if o.ID == "" {
		return "id"
	}
	return o.ID
}

// IDOf returns the id of a row.
func (o *Objects) IDOf(row Object) string { return service.Text(row[o.id()]) }

// Add makes a row of fields, with an id and the location, and returns it. The caller gives
// up the fields. An id that they bring is kept.
func (o *Objects) Add(fields Object) Object {
	id := o.IDOf(fields)
	if id == "" {
		id = o.Site.World.Dice.ID(20)
		fields[o.id()] = id
	}
	if !o.Unplaced {
		fields["locationId"] = o.Site.ID
	}
	for _, name := range []string{o.Added, o.Updated} {
		if name != "" && fields[name] == nil {
			fields[name] = Stamp(o.Site.World.Now())
		}
	}
	o.Put(id, fields)
	return fields
}

// Change replaces a row by one with some fields more, or others, and returns it.
func (o *Objects) Change(row, fields Object) Object {
	changed := maps.Clone(row)
	if o.Updated != "" {
		changed[o.Updated] = Stamp(o.Site.World.Now())
	}
	maps.Copy(changed, fields)
	o.Put(o.IDOf(changed), changed)
	return changed
}

// Named returns the row that a path names, and marks it as the target. An unknown one gets
// 400: the service's documents know no 404 here.
func (o *Objects) Named(c *service.Call) (Object, service.Answer) {
	row, ok := o.Get(c.Vars[o.Var])
	if !ok {
		return nil, o.Unknown(c.Vars[o.Var])
	}
	c.Target = c.Vars[o.Var]
	return row, service.Answer{}
}

// Unknown refuses an id that no row has.
func (o *Objects) Unknown(id string) service.Answer {
	return Refuse(http.StatusBadRequest, o.Name+" not found for id: "+id)
}

// Show answers with one row.
func (o *Objects) Show(status int, row Object) service.Answer {
	if o.One == "" {
		return o.Site.Say(status, maps.Clone(row))
	}
	return o.Site.Say(status, Object{o.One: row})
}

// List answers with rows as far as they are there for the request.
func (o *Objects) List(c *service.Call, rows []Object) service.Answer {
	return o.Site.Say(http.StatusOK, Object{o.Many: service.Rows(c, rows)})
}

// Pages answers with a part of the rows: the parameters skip and limit say which; skip is
// called so, or offset. Both must be there where size is 0.
func (o *Objects) Pages(c *service.Call, rows []Object, skip string, size int) service.Answer {
	part, refused := PartOf(c, rows, skip, size)
	if refused.Status != 0 {
		return refused
	}
	return o.Site.Say(http.StatusOK, Object{o.Many: part})
}

// PartOf returns the part of some rows that a request asks for, as [Objects.Pages] says.
func PartOf(c *service.Call, rows []Object, skip string, size int) ([]Object, service.Answer) {
	var must []string
	if size == 0 {
		must = []string{skip, "limit"}
	}
	params, refused := Query(c, nil, must...)
	if refused.Status != 0 {
		return nil, refused
	}
	from, limit, refused := SkipLimit(params.Get(skip), params.Get("limit"), size)
	if refused.Status != 0 {
		return nil, refused
	}
	return Part(c, service.Rows(c, rows), from, limit), service.Answer{}
}

// ServeAll is the call that lists all rows.
func (o *Objects) ServeAll(c *service.Call) service.Answer { return o.List(c, o.All()) }

// ServeOne is the call that reads one row.
func (o *Objects) ServeOne(c *service.Call) service.Answer {
	row, refused := o.Named(c)
	if refused.Status != 0 {
		return refused
	}
	return o.Show(http.StatusOK, row)
}

// ServeNew is the call that makes a row.
func (o *Objects) ServeNew(c *service.Call) service.Answer {
	row, refused := o.write(c, nil, o.New)
	if refused.Status != 0 {
		return refused
	}
	row = o.Add(row)
	c.Target = o.IDOf(row)
	if o.Created != 0 {
		return o.Show(o.Created, row)
	}
	return o.Show(http.StatusCreated, row)
}

// ServeEdit is the call that changes a row.
func (o *Objects) ServeEdit(c *service.Call) service.Answer {
	row, refused := o.Named(c)
	if refused.Status != 0 {
		return refused
	}
	fields, refused := o.write(c, row, o.Edit)
	if refused.Status != 0 {
		return refused
	}
	return o.Show(http.StatusOK, o.Change(row, fields))
}

// ServeGone is the call that removes a row. A second removal is refused, because the row
// is then unknown.
func (o *Objects) ServeGone(c *service.Call) service.Answer {
	if _, refused := o.Named(c); refused.Status != 0 {
		return refused
	}
	o.Delete(c.Vars[o.Var])
	return o.Site.Succeeded(http.StatusOK)
}

// write reads a body and makes the fields of a row of it.
func (o *Objects) write(c *service.Call, former Object, sh *service.Shape) (Object, service.Answer) {
	body, refused := o.Site.ReadChosen(c, sh, o.Choices)
	if refused.Status != 0 || o.Write == nil {
		return body, refused
	}
	return o.Write(former, body)
}
