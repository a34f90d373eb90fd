package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine"
)

// foresee is what loading some recipes would change, in short.
func foresee(t *testing.T, b *bench, texts ...string) (string, engine.Foresight) {
	t.Helper()
	f, err := engine.Foresee(t.Context(), b.options(texts...), nil)
	if err != nil {
		t.Fatalf("Foresee: %v", err)
	}
	return fmt.Sprintf("%s; new %d, unpolled %d", brief(f.Edits), len(f.NewFeeds), len(f.Unpolled)), f
}

func TestForesee(t *testing.T) {
	t.Parallel()
	other := recipe("id: letters", "id: other", "crm.item.list", "crm.item.all")
	for _, tt := range []struct {
		name   string
		former []string
		next   []string
		want   string
	}{
		{"the first start", nil, []string{recipe()}, "letters added waiting=0 blind=false; new 1, unpolled 0"},
		{"nothing edited", []string{recipe()}, []string{recipe()}, "letters same waiting=0 blind=false; new 0, unpolled 0"},
		{
			"one edited, one gone",
			[]string{recipe(), other},
			[]string{recipe("text: =record.name", "text: edited")},
			"letters changed waiting=0 blind=false; other removed waiting=0 blind=false; new 0, unpolled 1",
		},
		{
			"another list",
			[]string{recipe("crm.item.list", "crm.item.all")},
			[]string{recipe("crm.item.list", "crm.item.newest")},
			"letters changed waiting=0 blind=true; new 1, unpolled 1",
		},
		{"all gone", []string{recipe()}, nil, "letters removed waiting=0 blind=false; new 0, unpolled 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				b.service.put("r1", map[string]any{"name": "A"})
				if tt.former != nil {
					b.once(tt.former...)
				}
				pages := b.pages()
				before, err := b.store.Subscriptions(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := foresee(t, b, tt.next...); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				after, err := b.store.Subscriptions(t.Context())
				if err != nil || fmt.Sprint(before) != fmt.Sprint(after) || b.pages() != pages {
					t.Errorf("something was changed or asked for: subscriptions %v, were %v; %d pages, were %d", after, before, b.pages(), pages)
				}
			})
		})
	}
}

func TestForesee_ComparesWithWhatIsLoaded(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		other := recipe("id: letters", "id: other", "crm.item.list", "crm.item.all")
		b.once(recipe(), other)
		e := b.engine(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		for _, tt := range []struct {
			next, want string
		}{
			{recipe(), "letters same waiting=0 blind=false; new 0, unpolled 0"},
			{other, "letters removed waiting=0 blind=false; other same waiting=0 blind=false; new 1, unpolled 1"},
		} {
			f, err := engine.Foresee(t.Context(), b.options(tt.next), e)
			if err != nil {
				t.Fatalf("Foresee: %v", err)
			}
			if got := fmt.Sprintf("%s; new %d, unpolled %d", brief(f.Edits), len(f.NewFeeds), len(f.Unpolled)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		}
		stop()
	})
}

func TestForesee_CountsMatches(t *testing.T) {
	t.Parallel()
	filtered := func(kept bool, filter string) string {
		watch := ""
		if kept {
			watch = "\n  watch: [count]"
		}
		return recipe("start: now", "start: now"+watch, "steps:", "filter: "+filter+"\nsteps:")
	}
	for _, tt := range []struct {
		name, former, next string
		want               string
	}{
		{"bodies are kept", filtered(true, "record.count > 1"), filtered(true, "record.count > 2"), "4 records, 2 before, 1 now, 0 unclear"},
		{"no bodies", filtered(false, "record.count > 1"), filtered(false, "record.count > 2"), "0 records, 0 before, 0 now, 0 unclear"},
		{"a filter that cannot be evaluated", filtered(true, "record.count > 1"), filtered(true, "int(record.name) > 2"), "4 records, 0 before, 0 now, 4 unclear"},
		{"the filter is gone", filtered(true, "record.count > 1"), recipe("start: now", "start: now\n  watch: [count]"), "4 records, 2 before, 4 now, 0 unclear"},
		{"no filter at all", recipe(), recipe("text: =record.name", "text: edited"), "none"},
		{"not edited", filtered(true, "record.count > 1"), filtered(true, "record.count > 1"), "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				for i := range 4 {
					b.service.put(fmt.Sprintf("r%d", i), map[string]any{"name": "A", "count": i})
				}
				b.once(tt.former)
				_, f := foresee(t, b, tt.next)
				if len(f.Edits) != 1 {
					t.Fatalf("got %d edits, want 1", len(f.Edits))
				}
				got := "none"
				if m := f.Edits[0].Matches; m != nil {
					got = fmt.Sprintf("%d records, %d before, %d now, %d unclear", m.Records, m.Before, m.Now, m.Unclear)
				}
				if got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestForesee_SaysWhatStopsIt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		o := b.options(recipe())
		o.Accounts = nil
		if _, err := engine.Foresee(t.Context(), o, nil); err == nil {
			t.Error("without the account of a recipe: got no error")
		}
	})
}

func TestLowDisk(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	for _, tt := range []struct {
		size, free int64
		want       bool
	}{
		{0, 0, false},
		{100 * gib, gib, false},
		{100 * gib, gib - 1, true},
		{5 * gib, gib / 2, false}, // a tenth is enough
		{5 * gib, gib/2 - 1, true},
	} {
		if got := engine.LowDisk(tt.size, tt.free); got != tt.want {
			t.Errorf("LowDisk(%d, %d): got %t, want %t", tt.size, tt.free, got, tt.want)
		}
	}
}
