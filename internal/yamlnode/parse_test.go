package yamlnode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// findings renders what a list holds, one finding a line.
func findings(into *diag.List) []string {
	var lines []string
	for _, f := range into.Sorted() {
		lines = append(lines, f.String())
	}
	return lines
}

// limit is far above what any file takes, also under the race detector and on a busy
// machine; without it all of them stay well under a second.
const limit = 5 * time.Second

func TestParse_RefusesHostileFiles(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, code string }{
		{"empty", "", yamlnode.CodeEmptyFile},
		{"only comments", "# nothing\n", yamlnode.CodeEmptyFile},
		{"null", "~\n", yamlnode.CodeEmptyFile},
		{"5 MB", strings.Repeat("a: b # padding\n", 350_000), yamlnode.CodeTooLarge},
		{"binary", "a: b\x00c\n", yamlnode.CodeNotText},
		{"latin-1", "a: caf\xe9\n", yamlnode.CodeNotText},
		{"deep flow", strings.Repeat("[", 5000), yamlnode.CodeTooDeep},
		{"deep blocks", deepBlocks(60), yamlnode.CodeTooDeep},
		{"2001 keys", manyKeys(2001), yamlnode.CodeTooManyKeys},
		{"bomb", bomb(), yamlnode.CodeTooMany},
		{"many values", "a: [" + strings.Repeat("1,", 200_000) + "]\n", yamlnode.CodeTooMany},
		{"loop", "a: &x [*x]\n", yamlnode.CodeAliasLoop},
		{"loop through a mapping", "a: &x {b: {c: *x}}\n", yamlnode.CodeAliasLoop},
		{"two documents", "a: 1\n---\nb: 2\n", yamlnode.CodeDocuments},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into diag.List
			begun := time.Now()
			root := yamlnode.Parse("f.yaml", []byte(tt.text), &into)
			if took := time.Since(begun); took > limit {
				t.Errorf("Parse took %v, want at most %v", took, limit)
			}
			if root != nil {
				t.Errorf("Parse returned a tree, want nil")
			}
			if into.Len() != 1 || into.Sorted()[0].Code != tt.code {
				t.Errorf("findings: got %v, want one %s", findings(&into), tt.code)
			}
		})
	}
}

func TestParse_BoundsAreInclusive(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"2000 keys": manyKeys(2000), "50 levels": deepBlocks(49)} {
		var into diag.List
		if yamlnode.Parse("f.yaml", []byte(text), &into) == nil || into.Len() != 0 {
			t.Errorf("%s: got %v, want no finding", name, findings(&into))
		}
	}
}

func deepBlocks(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String() + strings.Repeat(" ", levels) + "x\n"
}

func manyKeys(count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString("k" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + ": 1\n")
	}
	return b.String()
}

func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n")
	for i := 1; i < 10; i++ {
		prev := "*a" + string(rune('0'+i-1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(prev+", ", 9) + prev + "]\n")
	}
	return b.String()
}

