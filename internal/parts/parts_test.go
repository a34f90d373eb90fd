package parts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/parts"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/settings"
)

// agency is a service with a list of parts, two on a page.
type agency struct {
	connectors.Session

	ids    []string
	fails  error
	asked  []map[string]any
	circle bool // pages never end
}

func (a *agency) Page(_ context.Context, _ *connectors.Operation, q connectors.Query) (connectors.Page, error) {
	a.asked = append(a.asked, q.Inputs)
	if a.fails != nil {
		return connectors.Page{}, a.fails
	}
	from := 0
	if q.Position != "" {
		_, _ = fmt.Sscan(q.Position, &from)
	}
	to := min(from+2, len(a.ids))
	var page connectors.Page
	for _, id := range a.ids[from:to] {
		page.Records = append(page.Records, connectors.Record{ID: id, Raw: []byte(`{"label":"Shop ` + id + `"}`)})
	}
	if to < len(a.ids) {
		page.Next = strconv.Itoa(to)
	}
	if a.circle {
		page.Next = "0"
	}
	return page, nil
}

func description() *connectors.Description {
	return &connectors.Description{
		Title: "Agency", Parts: &connectors.Parts{Operation: "shop.list", Setting: "shop", Name: "label", App: "app"},
		Operations: []*connectors.Operation{{Key: "shop.list", Inputs: []connectors.Input{
			{Field: schema.Field{Name: "company"}, Setting: "company"},
			{Field: schema.Field{Name: "app"}, Setting: "appId"},
			{Field: schema.Field{Name: "installed", Default: true}},
		}}},
	}
}

// desk is a finder on a store in memory.
func desk(a *agency, except ...string) (*parts.Finder, *memstore.Store) {
	s := memstore.New()
	return &parts.Finder{
		Account: &settings.Account{
			Name: "acme", Settings: map[string]any{"company": "c1"}, Parts: &settings.Parts{Except: except},
			Credential: auth.Credential{Client: &auth.Client{ID: secret.New("app7-key")}},
		},
		Description: description(), Session: a, Switches: s.Switches, Set: s.SetSwitch, Redact: func(text string) string { return text },
	}, s
}

// known are the parts that a store knows, in the order of their names: "-" stands before
// those that are lost.
func known(t *testing.T, s *memstore.Store) (list []string) {
	t.Helper()
	switches, err := s.Switches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts.Read(switches).Of("acme") {
		name := p.Name
		if p.Paused {
			name = "-" + name
		}
		list = append(list, name)
	}
	return list
}

