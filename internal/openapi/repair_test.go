package openapi_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/openapi"
)

// TestRead_LosesOnlyWhatIsWrong holds places for which the library refuses the whole
// document. Each stands beside one that is right.
func TestRead_LosesOnlyWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, schema, schemas, want, note string }{
		{"to another kind", "{$ref: '#/paths/~1things/get'}", "{}", "object open lost", "leads to something else than what should stand there"},
		{"to the document", "{$ref: '#'}", "{}", "object open lost", "leads to something else"},
		{"to no object", "{$ref: '#/info/title'}", "{}", "object open lost", "leads to something else"},
		{"into an array as an object", "{$ref: '#/components/schemas/A/properties/0'}", "{A: {properties: [{type: string}]}}", "object open lost", "leads to nothing"},
		{"into examples", "{$ref: '#/components/examples/A'}", "{}, examples: {A: {type: string}}", "object open lost", "leads to nothing"},
		{"round about", "{$ref: '#/components/schemas/A'}", "{A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}", "object open lost", "leads back to itself"},
		{"beside a lost one", "{properties: {a: {$ref: '#/no'}, b: {type: integer}}}", "{}", "object{a object open lost, b integer}", "leads to nothing"},
		{"a part of itself", "{$ref: '#/components/schemas/A'}", "{A: {allOf: [{$ref: '#/components/schemas/A'}, {type: object, properties: {b: {type: string}}}]}}", "object{b string} circle", ""},
		{"to a part", "{$ref: '#/components/schemas/A/properties/a~1b%20%7B%7D/items'}", "{A: {properties: {'a/b {}': {type: array, items: {type: integer}}}}}", "integer", ""},
		{"to an unknown part", "{$ref: '#/definitions/A'}", "{}}\ndefinitions: {A: {type: string, minLength: x}", "string", ""},
		{"to an extension", "{$ref: '#/components/x-more/A'}", "{}, x-more: {A: {type: [1, boolean]}}", "any", ""},
		{"a member called $ref", "{properties: {$ref: {type: string}, example: {type: integer}}}", "{}", "object{$ref string, example integer}", ""},
		{"references that are none", "{enum: {$ref: '#/no'}, default: {$ref: '#/no'}, example: {$ref: '#/no'}, x-a: {$ref: '#/no'}}", "{}", "any", ""},
		{"numbers", "{type: number, minLength: -1, maximum: 1e999, minimum: x, maxItems: 1.5, multipleOf: []}", "{}", "number", ""},
		{"a mark of ours", "{type: string, x-pollux-lost: {text: x}}", "{}", "string", ""},
		{"no object at all", "{properties: {a: true, b: 7, c: null}}", "{}", "object{a any, b any, c any}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc := read(t, about(answering(tt.schema), tt.schemas))
			if got := shapeOf(doc.Operations[0].Answer.Schema); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := fmt.Sprint(doc.Notes); (tt.note == "") != (len(doc.Notes) == 0) || !strings.Contains(got, tt.note) {
				t.Errorf("notes = %s, want %q", got, tt.note)
			}
		})
	}
}

