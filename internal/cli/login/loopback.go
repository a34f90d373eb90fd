package login

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
)

// page is what the browser shows at the end.
//
//nolint:gochecknoglobals // it is only read
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Pollux</title>
<style>body{font-family:system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;line-height:1.5}</style>
<h1>{{.Title}}</h1><p>{{.Words}}</p>
`))

// loopback is an address of this machine where a browser is sent to.
type loopback struct {
	l    net.Listener
	path string
}

// listen listens at a redirect address. It must be on this machine.
func listen(ctx context.Context, redirect string) (*loopback, error) {
	u, err := url.Parse(redirect)
	if err != nil {
		return nil, fmt.Errorf("redirect_url: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "http" || u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("redirect_url %s is not on this machine: use --paste", redirect)
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "80")
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at redirect_url: %w; another login may be waiting there, or use --paste", err)
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	return &loopback{l: l, path: path}, nil
}

// outcome is what a browser brought.
type outcome struct {
	code string
	err  error
}

// wait serves until the browser brings the answer to a sign-in, or ctx ends. What belongs
// to another sign-in is turned away.
func (l *loopback) wait(ctx context.Context, c *auth.Consent) (string, error) {
	got := make(chan outcome, 1)
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.answer(w, r, c, got) }),
		ReadHeaderTimeout: 10 * time.Second,
	}
	var group sync.WaitGroup
	group.Go(func() { _ = server.Serve(l.l) }) // it ends when it is shut down
	defer group.Wait()
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second) // the page is to arrive
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close() // somebody does not read
		}
	}()
	select {
	case o := <-got:
		return o.code, o.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// answer takes what a browser brings.
func (l *loopback) answer(w http.ResponseWriter, r *http.Request, c *auth.Consent, got chan<- outcome) {
	if r.Method != http.MethodGet || r.URL.Path != l.path {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	code, err := c.Code(r.URL.Query())
	title, words := "Pollux has your consent", "You can close this page. The terminal says whether the sign-in worked."
	if err != nil {
		title, words = "This did not work", err.Error()
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = page.Execute(w, map[string]string{"Title": title, "Words": words}) // a browser that is gone has no wish
	if errors.Is(err, auth.ErrState) {
		return // another page may have come here; the right one still can
	}
	select {
	case got <- outcome{code, err}:
	default: // it has been brought already
	}
}
