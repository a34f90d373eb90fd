package highlevel_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/highlevel"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/secret"
)

// settings are those of the account in these tests.
func settings() map[string]any {
	return map[string]any{"locationId": "loc1", "companyId": "com1", "appId": "app1"}
}

// TestEveryOperation_SendsWhatItsManifestSays builds the request of every operation with
// all inputs and with no more than it must have, and leaves out what it must have.
func TestEveryOperation_SendsWhatItsManifestSays(t *testing.T) {
	t.Parallel()
	m, err := manifest.Load(os.DirFS("."), highlevel.Key)
	if err != nil {
		t.Fatal(err)
	}
	_, session := open(t, says(200, "{}"))
	for _, op := range m.Operations {
		t.Run(op.Spec.Key, func(t *testing.T) {
			t.Parallel()
			all, least := map[string]any{}, map[string]any{}
			for _, in := range op.Spec.Inputs {
				all[in.Name] = made().Sample(in.Field)
				if must(in) {
					least[in.Name] = made().Sample(in.Field)
				}
			}
			for _, given := range []map[string]any{all, least} {
				r, err := session.Preview(op.Spec, given)
				if err != nil {
					t.Fatal(err)
				}
				checkHead(t, op, given, r)
				checkInputs(t, op, given, r)
			}
			for name := range least {
				short := maps.Clone(least)
				delete(short, name)
				if _, err := session.Preview(op.Spec, short); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("the input %q is missing", name)) {
					t.Errorf("without %s: %v, want a complaint about it", name, err)
				}
			}
		})
	}
}

// must reports an input that nobody but the recipe can fill.
func must(in connectors.Input) bool {
	return in.Required && in.Default == nil && in.Setting == "" && !in.Paging
}

// value is what an input sends; nil for nothing.
func value(in connectors.Input, given map[string]any) any {
	switch v, ok := given[in.Name]; {
	case ok && in.Secret:
		return secret.Stars
	case ok:
		return v
	case in.Setting != "":
		return settings()[in.Setting]
	}
	return in.Default
}

// checkHead compares method, path and headers.
func checkHead(t *testing.T, op *manifest.Operation, given map[string]any, r connectors.Request) {
	t.Helper()
	path := op.Spec.Path
	for _, in := range op.Spec.Inputs {
		if in.In == "path" {
			path = strings.ReplaceAll(path, "{"+in.Name+"}", url.PathEscape(fmt.Sprint(value(in, given))))
		}
	}
	address, _, _ := strings.Cut(r.URL, "?")
	if want := "https://services.leadconnectorhq.com" + path; r.Method != op.Spec.Method || address != want || strings.ContainsAny(address, "{}") {
		t.Errorf("request = %s %s, want %s %s", r.Method, address, op.Spec.Method, want)
	}
	if got := r.Header["Version"]; got != op.Spec.Version || got == "" {
		t.Errorf("Version = %q, want %q", got, op.Spec.Version)
	}
	kind := "application/json"
	if op.Fixed.Form {
		kind = "multipart/form-data"
	}
	if typed := r.Header["Content-Type"] == kind; typed != (r.Body != nil) {
		t.Errorf("Content-Type = %q with the body %v", r.Header["Content-Type"], r.Body)
	}
	if op.Spec.Method == http.MethodGet && r.Body != nil {
		t.Errorf("GET has the body %v, want none", r.Body)
	}
}

// checkInputs looks at each input where it must be, and nowhere else. What polling or
// paging fills may be there without being given.
func checkInputs(t *testing.T, op *manifest.Operation, given map[string]any, r connectors.Request) {
	t.Helper()
	_, query, _ := strings.Cut(r.URL, "?")
	asked, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range op.Spec.Inputs {
		at, want := op.At[in.Name], value(in, given)
		switch {
		case in.In == "query" && want != nil:
			if got := asked.Get(at); !asked.Has(at) || got != text(want) {
				t.Errorf("query %s = %q, want %q", at, got, text(want))
			}
		case in.In == "query":
			if asked.Has(at) && !in.Paging {
				t.Errorf("query %s = %q, want none", at, asked.Get(at))
			}
		case in.In == "body":
			got, sent := inside(r.Body, at)
			switch {
			case want == nil:
				if _, fixed := inside(op.Fixed.Body, at); sent && !fixed && !in.Paging {
					t.Errorf("body %s = %v, want none", at, got)
				}
			case !sent || fmt.Sprint(got) != fmt.Sprint(want) || !in.Secret && in.Accepts(got) != nil:
				t.Errorf("body %s = %#v, want %#v of type %s", at, got, want, in.Type)
			}
		}
		delete(asked, at)
	}
	for name := range op.Fixed.Query {
		delete(asked, name)
	}
	if len(asked) > 0 {
		t.Errorf("query: %v belongs to no input", slices.Sorted(maps.Keys(asked)))
	}
}

