package protocol_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/protocol"
)

// TestPage_HasEveryMessage holds the examples of docs/plugin-protocol.md to the types: each
// is a message without members that nobody knows, and nothing of it is lost.
func TestPage_HasEveryMessage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/plugin-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]any{
		protocol.Initialize: protocol.InitializeParams{}, protocol.Describe: struct{}{}, protocol.Check: protocol.CheckParams{},
		protocol.Page: protocol.PageParams{}, protocol.Call: protocol.CallParams{}, protocol.Cancel: protocol.CancelParams{},
	}
	results := map[string]any{
		protocol.Initialize: protocol.InitializeResult{}, protocol.Describe: protocol.Description{}, protocol.Check: protocol.CheckResult{},
		protocol.Page: protocol.PageResult{}, protocol.Call: protocol.CallResult{},
	}
	seen := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```json (\\w+) (\\w+)\n(.*?)\n```").FindAllSubmatch(page, -1) {
		method, what := string(block[1]), string(block[2])
		seen[method+" "+what] = true
		if bytes.Contains(block[3], []byte("\n")) {
			t.Errorf("%s %s: the message has more than one line", method, what)
		}
		m, err := protocol.Decode(block[3])
		if err != nil {
			t.Errorf("%s %s: %v", method, what, err)
			continue
		}
		switch what {
		case "request", "notification":
			if m.Method != method || (m.ID == nil) != (what == "notification") {
				t.Errorf("%s %s: got a message of %q with the id %v", method, what, m.Method, m.ID)
			}
			whole(t, method+" "+what, m.Params, params[method])
		case "answer":
			whole(t, method+" "+what, m.Result, results[method])
		case "error":
			var raw struct{ Error json.RawMessage }
			if err := json.Unmarshal(block[3], &raw); err != nil {
				t.Fatal(err)
			}
			whole(t, method+" "+what, raw.Error, protocol.Error{})
		}
	}
	for method := range params {
		if method != protocol.Cancel && (!seen[method+" request"] || !seen[method+" answer"]) {
			t.Errorf("the page lacks the request or the answer of %s", method)
		}
	}
	if !seen["cancel notification"] || !seen["call error"] {
		t.Error("the page lacks cancel, or an error")
	}
}

// whole reads a part of a message into its type and writes it again.
func whole(t *testing.T, name string, text []byte, of any) {
	t.Helper()
	into := reflect.New(reflect.TypeOf(of))
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into.Interface()); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	again, err := json.Marshal(into.Interface())
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if json.Unmarshal(again, &got) != nil || json.Unmarshal(text, &want) != nil {
		t.Fatalf("%s: what was read is no JSON", name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: something is lost (-page +types):\n%s", name, diff)
	}
}
