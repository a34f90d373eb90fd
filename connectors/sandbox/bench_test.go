package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

func BenchmarkStibee_Upsert(b *testing.B) {
	s := sandbox.New(sandbox.Options{StibeeLimit: sandbox.Limit{Requests: -1}})
	at := s.Endpoints("")
	for i := 0; b.Loop(); i++ {
		body := fmt.Sprintf(`{"updateEnabled":true,"subscriber":{"email":"n%d@example.com","status":"subscribed","fields":{"name":"Ann"}}}`, i%10_000)
		r := httptest.NewRequest(http.MethodPost, "/v2/lists/"+at.ListID+"/subscribers", strings.NewReader(body))
		r.Header.Set("AccessToken", at.StibeeKey)
		w := httptest.NewRecorder()
		s.Stibee().ServeHTTP(w, r)
		if w.Code >= 300 {
			b.Fatalf("upsert: %s", w.Body)
		}
	}
}

func BenchmarkHighLevel_Page500Of100000(b *testing.B) {
	s := sandbox.New(sandbox.Options{Contacts: 100_000, HighLevelLimit: sandbox.Limit{Requests: -1}})
	at := s.Endpoints("")
	body := fmt.Sprintf(`{"locationId":%q,"pageLimit":500,"sort":[{"field":"dateUpdated","direction":"asc"}]}`, at.LocationID)
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/contacts/search", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+at.HighLevelToken)
		r.Header.Set("Version", "2021-07-28")
		w := httptest.NewRecorder()
		s.HighLevel().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("search: %s", w.Body)
		}
	}
}
