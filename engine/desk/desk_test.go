package desk_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

var (
	now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	who = desk.Who{Actor: "cli:ann", At: now}
)

// house is a recipe with every kind of step, some inside others.
func house() *recipes.Recipe {
	call := func(id string) recipes.Step { return recipes.Step{ID: id, Kind: recipes.Call} }
	return &recipes.Recipe{ID: "house", Version: "v2", Steps: []recipes.Step{
		call("look"),
		{ID: "set", Kind: recipes.Set},
		{ID: "fan", Kind: recipes.Each, Steps: []recipes.Step{call("mail"), call("note")}},
		{ID: "pick", Kind: recipes.Switch, Cases: []recipes.Case{{Steps: []recipes.Step{call("left")}}, {Steps: []recipes.Step{call("right")}}}},
		{ID: "pause", Kind: recipes.Wait},
		call("last"),
	}}
}

// steps makes stored steps of words: the id, its status, and what else there is: the state
// of an effect, safe, passed, list, case.
func steps(lines ...string) []store.Step {
	list := make([]store.Step, len(lines))
	for i, line := range lines {
		words := strings.Fields(line)
		s := store.Step{ID: words[0], Status: words[1], Attempts: 3, StartedAt: now, FinishedAt: now}
		for _, w := range words[2:] {
			switch w {
			case "passed":
				s.Passed = true
			case "list":
				s.Input = json.RawMessage(`{"items":[1,2]}`)
			case "case":
				s.Output = json.RawMessage(`{"case":0}`)
			case "refused":
				s.Effect = &store.Effect{State: store.NotDone, Operation: "fake.letter"}
			case "safe":
				s.Effect.Safe = true
			default:
				s.Effect = &store.Effect{State: store.EffectState(w), Operation: "fake.letter"}
			}
		}
		if s.Status == "failed" || s.Status == "parked" {
			s.Error = &store.Failure{Kind: "invalid", Message: "no", Step: s.ID}
		}
		list[i] = s
	}
	return list
}

// lines is the opposite of steps.
func lines(list []store.Step) []string {
	var out []string
	for _, s := range list {
		line := s.ID + " " + s.Status
		if s.Effect != nil {
			line += " " + strings.Replace(string(s.Effect.State), "failed", "refused", 1)
			if s.Effect.Safe {
				line += " safe"
			}
		}
		if s.Passed {
			line += " passed"
		}
		if len(s.Input) > 0 {
			line += " list"
		}
		if len(s.Output) > 0 {
			line += " case"
		}
		out = append(out, line)
	}
	return out
}

func run(status store.Status) *store.Run {
	return &store.Run{ID: "r-1", Recipe: "house", Version: "v1", State: store.RunState{
		Status: status, Step: 0, Attempts: 4, Reason: "why", StartedAt: now, FinishedAt: now, Due: now, Narrow: true,
		Error: &store.Failure{Kind: "invalid", Message: "no", Step: "last"},
	}}
}

