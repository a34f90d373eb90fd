package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// withSteps is a recipe with these steps; the trigger's connection is crm.
func withSteps(steps string) string {
	head, _, _ := strings.Cut(recipe(), "steps:")
	return head + "steps:\n" + steps
}

// letterTo is a step that writes a letter; more goes on at the step's level.
func letterTo(id, op, to, more string) string {
	return fmt.Sprintf("{id: %s, call: crm.%s, with: {to: \"%s\", text: \"%s ${run.id}\"}%s}", id, op, to, id, more)
}

// refuse makes the service refuse the letters to some.
func (b *bench) refuse(kind connectors.Kind, to ...string) {
	b.service.fail = func(_ string, n int) (error, bool) {
		if slices.Contains(to, b.service.calls[n-1].To) {
			return failure(kind), false
		}
		return nil, true
	}
}

// addressees are those who received letters, in order.
func (b *bench) addressees() string {
	var list []string
	b.service.set(func() {
		for _, e := range b.service.effects {
			list = append(list, e.To)
		}
	})
	return strings.Join(list, " ")
}

// run returns the only run with its steps.
func (b *bench) run() (store.Run, map[string]store.Step) {
	b.t.Helper()
	runs := b.runs(store.RunFilter{})
	if len(runs) != 1 {
		b.t.Fatalf("got %d runs, want 1", len(runs))
	}
	run, list, err := b.store.LoadRun(b.t.Context(), runs[0].ID)
	if err != nil {
		b.t.Fatal(err)
	}
	steps := map[string]store.Step{}
	for _, s := range list {
		steps[s.ID] = s
	}
	return run, steps
}

// kill builds an engine that dies when it passes a point for the nth time: from then
// on nothing is stored and nothing leaves.
func (b *bench) kill(point engine.Point, n int, texts ...string) *engine.Engine {
	truth := b.store
	mortal := &mortalStore{Store: truth, lives: 1 << 40}
	b.store = mortal
	b.hooks.At = func(p engine.Point) {
		mortal.mu.Lock()
		defer mortal.mu.Unlock()
		if p != point {
			return
		}
		if n--; n == 0 {
			mortal.lives = 0
			b.service.set(func() { b.service.dead = true })
		}
	}
	e := b.engine(texts...)
	b.store, b.hooks.At = truth, nil
	return e
}

// live runs an engine that may die for a while, and brings the world back to life.
func (b *bench) live(e *engine.Engine, length time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), length)
	defer cancel()
	if err := e.Run(ctx); err != nil && !strings.Contains(err.Error(), errDead.Error()) {
		b.t.Errorf("run: %v", err)
	}
	b.service.set(func() { b.service.dead = false })
	broken, err := b.store.Check(b.t.Context())
	if err != nil || len(broken) > 0 {
		b.t.Errorf("store after a stop: %v %v", broken, err)
	}
}

func TestSwitch_CarriesOutOneCaseAndItsResultsAreSeenAfter(t *testing.T) {
	t.Parallel()
	text := withSteps(`  - id: which
    switch:
      - {if: record.count == 1, steps: [{id: one, set: {v: first}}, ` + letterTo("x", "letter.put", "x", "") + `]}
      - {if: record.count < 3, steps: [{id: two, set: {v: second}}]}
  - id: other
    switch:
      - {if: record.count == 1, steps: [{id: no, set: {v: inner}}]}
      - else:
          - id: deep
            switch: [{if: record.count == 2, steps: [{id: low, set: {v: two}}]}]
  - {id: tell, call: crm.letter.put, with: {to: =record.id, text: '${steps.which.case} ${steps.one.v ?? steps.two.v} ${steps.other.case} ${steps.deep.case} ${steps.low.v} ${steps.x.to}'}}
`)
	for count, want := range map[int]string{1: "0 first 0   x", 2: "1 second 1 0 two", 3: "-1  1 -1"} {
		t.Run(strconv.Itoa(count), func(t *testing.T) {
			t.Parallel()
			for _, restart := range []bool{false, true} {
				bubble(t, func(t *testing.T, b *bench) {
					b.once(text)
					b.service.put("r1", map[string]any{"count": count})
					b.wait(2 * time.Minute)
					if restart { // everything but the last letter is behind the run
						b.service.fail = func(_ string, n int) (error, bool) {
							if b.service.calls[n-1].To == "r1" {
								return failure(connectors.Transient), false
							}
							return nil, true
						}
						b.serve(b.engine(text), 10*time.Second)
						b.service.fail = nil
					}
					b.serve(b.engine(text), 20*time.Minute)
					got := b.service.sent()
					if got[len(got)-1] != "letter.put r1 "+strings.TrimSpace(want) {
						t.Errorf("restart %t: got %q, want the text %q", restart, got, want)
					}
				})
			}
		})
	}
}

