package external_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/internal/diag"
)

// hostPlugin is a program that runs a plugin and hangs.
func hostPlugin(root string) {
	p := external.New(quick())
	var found diag.List
	p.Load(root, "connectors", &found)
	fmt.Fprintln(os.Stdout, found.Len())
	hang()
}

func TestPlugin_EndsWithAHostThatIsKilled(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	trace := root + "/pid"
	// The shell notes its number and becomes the plugin, which does not look at its input.
	put(t, root+"/odd/plugin.yaml", fmt.Sprintf("plugin: v1\ncommand: [sh, start.sh, %q, %q]\n", self, trace))
	put(t, root+"/odd/start.sh", "echo $$ > \"$2\"\nexec \"$1\" plugin stays\n")
	host := exec.Command(self, "host", root)
	host.Env = os.Environ()
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if killErr := host.Process.Kill(); killErr != nil {
		t.Fatal(killErr)
	}
	_ = host.Wait()
	if err != nil || strings.TrimSpace(line) != "0" {
		t.Fatalf("got %q, %v, want that the plugin was loaded without findings", line, err)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if !gone(pid) {
		t.Errorf("the plugin %d lives on after its host was killed", pid)
	}
}
