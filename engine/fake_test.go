package engine_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes"
)

// service is an outside service of the tests: a list of items that changes, and
// a few writes whose effects can be counted. It is connector and session in one.
type service struct {
	mu    sync.Mutex
	items map[string]map[string]any
	// notes are the notes of items, by item and id; reads counts the lists of notes
	// that were asked for, by item.
	notes map[string]map[string]string
	reads map[string]int
	// confirms counts the reads of single items.
	confirms int
	// timeless leaves the time of their update out of items, although their shape has it.
	timeless bool
	// tells is the field that tells items of item.all apart; empty means id.
	tells string
	// way is how changes of item.list are found; empty means keyset.
	way connectors.Strategy
	// coarse cuts times off at the whole second, as some services do.
	coarse bool
	// circle makes every page the first one.
	circle bool
	// hidden tells of items that lists do not show; nil means of none.
	hidden func(id string) bool
	// calls are all calls of operations, effects those that were carried out.
	calls, effects []effect
	pages          int
	// fail decides what becomes of a call; nil means it goes well. With done the
	// effect happens although an error comes back.
	fail func(op string, n int) (err error, done bool)
	// pageErr is returned by the next pages.
	pageErr func() error
	// late are changes that lists do not show yet, in the order of their coming.
	late []lateChange
	// deaf makes lists ignore the time that was asked for.
	deaf bool
	// size replaces the page size; 0 keeps it.
	size int
	// delay is how long a call takes, pageDelay how long a page.
	delay, pageDelay time.Duration
	// slow is how much longer calls to somebody take.
	slow map[string]time.Duration
	// stubborn calls take their time and answer even if nobody waits any more.
	stubborn bool
	// refuse says no to the position of a page; nil accepts all.
	refuse func(position string) error
	// badParent is what the list of an item's notes fails with; nil means none does.
	badParent func(item string) error
	busy      map[string]int
	most      int // the most calls at once
	// crowd lets calls for one address overlap.
	crowd bool
	// skew is how far the service's clock is ahead of ours.
	skew time.Duration
	// keeps is what the service keeps of a text; nil means all of it.
	keeps func(text string) string
	// asked counts the reads of last letters; askErr is what they fail with.
	asked  int
	askErr func() error
	// dead is true when nothing leaves the program any more: it was killed.
	dead bool
}

// effect is a write as the service saw it: when, and with which idempotency key.
type effect struct {
	Op, To, Text, Key string
	At                time.Time
}

func newService() *service {
	return &service{
		items: map[string]map[string]any{}, busy: map[string]int{}, notes: map[string]map[string]string{}, reads: map[string]int{},
	}
}

// put creates or changes an item now.
func (s *service) put(id string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().UTC().Format(time.RFC3339Nano)
	if s.coarse {
		now = time.Now().UTC().Format(time.RFC3339)
	}
	item, ok := s.items[id]
	if !ok {
		item = map[string]any{"id": id, "created": now}
		s.items[id] = item
	}
	maps.Copy(item, fields)
	item["updated"] = now
}

// remove takes an item away, with its notes.
func (s *service) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, id)
	delete(s.notes, id)
}

// note writes a note of an item; an empty text takes it away.
func (s *service) note(item, id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.notes[item] == nil {
		s.notes[item] = map[string]string{}
	}
	if s.notes[item][id] = text; text == "" {
		delete(s.notes[item], id)
	}
}

func noteShape() *schema.Object {
	return &schema.Object{Key: "note", Title: "Note", ID: "id", Fields: []schema.Field{
		{Name: "id", Type: schema.String}, {Name: "item", Type: schema.String}, {Name: "text", Type: schema.String},
	}}
}

func itemShape() *schema.Object {
	return &schema.Object{
		Key: "item", Title: "Item", ID: "id", Created: "created", Updated: "updated",
		Fields: []schema.Field{
			{Name: "id", Type: schema.String},
			{Name: "name", Type: schema.String},
			{Name: "email", Type: schema.String},
			{Name: "count", Type: schema.Integer},
			{Name: "created", Type: schema.Time, Volatile: true},
			{Name: "updated", Type: schema.Time},
		},
	}
}

