package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// withID is the letter's text that a lookup can prove a write by.
const withID = `text: "hello (run ${run.id})"`

// prepareOne makes the feed known and one new record appear.
func prepareOne(b *bench, text string) {
	b.once(text)
	b.service.put("r1", map[string]any{"name": "Ann"})
	b.wait(2 * time.Minute) // the feed is due again
}

// TestEffect_MatrixOfFaults says for each rule and each fault how the run ends,
// what the ledger says and how often the effect happened.
func TestEffect_MatrixOfFaults(t *testing.T) {
	t.Parallel()
	lostOnce := func(done bool) func(string, int) (error, bool) {
		return func(_ string, n int) (error, bool) {
			if n == 1 {
				return failure(connectors.Uncertain), done
			}
			return nil, true
		}
	}
	kindOnce := func(k connectors.Kind) func(string, int) (error, bool) {
		return func(_ string, n int) (error, bool) {
			if n == 1 {
				return failure(k), false
			}
			return nil, true
		}
	}
	for _, tt := range []struct {
		name    string
		op      string
		fail    func(string, int) (error, bool)
		status  store.Status
		state   store.EffectState
		calls   int
		effects int
	}{
		{"safe, all well", "letter.put", nil, store.Succeeded, store.Confirmed, 1, 1},
		{"safe, answer lost", "letter.put", lostOnce(true), store.Succeeded, store.Confirmed, 2, 2},
		{"safe, request lost", "letter.put", lostOnce(false), store.Succeeded, store.Confirmed, 2, 1},
		{"safe, trouble that passes", "letter.put", kindOnce(connectors.Transient), store.Succeeded, store.Confirmed, 2, 1},
		{"safe, too many requests", "letter.put", kindOnce(connectors.RateLimited), store.Succeeded, store.Confirmed, 2, 1},
		{"safe, refused", "letter.put", kindOnce(connectors.Invalid), store.Failed, store.NotDone, 1, 0},
		{"safe, not found", "letter.put", kindOnce(connectors.NotFound), store.Failed, store.NotDone, 1, 0},
		{"safe, conflict", "letter.put", kindOnce(connectors.Conflict), store.Failed, store.NotDone, 1, 0},
		{"find, all well", "letter.send", nil, store.Succeeded, store.Confirmed, 1, 1},
		{"find, answer lost", "letter.send", lostOnce(true), store.Succeeded, store.Confirmed, 1, 1},
		{"find, request lost", "letter.send", lostOnce(false), store.Succeeded, store.Confirmed, 2, 1},
		{"find, trouble that passes", "letter.send", kindOnce(connectors.Transient), store.Succeeded, store.Confirmed, 2, 1},
		{"find, refused", "letter.send", kindOnce(connectors.Invalid), store.Failed, store.NotDone, 1, 0},
		{"never, all well", "letter.fire", nil, store.Succeeded, store.Confirmed, 1, 1},
		{"never, answer lost", "letter.fire", lostOnce(true), store.Parked, store.Unsure, 1, 1},
		{"never, request lost", "letter.fire", lostOnce(false), store.Parked, store.Unsure, 1, 0},
		{"never, given up by the session", "letter.fire", kindOnce(connectors.Canceled), store.Parked, store.Unsure, 1, 0},
		{"safe, given up by the session", "letter.put", kindOnce(connectors.Canceled), store.Succeeded, store.Confirmed, 2, 1},
		{"never, trouble that passes", "letter.fire", kindOnce(connectors.Transient), store.Succeeded, store.Confirmed, 2, 1},
		{"never, too many requests", "letter.fire", kindOnce(connectors.RateLimited), store.Succeeded, store.Confirmed, 2, 1},
		{"never, credential refused", "letter.fire", kindOnce(connectors.Auth), store.Parked, store.NotDone, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", tt.op, "text: =record.name", withID)
				prepareOne(b, text)
				b.service.fail = tt.fail
				b.serve(b.engine(text), 4*time.Minute)
				runs := b.runs(store.RunFilter{})
				if len(runs) != 1 {
					t.Fatalf("got %d runs, want 1", len(runs))
				}
				_, steps, err := b.store.LoadRun(t.Context(), runs[0].ID)
				if err != nil || len(steps) != 1 || steps[0].Effect == nil {
					t.Fatalf("got steps %+v, %v; want one with an effect", steps, err)
				}
				if runs[0].State.Status != tt.status || steps[0].Effect.State != tt.state {
					t.Errorf("run %s with effect %s, want %s with %s", runs[0].State.Status, steps[0].Effect.State, tt.status, tt.state)
				}
				if got := len(b.service.calls); got != tt.calls {
					t.Errorf("%d calls, want %d", got, tt.calls)
				}
				if got := len(b.service.effects); got != tt.effects {
					t.Errorf("%d effects, want %d", got, tt.effects)
				}
			})
		})
	}
}

