package expression_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
)

func TestNames_CompileReportsMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ expression, want string }{
		{`record.emial != nil`, `f:1:8: error: contact has no field "emial" [unknown-field] | did you mean "email"?`},
		{`lower(record.emial) + "x" == "y"`, `f:1:14: error: contact has no field "emial" [unknown-field] | did you mean "email"?`},
		{`before.address.town == "x"`, `f:1:16: error: address has no field "town" [unknown-field] | known here: city`},
		{`vars.newsleter == "1"`, `f:1:6: error: vars has no field "newsleter" [unknown-field] | did you mean "newsletter"?`},
		{`recrd.email != nil`, `f:1:1: error: there is no name "recrd" [unknown-name] | did you mean "record"?`},
		{`email != nil`, `f:1:1: error: "email" is a function [unknown-name] | write record.email for the field, email(...) to call it`},
		{`account.nam == "a"`, `f:1:9: error: account has no field "nam" [unknown-field] | did you mean "name"?`},
		{`event.created_at > "a"`, `f:1:18: error: a time and text do not go together with > [type-mismatch] | make a time of the text with date(...)`},
		{`score != nil`, `f:1:1: error: there is no name "score" [unknown-name] | write record.score`},
		{`lowr(record.email) == "x"`, `f:1:1: error: there is no function "lowr" [unknown-function] | did you mean "lower"?`},
		{`steps.a.b == 1`, `f:1:1: error: "steps" is not in reach here [unknown-name] | steps have not run yet when a filter is decided`},
		{`kind == "create"`, `f:1:9: error: kind is never "create" [kind-value] | did you mean "created"?`},
		{`kind == "left"`, `f:1:9: error: kind is never "left" [kind-value] | "left" needs a scope; write "created", "updated" or "deleted"`},
		{`kind == "x"`, `f:1:9: error: kind is never "x" [kind-value] | write "created", "updated" or "deleted"`},
		{`kind == record.email`, `f:1:9: error: kind can only be compared with its values [kind-value] | write "created", "updated" or "deleted"`},
		{`kind startsWith "c"`, `f:1:6: error: kind can only be compared with == and != [kind-value] | write kind == "created"`},
		{`kind in ["creatd"]`, `f:1:10: error: kind is never "creatd" [kind-value] | did you mean "created"?`},
		{`changed("emial")`, `f:1:9: error: contact has no field "emial" [unknown-field] | did you mean "email"?`},
		{`changed("address.town")`, `f:1:9: error: address has no field "town" [unknown-field] | known here: city`},
		{`changed("tags.vip")`, `f:1:9: error: a list has no fields, so there is no "vip" [unknown-field] | write tags`},
		{`changed("email.domain")`, `f:1:9: error: text has no fields, so there is no "domain" [unknown-field] | write email`},
		{`changed("extr.city")`, `f:1:9: error: contact has no field "extr" [unknown-field] | did you mean "extra"?`},
		{`changed("address.")`, `f:1:9: error: "address." is no path of fields [unknown-field] | write it as in address.city`},
		{`changed("")`, `f:1:9: error: "" is no path of fields [unknown-field] | write it as in address.city`},
		{`changed(record.email)`, `f:1:9: error: changed wants the name of a field in quotes [wrong-argument] | write changed("field")`},
		{`changed()`, `f:1:1: error: changed wants the names of fields [wrong-argument] | write changed("field")`},
		{`record.score == "7"`, `f:1:14: error: a number and text do not go together with == [type-mismatch] | put the number in quotes, or use int(...) or string(...)`},
		{`record.email > 5`, `f:1:14: error: text and a number do not go together with > [type-mismatch] | put the number in quotes, or use int(...) or string(...)`},
		{`record.dateUpdated > now`, `f:1:20: error: text and a time do not go together with > [type-mismatch] | make a time of the text with date(...)`},
		{`record.tags contains "vip"`, `f:1:13: error: a list and text do not go together with contains [type-mismatch] | for a list write "x" in list`},
		{`"a" in record.email`, `f:1:5: error: text and text do not go together with in [type-mismatch] | for a text write text contains "x"`},
		{`record.email and true`, `f:1:14: error: text and true or false do not go together with and [type-mismatch] | both sides must be true or false, as in a == b`},
		{`not record.email`, `f:1:1: error: not cannot be used on text [type-mismatch]`},
		{`lower(record.score) == "a"`, `f:1:14: error: lower wants text, this is a number [wrong-argument] | write lower(text)`},
		{`lower() == "a"`, `f:1:1: error: not enough arguments for lower [wrong-argument] | write lower(text)`},
		{`trim(record.email, "x") == "a"`, `f:1:1: error: too many arguments for trim [wrong-argument] | write trim(text)`},
		{`record.email = "x"`, `f:1:14: error: "=" does not fit here [expression-syntax] | write == to compare`},
		{`record.dnd AND true`, `f:1:12: error: "AND" does not fit here [expression-syntax] | write and`},
		{`record.email ==`, `f:1:15: error: the expression ends too early [expression-syntax] | check the brackets and the operators`},
		{`(record.dnd`, `f:1:11: error: the expression ends too early [expression-syntax] | check the brackets and the operators`},
		{`record.email == "x`, `f:1:19: error: a quote is opened and never closed [expression-syntax] | close it`},
		{`   `, `f:1:1: error: the expression is empty [expression-syntax]`},
		{`record.email.Len() == 1`, `f:1:14: error: methods cannot be called [not-allowed] | call a function`},
		{`now.Year() == 2026`, `f:1:5: error: methods cannot be called [not-allowed] | call a function`},
		{`$env["record"] == nil`, `f:1:1: error: $env cannot be used [not-allowed] | use the names themselves`},
		{`record.email matches "("`, `f:1:22: error: the pattern is not valid: missing closing ): ` + "`(`" + ` [bad-pattern] | see the syntax of RE2; \ is written \\ in quotes`},
		{`record.email matches record.lastName`, `f:1:22: error: the pattern of matches must be a constant [bad-pattern] | write the pattern in quotes`},
		{`record.email matches "(a{1,100}){1,10}b{1,500}"`, `f:1:22: error: the pattern is too large [bad-pattern] | see the syntax of RE2; \ is written \\ in quotes`},
		{`phone(record.email, "XX") == "x"`, `f:1:21: error: there is no country "XX" [wrong-argument] | did you mean "MX"?`},
		{`format(now, "yyyy") == "x"`, `f:1:13: error: the form of a date has the words YYYY YY MM DD HH mm ss SSS ZZ, not "yyyy" [wrong-argument] | write it as in "YYYY-MM-DD HH:mm"`},
		{`format(now, "YYYY", "Asia/Soul") == "x"`, `f:1:21: error: there is no time zone "Asia/Soul" [wrong-argument] | write it as in "Asia/Seoul"`},
		{`any(record.email, true)`, `f:1:12: error: any wants a list, this is text [wrong-argument]`},
		{`any(record.tags, "x")`, `f:1:18: error: expected true or false, this is text [not-a-condition]`},
		{`#.x == 1`, `f:1:1: error: # stands for an element, and only inside functions such as any and filter [expression-syntax]`},
		{`record.email.x == 1`, `f:1:14: error: text has no fields, so there is no "x" [unknown-field]`},
		{`clear == 1`, `f:1:1: error: clear cannot be a part of an expression [unknown-name] | write =clear as the whole value of an input`},
		{`b"x" == nil`, `f:1:1: error: bytes cannot be used [not-allowed] | write text in quotes`},
		{strings.Repeat("1 + ", 600) + "1 == 1", `f:1:1003: error: the expression has more than 500 parts [expression-too-complex] | split it into set steps`},
		{strings.Repeat("x", 5000), `f:1:1: error: the expression has 5000 bytes, more than 4096 [expression-too-long] | split it into set steps`},
	}
	for _, tt := range tests {
		t.Run(tt.expression[:min(40, len(tt.expression))], func(t *testing.T) {
			t.Parallel()
			var into diag.List
			if _, ok := compile(names(), tt.expression, &into); ok {
				t.Error("Compile: got a program, want none")
			}
			if diff := cmp.Diff([]string{tt.want}, rendered(&into)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNames_CompileOnOpenRecords shows what happens where records may have fields
// that no schema lists.
func TestNames_CompileOnOpenRecords(t *testing.T) {
	t.Parallel()
	open := contact()
	open.Open = true
	open.Fields = append(open.Fields, schema.Field{Name: "custom", Type: schema.Array, Normal: "keyed"}, schema.Field{Name: "dotted.name", Type: schema.String})
	tests := []struct {
		expression string
		want       []string
	}{
		{`record.birthday == nil`, nil},
		{`record.emial == nil`, []string{`f:1:8: error: contact has no listed field "emial" [unknown-field] | did you mean "email"? If the field exists, write ?.emial`}},
		{`record?.emial == nil`, nil},
		{`changed("emial")`, []string{`f:1:9: warning: contact has no listed field "emial" [unknown-field] | did you mean "email"?`}},
		{`changed("birthday")`, nil},
		{`changed("birthday.year", "extra.a.b", "custom.plan", "dotted.name")`, nil},
		{`changed("extr.city")`, []string{`f:1:9: warning: contact has no listed field "extr" [unknown-field] | did you mean "extra"?`}},
	}
	for _, tt := range tests {
		var into diag.List
		_, ok := compile(expression.NewNames(open, "contact", nil), tt.expression, &into)
		if diff := cmp.Diff(tt.want, rendered(&into)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.expression, diff)
		}
		if ok == into.HasErrors() {
			t.Errorf("%s: got ok %t with %v", tt.expression, ok, rendered(&into))
		}
	}
}

// TestNames_NarrowNamesSayWhy goes through what a scope and a choice of parents may not
// use.
func TestNames_NarrowNamesSayWhy(t *testing.T) {
	t.Parallel()
	scoped := func() *expression.Names { return names().ForScope() }
	parents := func() *expression.Names { return names().ForParents(contact(), "parent") }
	const alone = "a scope is a property of the record alone; use it in "
	const chosen = "parents are chosen by their record and vars alone"
	tests := []struct {
		names            func() *expression.Names
		expression, want string
	}{
		{scoped, `record.email != nil and account.name == vars.newsletter`, ""},
		{scoped, `record.emial != nil`, `f:1:8: error: contact has no field "emial" [unknown-field] | did you mean "email"?`},
		{scoped, `date(record.dateUpdated) > now`, `f:1:28: error: "now" is not in reach here [unknown-name] | ` + alone + "filter"},
		{scoped, `date(record.dateUpdated) > now()`, `f:1:28: error: "now" is not in reach here [unknown-name] | ` + alone + "filter"},
		{scoped, `before.email != nil`, `f:1:1: error: "before" is not in reach here [unknown-name] | ` + alone + "filter"},
		{scoped, `kind == "left"`, `f:1:1: error: "kind" is not in reach here [unknown-name] | ` + alone + "filter"},
		{scoped, `kind < "left"`, `f:1:1: error: "kind" is not in reach here [unknown-name] | ` + alone + "filter"},
		{scoped, `changed("email")`, `f:1:1: error: "changed" is not in reach here [unknown-name] | ` + alone + "filter"},
		{scoped, `event.revision == 1`, `f:1:1: error: "event" is not in reach here [unknown-name] | ` + alone + "filter"},
		{scoped, `steps.a == nil`, `f:1:1: error: "steps" is not in reach here [unknown-name] | ` + alone + "steps"},
		{scoped, `run.id == ""`, `f:1:1: error: "run" is not in reach here [unknown-name] | ` + alone + "steps"},
		{parents, `record.email != nil and vars.limit == 5`, ""},
		{parents, `record.emial != nil`, `f:1:8: error: parent has no field "emial" [unknown-field] | did you mean "email"?`},
		{parents, `account.name == ""`, `f:1:1: error: "account" is not in reach here [unknown-name] | ` + chosen},
		{parents, `changed("email")`, `f:1:1: error: "changed" is not in reach here [unknown-name] | ` + chosen},
		{parents, `now == nil`, `f:1:1: error: "now" is not in reach here [unknown-name] | ` + chosen},
		{scoped, `item == nil`, `f:1:1: error: "item" is not in reach here [unknown-name] | only the steps inside an each have it`},
		{names, `target == nil`, `f:1:1: error: "target" is not in reach here [unknown-name] | only only_if sees how the target is before the write`},
		{func() *expression.Names { return names().ForSteps() }, `index == 1`, `f:1:1: error: "index" is not in reach here [unknown-name] | only the steps inside an each have it`},
		{func() *expression.Names { return names().ForParents(nil, "parent") }, `record.anything.at.all == 1`, ""},
		{func() *expression.Names { return expression.NewConstants(nil) }, `changed("email")`, `f:1:1: error: "changed" is not in reach here [unknown-name] | only vars can be used here`},
	}
	for _, tt := range tests {
		var into diag.List
		_, ok := compile(tt.names(), tt.expression, &into)
		if got := strings.Join(rendered(&into), "\n"); got != tt.want || ok != (tt.want == "") {
			t.Errorf("%s: got ok %t and\n%s\nwant\n%s", tt.expression, ok, got, tt.want)
		}
	}
}

// TestNames_ScopedHasKindsOfItsOwn holds that kind is compared with the recipe's family.
func TestNames_ScopedHasKindsOfItsOwn(t *testing.T) {
	t.Parallel()
	const list = `write "entered", "changed" or "left"`
	tests := []struct{ expression, want string }{
		{`kind in ["entered", "changed"] or kind == "left"`, ""},
		{`kind == "created"`, `f:1:9: error: kind is never "created" [kind-value] | with a scope ` + list},
		{`kind == "leave"`, `f:1:9: error: kind is never "leave" [kind-value] | ` + list},
		{`kind == "change"`, `f:1:9: error: kind is never "change" [kind-value] | did you mean "changed"?`},
		{`kind > "left"`, `f:1:6: error: kind can only be compared with == and != [kind-value] | write kind == "entered"`},
	}
	for _, tt := range tests {
		n := names()
		n.SetScoped()
		for _, names := range []*expression.Names{n, n.ForSteps()} {
			var into diag.List
			compile(names, tt.expression, &into)
			if got := strings.Join(rendered(&into), "\n"); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.expression, got, tt.want)
			}
		}
	}
}

// inside are the names of steps inside an each over the tags, which follow two steps.
func inside() *expression.Names {
	n := names().ForSteps()
	n.AddStep("first", shapes.MembersShape("the result of first", map[string]*shapes.Shape{"x": {Sort: "text"}}))
	n.HideSteps([]string{"inner"}, "the step is inside", "use steps.outer")
	return n.ForItems(shapes.ListShape(&shapes.Shape{Sort: "text"}))
}

// TestNames_OfStepsInsideOthers goes through what the steps of an each, and only_if, may
// use.
func TestNames_OfStepsInsideOthers(t *testing.T) {
	t.Parallel()
	guard := func() *expression.Names { return inside().ForTarget(shapes.ObjectShape(contact(), "the target")) }
	untyped := func() *expression.Names { return inside().ForItems(nil) }
	tests := []struct {
		names            func() *expression.Names
		expression, want string
	}{
		{inside, `upper(item) == steps.first.x and index + 1 > 0 and run.id != ""`, ""},
		{inside, `item > 3`, `f:1:6: error: text and a number do not go together with > [type-mismatch] | put the number in quotes, or use int(...) or string(...)`},
		{inside, `index == "0"`, `f:1:7: error: a number and text do not go together with == [type-mismatch] | put the number in quotes, or use int(...) or string(...)`},
		{inside, `steps.inner.x == 1`, `f:1:7: error: the step is inside [inner-step] | use steps.outer`},
		{inside, `target.email == item`, `f:1:1: error: "target" is not in reach here [unknown-name] | only only_if sees how the target is before the write`},
		{untyped, `item.anything > 3 and item?.other == nil`, ""},
		{guard, `target.email == item and record.email != target.email`, ""},
		{guard, `target.emial == item`, `f:1:8: error: the target has no field "emial" [unknown-field] | did you mean "email"?`},
	}
	for _, tt := range tests {
		var into diag.List
		_, ok := compile(tt.names(), tt.expression, &into)
		if got := strings.Join(rendered(&into), "\n"); got != tt.want || ok != (tt.want == "") {
			t.Errorf("%s: got ok %t and\n%s\nwant\n%s", tt.expression, ok, got, tt.want)
		}
	}
}

// TestNames_ResultsStayInsideUnlessAdopted holds that names of inner steps do not reach
// out by themselves.
func TestNames_ResultsStayInsideUnlessAdopted(t *testing.T) {
	t.Parallel()
	outer := names().ForSteps()
	inner := outer.Inner()
	inner.AddStep("a", shapes.MembersShape("the result of a", map[string]*shapes.Shape{"x": {Sort: "text"}}))
	finds := func(n *expression.Names, text string) bool {
		var into diag.List
		_, ok := compile(n, text, &into)
		return !ok
	}
	if finds(inner, `steps.a.x == "1"`) || !finds(outer, `steps.a.x == "1"`) {
		t.Error("before Adopt: want the step known inside alone")
	}
	outer.Adopt(inner)
	if finds(outer, `steps.a.x == "1"`) || !finds(outer, `steps.a.y == "1"`) {
		t.Error("after Adopt: want the step known outside, with its type")
	}
	outer.AddStep("all", shapes.ListShape(inner.Results("an item")))
	if finds(outer, `steps.all[0].a.x == "1"`) || !finds(outer, `steps.all[0].b == "1"`) {
		t.Error("Results: want the steps inside and no others")
	}
}
