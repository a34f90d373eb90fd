package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/openapi"
)

// about makes a document with some paths and schemas, given as YAML in one line each.
func about(paths, schemas string) string {
	return "openapi: 3.0.0\ninfo: {title: Things, version: '1'}\npaths: " + paths + "\ncomponents: {schemas: " + schemas + "}\n"
}

// answering is a path that answers with a schema.
func answering(schema string) string {
	return "{/things: {get: {responses: {'200': {description: d, content: {application/json: {schema: " + schema + "}}}}}}}"
}

func read(t *testing.T, text string) *openapi.Document {
	t.Helper()
	doc, err := openapi.Read("api.yaml", []byte(text), nil)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return doc
}

func TestRead_SaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	good := `{"openapi": "3.0.0", "info": {}, "paths": {"/a": {"get": {"responses": {}}}}}`
	tests := []struct{ name, text, want string }{
		{"empty", " \n", "api.json: the document is empty"},
		{"binary", "PK\x03\x04\x00", "api.json:1:5: the document is no text; save it as UTF-8"},
		{"latin-1", "{\"a\":\n \"caf\xe9\"}", "api.json:2:6: the document is no text"},
		{"page", "<!doctype html>", "api.json:1:1: the document is a web page"},
		{"not JSON", "{\"openapi\":\n  3.0.0.0}", "api.json:2:6: this is not valid JSON"},
		{"not YAML", "openapi: [", "this is not valid YAML"},
		{"truncated", good[:len(good)-20], "api.json:1:57: the document is cut off"},
		{"truncated text", `{"openapi": "3.`, "api.json:1:16: the document is cut off"},
		{"goes on", good + "\n{}", "the document goes on after its end"},
		{"list", "[1]", "api.json:1:1: the document is no OpenAPI document: it is no object"},
		{"text", "just words", "it is no object"},
		{"something else", `{"a": 1}`, `it does not say openapi: "3.0.0"`},
		{"swagger", `{"swagger": "2.0", "paths": {}}`, "api.json#/swagger: Swagger 2.0 is not read, only OpenAPI 3.0 and 3.1; convert it first, for example with swagger2openapi"},
		{"later", `{"openapi": "4.0.0", "paths": {}}`, "api.json#/openapi: OpenAPI 4.0.0 is not read"},
		{"3.2", `{"openapi": "3.2.0", "paths": {}}`, "api.json#/openapi: OpenAPI 3.2.0 is not read"},
		{"no paths", `{"openapi": "3.0.0"}`, "api.json#/paths: the document has no paths"},
		{"paths as list", `{"openapi": "3.0.0", "paths": []}`, "api.json#/paths: paths is no object"},
		{"webhooks", `{"openapi": "3.1.0", "webhooks": {}}`, "the document has webhooks alone"},
		{"no operations", `{"openapi": "3.0.0", "paths": {"/a": {"summary": "x"}}}`, "api.json#/paths: the document has no operations"},
		{"10,000 levels", `{"openapi": ` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_001), "values are nested more than 200 levels deep"},
		{"10,000 levels of YAML", "openapi: " + strings.Repeat("[", 10_000), "values are nested more than 200 levels deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			doc, err := openapi.Read("api.json", []byte(tt.text), nil)
			if doc != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if openapi.AsError(err) == nil {
				t.Errorf("got %T, want an *openapi.Error", err)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	if _, err := openapi.Read("api.json", []byte(good), nil); err != nil {
		t.Errorf("a good document: %v", err)
	}
	if _, err := openapi.Read("api.json", make([]byte, openapi.MaxBytes+1), nil); err == nil || !strings.Contains(err.Error(), "larger than 50 MiB") {
		t.Errorf("a large document: got %v", err)
	}
}

// shapeOf writes a schema in one line.
func shapeOf(s *openapi.Schema) string {
	if s == nil {
		return "-"
	}
	out := string(s.Kind)
	if s.Nullable {
		out += "?"
	}
	if s.Format != "" {
		out += ":" + s.Format
	}
	if len(s.Options) > 0 {
		out += "(" + strings.Join(s.Options, "|") + ")"
	}
	if s.Items != nil {
		out += "[" + shapeOf(s.Items) + "]"
	}
	if len(s.Properties) > 0 {
		var parts []string
		for _, p := range s.Properties {
			mark := ""
			if p.Required {
				mark = "!"
			}
			parts = append(parts, p.Name+mark+" "+shapeOf(p.Schema))
		}
		out += "{" + strings.Join(parts, ", ") + "}"
	}
	if s.Open {
		out += " open"
	}
	if s.Lost {
		out += " lost"
	}
	if s.Circle {
		out += " circle"
	}
	return out
}

func TestRead_ReadsSchemas(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, schema, schemas, want string }{
		{"plain", "{type: string, format: date-time}", "{}", "string:date-time"},
		{"nullable", "{type: string, nullable: true}", "{}", "string?"},
		{"3.1", "{type: [string, 'null'], const: a}", "{}", "string?(a)"},
		{"two types", "{type: [string, integer]}", "{}", "any"},
		{"words", "{enum: [a, b, a]}", "{}", "string(a|b)"},
		{"numbers", "{type: integer, enum: [1, 2]}", "{}", "integer(1|2)"},
		{"without type", "{properties: {a: {}}}", "{}", "object{a any}"},
		{"required", "{type: object, required: [a], properties: {b: {type: array, items: {type: number}}, a: {type: boolean}}}", "{}", "object{a! boolean, b array[number]}"},
		{"open", "{type: object, additionalProperties: true, properties: {a: {type: string}}}", "{}", "object{a string} open"},
		{"closed and empty", "{type: object, additionalProperties: false}", "{}", "object"},
		{"reference", "{$ref: '#/components/schemas/A'}", "{A: {$ref: '#/components/schemas/B'}, B: {type: integer}}", "integer"},
		{"all of", "{allOf: [{$ref: '#/components/schemas/A'}, {type: object, required: [a, b], properties: {b: {type: string}}}]}", "{A: {type: object, properties: {a: {type: string}}}}", "object{a! string, b! string}"},
		{"one of objects", "{oneOf: [{type: object, required: [a, b], properties: {a: {type: string}, b: {type: string}}}, {type: object, required: [a], properties: {a: {type: string}}}]}", "{}", "object{a! string, b string}"},
		{"one of or nothing", "{anyOf: [{type: string}, {type: 'null'}]}", "{}", "string?"},
		{"one of others", "{oneOf: [{type: string}, {type: integer}]}", "{}", "any"},
		{"to nothing", "{$ref: '#/components/schemas/No'}", "{}", "object open lost"},
		{"to the network", "{$ref: 'https://example.com/a.yaml#/A'}", "{}", "object open lost"},
		{"to itself", "{$ref: '#/components/schemas/A'}", "{A: {$ref: '#/components/schemas/A'}}", "object open lost"},
		{"inside itself", "{$ref: '#/components/schemas/A'}", "{A: {type: object, properties: {a: {$ref: '#/components/schemas/A'}}}}", "object{a object open circle}"},
		{"inside another", "{$ref: '#/components/schemas/A'}", "{A: {type: array, items: {$ref: '#/components/schemas/B'}}, B: {type: object, properties: {a: {$ref: '#/components/schemas/A'}}}}", "array[object{a object open circle}]"},
		{"nonsense", "{type: 7, properties: [1], items: 3, enum: x, allOf: {}, oneOf: [1, null]}", "{}", "any"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc := read(t, about(answering(tt.schema), tt.schemas))
			if got := shapeOf(doc.Operations[0].Answer.Schema); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if lost := strings.Contains(tt.want, "lost"); lost != (len(doc.Notes) > 0) || lost != (len(doc.Operations[0].Notes) > 0) {
				t.Errorf("notes = %v and %v, want some only for what is lost", doc.Notes, doc.Operations[0].Notes)
			}
		})
	}
}