func TestEffect_FindWithoutProofParks(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.send") // the text does not hold the run's id
		prepareOne(b, text)
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Uncertain), true }
		b.serve(b.engine(text), 10*time.Minute)
		runs := b.runs(store.RunFilter{Status: store.Parked})
		if len(runs) != 1 || runs[0].State.Reason != "unsure" {
			t.Errorf("got %+v, want one run that is parked as unsure", runs)
		}
		b.expect("letter.send r1 Ann")
	})
}

func TestEffect_LostTwiceIsParkedAfterTheSecondLookup(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.send", "text: =record.name", withID)
		prepareOne(b, text)
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Uncertain), false }
		b.serve(b.engine(text), time.Hour)
		if got := len(b.service.calls); got != 2 {
			t.Errorf("%d calls, want the first and one more after the lookup", got)
		}
		if runs := b.runs(store.RunFilter{Status: store.Parked}); len(runs) != 1 || runs[0].State.Reason != "unsure" {
			t.Errorf("got %+v, want one run that is parked as unsure", runs)
		}
	})
}

// TestEffect_HardStopInACallIsSettledByTheNextStart ends the work in the middle
// of a call: the effect happened, nobody knows.
func TestEffect_HardStopInACallIsSettledByTheNextStart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op      string
		calls   int
		parked  int
		effects int
	}{
		{"letter.put", 2, 0, 2},
		{"letter.send", 1, 0, 1},
		{"letter.fire", 1, 1, 1},
	} {
		t.Run(tt.op, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", tt.op, "text: =record.name", withID)
				prepareOne(b, text)
				b.service.delay = time.Hour
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				if err := b.engine(text).Run(ctx); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != 11*time.Second {
					t.Errorf("the stop took %s, want one second and the drain time", took)
				}
				b.service.delay = 0
				b.serve(b.engine(text), 10*time.Minute)
				if got := len(b.service.calls); got != tt.calls {
					t.Errorf("%d calls, want %d", got, tt.calls)
				}
				if got := len(b.service.effects); got != tt.effects {
					t.Errorf("%d effects, want %d", got, tt.effects)
				}
				if got := len(b.runs(store.RunFilter{Status: store.Parked})); got != tt.parked {
					t.Errorf("%d parked runs, want %d", got, tt.parked)
				}
			})
		})
	}
}

func TestEffect_HardStopWithoutProofParks(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.send") // the text does not hold the run's id
		prepareOne(b, text)
		b.service.delay = time.Hour
		b.serve(b.engine(text), time.Second)
		b.service.delay = 0
		b.serve(b.engine(text), 10*time.Minute)
		if runs := b.runs(store.RunFilter{Status: store.Parked}); len(runs) != 1 || runs[0].State.Reason != "unsure" {
			t.Errorf("got %+v, want one run that is parked as unsure", runs)
		}
		b.expect("letter.send r1 Ann")
	})
}

