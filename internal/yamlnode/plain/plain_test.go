package plain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/yamlnode/plain"
)

// bounds are those of the tests.
func bounds() plain.Bounds { return plain.Bounds{Depth: 20, Values: 1000} }

func TestEncode_IsReadAsWhatWasGiven(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"plain", "", " ", "yes", "No", "null", "~", "1", "010", "0x1f", "1e3", "1_000", "-", "- a", "a: b", "a #b", "# a", "{a}", "[a]", "*a", "&a", "!a", "|", ">",
		"'", `"`, `\`, "a\nb: c", "a, b", "a,b", "2021-07-28", "=x", "a\tb", "ö", "<<", "a:", "?", "% a", "@a", "`a`", "...", "---", "a: 1\n---\nb: 2", "a ", " a", "/v1/{id}", "https://a.example/b", "a:b", "a:", "a: b", "a::b", ":a", "a :b", "it's", "a;b", "a, b: c",
	} {
		m := plain.Mapping{{Key: "k" + text, Value: text}, {Key: "list", Value: []any{text, plain.Mapping{{Key: text + "!", Value: text}}}}}
		out, err := plain.Encode(m)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got, err := plain.Decode(out, bounds())
		want := map[string]any{"k" + text: text, "list": []any{text, map[string]any{text + "!": text}}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q became %s: %v\n%s", text, out, err, diff)
		}
	}
}

func TestEncode_CommentsStayComments(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a\nb: c", "x\u2028b: c", "x\r\nb: c", "x\u0085b: c", "# a", "x\vb: c", "\nb: c"} {
		out, err := plain.Encode(plain.Mapping{
			{Key: "a", Value: 1, Comment: text},
			{Key: "m", Value: plain.Mapping{{Key: "n", Value: "v", Comment: text, Aside: strings.ReplaceAll(text, "\n", " ")}}, Aside: text},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := plain.Decode(out, bounds())
		want := map[string]any{"a": 1, "m": map[string]any{"n": "v"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q became %s: %v\n%s", text, out, err, diff)
		}
	}
}

func TestEncode_KeepsOrderAndPutsShortThingsOnOneLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 30) + "end"
	got, err := plain.Encode(plain.Mapping{{Key: "operations", Value: plain.Mapping{{Key: "b.get", Comment: "guess: x", Value: plain.Mapping{
		{Key: "title", Value: "Get b"},
		{Key: "inputs", Value: plain.Mapping{{Key: "id", Value: "string"}}},
		{Key: "more", Value: plain.Mapping{{Key: "z", Value: long}, {Key: "a", Value: 1}}},
		{Key: "repeat", Value: "safe", Aside: "guess"},
		{Key: "with", Value: map[string]any{"b": 1.5, "a": true, "c": nil}},
	}}}}})
	want := `operations:
  # guess: x
  b.get:
    title: Get b
    inputs: {id: string}
    more:
      z: ` + long + `
      a: 1
    repeat: safe # guess
    with: {a: true, b: 1.5, c: null}
`
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("got %v:\n%s", err, diff)
	}
}

func TestDecode_ReadsWhatOthersWrite(t *testing.T) {
	t.Parallel()
	got, err := plain.Decode([]byte("a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}\n200: 1.5\nf: 2021-07-28\ng: ~\nh: [yes, true, 0x10]\n"), bounds())
	want := map[string]any{
		"a": map[string]any{"b": 1, "c": 2}, "d": map[string]any{"b": 1, "c": 2}, "e": map[string]any{"b": 1, "c": 3},
		"200": 1.5, "f": "2021-07-28", "g": nil, "h": []any{"yes", true, 16},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("got %v:\n%s", err, diff)
	}
}

func TestDecode_RefusesWhatHasNoEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"deep":      {strings.Repeat("[", 5000), "more than 20 levels"},
		"deep maps": {deepBlocks(30), "more than 20 levels"},
		"many":      {"a: [" + strings.Repeat("1,", 2000) + "]", "more than 1000 values"},
		"loop":      {"a: &x [*x]", "inside the value"},
		"two":       {"a: 1\n---\nb: 2\n", "more than one document"},
		"empty":     {"# nothing\n", "empty"},
		"broken":    {"a: b: c", "not valid YAML"},
	} {
		_, err := plain.Decode([]byte(tt.text), bounds())
		var syntax *plain.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want a syntax error with %q", name, err, tt.want)
		}
	}
}

func TestDecode_SharesWhatAliasesStandFor(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("a0: &a0 [1, 2]\n")
	for i := 1; i < 20; i++ {
		prev, name := string(rune('a'+i-1)), string(rune('a'+i))
		text.WriteString(name + "0: &" + name + "0 [" + strings.Repeat("*"+prev+"0, ", 9) + "*" + prev + "0]\n")
	}
	if _, err := plain.Decode([]byte(text.String()), plain.Bounds{Depth: 50, Values: 1000}); err != nil {
		t.Errorf("got %v, want each value once", err)
	}
}

func deepBlocks(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