// TestRead_TakesNoTimeForMuchInFewWords is for schemas that would be large as trees.
func TestRead_TakesNoTimeForMuchInFewWords(t *testing.T) {
	t.Parallel()
	var schemas strings.Builder
	schemas.WriteString("{")
	for i := range 200 {
		next := "{$ref: '#/components/schemas/S" + string(rune('0'+(i+1)/100)) + string(rune('0'+(i+1)/10%10)) + string(rune('0'+(i+1)%10)) + "'}"
		name := "S" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
		schemas.WriteString(name + ": {type: object, properties: {a: " + next + ", b: " + next + ", c: " + next + "}}, ")
	}
	schemas.WriteString("S200: {type: string}}")
	begun := time.Now()
	read(t, about(answering("{$ref: '#/components/schemas/S000'}"), schemas.String()))
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestRead_DoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	one := read(t, about("{/b: {get: {tags: [x]}, delete: {}}, /a: {get: {parameters: [{name: q, in: query}, {name: h, in: header}]}}}", "{}"))
	two := read(t, about("{/a: {get: {parameters: [{name: h, in: header}, {name: q, in: query}]}}, /b: {delete: {}, get: {tags: [x]}}}", "{}"))
	if diff := cmp.Diff(one, two); diff != "" {
		t.Errorf("another order makes other facts:\n%s", diff)
	}
}