func TestEffect_SoftStopLetsTheCallFinish(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.fire")
		prepareOne(b, text)
		b.service.delay = 5 * time.Second
		b.serve(b.engine(text), time.Second)
		if got := len(b.runs(store.RunFilter{Status: store.Succeeded})); got != 1 {
			t.Errorf("%d runs succeeded, want the one that was under way", got)
		}
	})
}

func TestEffect_StepsThatAreSavedAreNotRepeated(t *testing.T) {
	t.Parallel()
	two := recipe("letter.put", "letter.fire", "text: =record.name}", "text: first}\n  - id: values\n    set: {n: =record.name}\n"+
		"  - id: second\n    call: crm.letter.fire\n    with: {to: =record.id, text: \"${steps.values.n} after ${steps.write.id}\"}")
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, two)
		b.service.fail = func(_ string, n int) (error, bool) {
			if n == 2 || n == 3 {
				return failure(connectors.Transient), false
			}
			return nil, true
		}
		b.serve(b.engine(two), 10*time.Minute)
		b.expect("letter.fire r1 first", "letter.fire r1 Ann after 1")
	})
}

func TestEffect_RefusedCredentialRestsTheAccountAndGoesOnLater(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		for i := range 6 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Second)
		refuse := true
		b.service.fail = func(string, int) (error, bool) {
			if refuse {
				return failure(connectors.Auth), false
			}
			return nil, true
		}
		b.serve(b.engine(recipe()), time.Minute)
		if got := len(b.service.calls); got > 4 {
			t.Errorf("%d calls with a credential that does not work, want at most one a worker", got)
		}
		refuse = false
		b.serve(b.engine(recipe()), time.Minute)
		if got := len(b.service.effects); got != 6 {
			t.Errorf("%d effects after the credential worked again, want 6", got)
		}
	})
}

// TestEffect_LookupKnowsTheLettersOfOtherSteps loses the second of two letters that
// both hold the run's id: the first one proves nothing for it.
func TestEffect_LookupKnowsTheLettersOfOtherSteps(t *testing.T) {
	t.Parallel()
	pair := recipe("letter.put", "letter.send", "text: =record.name}", `text: "first ${run.id}"}`+
		"\n  - id: second\n    call: crm.letter.send\n    with: {to: =record.id, text: \"second ${run.id}\"}")
	for _, arrived := range []bool{false, true} {
		t.Run(fmt.Sprint("arrived ", arrived), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				prepareOne(b, pair)
				b.service.fail = func(_ string, n int) (error, bool) {
					if n == 2 {
						return failure(connectors.Uncertain), arrived
					}
					return nil, true
				}
				b.serve(b.engine(pair), 10*time.Minute)
				run := b.runs(store.RunFilter{})[0]
				b.expect("letter.send r1 first "+string(run.ID), "letter.send r1 second "+string(run.ID))
				if run.State.Status != store.Succeeded {
					t.Errorf("the run is %s, want succeeded", run.State.Status)
				}
			})
		})
	}
}

// TestEffect_LookupThatIsRefusedLeavesTheWriteUnsure refuses the lookup for good,
// with rules in the recipe that would let the run pass over an error.
func TestEffect_LookupThatIsRefusedLeavesTheWriteUnsure(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"", "\non_error: [{match: any, do: continue}]", "\non_error: [{match: any, do: stop}]"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", "letter.send", "text: =record.name}", withID+"}"+rule)
				prepareOne(b, text)
				b.service.fail = func(string, int) (error, bool) {
					b.service.pageErr = func() error { return failure(connectors.NotFound) }
					return failure(connectors.Uncertain), true
				}
				b.serve(b.engine(text), time.Hour)
				runs := b.runs(store.RunFilter{Status: store.Parked})
				if len(runs) != 1 || runs[0].State.Reason != "unsure" {
					t.Errorf("got %+v, want one run that is parked as unsure", runs)
				}
				if got := len(b.service.effects); got != 1 {
					t.Errorf("%d effects, want 1", got)
				}
			})
		})
	}
}