// TestErrors_LevelsDecideWhereTheRunGoesOn puts one refused letter (bad) into a switch in a
// switch, with rules at each level.
func TestErrors_LevelsDecideWhereTheRunGoesOn(t *testing.T) {
	t.Parallel()
	const goOn = "on_error: [{match: invalid, do: continue}]"
	tree := func(own, inner, outer, recipe string) string {
		return withSteps(`  - id: outer
    switch:
      - if: record.count != 99
        steps:
          - id: inner
            switch:
              - if: record.count != 99
                steps:
                  - ` + letterTo("bad", "letter.fire", "bad", own) + `
                  - ` + letterTo("a", "letter.fire", "a", "") + `
            ` + inner + `
          - ` + letterTo("b", "letter.fire", "b", "") + `
    ` + outer + `
  - {id: c, call: crm.letter.fire, with: {to: c, text: "${steps.bad.id}"}}
` + recipe)
	}
	for _, tt := range []struct {
		name, own, inner, outer, recipe string
		want                            string
		status                          store.Status
	}{
		{"nobody has a rule", "", "", "", "", "", store.Failed},
		{"its own", ", " + goOn, "on_error: [{match: any, do: stop}]", "", "", "a b c", store.Succeeded},
		{"its own stops", ", on_error: [{match: any, do: stop}]", goOn, goOn, goOn, "", store.Succeeded},
		{"its own continues and then stops", ", then: stop, " + goOn, "", "", "", "", store.Succeeded},
		{"the inner switch's", "", goOn, "on_error: [{match: any, do: stop}]", "", "b c", store.Succeeded},
		{"the outer switch's", "", "", goOn, "", "c", store.Succeeded},
		{"the outer switch's, another kind within", ", on_error: [{match: conflict, do: continue}]", "on_error: [{match: auth, do: stop}]", goOn, "", "c", store.Succeeded},
		{"the recipe's", "", "", "", goOn, "a b c", store.Succeeded},
		{"the outer switch parks", "", "", "on_error: [{match: any, do: park}]", goOn, "", store.Parked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := tree(tt.own, tt.inner, tt.outer, tt.recipe)
				prepareOne(b, text)
				b.refuse(connectors.Invalid, "bad")
				b.serve(b.engine(text), 10*time.Minute)
				run, steps := b.run()
				if got := b.addressees(); got != tt.want || run.State.Status != tt.status {
					t.Errorf("got letters to %q and a run that %s, want %q and %s", got, run.State.Status, tt.want, tt.status)
				}
				if s := steps["bad"]; s.Error == nil || s.Error.Kind != "invalid" {
					t.Errorf("got step bad %+v, want its error to be kept", s)
				}
			})
		})
	}
}

// TestSwitch_GivenUpShowsTheSameAfterARestart lets a switch be given up behind a step that
// succeeded.
func TestSwitch_GivenUpShowsTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	text := withSteps(`  - id: which
    switch: [{if: record.count != 99, steps: [{id: seen, set: {v: yes}}, ` + letterTo("bad", "letter.fire", "bad", "") + `]}]
    on_error: [{match: any, do: continue}]
  - {id: rest, wait: 1h}
  - {id: tell, call: crm.letter.put, with: {to: r1, text: "${steps.seen.v} ${steps.which.case}"}}
`)
	var got []string
	for _, restart := range []bool{false, true} {
		bubble(t, func(t *testing.T, b *bench) {
			text := text
			if !restart {
				text = strings.Replace(text, "wait: 1h", "set: {v: 1}", 1)
			}
			prepareOne(b, text)
			b.refuse(connectors.Invalid, "bad")
			b.serve(b.engine(text), 10*time.Minute)
			b.serve(b.engine(text), 2*time.Hour)
			got = append(got, b.service.sent()...)
		})
	}
	if len(got) != 2 || got[0] != got[1] || got[0] != "letter.put r1 yes 0" {
		t.Errorf("got %q without and with a restart, want twice the same", got)
	}
}