func TestRead_ReadsAnOperation(t *testing.T) {
	t.Parallel()
	op := read(t, about(`{"/a/{id}": {parameters: [{name: id, in: path, required: true, schema: {type: integer}}, {name: q, in: query, description: old}], post: {operationId: doIt, summary: Do it, deprecated: true,
 parameters: [{name: q, in: query, description: new, schema: {type: array, items: {type: string}}}, {name: filter, in: query, style: deepObject, schema: {type: object}}, {in: query}],
 requestBody: {required: true, content: {text/plain: {schema: {type: string}}, application/vnd.api+json: {schema: {type: object}}}},
 responses: {'404': {content: {application/json: {schema: {type: object, properties: {message: {type: string}}}}}}, '204': {description: none}, '201': {content: {'application/json; charset=utf-8': {schema: {type: string}}}}},
 security: [{oauth: [b, a]}], servers: [{url: 'https://{x}.example.com', variables: {x: {default: other}}}]}}}`, "{}")).Operations[0]
	var parameters []string
	for _, p := range op.Parameters {
		parameters = append(parameters, strings.Join([]string{p.In, p.Name, p.Description, p.Style, shapeOf(p.Schema)}, " "))
	}
	if diff := cmp.Diff([]string{"path id   integer", "query filter  deepObject object open", "query q new form array[string]"}, parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	got := []string{op.ID, op.Method, op.Path, op.Pointer, op.Summary, op.Body.Media, strings.Join(op.Body.Others, ","), op.Answer.Status, shapeOf(op.Answer.Schema), shapeOf(op.Failure), op.Server}
	want := []string{"doIt", "POST", "/a/{id}", "/paths/~1a~1{id}/post", "Do it", "application/json", "text/plain", "201", "string", "object{message string}", "https://other.example.com"}
	if diff := cmp.Diff(want, got); diff != "" || !op.Deprecated || !op.Body.Required {
		t.Errorf("the operation (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string][]string{{"oauth": {"b", "a"}}}, op.Security); diff != "" {
		t.Errorf("security (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a parameter has no name or no place"}, op.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestRead_ReadsFilesBesideTheDocumentAndNoOthers holds references to files inside the
// folder, whatever the folder holds.
func TestRead_ReadsFilesBesideTheDocumentAndNoOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	for name, text := range map[string]string{
		"secret.yaml": "A: {type: string}", "inside/parts/a.yaml": "A: {$ref: 'b.json#/B'}", "inside/parts/b.json": `{"B": {"$ref": "../api.yaml#/components/schemas/C"}}`,
		"inside/broken.yaml": "A: [",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret.yaml"), filepath.Join(inside, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	for ref, want := range map[string]string{
		"parts/a.yaml#/A":                             "integer",
		"../secret.yaml#/A":                           "lost: it leads out of the folder",
		"parts/../../secret.yaml#/A":                  "lost: it leads out of the folder",
		filepath.Join(dir, "secret.yaml") + "#/A":     "lost: it leads out of the folder",
		"file://" + filepath.Join(dir, "secret.yaml"): "lost: only files beside the document are read",
		"//example.com/a.yaml":                        "lost: only files beside the document are read",
		"link.yaml#/A":                                "lost: cannot be read",
		"no.yaml#/A":                                  "lost: cannot be read",
		"parts#/A":                                    "lost: cannot be read",
		"broken.yaml#/A":                              "lost: not valid YAML",
		"parts/a.yaml#/Z":                             "lost: leads to nothing",
		"..%2fsecret.yaml#/A":                         "lost: it leads out of the folder",
	} {
		doc, err := openapi.Read("api.yaml", []byte(about(answering("{$ref: '"+ref+"'}"), "{C: {type: integer}}")), root.FS())
		if err != nil {
			t.Fatalf("%s: %v", ref, err)
		}
		s := doc.Operations[0].Answer.Schema
		why, lost := strings.CutPrefix(want, "lost: ")
		if s.Lost != lost || (!lost && shapeOf(s) != want) || (lost && (len(doc.Notes) != 1 || !strings.Contains(doc.Notes[0].Text, why))) {
			t.Errorf("%s: got %s with %v, want %s", ref, shapeOf(s), doc.Notes, want)
		}
	}
}
