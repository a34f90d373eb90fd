package recipes_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes"
)

// good parses a file that has no findings.
func good(t *testing.T, file string) *recipes.Recipe {
	t.Helper()
	var into diag.List
	r := recipes.Parse(file, read(t, file), catalog{}, &into)
	if r == nil || into.Len() != 0 {
		t.Fatalf("%s: %s", file, render(t, &into, nil))
	}
	return r
}

func TestParse_ReadsEveryWord(t *testing.T) {
	t.Parallel()
	r := good(t, "testdata/good/everything.yaml")
	type view struct {
		ID, Name, Version string
		Connections       map[string]recipes.Connection
		Vars              map[string]any
		With              map[string]any
		Kinds, Watch      []string
		Start             recipes.Start
		Overlap           time.Duration
		Deletes           recipes.Deletes
		Reconcile         time.Duration
		HoldOver          int
		Jitter            time.Duration
		Missed            string
		Workers           int
		Waiting, Parked   string
		OnError           []recipes.Rule
		Keep              recipes.Keep
		NeedsBodies       bool
	}
	want := view{
		ID: "everything", Name: "Every word of the language", Version: r.Version,
		Connections: map[string]recipes.Connection{
			"crm":  {Name: "crm", Connector: "highlevel", Account: "acme"},
			"mail": {Name: "mail", Connector: "stibee", Account: "newsletter"},
		},
		Vars: map[string]any{"list": "104532", "limits": map[string]any{"high": 10, "factors": []any{1.5, 2}}, "formula": "=not an expression"},
		With: map[string]any{"query": "104532"}, Kinds: []string{"created", "updated", "deleted"}, Watch: []string{"email", "tags", "address.city"},
		Deletes: recipes.Deletes{Scan: 10 * time.Second, RefuseOver: 0.05, HasRefuseOver: true}, Reconcile: 12 * time.Hour,
		Start:   recipes.Start{Mode: recipes.StartTime, At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Text: "2026-03-01T09:00:00+09:00"},
		Overlap: 2 * time.Minute, HoldOver: 500, Jitter: 30 * time.Second, Missed: recipes.MissedSkip,
		Workers: 8, Waiting: recipes.RunAll, Parked: recipes.GoOn,
		OnError: []recipes.Rule{{Kind: "rate_limited", Do: recipes.DoRetry}, {Kind: recipes.AnyKind, Do: recipes.DoPark}},
		Keep:    recipes.Keep{Runs: 720 * time.Hour, Payloads: 168 * time.Hour, Mask: []string{"email"}}, NeedsBodies: true,
	}
	got := view{
		r.ID, r.Name, r.Version, r.Connections, r.Vars, r.Trigger.With, r.Trigger.Kinds, r.Trigger.Watch, r.Trigger.Start, r.Trigger.Overlap,
		r.Trigger.Deletes, r.Trigger.Reconcile,
		r.Trigger.HoldOver, r.Trigger.Schedule.Jitter, r.Trigger.Schedule.Missed, r.Order.Workers, r.Order.WhileWaiting, r.Order.WhenParked,
		r.OnError, r.Keep, r.NeedsBodies,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recipe (-want +got):\n%s", diff)
	}
	if len(r.Version) != 12 {
		t.Errorf("version: got %q, want 12 digits", r.Version)
	}
}