// TestEffect_LookupThatIsPutOffIsNoAnswerToTheWrite loses a write before it arrives, and has
// the first lookups and polls refused in ways that pass: what is said to the lookup must not be taken
// for what was said to the write.
func TestEffect_LookupThatIsPutOffIsNoAnswerToTheWrite(t *testing.T) {
	t.Parallel()
	for kind, status := range map[connectors.Kind]int{connectors.RateLimited: 429, connectors.Auth: 401, connectors.Transient: 408} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", "letter.send", "text: =record.name}", withID+"}")
				prepareOne(b, text)
				refused := 0
				b.service.fail = func(_ string, n int) (error, bool) {
					if n > 1 {
						return nil, true
					}
					b.service.pageErr = func() error {
						if refused++; refused > 4 {
							return nil
						}
						return &connectors.Error{Kind: kind, Op: "letter.list", Status: status, Err: errors.New("not now")}
					}
					return failure(connectors.Uncertain), false
				}
				b.serve(b.engine(text), time.Hour)
				runs := b.runs(store.RunFilter{})
				if refused == 0 || len(runs) != 1 || runs[0].State.Status != store.Succeeded || len(b.service.effects) != 1 {
					t.Errorf("after %d lookups and polls got %d letters and runs %+v, want one letter and a run that succeeded", refused, len(b.service.effects), runs)
				}
			})
		})
	}
}

func TestEffect_SafeWriteWithoutAnAnswerIsNotCalledNotDone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("text: =record.name}", "text: =record.name}\n    retry: {tries: 2, wait: 1s..2s}")
		prepareOne(b, text)
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Uncertain), true }
		b.serve(b.engine(text), time.Hour)
		run := b.runs(store.RunFilter{})[0]
		_, steps, err := b.store.LoadRun(t.Context(), run.ID)
		if err != nil || run.State.Status != store.Parked || steps[0].Effect.State != store.Unsure {
			t.Errorf("got run %s with steps %+v, %v; want a parked run with an unsure effect", run.State.Status, steps, err)
		}
	})
}

// TestEffect_DefiniteAnswerAtTheTimeLimitCounts has the service say no at the very
// moment at which the step's time is over.
func TestEffect_DefiniteAnswerAtTheTimeLimitCounts(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.fire", "text: =record.name}", "text: =record.name}\n    timeout: 5s")
		prepareOne(b, text)
		b.service.stubborn = true
		b.service.delay = 6 * time.Second
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Invalid), false }
		b.serve(b.engine(text), time.Minute)
		if runs := b.runs(store.RunFilter{}); len(runs) != 1 || runs[0].State.Status != store.Failed {
			t.Errorf("got %+v, want one run that failed because the service said no", runs)
		}
	})
}

// TestEffect_MissingScopeIsNotAskedForAgainAndAgain has one operation that the
// credential is good for and one that it is refused for.
func TestEffect_MissingScopeIsNotAskedForAgainAndAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		bad := recipe("letter.put", "letter.fire", "id: letters", "id: bad", "to: =record.id", `to: "bad ${record.id}"`)
		b.service.delay = 200 * time.Millisecond // nobody is refused before the others have asked
		b.once(recipe(), bad)
		b.service.fail = func(op string, _ int) (error, bool) {
			if op == "letter.fire" {
				return failure(connectors.Auth), false
			}
			return nil, true
		}
		for i := range 5 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(2 * time.Minute)
		b.serve(b.engine(recipe(), bad), time.Hour)
		refused := 0
		for _, c := range b.service.calls {
			if c.Op == "letter.fire" {
				refused++
			}
		}
		if refused > 60 {
			t.Errorf("%d calls in an hour that the service refuses, want a few every five minutes", refused)
		}
		if got := len(b.service.effects); got != 5 {
			t.Errorf("%d letters of the recipe whose operation works, want 5", got)
		}
	})
}
