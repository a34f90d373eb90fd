package project_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// start is what one trigger of the connector's page waits for.
type start struct {
	// ready makes what is there at the beginning.
	ready func(s *sandboxed)
	// other are changes that the trigger does not wait for; change is the one that it does.
	other, change func(s *sandboxed)
	// want is the one run, without the id where that is made up.
	want string
	late bool // it shows at the second poll
}

// starts are those of the page, by the comment in their first line.
func starts() map[string]start {
	const list = "104532"
	ann, eve := map[string]any{"listId": list, "email": "ann@example.com"}, map[string]any{"listId": list, "email": "eve@example.com"}
	fields := func(name string) map[string]any {
		return plus(ann, map[string]any{"fields": map[string]any{"name": name}})
	}
	do := func(operation string, in map[string]any) func(s *sandboxed) {
		return func(s *sandboxed) { s.call("stibee", operation, in) }
	}
	all := func(list ...func(s *sandboxed)) func(s *sandboxed) {
		return func(s *sandboxed) {
			for _, f := range list {
				f(s)
			}
		}
	}
	joined := func(email string) func(s *sandboxed) { return func(s *sandboxed) { s.join(email) } }
	remove := do("subscriber.delete", map[string]any{"listId": list, "emails": []any{"ann@example.com"}})
	archive := func(s *sandboxed) { s.must(s.world.ArchiveSubscriber(list, "ann@example.com")) }
	var mail string
	drafted := func(s *sandboxed) { mail = s.draft("News") }
	renamed := func(s *sandboxed) {
		s.call("stibee", "email.update", map[string]any{"emailId": mail, "subject": "Good news"})
	}
	sent := func(s *sandboxed) {
		s.call("stibee", "email.send", map[string]any{"emailId": mail})
		pass(sentBy)
	}
	opened := func(s *sandboxed) {
		s.must(s.world.ActOnEmail(number(s, mail), "ann@example.com", "O", "a browser"))
	}
	return map[string]start{
		"new subscriber": {
			ready: joined("ben@example.com"), other: all(do("subscriber.update", map[string]any{"listId": list, "email": "ben@example.com", "fields": map[string]any{"name": "Ben"}})),
			change: joined("ann@example.com"), want: "created ann@example.com",
		},
		"updated subscriber": {
			ready: joined("ann@example.com"), other: all(do("subscriber.unsubscribe", ann), joined("ben@example.com")),
			change: do("subscriber.update", fields("Ann")), want: "updated ann@example.com",
		},
		"unsubscribed": {
			ready:  all(joined("ann@example.com"), joined("eve@example.com"), do("subscriber.unsubscribe", eve)),
			other:  all(do("subscriber.update", fields("Ann")), joined("ben@example.com"), do("subscriber.update", plus(eve, map[string]any{"fields": map[string]any{"name": "Eve"}}))),
			change: do("subscriber.unsubscribe", ann), want: "entered ann@example.com",
		},
		"removed subscriber": {
			ready: all(joined("ann@example.com"), joined("ben@example.com")), other: all(do("subscriber.unsubscribe", ann), joined("eve@example.com")),
			change: remove, want: "deleted ann@example.com", late: true,
		},
		"bounced subscriber": {
			ready: joined("ann@example.com"), other: all(do("subscriber.unsubscribe", ann), joined("ben@example.com")),
			change: archive, want: "entered ann@example.com",
		},
		"new e-mail":  {ready: drafted, other: renamed, change: drafted, want: "created "},
		"e-mail sent": {ready: all(joined("ann@example.com"), drafted), other: renamed, change: sent, want: "entered "},
		"e-mail activity": {
			ready: all(joined("ann@example.com"), drafted), other: all(renamed, sent), // P is no answer of hers
			change: opened, want: "created ",
		},
		"new group": {
			other:  do("group.update", map[string]any{"listId": list, "groupId": "2071", "name": "Friends"}),
			change: do("group.create", map[string]any{"listId": list, "name": "Guests"}), want: "created ",
		},
		"new list": {other: do("list.update", map[string]any{"listId": list, "name": "Good news"}), change: do("list.create", newList()), want: "created "},
	}
}

// number is an id as the sandbox knows it.
func number(s *sandboxed, id string) int {
	s.t.Helper()
	n, err := strconv.Atoi(id)
	s.must(err)
	return n
}

// TestStartsOfStibee_AreAsThePageSays makes a recipe out of each trigger that the page of the
// connector shows. What is not its change makes no run, its change makes one.
func TestStartsOfStibee_AreAsThePageSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../connectors/stibee/README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, narrowed := starts(), regexp.MustCompile(", statuses: [a-z]+")
	var told, known []string
	for _, m := range regexp.MustCompile("(?ms)^```yaml trigger\n# ([^\n]+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		name, lines := m[1], m[2]
		told = append(told, name)
		if _, ok := all[name]; !ok {
			continue // reported below
		}
		st := starts()[name] // with variables of its own
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) { s.starts(lines, st) })
			if whole := narrowed.ReplaceAllString(lines, ""); whole != lines { // the page says that it may be left out
				inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) { s.starts(whole, st) })
			}
		})
	}
	for name := range all {
		known = append(known, name)
	}
	slices.Sort(told)
	slices.Sort(known)
	if diff := cmp.Diff(known, told); diff != "" {
		t.Errorf("triggers of the test and of the page (-test +page):\n%s", diff)
	}
}

// starts lives through one trigger.
func (s *sandboxed) starts(lines string, st start) {
	s.t.Helper()
	text := []string{"recipe: v1\nid: start\nconnections: {mail: {connector: stibee, account: stibee}}\n" + lines + "steps: [{id: note, set: {what: =kind}}]\n"}
	const poll = 20 * time.Minute
	if st.ready != nil {
		st.ready(s)
	}
	s.expect("the first poll", poll, text)
	s.expect("a poll after it", poll, text)
	st.other(s)
	s.expect("another change", poll, text)
	s.expect("a poll after it", poll, text)
	st.change(s)
	if st.late {
		s.expect("the change, once seen", poll, text)
	}
	pass(poll)
	s.poll(text...)
	got := s.news()
	if len(got) != 1 || !strings.HasPrefix(got[0], st.want) {
		s.t.Errorf("after the change: got runs %v, want one that begins with %q", got, st.want)
	}
	s.expect("at the end", poll, text)
}
