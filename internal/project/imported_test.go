package project_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/authoring/derive"
	"github.com/pollux-automation/pollux/internal/authoring/folder"
	"github.com/pollux-automation/pollux/internal/openapi"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// toolLibrary is the service of internal/authoring/testdata/library.yaml.
type toolLibrary struct {
	mu    sync.Mutex // of everything: requests come beside each other
	tools []object
	loans map[int][]object
	last  int // the last id
	asked []string
}

// newToolLibrary has three tools, each of another age, and one loan.
func newToolLibrary() *toolLibrary {
	l := &toolLibrary{loans: map[int][]object{}}
	for i, name := range []string{"drill", "saw", "plane"} {
		l.add(object{"name": name, "state": []string{"free", "lent", "broken"}[i]})
		pass(time.Second)
	}
	l.loans[2] = []object{{"id": "l1", "member_id": "m1"}}
	return l
}

// add adds a tool.
func (l *toolLibrary) add(tool object) object {
	l.last++
	tool["id"], tool["created_at"] = l.last, time.Now().UTC().Format(time.RFC3339Nano)
	l.tools = append(l.tools, tool)
	l.touch(tool)
	return tool
}

func (l *toolLibrary) touch(tool object) {
	tool["updated_at"] = time.Now().UTC().Format(time.RFC3339Nano)
}

// ServeHTTP implements http.Handler.
func (l *toolLibrary) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Header.Get("X-Tool-Key") != "tool-key" {
		l.say(w, http.StatusUnauthorized, object{"error": object{"code": "who", "message": "who are you?"}})
		return
	}
	l.asked = append(l.asked, r.Method+" "+r.URL.Path)
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")[1:]
	members := []object{{"id": "m1", "email": "a@example.com"}, {"id": "m2"}, {"id": "m3"}}
	switch {
	case path[0] == "me":
		l.say(w, http.StatusOK, members[0])
	case path[0] == "members":
		l.say(w, http.StatusOK, numbered(members, r.URL.Query().Get("page"), r.URL.Query().Get("per_page")))
	case len(path) == 1 && r.Method == http.MethodGet:
		l.list(w, r)
	case len(path) == 1:
		l.say(w, http.StatusCreated, l.add(bodyOf(r)))
	case path[1] == "search":
		l.say(w, http.StatusOK, object{"results": l.tools})
	default:
		l.one(w, r, path[1:])
	}
}

// list answers with a page of tools. The cursor is how many come before it.
func (l *toolLibrary) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	after, _ := time.Parse(time.RFC3339Nano, q.Get("updated_after"))
	var rows []object
	for _, tool := range l.tools {
		at, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(tool["updated_at"]))
		if !at.Before(after) && (q.Get("state") == "" || q.Get("state") == tool["state"]) {
			rows = append(rows, tool)
		}
	}
	field, down := strings.CutPrefix(q.Get("sort"), "-")
	slices.SortStableFunc(rows, func(a, b object) int {
		return map[bool]int{true: -1, false: 1}[down] * strings.Compare(fmt.Sprint(a[field]), fmt.Sprint(b[field]))
	})
	from, _ := strconv.Atoi(q.Get("cursor"))
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = 20
	}
	to := min(from+limit, len(rows))
	answer := object{"data": append([]object{}, rows[min(from, to):to]...), "total": len(rows), "next_cursor": nil}
	if to < len(rows) {
		answer["next_cursor"] = strconv.Itoa(to)
	}
	l.say(w, http.StatusOK, answer)
}

