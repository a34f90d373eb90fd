package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
)

// fan is a recipe that writes a letter to each of a list, and then one that tells of it.
func fan(op, list string, parallel int, more string) string {
	return withSteps(fmt.Sprintf(`  - id: fan
    each: '%s'
    parallel: %d
    steps:
      - {id: name, set: {to: "${item}"}}
      - {id: send, call: crm.%s, with: {to: =steps.name.to, text: "${index} ${run.id}"}%s}
  - {id: tell, call: crm.letter.put, with: {to: tell, text: '${steps.fan.count}: ${join(map(steps.fan.results, #.name.to + "=" + (#.send.to ?? "?")), ",")}'}}
`, list, parallel, op, more))
}

// tooMany is how a service says that it wants to be left alone.
func tooMany(d time.Duration) error {
	return &connectors.Error{Kind: connectors.RateLimited, Op: "fake", Status: 429, RetryAfter: d, Err: errors.New("made up rate limit")}
}

// sorted are the words of a text in the order of the alphabet.
func sorted(text string) []string { return slices.Sorted(slices.Values(strings.Fields(text))) }

const abcd = `["a", "b", "c", "d"]`

func TestEach_GoesThroughTheListInOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		list, want string
		status     store.Status
	}{
		{abcd, "letter.fire a|letter.fire b|letter.fire c|letter.fire d|letter.put tell 4: a=a,b=b,c=c,d=d", store.Succeeded},
		{`[]`, "letter.put tell 0: ", store.Succeeded},
		{`fromJSON(record.email ?? "null")`, "letter.put tell 0: ", store.Succeeded},
		{`fromJSON("12")`, "", store.Failed},
	} {
		t.Run(tt.list, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := fan("letter.fire", tt.list, 1, "")
				prepareOne(b, text)
				b.service.delay = time.Second
				b.serve(b.engine(text), time.Minute)
				run, steps := b.run()
				var got []string
				for i, e := range b.service.effects {
					if got = append(got, strings.TrimSpace(e.Op+" "+e.To+" "+e.Text)); e.To != "tell" {
						got[i], _, _ = strings.Cut(got[i], fmt.Sprint(" ", i, " ", run.ID))
						if want := fmt.Sprintf("%s/fan[%d].send", run.ID, i); e.Key != want {
							t.Errorf("got key %q, want %q", e.Key, want)
						}
					}
				}
				if s := strings.Join(got, "|"); s != strings.TrimSpace(tt.want) || run.State.Status != tt.status {
					t.Errorf("got %q and a run that %s, want %q and %s", s, run.State.Status, tt.want, tt.status)
				}
				if s, ok := steps["fan"]; !ok || tt.status == store.Failed && (s.Error == nil || s.Error.Step != "fan") {
					t.Errorf("got step %+v, want one named fan, with an error if it failed", s)
				}
			})
		})
	}
}

// TestEach_ResultsStayWithTheirItem has each item see what it did itself, and nothing else.
func TestEach_ResultsStayWithTheirItem(t *testing.T) {
	t.Parallel()
	text := withSteps(`  - id: out
    each: '["a", "b"]'
    parallel: 2
    steps:
      - {id: first, if: index == 0, set: {v: "${item}"}}
      - id: deeper
        each: '[1, 2]'
        steps:
          - {id: deep, if: item == 1, set: {v: "${index}${steps.first.v}"}}
          - ` + letterTo("x", "letter.put", "${item}-${steps.first.v}-${steps.deep.v}", "") + `
      - {id: sum, set: {v: '=join(map(steps.deeper.results, #.deep.v ?? "nil"), "+")'}}
  - {id: tell, call: crm.letter.put, with: {to: tell, text: '${join(map(steps.out.results, #.sum.v), "|")}'}}
`)
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, text)
		b.service.delay = time.Second
		b.serve(b.engine(text), time.Minute)
		got := sorted(b.addressees())
		if want := "1--0 1-a-0a 2-- 2-a- tell"; strings.Join(got, " ") != want {
			t.Errorf("got letters to %q, want %q", got, want)
		}
		if last := b.service.sent(); last[len(last)-1] != "letter.put tell 0a+nil|0+nil" {
			t.Errorf("got %q at last, want the results of both items", last[len(last)-1])
		}
	})
}

