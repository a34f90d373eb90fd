package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
)

// answer is an error with a status of HTTP.
func answer(kind connectors.Kind, status int) error {
	return &connectors.Error{Kind: kind, Op: "fake", Status: status, Code: "made_up", Err: errors.New("made up answer")}
}

// TestLost_ItemsAreToldApart loses the writes of all items, of which some arrived: each has
// its own list, or one for all; the service keeps the texts as they are, or changes them.
func TestLost_ItemsAreToldApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, to, text string
		keeps          func(string) string
		parked         bool
	}{
		{"own lists", "${item}", "${index} ${run.id}", nil, false},
		{"one list", "all", "${index} ${run.id}", nil, false},
		{"one list, space is added", "all", "${index} ${run.id}", func(s string) string { return " " + s + "\n" }, false},
		{"one list, texts are changed", "all", "${index} ${run.id}", func(s string) string { return "<p>" + s + "</p>" }, true},
		{"own lists, texts are changed", "${item}", "${index} ${run.id}", func(s string) string { return "<p>" + s + "</p>" }, true},
	} {
		for _, parallel := range []int{1, 4} {
			t.Run(fmt.Sprint(tt.name, parallel), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, b *bench) {
					text := strings.NewReplacer("=steps.name.to", `"`+tt.to+`"`, "${index} ${run.id}", tt.text).Replace(fan("letter.send", abcd, parallel, ""))
					prepareOne(b, text)
					b.service.crowd, b.service.keeps, b.service.delay = true, tt.keeps, time.Second
					lost := map[string]bool{}
					b.service.fail = func(_ string, n int) (error, bool) {
						text := b.service.calls[n-1].Text
						if strings.Contains(text, ":") || lost[text] {
							return nil, true
						}
						lost[text] = true
						return failure(connectors.Uncertain), text[0] < '2'
					}
					b.serve(b.engine(text), time.Hour)
					run, _ := b.run()
					count := map[string]int{}
					for _, e := range b.service.effects {
						if count[e.Text]++; count[e.Text] > 1 {
							t.Errorf("%q was written twice", e.Text)
						}
					}
					switch s := run.State.Status; {
					case s == store.Succeeded && len(b.service.effects) == 5:
					case s == store.Parked && run.State.Reason == "unsure" && tt.parked:
					default:
						t.Errorf("the run is %s (%s: %v) with %d letters, want succeeded with 5", s, run.State.Reason, run.State.Error, len(b.service.effects))
					}
				})
			})
		}
	}
}

// TestLost_TraceOfAnotherWriteProvesNothing loses the second write of a run, and it does
// not arrive; the first one left a text with the run's id in the same list.
func TestLost_TraceOfAnotherWriteProvesNothing(t *testing.T) {
	t.Parallel()
	pair := func(first string) string {
		return withSteps("  - {id: first, call: crm." + first + ", with: {to: r1, text: \"first ${run.id}\"}}\n" +
			"  - {id: second, call: crm.letter.send, with: {to: r1, text: \"second ${run.id}\"}}\n")
	}
	for _, tt := range []struct {
		name, first string
		release     bool
	}{
		{"the first is found and safe", "letter.put", false},
		{"the first was sent twice", "letter.put, unsure: safe", false},
		{"the first is of another operation", "card.send", false},
		{"a person says that the first is there", "letter.send, unsure: park", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				op, more, _ := strings.Cut(tt.first, ", ")
				text := pair(op)
				if more != "" {
					text = strings.Replace(text, "crm."+op+", with", "crm."+op+", "+more+", with", 1)
				}
				prepareOne(b, text)
				asked := map[string]int{}
				b.service.fail = func(_ string, n int) (error, bool) {
					word, _, _ := strings.Cut(b.service.calls[n-1].Text, " ")
					asked[word]++
					if first := word == "first"; first && more != "" && asked[word] == 1 || !first && asked[word] == 1 {
						return failure(connectors.Uncertain), first
					}
					return nil, true
				}
				b.serve(b.engine(text), 10*time.Minute)
				run, _ := b.run()
				if tt.release {
					b.revise(run.ID, desk.Release{Who: ann(), Unsure: desk.DoneUnsure})
					b.serve(b.engine(text), 10*time.Minute)
				}
				run, _ = b.run()
				if sent := strings.Join(b.service.sent(), "|"); strings.Count(sent, "second") != 1 || run.State.Status != store.Succeeded {
					t.Errorf("got %q and a run that %s (%s), want the second letter once", sent, run.State.Status, run.State.Reason)
				}
			})
		})
	}
}

