package files_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/files"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
)

// newRuns returns a store with two runs.
func newRuns(t *testing.T) (*memstore.Store, []store.RunID) {
	t.Helper()
	s := memstore.New()
	c := store.PollCommit{Feed: store.Feed{ID: "f", Inputs: []byte("{}")}, Subscriptions: []store.Subscription{{Recipe: "r", Feed: "f"}}}
	for i := range 2 {
		c.Runs = append(c.Runs, store.NewRun{Run: store.Run{Recipe: "r", Record: strconv.Itoa(i), Revision: 1}})
	}
	done, err := s.CommitPoll(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s, done.Runs
}

func TestKeeper_GivesFilesToItsOwnRun(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, runs := newRuns(t)
	step := files.Keeper{Store: s, Run: runs[0], Step: "each[3].fetch"}
	want := connectors.File{Type: "audio/x-wav", Title: "a.wav", Data: []byte("RIFF")}
	reference, err := step.Keep(ctx, want)
	if err != nil || !strings.HasPrefix(reference, "file:"+string(runs[0])+"/") {
		t.Fatalf("keep = %q, %v, want a reference with the run", reference, err)
	}
	want.Data = []byte("again")
	if again, err := step.Keep(ctx, want); err != nil || again != reference {
		t.Errorf("kept again = %q, %v, want the same %q", again, err, reference)
	}
	later := files.Keeper{Store: s, Run: runs[0], Step: "send"}
	got, err := later.Fetch(ctx, reference)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("fetch: %v (-want +got):\n%s", err, diff)
	}
	if other, err := later.Keep(ctx, want); err != nil || other == reference {
		t.Errorf("file of another step = %q, %v, want a name of its own", other, err)
	}

	for reference, want := range map[string]string{
		reference: "belongs to another run", "": "no reference", "shelf": "no reference", "file:": "no reference", "file:" + string(runs[1]): "no reference",
		"file:" + string(runs[1]) + "/../../x": "no reference", "file:" + string(runs[1]) + "/": "no reference", "file:" + string(runs[1]) + "/abc": "not kept any more",
	} {
		stranger := files.Keeper{Store: s, Run: runs[1], Step: "send"}
		_, err := stranger.Fetch(ctx, reference)
		if connectors.KindOf(err) != connectors.Invalid || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("fetch %q: got %v, want it invalid: %s", reference, err, want)
		}
		if checked := stranger.Check(reference); (checked == nil) != (want == "not kept any more") {
			t.Errorf("check %q = %v, want what fetch says of its form", reference, checked)
		}
	}
}

func TestKeeper_KeepsNothingWhenDry(t *testing.T) {
	t.Parallel()
	s, runs := newRuns(t)
	ctx := connectors.WithFiles(t.Context(), files.Keeper{Store: s, Run: runs[0], Step: "fetch"})
	wet, err := connectors.FilesOf(ctx).Keep(ctx, connectors.File{Data: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	ctx = connectors.WithFiles(t.Context(), files.Keeper{Store: s, Run: runs[1], Step: "fetch"})
	dry := connectors.FilesOf(files.Dry(ctx))
	reference, err := dry.Keep(ctx, connectors.File{Data: []byte("x")})
	if want := strings.Replace(wet, string(runs[0]), string(runs[1]), 1); err != nil || reference != want {
		t.Errorf("dry = %q, %v, want what it would be: %q", reference, err, want)
	}
	if _, err := dry.Fetch(ctx, reference); err == nil || !strings.Contains(err.Error(), "not kept") {
		t.Errorf("fetch = %v, want that it is not kept", err)
	}
	if connectors.FilesOf(files.Dry(t.Context())) != nil {
		t.Error("a call without files got some")
	}
}

func TestKeeper_SaysWhatMayPass(t *testing.T) {
	t.Parallel()
	s, runs := newRuns(t)
	_, err := files.Keeper{Store: s, Run: runs[0], Step: "x"}.Keep(t.Context(), connectors.File{Data: make([]byte, store.MaxFileBytes+1)})
	if connectors.KindOf(err) != connectors.Invalid || !errors.Is(err, store.ErrInvalid) {
		t.Errorf("too large: %v of kind %s, want invalid", err, connectors.KindOf(err))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = files.Keeper{Store: s, Run: runs[0], Step: "x"}.Keep(t.Context(), connectors.File{})
	if connectors.KindOf(err) != connectors.Transient || !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed: %v of kind %s, want transient", err, connectors.KindOf(err))
	}
}