// allShape is the shape of what item.all lists.
func (s *service) allShape() *schema.Object {
	o := itemShape()
	o.ID = cmp.Or(s.tells, o.ID)
	return o
}

func letterShape() *schema.Object {
	return &schema.Object{Key: "letter", Title: "Letter", ID: "id", Fields: []schema.Field{
		{Name: "id", Type: schema.String}, {Name: "to", Type: schema.String}, {Name: "text", Type: schema.String},
	}}
}

// cardShape is the shape of letters that tell when they were made.
func cardShape() *schema.Object {
	o := letterShape()
	o.Created = "created"
	o.Fields = append(o.Fields, schema.Field{Name: "created", Type: schema.Time})
	return o
}

// Describe lists the operations: items by keyset, newest first, by snapshot and in a
// window, with and without a read that confirms deletions; notes by item; four ways to
// send a letter that differ in their repeat rule and in how they are found, letter.list,
// card.list that tells when they were sent, and letter.get, the last one to somebody.
func (s *service) Describe() *connectors.Description {
	text := func(name string, required bool) connectors.Input {
		return connectors.Input{Field: schema.Field{Name: name, Type: schema.String, Required: required}, In: "body"}
	}
	letter := func(key string, r connectors.Repeat, f *connectors.Find) *connectors.Operation {
		return &connectors.Operation{
			Connector: "fake", Key: key, Kind: connectors.Write, Method: "POST", Path: "/" + key, Answer: letterShape(),
			Inputs: []connectors.Input{text("to", true), text("text", false)}, Repeat: r, Find: f,
			Target: &connectors.Target{Operation: "letter.get", With: map[string]string{"to": "to"}},
		}
	}
	burn := letter("letter.burn", connectors.RepeatSafe, nil)
	burn.Danger = connectors.DangerDelete
	return &connectors.Description{
		Key: "fake", Title: "Fake",
		Operations: []*connectors.Operation{
			{
				Connector: "fake", Key: "item.list", Kind: connectors.Read, Answer: itemShape(), List: true,
				Inputs: []connectors.Input{text("query", false)}, Poll: &connectors.Poll{Strategy: cmp.Or(s.way, connectors.Keyset), PageSize: 3},
			},
			{Connector: "fake", Key: "item.all", Kind: connectors.Read, Answer: s.allShape(), List: true, Poll: &connectors.Poll{Strategy: connectors.Snapshot, PageSize: 3, Offsets: true}},
			{
				Connector: "fake", Key: "item.sure", Kind: connectors.Read, Answer: itemShape(), List: true, Inputs: []connectors.Input{text("query", false)},
				Poll: &connectors.Poll{Strategy: connectors.Keyset, PageSize: 3, Confirm: &connectors.Confirm{Operation: "item.get", Input: "id"}},
			},
			{Connector: "fake", Key: "item.get", Kind: connectors.Read, Answer: itemShape(), Inputs: []connectors.Input{text("id", true)}},
			{Connector: "fake", Key: "item.newest", Kind: connectors.Read, Answer: itemShape(), List: true, Poll: &connectors.Poll{Strategy: connectors.Newest, PageSize: 3, By: "updated"}},
			{
				Connector: "fake", Key: "item.window", Kind: connectors.Read, Answer: itemShape(), List: true,
				Poll: &connectors.Poll{Strategy: connectors.Snapshot, PageSize: 3, By: "created", Window: &connectors.Window{Back: time.Hour, Ahead: time.Hour}},
			},
			{
				Connector: "fake", Key: "note.list", Kind: connectors.Read, Answer: noteShape(), List: true, Inputs: []connectors.Input{text("item", true)},
				Poll: &connectors.Poll{Strategy: connectors.FanOut, PageSize: 100, Parents: &connectors.Parents{Operation: "item.list", Input: "item"}},
			},
			{Connector: "fake", Key: "letter.list", Kind: connectors.Read, Answer: letterShape(), List: true, Inputs: []connectors.Input{text("to", true)}},
			{Connector: "fake", Key: "card.list", Kind: connectors.Read, Answer: cardShape(), List: true, Inputs: []connectors.Input{text("to", true)}},
			{Connector: "fake", Key: "letter.get", Kind: connectors.Read, Answer: letterShape(), Inputs: []connectors.Input{text("to", true)}},
			letter("card.send", connectors.RepeatFind, &connectors.Find{Operation: "card.list", With: map[string]string{"to": "to"}, Match: "text", Settle: time.Minute}),
			looking(letter("card.upsert", connectors.RepeatFind, &connectors.Find{Operation: "card.list", With: map[string]string{"to": "to"}, Match: "to", Settle: time.Minute})),
			letter("letter.put", connectors.RepeatSafe, nil),
			letter("letter.send", connectors.RepeatFind, &connectors.Find{Operation: "letter.list", With: map[string]string{"to": "to"}, Match: "text", Settle: time.Minute}),
			letter("letter.fire", connectors.RepeatNever, nil),
			burn,
		},
	}
}

