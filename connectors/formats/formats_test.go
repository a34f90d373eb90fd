package formats_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"github.com/pollux-automation/pollux/connectors/formats"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// person is an object with a field of every type.
func person() *schema.Object {
	return &schema.Object{Key: "person", ID: "id", Fields: []schema.Field{
		{Name: "id", Type: schema.String},
		{Name: "name", Type: schema.String},
		{Name: "age", Type: schema.Integer},
		{Name: "score", Type: schema.Number},
		{Name: "member", Type: schema.Boolean},
		{Name: "since", Type: schema.Time},
		{Name: "tag", Type: schema.Array, Items: &schema.Field{Type: schema.String}},
		{Name: "home", Type: schema.Map, Fields: []schema.Field{{Name: "floor", Type: schema.Integer}, {Name: "@kind", Type: schema.String}}},
		{Name: "@rank", Type: schema.Integer},
	}}
}

func list(paths ...string) formats.Answer { return formats.Answer{List: true, Paths: paths} }

func people(paths ...string) formats.Answer {
	return formats.Answer{List: true, Paths: paths, Object: person()}
}

func one(paths ...string) formats.Answer { return formats.Answer{Paths: paths} }

func TestFormat_JSON(t *testing.T) {
	t.Parallel()
	csv, xml, lines := formats.Format{Kind: formats.CSV}, formats.Format{Kind: formats.XML}, formats.Format{Kind: formats.NDJSON}
	tests := []struct {
		name   string
		format formats.Format
		answer formats.Answer
		body   string
		want   string // the JSON; empty if says is set
		says   string // of the error
	}{
		{"json stays", formats.Format{}, list("."), `[1, 2`, `[1, 2`, ""},

		{"csv", csv, list("."), "id,name\n1,Ann\n2,\"Bo, \"\"b\"\"\nC\"\n", `[{"id":"1","name":"Ann"},{"id":"2","name":"Bo, \"b\"\nC"}]`, ""},
		{"csv without rows", csv, people("."), "id,name\n", `[]`, ""},
		{"csv without a last line end", csv, list("."), "a\r\n\r\n1", `[{"a":"1"}]`, ""},
		{"csv with a mark", csv, list("."), "\xEF\xBB\xBF\"id\",name\n1,김", `[{"id":"1","name":"김"}]`, ""},
		{"csv with semicolons", formats.Format{Kind: formats.CSV, Separator: ';'}, list("."), "id;name\n1;a,b\n", `[{"id":"1","name":"a,b"}]`, ""},
		{"csv with tabs", formats.Format{Kind: formats.CSV, Separator: '\t'}, list("."), "id\tname\n1\t\n", `[{"id":"1","name":""}]`, ""},
		{
			"csv with types", csv, people("."), "id,name,age,score,member,since,more\n007, Ann ,+042, 1.50 ,Yes,2026-01-02T03:04:05Z,7\n8,,,,,,\n",
			`[{"id":"007","name":" Ann ","age":42,"score":1.50,"member":true,"since":"2026-01-02T03:04:05Z","more":"7"},{"id":"8","name":"","age":null,"score":null,"member":null,"since":null,"more":""}]`, "",
		},
		{"csv numbers", csv, people("."), "id,score\n1,-.5e3\n2,00\n3,-0.10\n", `[{"id":"1","score":-0.5e3},{"id":"2","score":0},{"id":"3","score":-0.10}]`, ""},
		{"csv integer with a fraction of zeros", csv, people("."), "id,age\n1,42.00\n", `[{"id":"1","age":42}]`, ""},
		{"csv no integer", csv, people("."), "id,age\n1,41\n2,\"4\n2\"\n", "", `line 3: "age": "4\n2" is no integer`},
		{"csv integer too large", csv, people("."), "id,age\n1,99999999999999999999\n", "", `is no integer`},
		{"csv number too large", csv, people("."), "id,score\n1,1e999\n", "", `line 2: "score": "1e999" is no number`},
		{"csv number with a comma", csv, people("."), "id,score\n1,\"1,5\"\n", "", `line 2: "score": "1,5" is no number`},
		{"csv no digits", csv, people("."), "id,score\n1,-.\n", "", `is no number`},
		{"csv only an exponent", csv, people("."), "id,score\n1,e5\n", "", `is no number`},
		{"csv hex", csv, people("."), "id,score\n1,0x10\n", "", `is no number`},
		{"csv no boolean", csv, people("."), "id,member\n1,maybe\n", "", `line 2: "member": "maybe" is no boolean`},
		{"csv no time", csv, people("."), "id,since\n1,yesterday\n", "", `line 2: "since": "yesterday" is no time`},
		{"csv no list", csv, people("."), "id,tag\n1,a\n", "", `line 2: "tag": "a" is a text, and described as array`},
		{"csv with a short row", csv, list("."), "a,b\n1,2\n\n3\n", "", "line 4: 1 cells, the first line names 2 columns"},
		{"csv with a long row", csv, list("."), "a,b\n1,2,3\n", "", "line 2: 3 cells"},
		{"csv with one name twice", csv, list("."), "a,b, a\n", "", `line 1: there are two columns "a"`},
		{"csv without a name", csv, list("."), "a,,b\n", "", "line 1: column 2 has no name"},
		{"csv without the id", csv, people("."), "error,why\n", "", `line 1: there is no column "id"; there are "error", "why"`},
		{"csv with another separator", csv, list("."), "id;name\n1;Ann\n", "", `format: {csv: {separator: ";"}}`},
		{"csv with a quote inside", csv, list("."), "a,b\n1,x\"y\n", "", "line 2: a quote stands where none can be"},
		{"csv that is cut off", csv, list("."), "a,b\n1,\"x\n\n", "", "line 2: a quoted cell does not end as it should, or the answer is cut off"},
		{"csv that is empty", csv, list("."), " \n", "", "the answer is empty"},
		{"csv that is json", csv, list("."), ` {"error":"no"}`, "", "the answer is JSON and not CSV"},
		{"csv that is a page", csv, list("."), "\n<!-- x --><!DOCTYPE HTML><html>", "", "the answer is an HTML page and not CSV"},
		{"csv with many columns", csv, list("."), strings.Repeat("a,", 1001), "", "there are 1002 columns, more than 1000"},
		{"csv with a long name", csv, list("."), strings.Repeat("a", 257) + ",b", "", "the name of column 1 has 257 bytes"},
		{"csv that grows", csv, list("."), bomb(), "", "too large"},

		{"ndjson", lines, list("."), "{\"a\":1}\r\n\n {\"a\":2} \n", `[{"a":1},{"a":2}]`, ""},
		{"ndjson that is empty", lines, list("."), "\n", `[]`, ""},
		{"ndjson that is cut off", lines, list("."), "{\"a\":1}\n{\"a\":", "", "line 2: the last line is cut off"},
		{"ndjson that is broken", lines, list("."), "{\"a\":1}\n\n{a}\n", "", "line 3: this is no JSON object"},
		{"ndjson of numbers", lines, list("."), "1\n", "", "line 1: want a JSON object, got \"1\""},
		{"ndjson that is a list", lines, list("."), "[{\"a\":1}]\n", "", "line 1: want a JSON object"},
		{"ndjson that is a page", lines, list("."), "<html lang=en>", "", "HTML page and not NDJSON"},
		{"ndjson of two in a line", lines, list("."), "{}{}\n", "", "line 1: this is no JSON object"},

		{"xml of many", xml, list("all.item"), "<?xml version='1.0'?>\n<all><item><n>1</n></item><!-- x --><item><n> 2 </n></item></all>", `{"all":{"item":[{"n":"1"},{"n":"2"}]}}`, ""},
		{"xml of one", xml, list("all.item"), `<all><item><n>1</n></item></all>`, `{"all":{"item":[{"n":"1"}]}}`, ""},
		{"xml of none", xml, list("all.item"), `<all total="0"> </all>`, `{"all":{"@total":"0","item":[]}}`, ""},
		{"xml of none, deeper", xml, list("r.all.item"), `<r><t>0</t><all/></r>`, `{"r":{"t":"0","all":{"item":[]}}}`, ""},
		{"xml of something else", xml, list("all.item"), `<all><error>no</error></all>`, `{"all":{"error":"no"}}`, ""},
		{"xml of another root", xml, list("all.item"), `<error/>`, `{"error":""}`, ""},
		{"xml second path", xml, list("all.item", "all.row"), `<all><row>1</row></all>`, `{"all":{"row":["1"]}}`, ""},
		{"xml with a star", xml, list("all.*.item"), `<all><a><item>1</item></a><b><item>2</item><item>3</item></b></all>`, `{"all":{"a":{"item":["1"]},"b":{"item":["2","3"]}}}`, ""},
		{"xml one record", xml, one("r.item"), `<r><item id="7"><n>1</n></item></r>`, `{"r":{"item":{"@id":"7","n":"1"}}}`, ""},
		{"xml text and attributes", xml, one("."), `<p a="1&amp;2" xmlns:x="u" x:b="3">x<![CDATA[<y>]]><q/></p>`, `{"p":{"@a":"1&2","@b":"3","#text":"x<y>","q":""}}`, ""},
		{"xml namespaces", xml, list("all.item"), `<x:all xmlns:x="u" xmlns="v"><x:item>1</x:item><item>2</item></x:all>`, `{"all":{"item":["1","2"]}}`, ""},
		{
			"xml with types", xml, people("all.p"),
			`<all><p rank="3"><id>1</id><age>42</age><member>0</member><home kind="flat"><floor>2</floor></home><tag>x</tag></p><p><id>2</id><home/><age/><tag>x</tag><tag>y</tag></p><p><id>3</id></p></all>`,
			`{"all":{"p":[{"@rank":3,"id":"1","age":42,"member":false,"home":{"@kind":"flat","floor":2},"tag":["x"]},{"id":"2","home":{},"age":null,"tag":["x","y"]},{"id":"3","tag":[]}]}}`, "",
		},
		{"xml with nothing", xml, people("all.p"), `<all><p xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><id>1</id><name i:nil="true"/></p></all>`, `{"all":{"p":[{"id":"1","name":null,"tag":[]}]}}`, ""},
		{"xml text of an element with attributes", xml, people("all.p"), `<all><p><id x="y">1</id></p></all>`, `{"all":{"p":[{"id":"1","tag":[]}]}}`, ""},
		{"xml no integer", xml, people("all.p"), "<all>\n<p><id>1</id>\n<age>x</age></p></all>", "", `line 3: "age": "x" is no integer`},
		{"xml twice", xml, people("all.p"), "<all><p><id>1</id>\n<id>2</id></p></all>", "", `line 2: <id> is there 2 times, and described as string`},
		{"xml elements in a text", xml, people("all.p"), "<all><p><name><b/></name></p></all>", "", `<name> has elements inside, and is described as string`},
		{"xml with a type", xml, list("a.b"), "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "", "line 2: the document declares a type"},
		{"xml with an entity", xml, list("a.b"), "<a>&x;</a>", "", "line 1: the answer is no XML: invalid character entity"},
		{"xml that is cut off", xml, list("a.b"), "<a>\n<b>1</b>", "", "line 2: the answer is no XML: unexpected EOF"},
		{"xml of two roots", xml, list("a.b"), "<a/>\n<b/>", "", "line 2: the document goes on after its root"},
		{"xml with text around it", xml, list("a.b"), "<a/> no", "", "there is text outside of the root"},
		{"xml without a root", xml, list("a.b"), "<?xml version='1.0'?>", "", "it has no root"},
		{"xml that is empty", xml, list("a.b"), "", "", "the answer is empty"},
		{"xml that is json", xml, list("a.b"), "[1]", "", "the answer is JSON and not XML"},
		{"xml that is a page", xml, list("a.b"), "<!doctype html>", "", "HTML page and not XML"},
		{"xml too deep", xml, list("a.b"), strings.Repeat("<a>", 101) + strings.Repeat("</a>", 101), "", "nested more than 100 deep"},
		{"xml of too many elements", xml, list("a.b"), "<a>" + strings.Repeat("<b/>", 500_001) + "</a>", "", "more than 500000 elements"},
		{"xml attribute twice", xml, list("a.b"), `<a b="1" b="2"/>`, "", "two attributes \"b\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.format.JSON([]byte(tt.body), "application/octet-stream", tt.answer)
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("got %s %v, want an error with %q", got, err, tt.says)
				}
				return
			}
			if err != nil || string(got) != tt.want {
				t.Errorf("got  %s %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

// bomb is a small table whose long names would be written with each of its many short rows.
func bomb() string {
	var names []string
	for i := range 900 {
		names = append(names, strings.Repeat("n", 200)+strconv.Itoa(i))
	}
	return strings.Join(names, ",") + "\n" + strings.Repeat(strings.Repeat(",", 899)+"\n", 500)
}

func TestFormat_Charsets(t *testing.T) {
	t.Parallel()
	euc := func(s string) string {
		b, err := korean.EUCKR.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	latin, err := charmap.ISO8859_1.NewEncoder().String("a\né\n")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("이름\n김\n")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, kind string
		format     formats.Format
		body       string
		want, says string
	}{
		{"of the header", "text/csv; charset=EUC-KR", formats.Format{Kind: formats.CSV}, euc("이름\n김\n"), `[{"이름":"김"}]`, ""},
		{"of the manifest first", "text/csv; charset=utf-8", formats.Format{Kind: formats.CSV, Charset: "euc-kr"}, euc("이름\n김\n"), `[{"이름":"김"}]`, ""},
		{"of the document", "text/xml", formats.Format{Kind: formats.XML}, euc(`<?xml version="1.0" encoding="euc-kr"?><a>김</a>`), `{"a":"김"}`, ""},
		{"latin", "text/csv; charset=iso-8859-1", formats.Format{Kind: formats.CSV}, latin, `[{"a":"é"}]`, ""},
		{"of a mark", "text/csv; charset=utf-8", formats.Format{Kind: formats.CSV}, wide, `[{"이름":"김"}]`, ""},
		{"nobody says so", "text/csv", formats.Format{Kind: formats.CSV}, euc("a\n김\n"), "", "line 2: the answer is not UTF-8; write charset"},
		{"not what it says", "text/csv; charset=euc-kr", formats.Format{Kind: formats.CSV}, "a\n\xff\xff\n", "", "line 2: the answer is not euc-kr"},
		{"unknown", "text/csv; charset=klingon", formats.Format{Kind: formats.CSV}, "a\n", "", `the charset "klingon" is not known`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.format.JSON([]byte(tt.body), tt.kind, formats.Answer{List: true, Paths: []string{"."}})
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("got %s %v, want an error with %q", got, err, tt.says)
				}
				return
			}
			if err != nil || string(got) != tt.want {
				t.Errorf("got  %s %v\nwant %s", got, err, tt.want)
			}
		})
	}
	if formats.Known("klingon") || !formats.Known("euc-kr") {
		t.Error("got that klingon is known or euc-kr is not")
	}
}

// FuzzFormat_JSON holds every format to its word: it never panics, and what it makes is JSON.
func FuzzFormat_JSON(f *testing.F) {
	for _, seed := range []string{
		"id,name\n1,Ann\n", "id;age\n1;2\n", "{\"a\":1}\n", "<a><b c='d'>1</b></a>", "<all><p><id>1</id><age>x</age></p></all>", "\xff\xfea\x00", "<a><![CDATA[x]]></a>", "id,score\n1,1e5\n",
	} {
		f.Add(seed, "text/csv; charset=utf-8", "all.p")
	}
	f.Fuzz(func(t *testing.T, body, kind, path string) {
		for _, k := range []formats.Kind{formats.CSV, formats.XML, formats.NDJSON} {
			for _, a := range []formats.Answer{people(path), list(path, "a.*.b"), one(path)} {
				out, err := formats.Format{Kind: k}.JSON([]byte(body), kind, a)
				if err == nil && !json.Valid(out) {
					t.Errorf("%s at %q of %q: got no JSON: %q", k, path, body, out)
				}
			}
		}
	})
}