func TestReplay_TakesBackWhatIsToBeCarriedOutAgain(t *testing.T) {
	t.Parallel()
	event := &store.Event{Record: json.RawMessage(`{"id":"1"}`)}
	for _, tt := range []struct {
		name   string
		status store.Status
		replay desk.Replay
		before []string
		want   []string
	}{
		{
			"from where it failed", store.Failed,
			desk.Replay{},
			[]string{"look succeeded", "set succeeded", "last failed refused"},
			[]string{"look succeeded", "set succeeded"},
		},
		{
			"from where it is parked", store.Parked,
			desk.Replay{},
			[]string{"look skipped", "set failed passed", "last parked refused"},
			[]string{"look skipped", "set failed passed"},
		},
		{
			"a failed item among others", store.Failed,
			desk.Replay{},
			[]string{"fan waiting list", "fan[0].mail succeeded confirmed", "fan[1].mail failed refused", "fan[0].note succeeded confirmed"},
			[]string{"fan waiting list", "fan[0].mail succeeded confirmed", "fan[0].note succeeded confirmed"},
		},
		{
			"an item that was given up stays so", store.Failed,
			desk.Replay{},
			[]string{"fan succeeded list", "fan[0].mail failed refused", "fan[0] failed passed", "last failed refused"},
			[]string{"fan succeeded list", "fan[0].mail failed refused", "fan[0] failed passed"},
		},
		{
			"a switch that was given up stays so", store.Failed,
			desk.Replay{},
			[]string{"pick failed passed case", "left failed refused", "last failed refused"},
			[]string{"pick failed passed case", "left failed refused"},
		},
		{
			"from the beginning, writes stay", store.Succeeded,
			desk.Replay{From: "look"},
			[]string{"look succeeded confirmed", "set succeeded", "last succeeded confirmed"},
			[]string{"look succeeded confirmed", "last succeeded confirmed"},
		},
		{
			"from the beginning, writes too", store.Succeeded,
			desk.Replay{From: "look", Repeat: true},
			[]string{"look succeeded confirmed", "set succeeded", "last succeeded confirmed"},
			nil,
		},
		{
			"from the middle, writes too", store.Succeeded,
			desk.Replay{From: "pause", Repeat: true},
			[]string{"look succeeded confirmed", "set succeeded", "pause succeeded", "last succeeded confirmed"},
			[]string{"look succeeded confirmed", "set succeeded"},
		},
		{
			"from a list: it keeps its items where something of them stays", store.Succeeded,
			desk.Replay{From: "fan"},
			[]string{"set succeeded", "fan succeeded list case", "fan[0].mail succeeded confirmed", "fan[0].note skipped", "last succeeded"},
			[]string{"set succeeded", "fan waiting list case", "fan[0].mail succeeded confirmed"},
		},
		{
			"from a list without anything that stays: it is made anew", store.Succeeded,
			desk.Replay{From: "fan"},
			[]string{"fan succeeded list case", "fan[0].mail failed refused passed", "fan[0].note skipped"},
			nil,
		},
		{
			"from a list, an item that was given up is carried out again", store.Succeeded,
			desk.Replay{From: "fan"},
			[]string{"fan succeeded list", "fan[0].mail succeeded confirmed", "fan[0].note failed refused", "fan[0] failed passed"},
			[]string{"fan waiting list", "fan[0].mail succeeded confirmed"},
		},
		{
			"from a list, writes too", store.Succeeded,
			desk.Replay{From: "fan", Repeat: true},
			[]string{"set succeeded", "fan succeeded list", "fan[0].mail succeeded confirmed"},
			[]string{"set succeeded"},
		},
		{
			"from inside a list", store.Succeeded,
			desk.Replay{From: "note", Repeat: true},
			[]string{"fan succeeded list", "fan[0].mail succeeded confirmed", "fan[0].note succeeded confirmed", "fan[1] failed passed", "last succeeded"},
			[]string{"fan waiting list", "fan[0].mail succeeded confirmed"},
		},
		{
			"from inside a case that was taken", store.Succeeded,
			desk.Replay{From: "left", Repeat: true},
			[]string{"set succeeded", "pick succeeded case", "left succeeded confirmed", "last succeeded confirmed"},
			[]string{"set succeeded", "pick waiting case"},
		},
		{
			"from inside a switch that was passed by: it is asked again", store.Succeeded,
			desk.Replay{From: "left"},
			[]string{"set succeeded", "pick skipped", "last succeeded"},
			[]string{"set succeeded"},
		},
		{
			"from inside a switch that failed itself: it is asked again", store.Failed,
			desk.Replay{From: "left"},
			[]string{"set succeeded", "pick failed"},
			[]string{"set succeeded"},
		},
		{
			"a case with a write that stays is taken again", store.Succeeded,
			desk.Replay{From: "pick"},
			[]string{"pick succeeded case", "left succeeded confirmed"},
			[]string{"pick waiting case", "left succeeded confirmed"},
		},
		{
			"a write on its way is looked up, and its list stays", store.Dropped,
			desk.Replay{From: "fan", Repeat: true},
			[]string{"fan waiting list", "fan[0].mail waiting sent", "fan[1].mail succeeded confirmed"},
			[]string{"fan waiting list", "fan[0].mail waiting sent"},
		},
		{
			"an unsure write that is there", store.Parked,
			desk.Replay{Unsure: desk.DoneUnsure},
			[]string{"fan waiting list", "fan[0].mail parked unsure"},
			[]string{"fan waiting list", "fan[0].mail succeeded confirmed"},
		},
		{
			"an unsure write that is not", store.Parked,
			desk.Replay{Unsure: desk.SendUnsure, From: "fan", Repeat: true},
			[]string{"fan waiting list", "fan[0].mail parked unsure"},
			[]string{"fan waiting list", "fan[0].mail parked unsure"},
		},
		{
			"an unsure write that may be repeated needs no word", store.Parked,
			desk.Replay{},
			[]string{"look succeeded", "last parked unsure safe"},
			[]string{"look succeeded"},
		},
		{
			"as now: what was read or worked out is done again, time has passed", store.Failed,
			desk.Replay{Event: event},
			[]string{"look succeeded", "set succeeded", "fan succeeded list", "fan[0].mail skipped", "pick succeeded case", "pause succeeded", "last failed refused"},
			[]string{"pause succeeded"},
		},
		{
			"as now: writes stay, with the list and the case that they are in", store.Failed,
			desk.Replay{Event: event},
			[]string{"look succeeded confirmed", "fan succeeded list", "fan[0].mail succeeded confirmed", "fan[0].note skipped", "pick succeeded case", "left succeeded confirmed", "pause waiting"},
			[]string{"look succeeded confirmed", "fan waiting list", "fan[0].mail succeeded confirmed", "pick waiting case", "left succeeded confirmed"},
		},
		{
			"a former step that the recipe does not know any more", store.Failed,
			desk.Replay{},
			[]string{"old succeeded confirmed", "older failed"},
			[]string{"old succeeded confirmed"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.replay.Who, tt.replay.Recipe = who, house()
			r := run(tt.status)
			list := steps(tt.before...)
			rev, err := tt.replay.Revise(r, list)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(rev.Revised(list))); diff != "" {
				t.Errorf("steps after the replay (-want +got):\n%s", diff)
			}
			want := store.RunState{Status: store.Queued, StartedAt: now}
			if diff := cmp.Diff(want, rev.State); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if rev.Run != r.ID || rev.Was != tt.status || rev.Version != "v2" || rev.Event != tt.replay.Event {
				t.Errorf("got revision %+v, want one of %s, which was %s, to version v2 with the event that was given", rev, r.ID, tt.status)
			}
			if err := rev.Validate(); err != nil {
				t.Errorf("the store would refuse it: %v", err)
			}
			for _, s := range rev.Steps {
				if s.Status == "waiting" && (!s.FinishedAt.IsZero() || s.Error != nil || s.Passed) {
					t.Errorf("got %+v, want a step that goes on as if it had never ended", s)
				}
			}
		})
	}
}

