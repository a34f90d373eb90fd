package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// TestWalkThrough_HoldsAsItIsWritten follows the first chapter of
// docs/writing-a-connector.md: it runs its commands one after the other, writes its files,
// and holds what the program prints to what the document shows.
func TestWalkThrough_HoldsAsItIsWritten(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/writing-a-connector.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(text), "\n## Ten minutes")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	script, commands := scriptOf(t, chapter)
	if commands < 10 {
		t.Fatalf("the chapter has %d commands, want all that a reader needs", commands)
	}
	file := filepath.Join(t.TempDir(), "walkthrough.txtar")
	s := sandbox.New(sandbox.Options{Seed: 1})
	l, err := sandbox.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(t.Context(), l) }() // it ends with the test
	script = strings.ReplaceAll(script, "127.0.0.1:9000", l.Addr().String())
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{file}, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"shown": shown, "curl": curl, "holds": holds, "adds": adds},
	})
}

var block = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

// scriptOf makes a script of the blocks of a chapter, and counts its commands.
func scriptOf(t *testing.T, chapter string) (script string, commands int) {
	t.Helper()
	var steps, files strings.Builder
	n := 0
	put := func(text string) string {
		n++
		name := fmt.Sprintf("block%d", n)
		fmt.Fprintf(&files, "-- %s --\n%s", name, text)
		return name
	}
	for _, m := range block.FindAllStringSubmatch(chapter, -1) {
		kind, where, _ := strings.Cut(m[1], " ")
		verb, path, told := strings.Cut(where, " ")
		switch {
		case kind == "console" && where == "":
			for part := range strings.SplitSeq(strings.TrimPrefix(m[2], "$ "), "\n$ ") {
				command, output, _ := strings.Cut(part, "\n")
				commands++
				steps.WriteString(stepOf(command))
				if strings.TrimSpace(output) != "" {
					fmt.Fprintf(&steps, "shown %s\n", put(strings.TrimSuffix(output, "\n")+"\n"))
				}
			}
		case kind == "console" && where == "other": // the sandbox, which runs already
		case kind == "yaml" && told && verb == "shows":
			fmt.Fprintf(&steps, "holds %s %s\n", path, put(m[2]))
		case kind == "yaml" && told && verb == "adds":
			fmt.Fprintf(&steps, "adds %s %s\n", path, put(m[2]))
		case kind == "yaml" && where != "":
			fmt.Fprintf(&steps, "mkdir %s\ncp %s %s\n", filepath.Dir(where), put(m[2]), where)
		default:
			t.Fatalf("nobody knows what to do with the block %q", m[1])
		}
	}
	return steps.String() + files.String(), commands
}

// stepOf turns a command for a shell into one for a script.
func stepOf(command string) string {
	if assignment, ok := strings.CutPrefix(command, "export "); ok {
		return "env " + assignment + "\n"
	}
	single := false
	command = strings.Map(func(r rune) rune {
		if r == '\'' {
			single = !single
		}
		if r == '"' && !single {
			return '\'' // scripts know single quotes alone
		}
		return r
	}, command)
	if strings.HasPrefix(command, "curl ") {
		return command + "\n"
	}
	return "exec " + command + "\n"
}

// shown holds what the last command printed to what is shown: each line comes, in this
// order, on one of its two streams; … stands for anything.
func shown(ts *testscript.TestScript, _ bool, args []string) {
	said := []string{ts.ReadFile("stdout"), ts.ReadFile("stderr")}
	for line := range strings.SplitSeq(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n") {
		if strings.TrimSpace(line) == "…" {
			continue
		}
		parts := strings.Split(line, "…")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		pattern := regexp.MustCompile("(?m)^" + strings.Join(parts, ".*") + "$")
		found := false
		for i := range said {
			if at := pattern.FindStringIndex(said[i]); at != nil && !found {
				found, said[i] = true, said[i][at[1]:]
			}
		}
		if !found {
			ts.Fatalf("the document shows this line, and the program does not print it here:\n%s\nIt goes on with:\n%s\n%s", line, said[0], said[1])
		}
	}
}

// curl sends what the reader would send.
func curl(ts *testscript.TestScript, _ bool, args []string) {
	method, body, header, address := http.MethodGet, "", http.Header{}, ""
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-d":
			i++
			method, body = http.MethodPost, args[i]
		case "-H":
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			header.Set(name, value)
		default:
			address = args[i]
		}
	}
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	ts.Check(err)
	req.Header = header
	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	ts.Check(err)
	defer resp.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode >= 300 {
		ts.Fatalf("status %d: %s", resp.StatusCode, text)
	}
	fmt.Fprintf(ts.Stdout(), "%s\n", text)
}

// holds asserts that a file has a block in it.
func holds(ts *testscript.TestScript, _ bool, args []string) {
	if all, part := ts.ReadFile(args[0]), ts.ReadFile(args[1]); !strings.Contains(all, part) {
		ts.Fatalf("the document shows this of %s:\n%s\nIt has:\n%s", args[0], part, all)
	}
}

// adds puts a block behind the end of a file.
func adds(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+ts.ReadFile(args[1])), 0o600))
}
