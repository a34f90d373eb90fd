package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

func TestCall_KindsOfRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status      int
		body        string
		read, write connectors.Kind
	}{
		{301, ``, connectors.Invalid, connectors.Invalid},
		{400, ``, connectors.Invalid, connectors.Invalid},
		{401, ``, connectors.Auth, connectors.Auth},
		{402, ``, connectors.Auth, connectors.Auth}, // a rule of the connector
		{403, ``, connectors.Auth, connectors.Auth},
		{404, ``, connectors.NotFound, connectors.NotFound},
		{408, ``, connectors.Transient, connectors.Uncertain},
		{409, ``, connectors.Conflict, connectors.Conflict},
		{410, ``, connectors.NotFound, connectors.NotFound},
		{422, ``, connectors.Invalid, connectors.Invalid},
		{423, ``, connectors.Conflict, connectors.Conflict},
		{429, ``, connectors.RateLimited, connectors.RateLimited},
		{500, ``, connectors.Transient, connectors.Uncertain},
		{503, ``, connectors.Transient, connectors.Uncertain},
		{599, ``, connectors.Transient, connectors.Uncertain},
		{999, ``, connectors.Transient, connectors.Uncertain},
		{400, `{"error":{"code":"stb.Errors.Order.Locked"}}`, connectors.Conflict, connectors.Conflict},
		{400, `{"error":{"message":"There is No such order: 7"}}`, connectors.NotFound, connectors.NotFound},
		{422, `{"error":{"message":"no such order"}}`, connectors.Invalid, connectors.Invalid},
		{400, `{"error":{"code":"Errors.MyOrder.Locked"}}`, connectors.Invalid, connectors.Invalid},
		{500, `{"error":{"code":"busy"}}`, connectors.Transient, connectors.Transient}, // a rule of the write
	}
	for _, tt := range tests {
		s := newService(t, answers(tt.status, "application/json", tt.body))
		_, err := s.Call(t.Context(), s.op(t, "order.get_first"), nil)
		if e := ours(t, err, tt.read); e.Status != tt.status {
			t.Errorf("status = %d, want %d", e.Status, tt.status)
		}
		_, err = s.Call(t.Context(), s.op(t, "order.create"), map[string]any{"total": 1})
		want(t, err, tt.write)
		if s.gate.status != tt.status || s.gate.entered != s.gate.left {
			t.Errorf("status %d: the gate saw %+v", tt.status, s.gate)
		}
	}
}

func TestCall_ShowsTheServicesWords(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 400)
	tests := []struct {
		name, body, code, want string
	}{
		{"code and message", `{"error":{"code":"Order.Locked","message":"no"}}`, "Order.Locked", "Order.Locked: no"},
		{"code alone", `{"error":{"code":"x"}}`, "x", "x"},
		{"a list of messages", `{"messages":["a is bad","b too"]}`, "", "a is bad; b too"},
		{"messages by field", `{"total":"is low","email":["is taken","is odd"]}`, "", "email: is taken; email: is odd; total: is low"},
		{"messages by field below a name", `{"messages":{"email":["is taken"]}}`, "", "email: is taken"},
		{"a number as code", `{"error":{"code":17}}`, "17", "17"},
		{"not JSON", "<b>Bad\x00 gateway\n</b>", "", "<b>Bad  gateway </b>"},
		{"nothing", "", "", "Bad Request"},
		{"the token", `{"messages":"Bearer ` + token + ` is bad"}`, "", "Bearer ***** is bad"},
		{"a long body", long, "", strings.Repeat("é", 256) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answers(400, "application/json", tt.body))
			_, err := s.Call(t.Context(), s.op(t, "order.get_first"), nil)
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Code != tt.code || e.Err.Error() != tt.want || e.Op != "shop.order.get_first" {
				t.Errorf("got %+v, want code %q and %q", e, tt.code, tt.want)
			}
			if own := strings.HasPrefix(tt.body, "{"); e.Said != own {
				t.Errorf("said by the service itself: %t, want %t", e.Said, own)
			}
		})
	}
	s := newService(t, answers(400, "", `{"error":{"code":"Order.Locked"}}`))
	_, err := s.Call(t.Context(), s.op(t, "order.get_first"), nil)
	if got, want := err.Error(), "shop.order.get_first: status 400: Order.Locked (wait until it is unlocked)"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestCall_RetryAfter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		want   time.Duration
	}{
		{"", 0},
		{"30", 30 * time.Second},
		{" 30 ", 30 * time.Second},
		{"0", 0},
		{"-5", 0},
		{"1.5", 0},
		{"soon", 0},
		{"99999999999999999999999", time.Hour},
		{"86400", time.Hour},
		{"Sun, 22 Nov 2026 01:03:03 GMT", time.Minute}, // a minute after the answer's Date
		{"Sun, 22 Nov 2026 01:00:00 GMT", 0},
		{"Sun, 22 Nov 2099 01:00:00 GMT", time.Hour},
	}
	for _, tt := range tests {
		s := newService(t, carrier(func(*http.Request) (*http.Response, error) {
			r := reply(429, "", "")
			r.Header.Set("Retry-After", tt.header)
			return r, nil
		}))
		_, err := s.Call(t.Context(), s.op(t, "order.poke"), nil)
		if e := ours(t, err, connectors.RateLimited); e.RetryAfter != tt.want || s.gate.retryAfter != tt.want {
			t.Errorf("Retry-After %q: %s, and %s for the gate, want %s", tt.header, e.RetryAfter, s.gate.retryAfter, tt.want)
		}
	}
}

