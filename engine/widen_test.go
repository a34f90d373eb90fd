package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
)

// differences is a recipe that writes a letter for every change of a list: what happened,
// and the name before and after.
func differences(operation string, pairs ...string) string {
	return told(operation, append(pairs, "text: =record.name", `text: '${kind} ${before?.name ?? "-"}>${record.name}'`)...)
}

// latest is a recipe as differences with keep_latest.
func latest() string {
	return differences("item.all", "steps:", "order: {while_waiting: keep_latest}\nsteps:")
}

// queue polls after a while, and carries out nothing.
func (b *bench) queue(text string) {
	b.t.Helper()
	b.wait(time.Minute)
	e := b.engine(text)
	if _, err := e.PollFeed(b.t.Context(), e.Feeds()[0]); err != nil {
		b.t.Fatal(err)
	}
}

// ended are the statuses and the reasons of all runs, the oldest first.
func (b *bench) ended() []string {
	b.t.Helper()
	runs := b.runs(store.RunFilter{})
	slices.Reverse(runs)
	var list []string
	for _, r := range runs {
		reason := r.State.Reason
		for i := range runs {
			reason = strings.ReplaceAll(reason, string(runs[i].ID), string(rune('1'+i)))
		}
		list = append(list, strings.TrimSpace(string(r.State.Status)+" "+reason))
	}
	return list
}

// name changes the name of an item; an empty one takes the item away.
func (b *bench) name(id, name string) {
	if name == "" {
		b.service.remove(id)
		return
	}
	b.service.put(id, map[string]any{"name": name})
}

func TestWiden_AFailedRunWidensTheNext(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := differences("item.list")
		b.name("r1", "A")
		b.later(time.Hour, text)
		b.failing(connectors.Invalid, "letter.put")
		for _, name := range []string{"B", "C"} {
			b.name("r1", name)
			b.later(time.Minute, text)
		}
		b.failing("")
		for _, name := range []string{"D", "E"} {
			b.name("r1", name)
			b.later(time.Minute, text)
		}
		b.expect("letter.put r1 updated A>D", "letter.put r1 updated D>E")
		runs := b.runs(store.RunFilter{})
		if len(runs) != 4 || runs[0].State.Widened != "" || runs[1].State.Widened != runs[2].ID || runs[2].State.Widened != runs[3].ID {
			t.Errorf("got %+v, want four runs, the third and the second widened by the one before", runs)
		}
		if want := []string{"name"}; !slices.Equal(runs[1].Event.Fields, want) {
			t.Errorf("the fields of the widened run: got %q, want %q", runs[1].Event.Fields, want)
		}
	})
}

// TestWiden_FieldsAreThoseOfTheWholeChange changes a field in a run that fails, and another
// one after it; then the first goes back to what it was.
func TestWiden_FieldsAreThoseOfTheWholeChange(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{"new@example.com": "email name", "old@example.com": "name"} {
		bubble(t, func(t *testing.T, b *bench) {
			text := differences("item.list")
			b.service.put("r1", map[string]any{"name": "A", "email": "old@example.com"})
			b.later(time.Hour, text)
			b.failing(connectors.Invalid, "letter.put")
			b.service.put("r1", map[string]any{"email": "new@example.com"})
			b.later(time.Minute, text)
			b.failing("")
			b.service.put("r1", map[string]any{"name": "B", "email": email})
			b.later(time.Minute, text)
			fields := b.runs(store.RunFilter{})[0].Event.Fields
			fields = slices.DeleteFunc(slices.Sorted(slices.Values(fields)), func(f string) bool { return f == "updated" })
			if got := strings.Join(fields, " "); got != want {
				t.Errorf("then %s: got the fields %q, want %q", email, got, want)
			}
		})
	}
}

