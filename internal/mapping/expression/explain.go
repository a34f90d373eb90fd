package expression

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// explainer turns one message of the library into ours. The function gets the matched
// parts. The library has no codes for its errors, so their texts are matched; a
// message that no pattern fits is answered in general terms. Tests go through the
// messages, since a new version may word them anew.
type explainer struct {
	pattern *regexp.Regexp
	explain func(p *problem, n *Names, root ast.Node, parts []string)
}

// always makes an explainer whose message needs nothing of the original.
func always(pattern, code, message, suggestion string) explainer {
	return explainer{regexp.MustCompile(pattern), func(p *problem, _ *Names, _ ast.Node, _ []string) {
		p.code, p.message, p.suggestion = code, message, suggestion
	}}
}

// explainers are asked in order; the first whose pattern fits answers.
//
//nolint:gochecknoglobals // a table
var explainers = []explainer{
	{regexp.MustCompile(`^unknown name (.+)$`), explainName},
	{regexp.MustCompile(`^unknown field (.+)$`), explainField},
	{regexp.MustCompile(`^type (.+) has no (?:field|method) (.+)$`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message = CodeUnknownField, sortWord(parts[1])+" has no fields, so there is no "+functions.Quote(parts[2])
	}},
	{regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types (.+) and (.+)\)$`), explainOperator},
	{regexp.MustCompile(`^invalid operation: (\S+) \(mismatched type (.+)\)$`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message = CodeTypeMismatch, parts[1]+" cannot be used on "+sortWord(parts[2])
	}},
	{regexp.MustCompile(`^cannot use (.+) as type (.+) in (?:array|map key)$`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message = CodeTypeMismatch, sortWord(parts[1])+" is never in a list of "+strings.TrimPrefix(sortWord(parts[2]), "a ")
	}},
	{regexp.MustCompile(`^cannot use (.+) as argument \(type (.+)\) to call (\S+)`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message = CodeArgument, parts[3]+" wants "+sortWord(parts[2])+", this is "+sortWord(parts[1])
		p.suggestion = usage(parts[3])
	}},
	{regexp.MustCompile(`^(not enough|too many) arguments to call (\S+)`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message, p.suggestion = CodeArgument, parts[1]+" arguments for "+parts[2], usage(parts[2])
	}},
	{regexp.MustCompile(`^builtin (\S+) takes only array \(got (.+)\)$`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message = CodeArgument, parts[1]+" wants a list, this is "+sortWord(parts[2])
	}},
	{regexp.MustCompile(`^(?:predicate should return boolean \(got (.+)\)|non-bool expression \(type (.+)\) used as condition)$`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message = CodeNotCondition, "expected true or false, this is "+sortWord(parts[1]+parts[2])
	}},
	{regexp.MustCompile(`^cannot redeclare (?:\w+ )?(\S+)$`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message, p.suggestion = CodeSyntax, functions.Quote(parts[1])+" is taken", "choose another name"
	}},
	{regexp.MustCompile(`^cannot slice (.+)$`), func(p *problem, _ *Names, _ ast.Node, parts []string) {
		p.code, p.message = CodeTypeMismatch, sortWord(parts[1])+" cannot be cut"
	}},
	{regexp.MustCompile(`^unexpected token (\w+)(?:\("(.*)"\))?$`), explainToken},
	always(`^(?:array elements can only be|non-integer slice index|cannot use .+ to get an element)`, CodeTypeMismatch, "elements of a list are counted with whole numbers, from 0", ""),
	always(`^type .+ is undefined$`, CodeTypeMismatch, "this value has no elements", ""),
	always(`(?:pointer accessor outside|^unknown pointer|^cannot use .+ as array)`, CodeSyntax, "# stands for an element, and only inside functions such as any and filter", ""),
	always(`exceeds maximum allowed nodes`, CodeTooComplex, "the expression has more than 500 parts", "split it into set steps"),
	always(`cannot be mixed. Wrap`, CodeSyntax, "?? cannot stand beside another operator without brackets", `write (a ?? b) in brackets`),
	always(`^literal not terminated$`, CodeSyntax, "a quote is opened and never closed", "close it"),
	always(`^invalid char escape|invalid syntax`, CodeSyntax, "an escape in a text that does not exist", `write \\ for a backslash`),
	always(`^unrecognized character`, CodeSyntax, "this character cannot be a part of an expression", ""),
	always(`literal is too large$|^invalid .+ literal|^bad number syntax`, CodeSyntax, "this number cannot be read", ""),
	always(`^unexpected end of expression$`, CodeSyntax, "the expression ends too early", ""),
	always(`^unclosed comment$`, CodeSyntax, "a comment is opened and never closed", ""),
	always(`a map key must be`, CodeSyntax, "the key of an object must be a name or a text in quotes", ""),
}

// explainError fills in code, message and suggestion of a problem.
func explainError(p *problem, n *Names, root ast.Node, message string) {
	for _, e := range explainers {
		if parts := e.pattern.FindStringSubmatch(message); parts != nil {
			e.explain(p, n, root, parts)
			return
		}
	}
	p.code, p.message, p.suggestion = CodeSyntax, "this expression cannot be read", "see docs/recipes.md for what an expression may hold"
}

// explainName answers an unknown name: it may be a function, a field whose record was
// forgotten, or a text without quotes.
func explainName(p *problem, n *Names, root ast.Node, parts []string) {
	name := parts[1]
	p.width = max(p.width, len([]rune(name)))
	if isCallee(root, p.offset) {
		p.code, p.message = CodeUnknownFunction, "there is no function "+functions.Quote(name)
		p.suggestion = diag.DidYouMean(name, append(functions.Names(), keptBuiltins()...))
		return
	}
	p.code, p.message = CodeUnknownName, "there is no name "+functions.Quote(name)
	p.suggestion = diag.DidYouMean(name, n.words())
	if p.suggestion != "" {
		return
	}
	record := n.shapes[nameRecord]
	if record != nil && record.Fields[name] != nil {
		p.suggestion = "write record." + name
		return
	}
	p.suggestion = "write a text in quotes; names here are " + strings.Join(n.words(), ", ")
}

// isCallee reports whether the name at a place is that of a called function.
func isCallee(root ast.Node, offset int) bool {
	called := false
	if root == nil {
		return false
	}
	ast.Walk(&root, visitor(func(node *ast.Node) {
		if call, ok := (*node).(*ast.CallNode); ok {
			called = called || call.Callee.Location().From == offset
		}
	}))
	return called
}

// explainField answers an unknown field with the name of the object that lacks it.
func explainField(p *problem, n *Names, root ast.Node, parts []string) {
	name := parts[1]
	p.code = CodeUnknownField
	owner := n.ownerAt(root, p.offset)
	p.width = max(p.width, len([]rune(name)))
	if owner == nil {
		p.message = "there is no field " + functions.Quote(name)
		return
	}
	p.message = owner.Title + " has no field " + functions.Quote(name)
	if owner == n.shapes[nameSteps] {
		p.message = "no step has the id " + functions.Quote(name)
		if hidden, ok := n.hidden[name]; ok {
			p.code, p.message, p.suggestion = CodeInnerStep, hidden.why, hidden.instead
			return
		}
		if slices.Contains(n.later, name) {
			p.code, p.message, p.suggestion = CodeLaterStep, "the step "+functions.Quote(name)+" has not run yet here", "move it before this one"
			return
		}
	}
	p.suggestion = diag.DidYouMean(name, owner.Names())
	if p.suggestion == "" && len(owner.Fields) > 0 && len(owner.Fields) <= 8 {
		p.suggestion = "known here: " + strings.Join(owner.Names(), ", ")
	}
}

// ownerAt returns the shape of the object whose member is named at a place.
func (n *Names) ownerAt(root ast.Node, offset int) *shapes.Shape {
	var owner *shapes.Shape
	if root == nil {
		return nil
	}
	ast.Walk(&root, visitor(func(node *ast.Node) {
		if m, ok := (*node).(*ast.MemberNode); ok && m.Property.Location().From == offset {
			owner = n.resolve(m.Node)
		}
	}))
	return owner
}

// explainOperator answers operands that do not fit together, with what most people
// mean when they write that. The names of Go's types that the message carries never
// reach a person.
func explainOperator(p *problem, _ *Names, _ ast.Node, parts []string) {
	operator, left, right := parts[1], sortWord(parts[2]), sortWord(parts[3])
	p.code = CodeTypeMismatch
	p.message = left + " and " + right + " do not go together with " + operator
	both := left + right
	switch {
	case operator == "contains" && strings.Contains(both, string(functions.List)):
		p.suggestion = `for a list write "x" in list`
	case operator == "in" && right == string(functions.Text):
		p.suggestion = `for a text write text contains "x"`
	case strings.Contains(both, string(functions.Time)) && strings.Contains(both, string(functions.Text)):
		p.suggestion = "make a time of the text with date(...)"
	case strings.Contains(both, string(functions.Text)) && strings.Contains(both, "number"):
		p.suggestion = "put the number in quotes, or use int(...) or string(...)"
	case (operator == "and" || operator == "or" || operator == "&&" || operator == "||") && both != "":
		p.suggestion = "both sides must be true or false, as in a == b"
	}
}

// explainToken answers what cannot stand where it does, among it words of other
// languages.
func explainToken(p *problem, _ *Names, _ ast.Node, parts []string) {
	p.code = CodeSyntax
	token, value := parts[1], parts[2]
	if token == "EOF" {
		p.message, p.suggestion = "the expression ends too early", "check the brackets and the operators"
		return
	}
	p.message = functions.Quote(value) + " does not fit here"
	if value == "#" {
		p.message = "# stands for an element, and only inside functions such as any and filter"
	}
	switch lower := strings.ToLower(value); {
	case value == "=":
		p.suggestion = "write == to compare"
	case value != lower && (lower == "and" || lower == "or" || lower == "not" || lower == "in"):
		p.suggestion = "write " + lower
	case value == "is" || value == "equals":
		p.suggestion = "write == to compare"
	}
}

// usage shows how a function is called. For the library's own functions there is
// nothing to show, and it is empty.
func usage(name string) string {
	if f, ok := functions.ByName(name); ok {
		return "write " + f.Doc.Signature
	}
	return ""
}

// sortWord names a Go type as messages do.
func sortWord(goType string) string { return string(functions.SortOfType(goType)) }

// humanizers turn the messages that the library gives while it evaluates. They meet
// values whose types were not known when the recipe was loaded.
//
//nolint:gochecknoglobals // a table
var humanizers = []struct {
	pattern *regexp.Regexp
	say     func(parts []string) string
}{
	{regexp.MustCompile(`^memory budget exceeded$`), func([]string) string { return functions.ErrTooLarge.Error() }},
	{regexp.MustCompile(`^invalid operation: (\S+) (\S+) (\S+)$`), func(parts []string) string {
		return sortWord(parts[1]) + " and " + sortWord(parts[3]) + " do not go together with " + parts[2]
	}},
	{regexp.MustCompile(`^invalid operation: (\S+) (\S+)$`), func(parts []string) string {
		return parts[1] + " cannot be used on " + sortWord(parts[2])
	}},
	{regexp.MustCompile(`^invalid argument for (\w+) \(type (.+)\)$`), func(parts []string) string {
		return parts[1] + " cannot be used on " + sortWord(parts[2])
	}},
	{regexp.MustCompile(`^unknown order`), func([]string) string { return `the order of sortBy is "asc" or "desc"` }},
	{regexp.MustCompile(`^reflect: `), func([]string) string { return "a list is expected where there is none" }},
}

// humanize turns a message of the library into ours. An unknown one is not shown: it
// would speak of Go, and could hold a value of the record.
func humanize(message string) string {
	for _, h := range humanizers {
		if parts := h.pattern.FindStringSubmatch(message); parts != nil {
			return h.say(parts)
		}
	}
	return "it cannot be evaluated with these values"
}