func TestParse_ReadsSteps(t *testing.T) {
	t.Parallel()
	r := good(t, "testdata/good/everything.yaml")
	type view struct {
		ID, Kind, Call, Reason, Unsure string
		Index                          int
		If, ThenStop                   bool
		Retry                          recipes.Retry
		Timeout                        time.Duration
		OnError                        []recipes.Rule
	}
	var got []view
	for _, s := range r.Steps {
		got = append(got, view{
			s.ID, s.Kind.String(), strings.Trim(s.Connection+"."+s.Operation, "."), s.Reason, s.Unsure, s.Index,
			s.If != nil, s.ThenStop, s.Retry, s.Timeout, s.OnError,
		})
	}
	want := []view{
		{ID: "who", Kind: "set"},
		{ID: "skip", Kind: "stop", Index: 1, If: true, Reason: "nothing to do"},
		{
			ID: "find", Kind: "call", Index: 2, Call: "crm.contact.get", Timeout: 30 * time.Second,
			Retry:   recipes.Retry{Tries: 3, Min: time.Second, Max: time.Second},
			OnError: []recipes.Rule{{Kind: "not_found", Status: 404, Code: "gone", Do: recipes.DoContinue}},
		},
		{ID: "upsert", Kind: "call", Index: 3, Call: "mail.subscriber.upsert", If: true, ThenStop: true},
		{ID: "note", Kind: "call", Index: 4, Call: "crm.contact.note.create", Unsure: recipes.UnsureFind},
		{ID: "remove", Kind: "call", Index: 5, Call: "crm.contact.delete", If: true, Unsure: recipes.UnsurePark},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// outline writes steps with those inside them, for comparison.
func outline(list []recipes.Step) []string {
	var lines []string
	for _, s := range list {
		line := fmt.Sprintf("%d %s %s", s.Index, s.ID, s.Kind)
		switch s.Kind {
		case recipes.Each:
			line += fmt.Sprintf(" %s by %d", s.Each, s.Parallel)
		case recipes.Wait:
			line += fmt.Sprintf(" %s", s.Wait.For)
			if s.Wait.Until != nil {
				line += " until " + s.Wait.Until.String()
			}
		case recipes.Call:
			line += strings.TrimRight(" "+s.Operation+" "+s.Target, " ")
		case recipes.Set, recipes.Stop, recipes.Switch:
		}
		if len(s.OnError) > 0 {
			line += " " + s.OnError[0].Kind + ":" + s.OnError[0].Do
		}
		if s.ThenStop {
			line += " then stop"
		}
		lines = append(lines, line)
		inner := outline(s.Steps)
		for _, c := range s.Cases {
			if c.If == nil {
				inner = append(inner, "else")
			} else {
				inner = append(inner, "if "+c.If.String())
			}
			for _, l := range outline(c.Steps) {
				inner = append(inner, "  "+l)
			}
		}
		for _, l := range inner {
			lines = append(lines, "  "+l)
		}
	}
	return lines
}

func TestParse_ReadsStepsInsideOthers(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"switch": {
			"0 by_kind switch invalid:park",
			"  if record.dnd", "    1 leave call subscriber.unsubscribe",
			`  if "vip" in record.tags`, "    2 vip set", "    3 assign call group.assign",
			"  else", "    4 plain set",
			"5 upsert call subscriber.upsert",
		},
		"each": {
			"0 tags each record.tags by 16 any:continue then stop",
			"  1 parts set", "  2 words each steps.parts.words by 1", "    3 word set",
			"  4 choose switch", "    if steps.parts.long", "      5 note call contact.note.create invalid:continue",
			"6 count set", "7 upsert call subscriber.upsert",
		},
		"wait": {
			"0 pause wait 36h0m0s", `1 due wait 0s until date(record.dateAdded) + duration("30d")`, "2 added wait 0s until record.dateAdded",
			`3 opening wait 0s until "2030-03-01T09:00:00+09:00"`, "4 upsert call subscriber.upsert",
		},
		"only-if": {"0 tidy call contact.delete contact.get", "1 upsert call subscriber.upsert"},
	}
	for name, want := range tests {
		r := good(t, "testdata/good/"+name+".yaml")
		if diff := cmp.Diff(want, outline(r.Steps)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		place := 0
		for s := range r.AllSteps() {
			if s.Index != place {
				t.Errorf("%s: AllSteps: got %s with index %d, want %d", name, s.ID, s.Index, place)
			}
			place++
		}
	}
	r := good(t, "testdata/good/only-if.yaml")
	if r.Order.WhileWaiting != recipes.KeepLatest {
		t.Errorf("while_waiting: got %q, want %q", r.Order.WhileWaiting, recipes.KeepLatest)
	}
	if diff := cmp.Diff(map[string]any{"tidy": map[string]any{"id": "c1"}}, r.Tests[0].Given.Targets); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}

// TestRecipe_AllStepsCanEndEarly holds that a loop over the steps may be left anywhere.
func TestRecipe_AllStepsCanEndEarly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"switch", "each"} {
		r := good(t, "testdata/good/"+name+".yaml")
		for wanted := range 6 {
			seen := 0
			for range r.AllSteps() {
				if seen++; seen > wanted {
					break
				}
			}
			if seen != wanted+1 {
				t.Errorf("%s: got %d steps, want %d", name, seen, wanted+1)
			}
		}
	}
}

