package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
)

// TestTree carries out recipes that are made by chance while everything goes wrong: calls
// fail, answers are lost, the program is stopped and dies at some point. In the end what
// the service saw is held against what a simple model says. POLLUX_TREES=1000 adds as many
// new ones.
func TestTree(t *testing.T) {
	t.Parallel()
	var seeds []uint64
	for i := range uint64(40) {
		seeds = append(seeds, i)
	}
	more, _ := strconv.Atoi(os.Getenv("POLLUX_TREES")) // none when it is not set
	for range more {
		seeds = append(seeds, rand.Uint64())
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newTree(t, seed).pass() })
		})
	}
}

// tree is a recipe that is made by chance, and what is to come of it.
type tree struct {
	*bench
	random *rand.Rand
	next   int
	calm   bool
	ops    map[string]string // of calls, by the id of their step
	// must are the letters that must be written, before the pairs of which the first must
	// come before the second.
	must   []string
	before [][2]string
	fails  bool // the run ends with an error
}

// node is a step of the tree.
type node struct {
	id, kind string
	refused  bool // of call: the service says no
	goesOn   bool // it has a rule that continues
	parallel int  // of each
	items    int
	chains   [][]node // of switch: the cases; of each: one
	pick     int      // of switch: the case that holds
}

func newTree(t *testing.T, seed uint64) *tree {
	t.Helper()
	return &tree{bench: newBench(t), random: rand.New(rand.NewPCG(seed, 1)), ops: map[string]string{}}
}

// one reports true in one of so many cases.
func (w *tree) one(of int) bool { return w.random.IntN(of) == 0 }

// chain makes some steps. caught is true when errors are dealt with around them.
func (w *tree) chain(depth int, caught, parallel bool) []node {
	var list []node
	for range 1 + w.random.IntN(3) {
		w.next++
		n := node{id: fmt.Sprint("s", w.next), kind: "call", goesOn: w.one(3)}
		switch {
		case depth < 3 && w.one(3):
			n.kind, n.items, n.parallel = "each", w.random.IntN(4), 1+2*w.random.IntN(2)
			n.chains = [][]node{w.chain(depth+1, caught || n.goesOn, parallel || n.parallel > 1)}
		case depth < 3 && w.one(4):
			n.kind, n.pick = "switch", w.random.IntN(3)
			n.chains = [][]node{w.chain(depth+1, caught || n.goesOn, parallel), w.chain(depth+1, caught || n.goesOn, parallel)}
		case w.one(6):
			n.kind = "wait"
		default:
			// What ends a run has no one place among parallel items.
			n.refused = w.one(5) && (n.goesOn || caught && !parallel || !parallel && w.one(4))
			w.ops[n.id] = []string{"letter.put", "letter.send", "letter.fire"}[w.random.IntN(3)]
		}
		list = append(list, n)
	}
	return list
}

// text writes steps. at is an expression of the places of the items around.
func (w *tree) text(b *strings.Builder, list []node, indent, at string) {
	for _, n := range list {
		rule := ""
		if n.goesOn {
			rule = "\n" + indent + "  on_error: [{match: invalid, do: continue}]"
		}
		fmt.Fprintf(b, "%s- id: %s\n%s  ", indent, n.id, indent)
		switch n.kind {
		case "call":
			fmt.Fprintf(b, "call: crm.%s\n%s  with: {to: '%s-%s', text: '%s-%s (${run.id})'}%s\n", w.ops[n.id], indent, n.id, at, n.id, at, rule)
		case "wait":
			fmt.Fprintf(b, "wait: %dm\n", 1+w.random.IntN(100))
		case "each":
			inner := indent + "    "
			fmt.Fprintf(b, "each: 'filter([0, 1, 2, 3], # < %d)'\n%s  parallel: %d%s\n%s  steps:\n", n.items, indent, n.parallel, rule, indent)
			fmt.Fprintf(b, "%s- {id: p%s, set: {at: '%s${index}.'}}\n", inner, n.id, at)
			w.text(b, n.chains[0], inner, "${steps.p"+n.id+".at}")
		case "switch":
			fmt.Fprintf(b, "switch:\n")
			for i, chain := range n.chains {
				sign := "!="
				if i == n.pick {
					sign = "=="
				}
				fmt.Fprintf(b, "%s    - if: record.name %s \"Ann\"\n%s      steps:\n", indent, sign, indent)
				w.text(b, chain, indent+"        ", at)
			}
			if rule != "" {
				b.WriteString(rule[1:] + "\n")
			}
		}
	}
}

// outcome is how a chain ends in the model.
type outcome int

const (
	fine   outcome = iota
	broken         // nobody has dealt with an error yet
)

// model tells what steps come to behind some letters, and the last letters of them.
func (w *tree) model(list []node, at string, last []string) ([]string, outcome) {
	for _, n := range list {
		end := fine
		switch n.kind {
		case "call":
			if n.refused {
				end = broken
				break
			}
			to := n.id + "-" + at
			w.must = append(w.must, to)
			for _, l := range last {
				w.before = append(w.before, [2]string{l, to})
			}
			last = []string{to}
		case "switch":
			if n.pick < len(n.chains) {
				last, end = w.model(n.chains[n.pick], at, last)
			}
		case "each":
			last, end = w.items(n, at, last)
		}
		if end == broken && !n.goesOn {
			return last, broken
		}
	}
	return last, fine
}

