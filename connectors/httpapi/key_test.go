package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// bank carries out what has a new key, and answers a repeated key as it did before.
type bank struct {
	keys  []string // of all requests
	done  int
	first map[string]string
}

func (b *bank) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.Header.Get("Idempotency-Key")
	if r.URL.Path == "/refunds" {
		raw := bodyOf(r)
		meta, _ := raw["meta"].(map[string]any)
		key, _ = meta["reference"].(string)
	}
	b.keys = append(b.keys, key)
	if b.first == nil {
		b.first = map[string]string{}
	}
	if b.first[key] == "" || key == "" {
		b.done++
		b.first[key] = fmt.Sprintf(`{"id":"p%d","amount":5}`, b.done)
	}
	return reply(http.StatusOK, "application/json", b.first[key]), nil
}

// bodyOf decodes the body of a request.
func bodyOf(r *http.Request) map[string]any {
	b := make([]byte, r.ContentLength)
	_, _ = r.Body.Read(b)
	v, _ := connectors.Decode(b)
	m, _ := v.(map[string]any)
	return m
}

func TestCall_CarriesTheKeyOfItsEffect(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"payment.create", "refund.create"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			there := &bank{}
			s := newServiceOf(t, "bank", there)
			call := func(effect string) string {
				ctx := t.Context()
				if effect != "" {
					ctx = connectors.WithKey(ctx, effect)
				}
				a, err := s.Call(ctx, s.op(t, key), map[string]any{"amount": 5})
				if err != nil {
					t.Fatalf("Call: %v", err)
				}
				return fmt.Sprint(a.Value)
			}
			first, again, other := call("run1/pay"), call("run1/pay"), call("run2/pay")
			if first != again || first == other || there.done != 2 {
				t.Errorf("answers %s, %s and %s after %d payments, want two payments and the first answer twice", first, again, other, there.done)
			}
			if byHand, another := call(""), call(""); byHand == another {
				t.Errorf("two calls by hand got the same answer %s, want a key for each", byHand)
			}
			if diff := cmp.Diff([]string{"run1/pay", "run1/pay", "run2/pay"}, there.keys[:3]); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCall_OnlyDeclaredWritesCarryAKey(t *testing.T) {
	t.Parallel()
	there := &bank{}
	s := newServiceOf(t, "bank", there)
	ctx := connectors.For(connectors.WithKey(t.Context(), "run1/pay"), "invoices")
	if _, err := s.Call(ctx, s.op(t, "fee.set"), map[string]any{"amount": 5}); err != nil {
		t.Fatal(err)
	}
	if there.keys[0] != "" {
		t.Errorf("the key %q was sent, want none", there.keys[0])
	}
	if s.gate.name != "invoices" {
		t.Errorf("the gate was entered on behalf of %q, want invoices", s.gate.name)
	}
	_, err := s.Call(connectors.WithKey(t.Context(), "a\nb"), s.op(t, "payment.create"), map[string]any{"amount": 5})
	want(t, err, connectors.Invalid)
}

func TestPreview_ShowsWhereTheKeyGoes(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, "bank", &bank{})
	header, err := s.Preview(s.op(t, "payment.create"), map[string]any{"amount": 5})
	if err != nil {
		t.Fatal(err)
	}
	if got := header.Header["Idempotency-Key"]; got != "(id of the effect)" {
		t.Errorf("header = %q, want the word for the effect's id", got)
	}
	body, err := s.Preview(s.op(t, "refund.create"), map[string]any{"amount": 5})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"amount": 5, "meta": map[string]any{"reference": "(id of the effect)"}}, body.Body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestCall_AnOperationsRuleComesFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		operation, message string
		want               connectors.Kind
		hint               string
	}{
		{"payment.create", "Too late, it is booked", connectors.Uncertain, "look whether the payment is there"},
		{"payment.create", "no such currency", connectors.Invalid, "correct the payment"},
		{"refund.create", "Too late, it is booked", connectors.Invalid, "correct the payment"},
	}
	for _, tt := range tests {
		s := newServiceOf(t, "bank", answers(http.StatusUnprocessableEntity, "application/json", `{"message":"`+tt.message+`"}`))
		_, err := s.Call(t.Context(), s.op(t, tt.operation), map[string]any{"amount": 5})
		if e := ours(t, err, tt.want); e.Hint != tt.hint {
			t.Errorf("%s, %s: hint = %q, want %q", tt.operation, tt.message, e.Hint, tt.hint)
		}
	}
}

func TestCall_AReadIsNeverUncertain(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, "bank", answers(http.StatusTeapot, "application/json", `{}`))
	_, err := s.Call(t.Context(), s.op(t, "payment.get"), map[string]any{"id": "p1"})
	want(t, err, connectors.Transient)
	_, err = s.Call(t.Context(), s.op(t, "fee.set"), map[string]any{"amount": 1})
	want(t, err, connectors.Uncertain)
}
