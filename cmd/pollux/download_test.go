package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/internal/cli"
)

// downloads is a project whose one account answers with a sound, or with JSON.
func downloads(t *testing.T) (run func(args ...string) (code int, out, errs string), dir string, asked *int) {
	t.Helper()
	asked = new(int)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		if strings.HasSuffix(r.URL.Path, "/none") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("{}"))
			return
		}
		w.Header().Set("Content-Type", "audio/x-wav")
		_, _ = w.Write([]byte("RIFF\x00sound"))
	}))
	t.Cleanup(service.Close)
	dir = t.TempDir()
	for name, text := range map[string]string{
		"token":       "t0ken",
		"pollux.yaml": fmt.Sprintf("accounts:\n  studio:\n    connector: studio\n    base_url: %s\n    auth: {method: bearer, token: file:token}\n", service.URL),
		"connectors/studio/connector.yaml": `connector: v1
key: studio
title: Studio
base_url: https://studio.example.com
auth: [{method: bearer}]
check: take.get
`,
		"connectors/studio/takes.yaml": `objects:
  take: {title: Take, fields: {type: string, bytes: integer, sha256: string, file: string}}
operations:
  take.get:
    title: Take
    read: GET /takes/{takeId}
    inputs: {takeId: {default: x}}
    answer: {object: take, file: true, optional: true}
`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := cli.Main(append([]string{"--config", filepath.Join(dir, "pollux.yaml"), "call", "studio", "take.get"}, args...), strings.NewReader(""), &out, &errs)
		return code, out.String(), errs.String()
	}, dir, asked
}

// TestCall_WritesTheFileThatIsTheAnswer covers --output and what it refuses.
func TestCall_WritesTheFileThatIsTheAnswer(t *testing.T) {
	t.Parallel()
	run, dir, asked := downloads(t)
	path := filepath.Join(dir, "take.wav")
	if code, out, errs := run("takeId=1"); code != 0 || !strings.Contains(out, `"bytes": 10`) || strings.Contains(out, "RIFF") || strings.Contains(out, "file:") {
		t.Errorf("without --output: %d, %s%s, want what is known of the file", code, out, errs)
	}
	if code, out, errs := run("takeId=1", "--output", path); code != 0 || !strings.Contains(out, "take.wav") {
		t.Fatalf("--output: %d, %s%s, want the name of the file", code, out, errs)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "RIFF\x00sound" {
		t.Errorf("file = %q, %v, want the sound", text, err)
	}
	before := *asked
	if code, _, errs := run("takeId=1", "--output", path); code != 1 || !strings.Contains(errs, "--force") || *asked != before {
		t.Errorf("again: %d, %s after %d requests, want a refusal before any", code, errs, *asked-before)
	}
	if err := os.WriteFile(path, []byte("something that is longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run("takeId=1", "--output", path, "--force"); code != 0 {
		t.Errorf("--force: %d, %s", code, errs)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "RIFF\x00sound" {
		t.Errorf("file = %q, %v, want the sound and no more", text, err)
	}
	none := filepath.Join(dir, "none.wav")
	if code, _, errs := run("takeId=none", "--output", none); code != 1 || !strings.Contains(errs, "no file") {
		t.Errorf("no file: %d, %s, want a refusal", code, errs)
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("none.wav: %v, want nothing there", err)
	}
}
