// Command style measures the sizes that the house style sets and fails when a
// figure is over its limit: functions, files, packages, comments.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The limits: middle, 95th of a hundred, and the most.
const (
	functionMiddle, functionP95, functionMost = 12, 45, 80
	fileMiddle, fileP95, fileMost             = 150, 400, 600
	packageMost, engineMost                   = 1500, 3000
	commentLeast, commentMost                 = 15, 25
)

type figures struct {
	functions []int
	files     []int
	packages  map[string]int
	comments  int
	lines     int
	problems  []string
}

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	f := figures{packages: map[string]int{}}
	if err := f.walk(root); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(3)
	}
	f.judge()
	f.print()
	if len(f.problems) > 0 {
		os.Exit(1)
	}
}

func (f *figures) walk(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root && d.Name() != ".." || d.Name() == "tools" || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return f.file(path, rel)
	})
}

func (f *figures) file(path, name string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments)
	if err != nil {
		return err
	}
	lines := strings.Count(string(text), "\n")
	f.files = append(f.files, lines)
	if lines > fileMost {
		f.problems = append(f.problems, fmt.Sprintf("%s has %d lines, limit %d", name, lines, fileMost))
	}
	commented := 0
	for _, group := range file.Comments {
		commented += set.Position(group.End()).Line - set.Position(group.Pos()).Line + 1
	}
	blank := strings.Count("\n"+string(text), "\n\n")
	f.comments += commented
	f.lines += lines - blank
	f.packages[filepath.Dir(name)] += lines - blank - commented
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		length := set.Position(fn.Body.End()).Line - set.Position(fn.Pos()).Line + 1
		f.functions = append(f.functions, length)
		if length > functionMost {
			f.problems = append(f.problems, fmt.Sprintf("%s: %s has %d lines, limit %d", set.Position(fn.Pos()), fn.Name.Name, length, functionMost))
		}
	}
	return nil
}

func (f *figures) judge() {
	slices.Sort(f.functions)
	slices.Sort(f.files)
	check := func(what string, got, limit int) {
		if got > limit {
			f.problems = append(f.problems, fmt.Sprintf("%s is %d, limit %d", what, got, limit))
		}
	}
	check("middle function", at(f.functions, 50), functionMiddle)
	check("p95 function", at(f.functions, 95), functionP95)
	check("middle file", at(f.files, 50), fileMiddle)
	check("p95 file", at(f.files, 95), fileP95)
	for name, lines := range f.packages {
		limit := packageMost
		if name == "engine" {
			limit = engineMost
		}
		check("package "+name, lines, limit)
	}
	if share := f.share(); share < commentLeast || share > commentMost {
		f.problems = append(f.problems, fmt.Sprintf("comments are %d %% of lines, want %d to %d", share, commentLeast, commentMost))
	}
	slices.Sort(f.problems)
}

func (f *figures) share() int {
	if f.lines == 0 {
		return 0
	}
	return 100 * f.comments / f.lines
}

func (f *figures) print() {
	fmt.Printf("functions: %d, middle %d, p95 %d, most %d lines\n", len(f.functions), at(f.functions, 50), at(f.functions, 95), at(f.functions, 100))
	fmt.Printf("files: %d, middle %d, p95 %d, most %d lines\n", len(f.files), at(f.files, 50), at(f.files, 95), at(f.files, 100))
	fmt.Printf("comments: %d %% of %d lines\n", f.share(), f.lines)
	for _, p := range f.problems {
		fmt.Println("over the limit:", p)
	}
}

// at returns the value below which a percentage of the sorted values lie.
func at(sorted []int, percent int) int {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}
