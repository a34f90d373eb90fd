package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// TestFile_IsToldOf covers answers that are a file: what is known of it is a record, and
// what is no file is nothing.
func TestFile_IsToldOf(t *testing.T) {
	t.Parallel()
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	tests := []struct {
		name, kind, body string
		want             any
	}{
		{"text", "text/plain; charset=utf-8", "abc", map[string]any{"type": "text/plain", "bytes": 3, "sha256": abc, "text": "abc"}},
		{"sound", "audio/x-wav", "abc", map[string]any{"type": "audio/x-wav", "bytes": 3, "sha256": abc, "text": nil}},
		{"text that is none", "text/plain", "\xff", map[string]any{
			"type": "text/plain", "bytes": 1, "sha256": "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89", "text": nil,
		}},
		{"unknown type", "", "abc", map[string]any{"type": "application/octet-stream", "bytes": 3, "sha256": abc, "text": nil}},
		{"JSON", "application/json", `{"msg":"not yet"}`, nil},
		{"nothing", "audio/x-wav", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			accept := ""
			s := newServiceOf(t, "studio", carrier(func(r *http.Request) (*http.Response, error) {
				accept = r.Header.Get("Accept")
				return reply(200, tt.kind, tt.body), nil
			}))
			op, inputs := s.op(t, "take.get"), map[string]any{"takeId": "t1"}
			a, err := s.Call(t.Context(), op, inputs)
			if diff := cmp.Diff(tt.want, a.Value); err != nil || diff != "" {
				t.Errorf("call: %v (-want +got):\n%s", err, diff)
			}
			page, err := s.Page(t.Context(), op, connectors.Query{Inputs: inputs})
			if err != nil || len(page.Records) == 1 != (tt.want != nil) {
				t.Fatalf("page = %+v, %v, want a record only where there is a file", page, err)
			}
			if tt.want != nil && (page.Records[0].ID != "t1" || !strings.Contains(string(page.Records[0].Raw), `"sha256"`)) {
				t.Errorf("record = %s, want t1 with its sum", page.Records[0].Raw)
			}
			if accept != "*/*" {
				t.Errorf("Accept = %q, want whatever comes", accept)
			}
		})
	}
}
