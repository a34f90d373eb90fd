package expression_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
)

func TestProgram_StaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	s := scope()
	many := make([]any, 2000)
	for i := range many {
		many[i] = strings.Repeat("x", 100)
	}
	s.Record["tags"] = many
	s.Record["email"] = strings.Repeat("a", 300<<10)
	tests := []string{
		`reduce(1..40, #acc + #acc, "a")`,
		`reduce(1..40, [#acc, #acc], "a")`,
		`reduce(1..40, concat(#acc, #acc), [1])`,
		`reduce(1..20, let a = #acc; map(1..10, a), "a")`,
		`let a = [1,1]; let b = [a,a,a,a,a,a,a,a,a,a]; let c = [b,b,b,b,b,b,b,b,b,b]; let d = [c,c,c,c,c,c,c,c,c,c]; let e = [d,d,d,d,d,d,d,d,d,d]; let f = [e,e,e,e,e,e,e,e,e,e]; [f,f]`,
		`repeat("ab", 1000000)`,
		`replace(repeat("a", 1000), "a", repeat("b", 1000))`,
		`replace(repeat("a", 1000), "", repeat("b", 1000))`,
		`join(map(1..5000, repeat("a", 100)), "")`,
		`toJSON(map(1..5000, repeat("a", 100)))`,
		`toBase64(record.email)`,
		nested("record.tags"),
		nested("1..300"),
		`1..10000000`,
		`len(map(1..400, 1..400))`,
		`record.email matches "a*b"`,
		`"${x" + record.email`,
	}
	for _, text := range tests {
		t.Run(text[:min(len(text), 40)], func(t *testing.T) {
			t.Parallel()
			var into diag.List
			p, ok := compile(names(), text, &into)
			if !ok {
				t.Fatalf("findings: %v", rendered(&into))
			}
			begun := time.Now()
			if v, err := p.Value(s); err == nil {
				t.Errorf("got %.60v, want an error", v)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// nested goes through a list once for each pair of its elements.
func nested(list string) string {
	return "all(" + list + strings.Repeat(", all("+list, 2) + ", true)))"
}

// FuzzExpression looks for expressions that panic, or that the bounds do not stop.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		`record.email ?? "x"`, `reduce(1..40, #acc + #acc, "a")`, `groupBy(record.tags, #)`, `let a = [1]; a[0:1]`, `{"a": 1}.a`, `record?.tags?.[0]`,
		`sortBy(record.customFields, .id, "desc")`, `map(1..3, {# * #index})`, `record.tags | filter(# != "a") | join(",")`, `"a" matches "b"`, `1..2`,
		`date("2026-01-01") + duration("1d")`, `if true {1} else {2}`, `not (1 in [2])`, `toJSON(fromJSON("{}"))`, `-record.score ** 2 % 3`, "b'x'", "`a`", `$env`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var into diag.List
		p, ok := compile(names(), text, &into)
		if !ok {
			if into.Len() == 0 {
				t.Error("the expression was refused without a finding")
			}
			return
		}
		v, err := p.Value(scope())
		if err == nil && !isPlain(v) {
			t.Errorf("got %T, which is not plain data", v)
		}
	})
}

func isPlain(v any) bool {
	switch x := v.(type) {
	case nil, bool, int, float64, string:
		return true
	case []any:
		for _, e := range x {
			if !isPlain(e) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, e := range x {
			if !isPlain(e) {
				return false
			}
		}
		return true
	}
	return false
}

func BenchmarkProgram(b *testing.B) {
	var into diag.List
	p, _ := compile(names(), `record.email != nil and record.dnd != true and "vip" in record.tags`, &into)
	s := scope()
	b.ReportAllocs()
	for b.Loop() {
		if v, err := p.Run(s); v != true || err != nil {
			b.Fatal(v, err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var into diag.List
		if _, ok := compile(names(), `record.email != nil and record.dnd != true`, &into); !ok {
			b.Fatal(rendered(&into))
		}
	}
}
