package anyhttp

import (
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
)

// filledPrefix stands before the names of inputs that paging and polling fill, so that a
// service's own names never meet ours.
const filledPrefix = "query."

// drawing writes out what inputs come to in the format of manifests.
type drawing struct {
	kind   kind
	form   map[string]any
	inputs map[string]any // of the manifest's operation
}

// object is a mapping of a manifest.
type object = map[string]any

// manifest returns the file beside connector.yaml.
func (d *drawing) manifest() object {
	d.inputs = object{
		"path":    object{"required": true, "in": "path", "at": ".", "note": "below base_url of the account; begins with /. What a hole ${…} gives becomes one part of it"},
		"query":   object{"type": "object", "open": true, "in": "query", "at": ".", "note": "values of the query, by name"},
		"headers": object{"type": "object", "open": true, "in": "header", "at": ".", "note": "headers besides those of the account; none that carry a credential"},
	}
	op := object{"title": d.kind.title, "description": d.kind.about, "inputs": d.inputs}
	switch d.kind.key {
	case "list":
		d.list(op)
	case "get":
		op["read"] = "GET /{path}"
		op["answer"] = d.answer("value", true)
		poll := object{"strategy": "snapshot"}
		if d.form["id"] == nil {
			poll["record"] = "path"
		}
		op["poll"] = poll
	case "request":
		d.request(op)
	}
	return object{
		"objects":    object{"record": d.record()},
		"operations": object{Key + "." + d.kind.key: op},
	}
}

// answer says where the records or the value stand.
func (d *drawing) answer(key string, described bool) object {
	a := object{key: d.or(key, ".")}
	if described {
		a["object"] = "record"
	}
	if v, given := d.form["optional"]; given {
		a["optional"] = v
	}
	if v := d.or("format", "json"); v != "json" { // JSON is what manifests mean without a word
		a["format"] = v
	}
	return a
}

// or returns an input, or what counts without it.
func (d *drawing) or(name string, usual any) any {
	if v, given := d.form[name]; given {
		return v
	}
	return usual
}

// list is an operation that lists records.
func (d *drawing) list(op object) {
	method, _ := d.or("method", "GET").(string)
	op["read"] = method + " /{path}"
	op["answer"] = d.answer("list", true)
	if body, given := d.form["body"]; given {
		op["fixed"] = object{"body": body}
	}
	if paging, given := d.form["paging"].(map[string]any); given {
		op["paging"] = d.paging(paging)
	}
	poll := object{"strategy": d.or("strategy", "snapshot")}
	for _, name := range []string{"by", "gone"} {
		if v, given := d.form[name]; given {
			poll[name] = v
		}
	}
	if sort, given := d.form["sort"].(map[string]any); given {
		with := object{}
		for name, v := range sort {
			with[d.filled(name)] = v
		}
		poll["with"] = with
	}
	if since, given := d.form["since"].(map[string]any); given {
		poll["since"] = d.rename(since, "input")
	}
	if window, given := d.form["window"].(map[string]any); given {
		poll["window"] = d.rename(window, "from", "to")
	}
	op["poll"] = poll
}

// filled returns the input of the manifest for a value that paging or polling fills.
func (d *drawing) filled(name string) string {
	d.inputs[filledPrefix+name] = object{"type": "any", "at": name}
	return filledPrefix + name
}

// rename returns a mapping in which some members name inputs of the manifest.
func (d *drawing) rename(m map[string]any, keys ...string) object {
	out := maps.Clone(m)
	for _, key := range keys {
		if name, ok := out[key].(string); ok && name != "" {
			out[key] = d.filled(name)
		}
	}
	return out
}

// paging is how the list is read page by page.
func (d *drawing) paging(p map[string]any) object {
	out := d.rename(p, "input")
	if size, ok := p["size"].(map[string]any); ok {
		out["size"] = d.rename(size, "input")
	}
	if carry, ok := p["carry"].(map[string]any); ok {
		renamed := object{}
		for name, from := range carry {
			renamed[d.filled(name)] = from
		}
		out["carry"] = renamed
	}
	if _, said := out["last"]; !said && tellsNext(p) {
		out["last"] = "empty" // services give fewer records than were asked for, and go on
	}
	return out
}

