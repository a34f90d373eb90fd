package project_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/internal/secret"
)

// shop is a service that nobody wrote a connector for: it lists orders in every way that
// services do.
type shop struct {
	mu       sync.Mutex // of everything: requests come beside each other
	orders   map[string]*order
	requests []string // method and address of each since the last look
	headers  http.Header
	bodies   []string
	most     int // records a page, whatever was asked for; 0 for no bound
}

// order is a record of the shop.
type order struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Views   int    `json:"views"`
	Created string `json:"created_at"`
	Updated string `json:"updated_at"`
}

// stamp is a time as the shop writes it.
const stamp = "2006-01-02T15:04:05.000Z"

// put makes an order, or changes its state.
func (s *shop) put(id, state string) {
	now := time.Now().UTC().Format(stamp)
	if s.orders[id] == nil {
		s.orders[id] = &order{ID: id, Created: now}
	}
	s.orders[id].State, s.orders[id].Updated = state, now
}

// rows are the orders that a query asks for, in its order.
func (s *shop) rows(q map[string][]string) []*order {
	get := func(name string) string { return strings.Join(q[name], ",") }
	var rows []*order
	for _, o := range s.orders {
		if o.Updated >= get("updated_since") {
			rows = append(rows, o)
		}
	}
	slices.SortFunc(rows, func(a, b *order) int {
		switch get("sort") {
		case "updated":
			return cmp.Or(strings.Compare(a.Updated, b.Updated), strings.Compare(a.ID, b.ID))
		case "-updated":
			return cmp.Or(strings.Compare(b.Updated, a.Updated), strings.Compare(a.ID, b.ID))
		}
		return strings.Compare(a.ID, b.ID)
	})
	return rows
}

// ServeHTTP answers below /v1.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.headers = append(s.requests, r.Method+" "+r.URL.RequestURI()), r.Header
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != "Bearer a-token-of-a-test" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error": {"code": "who", "message": "nobody knows you"}}`)
		return
	}
	id, one := strings.CutPrefix(r.URL.Path, "/v1/orders/")
	id = strings.TrimSuffix(id, "/notes")
	switch listed := r.URL.Path == "/v1/all" || r.URL.Path == "/v1/orders"; {
	case !listed && (!one || s.orders[id] == nil):
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error": {"code": "gone", "message": "no such order"}}`)
	case r.Method != http.MethodGet:
		var body any
		_ = json.NewDecoder(r.Body).Decode(&body)
		text, _ := json.Marshal(body)
		s.bodies = append(s.bodies, string(text))
		fmt.Fprint(w, `{"ok": true}`)
	case one:
		_ = json.NewEncoder(w).Encode(s.orders[id])
	default:
		s.list(w, r)
	}
}

// list answers a page of the orders in the way that the path names.
func (s *shop) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	rows := s.rows(q)
	if r.URL.Path == "/v1/all" {
		_ = json.NewEncoder(w).Encode(rows)
		return
	}
	size, _ := strconv.Atoi(cmp.Or(q.Get("per_page"), "2"))
	if s.most > 0 {
		size = min(size, s.most)
	}
	from, _ := strconv.Atoi(cmp.Or(q.Get("offset"), q.Get("after"), "0"))
	if page, err := strconv.Atoi(q.Get("page")); err == nil {
		from = (page - 1) * size
	}
	from = min(from, len(rows))
	to := min(from+size, len(rows))
	answer := map[string]any{"data": map[string]any{"orders": append([]*order{}, rows[from:to]...)}}
	if to < len(rows) {
		answer["next"] = to
		q.Set("offset", strconv.Itoa(to))
		answer["links"] = map[string]any{"next": "https://elsewhere.example.com/v1/orders?" + q.Encode()}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// asked returns how many requests came since the last look.
func (s *shop) asked() int {
	n := len(s.requests)
	s.requests = nil
	return n
}

// inShop runs a test in a bubble, with a shop that has five orders and an account at it.
func inShop(t *testing.T, test func(h *house, s *shop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		registry := builtin.Registry()
		s := &shop{orders: map[string]*order{}}
		for i := range 5 {
			s.put(fmt.Sprintf("o%d", i+1), "open")
			pass(time.Minute)
		}
		test(newHouse(t, registry, tenant{connector: "http", service: s, Account: shopAccount()}), s)
	})
}

// shopAccount is an account at the shop.
func shopAccount() connectors.Account {
	return connectors.Account{
		Name: "http", BaseURL: "http://shop.test/v1", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("a-token-of-a-test")},
		Settings: map[string]any{"headers": map[string]any{"X-Tenant": "acme"}},
	}
}

