package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/internal/cli/live"
)

// nowhere is for commands that neither read nor write.
var nowhere = live.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}

// serve serves at a socket of the test and returns its path.
func serve(t *testing.T, do live.Command) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "live") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- live.Serve(ctx, path, do) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		_ = os.RemoveAll(dir)
	})
	for { // until it listens
		code, err := live.Call(t.Context(), path, live.Request{Args: []string{"ready"}}, nowhere)
		if err == nil && code == 0 {
			return path
		}
	}
}

func TestCall_GivesBackWhatTheCommandPrinted(t *testing.T) {
	t.Parallel()
	path := serve(t, func(_ context.Context, r live.Request, s live.Streams) int {
		if r.Args[0] == "ready" {
			return 0
		}
		text, err := io.ReadAll(s.In)
		_, _ = fmt.Fprintf(s.Out, "%s in %s with %s, %v", strings.Join(r.Args, " "), r.Dir, text, err)
		_, _ = io.WriteString(s.Err, "beside it")
		return 7
	})
	var out, errs bytes.Buffer
	code, err := live.Call(t.Context(), path, live.Request{Args: []string{"runs", "list"}, Dir: "/here"}, live.Streams{In: strings.NewReader("input"), Out: &out, Err: &errs})
	if err != nil || code != 7 {
		t.Fatalf("got code %d and %v, want 7 and no error", code, err)
	}
	if got, want := out.String(), "runs list in /here with input, <nil>"; got != want {
		t.Errorf("stdout: got %q, want %q", got, want)
	}
	if got, want := errs.String(), "beside it"; got != want {
		t.Errorf("stderr: got %q, want %q", got, want)
	}
}

func TestServe_IsOnlyForTheOwner(t *testing.T) {
	t.Parallel()
	path := serve(t, func(context.Context, live.Request, live.Streams) int { return 0 })
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the socket has mode %o, want 600", got)
	}
}

func TestServe_EndsTheCommandOfOneWhoWentAway(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	path := serve(t, func(ctx context.Context, r live.Request, _ live.Streams) int {
		if r.Args[0] == "ready" {
			return 0
		}
		close(begun)
		<-ctx.Done()
		close(ended)
		return 0
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	if _, err := live.Call(ctx, path, live.Request{Args: []string{"wait"}}, nowhere); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	<-ended
}

// TestServe_EndsAlthoughSomebodyDoesNotRead asks for more than the connection holds, and
// reads nothing of it: the end of the test waits for Serve.
func TestServe_EndsAlthoughSomebodyDoesNotRead(t *testing.T) {
	t.Parallel()
	var conn net.Conn
	t.Cleanup(func() { _ = conn.Close() }) // after Serve has ended
	begun := make(chan struct{})
	path := serve(t, func(_ context.Context, r live.Request, s live.Streams) int {
		if r.Args[0] == "ready" {
			return 0
		}
		close(begun)
		if _, err := s.Out.Write(make([]byte, 64<<20)); err == nil {
			t.Error("everything was sent to somebody who does not read")
		}
		return 0
	})
	var err error
	conn, err = new(net.Dialer).DialContext(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(conn).Encode(live.Request{Args: []string{"much"}}); err != nil {
		t.Fatal(err)
	}
	<-begun
}

func TestCall_SaysWhenNobodyIsThere(t *testing.T) {
	t.Parallel()
	_, err := live.Call(t.Context(), filepath.Join(t.TempDir(), "none"), live.Request{}, nowhere)
	if !errors.Is(err, live.ErrNobody) {
		t.Errorf("got %v, want %v", err, live.ErrNobody)
	}
}

// TestCall_ReadsOneLineForWhoWantsOne gives a line and never ends its input, as a person at
// a keyboard does.
func TestCall_ReadsOneLineForWhoWantsOne(t *testing.T) {
	t.Parallel()
	path := serve(t, func(_ context.Context, r live.Request, s live.Streams) int {
		if r.Args[0] == "ready" {
			return 0
		}
		text, err := io.ReadAll(s.In)
		_, _ = fmt.Fprintf(s.Out, "%q, %v", text, err)
		return 0
	})
	in, keyboard := io.Pipe()
	go func() { _, _ = io.WriteString(keyboard, "one line\n") }() // it is read to its end
	var out bytes.Buffer
	if _, err := live.Call(t.Context(), path, live.Request{Args: []string{"login"}, Line: true}, live.Streams{In: in, Out: &out, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), `"one line\n", <nil>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
