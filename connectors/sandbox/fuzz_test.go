package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// FuzzServices sends any body to any path: nothing may panic, and a service always
// answers.
func FuzzServices(f *testing.F) {
	s := sandbox.New(sandbox.Options{Contacts: 3, HighLevelLimit: sandbox.Limit{Requests: -1}, StibeeLimit: sandbox.Limit{Requests: -1}})
	at := s.Endpoints("")
	f.Add("POST", "/highlevel/contacts/search", `{"locationId":"`+at.LocationID+`","pageLimit":2,"filters":[{"field":"dateUpdated","operator":"range","value":{"gt":-1}}]}`)
	f.Add("POST", "/highlevel/contacts/search", `{"locationId":"`+at.LocationID+`","pageLimit":2,"page":4294967296,"searchAfter":[9e99,"x"]}`)
	f.Add("PUT", "/highlevel/contacts/"+s.Contacts()[0], `{"customFields":[1,{"id":2}],"tags":[null],"name":"  "}`)
	f.Add("POST", "/stibee/v2/lists/104532/subscribers", `{"subscriber":{"email":"a@b.c","status":"subscribed","fields":{"name":null}}}`)
	f.Add("GET", "/stibee/v2/lists/104532/subscribers?offset=99999999999&limit=1", "")
	f.Add("DELETE", "/highlevel/contacts/%2e%2e/%ff", "{}")
	f.Add("POST", "/sandbox/faults", `{"kind":"cut","rate":1e300}`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		defer s.Heal() // a fault would be no bug
		r, err := http.NewRequestWithContext(t.Context(), method, "http://sandbox.test"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Authorization", "Bearer "+at.HighLevelToken)
		r.Header.Set("Version", "2021-07-28")
		r.Header.Set("AccessToken", at.StibeeKey)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s: got %d %s", method, path, w.Code, w.Body)
		}
	})
}