func TestEach_ParallelOverlapsAndNoMoreThanThat(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 16} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := fan("letter.fire", `map(split(repeat("x,", 31), ","), #index)`, n, "")
				text = strings.Replace(text, `map(split(repeat("x,", 31), ","), #index)`, `map(1..32, string(#))`, 1)
				prepareOne(b, text)
				b.service.delay = time.Second
				began := time.Now()
				b.serve(b.engine(text), 2*time.Minute)
				if len(b.service.effects) != 33 || b.service.most != n {
					t.Fatalf("%d letters, %d at once; want 33 and %d", len(b.service.effects), b.service.most, n)
				}
				e := b.service.effects
				if took, want := e[31].At.Sub(began), time.Duration(32/n)*time.Second; took < want || took > want+3*time.Second {
					t.Errorf("took %s, want %s", took, want)
				}
			})
		})
	}
}

// TestEach_OneThatWaitsHoldsThoseBehindItUnlessTheyAreParallel has the first item be told to wait.
func TestEach_OneThatWaitsHoldsThoseBehindItUnlessTheyAreParallel(t *testing.T) {
	t.Parallel()
	for parallel, want := range map[int]string{1: "a b c d tell", 2: "b c d a tell"} {
		bubble(t, func(t *testing.T, b *bench) {
			text := fan("letter.fire", abcd, parallel, "")
			prepareOne(b, text)
			b.service.fail = func(_ string, n int) (error, bool) {
				if n == 1 {
					return tooMany(5 * time.Hour), false
				}
				return nil, true
			}
			b.serve(b.engine(text), 4*time.Hour)
			if parallel == 1 && len(b.service.calls) != 1 {
				t.Errorf("%d calls while the first item waits, want 1", len(b.service.calls))
			}
			b.serve(b.engine(text), 2*time.Hour)
			if got := b.addressees(); got != want {
				t.Errorf("parallel %d: got letters to %q, want %q", parallel, got, want)
			}
			if run, steps := b.run(); run.State.Attempts < 0 || steps["fan[0].send"].Attempts != 1 {
				t.Errorf("parallel %d: got %d attempts of the run and %d of the step, want 0 or more and 1", parallel, run.State.Attempts, steps["fan[0].send"].Attempts)
			}
		})
	}
}

// TestEach_ItemsWaitDifferently lets each item wait until a time of its own. A long
// Retry-After of one is kept while others wake the run.
func TestEach_ItemsWaitDifferently(t *testing.T) {
	t.Parallel()
	text := withSteps(`  - id: fan
    each: '["3h", "1h", "2h", "50h"]'
    parallel: 4
    steps:
      - {id: w, wait: {until: '=date(record.updated) + (item == "1h" ? duration("1h") : item == "2h" ? duration("2h") : item == "3h" ? duration("3h") : duration("50h"))'}}
      - ` + letterTo("send", "letter.fire", "${item}", "") + `
  - ` + letterTo("tell", "letter.fire", "tell", "") + "\n")
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, text)
		asked := map[string]int{}
		b.service.fail = func(_ string, n int) (error, bool) {
			to := b.service.calls[n-1].To
			if asked[to]++; to == "1h" && asked[to] == 1 {
				return tooMany(20 * time.Hour), false
			}
			return nil, true
		}
		for range 10 {
			b.serve(b.engine(text), 6*time.Hour)
		}
		if got := b.addressees(); got != "2h 3h 1h 50h tell" || asked["1h"] != 2 {
			t.Errorf("got letters to %q, %d of them asked for, want 2h 3h 1h 50h tell and 2", got, asked["1h"])
		}
		began := b.service.effects[0].At.Add(-2 * time.Hour)
		for i, want := range []time.Duration{2 * time.Hour, 3 * time.Hour, 21 * time.Hour, 50 * time.Hour} {
			if got := b.service.effects[i].At.Sub(began); got < want || got > want+2*time.Minute {
				t.Errorf("letter %d after %s, want %s", i, got, want)
			}
		}
	})
}

