package httpapi_test

import (
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
)

// at makes an account talk to a server of the test through a real transport.
func at(address string) func(*connectors.Account) {
	return func(a *connectors.Account) { a.BaseURL = address }
}

func TestNetwork_WhatWasSurelyNotSentIsTransient(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, address := range map[string]string{
		"refused":   refused,
		"not https": strings.Replace(plain.URL, "http:", "https:", 1),
		"untrusted": untrusted.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, nil, at(address))
			defer s.Close()
			for _, key := range []string{"order.get_first", "order.poke"} {
				_, err := s.Call(t.Context(), s.op(t, key), nil)
				if e := ours(t, err, connectors.Transient); e.Hint == "" || e.Status != 0 {
					t.Errorf("got %+v, want a hint and no status", e)
				}
			}
			if s.gate.entered != 2 || s.gate.left != 2 {
				t.Errorf("the gate saw %+v, want two in and out", s.gate)
			}
		})
	}
}

func TestNetwork_WhatMayHaveArrivedIsUncertain(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	cuts := map[string]http.HandlerFunc{
		"before the answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"inside the answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"order":`)
			panic(http.ErrAbortHandler)
		},
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				cut(w, r)
			}))
			t.Cleanup(server.Close)
			s := newService(t, nil, at(server.URL))
			defer s.Close()
			_, err := s.Call(t.Context(), s.op(t, "order.create"), map[string]any{"total": 1})
			want(t, err, connectors.Uncertain)
			_, err = s.Call(t.Context(), s.op(t, "order.delete"), map[string]any{"ids": []any{"1"}})
			want(t, err, connectors.Uncertain)
			_, err = s.Call(t.Context(), s.op(t, "order.get_first"), nil)
			want(t, err, connectors.Transient)
		})
	}
	t.Cleanup(func() {
		if n := requests.Load(); n != 6 {
			t.Errorf("the servers saw %d requests, want 6: each is sent once", n)
		}
	})
}

// TestNetwork_ConnectionThatBreaksLaterIsUncertain breaks the encryption of a
// connection that the request was given already.
func TestNetwork_ConnectionThatBreaksLaterIsUncertain(t *testing.T) {
	t.Parallel()
	s := newService(t, carrier(func(r *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(r.Context())
		trace.GetConn("shop.example:443")
		trace.GotConn(httptrace.GotConnInfo{})
		return nil, tls.RecordHeaderError{Msg: "received record with version 4141 when expecting version 303"}
	}))
	_, err := s.Call(t.Context(), s.op(t, "order.poke"), nil)
	want(t, err, connectors.Uncertain)
	_, err = s.Call(t.Context(), s.op(t, "order.get_first"), nil)
	want(t, err, connectors.Transient)
}

func TestNetwork_DoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	s := newService(t, nil, at(server.URL))
	defer s.Close()
	for _, key := range []string{"order.get_first", "order.poke"} {
		_, err := s.Call(t.Context(), s.op(t, key), nil)
		if e := ours(t, err, connectors.Invalid); !strings.Contains(e.Hint, "base_url") {
			t.Errorf("hint = %q, want one about base_url", e.Hint)
		}
	}
}

func TestNetwork_ReadsCompressedAnswers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("the request does not ask for gzip")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		if r.URL.Path == "/rows" { // a bomb
			blank := make([]byte, 1<<20)
			for range 12 {
				z.Write(blank) //nolint:errcheck // the client stops reading
			}
		} else {
			fmt.Fprint(z, `{"order":{"id":"1"}}`)
		}
		_ = z.Close()
	}))
	t.Cleanup(server.Close)
	s := newService(t, nil, at(server.URL))
	defer s.Close()
	a, err := s.Call(t.Context(), s.op(t, "order.get"), map[string]any{"orderId": "1"})
	if err != nil || a.Value.(map[string]any)["id"] != "1" { //nolint:forcetypeassert // a test
		t.Errorf("got %v, %v, want the order", a.Value, err)
	}
	_, err = s.Page(t.Context(), s.op(t, "order.rows"), connectors.Query{})
	want(t, err, connectors.Invalid)
}

func TestNetwork_HidesTheQueryInErrors(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(server.Close)
	s := newService(t, nil, at(server.URL))
	defer s.Close()
	_, err := s.Call(t.Context(), s.op(t, "order.get"), map[string]any{"orderId": "person@example.com", "expand": []any{"private"}})
	e := ours(t, err, connectors.Transient)
	if strings.Contains(e.Error(), "private") || strings.Contains(e.Error(), "person") {
		t.Errorf("the error shows inputs: %v", e)
	}
	if !strings.Contains(e.Error(), server.URL+"/shops/{shop}/orders/{orderId}") {
		t.Errorf("the error %v does not name the address", e)
	}
}
