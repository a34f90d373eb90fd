package expression_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/mapping/expression"

	"github.com/pollux-automation/pollux/internal/diag"
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
		{`kind == "deleted"`, `f:1:9: error: kind is never "deleted" [kind-value] | write "created" or "updated"`},
		{`kind == record.email`, `f:1:9: error: kind can only be compared with its values [kind-value] | write "created" or "updated"`},
		{`kind startsWith "c"`, `f:1:6: error: kind can only be compared with == and != [kind-value] | write kind == "created"`},
		{`kind in ["creatd"]`, `f:1:10: error: kind is never "creatd" [kind-value] | did you mean "created"?`},
		{`changed("emial")`, `f:1:9: error: contact has no field "emial" [unknown-field] | did you mean "email"?`},
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
	tests := []struct {
		expression string
		want       []string
	}{
		{`record.birthday == nil`, nil},
		{`record.emial == nil`, []string{`f:1:8: error: contact has no listed field "emial" [unknown-field] | did you mean "email"? If the field exists, write ?.emial`}},
		{`record?.emial == nil`, nil},
		{`changed("emial")`, []string{`f:1:9: warning: contact has no listed field "emial" [unknown-field] | did you mean "email"?`}},
		{`changed("birthday")`, nil},
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