func TestParse_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"colon", "a: b: c\n", []string{`f.yaml:1:5: error: ": " begins a value, which is not possible here [syntax]`}},
		{"bracket", "a: [1\n", []string{`f.yaml:1:5: error: the list is not closed, or a comma is missing [syntax]`}},
		{"tab", "a:\n\tb: 1\n", []string{`f.yaml:2:1: error: this character cannot begin a value [syntax]`}},
		{"indentation", "a:\n  b: 1\n c: 2\n", []string{`f.yaml:3:2: error: a key is expected here [syntax]`}},
		{"quote", "a: 'x\n", []string{`f.yaml:1:5: error: a quote is opened and never closed [syntax]`}},
		{"anchor", "a: *x\n", []string{`f.yaml:1:4: error: an alias to an anchor that is not defined above it [syntax]`}},
		{"control character", "a: b\n\x01: c\n", []string{`f.yaml: error: a control character, which YAML does not allow [syntax]`}},
		{"duplicate", "a: 1\nb: {c: 1, c: 2}\na: 2\n", []string{
			`f.yaml:2:11: error: the key "c" stands here twice; first in line 2 [duplicate-key]`,
			`f.yaml:3:1: error: the key "a" stands here twice; first in line 1 [duplicate-key]`,
		}},
		{"merge", "x-a: &a {b: 1}\nc: {<<: *a}\n", []string{`f.yaml:2:5: error: the merge key << is not supported [merge-key]`}},
		{"tags", "a: !!str 5\nb: !secret x\n", []string{
			`f.yaml:1:4: error: tags are not used here [tag]`, `f.yaml:2:4: error: tags are not used here [tag]`,
		}},
		{"keys", "1: a\n[x]: b\ntrue: c\n", []string{
			`f.yaml:1:1: error: a key must be text, 1 is not [key-type]`,
			`f.yaml:2:1: error: a key must be text [key-type]`,
			`f.yaml:3:1: error: a key must be text, true is not [key-type]`,
		}},
		{"numbers", "a: [010, 0x1f, 1_000, +8210, .inf, 123456789012345678901234, 5, -2.5, 1e3]\n", []string{
			`f.yaml:1:5: error: 010 is read as a number, but not everywhere as the same one [number-form]`,
			`f.yaml:1:10: error: 0x1f is read as a number, but not everywhere as the same one [number-form]`,
			`f.yaml:1:16: error: 1_000 is read as a number, but not everywhere as the same one [number-form]`,
			`f.yaml:1:23: error: +8210 is read as a number, but not everywhere as the same one [number-form]`,
			`f.yaml:1:30: error: .inf is read as a number, but not everywhere as the same one [number-form]`,
			`f.yaml:1:36: error: 123456789012345678901234 is read as a number, but not everywhere as the same one [number-form]`,
		}},
		{"comments", "a: =x # y\nb: \"=x\" # fine\nc: plain # fine\nd: t${x} # y\ne: =x#y\nf: {g: =x, # fine\n h: =x # y\n}\n", []string{
			`f.yaml:1:4: error: everything after " #" is a comment and not part of the expression [cut-by-comment]`,
			`f.yaml:4:4: error: everything after " #" is a comment and not part of the expression [cut-by-comment]`,
			`f.yaml:7:5: error: everything after " #" is a comment and not part of the expression [cut-by-comment]`,
		}},
		{"comment after several lines", "a: =x +\n  y # z\n", []string{
			`f.yaml:1:4: error: everything after " #" is a comment and not part of the expression [cut-by-comment]`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into diag.List
			yamlnode.Parse("f.yaml", []byte(tt.text), &into)
			if diff := cmp.Diff(tt.want, findings(&into)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParse_KeepsTheNumberOfFindingsSmall(t *testing.T) {
	t.Parallel()
	var into diag.List
	yamlnode.Parse("f.yaml", []byte("a: ["+strings.Repeat("010, ", 5000)+"]\n"), &into)
	sorted := into.Sorted()
	last := sorted[len(sorted)-1]
	if len(sorted) != yamlnode.MaxFindings+1 || last.Code != diag.CodeTooManyFindings {
		t.Errorf("got %d findings, the last %q; want %d and %q", len(sorted), last.Code, yamlnode.MaxFindings+1, diag.CodeTooManyFindings)
	}
}

func TestParse_ReplacesAliasesAndDropsAnchors(t *testing.T) {
	t.Parallel()
	var into diag.List
	root := yamlnode.Parse("f.yaml", []byte("x-who: &who {name: Ann, ids: [1, 2.5, null, true]}\nа: *who\nb: [*who]\n"), &into)
	ann := map[string]any{"name": "Ann", "ids": []any{1, 2.5, nil, true}}
	want := map[string]any{"а": ann, "b": []any{ann}}
	if diff := cmp.Diff(want, root.Value()); diff != "" {
		t.Errorf("Value (-want +got):\n%s", diff)
	}
	if into.Len() != 0 {
		t.Errorf("findings: got %v, want none", findings(&into))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: b\n", "a: &x [*x]\n", "? [a]\n: b\n", "a: |\n  x\n", "- 'x\n", "\ufeffa: =b # c\n", "{a: !!x [1,.nan]}", bomb()} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var into diag.List
		root := yamlnode.Parse("f.yaml", data, &into)
		if root == nil && into.Len() == 0 {
			t.Error("the file was refused without a finding")
		}
		walk(root)
	})
}

func walk(n *yamlnode.Node) {
	_, _, _, _ = n.At(), n.PlaceIn(3, 2), n.Value(), n.Written()
	for _, f := range n.Fields() {
		walk(f.Value)
	}
	for _, item := range n.Items() {
		walk(item)
	}
}
