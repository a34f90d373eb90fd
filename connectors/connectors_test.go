package connectors_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

type connector struct{ key string }

func (c connector) Describe() *connectors.Description {
	return &connectors.Description{Key: c.key, Operations: []*connectors.Operation{{Connector: c.key, Key: "a.b"}}}
}

func (connector) Open(connectors.Account) (connectors.Session, error) { return nil, io.EOF }

func TestRegistry(t *testing.T) {
	t.Parallel()
	var r connectors.Registry
	for _, key := range []string{"b", "a"} {
		if err := r.Add(connector{key}); err != nil {
			t.Fatalf("Add(%s): %v", key, err)
		}
	}
	if err := r.Add(connector{"a"}); err == nil || err.Error() != `connector "a" exists already` {
		t.Errorf("a second a: %v, want that it exists", err)
	}
	made := 0
	r.AddLater("d", func() connectors.Connector { made++; return connector{"d"} })
	if err := r.Add(connector{"d"}); err == nil || made != 0 {
		t.Errorf("a second d: %v, after d was made %d times, want an error and none", err, made)
	}
	if diff := cmp.Diff([]string{"a", "b", "d"}, r.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if c, ok := r.Connector("a"); !ok || c.Describe().Key != "a" {
		t.Errorf("Connector(a) = %v, %t", c, ok)
	}
	for range 2 {
		if c, ok := r.Connector("d"); !ok || c.Describe().Key != "d" || made != 1 {
			t.Errorf("Connector(d) = %v, %t, made %d times, want d, made once", c, ok, made)
		}
	}
	if _, ok := r.Connector("c"); ok {
		t.Error("Connector(c) is there, want none")
	}
}

func TestDescription_Operation(t *testing.T) {
	t.Parallel()
	d := connector{"x"}.Describe()
	if o, ok := d.Operation("a.b"); !ok || o.Name() != "x.a.b" {
		t.Errorf("Operation(a.b) = %v, %t, want x.a.b", o, ok)
	}
	if _, ok := d.Operation("a"); ok {
		t.Error("Operation(a) is there, want none")
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	e := &connectors.Error{Kind: connectors.Conflict, Op: "x.a.b", Err: io.ErrUnexpectedEOF}
	if got, want := e.Error(), "x.a.b: unexpected EOF"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	e.Status, e.Hint = 409, "wait"
	if got, want := e.Error(), "x.a.b: status 409: unexpected EOF (wait)"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	if !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Error("the cause is not in the chain")
	}
	for err, want := range map[error]connectors.Kind{
		e:                         connectors.Conflict,
		fmt.Errorf("step: %w", e): connectors.Conflict,
		io.EOF:                    connectors.Transient,
	} {
		if got := connectors.KindOf(err); got != want {
			t.Errorf("KindOf(%v) = %s, want %s", err, got, want)
		}
	}
	if n := len(connectors.Kinds()); n != 8 {
		t.Errorf("there are %d kinds, want 8", n)
	}
}