// one answers for one tool.
func (l *toolLibrary) one(w http.ResponseWriter, r *http.Request, path []string) {
	id, _ := strconv.Atoi(path[0])
	at := slices.IndexFunc(l.tools, func(t object) bool { return t["id"] == id })
	switch {
	case at < 0:
		l.say(w, http.StatusNotFound, object{"error": object{"code": "no_tool", "message": "no such tool"}})
	case len(path) == 2 && path[1] == "loans":
		l.say(w, http.StatusOK, append([]object{}, l.loans[id]...))
	case len(path) == 2:
		if _, _, err := r.FormFile("image"); err != nil {
			l.say(w, http.StatusBadRequest, object{"error": object{"message": err.Error()}})
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		l.tools = slices.Delete(l.tools, at, at+1)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPatch:
		maps.Copy(l.tools[at], bodyOf(r))
		l.touch(l.tools[at])
		l.say(w, http.StatusOK, l.tools[at])
	default:
		l.say(w, http.StatusOK, l.tools[at])
	}
}

func (l *toolLibrary) say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// bodyOf returns the body of a request.
func bodyOf(r *http.Request) object {
	var body object
	_ = json.NewDecoder(r.Body).Decode(&body)
	return body
}

// numbered returns a page of rows.
func numbered(rows []object, page, size string) []object {
	number, err := strconv.Atoi(page)
	if err != nil {
		number = 1
	}
	many, err := strconv.Atoi(size)
	if err != nil {
		many = 50
	}
	from := min((number-1)*many, len(rows))
	return append([]object{}, rows[from:min(from+many, len(rows))]...)
}

// imported returns the connector that is made of the document of the tool library.
func imported(t *testing.T) connectors.Connector {
	t.Helper()
	text, err := os.ReadFile("../authoring/testdata/library.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi.Read("library.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := folder.Make(derive.From(doc, "tools"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tools")
	if err := f.Write(dir, false); err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Load(os.DirFS(dir), "tools")
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.New(m)
}

// atLibrary is an account of the library.
func atLibrary(key string) connectors.Account {
	return connectors.Account{Name: "library", Credential: auth.Credential{Method: auth.APIKey, Secret: secret.New(key)}}
}

// TestImported_PassesTheConformanceSuite runs the suite on a connector as it is imported,
// without a change by hand.
func TestImported_PassesTheConformanceSuite(t *testing.T) {
	t.Parallel()
	c := imported(t)
	for _, op := range c.Describe().Operations {
		t.Run(op.Key, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := newToolLibrary()
				account := atLibrary("tool-key")
				account.Gate = budget.New(nil, 0)
				account.Transport = &testkit.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { service.ServeHTTP(w, r) })}
				stranger := account
				stranger.Credential.Secret = secret.New("another")
				report, err := conformance.Try(connectors.WithFiles(t.Context(), shelf{}), c, conformance.World{
					Account: account, Stranger: &stranger, Writes: true,
					Inputs: func(_ context.Context, op *connectors.Operation) (map[string]any, error) {
						service = newToolLibrary()
						if strings.Contains(op.Path, "{toolId}") {
							return map[string]any{"toolId": "2"}, nil
						}
						return nil, nil
					},
					Pass: func(context.Context, time.Duration) error { return nil },
				}, op)
				if err != nil {
					t.Fatal(err)
				}
				passed := 0
				for _, r := range report.Results {
					if r.Verdict == conformance.Failed {
						t.Errorf("%s: %s", r.Check, r.Reason)
					}
					if r.Verdict == conformance.Passed {
						passed++
					}
				}
				if passed < 5 {
					t.Errorf("%d checks passed, want five at least: %+v", passed, report.Results)
				}
			})
		})
	}
}

// onTools reports every change of a tool and of its loans.
const onTools = `
recipe: v1
id: on-tools
connections: {lib: {connector: tools, account: library}}
trigger: {poll: lib.tool.list, kinds: [created, updated], schedule: {every: 1m}, start: now}
steps: [{id: show, call: lib.tool.get, with: {toolId: =record.id}}]
`

const onLoans = `
recipe: v1
id: on-loans
connections: {lib: {connector: tools, account: library}}
trigger: {poll: lib.tool.loan.list, kinds: [created, deleted], schedule: {every: 1m}, start: now}
steps: [{id: show, call: lib.member.list}]
`

// TestImported_ListsArePolledByRecipes watches two lists of an imported connector: one by
// the time of the last update, one for each record of the other.
func TestImported_ListsArePolledByRecipes(t *testing.T) {
	t.Parallel()
	c := imported(t)
	synctest.Test(t, func(t *testing.T) {
		service := newToolLibrary()
		registry := &connectors.Registry{}
		if err := registry.Add(c); err != nil {
			t.Fatal(err)
		}
		h := newHouse(t, registry, tenant{connector: "tools", service: service, Account: atLibrary("tool-key")})
		both := []string{onTools, onLoans}
		h.expect("at first", 0, both)
		h.expect("when nothing changed", time.Hour, both)

		service.add(object{"name": "hammer", "state": "free"})
		service.tools[0]["state"] = "lent"
		service.touch(service.tools[0])
		service.loans[1] = []object{{"id": "l2", "member_id": "m2"}}
		h.expect("a new tool, a changed one and a loan", time.Hour, both, "created 4", "updated 1", "created l2")

		service.asked = nil
		h.expect("when nothing changed again", time.Hour, []string{onTools})
		if len(service.asked) != 1 {
			t.Errorf("a quiet poll asks %v, want one request", service.asked)
		}
	})
}