// TestParse_NeedsBodiesOfStepsInsideOthers holds that before is kept for whatever looks
// back, however deep it stands.
func TestParse_NeedsBodiesOfStepsInsideOthers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		step string
		want bool
	}{
		{"each: record.tags, steps: [{id: b, set: {x: =item}}]", false},
		{"each: before.tags, steps: [{id: b, set: {x: =item}}]", true},
		{"each: record.tags, steps: [{id: b, set: {x: =before.email}}]", true},
		{"switch: [{if: record.dnd, steps: [{id: b, set: {x: 1}}]}]", false},
		{"switch: [{if: before.dnd, steps: [{id: b, set: {x: 1}}]}]", true},
		{"switch: [{if: record.dnd, steps: [{id: b, each: record.tags, steps: [{id: c, if: 'changed(\"email\")', stop: true}]}]}]", true},
		{"wait: {until: =before.dateAdded}", true},
		{"wait: {until: =record.dateAdded}", false},
		{"call: crm.contact.delete, with: {contactId: =record.id}, only_if: target.email == before.email", true},
		{"call: crm.contact.delete, with: {contactId: =record.id}, only_if: target.email == record.email", false},
	}
	for _, tt := range tests {
		r := parse(t, "", "steps: [{id: a, "+tt.step+"}, {id: z, call: mail.subscriber.upsert, with: {listId: \"1\", email: =record.email}}]\n")
		if r.NeedsBodies != tt.want {
			t.Errorf("%s: got %t, want %t", tt.step, r.NeedsBodies, tt.want)
		}
	}
}

// TestParse_CountsStepsInsideOthers holds the bound to all steps, wherever they stand.
func TestParse_CountsStepsInsideOthers(t *testing.T) {
	t.Parallel()
	for inside, want := range map[int]bool{198: true, 199: false} { // with the each and the call they are 200 and 201
		var b strings.Builder
		b.WriteString("steps:\n  - id: a\n    each: record.tags\n    steps:\n")
		for i := range inside {
			fmt.Fprintf(&b, "      - {id: s%d, set: {x: 1}}\n", i)
		}
		b.WriteString("  - {id: z, call: mail.subscriber.upsert, with: {listId: \"1\", email: =record.email}}\n")
		var into diag.List
		r := recipes.Parse("f", []byte(complete(b.String())), catalog{}, &into)
		many := strings.Contains(render(t, &into, nil), "the recipe has 201 steps, more than 200 ["+recipes.CodeTooManySteps+"]")
		if (r != nil) != want || many == want {
			t.Errorf("%d steps inside: got a recipe: %t and\n%s", inside, r != nil, render(t, &into, nil))
		}
	}
}