// looking makes a write one that reads before it writes.
func looking(o *connectors.Operation) *connectors.Operation {
	o.Composed = &connectors.Composed{Read: "card.list", Found: "letter.put", Absent: "card.send", Looks: true}
	return o
}

func (s *service) Open(connectors.Account) (connectors.Session, error) { return s, nil }

// Page lists items sorted by updated time, or the letters that were sent.
func (s *service) Page(ctx context.Context, op *connectors.Operation, q connectors.Query) (connectors.Page, error) {
	s.mu.Lock()
	delay := s.pageDelay
	s.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages++
	if s.refuse != nil {
		if err := s.refuse(q.Position); err != nil {
			return connectors.Page{}, err
		}
	}
	if s.pageErr != nil {
		if err := s.pageErr(); err != nil {
			return connectors.Page{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return connectors.Page{}, &connectors.Error{Kind: connectors.Canceled, Op: op.Key, Err: err}
	}
	page := connectors.Page{Date: time.Now().Add(s.skew).UTC().Truncate(time.Second), Total: -1}
	if op.Key == "letter.list" || op.Key == "card.list" {
		page.Records = s.letters(fmt.Sprint(q.Inputs["to"]))
		return page, nil
	}
	s.show()
	switch op.Key {
	case "note.list":
		return s.notesOf(page, fmt.Sprint(q.Inputs["item"]))
	case "item.get":
		s.confirms++
		for _, r := range s.rows(op, time.Time{}) {
			if r.ID == fmt.Sprint(q.Inputs["id"]) {
				page.Records = append(page.Records, r)
			}
		}
		return page, nil
	}
	rows := slices.DeleteFunc(s.rows(op, q.Since), func(r connectors.Record) bool { return s.hidden != nil && s.hidden(r.ID) })
	if op.Key == "item.window" {
		rows = slices.DeleteFunc(rows, func(r connectors.Record) bool { return r.At.Before(q.From) || r.At.After(q.To) })
	}
	from, _ := strconv.Atoi(q.Position)
	if s.circle {
		from = 0
	}
	to := min(from+cmp.Or(s.size, q.Size), len(rows))
	page.Records = rows[min(from, to):to]
	if to < len(rows) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}

// notesOf lists the notes of an item; an item that is gone has no list.
func (s *service) notesOf(page connectors.Page, item string) (connectors.Page, error) {
	s.reads[item]++
	if s.badParent != nil {
		if err := s.badParent(item); err != nil {
			return page, err
		}
	}
	if s.items[item] == nil {
		return page, failure(connectors.NotFound)
	}
	for _, id := range slices.Sorted(maps.Keys(s.notes[item])) {
		raw, _ := json.Marshal(map[string]any{"id": id, "item": item, "text": s.notes[item][id]})
		page.Records = append(page.Records, connectors.Record{ID: id, Raw: raw})
	}
	return page, nil
}

func (s *service) letters(to string) []connectors.Record {
	var list []connectors.Record
	for i, e := range s.effects {
		if e.To == to {
			text, made := e.Text, e.At.Add(s.skew).UTC()
			if s.keeps != nil {
				text = s.keeps(text)
			}
			raw, _ := json.Marshal(map[string]any{"id": strconv.Itoa(i + 1), "to": e.To, "text": text, "created": made})
			list = append(list, connectors.Record{ID: strconv.Itoa(i + 1), Raw: raw, Created: made})
		}
	}
	return list
}

func (s *service) rows(op *connectors.Operation, since time.Time) []connectors.Record {
	var rows []connectors.Record
	for id, item := range s.items {
		updated, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(item["updated"]))
		created, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(item["created"]))
		if updated.Before(since) && !s.deaf && op.Key != "item.newest" {
			continue
		}
		if op.Key == "item.all" && s.tells != "" {
			id = fmt.Sprint(item[s.tells])
		}
		at := updated
		if op.Key == "item.window" {
			at = created
		}
		if s.timeless {
			item, updated = maps.Clone(item), time.Time{}
			delete(item, "updated")
		}
		raw, _ := json.Marshal(item)
		rows = append(rows, connectors.Record{ID: id, Raw: raw, Created: created, Updated: updated, At: at})
	}
	slices.SortFunc(rows, func(a, b connectors.Record) int {
		switch op.Key {
		case "item.all":
			return cmp.Compare(a.ID, b.ID)
		case "item.newest":
			return cmp.Or(b.Updated.Compare(a.Updated), cmp.Compare(b.ID, a.ID))
		}
		return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID))
	})
	return rows
}

