package starter_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/authoring/infer"
	"github.com/pollux-automation/pollux/internal/authoring/starter"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// sample is an answer to a request for an address.
func sample(t *testing.T, address, body string) infer.Sample {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return infer.Sample{URL: u, Header: http.Header{}, Body: []byte(body)}
}

// TestFiles_AreReadWithoutFindings drafts connectors from answers of many shapes, hostile
// ones among them, and reads what came out.
func TestFiles_AreReadWithoutFindings(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, address, body, want string }{
		{"a plain list", "https://x.example.com/things", `[{"id":1},{"id":2}]`, "list: \".\""},
		{"a cursor", "https://x.example.com/v1/things?limit=2", `{"data":[{"id":"a"}],"meta":{"next_cursor":"b","total":3}}`, "carry: {cursor: answer.meta.next_cursor}"},
		{"a cursor in capitals", "https://x.example.com/things", `{"items":[{"id":"a"}],"nextPageToken":"b"}`, "carry: {pageToken: answer.nextPageToken}"},
		{"a link", "https://x.example.com/things", `{"results":[{"id":"a"}],"next":"https://x.example.com/things?page=2","count":9}`, "style: next_link"},
		{"a nested link", "https://x.example.com/things", `{"data":[{"id":"a"}],"links":{"next":"/things?after=x"}}`, "link: links.next"},
		{"pages", "https://x.example.com/things?page=1&per_page=2", `{"things":[{"id":1},{"id":2}],"total":5}`, "style: page"},
		{"pages from 0", "https://x.example.com/things?page=0", `[{"id":1}]`, "first: 0"},
		{"an offset", "https://x.example.com/things?offset=0&limit=1", `{"things":[{"id":1}]}`, "style: offset"},
		{"filters", "https://x.example.com/things?state=open&fields%5B%5D=a", `[{"id":1}]`, `fixed: {query: {"fields[]": "a", state: "open"}}`},
		{"newest first", "https://x.example.com/things?page=1", `[{"id":5,"updated_at":"2026-01-05T00:00:00Z"},{"id":4,"updated_at":"2026-01-04T00:00:00Z"},{"id":3,"updated_at":"2026-01-03T00:00:00Z"},{"id":2,"updated_at":"2026-01-02T00:00:00Z"},{"id":1,"updated_at":"2026-01-01T00:00:00Z"}]`, "strategy: newest"},
		{"by time", "https://x.example.com/things?since=1767225600&order=asc", `{"things":[{"id":1,"modified":"2026-01-01T00:00:00Z"},{"id":2,"modified":"2026-01-02T00:00:00Z"}]}`, "since: {input: since, format: epoch_s}"},
		{"words of YAML", "https://x.example.com/yes", `[{"id":1,"no":true,"null":null,"on":"x","true":[1,"a"],"a b":1,"é":2,"type":"x","fields":{"id":"y","items":[{}]}}]`, `"no": boolean`},
		{"strange paths", `https://x.example.com/a%20b/%7Bc%7D/things.json`, `[{"id":1}]`, "read: "},
		{"strange values", "https://x.example.com/things?q=%22%0A%23%20%5C", `[{"id":"\" # : {","x":"y"}]`, "fixed"},
		{"nothing known of types", "https://x.example.com/connector", `[{"id":1,"a":null,"b":[],"c":{},"d":[[1]],"e":[{"x":1}],"f":1.5},{"id":2,"f":2}]`, "a: any"},
		{"deep", "https://x.example.com/things", `[{"id":1,"a":{"b":{"c":{"d":{"e":1}}},"email":"x@example.com"}}]`, "open: true"},
		{"an address without a path", "https://x.example.com", `[{"id":1}]`, "record.list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := infer.Read(sample(t, tt.address, tt.body), infer.Wishes{})
			if err != nil {
				t.Fatal(err)
			}
			for _, method := range []string{"bearer", "api_key", "basic"} {
				folder := fstest.MapFS{}
				var written strings.Builder
				for _, f := range starter.Files(starter.Service{Name: "thing", Method: method, Header: "X-Key", Draft: d}) {
					folder[f.Name] = &fstest.MapFile{Data: []byte(f.Text)}
					written.WriteString(f.Text)
				}
				text := written.String()
				var found diag.List
				m, _ := manifest.Read(folder, "thing", &found)
				if m == nil || found.Len() > 0 {
					t.Fatalf("%s: got findings %v, want none, in\n%s", method, found.Sorted(), text)
				}
				if op := m.Operations[0].Spec; !strings.Contains(text, tt.want) || op.Poll == nil {
					t.Errorf("got poll %v, want one, and %q in\n%s", op.Poll, tt.want, text)
				}
			}
		})
	}
}