func TestParse_GivesDefaults(t *testing.T) {
	t.Parallel()
	r := good(t, "testdata/good/smallest.yaml")
	if r.Name != "example" || r.Trigger.HoldOver != 1000 || r.Order.Workers != 4 || r.Order.WhenParked != recipes.Hold || r.NeedsBodies || r.Filter != nil {
		t.Errorf("defaults: got %+v", r)
	}
	if diff := cmp.Diff([]string{"created", "updated"}, r.Trigger.Kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

// parse reads the smallest recipe with further lines of the trigger and of the recipe,
// without findings.
func parse(t *testing.T, trigger, rest string) *recipes.Recipe {
	t.Helper()
	if !strings.Contains(trigger, "poll: ") {
		trigger += ", poll: crm.contact.search"
	}
	text := complete("trigger: {schedule: {every: 5m}, start: now" + trigger + "}\n" + rest)
	var into diag.List
	r := recipes.Parse("f", []byte(text), catalog{}, &into)
	if r == nil || into.Len() != 0 {
		t.Fatalf("%s: %s", text, render(t, &into, nil))
	}
	return r
}

func TestParse_KindsFollowTheScope(t *testing.T) {
	t.Parallel()
	const scope = "scope: record.email != nil\n"
	tests := []struct {
		trigger, rest string
		want          []string
		bodies        bool
	}{
		{"", "", []string{"created", "updated"}, false},
		{", kinds: [created]", "", []string{"created"}, false},
		{", kinds: [deleted, created]", "", []string{"deleted", "created"}, true},
		{"", scope, []string{"entered", "changed", "left"}, true},
		{", kinds: [left]", scope, []string{"left"}, true},
	}
	for _, tt := range tests {
		r := parse(t, tt.trigger, tt.rest)
		if diff := cmp.Diff(tt.want, r.Trigger.Kinds); diff != "" {
			t.Errorf("%q, %q: kinds (-want +got):\n%s", tt.trigger, tt.rest, diff)
		}
		if r.NeedsBodies != tt.bodies || (r.Scope != nil) != (tt.rest != "") {
			t.Errorf("%q, %q: got bodies %t, scope %v", tt.trigger, tt.rest, r.NeedsBodies, r.Scope)
		}
	}
}

func TestParse_ScopeSeesTheRecord(t *testing.T) {
	t.Parallel()
	r := parse(t, "", "vars: {city: Seoul}\nscope: record.address.city == vars.city and account.name == \"acme\"\n")
	for city, want := range map[string]bool{"Seoul": true, "Busan": false} {
		got, err := r.Scope.Match(&mapping.Scope{
			Record: map[string]any{"address": map[string]any{"city": city}}, Vars: r.Vars, Account: "acme",
		})
		if err != nil || got != want {
			t.Errorf("%s: got %t, %v, want %t", city, got, err, want)
		}
	}
}

func TestParse_ReadsDeletesAndReconcile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		trigger   string
		deletes   recipes.Deletes
		reconcile time.Duration
	}{
		{"", recipes.Deletes{}, 0},
		{", reconcile: off", recipes.Deletes{}, recipes.Never},
		{", reconcile: 10m, deletes: {}", recipes.Deletes{}, 10 * time.Minute},
		{", reconcile: 30d, deletes: {scan: 30d}", recipes.Deletes{Scan: 720 * time.Hour}, 720 * time.Hour},
		{", deletes: {refuse_over: 0%}", recipes.Deletes{HasRefuseOver: true}, 0},
		{", deletes: {refuse_over: 12.5%}", recipes.Deletes{RefuseOver: 0.125, HasRefuseOver: true}, 0},
		{", deletes: {refuse_over: 100%}", recipes.Deletes{RefuseOver: 1, HasRefuseOver: true}, 0},
	}
	for _, tt := range tests {
		got := parse(t, ", kinds: [created, deleted]"+tt.trigger, "").Trigger
		if got.Deletes != tt.deletes || got.Reconcile != tt.reconcile {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.trigger, got.Deletes, got.Reconcile, tt.deletes, tt.reconcile)
		}
	}
}