// tellsNext reports whether the answers themselves say that there is another page.
func tellsNext(p map[string]any) bool {
	carry, _ := p["carry"].(map[string]any)
	for _, from := range carry {
		if text, _ := from.(string); !strings.HasPrefix(text, "answer.") {
			return false
		}
	}
	return p["style"] == "next_link" || p["style"] == "cursor" && len(carry) > 0
}

// request is an operation that sends any request.
func (d *drawing) request(op object) {
	method, _ := d.or("method", "POST").(string)
	op["write"] = method + " /{path}"
	d.inputs["body"] = object{"type": "any", "in": "body", "at": ".", "note": "sent as JSON"}
	op["answer"] = d.answer("value", d.form["fields"] != nil)
	op["target"] = "none"
	repeat := "never"
	if method == "PUT" || method == "DELETE" || d.form["idempotency"] != nil {
		repeat = "safe" // RFC 9110, section 9.2.2
	}
	op["repeat"] = d.or("repeat", repeat)
	if key, given := d.form["idempotency"]; given {
		op["idempotency"] = key
	}
	if method == "DELETE" {
		op["danger"] = "delete"
	}
}

// record is what the records are like. Fields that other inputs name are added to those
// that are written, with the type that they need.
func (d *drawing) record() object {
	fields := object{}
	written, _ := d.form["fields"].(map[string]any)
	maps.Copy(fields, written)
	out := object{"title": "Record", "fields": fields, "open": d.or("open", len(written) == 0)}
	id, given := d.form["id"]
	if !given && d.kind.key == "list" {
		id = "id"
	}
	for _, key := range []struct {
		name, kind string
		value      any
	}{
		{"id", "string", id},
		{"created", "time", d.form["created"]},
		{"updated", "time", d.form["updated"]},
		{"by", "time", d.form["by"]},
		{"gone", "boolean", d.form["gone"]},
	} {
		name, ok := key.value.(string)
		if !ok || name == "" {
			continue
		}
		if _, there := fields[name]; !there {
			fields[name] = key.kind
		}
		if key.name != "by" && key.name != "gone" {
			out[key.name] = name
		}
	}
	names, _ := d.form["volatile"].([]any)
	for _, v := range names {
		if name, ok := v.(string); ok && name != "" {
			fields[name] = volatileField(fields[name])
		}
	}
	return out
}

// volatileField is a field that never counts as a change.
func volatileField(f any) any {
	switch x := f.(type) {
	case string:
		return object{"type": x, "volatile": true}
	case map[string]any:
		out := maps.Clone(x)
		out["volatile"] = true
		return out
	}
	return object{"type": "any", "volatile": true}
}

// origin returns where a part of the manifest comes from among the inputs. Paths that lead
// to something that was not written out end at what is nearest.
func (d *drawing) origin(path []string) []string {
	path = slices.Clone(path)
	for i := range path {
		path[i] = strings.TrimPrefix(path[i], filledPrefix)
	}
	if len(path) > 2 && path[0] == "objects" {
		return path[2:]
	}
	if len(path) < 3 || path[0] != "operations" {
		return nil
	}
	switch rest := path[3:]; path[2] {
	case "read", "write":
		return []string{"method"}
	case "answer", "fixed":
		return rest
	case "poll":
		if len(rest) == 0 {
			return d.first("strategy", "since")
		}
		if rest[0] == "with" {
			return append([]string{"sort"}, rest[1:]...)
		}
		return rest
	case "inputs":
		return nil
	}
	return path[2:]
}

// first returns the path to the first of some inputs that was given.
func (d *drawing) first(names ...string) []string {
	for _, name := range names {
		if slices.Contains(finding.Keys(d.form), name) {
			return []string{name}
		}
	}
	return nil
}