// TestWiden_KindsMergeOnlyWhileNothingWasLeftOutside lets the first run of a new record
// fail before or after its first write.
func TestWiden_KindsMergeOnlyWhileNothingWasLeftOutside(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fails string
		want  []string
	}{
		{"letter.fire", []string{"letter.fire r1 created ->B", "letter.put r1 last B"}},
		{"letter.put", []string{"letter.fire r1 created ->A", "letter.fire r1 updated ->B", "letter.put r1 last B"}},
	} {
		bubble(t, func(t *testing.T, b *bench) {
			text := pair("text: =record.name}", `text: '${kind} ${before?.name ?? "-"}>${record.name}'}`+
				"\n  - id: last\n    call: crm.letter.put\n    with: {to: =record.id, text: =\"last \" + record.name}")
			b.once(text)
			b.failing(connectors.Invalid, tt.fails)
			b.name("r1", "A")
			b.later(time.Minute, text)
			b.failing("")
			b.name("r1", "B")
			b.later(time.Minute, text)
			b.expect(tt.want...)
		})
	}
}

func TestWiden_ADroppedRunWidensTheOneThatWaits(t *testing.T) {
	t.Parallel()
	for narrow, want := range map[bool]string{false: "letter.fire r1 updated A>C", true: "letter.fire r1 updated B>C"} {
		bubble(t, func(t *testing.T, b *bench) {
			text := differences("item.list", "letter.put", "letter.fire")
			b.name("r1", "A")
			b.later(time.Hour, text)
			b.failing(connectors.Uncertain, "letter.fire")
			b.name("r1", "B")
			b.later(time.Minute, text)
			b.name("r1", "C")
			b.later(time.Minute, text)
			b.failing("")
			b.revise(b.the(store.RunFilter{Status: store.Parked}).ID, desk.Drop{Who: ann(), Narrow: narrow})
			b.later(time.Minute, text)
			b.expect("letter.fire r1 updated A>B", want)
			if got, want := b.ended(), []string{"dropped unsure", "succeeded"}; !slices.Equal(got, want) {
				t.Errorf("runs: got %q, want %q", got, want)
			}
		})
	}
}

// TestWiden_ADroppedRunOfARecordThatCameAndWent drops the run of a new record before it
// began; then the record goes. A run that began may have left what nobody noted: there the
// recipe is told.
func TestWiden_ADroppedRunOfARecordThatCameAndWent(t *testing.T) {
	t.Parallel()
	for began, want := range map[bool][]string{
		false: {"dropped", "dropped nothing is left: the record came and went"},
		true:  {"failed", "succeeded"},
	} {
		bubble(t, func(t *testing.T, b *bench) {
			text := differences("item.all")
			b.name("r0", "Z")
			b.later(time.Hour, text)
			b.name("r1", "A")
			if began {
				b.failing(connectors.Invalid, "letter.put")
				b.later(time.Minute, text)
				b.failing("")
			} else {
				b.queue(text)
				b.revise(b.the(store.RunFilter{}).ID, desk.Drop{Who: ann()})
			}
			b.name("r1", "")
			b.later(time.Minute, text)
			b.later(time.Minute, text)
			if got := b.ended(); !slices.Equal(got, want) {
				t.Errorf("began %t: got %q, want %q", began, got, want)
			}
		})
	}
}

// TestWiden_ARunThatIsForgottenWidensNothing prunes the run before, or what it carried.
func TestWiden_ARunThatIsForgottenWidensNothing(t *testing.T) {
	t.Parallel()
	for _, keep := range []store.Keep{{Runs: time.Hour, Payloads: time.Hour}, {Runs: 1000 * time.Hour, Payloads: time.Hour}} {
		bubble(t, func(t *testing.T, b *bench) {
			text := differences("item.list")
			b.name("r1", "A")
			b.later(time.Hour, text)
			b.failing(connectors.Invalid, "letter.put")
			b.name("r1", "B")
			b.later(time.Minute, text)
			b.failing("")
			b.wait(2 * time.Hour)
			pruned, err := b.store.Prune(t.Context(), store.PruneSlice{Now: time.Now(), Other: keep})
			if err != nil || pruned.Runs+pruned.Payloads != 1 {
				t.Fatalf("got %+v, %v; want one run pruned", pruned, err)
			}
			b.name("r1", "C")
			b.later(time.Minute, text)
			b.expect("letter.put r1 updated B>C")
		})
	}
}

