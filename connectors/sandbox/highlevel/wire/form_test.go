package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

func newForm() *wire.Form {
	hours := wire.NewForm("from!:number to:number")
	return wire.NewForm("name! size:number open:boolean colour=red|blue at:time tags:array rest:any hours:array plan:object").
		Each("hours", hours).Each("plan", hours)
}

// wrong returns the lines of a refusal; nil for none.
func wrong(a service.Answer) []string {
	members, _ := a.Value.(map[string]any)
	lines, _ := members["message"].([]string)
	return lines
}

func TestForm_RefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"name":"a","size":1.5,"open":false,"colour":"red","at":"2027-01-01T00:00:00+01:00","tags":[],"rest":[1],"hours":[{"from":0}],"plan":{"from":1}}`: nil,
		`{"name":"a","colour":null,"at":null,"hours":null}`: nil,
		`{}`:                            {"name should not be empty"},
		`{"name":""}`:                   {"name should not be empty"},
		`{"name":"a","colour":"green"}`: {"colour must be one of the following values: red, blue"},
		`{"name":"a","at":"tomorrow"}`:  {"at must be a valid ISO 8601 date string"},
		`{"name":"a","more":1}`:         {"property more should not exist"},
		`{"name":1,"size":"1"}`:         {"name must be string", "size must be number"},
		`{"name":"a","hours":[{"from":1},{"to":2},3]}`: {"hours.1.from should not be empty", "hours.2 must be an object"},
		`{"name":"a","plan":{"from":1,"till":2}}`:      {"plan.property till should not exist"},
	} {
		_, refused := newForm().Read(&service.Call{Body: []byte(body)})
		if diff := cmp.Diff(want, wrong(refused)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestForm_ReadsQueriesLikeBodies(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"name=a&size=2&open=true&colour=blue&tags[]=x&tags[]=y": nil,
		"name=a&size=":          nil, // empty is not there
		"size=2":                {"name should not be empty"},
		"name=a&size=two":       {"size must be number"},
		"name=a&open=perhaps":   {"open must be boolean"},
		"name=a&colour=green":   {"colour must be one of the following values: red, blue"},
		"name=a&page=1&limit=2": {"property limit should not exist", "property page should not exist"},
	} {
		params, refused := newForm().Query(&service.Call{Request: httptest.NewRequest(http.MethodGet, "/?"+query, nil)})
		if diff := cmp.Diff(want, wrong(refused)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
		if strings.Contains(query, "tags") && params["tags"] != "x,y" {
			t.Errorf("%s: got tags %q, want both", query, params["tags"])
		}
	}
}

func TestKind_LeavesWhatAnAnswerHolds(t *testing.T) {
	t.Parallel()
	w := service.NewWorld(1, 0, 0)
	k := &wire.Kind{Site: &wire.Site{ID: "here", World: w}, Title: "Thing", Updated: "changed", Hides: []string{"password"}}
	held := k.Add(wire.Record{"name": "old", "password": "x"})
	k.Change(held, wire.Record{"name": "new", "password": "y"})
	id, _ := held["id"].(string)
	now, ok := k.Get(id)
	if !ok || held["name"] != "old" || now["name"] != "new" {
		t.Errorf("got %v and before it %v, want the new name, and the old one in what was held", now, held)
	}
	if _, shown := now["password"]; shown || now["changed"] == nil {
		t.Errorf("got %v, want no password and a time of the change", now)
	}
}
