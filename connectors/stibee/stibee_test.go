package stibee_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

func TestErrors_AreToldApartByTheEndOfTheirCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body string
		kind connectors.Kind
		hint bool
	}{
		{`{"code":"stberror.Errors.Authorization.NoToken","httpStatusCode":400}`, connectors.Auth, true},
		{`{"code":"Errors.Authorization.NoToken"}`, connectors.Auth, true},
		{`{"code":"Errors.Authorization.PermissionDenied"}`, connectors.Invalid, true},
		{`{"code":"stberror.Errors.List.AlreadyExistEmail","message":"x"}`, connectors.Conflict, true},
		{`{"code":"stberror.Errors.List.NotExistEmail"}`, connectors.NotFound, true},
		{`{"code":"stberror.Errors.List.InvalidSubscriberVar"}`, connectors.Invalid, true},
		{`{"code":"Errors.Data.InvalidRequest"}`, connectors.Invalid, true},
		{`{"code":"Errors.Data.LimitExceeded"}`, connectors.Invalid, true},
		{`{"code":"Errors.List.LimitExceeded"}`, connectors.Invalid, true},
		{`{"code":"Errors.List.TooManySubscribers"}`, connectors.Invalid, true},
		{`{"code":"Errors.Email.WrongStatus"}`, connectors.Conflict, true},
		{`{"code":"Errors.Something.New"}`, connectors.Invalid, false},
		{`bad request`, connectors.Invalid, false},
	}
	for _, tt := range tests {
		c, s := open(t, says(400, "application/json", tt.body))
		_, err := s.Call(t.Context(), operation(t, c, "subscriber.upsert"), map[string]any{"listId": "1", "email": "ann@example.com"})
		e, ok := errors.AsType[*connectors.Error](err)
		if !ok || e.Kind != tt.kind || (e.Hint != "") != tt.hint {
			t.Errorf("%s gives %v, want %s and a hint: %t", tt.body, err, tt.kind, tt.hint)
		}
	}
}

func TestWrites_TakeTextAndJSON(t *testing.T) {
	t.Parallel()
	for _, s := range []service{says(200, "text/plain", "ok"), says(201, "application/json", `"ok"`), says(200, "", "ok")} {
		c, session := open(t, s)
		a, err := session.Call(t.Context(), operation(t, c, "subscriber.upsert"), map[string]any{
			"listId": "1", "email": "ann@example.com", "fields": map[string]any{"name": "Ann"},
		})
		if err != nil || a.Value != "ok" {
			t.Errorf("got %v, %v, want ok", a.Value, err)
		}
	}
}

func TestSubscriberList_ReadsTheServicesTimes(t *testing.T) {
	t.Parallel()
	row := `{"email":"Ann@example.com","status":"subscribed","fields":{"name":"Ann"},` +
		`"createdTime":"2024-11-12 17:09:13 +0900 KST","modifiedTime":"2024-11-13 00:00:00 +0900 KST"}`
	c, s := open(t, says(200, "application/json", "["+row+"]"))
	op := operation(t, c, "subscriber.list")
	p, err := s.Page(t.Context(), op, connectors.Query{Inputs: map[string]any{"listId": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := connectors.Page{Total: -1, Records: []connectors.Record{{
		ID: "Ann@example.com", Raw: []byte(row),
		Created: time.Date(2024, 11, 12, 8, 9, 13, 0, time.UTC), Updated: time.Date(2024, 11, 12, 15, 0, 0, 0, time.UTC),
	}}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	fields, err := op.Answer.Decode(p.Records[0].Raw)
	if err != nil || fields["createdTime"] != "2024-11-12T08:09:13Z" {
		t.Errorf("createdTime = %v, %v, want it in RFC 3339", fields["createdTime"], err)
	}
}

func TestListList_TakesBothShapes(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`[{"id":7}]`, `{"items":[{"id":7}],"total":1}`} {
		c, s := open(t, says(200, "application/json", body))
		p, err := s.Page(t.Context(), operation(t, c, "list.list"), connectors.Query{})
		if err != nil || len(p.Records) != 1 || p.Records[0].ID != "7" {
			t.Errorf("%s gives %v, %v, want the list 7", body, p.Records, err)
		}
	}
}

func TestCheck_JudgesByTheStatus(t *testing.T) {
	t.Parallel()
	_, s := open(t, says(200, "text/html", "whatever"))
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check = %v, want nothing", err)
	}
	_, s = open(t, says(400, "application/json", `{"code":"Errors.Authorization.NoToken"}`))
	if err := s.Check(t.Context()); connectors.KindOf(err) != connectors.Auth {
		t.Errorf("Check = %v, want an auth error", err)
	}
}

func TestRequests_CarryTheKey(t *testing.T) {
	t.Parallel()
	var got string
	c, s := open(t, func(r *http.Request) (*http.Response, error) {
		got = r.Header.Get("AccessToken")
		return says(200, "text/plain", "ok")(r)
	})
	if _, err := s.Call(t.Context(), operation(t, c, "auth.check"), nil); err != nil || got != "a-key-of-a-test" {
		t.Errorf("AccessToken = %q, %v, want the key", got, err)
	}
}
