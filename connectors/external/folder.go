package external

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The codes of the findings about plugins, besides those of manifests.
const (
	CodeCommand = "plugin-command"
	CodeFailed  = "plugin-failed"
)

// Codes explains the codes of plugins, in the order of the documentation.
func Codes() []diag.Code {
	return []diag.Code{
		{Name: CodeCommand, Meaning: "The command of a plugin names no program that can be started."},
		{Name: CodeFailed, Meaning: "The program of a plugin did not start, or did not say what it offers."},
	}
}

const (
	// usualTimeout bounds a request of a plugin that does not say it.
	usualTimeout = 30 * time.Second
	longTimeout  = 10 * time.Minute
)

// folder is a plugin as its folder describes it.
type folder struct {
	name    string // as findings have it
	dir     string
	command []string // the program by its whole path
	timeout time.Duration
	at      diag.Place // of the command
	text    []byte     // of plugin.yaml
	sum     [sha256.Size]byte
}

// readFolder reads the plugin.yaml of a folder; ok is false when it has findings.
func readFolder(dir, name string, into *diag.List) (f folder, ok bool) {
	file := filepath.Join(name, manifest.PluginFile)
	f = folder{name: name, timeout: usualTimeout}
	var err error
	if f.dir, err = filepath.Abs(dir); err == nil {
		f.text, err = readFile(filepath.Join(dir, manifest.PluginFile))
	}
	if err != nil {
		into.Errorf(diag.Place{File: file}, finding.CodeUnreadable, "", "the file cannot be read: %s", withoutPath(err))
		return f, false
	}
	var found diag.List
	if _, err := os.Stat(filepath.Join(dir, "connector.yaml")); err == nil {
		found.Errorf(diag.Place{File: file}, finding.CodeConnectorForm, "keep one of the two", "the folder has a connector.yaml too, and cannot be both")
	}
	if n := yamlnode.Parse(file, f.text, &found); n != nil {
		f.read(n, &found)
	}
	into.Append(&found)
	f.sum = sumOf(f.dir, f.text)
	return f, !found.HasErrors()
}

// readFile reads a file, one byte more than is allowed at most.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > yamlnode.MaxBytes {
		return nil, fmt.Errorf("it has %d bytes, more than %d", info.Size(), yamlnode.MaxBytes)
	}
	return os.ReadFile(path)
}

func (f *folder) read(n *yamlnode.Node, into *diag.List) {
	m, ok := n.Mapping(into, "plugin", "command", "timeout")
	if !ok {
		return
	}
	if word, ok := m.Need(into, "plugin", "plugin: v1").Text(into); ok && word != "v1" {
		into.Errorf(m.Get("plugin").At(), finding.CodeConnectorForm, "write plugin: v1", "the version %q of the format is not known", word)
	}
	if t, ok := m.Get("timeout").Duration(into); ok {
		f.timeout = t
		if t < time.Second || t > longTimeout {
			m.Get("timeout").Mismatch(into, "a duration from 1s to 10m")
		}
	}
	node := m.Need(into, "command", "command: [python3, todo.py]")
	words, ok := node.Texts(into)
	if !ok {
		return
	}
	f.at = node.At()
	if len(words) == 0 || words[0] == "" {
		into.Errorf(f.at, CodeCommand, "write it like [python3, todo.py]", "the command names no program")
		return
	}
	program, err := f.find(words[0])
	if err != nil {
		into.Errorf(f.at, CodeCommand, "write the program first, then each argument by itself; a program in the folder begins with ./",
			"the program %.200q cannot be started: %s", words[0], withoutPath(err))
		return
	}
	f.command = append([]string{program}, words[1:]...)
}

// find returns the whole path of a program: one with a slash stands in the folder, any
// other is looked for where the system keeps programs.
func (f *folder) find(program string) (string, error) {
	if strings.ContainsRune(program, '/') || strings.ContainsRune(program, filepath.Separator) {
		if !filepath.IsAbs(program) {
			program = filepath.Join(f.dir, program)
		}
	}
	path, err := exec.LookPath(program)
	if errors.Is(err, exec.ErrDot) {
		return "", errors.New("it would be taken from the current folder")
	}
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return "", e.Err
	}
	return path, err
}

// sumOf sums up the names, sizes and times of a folder's files, as package lookout does:
// when they are others the program is another one. Hidden files are left out, and what
// Python makes of its own.
func sumOf(dir string, text []byte) [sha256.Size]byte {
	sum := sha256.New()
	sum.Write(text)
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what cannot be read counts as not there
		}
		switch hidden := strings.HasPrefix(d.Name(), ".") && path != dir; {
		case d.IsDir() && (hidden || d.Name() == "__pycache__"):
			return fs.SkipDir
		case hidden || d.IsDir():
			return nil
		}
		if info, err := d.Info(); err == nil {
			_, _ = fmt.Fprintf(sum, "%s\x00%d\x00%d\x00", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return [sha256.Size]byte(sum.Sum(nil))
}

// withoutPath is an error of the file system without the path of this machine.
func withoutPath(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