func TestParse_ReadsParents(t *testing.T) {
	t.Parallel()
	const notes = ", poll: crm.contact.note.list"
	const step = "steps: [{id: a, set: {b: =event.parent}}]\nconnections: {crm: {connector: highlevel, account: acme}}\nvars: {least: 5}\n"
	all := parse(t, notes, step).Trigger
	if all.Parents.IDs != nil || all.Parents.Where != nil || len(all.With) != 0 {
		t.Errorf("got %+v with %v, want all parents without inputs", all.Parents, all.With)
	}
	some := parse(t, notes+`, parents: ["c1", "2"]`, step).Trigger
	if diff := cmp.Diff([]string{"c1", "2"}, some.Parents.IDs); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	r := parse(t, notes+", parents: record.score > vars.least", step)
	for score, want := range map[any]bool{7: true, 3: false, nil: false} {
		got, err := r.Trigger.Parents.Where.Match(&mapping.Scope{Record: map[string]any{"score": score}, Vars: r.Vars})
		if err != nil || got != want {
			t.Errorf("%v: got %t, %v, want %t", score, got, err, want)
		}
	}
}

// TestParse_ReadsTestsOfDeletions holds that both records of a deletion are known,
// whichever of them the file gives.
func TestParse_ReadsTestsOfDeletions(t *testing.T) {
	t.Parallel()
	r := good(t, "testdata/good/scope.yaml")
	for i, want := range []string{"entered", "none", "left", "left"} {
		if got := r.Tests[i].Expect.Kind; got != want {
			t.Errorf("%s: got %q expected, want %q", r.Tests[i].Name, got, want)
		}
	}
	for _, i := range []int{2, 3} {
		g := r.Tests[i].Given
		if g.Kind != "deleted" || g.Record["email"] != "a@example.com" || g.Before["email"] != "a@example.com" {
			t.Errorf("%s: got %+v", r.Tests[i].Name, g)
		}
	}
}

func TestTrigger_Watches(t *testing.T) {
	t.Parallel()
	all := parse(t, "", "").Trigger
	if !all.Watches([]string{"score"}) || !all.Watches(nil) {
		t.Error("a trigger without watch lets an update pass by")
	}
	some := parse(t, ", watch: [email, address.city, customFields.plan, dndSettings.Email.status]", "").Trigger
	tests := []struct {
		changed []string
		want    bool
	}{
		{nil, false},
		{[]string{"score"}, false},
		{[]string{"email", "score"}, true},
		{[]string{"address"}, true},
		{[]string{"address", "address.street"}, false},
		{[]string{"customFields", "customFields.plan.value"}, true},
		{[]string{"customFields", "customFields.other"}, false},
		{[]string{"dndSettings", "dndSettings.Email"}, true},
	}
	for _, tt := range tests {
		if got := some.Watches(tt.changed); got != tt.want {
			t.Errorf("%v: got %t, want %t", tt.changed, got, tt.want)
		}
	}
}

func TestParse_ParksWhatCannotBeProven(t *testing.T) {
	t.Parallel()
	var into diag.List
	r := recipes.Parse("f", read(t, "testdata/bad/no-proof.yaml"), catalog{}, &into)
	if r == nil || r.Steps[0].Unsure != recipes.UnsurePark {
		t.Errorf("got %+v, want a usable recipe whose note is parked", r)
	}
}

