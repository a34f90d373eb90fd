package recipes_test

import (
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/recipes"
)

// catalog is shaped like the real connectors, small enough to read.
type catalog struct{}

func (catalog) Connectors() []string { return []string{"highlevel", "stibee"} }

func (catalog) Accounts() []recipes.Account {
	return []recipes.Account{
		{Name: "acme", Connector: "highlevel", Settings: map[string]any{"locationId": "ve9EPM428h8vShlRW1KT"}},
		{Name: "bare", Connector: "highlevel"},
		{Name: "newsletter", Connector: "stibee"},
	}
}

func (catalog) Operations(connector string) ([]recipes.Operation, bool) {
	switch connector {
	case "highlevel":
		return highlevel(), true
	case "stibee":
		return stibee(), true
	}
	return nil, false
}

// Target knows how contacts are read.
func (c catalog) Target(connector, write string) (recipes.Operation, bool) {
	operations, _ := c.Operations(connector)
	for _, o := range operations {
		if o.Key == "contact.get" && (write == "contact.update" || write == "contact.delete") {
			return o, true
		}
	}
	return recipes.Operation{}, false
}

func text(name string, required bool) recipes.Input {
	return recipes.Input{Field: schema.Field{Name: name, Type: schema.String, Required: required}}
}

// customField says how custom fields are known by name.
var customField = &schema.Named{Title: "custom field", Definitions: "custom_field.list"}

func contact() *schema.Object {
	tags := schema.Field{Name: "tags", Type: schema.Array, Normal: schema.NormalSet, Items: &schema.Field{Type: schema.String}}
	return &schema.Object{
		Key: "contact", Title: "Contact", ID: "id", Created: "dateAdded", Updated: "dateUpdated",
		Fields: []schema.Field{
			{Name: "id", Type: schema.String},
			{Name: "locationId", Type: schema.String},
			{Name: "firstName", Type: schema.String},
			{Name: "lastName", Type: schema.String},
			{Name: "email", Type: schema.String, Normal: schema.NormalEmail},
			{Name: "phone", Type: schema.String},
			{Name: "source", Type: schema.String},
			{Name: "dnd", Type: schema.Boolean},
			tags,
			{Name: "score", Type: schema.Integer},
			{Name: "address", Type: schema.Map, Fields: []schema.Field{{Name: "city", Type: schema.String}}},
			{Name: "dndSettings", Type: schema.Map, Fields: []schema.Field{{Name: "Email", Type: schema.Map, Open: true}, {Name: "SMS", Type: schema.Map, Open: true}}},
			{Name: "customFields", Type: schema.Array, Normal: schema.NormalKeyed, Key: "id", Values: []string{"value"}, Named: customField},
			{Name: "dateAdded", Type: schema.Time},
			{Name: "dateUpdated", Type: schema.Time},
		},
	}
}

func highlevel() []recipes.Operation {
	note := &schema.Object{Key: "note", ID: "id", Fields: []schema.Field{{Name: "id", Type: schema.String}, {Name: "contactId", Type: schema.String}, {Name: "body", Type: schema.String}}}
	location := recipes.Input{Field: schema.Field{Name: "locationId", Type: schema.String, Required: true}, Setting: "locationId"}
	return []recipes.Operation{
		{Key: "contact.search", Strategy: "keyset", Timed: true, List: true, Object: contact(), Inputs: []recipes.Input{location, text("query", false)}},
		{Key: "contact.get", Object: contact(), Inputs: []recipes.Input{text("contactId", true)}},
		{Key: "contact.list", Strategy: "snapshot", Object: contact(), List: true, Inputs: []recipes.Input{location}, Deprecated: "use contact.search"},
		{Key: "contact.update", Write: true, Repeat: "safe", Object: contact(), Inputs: []recipes.Input{
			text("contactId", true),
			{Field: schema.Field{Name: "email", Type: schema.String, Nullable: true}},
			text("firstName", false),
			{Field: schema.Field{Name: "dnd", Type: schema.Boolean}},
			{Field: schema.Field{Name: "score", Type: schema.Integer}},
			{Field: schema.Field{Name: "customFields", Type: schema.Array, Named: customField}},
		}},
		{Key: "opportunity.update", Write: true, Repeat: "safe", Inputs: []recipes.Input{
			text("opportunityId", true), {Field: schema.Field{Name: "customFields", Type: schema.Array, Named: customField}},
		}},
		{
			Key: "contact.note.list", Strategy: "fan_out", Object: note, List: true, ParentInput: "contactId", Parent: contact(),
			Inputs: []recipes.Input{text("contactId", true), text("order", false)},
		},
		{Key: "contact.note.create", Write: true, Repeat: "find", Match: "body", Object: note, Inputs: []recipes.Input{text("contactId", true), text("body", true)}},
		{Key: "contact.task.create", Write: true, Repeat: "find", Match: "body", Object: note, Inputs: []recipes.Input{
			text("contactId", true), text("title", false), text("body", false),
			{Field: schema.Field{Name: "dueDate", Type: schema.Time, Required: true}},
			{Field: schema.Field{Name: "completed", Type: schema.Boolean, Required: true}},
		}},
		{Key: "contact.tag.add", Write: true, Repeat: "safe", Inputs: []recipes.Input{
			text("contactId", true), {Field: schema.Field{Name: "tags", Type: schema.Array, Required: true, Items: &schema.Field{Type: schema.String}}},
		}},
		{Key: "invoice.charge", Write: true, Danger: "moves money", Needs: "payments", Repeat: "safe", Inputs: []recipes.Input{text("invoiceId", true)}},
		{Key: "contact.delete", Write: true, Danger: "deletes", Repeat: "never", Inputs: []recipes.Input{text("contactId", true)}},
	}
}

func stibee() []recipes.Operation {
	subscriber := &schema.Object{Key: "subscriber", ID: "email", Open: true, Fields: []schema.Field{
		{Name: "email", Type: schema.String}, {Name: "status", Type: schema.String}, {Name: "fields", Type: schema.Map, Open: true},
	}}
	status := recipes.Input{Field: schema.Field{Name: "status", Type: schema.String, Options: []string{"subscribed", "unsubscribed"}}}
	fields := recipes.Input{Field: schema.Field{Name: "fields", Type: schema.Map, Open: true}}
	key := recipes.Input{Field: schema.Field{Name: "accessKey", Type: schema.String, Secret: true}}
	return []recipes.Operation{
		{Key: "subscriber.list", Strategy: "snapshot", List: true, Object: subscriber, Inputs: []recipes.Input{text("listId", true)}},
		{Key: "subscriber.upsert", Write: true, Repeat: "safe", Inputs: []recipes.Input{text("listId", true), text("email", true), fields, status, key}},
		{Key: "subscriber.unsubscribe", Write: true, Repeat: "safe", Inputs: []recipes.Input{text("listId", true), text("email", true)}},
		{Key: "group.assign", Write: true, Repeat: "safe", Inputs: []recipes.Input{text("listId", true), text("groupId", true), text("email", true)}},
	}
}
