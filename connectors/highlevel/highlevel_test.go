package highlevel_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/highlevel"
)

func TestContactSearch_CarriesTheSortValuesOfTheLastRecord(t *testing.T) {
	t.Parallel()
	var asked []string
	row := `{"id":"c%d","dateAdded":"2026-01-01T00:00:00.000Z","dateUpdated":"2026-01-01T00:00:0%d.000Z","searchAfter":[176722560%d000,"c%d"]}`
	c, s := open(t, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		asked = append(asked, string(body))
		if len(asked) == 1 {
			return says(200, `{"contacts":[`+strings.ReplaceAll(row, "%d", "1")+","+strings.ReplaceAll(row, "%d", "2")+`],"total":3}`)(r)
		}
		return says(200, `{"contacts":[`+strings.ReplaceAll(row, "%d", "3")+`],"total":3}`)(r)
	})
	op := operation(t, c, "contact.search")
	q := connectors.Query{Since: time.UnixMilli(1767225600500), Size: 2}
	first, err := s.Page(t.Context(), op, q)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Records) != 2 || first.Total != 3 || first.Records[1].ID != "c2" ||
		!first.Records[1].Updated.Equal(time.Date(2026, 1, 1, 0, 0, 2, 0, time.UTC)) {
		t.Errorf("first page = %+v, want c1 and c2 of 3", first)
	}
	q.Position = first.Next
	second, err := s.Page(t.Context(), op, q)
	if err != nil || len(second.Records) != 1 || second.Next != "" {
		t.Errorf("second page = %+v, %v, want c3 and the end", second, err)
	}
	if !strings.Contains(asked[1], `"searchAfter":[1767225602000,"c2"]`) {
		t.Errorf("the second request is %s, want the sort values of c2", asked[1])
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		body   string
		kind   connectors.Kind
		want   string
	}{
		{400, `{"statusCode":400,"message":"Invalid Operator (gt) passed for field date_updated"}`, connectors.Invalid, "Invalid Operator (gt) passed for field date_updated"},
		{401, `{"statusCode":401,"message":"The token is not authorized for this scope.","error":"Unauthorized"}`, connectors.Auth, "The token is not authorized for this scope."},
		{403, `{"statusCode":403,"message":"The token does not have access to this location."}`, connectors.Auth, "The token does not have access to this location."},
		{422, `{"statusCode":422,"message":["property x should not exist","y must be a string"],"error":"Unprocessable Entity"}`, connectors.Invalid, "property x should not exist; y must be a string"},
		{429, `{"message":"Too many requests"}`, connectors.RateLimited, "Too many requests"},
		{502, `<html>bad gateway</html>`, connectors.Uncertain, "<html>bad gateway</html>"},
	}
	for _, tt := range tests {
		c, s := open(t, says(tt.status, tt.body))
		_, err := s.Call(t.Context(), operation(t, c, "contact.note.create"), map[string]any{"contactId": "c1", "body": "x"})
		e, ok := errors.AsType[*connectors.Error](err)
		if !ok || e.Kind != tt.kind || e.Err.Error() != tt.want {
			t.Errorf("status %d: got %v, want %s: %s", tt.status, err, tt.kind, tt.want)
		}
	}
}