// TestReplay_KnowsTheStepsThatAnEarlierVersionPassed takes a run of a version that only
// counted the steps behind it.
func TestReplay_KnowsTheStepsThatAnEarlierVersionPassed(t *testing.T) {
	t.Parallel()
	for _, failed := range []*store.Failure{{Step: "last"}, nil} {
		r := run(store.Succeeded)
		r.State.Step, r.State.Error = 2, failed
		list := steps("look failed refused", "set succeeded", "last failed refused")
		rev, err := desk.Replay{Who: who, Recipe: house(), From: "last"}.Revise(r, list)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"look failed refused passed", "set succeeded"}
		if got := lines(rev.Revised(list)); !slices.Equal(got, want) {
			t.Errorf("error %v: got %q, want %q", failed, got, want)
		}
		again, err := desk.Replay{Who: who, Recipe: house(), From: "look"}.Revise(r, list)
		if got := lines(again.Revised(list)); err != nil || len(got) > 0 {
			t.Errorf("from the step that was passed: got %q, %v; want nothing left", got, err)
		}
		if rev.State.Step != 0 {
			t.Errorf("got %d counted steps, want none: they are marked", rev.State.Step)
		}
	}
}

func TestReplay_SaysWhyNot(t *testing.T) {
	t.Parallel()
	event := &store.Event{}
	for _, tt := range []struct {
		name   string
		status store.Status
		change func(*desk.Replay, *store.Run)
		want   error // nil: allowed
	}{
		{"failed", store.Failed, nil, nil},
		{"dropped", store.Dropped, nil, nil},
		{"held", store.Held, nil, desk.ErrHeld},
		{"queued", store.Queued, nil, desk.ErrGoesOn},
		{"running", store.Running, nil, desk.ErrGoesOn},
		{"waiting", store.Waiting, nil, desk.ErrGoesOn},
		{"succeeded", store.Succeeded, nil, desk.ErrNothingLeft},
		{"succeeded, from a step", store.Succeeded, func(r *desk.Replay, _ *store.Run) { r.From = "set" }, nil},
		{"no such step", store.Failed, func(r *desk.Replay, _ *store.Run) { r.From = "sett" }, desk.ErrNoStep},
		{"no recipe", store.Failed, func(r *desk.Replay, _ *store.Run) { r.Recipe = nil }, desk.ErrGone},
		{"another account now", store.Failed, func(_ *desk.Replay, run *store.Run) { run.Account = "acme-2" }, desk.ErrElsewhere},
		{"repeat from nowhere", store.Failed, func(r *desk.Replay, _ *store.Run) { r.Repeat = true }, desk.ErrRepeat},
		{"forgotten", store.Failed, func(_ *desk.Replay, run *store.Run) { run.Event.Forgotten = true }, desk.ErrForgotten},
		{"forgotten, as now", store.Failed, func(r *desk.Replay, run *store.Run) { run.Event.Forgotten, r.Event = true, event }, nil},
		{"a later run", store.Failed, func(r *desk.Replay, _ *store.Run) { r.Later = true }, desk.ErrLater},
		{"a later run, stale", store.Failed, func(r *desk.Replay, _ *store.Run) { r.Later, r.Stale = true, true }, nil},
		{"a later run, as now", store.Failed, func(r *desk.Replay, _ *store.Run) { r.Later, r.Event = true, event }, nil},
	} {
		replay, r := desk.Replay{Who: who, Recipe: house()}, run(tt.status)
		if tt.change != nil {
			tt.change(&replay, r)
		}
		_, err := replay.Revise(r, nil)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if err != nil && !strings.Contains(err.Error(), "r-1") {
			t.Errorf("%s: got %v, want an error that names the run", tt.name, err)
		}
	}
	_, err := desk.Replay{Who: who, Recipe: house()}.Revise(run(store.Parked), steps("last parked unsure"))
	if !errors.Is(err, desk.ErrUnsure) || !strings.Contains(err.Error(), "last") {
		t.Errorf("unsure: got %v, want ErrUnsure of the step last", err)
	}
}

