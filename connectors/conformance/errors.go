package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// pause is what a service that wants fewer requests asks for.
const pause = 7 * time.Second

// fault is an answer that a service may give at any time, and what becomes of it.
type fault struct {
	name   string
	strike func() (*canned, error)
	want   connectors.Kind
}

// status answers with a status and some headers.
func status(code int, header http.Header) func() (*canned, error) {
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return func() (*canned, error) {
		return &canned{status: code, header: header, body: []byte(`{"message":"pollux says so"}`)}, nil
	}
}

// faults are those that are tried on an operation. It is unknown whether a write arrived
// that the service failed on.
func (t *trial) faults() []fault {
	lost := connectors.Transient
	if t.op.Kind == connectors.Write && t.op.Composed == nil { // those begin with a read, which leaves nothing behind
		lost = connectors.Uncertain
	}
	list := []fault{
		{"status 401", status(http.StatusUnauthorized, nil), connectors.Auth},
		{"status 429", status(http.StatusTooManyRequests, http.Header{"Retry-After": {"7"}}), connectors.RateLimited},
		{"status 500", status(http.StatusInternalServerError, nil), lost},
		{"status 503", status(http.StatusServiceUnavailable, nil), lost},
		{"a cut connection", func() (*canned, error) { return nil, io.ErrUnexpectedEOF }, lost},
	}
	if t.op.Answer != nil || t.op.List {
		list = append(list, fault{"broken JSON", func() (*canned, error) {
			return &canned{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: []byte(`{"pollux":[{"a`)}, nil
		}, lost})
	}
	return list
}

// struckBy lets a fault strike and looks at the error.
func (t *trial) struckBy(ctx context.Context, bad *complaints, f fault, in map[string]any) {
	t.fake.instead(f.strike)
	_, err := t.struck.Call(ctx, t.op, in)
	t.kind(bad, f.name, err, f.want)
	e, _ := errors.AsType[*connectors.Error](err)
	if f.want == connectors.RateLimited && e != nil && e.RetryAfter != pause {
		bad.differ(Failure{Tried: f.name, Came: fmt.Sprintf("a wait of %v", e.RetryAfter), Wanted: pause.String() + ", as the service asks"})
	}
}

// errors lets each fault strike, and asks the service for what it does not know.
func (t *trial) errors(ctx context.Context) error {
	if err := t.allowed(); err != nil {
		return err
	}
	in, err := t.inputs(ctx)
	if err != nil {
		return err
	}
	var bad complaints
	_, good := t.line.last()
	faults := t.faults()
	if t.description.Program {
		faults = nil // it makes its requests itself, and none can be put in their place
		if isPath := func(in connectors.Input) bool { return in.In == "path" }; t.stranger == nil && !slices.ContainsFunc(t.op.Inputs, isPath) {
			return skip("the program makes its requests itself, so no fault can be put in their place")
		}
	}
	for _, f := range faults {
		if f.name == "broken JSON" && good != nil && !isJSON(good) {
			continue // the answer is a file, in which nothing is broken
		}
		t.struckBy(ctx, &bad, f, in)
	}
	if t.stranger != nil {
		_, err := t.stranger.Call(ctx, t.op, in)
		t.kind(&bad, "a wrong credential", err, connectors.Auth)
	}
	if !t.world.Gentle {
		t.unknown(ctx, &bad, in)
	}
	if t.op.Composed != nil && t.op.Kind == connectors.Write {
		t.lostWrite(ctx, &bad, in)
	}
	return bad.err()
}

// lostWrite lets the reads of a composed write through and strikes at the write: nobody
// knows whether it arrived, as with any other.
func (t *trial) lostWrite(ctx context.Context, bad *complaints, in map[string]any) {
	var writes []*connectors.Operation
	for _, key := range []string{t.op.Composed.Found, t.op.Composed.Absent} {
		if write, err := t.operation(key); err == nil {
			writes = append(writes, write)
		}
	}
	isWrite := func(r *http.Request) bool {
		return slices.ContainsFunc(writes, func(o *connectors.Operation) bool { return o.Method == r.Method && leadsTo(r.URL.Path, o.Path) })
	}
	t.line.strikeAt(isWrite, status(http.StatusServiceUnavailable, nil))
	defer t.line.strikeAt(nil, nil)
	_, err := t.real.Call(ctx, t.op, in)
	t.kind(bad, "status 503 to the write", err, connectors.Uncertain)
}

// leadsTo reports whether the path of a request ends in that of an operation.
func leadsTo(path, operation string) bool {
	got, want := strings.Split(path, "/"), strings.Split(strings.TrimPrefix(operation, "/"), "/")
	if len(got) < len(want) {
		return false
	}
	got = got[len(got)-len(want):]
	for i, part := range want {
		if part != got[i] && !strings.HasPrefix(part, "{") {
			return false
		}
	}
	return true
}

// isJSON reports whether an answer says that it is JSON, or says nothing.
func isJSON(a *canned) bool {
	kind := a.header.Get("Content-Type")
	return kind == "" || strings.Contains(kind, "json")
}

// kind asserts the kind of an error, and that it says which operation failed and why.
func (t *trial) kind(bad *complaints, what string, err error, want ...connectors.Kind) {
	e, ok := errors.AsType[*connectors.Error](err)
	switch {
	case !ok:
		bad.differ(Failure{Tried: what, Came: fmt.Sprint(err), Wanted: "an error of the kind " + string(want[0])})
	case !slices.Contains(want, e.Kind):
		f := Failure{Tried: what, Came: fmt.Sprintf("the kind %s (%v)", e.Kind, err), Wanted: string(want[0])}
		if e.Status >= http.StatusMultipleChoices {
			f.Change = fmt.Sprintf("add a rule under errors, such as {status: %d, kind: %s}", e.Status, want[0])
		}
		bad.differ(f)
	case e.Op != t.op.Name() || e.Err == nil || e.Err.Error() == "":
		bad.add("%s: the error of %q says nothing: %v", what, e.Op, err)
	}
}

// unknown gives ids in the path that the service does not know.
func (t *trial) unknown(ctx context.Context, bad *complaints, in map[string]any) {
	for _, input := range t.op.Inputs {
		if input.In != "path" || input.Setting != "" || len(input.Options) > 0 || input.Default != nil {
			continue
		}
		with := maps.Clone(in)
		with[input.Name] = unknownID
		switch {
		case input.Whole:
			with[input.Name] = "/" + unknownID
		case input.Type == schema.Integer:
			with[input.Name] = 999_999_999
		}
		a, err := t.real.Call(ctx, t.op, with)
		if list, ok := a.Value.([]any); err == nil && (ok && len(list) == 0 || a.Value == nil && t.op.Kind == connectors.Read) {
			continue // nothing is there, which is the truth
		}
		t.kind(bad, "an unknown "+input.Name, err, append([]connectors.Kind{connectors.NotFound}, t.world.Unknown...)...)
	}
}
