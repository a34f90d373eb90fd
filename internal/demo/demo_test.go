package demo_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/demo"
	"github.com/pollux-automation/pollux/internal/project"
)

func TestFiles_AreAProjectWithoutFindings(t *testing.T) {
	t.Parallel()
	files, err := demo.Files(sandbox.New(sandbox.Options{Seed: 1}).Endpoints("http://127.0.0.1:9000"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := demo.Write(dir, files); err != nil {
		t.Fatal(err)
	}
	p := project.Read(filepath.Join(dir, demo.Settings), project.Options{Env: os.LookupEnv})
	if got := p.Findings.Sorted(); len(got) > 0 {
		t.Errorf("findings: got %v, want none", got)
	}
	if got, want := len(p.Recipes), 1; got != want {
		t.Errorf("recipes: got %d, want %d", got, want)
	}
	if err := demo.Write(dir, files[len(files)-1:]); !errors.Is(err, demo.ErrExists) {
		t.Errorf("write again: got %v, want ErrExists", err)
	}
}

func TestParseFault_ReadsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"lost": true, "rate_limited:0.1": true, "slow:1:highlevel.contact.search": true, "cut:0:stibee.*": true,
		"": false, "los": false, "lost:2": false, "lost:-1": false, "lost:x": false, "lost:NaN": false,
	} {
		f, err := demo.ParseFault(text)
		if (err == nil) != ok {
			t.Errorf("ParseFault(%q): got %+v, %v, want no error: %v", text, f, err, ok)
		}
	}
}