// actions are what the audit trail tells, the oldest first.
func actions(t *testing.T, s *memstore.Store) (list []string) {
	t.Helper()
	trail, err := s.ListAudit(t.Context(), store.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(trail) {
		list = append(list, e.Action+" "+e.Target+" "+e.Details["name"])
	}
	return list
}

func TestFind_PartsJoinAreLostAndComeBack(t *testing.T) {
	t.Parallel()
	a := &agency{ids: []string{"Ab1", "Cd2", "Ef3"}}
	f, s := desk(a, "Ef3")
	for _, step := range []struct {
		ids  []string
		want []string
	}{
		{[]string{"Ab1", "Cd2", "Ef3"}, []string{"acme-Ab1", "acme-Cd2"}},
		{[]string{"Cd2"}, []string{"-acme-Ab1", "acme-Cd2"}},
		{[]string{"Cd2"}, []string{"-acme-Ab1", "acme-Cd2"}},
		{[]string{"Cd2", "Ab1", "Gh4"}, []string{"acme-Ab1", "acme-Cd2", "acme-Gh4"}},
	} {
		a.ids = step.ids
		if _, err := f.Find(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, known(t, s)); diff != "" {
			t.Errorf("with %v (-want +got):\n%s", step.ids, diff)
		}
	}
	want := []string{
		"account.join acme-Ab1 Shop Ab1", "account.join acme-Cd2 Shop Cd2", "account.lost acme-Ab1 Shop Ab1",
		"account.return acme-Ab1 Shop Ab1", "account.join acme-Gh4 Shop Gh4",
	}
	if diff := cmp.Diff(want, actions(t, s)); diff != "" {
		t.Errorf("audit trail (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"company": "c1", "app": "app7", "installed": true}, a.asked[0]); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}

// TestFind_BelievesNoListThatShowsTooLittle: nothing changes, and the reason is kept until a
// list is believed.
func TestFind_BelievesNoListThatShowsTooLittle(t *testing.T) {
	t.Parallel()
	six := []string{"a", "b", "c", "d", "e", "f"}
	for _, c := range []struct {
		name string
		then agency
		want string
	}{
		{"nothing", agency{}, "6 of 6 that were there are missing"},
		{"half of it", agency{ids: six[:3]}, "3 of 6"},
		{"a failure", agency{fails: errors.New("the service is away")}, "the service is away"},
		{"no end", agency{ids: six, circle: true}, "the same page again and again"},
		{"an id that cannot be a name", agency{ids: []string{"a", "../b"}}, "cannot be a part of the name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := &agency{ids: six}
			f, s := desk(a)
			if _, err := f.Find(t.Context()); err != nil {
				t.Fatal(err)
			}
			*a = c.then
			_, err := f.Find(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want that %s", err, c.want)
			}
			if got := known(t, s); len(got) != 6 || slices.ContainsFunc(got, func(n string) bool { return n[0] == '-' }) {
				t.Errorf("got %v, want all six as before", got)
			}
			if words := trouble(t, s); !strings.Contains(words, c.want) {
				t.Errorf("kept: %q, want %q", words, c.want)
			}
			*a = agency{ids: six}
			if _, err := f.Find(t.Context()); err != nil || trouble(t, s) != "" {
				t.Errorf("afterwards: %v, trouble %q, want none", err, trouble(t, s))
			}
		})
	}
}

// trouble is why the store says that the last list was not believed.
func trouble(t *testing.T, s *memstore.Store) string {
	t.Helper()
	switches, err := s.Switches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	words, _ := parts.Read(switches).Trouble("acme")
	return words
}

func TestFind_APersonCanAcceptAShortList(t *testing.T) {
	t.Parallel()
	a := &agency{ids: []string{"a", "b"}}
	f, s := desk(a)
	if _, err := f.Find(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.ids = nil
	if _, err := f.Find(t.Context()); !errors.Is(err, parts.ErrRefused) {
		t.Errorf("got %v, want %v", err, parts.ErrRefused)
	}
	f.Accept, f.Actor = true, "cli:ann"
	if _, err := f.Find(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"-acme-a", "-acme-b"}, known(t, s)); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
	trail, err := s.ListAudit(t.Context(), store.AuditFilter{Action: parts.Lost})
	if err != nil || len(trail) != 2 || trail[0].Actor != "cli:ann" {
		t.Errorf("got %v %v, want two entries of ann", trail, err)
	}
}

// TestFind_WhatIsNotStoredIsNotTold: a store that fails in the middle leaves what it has, and
// the next list finds the rest.
func TestFind_WhatIsNotStoredIsNotTold(t *testing.T) {
	t.Parallel()
	a := &agency{ids: []string{"a", "b"}}
	f, s := desk(a)
	set := f.Set
	f.Set = func(ctx context.Context, sw store.Switch, e *store.AuditEntry) error {
		if sw.ID == "b" {
			return store.ErrFull
		}
		return set(ctx, sw, e)
	}
	found, err := f.Find(t.Context())
	if !errors.Is(err, store.ErrFull) || len(found.Changes) != 1 || found.Changes[0].Part.Name != "acme-a" {
		t.Errorf("got %v %v, want the one that was stored", found, err)
	}
	f.Set = set
	if found, err = f.Find(t.Context()); err != nil || len(found.Changes) != 1 || found.Changes[0].Part.Name != "acme-b" {
		t.Errorf("got %v %v, want the other one", found, err)
	}
	if got := known(t, s); len(got) != 2 {
		t.Errorf("got %v, want both", got)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lost, were int
		want       bool
	}{{0, 0, false}, {1, 1, false}, {1, 2, false}, {2, 2, true}, {2, 3, false}, {3, 12, false}, {3, 11, true}, {50, 200, false}, {51, 200, true}, {0, 200, false}} {
		if got := parts.Refuses(c.lost, c.were); got != c.want {
			t.Errorf("%d of %d: got %v, want %v", c.lost, c.were, got, c.want)
		}
	}
}

// TestWatch_LooksWhenItIsTime counts the looks of an hour, with failures at its beginning and
// somebody who asks.
func TestWatch_LooksWhenItIsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		var looks []time.Duration
		asked := make(chan string, 1)
		time.AfterFunc(30*time.Minute, func() { asked <- "acme" })
		parts.Watch(ctx, func() []string { return []string{"acme"} }, func(context.Context, string) error {
			looks = append(looks, time.Since(began).Round(time.Minute))
			if len(looks) <= 2 {
				return errors.New("not yet")
			}
			return nil
		}, asked)
		want := []time.Duration{0, time.Minute, 3 * time.Minute, 18 * time.Minute, 30 * time.Minute, 45 * time.Minute}
		if diff := cmp.Diff(want, looks[:len(want)]); diff != "" || len(looks) > len(want)+1 {
			t.Errorf("looks (-want +got):\n%s%v", diff, looks)
		}
	})
}