func TestKeepLatest_TellsWhatTheChangesComeTo(t *testing.T) {
	t.Parallel()
	const nothing = "dropped nothing is left: the record came and went"
	for _, tt := range []struct {
		name  string
		text  string
		first string   // the name at the beginning; empty for a record that is not there
		names []string // one after the other, each found by a poll
		want  []string
		ended []string
	}{
		{"updated twice", latest(), "A", []string{"B", "C"}, []string{"letter.put r1 updated A>C"}, []string{"dropped merged into 2", "succeeded"}},
		{
			"updated three times", latest(), "A",
			[]string{"B", "C", "D"},
			[]string{"letter.put r1 updated A>D"},
			[]string{"dropped merged into 2", "dropped merged into 3", "succeeded"},
		},
		{"created, updated", latest(), "", []string{"A", "B"}, []string{"letter.put r1 created ->B"}, []string{"dropped merged into 2", "succeeded"}},
		{"created, deleted", latest(), "", []string{"A", ""}, nil, []string{"dropped merged into 2", nothing}},
		{"updated, deleted", latest(), "A", []string{"B", ""}, []string{"letter.put r1 deleted A>B"}, []string{"dropped merged into 2", "succeeded"}},
		{"deleted, created", latest(), "A", []string{"", "B"}, []string{"letter.put r1 updated A>B"}, []string{"dropped merged into 2", "succeeded"}},
		{
			"deleted, created, of a recipe that wants no updates", latest(), "A",
			[]string{"", "B"},
			nil,
			[]string{"dropped merged into 2", "dropped the recipe is not told of what is left: updated"},
		},
		{
			"every change has its run without keep_latest", differences("item.all"), "A",
			[]string{"B", "C"},
			[]string{"letter.put r1 updated A>B", "letter.put r1 updated B>C"},
			[]string{"succeeded", "succeeded"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := tt.text
				if strings.Contains(tt.name, "wants no updates") {
					text = strings.Replace(text, "kinds: [created, updated, deleted]", "kinds: [created, deleted]", 1)
				}
				b.name("r0", "Z")
				if tt.first != "" {
					b.name("r1", tt.first)
				}
				b.later(time.Hour, text)
				for _, name := range tt.names {
					b.name("r1", name)
					b.queue(text)
					if name == "" {
						b.queue(text) // the second walk that misses it
					}
				}
				b.once(text) // another engine: what it knows, it knows from the store
				b.expect(tt.want...)
				if got := b.ended(); !slices.Equal(got, tt.ended) {
					t.Errorf("runs: got %q, want %q", got, tt.ended)
				}
			})
		})
	}
}

// TestKeepLatest_TakesNoRunThatHasStarted lets the first call take its time.
func TestKeepLatest_TakesNoRunThatHasStarted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := latest()
		b.name("r1", "A")
		b.later(time.Hour, text)
		b.service.set(func() { b.service.delay = 150 * time.Second })
		stop := b.serving(b.engine(text))
		for i, name := range []string{"B", "C", "D"} {
			b.name("r1", name)
			b.until("a run", func() bool { return len(b.runs(store.RunFilter{})) == i+1 })
		}
		b.until("the end", func() bool { return len(b.runs(store.RunFilter{Status: store.Succeeded})) == 2 })
		stop()
		b.expect("letter.put r1 updated A>B", "letter.put r1 updated B>D")
		if got, want := b.ended(), []string{"succeeded", "dropped merged into 3", "succeeded"}; !slices.Equal(got, want) {
			t.Errorf("runs: got %q, want %q", got, want)
		}
	})
}

// TestKeepLatest_TakesNoRunThatIsHeld has the later run wait for a person.
func TestKeepLatest_TakesNoRunThatIsHeld(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := latest()
		careful := strings.Replace(text, "start: now", "start: now\n  hold_over: 1", 1)
		b.name("r2", "A")
		b.name("r1", "A")
		b.later(time.Hour, text)
		b.name("r2", "B")
		b.queue(text)
		b.name("r2", "C")
		b.name("r1", "C")
		b.queue(careful)
		b.once(careful)
		b.expect("letter.put r1 updated A>C", "letter.put r2 updated A>B")
		for _, r := range b.runs(store.RunFilter{Status: store.Held}) {
			b.revise(r.ID, desk.Release{Who: ann()})
		}
		b.once(careful)
		b.expect("letter.put r2 updated A>B", "letter.put r2 updated B>C", "letter.put r1 updated A>C")
	})
}
