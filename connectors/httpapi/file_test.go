package httpapi_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
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
		{"text", "text/plain; charset=utf-8", "abc", map[string]any{"type": "text/plain", "bytes": 3, "sha256": abc, "text": "abc", "file": nil}},
		{"sound", "audio/x-wav", "abc", map[string]any{"type": "audio/x-wav", "bytes": 3, "sha256": abc, "text": nil, "file": nil}},
		{"text that is none", "text/plain", "\xff", map[string]any{
			"type": "text/plain", "bytes": 1, "sha256": "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89", "text": nil, "file": nil,
		}},
		{"unknown type", "", "abc", map[string]any{"type": "application/octet-stream", "bytes": 3, "sha256": abc, "text": nil, "file": nil}},
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

// shelf keeps files in memory. A reference is "shelf:" and the title of the file.
type shelf struct {
	files map[string]connectors.File
	err   error // of every call; nil for none
}

func (s *shelf) Keep(_ context.Context, f connectors.File) (string, error) {
	if s.err != nil {
		return "", s.err
	}
	s.files["shelf:"+f.Title] = f
	return "shelf:" + f.Title, nil
}

func (s *shelf) Check(reference string) error {
	if !strings.HasPrefix(reference, "shelf:") {
		return &connectors.Error{Kind: connectors.Invalid, Err: errors.New("not from the shelf")}
	}
	return nil
}

func (s *shelf) Fetch(_ context.Context, reference string) (connectors.File, error) {
	f, ok := s.files[reference]
	if !ok {
		return f, &connectors.Error{Kind: connectors.Invalid, Err: errors.New("not on the shelf any more")}
	}
	return f, s.err
}

// TestFile_IsKeptForARun covers what a call with files leaves, and a store that refuses.
func TestFile_IsKeptForARun(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, "studio", carrier(func(*http.Request) (*http.Response, error) {
		resp := reply(200, "text/plain; charset=euc-kr", "abc")
		resp.Header.Set("Content-Disposition", `attachment; filename="../a/take one.txt"`)
		return resp, nil
	}))
	files := &shelf{files: map[string]connectors.File{}}
	op, inputs := s.op(t, "take.get"), map[string]any{"takeId": "t1"}
	a, err := s.Call(connectors.WithFiles(t.Context(), files), op, inputs)
	record, _ := a.Value.(map[string]any)
	if err != nil || record["file"] != "shelf:take one.txt" || record["bytes"] != 3 {
		t.Fatalf("call = %v, %v, want the reference to take one.txt", a.Value, err)
	}
	want := map[string]connectors.File{"shelf:take one.txt": {Type: "text/plain; charset=euc-kr", Title: "take one.txt", Data: []byte("abc")}}
	if diff := cmp.Diff(want, files.files); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		err  error
		want connectors.Kind
	}{
		{errors.New("disk is full"), connectors.Transient},
		{&connectors.Error{Kind: connectors.Invalid, Err: errors.New("too large")}, connectors.Invalid},
	} {
		files.err = tt.err
		_, err := s.Call(connectors.WithFiles(t.Context(), files), op, inputs)
		if connectors.KindOf(err) != tt.want || !strings.HasPrefix(err.Error(), "studio.take.get: ") || !strings.Contains(err.Error(), "full") && !strings.Contains(err.Error(), "large") {
			t.Errorf("%v: got %v of kind %s, want %s", tt.err, err, connectors.KindOf(err), tt.want)
		}
	}
}

// TestFile_TooLarge is one byte more than is read.
func TestFile_TooLarge(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]connectors.Kind{10 << 20: "", 10<<20 + 1: connectors.Invalid} {
		s := newServiceOf(t, "studio", carrier(func(*http.Request) (*http.Response, error) {
			return reply(200, "audio/x-wav", string(make([]byte, size))), nil
		}))
		files := &shelf{files: map[string]connectors.File{}}
		_, err := s.Call(connectors.WithFiles(t.Context(), files), s.op(t, "take.get"), map[string]any{"takeId": "t1"})
		if want == "" && (err != nil || len(files.files) != 1) || want != "" && (connectors.KindOf(err) != want || len(files.files) != 0) {
			t.Errorf("%d bytes: %v and %d files, want the kind %q", size, err, len(files.files), want)
		}
		if want != "" && !strings.Contains(err.Error(), "pass on its address") {
			t.Errorf("error = %q, want what to do instead", err)
		}
	}
}

// parts reads a form: texts by name, and files as "title|type|content".
func parts(t *testing.T, kind, body string) map[string][]string {
	t.Helper()
	_, words, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatalf("type %q: %v", kind, err)
	}
	out := map[string][]string{}
	for r := multipart.NewReader(strings.NewReader(body), words["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("form: %v", err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatalf("part: %v", err)
		}
		if p.FileName() != "" {
			text = []byte(p.FileName() + "|" + p.Header.Get("Content-Type") + "|" + string(text))
		}
		out[p.FormName()] = append(out[p.FormName()], string(text))
	}
}

