package httpapi_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// forms answers like the service of testdata/studio, and keeps what was asked.
type forms struct {
	asked  []string
	bodies []string
	status int // of the definitions; 0 is 200
}

func (s *forms) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	if r.Method == http.MethodPut {
		body, err := io.ReadAll(r.Body)
		s.bodies = append(s.bodies, string(body))
		return reply(200, "application/json", `{"member":{"id":"m1"}}`), err
	}
	if s.status != 0 {
		return reply(s.status, "application/json", `{}`), nil
	}
	if r.URL.Query().Get("page") == "2" {
		return reply(200, "application/json", `{"questions":[{"id":"q4","key":"m.since","label":"Member since","type":"day"}]}`), nil
	}
	return reply(200, "application/json", `{"questions":[
		{"id":"q1","key":"m.plan","label":"Plan","type":"radio","choices":["gold","silver"]},
		{"id":"q2","key":"m.score","label":"Score","type":"num"},
		{"id":"q3","key":"m.likes","label":"Likes","type":"boxes","choices":["tea","salt"],"other":true}]}`), nil
}

func TestCall_ValuesByNameAreSentByID(t *testing.T) {
	t.Parallel()
	web := &forms{}
	s := newServiceOf(t, "studio", web)
	inputs := map[string]any{"memberId": "m1", "answers": map[string]any{
		"plan": "gold", "m.score": 5, "Likes": []any{"tea", "rain"}, "member since": nil,
	}}
	for range 2 {
		if _, err := s.Call(t.Context(), s.op(t, "member.update"), inputs); err != nil {
			t.Fatal(err)
		}
	}
	asked := []string{
		"GET /api/questions?form=members&page=1&size=3", "GET /api/questions?form=members&page=2&size=3",
		"PUT /api/members/m1", "PUT /api/members/m1",
	}
	if diff := cmp.Diff(asked, web.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	const body = `{"answers":[{"answer":["tea","rain"],"question":"q3"},{"answer":5,"question":"q2"},{"answer":null,"question":"q4"},{"answer":"gold","question":"q1"}]}`
	if web.bodies[0] != body {
		t.Errorf("got the body\n%s\nwant\n%s", web.bodies[0], body)
	}
	if s.gate.entered != 4 {
		t.Errorf("the gate was entered %d times, want 4: the definitions are requests too", s.gate.entered)
	}
}

func TestCall_TheServicesOwnListIsSentAsItIs(t *testing.T) {
	t.Parallel()
	web := &forms{}
	s := newServiceOf(t, "studio", web)
	list := []any{map[string]any{"question": "q9", "answer": "x"}}
	if _, err := s.Call(t.Context(), s.op(t, "member.update"), map[string]any{"memberId": "m1", "answers": list}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`{"answers":[{"answer":"x","question":"q9"}]}`}, web.bodies); diff != "" || len(web.asked) != 1 {
		t.Errorf("got requests %v, bodies (-want +got):\n%s", web.asked, diff)
	}
}

func TestCall_WrongNamesAndValuesSendNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values map[string]any
		status int // of the definitions
		kind   connectors.Kind
		want   string
	}{
		{
			"an unknown name",
			map[string]any{"plans": "gold"},
			0, connectors.Invalid,
			`studio.member.update: the input "answers": there is no question "plans"; did you mean "plan"?`,
		},
		{
			"a value that is no option",
			map[string]any{"plan": "golden"},
			0, connectors.Invalid,
			`studio.member.update: the input "answers": the question "plan": "golden" is not among its options; did you mean "gold"?`,
		},
		{
			"definitions are down",
			map[string]any{"plan": "gold"},
			503, connectors.Transient,
			`studio.question.list: status 503: read the definitions of the questions: {}`,
		},
		{
			"definitions are not there",
			map[string]any{"plan": "gold"},
			404, connectors.Invalid,
			`studio.question.list: status 404: read the definitions of the questions: {}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			web := &forms{status: tt.status}
			s := newServiceOf(t, "studio", web)
			_, err := s.Call(t.Context(), s.op(t, "member.update"), map[string]any{"memberId": "m1", "answers": tt.values})
			if e := ours(t, err, tt.kind); e.Error() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", e, tt.want)
			}
			if len(web.bodies) > 0 {
				t.Errorf("sent %v, want nothing", web.bodies)
			}
		})
	}
}

func TestPreview_ShowsIDsOnceTheyAreKnown(t *testing.T) {
	t.Parallel()
	web := &forms{}
	s := newServiceOf(t, "studio", web)
	op, inputs := s.op(t, "member.update"), map[string]any{"memberId": "m1", "answers": map[string]any{"plan": "gold"}}
	for _, id := range []string{"(id of plan)", "q1"} {
		r, err := s.Preview(op, inputs)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"answers": []any{map[string]any{"question": id, "answer": "gold"}}}
		if diff := cmp.Diff(want, r.Body); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		if id != "q1" && len(web.asked) > 0 {
			t.Errorf("the preview asked for %v", web.asked)
		}
		if _, err := s.Call(t.Context(), op, inputs); err != nil {
			t.Fatal(err)
		}
	}
}