// TestFetch_SaysWhatCanBeDone with answers that are no sample, and sends the credential to
// nobody else.
func TestFetch_SaysWhatCanBeDone(t *testing.T) {
	t.Parallel()
	asked := []string{}
	rt := &testkit.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host+" "+r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "https://evil.example.com/things?token=1", http.StatusFound)
		case "/closed":
			w.WriteHeader(http.StatusUnauthorized)
		case "/busy":
			w.WriteHeader(http.StatusTooManyRequests)
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat(" ", 5<<20))
		}
	})}
	for path, want := range map[string]string{
		"/moved":  "give the address that it names, https://evil.example.com/things",
		"/closed": "look at --auth, --header, and what the variable of --token holds",
		"/busy":   "try again later",
		"/large":  "larger than 4 MiB: ask for fewer records",
	} {
		u, err := url.Parse("https://x.example.com" + path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = starter.Fetch(t.Context(), rt, u, starter.Credential{Method: "bearer", Secret: "s3cret"})
		if err == nil || !strings.HasSuffix(err.Error(), want) && !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "token=1") {
			t.Errorf("%s: got %v, want it to say %q", path, err, want)
		}
	}
	if slices.ContainsFunc(asked, func(a string) bool { return a != "x.example.com Bearer s3cret" }) || len(asked) != 4 {
		t.Errorf("asked %v, want each address once and no other host", asked)
	}
	u, err := url.Parse("https://x.example.com/closed")
	if err != nil {
		t.Fatal(err)
	}
	_, err = starter.Fetch(t.Context(), rt, u, starter.Credential{Method: "none"})
	if e, is := errors.AsType[*starter.StatusError](err); !is || e.Status != http.StatusUnauthorized || !strings.Contains(e.Hint, "say how to sign in") {
		t.Errorf("without a credential: got %v, want it to ask for one", err)
	}
}

// TestSecond_TakesAWrongGuessBack asserts that a list is read by pages only if the second one
// was another one.
func TestSecond_TakesAWrongGuessBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		second, style, strategy string
		status                  int
	}{
		"another page":  {`{"things":[{"id":3,"updated_at":"2026-01-03T00:00:00Z"}],"next_cursor":null}`, "cursor", "keyset", 200},
		"the same page": {`{"things":[{"id":1,"updated_at":"2026-01-01T00:00:00Z"}],"next_cursor":"x"}`, "none", "snapshot", 200},
		"refused":       {`{}`, "none", "snapshot", 400},
	} {
		first := sample(t, "https://x.example.com/things?updated_since=2020-01-01T00:00:00Z", `{"things":[{"id":1,"updated_at":"2026-01-01T00:00:00Z"},{"id":2,"updated_at":"2026-01-02T00:00:00Z"}],"next_cursor":"x"}`)
		d, err := infer.Read(first, infer.Wishes{})
		if err != nil {
			t.Fatal(err)
		}
		var asked []string
		rt := &testkit.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.RawQuery)
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.second)
		})}
		if err := starter.Second(t.Context(), rt, first, d, starter.Credential{}); err != nil {
			t.Fatal(err)
		}
		if len(asked) != 1 || asked[0] != "cursor=x&updated_since=2020-01-01T00%3A00%3A00Z" {
			t.Errorf("%s: asked %v, want the second page once", name, asked)
		}
		if d.Paging.Style != tt.style || d.Poll.Strategy != tt.strategy {
			t.Errorf("%s: got %s and %s, want %s and %s", name, d.Paging.Style, d.Poll.Strategy, tt.style, tt.strategy)
		}
	}
}