// TestFile_IsSent covers both ways to send one, and that no preview shows it.
func TestFile_IsSent(t *testing.T) {
	t.Parallel()
	var kind, body string
	s := newServiceOf(t, "studio", carrier(func(r *http.Request) (*http.Response, error) {
		text, err := io.ReadAll(r.Body)
		if err == nil && int64(len(text)) != r.ContentLength {
			t.Errorf("content length = %d, want %d", r.ContentLength, len(text))
		}
		kind, body = r.Header.Get("Content-Type"), string(text)
		return reply(200, "application/json", `{"ok":true}`), err
	}))
	files := &shelf{files: map[string]connectors.File{
		"shelf:a": {Type: "audio/x-wav", Title: `one "1".wav`, Data: []byte("RIFF\r\n--x")}, "shelf:b": {Type: "text/plain; charset=utf-8", Data: []byte("b")}, "shelf:c": {},
	}}
	ctx := connectors.WithFiles(t.Context(), files)
	form := map[string]any{"memberId": "m1", "title": "Solo", "rating": 5, "tags": []any{"x", "y"}}
	for reference, want := range map[string]string{
		"shelf:a": `one "1".wav|audio/x-wav|RIFF` + "\r\n--x", "shelf:b": "file.txt|text/plain; charset=utf-8|b", "shelf:c": "file|application/octet-stream|",
	} {
		in := maps.Clone(form)
		in["sound"] = reference
		if _, err := s.Call(ctx, s.op(t, "take.upload"), in); err != nil {
			t.Fatalf("upload %s: %v", reference, err)
		}
		wantParts := map[string][]string{"audio": {want}, "title": {"Solo"}, "rating": {"5"}, "tags": {"x", "y"}}
		if diff := cmp.Diff(wantParts, parts(t, kind, body)); diff != "" {
			t.Errorf("upload %s (-want +got):\n%s", reference, diff)
		}
	}
	in := map[string]any{"takeId": "t1", "sound": "shelf:a"}
	if _, err := s.Call(ctx, s.op(t, "take.replace"), in); err != nil || body != "RIFF\r\n--x" || kind != "audio/x-wav" {
		t.Errorf("replace sent %q of type %q, %v, want the file alone", body, kind, err)
	}
	if _, err := s.Call(ctx, s.op(t, "take.replace"), map[string]any{"takeId": "t1"}); err != nil || body != "" || kind != "" {
		t.Errorf("replace without a file sent %q of type %q, %v, want nothing", body, kind, err)
	}

	seen, err := s.Preview(s.op(t, "take.replace"), in)
	if err != nil || seen.Body != "shelf:a" {
		t.Errorf("preview = %+v, %v, want the reference", seen, err)
	}
	form["sound"] = "shelf:a"
	seen, err = s.Preview(s.op(t, "take.upload"), form)
	want := map[string]any{"audio": "shelf:a", "title": "Solo", "rating": "5", "tags": []any{"x", "y"}}
	if diff := cmp.Diff(want, seen.Body); err != nil || diff != "" || seen.Header["Content-Type"] != "multipart/form-data" {
		t.Errorf("preview: %v, type %q (-want +got):\n%s", err, seen.Header["Content-Type"], diff)
	}
}

// TestFile_NotSent covers files that cannot be had: nothing leaves the program.
func TestFile_NotSent(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, "studio", carrier(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return reply(200, "application/json", "{}"), nil
	}))
	files := &shelf{files: map[string]connectors.File{}}
	for _, tt := range []struct {
		name, reference, want string
		with                  bool
	}{
		{"no run", "shelf:a", "only a run can pass one on", false},
		{"another's", "file:a", "not from the shelf", true},
		{"gone", "shelf:a", "not on the shelf any more", true},
	} {
		for _, key := range []string{"take.upload", "take.replace"} {
			in := map[string]any{"memberId": "m1", "takeId": "t1", "sound": tt.reference}
			op := s.op(t, key)
			maps.DeleteFunc(in, func(name string, _ any) bool {
				return !slices.ContainsFunc(op.Inputs, func(i connectors.Input) bool { return i.Name == name })
			})
			ctx := t.Context()
			if tt.with {
				ctx = connectors.WithFiles(ctx, files)
			}
			_, err := s.Call(ctx, op, in)
			if connectors.KindOf(err) != connectors.Invalid || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "studio."+key) {
				t.Errorf("%s, %s: got %v, want an invalid call: %s", tt.name, key, err, tt.want)
			}
		}
	}
}