// TestEach_ResumesAfterADeathAtEveryPoint kills the program at the nth passing of every
// point, for each repeat rule, one after the other and in parallel.
func TestEach_ResumesAfterADeathAtEveryPoint(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"letter.put", "letter.send", "letter.fire"} {
		for _, parallel := range []int{1, 3} {
			for _, point := range engine.Points() {
				for _, n := range []int{1, 2, 4, 5} {
					t.Run(fmt.Sprint(op, parallel, point, n), func(t *testing.T) {
						t.Parallel()
						bubble(t, func(t *testing.T, b *bench) { dieInFan(b, op, parallel, point, n) })
					})
				}
			}
		}
	}
}

func dieInFan(b *bench, op string, parallel int, point engine.Point, n int) {
	text := fan(op, abcd, parallel, "")
	prepareOne(b, text)
	b.service.delay = time.Second
	if point == engine.BeforeLookup {
		b.service.fail = func(_ string, n int) (error, bool) {
			if n > 3 {
				return nil, true
			}
			return failure(connectors.Uncertain), n%2 == 0
		}
	}
	b.live(b.kill(point, n, text), 5*time.Minute)
	b.service.set(func() { b.service.fail = nil })
	b.serve(b.engine(text), time.Hour)
	run, steps := b.run()
	count := map[string]int{}
	for _, e := range b.service.effects {
		count[e.To]++
	}
	lost := 0
	for i, to := range []string{"a", "b", "c", "d"} {
		s := steps[fmt.Sprintf("fan[%d].send", i)]
		unsure := s.Effect != nil && s.Effect.State == store.Unsure
		if unsure {
			lost++
		}
		switch got := count[to]; {
		case op != "letter.put" && got > 1:
			b.t.Errorf("%d letters to %s, want one", got, to)
		case run.State.Status == store.Succeeded && got == 0, unsure && run.State.Status != store.Parked:
			b.t.Errorf("the run %s with %d letters to %s (%+v)", run.State.Status, got, to, s)
		}
	}
	switch {
	case run.State.Status == store.Succeeded:
	case run.State.Status == store.Parked && run.State.Reason == "unsure" && op == "letter.fire" && lost > 0:
	default:
		b.t.Errorf("the run is %s (%s), %d letters are unsure", run.State.Status, run.State.Reason, lost)
	}
}

// TestEach_ContinueGivesUpTheItemOnly refuses a letter, with a rule of the each.
func TestEach_ContinueGivesUpTheItemOnly(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 4} {
		bubble(t, func(t *testing.T, b *bench) {
			text := withSteps(fmt.Sprintf(`  - id: fan
    each: '%s'
    parallel: %d
    steps:
      - %s
      - %s
    on_error: [{match: invalid, do: continue}]
  - {id: tell, call: crm.letter.put, with: {to: tell, text: '${steps.fan.count}${join(map(steps.fan.results, #.x.to ?? "?"), ",")}'}}
`, abcd, parallel, letterTo("x", "letter.fire", "${item}", ""), letterTo("y", "letter.fire", "${item}2", "")))
			prepareOne(b, text)
			b.refuse(connectors.Invalid, "b", "d2")
			b.serve(b.engine(text), time.Minute)
			got := sorted(b.addressees())
			if s := strings.Join(got, " "); s != "a a2 c c2 d tell" {
				t.Errorf("parallel %d: got letters to %q, want b without both, d without its second", parallel, s)
			}
			if list := b.service.sent(); list[len(list)-1] != "letter.put tell 4a,?,c,d" {
				t.Errorf("parallel %d: got %q at last", parallel, list[len(list)-1])
			}
		})
	}
}

func TestEach_StopEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, how := range []string{`{id: s, if: 'item == "b"', stop: enough}`, `{id: s, if: 'item == "b"', set: {v: 1}, then: stop}`} {
		bubble(t, func(t *testing.T, b *bench) {
			text := withSteps(fmt.Sprintf("  - {id: fan, each: '%s', steps: [%s, %s]}\n  - %s\n", abcd, how,
				letterTo("x", "letter.fire", "${item}", ""), letterTo("tell", "letter.fire", "tell", "")))
			prepareOne(b, text)
			b.serve(b.engine(text), time.Minute)
			if run, _ := b.run(); b.addressees() != "a" || run.State.Status != store.Succeeded {
				t.Errorf("got letters to %q and a run that %s, want a alone and a good end", b.addressees(), run.State.Status)
			}
		})
	}
}

