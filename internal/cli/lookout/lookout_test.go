package lookout_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/internal/cli/lookout"
)

// write writes a file of the test and makes its time another one than before.
func write(t *testing.T, path, text string, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestFiles_TellsOnceOfAnEditThatIsOver(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	one, sub := filepath.Join(dir, "one.yaml"), filepath.Join(dir, "recipes", "two.yaml")
	write(t, one, "a", now)
	f := lookout.Watch(func() []string { return []string{one, filepath.Join(dir, "recipes"), ""} })
	looks := func(what string, want ...bool) {
		t.Helper()
		for i, w := range want {
			if got := f.Edited(); got != w {
				t.Errorf("%s, look %d: got %t, want %t", what, i+1, got, w)
			}
		}
	}
	looks("nothing happened", false, false)
	write(t, one, "b", now.Add(time.Second))
	looks("an edit", false, true, false)
	write(t, sub, "c", now)
	looks("a new file in a new folder", false, true, false)
	write(t, one, "bb", now.Add(2*time.Second))
	looks("somebody writes", false)
	write(t, one, "bbb", now.Add(3*time.Second))
	looks("and goes on writing", false, true, false)
	write(t, filepath.Join(dir, "recipes", ".two.yaml.swp"), "x", now)
	looks("an editor's own file", false, false)
	if err := os.Remove(sub); err != nil {
		t.Fatal(err)
	}
	looks("a file is gone", false, true, false)
	write(t, one, "d", now.Add(4*time.Second))
	f.Seen()
	looks("it was read meanwhile", false, false)
}

func TestSystem_TellsHowTheProgramIs(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "notify") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"}
	s := lookout.NewSystem(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if got, want := s.Watchdog(), 1500*time.Millisecond; got != want {
		t.Errorf("Watchdog: got %s, want %s", got, want)
	}
	for _, m := range []struct {
		say  func()
		want string
	}{{s.Ready, "READY=1"}, {s.Reloading, "RELOADING=1"}, {s.Alive, "WATCHDOG=1"}, {s.Stopping, "STOPPING=1"}} {
		m.say()
		b := make([]byte, 100)
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(b[:n]); got != m.want {
			t.Errorf("got %q, want %q", got, m.want)
		}
	}
}

func TestSystem_WithoutAManagerTellsNobody(t *testing.T) {
	t.Parallel()
	s := lookout.NewSystem(func(string) (string, bool) { return "", false })
	s.Ready()
	if got := s.Watchdog(); got != 0 {
		t.Errorf("Watchdog: got %s, want 0", got)
	}
}