// TestParse_RefusesHostileFiles is not parallel, nor are its cases: what they take would be
// what the tests beside them take as well.
func TestParse_RefusesHostileFiles(t *testing.T) {
	head := "recipe: v1\nid: example\n"
	step := "  - {id: a, stop: true}\n"
	tests := []struct{ name, text, code string }{
		{"bomb", head + bomb(), yamlnode.CodeTooMany},
		{"5 MB", head + strings.Repeat("# padding\n", 500_000), yamlnode.CodeTooLarge},
		{"binary", "\x7fELF\x02\x01\x01\x00\x00", yamlnode.CodeNotText},
		{"UTF-16", "\xff\xfer\x00e\x00c\x00", yamlnode.CodeNotText},
		{"deep", "steps: " + strings.Repeat("[", 10_000), yamlnode.CodeTooDeep},
		{"2001 keys", "vars:\n" + strings.Repeat("  k: 1\n", 2001), yamlnode.CodeTooManyKeys},
		{"201 steps", head + "steps:\n" + strings.Repeat(step, 201), recipes.CodeTooManySteps},
		{"201 tests", head + "tests:\n" + strings.Repeat("  - {}\n", 201), recipes.CodeTooManySteps},
		{"mistakes without end", head + "on_error:\n" + strings.Repeat("  - {do: x, match: y}\n", 5000), diag.CodeTooManyFindings},
		{"60,000 expressions", head + "connections: {}\ntrigger: {}\nsteps:\n  - id: a\n    set:\n      b: [" + strings.Repeat("=1,", 60_000) + "]\n", "too-many-expressions"},
		{"a pattern that explodes", head + "trigger: {}\nfilter: 'record.a matches \"" + strings.Repeat("(a{1,99}){1,9}", 20) + "\"'\n", "bad-pattern"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var into diag.List
			begun := time.Now()
			if recipes.Parse("f.yaml", []byte(tt.text), catalog{}, &into) != nil {
				t.Error("got a recipe, want none")
			}
			render(t, &into, map[string][]byte{"f.yaml": []byte(tt.text)})
			if took := time.Since(begun); took > limit {
				t.Errorf("it took %v, want at most %v", took, limit)
			}
			for _, f := range into.Sorted() {
				if f.Code == tt.code {
					return
				}
			}
			t.Errorf("got %s, want %s among them", render(t, &into, nil), tt.code)
		})
	}
}

func bomb() string {
	var b strings.Builder
	b.WriteString("x-0: &a0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n")
	for i := 1; i < 10; i++ {
		prev, this := string(rune('0'+i-1)), string(rune('0'+i))
		b.WriteString("x-" + this + ": &a" + this + " [" + strings.Repeat("*a"+prev+", ", 9) + "*a" + prev + "]\n")
	}
	return b.String()
}

func TestLoad_ReadsAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	smallest := string(read(t, "testdata/good/smallest.yaml"))
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yaml", smallest)
	write("b.yaml", strings.Replace(smallest, "id: example", "id: other", 1))
	write("c.yaml", smallest)
	write("d.yml", smallest)
	write("e.yaml", "")
	write("notes.txt", "not a recipe")
	write(".hidden.yaml", "broken: [")
	if err := os.Mkdir(filepath.Join(dir, "folder.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "f.yaml")); err != nil {
		t.Fatal(err)
	}
	var into diag.List
	list, sources := recipes.Load(dir, catalog{}, &into)
	if len(list) != 2 || list[0].ID != "example" || list[1].ID != "other" || len(sources) != 4 {
		t.Errorf("got %d recipes and %d sources, want example and other, and 4", len(list), len(sources))
	}
	got := strings.ReplaceAll(render(t, &into, nil), filepath.ToSlash(dir), "DIR")
	want := `DIR/c.yaml:2:5: error: the recipe "example" is already in DIR/a.yaml [duplicate-id]
    choose another id
DIR/d.yml: warning: this file is not read: its name does not end in .yaml [file-name]
    rename it to d.yaml
DIR/e.yaml: error: the file is empty [empty-file]
DIR/f.yaml: error: the file cannot be read: no such file or directory [unreadable]
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestLoad_ReportsAMissingFolder(t *testing.T) {
	t.Parallel()
	var into diag.List
	if list, _ := recipes.Load(filepath.Join(t.TempDir(), "none"), catalog{}, &into); list != nil || into.Len() != 1 || into.Sorted()[0].Code != recipes.CodeNoFolder {
		t.Errorf("got %v, %s; want one %s", list, render(t, &into, nil), recipes.CodeNoFolder)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml", "examples/*.yaml"} {
		list, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range list {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var into diag.List
		begun := time.Now()
		r := recipes.Parse("f.yaml", text, catalog{}, &into)
		if took := time.Since(begun); took > limit {
			t.Errorf("Parse took %v", took)
		}
		if r == nil && !into.HasErrors() {
			t.Error("the file was refused without an error")
		}
		if r != nil && r.Trigger.Schedule.Next(time.Unix(0, 0)).IsZero() {
			t.Error("the schedule of a good recipe never comes")
		}
	})
}