// TestLost_DatedProofConfirmsAndNeverResends loses a write whose text does not hold the run's
// id. The service tells when its records were made, by its own clock.
func TestLost_DatedProofConfirmsAndNeverResends(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, 3 * time.Hour, -3 * time.Hour, 90 * time.Second, -700 * time.Millisecond} {
		for _, tt := range []struct {
			name    string
			arrived bool
			former  time.Duration // how long before there was a letter with the same text; 0 for none
			want    store.Status
			letters int
		}{
			{"arrived", true, 0, store.Succeeded, 1},
			{"arrived, after one like it", true, time.Minute, store.Succeeded, 2},
			{"did not", false, 0, store.Parked, 0},
			{"did not, but one like it is there", false, 3 * time.Second, store.Parked, 1},
		} {
			t.Run(fmt.Sprint(tt.name, skew), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, b *bench) {
					text := recipe("letter.put", "card.send")
					prepareOne(b, text)
					b.service.skew = skew
					if tt.former > 0 {
						b.service.effects = []effect{{Op: "card.send", To: "r1", Text: "Ann", At: time.Now().Add(-tt.former)}}
					}
					b.service.fail = func(string, int) (error, bool) { return failure(connectors.Uncertain), tt.arrived }
					b.serve(b.engine(text), time.Hour)
					run, steps := b.run()
					if run.State.Status != tt.want || len(b.service.calls) != 1 || len(b.service.effects) != tt.letters {
						t.Errorf("the run is %s (%s) after %d calls with %d letters, want %s after 1 with %d", run.State.Status, run.State.Reason,
							len(b.service.calls), len(b.service.effects), tt.want, tt.letters)
					}
					if e := steps["write"].Effect; tt.want == store.Succeeded && (e == nil || !e.Looked || e.State != store.Confirmed) {
						t.Errorf("got effect %+v, want one that a lookup confirmed", e)
					}
				})
			})
		}
	}
}

// TestLost_RefusalThatMayBeNone has a service refuse a write with a status that its connector
// calls uncertain.
func TestLost_RefusalThatMayBeNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		text   string
		status int
		done   bool
		want   store.Status
		kind   string
		calls  int
	}{
		{"found", withID, 422, true, store.Succeeded, "", 1},
		{"not found", withID, 422, false, store.Failed, "invalid", 1},
		{"not found, no refusal", withID, 502, false, store.Parked, "", 2},
		{"not found, no proof", "text: =record.name", 422, false, store.Parked, "uncertain", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", "letter.send", "text: =record.name", tt.text)
				prepareOne(b, text)
				b.service.fail = func(string, int) (error, bool) { return answer(connectors.Uncertain, tt.status), tt.done }
				b.serve(b.engine(text), time.Hour)
				run, steps := b.run()
				if run.State.Status != tt.want || len(b.service.calls) != tt.calls {
					t.Errorf("the run is %s (%v) after %d calls, want %s after %d", run.State.Status, run.State.Error, len(b.service.calls), tt.want, tt.calls)
				}
				if f := steps["write"].Error; tt.kind != "" && (f == nil || f.Kind != tt.kind || f.Status != tt.status) {
					t.Errorf("got error %+v, want %s with status %d", f, tt.kind, tt.status)
				}
			})
		})
	}
}

// TestLost_WhatALookupIsToldIsNotSaidToTheWrite refuses lookups for a while.
func TestLost_WhatALookupIsToldIsNotSaidToTheWrite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		look    error
		write   error
		restart bool
		want    store.Status
		calls   int
	}{
		{"too many requests", tooMany(time.Minute), answer(connectors.Uncertain, 0), false, store.Succeeded, 2},
		{"too many requests, restart", tooMany(10 * time.Minute), answer(connectors.Uncertain, 0), true, store.Succeeded, 2},
		{"trouble that passes", answer(connectors.Transient, 408), answer(connectors.Uncertain, 0), false, store.Succeeded, 2},
		{"the credential", answer(connectors.Auth, 401), answer(connectors.Uncertain, 0), false, store.Succeeded, 2},
		{"too many requests, the write was refused", tooMany(time.Minute), answer(connectors.Uncertain, 422), false, store.Failed, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", "letter.send", "text: =record.name", withID, "every: 1m", "every: 2h")
				b.once(text)
				b.service.put("r1", map[string]any{"name": "Ann"})
				b.wait(3 * time.Hour)
				looks := 0
				b.service.fail = func(_ string, n int) (error, bool) {
					if n > 1 {
						return nil, true
					}
					b.service.pageErr = func() error {
						if looks++; looks > 2 {
							return nil
						}
						return tt.look
					}
					return tt.write, false
				}
				if tt.restart {
					b.serve(b.engine(text), 3*time.Minute)
				}
				b.serve(b.engine(text), 90*time.Minute)
				if connectors.KindOf(tt.look) == connectors.Auth {
					b.service.put("r2", map[string]any{"name": "Bob"})
					b.wait(2 * time.Hour)
					b.serve(b.engine(text), 90*time.Minute)
					tt.calls++
				}
				runs := b.runs(store.RunFilter{Record: "r1"})
				if s := runs[0].State; s.Status != tt.want || len(b.service.calls) != tt.calls {
					t.Errorf("the run is %s (%s: %v) after %d calls, want %s after %d", s.Status, s.Reason, s.Error, len(b.service.calls), tt.want, tt.calls)
				}
			})
		})
	}
}