// TestEach_ParkedItemStopsNoOthersAndIsDoneAlone parks the second of four parallel items.
func TestEach_ParkedItemStopsNoOthersAndIsDoneAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule desk.UnsureRule
		kind connectors.Kind
		more string
		want string
	}{
		{desk.SendUnsure, connectors.Uncertain, "", "a b c d tell"},
		{desk.DoneUnsure, connectors.Uncertain, "", "a c d tell"},
		{desk.AskUnsure, connectors.Invalid, ", on_error: [{match: any, do: park}]", "a b c d tell"},
	} {
		t.Run(fmt.Sprint(tt.rule, tt.kind), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := fan("letter.fire", abcd, 2, tt.more)
				prepareOne(b, text)
				b.service.delay = time.Second
				b.refuse(tt.kind, "b")
				b.serve(b.engine(text), time.Hour)
				b.serve(b.engine(text), time.Hour)
				run, _ := b.run()
				if got := b.addressees(); strings.Join(sorted(got), "") != "acd" || run.State.Status != store.Parked {
					t.Fatalf("got letters to %q and a run that is %s, want a c d and parked", got, run.State.Status)
				}
				b.revise(run.ID, desk.Release{Who: ann(), Unsure: tt.rule})
				b.service.fail = nil
				calls := len(b.service.calls)
				b.serve(b.engine(text), time.Hour)
				if got := b.addressees(); strings.Join(sorted(got), " ") != tt.want {
					t.Errorf("got letters to %q, want %q", got, tt.want)
				}
				if most := len(strings.Fields(tt.want)) - 3; len(b.service.calls)-calls != most {
					t.Errorf("%d calls after the release, want %d", len(b.service.calls)-calls, most)
				}
			})
		})
	}
}

// TestEach_UnsureItemIsNotSentAgainWithARefusedCredential has the credential of one item be
// refused while the write of another is lost: what goes on by itself must not take it along.
func TestEach_UnsureItemIsNotSentAgainWithARefusedCredential(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := fan("letter.fire", abcd, 2, "")
		prepareOne(b, text)
		b.service.delay, b.service.slow = time.Second, map[string]time.Duration{"b": time.Second}
		b.service.fail = func(_ string, n int) (error, bool) {
			switch to := b.service.calls[n-1].To; {
			case to == "a" && n <= 2:
				return failure(connectors.Auth), false
			case to == "b":
				return failure(connectors.Uncertain), true
			}
			return nil, true
		}
		b.serve(b.engine(text), time.Minute)
		b.service.put("r2", map[string]any{"name": "Bob"}) // its first call shows that the credential works
		b.serve(b.engine(text), time.Hour)
		count := map[string]int{}
		for _, e := range b.service.effects {
			count[e.Text]++
		}
		for text, n := range count {
			if n > 1 && !strings.Contains(text, ":") {
				t.Errorf("%q was sent %d times, want once", text, n)
			}
		}
	})
}