// set changes the service while an engine may be using it.
func (s *service) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// last returns the last letter to somebody.
func (s *service) last(to string) (connectors.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.askErr != nil {
		if err := s.askErr(); err != nil {
			return connectors.Answer{}, err
		}
	}
	list := s.letters(to)
	if len(list) == 0 {
		return connectors.Answer{}, failure(connectors.NotFound)
	}
	value, err := connectors.Decode(list[len(list)-1].Raw)
	return connectors.Answer{Status: 200, Value: value}, err
}

// Call carries out a letter, or reads the last one.
func (s *service) Call(ctx context.Context, op *connectors.Operation, in map[string]any) (connectors.Answer, error) {
	e := effect{Op: op.Key, To: fmt.Sprint(in["to"]), Text: fmt.Sprint(in["text"]), Key: connectors.KeyOf(ctx)}
	if op.Key == "letter.get" {
		return s.last(e.To)
	}
	s.mu.Lock()
	if s.dead {
		defer s.mu.Unlock()
		return connectors.Answer{}, failure(connectors.Canceled)
	}
	s.calls = append(s.calls, e)
	n := len(s.calls)
	s.busy[e.To]++
	s.most = max(s.most, len(s.busy))
	if s.busy[e.To] > 1 && !s.crowd {
		s.mu.Unlock()
		panic("two calls for " + e.To + " at once")
	}
	fail, delay := s.fail, s.delay+s.slow[e.To]
	s.mu.Unlock()
	if delay > 0 {
		stop := ctx.Done()
		if s.stubborn {
			stop = nil
		}
		select {
		case <-time.After(delay):
		case <-stop:
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, e.To)
	e.At = time.Now()
	if ctx.Err() != nil && !s.stubborn {
		s.effects = append(s.effects, e) // it arrived; we just did not wait
		return connectors.Answer{}, &connectors.Error{Kind: connectors.Canceled, Op: op.Name(), Err: ctx.Err()}
	}
	var err error
	done := true
	if fail != nil {
		err, done = fail(op.Key, n)
	}
	if err == nil || done {
		s.effects = append(s.effects, e)
	}
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{Status: 200, Value: map[string]any{"id": strconv.Itoa(len(s.effects)), "to": e.To, "text": e.Text}}, nil
}

func (s *service) Preview(op *connectors.Operation, in map[string]any) (connectors.Request, error) {
	return connectors.Request{Method: op.Method, URL: "https://fake.example" + op.Path, Body: in}, nil
}

func (s *service) Check(context.Context) error { return nil }

func (s *service) Close() {}

// sent returns the effects, as "op to text".
func (s *service) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, e := range s.effects {
		list = append(list, strings.TrimSpace(e.Op+" "+e.To+" "+e.Text))
	}
	return list
}