// TestSafeWrite_OrderHoldsWhenTheProgramDiesInACommit makes sure that what an item did is
// stored before its next step, while other items store theirs.
func TestSafeWrite_OrderHoldsWhenTheProgramDiesInACommit(t *testing.T) {
	t.Parallel()
	for n := 1; n < 12; n++ {
		bubble(t, func(t *testing.T, b *bench) {
			text := withSteps(`  - id: fan
    each: '["a", "b", "c"]'
    parallel: 3
    steps:
      - {id: x, call: crm.letter.put, with: {to: "${item}", text: "1"}}
      - {id: y, call: crm.letter.put, with: {to: "${item}", text: "2"}}
      - {id: z, call: crm.letter.put, with: {to: "${item}", text: "3"}}
`)
			prepareOne(b, text)
			truth := b.store
			b.store = &slowStore{Store: truth, dies: n, dead: func() { b.service.set(func() { b.service.dead = true }) }}
			b.service.delay, b.service.slow = 100*time.Millisecond, map[string]time.Duration{"b": 30 * time.Millisecond, "c": 170 * time.Millisecond}
			e := b.engine(text)
			b.store = truth
			b.live(e, time.Minute)
			b.serve(b.engine(text), time.Hour)
			last := map[string]string{}
			for _, e := range b.service.effects {
				if e.Text < last[e.To] {
					t.Errorf("death in commit %d: %s: %s came after %s", n, e.To, e.Text, last[e.To])
				}
				last[e.To] = e.Text
			}
		})
	}
}

// slowStore takes a second for each commit of a run, and the program dies in the middle of
// one of them: it is not stored.
type slowStore struct {
	store.Store
	mu   sync.Mutex
	dies int
	dead func()
}

func (s *slowStore) SaveStep(ctx context.Context, c store.StepSave) error {
	<-time.After(500 * time.Millisecond)
	s.mu.Lock()
	s.dies--
	left := s.dies
	s.mu.Unlock()
	if left == 0 {
		s.dead()
	}
	if left <= 0 {
		return errDead
	}
	<-time.After(500 * time.Millisecond)
	return s.Store.SaveStep(ctx, c)
}

// TestLost_AWriteThatLooksByItselfIsCarriedOutAnew loses writes that read before they
// write. Nothing in their texts could prove anything; once the service had time to show
// what was made, their own read does.
func TestLost_AWriteThatLooksByItselfIsCarriedOutAnew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		losses int
		want   store.Status
		sends  int
	}{{"once", 1, store.Succeeded, 2}, {"twice", 2, store.Parked, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := withSteps("  - {id: a, call: crm.card.upsert, with: {to: r1, text: hello}}\n")
				prepareOne(b, text)
				var at []time.Time
				b.service.fail = func(_ string, n int) (error, bool) {
					if at = append(at, time.Now()); n <= tt.losses {
						return failure(connectors.Uncertain), false
					}
					return nil, true
				}
				b.serve(b.engine(text), 10*time.Minute)
				run, _ := b.run()
				if run.State.Status != tt.want || len(at) != tt.sends {
					t.Fatalf("the run is %s (%v) after %d sends, want %s after %d", run.State.Status, run.State.Error, len(at), tt.want, tt.sends)
				}
				if waited := at[1].Sub(at[0]); waited < time.Minute {
					t.Errorf("sent again after %s, want the time that the service may take to show it", waited)
				}
			})
		})
	}
}

// TestLost_AWriteThatLooksByItselfIsNotProvedByAnothersRecord loses an upsert that never
// arrived, while somebody else makes the record: what was to be written is not in it.
func TestLost_AWriteThatLooksByItselfIsNotProvedByAnothersRecord(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, withSteps("  - {id: a, call: crm.card.upsert, with: {to: r1, text: ours}}\n"))
		b.service.fail = func(_ string, n int) (error, bool) {
			if n > 1 {
				return nil, true
			}
			b.service.effects = append(b.service.effects, effect{Op: "card.upsert", To: "r1", Text: "theirs", At: time.Now().Add(time.Second)})
			return failure(connectors.Uncertain), false
		}
		b.serve(b.engine(withSteps("  - {id: a, call: crm.card.upsert, with: {to: r1, text: ours}}\n")), 10*time.Minute)
		run, _ := b.run()
		last := b.service.effects[len(b.service.effects)-1]
		if run.State.Status != store.Succeeded || last.Text != "ours" {
			t.Errorf("the run is %s (%v) and the record holds %q, want it to hold what the run wrote", run.State.Status, run.State.Error, last.Text)
		}
	})
}