func TestWait_LastsWhatItSaysAndHoldsTheLane(t *testing.T) {
	t.Parallel()
	first := letterTo("first", "letter.fire", "first-${record.name}", "")
	last := letterTo("last", "letter.fire", "last-${record.name}", "")
	for _, tt := range []struct {
		name string
		wait string
		want time.Duration
	}{
		{"an hour", "{id: w, wait: 1h}", time.Hour},
		{"two of them", "{id: w, wait: 2h}\n  - {id: w2, wait: 3h}", 5 * time.Hour},
		{"days", "{id: w, wait: 3d}", 72 * time.Hour},
		{"until a time that is past", "{id: w, wait: {until: =record.updated}}", 0},
		{"until nil", "{id: w, wait: {until: =record.email}}", 0},
		{"until a time", "{id: w, wait: {until: '=date(record.updated) + duration(\"30h\")'}}", 30*time.Hour - 2*time.Minute},
	} {
		for _, restarts := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, ", restarts ", restarts), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, b *bench) {
					text := withSteps("  - " + first + "\n  - " + tt.wait + "\n  - " + last + "\n")
					prepareOne(b, text)
					if restarts && tt.want > 0 {
						for range 9 {
							b.serve(b.engine(text), tt.want/10)
							b.service.put("r1", map[string]any{"name": "Bob"})
						}
						b.serve(b.engine(text), 10*tt.want+time.Hour)
					} else {
						b.serve(b.engine(text), tt.want+time.Hour)
					}
					e := b.service.effects
					if len(e) < 2 || e[0].To != "first-Ann" || e[1].To != "last-Ann" {
						t.Fatalf("got letters to %q, want the first and the last of Ann before all others", b.addressees())
					}
					if got := e[1].At.Sub(e[0].At); got < tt.want-time.Second || got > tt.want+time.Minute {
						t.Errorf("waited %s, want %s", got, tt.want)
					}
				})
			})
		}
	}
}

// TestWait_ClockSetBack stores a wait that a clock a year ahead began.
func TestWait_EndsAlthoughTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, steps, step string
		most              time.Duration
	}{
		{"a wait", "  - {id: w, wait: 2h}\n  - " + letterTo("last", "letter.fire", "last", "") + "\n", "w", 27 * time.Hour},
		{"a lookup", "  - " + letterTo("last", "letter.send", "last", "") + "\n", "last", 25 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := withSteps(tt.steps)
				prepareOne(b, text)
				b.service.fail = func(_ string, n int) (error, bool) {
					if n == 1 && tt.step == "last" {
						return failure(connectors.Uncertain), false
					}
					return nil, true
				}
				b.serve(b.engine(text), 10*time.Second)
				run, steps := b.run()
				run.State.Due = run.State.Due.AddDate(1, 0, 0)
				s := steps[tt.step]
				s.StartedAt = s.StartedAt.AddDate(1, 0, 0)
				if s.Effect != nil {
					s.Effect.SentAt = s.Effect.SentAt.AddDate(1, 0, 0)
				} else {
					s.Due = s.Due.AddDate(1, 0, 0)
				}
				if err := b.store.SaveStep(t.Context(), store.StepSave{Run: run.ID, Steps: []store.Step{s}, State: run.State}); err != nil {
					t.Fatal(err)
				}
				b.serve(b.engine(text), tt.most)
				if got := b.addressees(); got != "last" {
					t.Errorf("got letters to %q within %s, want the last one", got, tt.most)
				}
			})
		})
	}
}