func TestRead_ReadsWhatStandsBesideReferences(t *testing.T) {
	t.Parallel()
	const schemas = "{A: {type: object, description: old, properties: {a: {type: string}}}}"
	const schema = "{properties: {p: {$ref: '#/components/schemas/A', nullable: true, description: new, required: [a]}, q: {$ref: '#/components/schemas/A'}}}"
	for version, want := range map[string]string{"3.0.0": "object{p object?{a string}, q object{a string}}", "3.1.0": "object{p object?{a! string}, q object{a string}}"} {
		s := read(t, strings.Replace(about(answering(schema), schemas), "3.0.0", version, 1)).Operations[0].Answer.Schema
		got := []string{shapeOf(s), s.Property("p").Description, s.Property("p").Name, s.Property("q").Description}
		if diff := cmp.Diff([]string{want, "new", "A", "old"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
	}
}

// TestRead_TellsReferencesOfFilesApart is for references that have the same text in
// several files.
func TestRead_TellsReferencesOfFilesApart(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{
		"b.yaml":   {Data: []byte("components: {schemas: {A: {type: object, properties: {b: {$ref: '#/components/schemas/B'}, n: {$ref: '#/no'}}}, B: {type: integer}}}\ntags: 7\npaths: {/x: {get: {parameters: 3}}}")},
		"d/e.yaml": {Data: []byte("type: object\nproperties: {b: {$ref: 'b.yaml'}, up: {$ref: ../api.yaml#/components/schemas/B}}")},
		"d/b.yaml": {Data: []byte("type: boolean")},
		"t.yaml":   {Data: []byte("tags: {type: string}")},
	}
	doc, err := openapi.Read("api.yaml", []byte(about(answering(`{properties: {a: {$ref: '#/components/schemas/A'}, e: {$ref: d/e.yaml}}}`),
		`{A: {properties: {of: {$ref: 'b.yaml#/components/schemas/A'}}}, B: {type: string}}`)), folder)
	if err != nil {
		t.Fatal(err)
	}
	want := "object{a object{of object{b integer, n object open lost}}, e object{b boolean, up string}}"
	if got := shapeOf(doc.Operations[0].Answer.Schema); got != want || len(doc.Notes) != 1 {
		t.Errorf("got %s with %v, want %s and one note", got, doc.Notes, want)
	}
}

func TestRead_LosesPartsOfOperationsThatAreWrong(t *testing.T) {
	t.Parallel()
	doc := read(t, about(`{/a: {$ref: '#/no', get: {operationId: 5, tags: [x, [y], 7], parameters: [7, {$ref: '#/no'}, {name: a, in: query, schema: {type: integer}, content: {text/plain: {}}}], requestBody: {$ref: '#/no'},
 responses: {'200': null, '404': {$ref: '#/no'}}, callbacks: {a: 3}, security: no}, put: 3}, /b: 3, x-c: {get: {}}}`, "{}, securitySchemes: {s: {$ref: '#/no'}, u: {type: http, scheme: bearer, flows: 3}}"))
	op := doc.Operations[0]
	var parameters []string
	for _, p := range op.Parameters {
		parameters = append(parameters, p.In+" "+p.Name+" "+shapeOf(p.Schema))
	}
	got := fmt.Sprint(len(doc.Operations), op.Path, op.ID, op.Tags, parameters, op.Body.Schema.Lost, op.Answer.Status, len(doc.Schemes), doc.Schemes[0].Name)
	if want := "1/a5[x 7] [query a integer] true2001u"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if diff := cmp.Diff([]openapi.Note{
		{Pointer: "/components/securitySchemes/s", Text: `the reference "#/no" leads to nothing`},
		{Pointer: "/paths/~1a/get/parameters/0", Text: "a parameter has no name or no place"},
	}, doc.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestRead_RefusesWhatWouldTakeTooLong is for documents that are small and stand for much.
func TestRead_RefusesWhatWouldTakeTooLong(t *testing.T) {
	t.Parallel()
	var aliases, members, references strings.Builder
	aliases.WriteString("openapi: 3.0.0\nx0: &x0 [" + strings.Repeat("a", 5_000) + "]\n")
	for i := range 40 {
		fmt.Fprintf(&aliases, "x%d: &x%d [*x%d, *x%d, *x%d]\n", i+1, i+1, i, i, i)
	}
	for i := range 6_000 {
		fmt.Fprintf(&members, "p%d: {type: string}, ", i)
		fmt.Fprintf(&references, "p%d: {$ref: '#/components/schemas/B'}, ", i)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"aliases":    {aliases.String() + "paths: {/a: {get: {}}}", "larger than 50 MiB when its aliases are written out"},
		"references": {about(answering("{}"), "{A: {properties: {"+references.String()+"}}, B: {properties: {"+members.String()+"}}}"), "too many references"},
		"levels":     {about(answering("{}"), "{A: {default: "+strings.Repeat("[", 150)+"'"+strings.Repeat("x", 4<<20)+"'"+strings.Repeat("]", 150)+"}}"), "nested too deep"},
	} {
		begun := time.Now()
		if _, err := openapi.Read("api.yaml", []byte(tt.text), nil); err == nil || !strings.Contains(err.Error(), tt.want) || openapi.AsError(err) == nil {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}
