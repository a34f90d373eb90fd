package testkit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/internal/testkit"
)

func get(ctx context.Context, t *testing.T, h http.Handler) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://service.test/a%2Fb?q=1", strings.NewReader("in"))
	if err != nil {
		t.Fatalf("make the request: %v", err)
	}
	return testkit.Client(h).Do(req)
}

func TestTransport_CarriesRequestAndAnswer(t *testing.T) {
	t.Parallel()
	resp, err := get(t.Context(), t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Host+" "+r.URL.EscapedPath()+" "+r.URL.RawQuery+" "+string(body))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "out")
	}))
	if err != nil {
		t.Fatalf("request: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "out" || resp.StatusCode != http.StatusTeapot {
		t.Errorf("answer: got %d %q %v, want 418 \"out\"", resp.StatusCode, body, err)
	}
	if got, want := resp.Header.Get("X-Seen"), "service.test /a%2Fb q=1 in"; got != want {
		t.Errorf("request as seen: got %q, want %q", got, want)
	}
	if _, err := http.ParseTime(resp.Header.Get("Date")); err != nil {
		t.Errorf("date of the answer: %v", err)
	}
}

func TestTransport_CutsConnections(t *testing.T) {
	t.Parallel()
	_, err := get(t.Context(), t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })) //nolint:bodyclose // no answer
	if !errors.Is(err, io.EOF) {
		t.Errorf("cut before the answer: got %v, want EOF", err)
	}
	resp, err := get(t.Context(), t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	}))
	if err != nil {
		t.Fatalf("request: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); string(body) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut body: got %q %v, want \"half\" and an unexpected EOF", body, err)
	}
}

func TestTransport_ReportsPanics(t *testing.T) {
	t.Parallel()
	_, err := get(t.Context(), t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })) //nolint:bodyclose // no answer
	if err == nil || !strings.Contains(err.Error(), "oops") {
		t.Errorf("panic in the handler: got %v, want an error that tells of it", err)
	}
}

func TestTransport_EndsWithTheContextInFakeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := get(ctx, t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })) //nolint:bodyclose // no answer
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("request past its deadline: got %v, want deadline exceeded", err)
		}
		if got := time.Since(began); got != time.Minute {
			t.Errorf("time passed: got %v, want 1m", got)
		}
	})
}
