package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/web"
)

func TestServer_SaysWhatThereIs(t *testing.T) {
	t.Parallel()
	h := newFake().server(web.NewMetrics("v1")).Handler()
	for _, path := range []string{"/", "/admin", "/healthz/x", "/metrics/"} {
		w := get(t, h, path)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, w.Code)
		}
		for _, name := range []string{"/healthz", "/readyz", "/metrics"} {
			if !strings.Contains(w.Body.String(), name) {
				t.Errorf("%s: the page does not name %s:\n%s", path, name, w.Body)
			}
		}
	}
}

func TestServer_AnswersOnlyThisMachine(t *testing.T) {
	t.Parallel()
	h := newFake().server(web.NewMetrics("v1")).Handler()
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8088": 200, "LOCALHOST:1": 200, "127.0.0.1": 200, "127.0.0.1:9999": 200, "[::1]": 200, "[::1]:8088": 200,
		"127.0.0.2:8088": 200, // an address, not a name that could be made to point here
		"":               403, "evil.example": 403, "evil.example:8088": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example:8088": 403,
		"192.168.1.7:8088": 403, "0.0.0.0:8088": 403, "[::]:8088": 403, "localhost:8088:1": 403, "[localhost": 403, "localhost]": 403,
	} {
		for _, path := range []string{"/healthz", "/metrics"} {
			if got := ask(t, h, http.MethodGet, host, path).Code; got != want {
				t.Errorf("host %q: got %d for %s, want %d", host, got, path, want)
			}
		}
	}
}

func TestServer_CanOnlyBeRead(t *testing.T) {
	t.Parallel()
	h := newFake().server(web.NewMetrics("v1")).Handler()
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := ask(t, h, method, "localhost", "/healthz")
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d with Allow %q, want 405 with GET, HEAD", method, w.Code, w.Header().Get("Allow"))
		}
	}
	if got := ask(t, h, http.MethodHead, "localhost", "/healthz").Code; got != http.StatusOK {
		t.Errorf("HEAD: got %d, want 200", got)
	}
}

func TestListen_TakesOnlyTheLoopback(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.168.1.7:0", "example.com:0"} {
		l, err := web.Listen(t.Context(), address)
		if err == nil {
			_ = l.Close()
		}
		if !errors.Is(err, web.ErrNotLoopback) {
			t.Errorf("%s: got %v, want ErrNotLoopback", address, err)
		}
	}
	l, err := web.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nobody was connected
	if _, err := web.Listen(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("a port that is taken: got %v, want an error with the address", err)
	}
}

// TestServer_LetsARequestEndWhenItStops stops the server in the middle of a request.
func TestServer_LetsARequestEndWhenItStops(t *testing.T) {
	t.Parallel()
	f := newFake()
	asked, answer := make(chan struct{}), make(chan struct{})
	s := f.server(web.NewMetrics("v1"))
	l, err := web.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	url := "http://" + l.Addr().String() + "/healthz"
	client := &http.Client{Transport: &http.Transport{}, Timeout: soon}
	defer client.CloseIdleConnections()
	read(t, client, url) // it serves, and has asked the engine itself
	f.set(func() {
		f.ping = func(context.Context) error {
			close(asked)
			<-answer
			return nil
		}
	})
	got := make(chan string, 1)
	go func() { got <- read(t, client, url) }()
	<-asked
	stop()
	// The port is given back at once, the request ends in peace.
	for {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	select {
	case err := <-served:
		t.Errorf("Serve returned %v while a request was under way", err)
	default:
	}
	close(answer)
	if text := <-got; text != "200 ok" {
		t.Errorf("the request under way: got %q, want 200 ok", text)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: got %v, want no error", err)
	}
}

func TestServer_RefusesHugeHeaders(t *testing.T) {
	t.Parallel()
	s := newFake().server(web.NewMetrics("v1"))
	l, err := web.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	client := &http.Client{Transport: &http.Transport{}, Timeout: soon}
	for size, want := range map[int]string{8 << 10: "200", 64 << 10: "431"} {
		if got := read(t, client, "http://"+l.Addr().String()+"/healthz?"+strings.Repeat("x", size)); !strings.HasPrefix(got, want) {
			t.Errorf("a head of %d bytes: got %.80s, want %s", size, got, want)
		}
	}
	client.CloseIdleConnections()
	stop()
	if err := <-served; err != nil {
		t.Errorf("Serve: got %v, want no error", err)
	}
}

// read returns the status and the text of a page.
func read(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	answer, err := c.Do(r)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(answer.Status[:3] + " " + string(text))
}
