// Package workshop simulates a small service that no connector knows: a repair shop for
// bicycles. docs/writing-a-connector.md shows with it how a connector is written.
package workshop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Token opens the workshop. It is no secret.
const Token = "workshop-token"

// The limit of the workshop.
const (
	perMinute = 120
	mostRows  = 100
)

// Workshop is one simulated shop.
type Workshop struct {
	service *service.Service
	window  *service.Window
	repairs []*repair // in the order in which they came; the service's lock guards it
}

// repair is one order.
type repair struct {
	ID       string    `json:"id"`
	Bike     string    `json:"bike"`
	State    string    `json:"state"`
	Price    float64   `json:"price"`
	Email    string    `json:"customer_email"`
	Phone    *string   `json:"customer_phone"`
	Tags     []string  `json:"tags"`
	Created  time.Time `json:"created_at"`
	Updated  time.Time `json:"updated_at"`
	sequence int       // breaks ties between repairs of one moment
}

// New returns a workshop with seven repairs of the days before.
func New(w *service.World) *Workshop {
	s := &Workshop{window: &service.Window{Max: perMinute, Per: time.Minute}}
	for i, bike := range []string{"City bike", "Cargo bike", "Folding bike", "Road bike", "Mountain bike", "Tandem", "Unicycle"} {
		at := w.Now().Add(time.Duration(i-8) * time.Hour).Truncate(time.Second)
		r := s.add(bike, fmt.Sprintf("customer%d@example.com", i+1), 20+float64(i)*7.5, at)
		if i%2 == 0 {
			r.State, r.Tags = "finished", []string{"brakes"}
		} else {
			phone := fmt.Sprintf("+1555010%d", i)
			r.Phone = &phone
		}
	}
	s.service = &service.Service{
		Name: "workshop", World: w, Refuse: refusal, Admit: admit, Limit: s.limit,
		Routes: []service.Route{
			service.At("GET", "/repairs", "repair.list", s.list),
			service.At("POST", "/repairs", "repair.create", s.create),
			service.At("GET", "/repairs/{id}", "repair.get", s.get),
			service.At("POST", "/repairs/{id}/finish", "repair.finish", s.finish),
		},
	}
	return s
}

// Handler returns the workshop's interface.
func (s *Workshop) Handler() http.Handler { return s.service }

func refusal(status int, message string) service.Answer {
	code := strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
	return service.Answer{Status: status, Value: map[string]any{"error": map[string]any{"code": code, "message": message}}}
}

func admit(c *service.Call) service.Answer {
	if c.Header.Get("Authorization") != "Bearer "+Token {
		return refusal(http.StatusUnauthorized, "no such token")
	}
	return service.Answer{}
}

// limit counts a request, and says what is left.
func (s *Workshop) limit(c *service.Call) service.Answer {
	passes := s.window.Take(c.Now)
	c.Head.Set("X-RateLimit-Limit", strconv.Itoa(perMinute))
	c.Head.Set("X-RateLimit-Remaining", strconv.Itoa(s.window.Left()))
	if passes {
		return service.Answer{}
	}
	c.Head.Set("Retry-After", "60")
	return refusal(http.StatusTooManyRequests, "too many requests")
}

// add takes a repair in.
func (s *Workshop) add(bike, email string, price float64, at time.Time) *repair {
	n := len(s.repairs) + 1
	r := &repair{ID: fmt.Sprintf("R%d", 1000+n), Bike: bike, State: "open", Price: price, Email: email, Tags: []string{}, Created: at, Updated: at, sequence: n}
	s.repairs = append(s.repairs, r)
	return r
}

// asked is what a request for the list asks for.
type asked struct {
	since       time.Time
	limit, from int
	sorted      bool
}

// read reads the query of a request for the list; wrong is what is wrong with it.
func read(query url.Values) (a asked, wrong string) {
	a.limit = 20
	var err error
	if query.Has("updated_since") {
		if a.since, err = time.Parse(time.RFC3339, query.Get("updated_since")); err != nil {
			return a, "updated_since must be a time"
		}
	}
	if query.Has("limit") {
		if a.limit, err = strconv.Atoi(query.Get("limit")); err != nil || a.limit < 1 || a.limit > mostRows {
			return a, "limit must be a number from 1 to 100"
		}
	}
	if query.Has("cursor") {
		if a.from, err = strconv.Atoi(query.Get("cursor")); err != nil || a.from < 0 {
			return a, "no such cursor"
		}
	}
	if a.sorted = query.Get("sort") == "updated_at"; !a.sorted && query.Has("sort") {
		return a, "sort must be updated_at"
	}
	return a, ""
}

// list shows repairs page by page; with sort=updated_at those that changed least recently
// first.
func (s *Workshop) list(c *service.Call) service.Answer {
	q, wrong := read(c.URL.Query())
	if wrong != "" {
		return refusal(http.StatusBadRequest, wrong)
	}
	rows := slices.DeleteFunc(slices.Clone(s.repairs), func(r *repair) bool { return r.Updated.Before(q.since) })
	if q.sorted {
		slices.SortFunc(rows, func(a, b *repair) int { return cmp.Or(a.Updated.Compare(b.Updated), a.sequence-b.sequence) })
	}
	from := min(q.from, len(rows))
	to := min(from+q.limit, len(rows))
	var next any
	if to < len(rows) {
		next = strconv.Itoa(to)
	}
	return service.Answer{Status: http.StatusOK, Value: map[string]any{"repairs": append([]*repair{}, rows[from:to]...), "next_cursor": next, "total": len(rows)}}
}

// create takes in a repair that somebody sends.
func (s *Workshop) create(c *service.Call) service.Answer {
	var body struct {
		Bike  string  `json:"bike"`
		Email string  `json:"customer_email"`
		Price float64 `json:"price"`
	}
	if err := json.Unmarshal(c.Body, &body); err != nil || body.Bike == "" {
		return refusal(http.StatusUnprocessableEntity, "a repair needs a bike")
	}
	r := s.add(body.Bike, body.Email, body.Price, c.Now.Truncate(time.Millisecond))
	c.Target = r.ID
	return service.Answer{Status: http.StatusCreated, Value: r}
}

// find returns the repair of a call; nil for none.
func (s *Workshop) find(c *service.Call) *repair {
	at := slices.IndexFunc(s.repairs, func(r *repair) bool { return r.ID == c.Vars["id"] })
	if at < 0 {
		return nil
	}
	return s.repairs[at]
}

func (s *Workshop) get(c *service.Call) service.Answer {
	if r := s.find(c); r != nil {
		return service.Answer{Status: http.StatusOK, Value: r}
	}
	return refusal(http.StatusNotFound, "no such repair")
}

// finish ends a repair. To finish it again changes nothing.
func (s *Workshop) finish(c *service.Call) service.Answer {
	r := s.find(c)
	if r == nil {
		return refusal(http.StatusNotFound, "no such repair")
	}
	if c.Target = r.ID; r.State != "finished" {
		r.State, r.Updated = "finished", c.Now.Truncate(time.Millisecond)
	}
	return service.Answer{Status: http.StatusOK, Value: r}
}
