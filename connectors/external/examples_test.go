package external_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
)

// conforms runs the conformance suite on a plugin, with at least so many checks passed.
func conforms(t *testing.T, c *external.Connector, w conformance.World, least int) {
	t.Helper()
	report, err := conformance.Run(t.Context(), c, w)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range report.Operations {
		for _, r := range o.Results {
			if r.Verdict == conformance.Failed {
				t.Errorf("%s, %s: %s", o.Operation, r.Check, r.Reason)
			}
		}
	}
	if got := report.Count(conformance.Passed); got < least {
		t.Errorf("%d checks passed, want %d at least: %+v", got, least, report)
	}
}

// one loads the plugin of a folder.
func one(t *testing.T, dir string) *external.Connector {
	t.Helper()
	p := external.New(quick())
	t.Cleanup(p.Close)
	var found diag.List
	c, source, ok := p.LoadOne(dir, dir, &found)
	if !ok || len(source) == 0 {
		t.Fatal(found.Sorted())
	}
	return c
}

// TestExample_InPythonConforms runs the suite on the plugin of docs/examples.
func TestExample_InPythonConforms(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 here; make test says so too")
	}
	dir := filepath.Join(t.TempDir(), "todo")
	if err := os.CopyFS(dir, os.DirFS("../../docs/examples/plugin-python/connectors/todo")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, ".todo.json"), `{"key": "sesame", "items": {}}`)
	c := one(t, dir)
	a := account("sesame")
	a.Credential.Method = auth.APIKey
	stranger := a
	stranger.Credential.Secret = secret.New("nobody's")
	s, err := c.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	create := operation(t, c, "item.create")
	made := func(ctx context.Context) (string, error) {
		answer, err := s.Call(ctx, create, map[string]any{"title": "there before"})
		if err != nil {
			return "", err
		}
		return answer.Value.(map[string]any)["id"].(string), nil
	}
	conforms(t, c, conformance.World{
		Account: a, Stranger: &stranger, Writes: true,
		Inputs: func(ctx context.Context, op *connectors.Operation) (map[string]any, error) {
			in := map[string]any{"itemId": "", "title": "milk"}
			id, err := made(ctx)
			if err != nil {
				return nil, err
			}
			in["itemId"] = id
			maps.DeleteFunc(in, func(name string, _ any) bool {
				for _, i := range op.Inputs {
					if i.Name == name {
						return false
					}
				}
				return true
			})
			return in, nil
		},
	}, 33)
}

// TestExample_InGoConforms builds the plugin of the package plugin, and runs the suite on it.
func TestExample_InGoConforms(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "notes")
	put(t, filepath.Join(dir, "plugin.yaml"), "plugin: v1\ncommand: [./notes]\n")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "notes"), "../plugin/testdata/notes")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := one(t, dir)
	a := account("open sesame")
	s, err := c.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	conforms(t, c, conformance.World{Account: a, Writes: true}, 9)
}