// TestEach_EndOfTheRunSettlesWhatIsLost ends the run by one item, while the write of another
// is lost: the run must know what became of it before it ends.
func TestEach_EndOfTheRunSettlesWhatIsLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, first, around string
		status              store.Status
	}{
		{"stop", `{id: s, if: 'index == 1 and record.name != nil', stop: enough}`, "", store.Succeeded},
		{"fail", `{id: s, if: 'index == 1', set: {v: '=date("x")'}}`, "", store.Failed},
		{"stop by rule", `{id: s, if: 'index == 1', set: {v: '=date("x")'}, on_error: [{match: any, do: stop}]}`, "", store.Succeeded},
		{"given up", `{id: s, if: 'index == 1', set: {v: '=date("x")'}}`, "on_error: [{match: invalid, do: continue}]", store.Succeeded},
	} {
		for _, arrived := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, arrived), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, b *bench) {
					text := withSteps(`  - id: sw
    switch:
      - if: record.count != 99
        steps:
          - {id: fan, each: '["a", "b", "c"]', parallel: 2, steps: [` +
						strings.ReplaceAll(tt.first, `date("x")`, `date(record.name)`) + ", " +
						`{id: x, call: crm.letter.send, with: {to: "${item}", text: "${index} ${run.id}"}}` + `]}
    ` + tt.around + "\n")
					prepareOne(b, text)
					b.service.fail = func(_ string, n int) (error, bool) {
						if n == 1 {
							return failure(connectors.Uncertain), arrived
						}
						return nil, true
					}
					b.serve(b.engine(text), time.Hour)
					run, steps := b.run()
					if run.State.Status != tt.status {
						t.Errorf("the run is %s (%s: %v), want %s", run.State.Status, run.State.Reason, run.State.Error, tt.status)
					}
					if s := steps["fan[0].x"]; s.Effect == nil || s.Effect.State != store.Confirmed || len(b.service.effects) != 1 {
						t.Errorf("got step %+v and letters to %q, want it confirmed and one letter", s, b.addressees())
					}
				})
			})
		}
	}
}

func TestEach_PanicOfOneItemStopsTheRunForAMinuteOnly(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 3} {
		bubble(t, func(t *testing.T, b *bench) {
			text := fan("letter.fire", abcd, parallel, "")
			prepareOne(b, text)
			b.service.delay = time.Second
			var once atomic.Bool
			b.service.fail = func(_ string, n int) (error, bool) {
				if b.service.calls[n-1].To == "b" && !once.Swap(true) {
					panic("the connector went mad")
				}
				return nil, true
			}
			b.serve(b.engine(text), time.Hour)
			run, steps := b.run()
			// Nobody knows of b; all others are known.
			if run.State.Status != store.Parked || run.State.Reason != "unsure" || steps["fan[1].send"].Effect.State != store.Unsure {
				t.Errorf("parallel %d: the run is %s (%s), want parked for the letter to b", parallel, run.State.Status, run.State.Reason)
			}
			if s := steps["fan[0].send"]; s.Status != "succeeded" {
				t.Errorf("parallel %d: got step %+v, want it succeeded", parallel, s)
			}
			count := map[string]int{}
			for _, e := range b.service.effects {
				if count[e.To]++; count[e.To] > 1 {
					t.Errorf("parallel %d: more than one letter to %s", parallel, e.To)
				}
			}
		})
	}
}

// TestEach_HardStopKeepsTheAnswersOfOthers stops the program while three of four answers
// are there.
func TestEach_HardStopKeepsTheAnswersOfOthers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := fan("letter.fire", abcd, 4, "")
		prepareOne(b, text)
		b.service.stubborn, b.service.delay = true, 20*time.Second
		b.service.fail = func(_ string, n int) (error, bool) {
			if b.service.calls[n-1].To == "a" {
				return failure(connectors.Canceled), true
			}
			return nil, true
		}
		b.serve(b.engine(text), time.Second)
		_, steps := b.run()
		for i := range 4 {
			s := steps[fmt.Sprintf("fan[%d].send", i)]
			if want := map[bool]store.EffectState{true: store.Sent, false: store.Confirmed}[i == 0]; s.Effect == nil || s.Effect.State != want {
				t.Errorf("item %d: got %+v, want %s", i, s.Effect, want)
			}
		}
	})
}

func TestEach_TenThousandItems(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 16} {
		bubble(t, func(t *testing.T, b *bench) {
			text := withSteps(fmt.Sprintf(`  - {id: many, each: '1..10000', parallel: %d, steps: [{id: x, set: {n: =item}}]}
  - {id: tell, call: crm.letter.put, with: {to: tell, text: '${steps.many.count} ${sum(map(steps.many.results, #.x.n))}'}}
`, parallel))
			prepareOne(b, text)
			b.serve(b.engine(text), time.Minute)
			b.expect("letter.put tell 10000 50005000")
		})
	}
}
