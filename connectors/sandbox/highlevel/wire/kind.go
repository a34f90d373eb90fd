package wire

import (
	"maps"
	"net/http"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Kind holds the objects of one kind, which are made, read, changed and deleted in the
// plain way. Its methods that take a call are handlers, or return one.
type Kind struct {
	Site *Site
	// Title is how refusals call one, "Calendar": "Calendar not found".
	Title string
	// Var is the name of the id in paths; ID the member that has it, "id" where empty.
	Var, ID string
	// Member is where answers show an object; empty for answers that are the object.
	Member string
	// Hides are members of bodies that objects do not show.
	Hides []string
	// Stamps are the members with the time of creation and of the last change, the way
	// the service spells them; empty for none.
	Created, Updated string

	Table[Record]
}

// id is the member that has the id.
func (k *Kind) id() string {
	if k.ID == "" {
		return "id"
	}
	return k.ID
}

// Find returns the object that a path names and marks it as the target of a write. How the
// service refuses an unknown id is documented nowhere but as status 400.
func (k *Kind) Find(c *service.Call) (Record, service.Answer) {
	found, ok := k.Get(c.Vars[k.Var])
	if !ok {
		return nil, Refuse(http.StatusBadRequest, k.Title+" not found")
	}
	c.Target = c.Vars[k.Var]
	return found, service.Answer{}
}

// Add makes an object with a new id, unless the fields have one. The caller gives up the
// map.
func (k *Kind) Add(fields Record) Record {
	if _, ok := fields[k.id()]; !ok {
		fields[k.id()] = k.Site.World.Dice.ID(20)
	}
	now := Stamp(k.Site.World.Now())
	for _, name := range []string{k.Created, k.Updated} {
		if name != "" {
			fields[name] = now
		}
	}
	k.hide(fields)
	k.Put(service.Text(fields[k.id()]), fields)
	return fields
}

func (k *Kind) hide(fields Record) {
	for _, name := range k.Hides {
		delete(fields, name)
	}
}

// Change puts an object with some other members in the place of the former one.
func (k *Kind) Change(former, members Record) Record {
	changed := maps.Clone(former)
	maps.Copy(changed, members)
	if k.Updated != "" {
		changed[k.Updated] = Stamp(k.Site.World.Now())
	}
	k.hide(changed)
	k.Put(service.Text(changed[k.id()]), changed)
	return changed
}

// Show answers with an object.
func (k *Kind) Show(status int, object Record) service.Answer {
	if k.Member == "" {
		return k.Site.Say(status, maps.Clone(object))
	}
	return k.Site.Say(status, map[string]any{k.Member: object})
}

// Read answers with the object that a path names.
func (k *Kind) Read(c *service.Call) service.Answer {
	found, refused := k.Find(c)
	if refused.Status != 0 {
		return refused
	}
	return k.Show(http.StatusOK, found)
}

// Creates makes objects out of bodies that name the location. defaults are what an object
// has that its body does not name.
func (k *Kind) Creates(form *Form, status int, defaults Record) func(c *service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		body, refused := form.Read(c)
		if refused.Status == 0 {
			refused = k.Site.Foreign(service.Text(body["locationId"]))
		}
		if refused.Status != 0 {
			return refused
		}
		fields := maps.Clone(defaults)
		if fields == nil {
			fields = Record{}
		}
		maps.Copy(fields, body)
		made := k.Add(fields)
		c.Target = service.Text(made[k.id()])
		return k.Show(status, made)
	}
}

// Updates changes the members that a body has.
func (k *Kind) Updates(form *Form) func(c *service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		found, body, refused := k.FindAndRead(c, form)
		if refused.Status != 0 {
			return refused
		}
		return k.Show(http.StatusOK, k.Change(found, body))
	}
}

// FindAndRead returns the object that a path names and the body of a request. A body that
// names a location must name this one.
func (k *Kind) FindAndRead(c *service.Call, form *Form) (found, body Record, refused service.Answer) {
	found, refused = k.Find(c)
	if refused.Status != 0 {
		return nil, nil, refused
	}
	body, refused = form.Read(c)
	if location, ok := body["locationId"]; ok && refused.Status == 0 {
		refused = k.Site.Foreign(service.Text(location))
	}
	return found, body, refused
}

// Deletes takes away the object that a path names; members are what the answer says.
func (k *Kind) Deletes(members Record) func(c *service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		if _, refused := k.Find(c); refused.Status != 0 {
			return refused
		}
		k.Delete(c.Vars[k.Var])
		return k.Site.Say(http.StatusOK, maps.Clone(members))
	}
}

// Here reads the query of a request, which must name this location in a parameter.
func (s *Site) Here(c *service.Call, form *Form, location string) (map[string]string, service.Answer) {
	params, refused := form.Query(c)
	if refused.Status == 0 {
		refused = s.Foreign(params[location])
	}
	return params, refused
}