func TestOnlyIf(t *testing.T) {
	t.Parallel()
	const text = `  - id: write
    call: crm.letter.fire
    with: {to: =record.id, text: new}
    only_if: target.text == "old"
  - {id: tell, call: crm.letter.put, with: {to: tell, text: "${steps.write.text ?? 'nil'}"}}
`
	for _, tt := range []struct {
		name   string
		former string // the last letter
		ask    func(n int) error
		fail   func(op string, n int) (error, bool)
		more   string
		want   string
		status store.Status
		asked  int
	}{
		{"holds", "old", nil, nil, "", "letter.fire r1 new|letter.put tell new", store.Succeeded, 1},
		{"does not", "other", nil, nil, "", "letter.put tell nil", store.Succeeded, 1},
		{"no target", "", nil, nil, "", "", store.Failed, 1},
		{"no target, go on", "", nil, nil, "on_error: [{match: not_found, do: continue}]\n", "letter.put tell nil", store.Succeeded, 1},
		{"the read fails first", "old", func(n int) error {
			if n < 3 {
				return failure(connectors.Transient)
			}
			return nil
		}, nil, "", "letter.fire r1 new|letter.put tell new", store.Succeeded, 3},
		{"the read is told to wait", "old", func(n int) error {
			if n < 30 {
				return failure(connectors.RateLimited)
			}
			return nil
		}, nil, "", "letter.fire r1 new|letter.put tell new", store.Succeeded, 30},
		{"the read is refused", "old", func(int) error { return failure(connectors.Invalid) }, nil, "", "", store.Failed, 1},
		{"the write is lost", "old", nil, func(op string, n int) (error, bool) {
			if op == "letter.fire" {
				return failure(connectors.Uncertain), true
			}
			return nil, true
		}, "", "letter.fire r1 new", store.Parked, 1},
		{"the write comes to nothing, and is tried again", "old", nil, func(op string, n int) (error, bool) {
			if n == 1 {
				return failure(connectors.Transient), false
			}
			return nil, true
		}, "", "letter.fire r1 new|letter.put tell new", store.Succeeded, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := withSteps(text + tt.more)
				prepareOne(b, text)
				former := []effect{{Op: "letter.put", To: "r1", Text: tt.former}}
				if tt.former == "" {
					former = nil
				}
				b.service.effects = former
				b.service.fail = tt.fail
				if tt.ask != nil {
					b.service.askErr = func() error { return tt.ask(b.service.asked) }
				}
				b.serve(b.engine(text), 30*time.Minute)
				run, steps := b.run()
				if got := strings.Join(b.service.sent()[len(former):], "|"); got != tt.want || run.State.Status != tt.status {
					t.Errorf("got letters %q and a run that %s (%v), want %q and %s", got, run.State.Status, run.State.Error, tt.want, tt.status)
				}
				if b.service.asked != tt.asked {
					t.Errorf("the target was read %d times, want %d", b.service.asked, tt.asked)
				}
				if s := steps["write"]; tt.name == "does not" && (s.Status != "skipped" || s.Effect != nil) {
					t.Errorf("got step %+v, want it skipped without an effect", s)
				}
			})
		})
	}
}

// TestOnlyIf_IsNotAskedAgainAboutAWriteThatMayHaveArrived stops the program in the write.
func TestOnlyIf_IsNotAskedAgainAboutAWriteThatMayHaveArrived(t *testing.T) {
	t.Parallel()
	for op, want := range map[string]int{"letter.send": 1, "letter.fire": 1} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := withSteps("  - " + letterTo("write", op, "r1", `, only_if: 'target.text == "old"'`) + "\n")
				prepareOne(b, text)
				b.service.effects = []effect{{Op: "letter.put", To: "r1", Text: "old"}}
				b.live(b.kill(engine.AfterCall, 1, text), time.Minute)
				b.serve(b.engine(text), 10*time.Minute)
				if b.service.asked != want || len(b.service.effects) != 2 {
					t.Errorf("the target was read %d times, and there are %d letters; want %d and 2", b.service.asked, len(b.service.effects), want)
				}
			})
		})
	}
}
