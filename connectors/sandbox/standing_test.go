package sandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

func TestFault_BlocksAnAddressThatIsRefusedTooOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1})
		if err := c.Fail(sandbox.Fault{Kind: sandbox.Block, Operation: "highlevel.*", After: 3, For: 10 * time.Minute}); err != nil {
			t.Fatal(err)
		}
		known, unknown := c.Contacts()[0], "/contacts/nobody"
		get := func(path string, want int, when string) {
			t.Helper()
			if got := c.hl(t, http.MethodGet, path, "").status; got != want {
				t.Errorf("%s: status %d, want %d", when, got, want)
			}
		}
		nobody := c.hl(t, http.MethodGet, unknown, "").status
		get(unknown, nobody, "the second refusal")
		pass(time.Minute)
		get(unknown, nobody, "a minute later")
		get(unknown, nobody, "the second within a minute")
		get("/contacts/"+known, http.StatusOK, "before the block")
		get(unknown, nobody, "the third")
		get("/contacts/"+known, http.StatusForbidden, "in the block")
		pass(9 * time.Minute)
		get(unknown, http.StatusForbidden, "still")
		pass(time.Minute)
		get("/contacts/"+known, http.StatusOK, "after it")
		if r := c.st(t, http.MethodGet, "/auth-check", ""); r.status == http.StatusForbidden {
			t.Errorf("another service is blocked too: %+v", r)
		}
	})
}

func TestFault_KeysLetAWriteHappenOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1})
		path := c.at.HighLevelURL + "/contacts/" + c.Contacts()[0] + "/notes"
		add := func(key string) string {
			header := c.highLevelHeader()
			header["Idempotency-Key"] = key
			return c.must(t, http.MethodPost, path, `{"body":"called"}`, header).text
		}
		if first, again := add("a"), add("a"); first == again {
			t.Error("keys count without the rule, want two notes")
		}
		if err := c.Fail(sandbox.Fault{Kind: sandbox.Keyed, Operation: "highlevel.contact.note.create"}); err != nil {
			t.Fatal(err)
		}
		before := c.Written()
		first, again, other, none := add("b"), add("b"), add("c"), add("")
		if first != again || first == other || none == add("") {
			t.Errorf("answers %q, %q, %q, want the first again for a repeated key alone", first, again, other)
		}
		if got := c.Written() - before; got != 4 {
			t.Errorf("%d writes, want 4: b, c and two without a key", got)
		}
		c.Heal()
		if add("b") == first {
			t.Error("a key counts after the rule is gone")
		}
	})
}

func TestDaily_IsUsedUpAndTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1, HighLevelDaily: sandbox.Limit{Requests: 2}})
		path := "/contacts/" + c.Contacts()[0]
		for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
			if i > 0 {
				pass(time.Hour)
			}
			r := c.hl(t, http.MethodGet, path, "")
			left := []string{"1", "0", "0"}[i]
			if r.status != want || r.header.Get("X-RateLimit-Daily-Remaining") != left || r.header.Get("X-RateLimit-Limit-Daily") != "2" {
				t.Errorf("request %d: status %d with %s of %s left, want %d with %s of 2", i+1, r.status,
					r.header.Get("X-RateLimit-Daily-Remaining"), r.header.Get("X-RateLimit-Limit-Daily"), want, left)
			}
		}
		pass(22 * time.Hour)
		if r := c.hl(t, http.MethodGet, path, ""); r.status != http.StatusOK {
			t.Errorf("the next day: status %d, want 200", r.status)
		}
	})
}

func TestFault_ABlockIsTheSameAsJSON(t *testing.T) {
	t.Parallel()
	const text = `{"operation":"stibee.*","kind":"block","after":3,"for":"10m0s"}`
	var f sandbox.Fault
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	if want := (sandbox.Fault{Operation: "stibee.*", Kind: sandbox.Block, After: 3, For: 10 * time.Minute}); f != want {
		t.Errorf("read %+v, want %+v", f, want)
	}
	if got, err := json.Marshal(f); err != nil || string(got) != text {
		t.Errorf("wrote %s, %v, want %s", got, err, text)
	}
}
