package told_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/told"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// aRecipe watches two fields and masks one of them.
func aRecipe(id string) (*recipes.Recipe, bool) {
	r := &recipes.Recipe{
		ID: id, Version: "v1", Keep: recipes.Keep{Mask: []string{"email"}}, Trigger: recipes.Trigger{Watch: []string{"email", "address.city"}, Kinds: []string{"created"}},
		Connections: map[string]recipes.Connection{"mail": {Connector: "stibee"}},
		Steps:       []recipes.Step{{ID: "send", Connection: "mail", Operation: "letter.send"}},
	}
	return r, id == "hello"
}

// aStory is a record that came, changed in a field that nobody watches, and went.
func aStory() told.Story {
	at := func(minute int) time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }
	body := json.RawMessage(`{"id":"r1","email":"ann@example.com","address":{"city":"Seoul"},"phone":null}`)
	run := store.Run{
		ID: "abcde-00000001", Recipe: "hello", Version: "v1", Account: "acme", Feed: "acme.item.list", Record: "r1", Revision: 1, Kind: "created",
		QueuedAt: at(1), Event: store.Event{Record: body, Parent: "p1"}, State: store.RunState{Status: store.Parked, Reason: "unsure", Attempts: 2},
	}
	return told.Story{
		Known: []told.KnownIn{{
			Feed: store.Feed{ID: "acme.item.list"},
			Seen: store.Seen{ID: triggers.Key("p1", "r1"), Entry: triggers.Entry{
				Revision: 2, UpdatedAt: at(5), Body: body, Missing: 3,
				Decisions: []triggers.Decision{
					{Subscription: 1, Revision: 2, Verdict: triggers.NotWatched},
					{Subscription: 2, Revision: 1, Verdict: triggers.BeforeStart},
					{Subscription: 3, Revision: 1, Verdict: triggers.Accepted, Run: 1},
				},
			}},
			Subs: []store.Subscription{{Recipe: "hello", Number: 1}, {Recipe: "gone", Number: 2, Start: "now", From: at(0)}, {Recipe: "runs", Number: 3}, {Recipe: "new", Number: 4}},
		}},
		Runs: []told.RunTold{{
			Run: run, Mask: show.NewMask([]string{"email"}, run), Steps: []store.Step{
				{ID: "look", Status: "succeeded", StartedAt: at(2)},
				{
					ID: "send", Status: "unsure", Attempts: 2, StartedAt: at(3), Input: json.RawMessage(`{"to":"ann@example.com"}`),
					Error: &store.Failure{Message: "ann@example.com did not answer"}, Effect: &store.Effect{State: store.Unsure, Operation: "stibee.letter.send"},
				},
			},
		}},
	}
}

func TestExplain_TellsTheOldestFirst(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	told.PrintExplain(&b, told.Explain(aStory(), aRecipe))
	//nolint:dupword // words of two lines
	want := `
2026-03-01T12:01:00Z            run abcde-00000001 of hello for revision 1 under p1, created: parked
                                  record  {"address":{"city":"Seoul"},"email":"*****","id":"r1"}
                                  waits   nobody knows whether the write was carried out: look at the service
2026-03-01T12:02:00Z              step look: succeeded
2026-03-01T12:03:00Z              step send, stibee.letter.send: unsure after 2 attempts, effect unsure
                                  input   {"to":"*****"}
                                  error   ***** did not answer
2026-03-01T12:05:00Z            known in acme.item.list under p1, revision 2, missing in the last complete walk
2026-03-01T12:05:00Z            no run of hello for revision 2: no watched field changed
                                  watch   email, address.city
                                  values  {"address":{"city":"Seoul"},"email":"*****"}
no time known                   no run of gone for revision 1: older than the start
                                  start   now
                                  from    2026-03-01T12:00:00Z
`
	if diff := cmp.Diff(want, "\n"+b.String()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestExplain_HidesWhatIsMasked(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	list := told.Explain(aStory(), aRecipe)
	for i := range list {
		if err := show.JSON(&b, list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(b.String(), "ann@") {
		t.Errorf("it shows what is masked:\n%s", b.String())
	}
	if want := `{"at":null,"what":"decision","feed":"acme.item.list","parent":"p1","recipe":"gone","revision":1,"decision":"older than the start","looked_at":{"from":"2026-03-01T12:00:00Z","start":"now"}}`; !strings.Contains(b.String(), want) {
		t.Errorf("there is no %s in\n%s", want, b.String())
	}
}

func TestExplain_NamesWhatADecisionWasTakenFrom(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[triggers.Verdict]string{
		triggers.WrongKind: `{"kinds":["created"]}`, triggers.OtherParent: `{}`, triggers.Filtered: `{}`, triggers.OutOfScope: `{}`,
		triggers.NotWatched: `{"watch":["email","address.city"]}`,
	} {
		story := told.Story{Known: []told.KnownIn{{
			Seen: store.Seen{ID: "r1", Entry: triggers.Entry{Revision: 1, Decisions: []triggers.Decision{{Subscription: 1, Revision: 1, Verdict: verdict, Run: 7}}}},
			Subs: []store.Subscription{{Recipe: "hello", Number: 1}},
		}}}
		entry := told.Explain(story, aRecipe)[1]
		if entry.Decision != verdict.String() { // the run is of an earlier decision
			t.Errorf("got the decision %q, want %q", entry.Decision, verdict)
		}
		got, err := json.Marshal(entry.LookedAt)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s (%v), want %s", verdict, got, err, want)
		}
	}
}

func TestExplain_SaysWhatIsForgotten(t *testing.T) {
	t.Parallel()
	telling := func(s told.Story) string {
		var b bytes.Buffer
		told.PrintExplain(&b, told.Explain(s, aRecipe))
		return b.String()
	}
	story := aStory()
	story.Runs[0].Run.Event = store.Event{Forgotten: true}
	if got := telling(story); !strings.Contains(got, "forgotten, with what the steps sent and received") || strings.Contains(got, "the run is forgotten") {
		t.Errorf("a run without payload: got\n%s", got)
	}
	story.Runs = nil
	if got := telling(story); !strings.Contains(got, "accepted; the run is forgotten (keep.runs)") {
		t.Errorf("a run that is gone: got\n%s", got)
	}
}