func TestFind_ReadsNothingAsNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"contact":null}`, `{"traceId":"x"}`} {
		c, s := open(t, says(200, body))
		a, err := s.Call(t.Context(), operation(t, c, "contact.find"), map[string]any{"email": "ann@example.com"})
		if err != nil || a.Value != nil {
			t.Errorf("%s gives %v, %v, want nothing", body, a.Value, err)
		}
	}
}

// TestPage_ReadsOneContactAsAListOfOne covers contacts that are watched one by one, and
// the call that confirms that one is gone.
func TestPage_ReadsOneContactAsAListOfOne(t *testing.T) {
	t.Parallel()
	c, s := open(t, says(200, `{"contact":{"id":"c1","dateUpdated":"2026-01-01T00:00:00.000Z","customFields":[{"id":"f1","value":"x"}]}}`))
	op, q := operation(t, c, "contact.get"), connectors.Query{Inputs: map[string]any{"contactId": "c1"}}
	page, err := s.Page(t.Context(), op, q)
	if err != nil || len(page.Records) != 1 || page.Records[0].ID != "c1" || page.Next != "" {
		t.Errorf("page = %+v, %v, want c1 alone", page, err)
	}
	_, gone := open(t, says(400, `{"statusCode":400,"message":"Contact not found for id: c1"}`))
	page, err = gone.Page(t.Context(), op, q)
	if err != nil || len(page.Records) != 0 {
		t.Errorf("page of a contact that is gone = %+v, %v, want no record", page, err)
	}
	_, err = gone.Page(t.Context(), operation(t, c, "contact.note.list"), q)
	if connectors.KindOf(err) != connectors.NotFound {
		t.Errorf("notes of a contact that is gone: %v, want not_found", err)
	}
	_, wrong := open(t, says(400, `{"statusCode":400,"message":"contactId is not valid"}`))
	if _, err := wrong.Page(t.Context(), op, q); connectors.KindOf(err) != connectors.Invalid {
		t.Errorf("page of a wrong request: %v, want invalid", err)
	}
}

func TestContact_CustomFieldsAreEqualHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	c, _ := open(t, says(200, ""))
	o := operation(t, c, "contact.get").Answer
	read := func(text string) map[string]any {
		fields, err := o.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return fields
	}
	a := read(`{"id":"c1","customFields":[{"id":"f1","value":"x"},{"id":"f2","value":2}]}`)
	if names := o.Changed(a, read(`{"id":"c1","customFields":[{"id":"f2","fieldValue":2},{"id":"f1","field_value":"x"}]}`)); names != nil {
		t.Errorf("the same values differ in %v", names)
	}
	want := []string{"customFields", "customFields.f2"}
	if diff := cmp.Diff(want, o.Changed(a, read(`{"id":"c1","customFields":[{"id":"f1","value":"x"},{"id":"f2","value":3}]}`))); diff != "" {
		t.Errorf("another value of f2 (-want +got):\n%s", diff)
	}
}

// TestContactCreate_ARefusalMayHaveCreatedIt keeps a create from being taken for not
// done: a refusal with 422 is reported to have created the contact. Other operations
// have no such report.
func TestContactCreate_ARefusalMayHaveCreatedIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operation string
		status    int
		want      connectors.Kind
	}{
		{"contact.create", 422, connectors.Uncertain},
		{"contact.create", 400, connectors.Invalid},
		{"contact.upsert", 422, connectors.Invalid},
	} {
		c, s := open(t, says(tt.status, `{"message":["email must be an email"]}`))
		_, err := s.Call(t.Context(), operation(t, c, tt.operation), map[string]any{"email": "ann@example.com"})
		e, ok := errors.AsType[*connectors.Error](err)
		if !ok || e.Kind != tt.want || (tt.want == connectors.Uncertain) != strings.Contains(e.Hint, "look before you send it again") {
			t.Errorf("%s, status %d: %v, want %s, with a hint where it is uncertain", tt.operation, tt.status, err, tt.want)
		}
	}
}

func TestNew_SaysWhatAWriteChanges(t *testing.T) {
	t.Parallel()
	c, err := highlevel.New()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"contact.update": "contact.get", "contact.delete": "contact.get", "contact.tag.add": "contact.get", "contact.tag.remove": "contact.get",
		"contact.note.update": "contact.note.get", "contact.task.complete": "contact.task.get", "contact.create": "", "contact.upsert": "",
	} {
		got := ""
		if target := operation(t, c, key).Target; target != nil {
			got = target.Operation
		}
		if got != want {
			t.Errorf("target of %s = %q, want %q", key, got, want)
		}
	}
}
