package setup

import (
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bodies of the calls for custom fields and values, as in the spec file of 2026-06-19.
// The kinds of data are not listed there, so any text passes.
//
//nolint:gochecknoglobals // tables
var (
	newFieldShape = &service.Shape{Fields: map[string]service.Kind{
		"name": service.String, "dataType": service.String, "placeholder": service.String, "acceptedFormat": service.List, "isMultipleFile": service.Bool,
		"maxNumberOfFiles": service.Number, "textBoxListOptions": service.List, "position": service.Number, "model": service.String,
	}, Required: []string{"name", "dataType"}}
	fieldShape = &service.Shape{Fields: map[string]service.Kind{
		"name": service.String, "placeholder": service.String, "acceptedFormat": service.List, "isMultipleFile": service.Bool,
		"maxNumberOfFiles": service.Number, "textBoxListOptions": service.List, "position": service.Number, "model": service.String,
	}, Required: []string{"name"}}
	valueShape = &service.Shape{Fields: map[string]service.Kind{"name": service.String, "value": service.String}, Required: []string{"name", "value"}}
)

// fields makes the definitions of custom fields. There are two at the start.
func (s *Setup) seedFields() {
	s.fields = wire.Objects{
		Site: s.site, Name: "Custom field", Var: "id", One: "customField", Many: "customFields", New: newFieldShape, Edit: fieldShape,
		Choices: wire.Choices{"model": {"contact", "opportunity"}}, Write: writeField, Added: "dateAdded",
	}
	s.fields.Add(wire.Object{
		"id": "sandboxFieldPlan0001", "name": "Plan", "model": "contact", "fieldKey": "contact.plan", "dataType": "SINGLE_OPTIONS", "placeholder": "",
		"position": 50, "picklistOptions": []string{"gold", "silver"},
	})
	s.fields.Add(wire.Object{
		"id": "sandboxFieldBirthday", "name": "Birthday reminder", "model": "contact", "fieldKey": "contact.birthday_reminder", "dataType": "DATE",
		"placeholder": "", "position": 100,
	})
}

// writeField makes the fields of a definition. Its key comes of its name and stays when
// the name changes, and options are shown as a list of texts; both are guesses. Without a
// model it is of contacts.
func writeField(former, body wire.Object) (wire.Object, service.Answer) {
	row := wire.Object{}
	for name, shown := range map[string]string{
		"name": "name", "dataType": "dataType", "placeholder": "placeholder", "position": "position", "model": "model",
		"isMultipleFile": "isMultiFileAllowed", "maxNumberOfFiles": "maxFileLimit",
	} {
		if v, ok := body[name]; ok {
			row[shown] = v
		}
	}
	if options, ok := body["textBoxListOptions"].([]any); ok {
		row["picklistOptions"] = labels(options)
	}
	if former != nil {
		return row, service.Answer{}
	}
	if row["model"] == nil {
		row["model"] = "contact"
	}
	if row["position"] == nil {
		row["position"] = 0
	}
	row["fieldKey"] = service.Text(row["model"]) + "." + slug(service.Text(row["name"]))
	return row, service.Answer{}
}

// labels are the texts of options, which are texts or objects with a label.
func labels(options []any) []string {
	list := []string{}
	for _, o := range options {
		if m, ok := o.(map[string]any); ok {
			o = m["label"]
		}
		if text := service.Text(o); text != "" {
			list = append(list, text)
		}
	}
	return list
}

// slug makes a key of a name: its words with underscores between them.
func slug(name string) string { return strings.Join(strings.Fields(strings.ToLower(name)), "_") }

// listFields shows those of a model. Without one it shows all (a guess).
func (s *Setup) listFields(c *service.Call) service.Answer {
	params, refused := wire.Query(c, wire.Choices{"model": {"contact", "opportunity", "all"}})
	if refused.Status != 0 {
		return refused
	}
	model := params.Get("model")
	return s.fields.List(c, s.fields.Where(func(f wire.Object) bool { return model == "" || model == "all" || f["model"] == model }))
}

// Field returns the id of the custom field that a write of a contact or an opportunity
// means: it names it by its id or by its key, which may lack the model in front ("plan" or
// "contact.plan"). ok is false for one that the model does not have.
func (s *Setup) Field(model, id, key string) (found string, ok bool) {
	if f, there := s.fields.Get(id); there {
		return id, f["model"] == model
	}
	for _, f := range s.fields.All() {
		if f["model"] == model && key != "" && (f["fieldKey"] == key || f["fieldKey"] == model+"."+key) {
			return service.Text(f["id"]), true
		}
	}
	return "", false
}

// seedValues makes the custom values. There is one at the start.
func (s *Setup) seedValues() {
	s.values = wire.Objects{
		Site: s.site, Name: "Custom value", Var: "id", One: "customValue", Many: "customValues", New: valueShape, Edit: valueShape, Write: writeValue,
	}
	s.values.Add(wire.Object{
		"id": "sandboxValueHours001", "name": "Opening hours", "fieldKey": "{{ custom_values.opening_hours }}", "value": "9 to 5",
	})
}

// writeValue makes the fields of a custom value, whose key comes of its name and stays.
func writeValue(former, body wire.Object) (wire.Object, service.Answer) {
	if former == nil {
		body["fieldKey"] = "{{ custom_values." + slug(service.Text(body["name"])) + " }}"
	}
	return body, service.Answer{}
}