func TestRelease_GoesOnWhereTheRunStands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status store.Status
		unsure desk.UnsureRule
		before []string
		want   []string
		err    error
	}{
		{"held", store.Held, "", nil, nil, nil},
		{"parked", store.Parked, "", []string{"look succeeded", "last parked refused"}, []string{"look succeeded", "last parked refused"}, nil},
		{"unsure, no word", store.Parked, "", []string{"last parked unsure"}, nil, desk.ErrUnsure},
		{"unsure and passed by", store.Parked, "", []string{"look failed unsure passed", "last parked refused"}, []string{"look failed unsure passed", "last parked refused"}, nil},
		{"unsure and safe", store.Parked, "", []string{"last parked unsure safe"}, []string{"last parked unsure safe"}, nil},
		{"unsure, done", store.Parked, desk.DoneUnsure, []string{"last parked unsure"}, []string{"last succeeded confirmed"}, nil},
		{"unsure, send", store.Parked, desk.SendUnsure, []string{"last parked unsure"}, []string{"last parked unsure"}, nil},
		{"failed", store.Failed, "", nil, nil, desk.ErrNotWaiting},
		{"queued", store.Queued, "", nil, nil, desk.ErrNotWaiting},
	} {
		list := steps(tt.before...)
		rev, err := desk.Release{Who: who, Unsure: tt.unsure, Recipe: house()}.Revise(run(tt.status), list)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.err)
		}
		if err != nil {
			continue
		}
		after := rev.Revised(list)
		if got := lines(after); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		for _, s := range after {
			if s.Status == "parked" && s.Attempts != 0 {
				t.Errorf("%s: step %s has %d attempts, want 0: it has all its tries again", tt.name, s.ID, s.Attempts)
			}
		}
		if diff := cmp.Diff(store.RunState{Status: store.Queued, StartedAt: now}, rev.State); diff != "" {
			t.Errorf("%s: state (-want +got):\n%s", tt.name, diff)
		}
		if rev.Version != "v2" {
			t.Errorf("%s: got version %q, want that of the recipe as it is now", tt.name, rev.Version)
		}
	}
	rev, err := desk.Release{Who: who}.Revise(run(store.Held), nil)
	if err != nil || rev.Version != "" {
		t.Errorf("release with the version of then: got version %q, %v; want none, so that it stays", rev.Version, err)
	}
	if _, err := (desk.Release{Who: who, Unsure: "perhaps"}).Revise(run(store.Parked), steps("last parked unsure")); err == nil {
		t.Error("release with an unknown rule: got no error")
	}
}