func failure(kind connectors.Kind) error {
	return &connectors.Error{Kind: kind, Op: "fake", Said: true, Err: fmt.Errorf("made up %s", kind)}
}

// bench is what a test of the engine works at.
type bench struct {
	t       *testing.T
	service *service
	store   store.Store
	hooks   engine.Hooks
	runners int
	log     bytes.Buffer // what engines have logged
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{t: t, service: newService(), store: memstore.New()}
}

// engine builds an engine for some recipes.
func (b *bench) engine(texts ...string) *engine.Engine {
	b.t.Helper()
	e, err := engine.New(b.options(texts...))
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// options are those of an engine for some recipes.
func (b *bench) options(texts ...string) engine.Options {
	b.t.Helper()
	var registry connectors.Registry
	if err := registry.Add(b.service); err != nil {
		b.t.Fatal(err)
	}
	catalog := engine.NewCatalog(&registry, []recipes.Account{{Name: "acme", Connector: "fake"}})
	var findings diag.List
	var list []*recipes.Recipe
	for i, text := range texts {
		r := recipes.Parse(fmt.Sprintf("recipe%d.yaml", i), []byte(text), catalog, &findings)
		if findings.HasErrors() {
			b.t.Fatalf("recipe %d: %v", i, findings.Sorted())
		}
		list = append(list, r)
	}
	return engine.Options{
		Store: b.store, Catalog: catalog, Recipes: list, Log: zerolog.New(zerolog.SyncWriter(&b.log)), Hooks: b.hooks, Drain: 10 * time.Second, Runners: b.runners,
		Accounts: []*engine.Account{{Name: "acme", Connector: b.service, Session: b.service}},
	}
}

// once runs all recipes once.
func (b *bench) once(texts ...string) engine.Report {
	b.t.Helper()
	report, err := b.engine(texts...).Once(b.t.Context())
	if err != nil {
		b.t.Fatalf("once: %v", err)
	}
	broken, err := b.store.Check(b.t.Context())
	if err != nil || len(broken) > 0 {
		b.t.Fatalf("store after once: %v %v", broken, err)
	}
	return report
}

// serve runs an engine for a while, then stops it softly.
func (b *bench) serve(e *engine.Engine, length time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), length)
	defer cancel()
	if err := e.Run(ctx); err != nil {
		b.t.Fatalf("run: %v", err)
	}
}

func (b *bench) runs(f store.RunFilter) []store.Run {
	b.t.Helper()
	runs, err := b.store.ListRuns(b.t.Context(), f)
	if err != nil {
		b.t.Fatal(err)
	}
	return runs
}

// expect asserts what the service has received, in whatever order.
func (b *bench) expect(want ...string) {
	b.t.Helper()
	got := b.service.sent()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.t.Errorf("the service received\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// recipe is a recipe with some parts replaced: pairs of old and new text.
func recipe(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`recipe: v1
id: letters
connections:
  crm: {connector: fake, account: acme}
trigger:
  poll: crm.item.list
  schedule: {every: 1m}
  start: now
steps:
  - id: write
    call: crm.letter.put
    with: {to: =record.id, text: =record.name}
`)
}

// wait lets fake time pass.
func (b *bench) wait(d time.Duration) { <-time.After(d) }

// rehearse rehearses a recipe on a scene.
func rehearse(t *testing.T, b *bench, text string, s engine.Scene) engine.Performance {
	t.Helper()
	var registry connectors.Registry
	if err := registry.Add(b.service); err != nil {
		t.Fatal(err)
	}
	catalog := engine.NewCatalog(&registry, []recipes.Account{{Name: "acme", Connector: "fake"}})
	var findings diag.List
	r := recipes.Parse("recipe.yaml", []byte(text), catalog, &findings)
	if findings.HasErrors() {
		t.Fatal(findings.Sorted())
	}
	p, err := engine.Rehearse(t.Context(), engine.Options{
		Store: memstore.New(), Catalog: catalog, Log: zerolog.Nop(),
		Accounts: []*engine.Account{{Name: "acme", Connector: b.service, Session: b.service}},
	}, r, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