// inside returns the value at a place in a body.
func inside(body any, place string) (any, bool) {
	if place == "." {
		return body, body != nil
	}
	for name := range strings.SplitSeq(place, ".") {
		m, ok := body.(map[string]any)
		if !ok {
			return nil, false
		}
		if body, ok = m[name]; !ok {
			return nil, false
		}
	}
	return body, true
}

// text writes a value as it stands in a query.
func text(v any) string {
	if list, ok := v.([]any); ok {
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = text(e)
		}
		return strings.Join(texts, ",")
	}
	return fmt.Sprint(v)
}

// TestEveryOption_IsTaken gives every word that an input may have, so that a word which
// YAML reads as something else does not go unseen.
func TestEveryOption_IsTaken(t *testing.T) {
	t.Parallel()
	c, err := highlevel.New()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, o := range c.Describe().Operations {
		for _, in := range o.Inputs {
			for _, word := range in.Options {
				n++
				if err := in.Accepts(word); err != nil || word == "" || in.Type != schema.String {
					t.Errorf("%s: %s = %q: %v", o.Key, in.Name, word, err)
				}
			}
		}
	}
	if n == 0 {
		t.Error("no input has words to choose from")
	}
}

// TestEveryWrite_CanBeRepeatedOrSaysWhyNot holds the rules for lost writes together:
// deletes and updates can be sent again, what is sent to people cannot.
func TestEveryWrite_CanBeRepeatedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	c, err := highlevel.New()
	if err != nil {
		t.Fatal(err)
	}
	var parked, looked []string
	for _, o := range c.Describe().Operations {
		switch {
		case o.Kind == connectors.Read:
		case (o.Method == http.MethodDelete || o.Method == http.MethodPut) && o.Repeat != connectors.RepeatSafe:
			t.Errorf("%s (%s): repeat is %s, want safe", o.Key, o.Method, o.Repeat)
		case o.Repeat == connectors.RepeatNever:
			parked = append(parked, o.Key)
		case o.Repeat == connectors.RepeatFind:
			looked = append(looked, o.Key+" "+o.Find.Operation+" "+o.Find.Match)
		}
	}
	slices.Sort(parked)
	slices.Sort(looked)
	wantParked := []string{
		"block_slot.create", "calendar_notification.create", "contact.campaign.add", "contact.create", "contact.workflow.add",
		"location.create", "message.send", "opportunity.upsert", "relation.create", "user.create",
	}
	if !slices.Equal(parked, wantParked) {
		t.Errorf("never sent again: %v, want %v", parked, wantParked)
	}
	wantLooked := []string{
		"appointment.create contact.appointment.list title", "appointment_note.create appointment_note.list body",
		"association.create association.get_by_key key", "blog.post.create blog.post.list description",
		"business.create business.list name", "calendar.create calendar.list name", "calendar_group.create calendar_group.list name",
		"calendar_resource.create calendar_resource.list name", "contact.note.create contact.note.list body",
		"contact.task.create contact.task.list body", "opportunity.create opportunity.search name",
	}
	if !slices.Equal(looked, wantLooked) {
		t.Errorf("looked for: %v, want %v", looked, wantLooked)
	}
}

// TestEveryDanger_IsMarked holds what deletes and what reaches people to its mark: recipes
// that use it for every change get a warning.
func TestEveryDanger_IsMarked(t *testing.T) {
	t.Parallel()
	c, err := highlevel.New()
	if err != nil {
		t.Fatal(err)
	}
	reach := []string{"message.send", "contact.campaign.add", "contact.workflow.add"}
	for _, o := range c.Describe().Operations {
		var want connectors.Danger
		switch {
		case strings.HasSuffix(o.Key, ".delete"):
			want = connectors.DangerDelete
		case slices.Contains(reach, o.Key):
			want = connectors.DangerSend
		}
		if o.Danger != want {
			t.Errorf("%s: danger is %q, want %q", o.Key, o.Danger, want)
		}
	}
}