// items tells what an each comes to.
func (w *tree) items(n node, at string, last []string) ([]string, outcome) {
	var all []string
	for i := range n.items {
		ends, end := w.model(n.chains[0], fmt.Sprint(at, i, "."), last)
		if end == broken && !n.goesOn {
			return ends, broken
		}
		if all = append(all, ends...); n.parallel == 1 {
			last, all = ends, ends
		}
	}
	if n.items == 0 {
		return last, fine
	}
	return all, fine
}

// failCall decides what becomes of a call. It runs with the service's mutex held.
func (w *tree) failCall(refused map[string]bool) func(string, int) (error, bool) {
	return func(_ string, n int) (error, bool) {
		id, _, _ := strings.Cut(w.service.calls[n-1].To, "-")
		if refused[id] {
			return answer(connectors.Invalid, 400), false
		}
		if w.calm {
			return nil, true
		}
		switch n := w.random.IntN(100); {
		case n < 8:
			return failure(connectors.Transient), false
		case n < 12:
			return tooMany(time.Duration(w.random.IntN(1000)) * time.Second), false
		case n < 18:
			return failure(connectors.Uncertain), true
		case n < 24:
			return failure(connectors.Uncertain), false
		}
		return nil, true
	}
}

// refusals are the ids of the calls to which the service says no.
func refusals(list []node, into map[string]bool) map[string]bool {
	for _, n := range list {
		if into[n.id] = n.refused; n.kind != "call" {
			delete(into, n.id)
		}
		for _, c := range n.chains {
			refusals(c, into)
		}
	}
	return into
}

// pass carries out the recipe and judges what came of it.
func (w *tree) pass() {
	list := w.chain(0, false, false)
	var b strings.Builder
	w.text(&b, list, "  ", "")
	text := strings.Replace(withSteps(b.String()), "every: 1m", "every: 6h", 1)
	_, end := w.model(list, "", nil)
	w.fails = end == broken
	w.once(text)
	w.service.put("r1", map[string]any{"name": "Ann"})
	w.wait(7 * time.Hour)
	w.service.fail = w.failCall(refusals(list, map[string]bool{}))
	points := engine.Points()[3:] // those of a run
	for range 4 + w.random.IntN(8) {
		w.service.set(func() { w.service.delay = time.Duration(w.random.IntN(4000)) * time.Millisecond })
		length := time.Duration(1+w.random.IntN(600)) * time.Second
		if w.one(3) {
			length = time.Duration(1+w.random.IntN(20)) * time.Second
		}
		if w.one(6) {
			w.serve(w.engine(text), length)
			continue
		}
		w.live(w.kill(points[w.random.IntN(len(points))], 1+w.random.IntN(4), text), length)
	}
	w.service.set(func() { w.calm, w.service.delay = true, 0 })
	for range 20 {
		w.serve(w.engine(text), 96*time.Hour)
		run, steps := w.run()
		if run.State.Status.Final() || !w.release(&run, steps) {
			break
		}
	}
	w.judge()
	if w.t.Failed() {
		w.t.Logf("the recipe:\n%s", text)
	}
}

// release tells what a person would find out about a parked run, and reports whether that
// is the same for all of its unsure writes.
func (w *tree) release(run *store.Run, steps map[string]store.Step) bool {
	done, not := 0, 0
	for _, s := range steps {
		if s.Effect == nil || s.Effect.State != store.Unsure {
			continue
		}
		var in struct{ To string }
		if err := json.Unmarshal(s.Input, &in); err != nil {
			w.t.Fatal(err)
		}
		if strings.Contains(" "+w.addressees()+" ", " "+in.To+" ") {
			done++
		} else {
			not++
		}
	}
	rule := desk.AskUnsure
	switch {
	case done > 0 && not > 0:
		return false
	case done > 0:
		rule = desk.DoneUnsure
	case not > 0:
		rule = desk.SendUnsure
	}
	w.revise(run.ID, desk.Release{Who: ann(), Unsure: rule})
	return true
}

// judge holds what the service saw against the model.
func (w *tree) judge() {
	run, _ := w.run()
	first, last, count := map[string]int{}, map[string]int{}, map[string]int{}
	for i, e := range w.service.effects {
		if count[e.To]++; count[e.To] == 1 {
			first[e.To] = i
		}
		last[e.To] = i
	}
	want := map[bool]store.Status{true: store.Failed, false: store.Succeeded}[w.fails]
	mixed := run.State.Status == store.Parked && run.State.Reason == "unsure"
	if run.State.Status != want && !mixed {
		w.t.Errorf("the run is %s (%s: %v), want %s", run.State.Status, run.State.Reason, run.State.Error, want)
	}
	for _, to := range w.must {
		id, _, _ := strings.Cut(to, "-")
		if n := count[to]; n == 0 && !mixed || n > 1 && w.ops[id] != "letter.put" {
			w.t.Errorf("%d letters to %s by %s, want one", n, to, w.ops[id])
		}
		delete(count, to)
	}
	for to := range count {
		w.t.Errorf("a letter to %s, want none", to)
	}
	for _, p := range w.before {
		_, one := first[p[0]]
		if _, two := first[p[1]]; two && (!one || last[p[0]] > first[p[1]]) {
			w.t.Errorf("a letter to %s came before the last one to %s", p[1], p[0])
		}
	}
}
