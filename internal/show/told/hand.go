package told

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

// DoneView is what became of a person's wish for a run, as --json prints it.
type DoneView struct {
	ID     store.RunID  `json:"id"`
	Done   bool         `json:"done"`
	Status store.Status `json:"status"` // of the run, now
	Error  *string      `json:"error"`  // why nothing was done
}

// Done returns the view of a run that was changed, or was not because of err.
func Done(id store.RunID, status store.Status, err error) DoneView {
	v := DoneView{ID: id, Done: err == nil, Status: status}
	if err != nil {
		v.Error = show.Word(err.Error())
	}
	return v
}

// Tally counts runs that something would be done to.
type Tally struct {
	First []WouldView // the oldest ones, looked at one by one

	runs           int
	groups         map[TallyGroup]int
	oldest, newest store.Run
}

// TallyGroup is what the runs of a group have in common.
type TallyGroup struct {
	Recipe string       `json:"recipe"`
	Status store.Status `json:"status"`
}

// WouldView says what would become of one run.
type WouldView struct {
	ID     store.RunID  `json:"id"`
	Recipe string       `json:"recipe"`
	Record string       `json:"record"`
	Status store.Status `json:"status"`
	Would  string       `json:"would"`
	Error  *string      `json:"error"` // why it would be refused
}

// Would returns what would become of a run: what is wanted, or a refusal.
func Would(r *store.Run, verb, refusal string) WouldView {
	v := WouldView{ID: r.ID, Recipe: r.Recipe, Record: r.Record, Status: r.State.Status, Would: verb}
	if refusal != "" {
		v.Would, v.Error = "refuse", show.Word(refusal)
	}
	return v
}

// Add counts a run. The newest comes first.
func (t *Tally) Add(r *store.Run) {
	if t.groups == nil {
		t.groups = map[TallyGroup]int{}
	}
	if t.runs == 0 {
		t.newest = store.Run{ID: r.ID, QueuedAt: r.QueuedAt}
	}
	t.oldest = store.Run{ID: r.ID, QueuedAt: r.QueuedAt}
	t.groups[TallyGroup{r.Recipe, r.State.Status}]++
	t.runs++
}

// TallyCount is how many runs a group has.
type TallyCount struct {
	TallyGroup

	Runs int `json:"runs"`
}

// TallyView is what would be done, as --json prints it.
type TallyView struct {
	Preview  bool         `json:"preview"`
	Runs     int          `json:"runs"`
	By       []TallyCount `json:"by"`
	OldestAt *string      `json:"oldest_at"`
	NewestAt *string      `json:"newest_at"`
	First    []WouldView  `json:"first"`
}

// View returns the view of what would be done.
func (t *Tally) View() TallyView {
	v := TallyView{Preview: true, Runs: t.runs, By: []TallyCount{}, OldestAt: show.Optional(t.oldest.QueuedAt), NewestAt: show.Optional(t.newest.QueuedAt), First: t.First}
	for group, n := range t.groups {
		v.By = append(v.By, TallyCount{group, n})
	}
	slices.SortFunc(v.By, func(a, b TallyCount) int {
		return cmp.Or(cmp.Compare(a.Recipe, b.Recipe), cmp.Compare(a.Status, b.Status))
	})
	return v
}

// PrintTally prints for people what would be done, and that nothing was.
func PrintTally(w io.Writer, t *Tally, verb, past string) {
	v := t.View()
	fmt.Fprintf(w, "%s would be %s; nothing was done\n", show.Plural(v.Runs, "run"), past)
	fmt.Fprintf(w, "  queued from %s to %s\n", t.oldest.QueuedAt.UTC().Format(time.RFC3339), t.newest.QueuedAt.UTC().Format(time.RFC3339))
	for _, c := range v.By {
		fmt.Fprintf(w, "  %s of %s, %s\n", show.Plural(c.Runs, "run"), c.Recipe, c.Status)
	}
	fmt.Fprintln(w)
	rows := make([][]string, len(v.First))
	for i, f := range v.First {
		would := f.Would
		if f.Error != nil {
			would += ": " + *f.Error
		}
		rows[i] = []string{string(f.ID), f.Recipe, f.Record, string(f.Status), would}
	}
	show.Table(w, []string{"id", "recipe", "record", "status", "would"}, rows)
	if more := v.Runs - len(v.First); more > 0 {
		fmt.Fprintf(w, "and %s more\n", show.Thousands(int64(more)))
	}
	fmt.Fprintf(w, "\nadd --yes to %s them\n", verb)
}
