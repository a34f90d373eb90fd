package workshop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/workshop"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// TestWorkshop_IsStrict asserts what the shop takes and what it refuses, and that its list
// goes on to the end.
func TestWorkshop_IsStrict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, isStrict)
}

func isStrict(t *testing.T) {
	t.Helper()
	client := testkit.Client(workshop.New(service.NewWorld(1, 0, 0)).Handler())
	ask := func(method, path, token, body string) (int, map[string]any) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://shop.example.com"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() //nolint:errcheck // it lies in memory
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return resp.StatusCode, v
	}
	for _, tt := range []struct {
		method, path, token, body string
		want                      int
	}{
		{"GET", "/repairs", "another", "", 401},
		{"GET", "/repairs?limit=0", workshop.Token, "", 400},
		{"GET", "/repairs?cursor=x", workshop.Token, "", 400},
		{"GET", "/repairs?sort=price", workshop.Token, "", 400},
		{"GET", "/repairs?updated_since=yesterday", workshop.Token, "", 400},
		{"GET", "/repairs/R9", workshop.Token, "", 404},
		{"POST", "/repairs/R9/finish", workshop.Token, "", 404},
		{"POST", "/repairs", workshop.Token, "{}", 422},
		{"POST", "/repairs", workshop.Token, `{"bike":"Tricycle"}`, 201},
		{"POST", "/repairs/R1002/finish", workshop.Token, "", 200},
	} {
		<-time.After(time.Second) // each comes at a time of its own
		if got, v := ask(tt.method, tt.path, tt.token, tt.body); got != tt.want {
			t.Errorf("%s %s: got %d (%v), want %d", tt.method, tt.path, got, v, tt.want)
		}
	}
	var ids []any
	for path := "/repairs?sort=updated_at&limit=3"; path != ""; {
		_, page := ask("GET", path, workshop.Token, "")
		rows, _ := page["repairs"].([]any)
		for _, row := range rows {
			r, _ := row.(map[string]any)
			ids = append(ids, r["id"])
		}
		path = ""
		if next, ok := page["next_cursor"].(string); ok {
			path = "/repairs?sort=updated_at&limit=3&cursor=" + next
		}
	}
	// The one that was finished last changed last, after the new one.
	if len(ids) != 8 || ids[0] != "R1001" || ids[6] != "R1008" || ids[7] != "R1002" {
		t.Errorf("got %v, want eight repairs, those that changed last at the end", ids)
	}
}