// TestAnyHTTP_ChangesAreFound polls the shop in every way of paging with every strategy:
// what is new, changed and deleted is found, and a poll that finds nothing costs what it
// must.
func TestAnyHTTP_ChangesAreFound(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"none":      "path: /all",
		"page":      "path: /orders, list: data.orders, paging: {style: page, input: page, size: {input: per_page, max: 2}}",
		"offset":    "path: /orders, list: data.orders, paging: {style: offset, input: offset, size: {input: per_page, max: 2}}",
		"cursor":    "path: /orders, list: data.orders, paging: {style: cursor, carry: {after: answer.next}, size: {input: per_page, max: 2}}",
		"next_link": "path: /orders, list: data.orders, paging: {style: next_link, link: links.next}",
	}
	strategies := map[string]string{
		"snapshot": "volatile: [views]",
		"keyset":   "volatile: [views], created: created_at, updated: updated_at, strategy: keyset, sort: {sort: updated}, since: {input: updated_since, format: rfc3339}",
		"newest":   "volatile: [views], created: created_at, updated: updated_at, strategy: newest, sort: {sort: -updated}",
	}
	// Six orders are three pages of two; where only pages are counted, an empty one tells the end.
	quiet := map[string]int{"snapshot none": 1, "snapshot page": 4, "snapshot offset": 4, "snapshot": 3, "keyset": 1, "newest": 1}
	for style, with := range pages {
		for strategy, more := range strategies {
			t.Run(strategy+" "+style, func(t *testing.T) {
				t.Parallel()
				inShop(t, func(h *house, s *shop) {
					recipe := []string{watching("orders", "http", "list", "with: {"+with+", "+more+"}", "deletes: {scan: 1h}")}
					h.expect("the baseline", 0, recipe)
					pass(time.Hour)
					s.put("o6", "open")
					h.expect("a new order", time.Minute, recipe, "created o6")
					s.put("o2", "paid")
					h.expect("a changed order", 20*time.Minute, recipe, "updated o2")
					s.orders["o3"].Views++
					h.expect("a view", 20*time.Minute, recipe)
					h.expect("nothing", 20*time.Minute, recipe)
					s.asked()
					h.expect("nothing again", 10*time.Minute, recipe)
					want := cmp.Or(quiet[strategy+" "+style], quiet[strategy])
					if got := s.asked(); got != want {
						t.Errorf("a quiet poll made %d requests, want %d", got, want)
					}
					delete(s.orders, "o4")
					h.expect("the first walk without it", 2*time.Hour, recipe)
					h.expect("the second", 2*time.Hour, recipe, "deleted o4")
				})
			})
		}
	}
}

// TestAnyHTTP_GoesOnWhereTheAnswerSaysSo reads lists of a shop that gives fewer records a page
// than it was asked for, and says where the list goes on.
func TestAnyHTTP_GoesOnWhereTheAnswerSaysSo(t *testing.T) {
	t.Parallel()
	for style, paging := range map[string]string{
		"cursor":    "{style: cursor, carry: {after: answer.next}, size: {input: per_page, max: 100}}",
		"next_link": "{style: next_link, link: links.next, size: {input: per_page, max: 100}}",
	} {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			inShop(t, func(h *house, s *shop) {
				s.most = 2
				recipe := []string{watching("orders", "http", "list", "with: {path: /orders, list: data.orders, volatile: [views], paging: "+paging+"}", "deletes: {scan: 1h}")}
				h.expect("the baseline", 0, recipe)
				pass(time.Hour)
				s.put("o5", "paid")
				h.expect("a change on the last page", 20*time.Minute, recipe, "updated o5")
			})
		})
	}
}

// TestAnyHTTP_RecordsThatNothingTellsApartAreAnError watches a list by a field that many of
// its records share: each would pass for a change of the one before, at every poll.
func TestAnyHTTP_RecordsThatNothingTellsApartAreAnError(t *testing.T) {
	t.Parallel()
	inShop(t, func(h *house, _ *shop) {
		recipe := watching("orders", "http", "list", "with: {path: /all, id: state}")
		for range 3 {
			report, err := h.once(recipe)
			if err != nil || len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), `record 2 of the page: it has the id "open"`) {
				t.Fatalf("got %v, %v, want that two records have one id", report.Failures, err)
			}
			pass(time.Hour)
		}
		if runs := h.news(); len(runs) > 0 {
			t.Errorf("got runs %v of orders that never changed, want none", runs)
		}
	})
}