func TestDrop_GivesUpWhatIsNotOver(t *testing.T) {
	t.Parallel()
	for _, status := range store.Statuses() {
		r := run(status)
		over := status == store.Succeeded || status == store.Dropped
		if !status.Final() {
			r.State.FinishedAt = time.Time{}
		}
		for _, narrow := range []bool{true, false} {
			rev, err := desk.Drop{Who: who, Narrow: narrow}.Revise(r, nil)
			if over {
				if !errors.Is(err, desk.ErrOver) {
					t.Errorf("drop of a %s run: got %v, want ErrOver", status, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("drop of a %s run: %v", status, err)
			}
			want := r.State
			want.Status, want.FinishedAt, want.Due, want.Narrow = store.Dropped, now, time.Time{}, narrow
			if diff := cmp.Diff(want, rev.State); diff != "" {
				t.Errorf("drop of a %s run (-want +got):\n%s", status, diff)
			}
		}
	}
}

func TestRevisions_TellTheTrail(t *testing.T) {
	t.Parallel()
	release, err1 := desk.Release{Who: who, Unsure: desk.DoneUnsure, Recipe: house()}.Revise(run(store.Parked), nil)
	replay, err2 := desk.Replay{Who: who, Recipe: house(), From: "set", Repeat: true, Later: true, Stale: true}.Revise(run(store.Failed), nil)
	drop, err3 := desk.Drop{Who: who, Narrow: true}.Revise(run(store.Parked), nil)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		rev     store.Revision
		action  string
		details map[string]string
	}{
		{release, "run.release", map[string]string{"was": "parked", "recipe": "house", "unsure": "done", "version": "v2"}},
		{replay, "run.replay", map[string]string{"was": "failed", "recipe": "house", "from": "set", "version": "v2", "repeat": "yes", "stale": "yes"}},
		{drop, "run.drop", map[string]string{"was": "parked", "recipe": "house", "reason": "why", "forget": "yes"}},
	} {
		a := tt.rev.Audit
		if a == nil || a.Action != tt.action || a.Actor != who.Actor || !a.At.Equal(now) || a.Target != "r-1" || !maps.Equal(a.Details, tt.details) {
			t.Errorf("got %+v, want %s by %s with %v", a, tt.action, who.Actor, tt.details)
		}
	}
}

func TestRelease_RecipeOfOtherAccounts(t *testing.T) {
	t.Parallel()
	r := run(store.Parked)
	r.Account = "acme-2"
	if _, err := (desk.Release{Who: who, Recipe: house()}).Revise(r, nil); !errors.Is(err, desk.ErrElsewhere) {
		t.Errorf("with the recipe of now: got %v, want %v", err, desk.ErrElsewhere)
	}
	if _, err := (desk.Release{Who: who}).Revise(r, nil); err != nil {
		t.Errorf("with the version of then: %v", err)
	}
}