// TestCall_WaitsAsTheRuleSays has a service that does not say itself how long it wants to
// be left alone.
func TestCall_WaitsAsTheRuleSays(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"": 20 * time.Minute, "5": 5 * time.Second} {
		s := newService(t, carrier(func(*http.Request) (*http.Response, error) {
			r := reply(420, "", "")
			r.Header.Set("Retry-After", header)
			return r, nil
		}))
		_, err := s.Call(t.Context(), s.op(t, "order.poke"), nil)
		if e := ours(t, err, connectors.RateLimited); e.RetryAfter != want || s.gate.retryAfter != want {
			t.Errorf("Retry-After %q: %s, and %s for the gate, want %s", header, e.RetryAfter, s.gate.retryAfter, want)
		}
	}
}

type closedError struct{}

func (closedError) Error() string       { return "the budget is used up" }
func (closedError) Wait() time.Duration { return 7 * time.Second }

func TestCall_WaitingForTheGateIsNoFailure(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "", ""))
	s.gate.refuse = closedError{}
	_, err := s.Call(t.Context(), s.op(t, "order.poke"), nil)
	if e := ours(t, err, connectors.RateLimited); e.RetryAfter != 7*time.Second || e.Status != 0 {
		t.Errorf("got %+v, want a wait of 7s without a status", e)
	}
	if s.gate.left != 0 {
		t.Error("Leave was called for a request that was not let in")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Call(ctx, s.op(t, "order.poke"), nil)
	want(t, err, connectors.Canceled)
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err = s.Call(late, s.op(t, "order.poke"), nil)
	want(t, err, connectors.Transient) // a step's time was over before anything was sent
}

func TestCall_ReadsAnswers(t *testing.T) {
	t.Parallel()
	order := map[string]any{"id": "1", "total": nil, "made": nil, "changed": nil}
	whole := map[string]any{"ok": true}
	tests := []struct {
		name, key, kind, body string
		want                  any
		read                  connectors.Kind // of the error; empty for none
	}{
		{"an object", "order.get", "application/json", `{"order":{"id":1}}`, order, ""},
		{"an object elsewhere", "order.get", "application/json", `{"data":{"order":{"id":"1"}}}`, order, ""},
		{"null", "order.get", "application/json", `{"order":null}`, nil, ""},
		{"a read without its value", "order.get", "application/json", `{"ok":true}`, nil, connectors.Transient},
		{"a write without its value", "order.create", "application/json", `{"ok":true}`, whole, ""},
		{"a value that may be missing", "order.find", "application/json", `{"ok":true}`, nil, ""},
		{"no body of such a read", "order.find", "application/json", ` `, nil, ""},
		{"no body of a read", "order.get", "application/json", ``, nil, connectors.Transient},
		{"no body of a write", "order.create", "application/json", ``, nil, ""},
		{"text", "order.poke", "text/plain; charset=utf-8", `ok`, "ok", ""},
		{"JSON that says it is text", "order.create", "text/plain", `{"order":{"id":1}}`, order, ""},
		{"text that says it is JSON", "order.poke", "application/json", `ok`, "ok", ""},
		{"broken JSON of a read", "order.get", "application/json", `{"order":{"id"`, nil, connectors.Transient},
		{"broken JSON of a write", "order.create", "application/json", `{"order":{"id"`, nil, connectors.Uncertain},
		{"a page of HTML for a write", "order.create", "text/html", `<html>`, nil, connectors.Uncertain},
		{"a list", "order.rows", "application/json", `[{"id":1}]`, []any{order}, ""},
		{"an undescribed answer", "order.poke", "application/json", `{"ok":true}`, whole, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answers(201, tt.kind, tt.body))
			inputs := map[string]any{}
			switch tt.key {
			case "order.get":
				inputs["orderId"] = "1"
			case "order.create":
				inputs["total"] = 1
			}
			a, err := s.Call(t.Context(), s.op(t, tt.key), inputs)
			if tt.read != "" {
				want(t, err, tt.read)
				return
			}
			if err != nil {
				t.Fatalf("Call: %v", err)
			}
			wanted := connectors.Answer{Status: 201, Value: tt.want, Date: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)}
			if diff := cmp.Diff(wanted, a); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCall_BoundsTheAnswer(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "application/json", strings.Repeat(" ", 10<<20+1)))
	_, err := s.Call(t.Context(), s.op(t, "order.get_first"), nil)
	want(t, err, connectors.Invalid)
	_, err = s.Call(t.Context(), s.op(t, "order.poke"), nil)
	want(t, err, connectors.Uncertain)
}

func TestCall_BoundsTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, carrier(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		for _, tt := range []struct {
			key  string
			took time.Duration
			kind connectors.Kind
		}{
			{"order.get_first", 30 * time.Second, connectors.Transient},
			{"order.poke", 30 * time.Second, connectors.Uncertain},
			{"order.delete", time.Second, connectors.Uncertain}, // its own timeout
		} {
			begin := time.Now()
			_, err := s.Call(t.Context(), s.op(t, tt.key), nil)
			want(t, err, tt.kind)
			if d := time.Since(begin); d != tt.took {
				t.Errorf("%s took %s, want %s", tt.key, d, tt.took)
			}
		}
		if s.gate.entered != 3 || s.gate.left != 3 {
			t.Errorf("the gate saw %+v, want three in and out", s.gate)
		}
	})
}

func TestCall_WhenWeStop(t *testing.T) {
	t.Parallel()
	for key, kind := range map[string]connectors.Kind{"order.get_first": connectors.Canceled, "order.poke": connectors.Uncertain} {
		ctx, cancel := context.WithCancel(t.Context())
		s := newService(t, carrier(func(r *http.Request) (*http.Response, error) {
			cancel()
			return nil, r.Context().Err()
		}))
		_, err := s.Call(ctx, s.op(t, key), nil)
		want(t, err, kind)
	}
}
