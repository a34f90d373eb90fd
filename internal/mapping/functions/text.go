package functions

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// textFunctions are those for text. Functions of one text are made by simple; those
// that can make a long text of a short one measure it before they make it.
func textFunctions() []Function {
	simple := func(name, summary, example, result string, do func(string) (any, error)) Function {
		return Function{
			Doc:   Doc{Name: name, Signature: name + "(text)", Summary: summary, Example: example, Result: result},
			Types: []any{new(textToText)}, Call: onText(name, do),
		}
	}
	return []Function{
		simple("lower", "the text in lower case", `lower("Ann@Example.COM")`, `"ann@example.com"`, func(s string) (any, error) { return strings.ToLower(s), nil }),
		simple("upper", "the text in upper case", `upper("vip")`, `"VIP"`, func(s string) (any, error) { return strings.ToUpper(s), nil }),
		simple("trim", "the text without space around it", `trim("  Ann ")`, `"Ann"`, func(s string) (any, error) { return strings.TrimSpace(s), nil }),
		simple("title", "the text with a capital at the start of each word", `title("ann lee")`, `"Ann Lee"`, func(s string) (any, error) { return titleCase(s), nil }),
		simple("slug", "letters and digits in lower case, with - between words", `slug("Ann & Bob, Ltd.")`, `"ann-bob-ltd"`, func(s string) (any, error) { return slug(s), nil }),
		simple("sha256", "the SHA-256 of the text, in hexadecimal", `sha256("ann@example.com")[0:8]`, `"71d4f55f"`, func(s string) (any, error) {
			sum := sha256.Sum256([]byte(s))
			return hex.EncodeToString(sum[:]), nil
		}),
		{
			Doc:   Doc{Name: "replace", Signature: `replace(text, "old", "new")`, Summary: "the text with each old replaced by new", Example: `replace("a-b-c", "-", " ")`, Result: `"a b c"`},
			Types: []any{new(textToText3)}, Call: replaceText,
		},
		{
			Doc:   Doc{Name: "split", Signature: `split(text, "separator")`, Summary: "the parts of the text between separators, as a list", Example: `split("a,b", ",")`, Result: `["a","b"]`},
			Types: []any{new(func(string, string) []string)}, Call: split,
		},
		{
			Doc:   Doc{Name: "join", Signature: `join(list, "separator")`, Summary: "the elements of a list as one text; nil elements are left out", Example: `join(["a", "b"], ", ")`, Result: `"a, b"`},
			Types: []any{new(func([]any, string) string)}, Call: join,
		},
		{
			Doc:   Doc{Name: "repeat", Signature: "repeat(text, times)", Summary: "the text, several times", Example: `repeat("ab", 3)`, Result: `"ababab"`},
			Types: []any{new(func(string, int) string)}, Call: repeat,
		},
		{
			Doc:   Doc{Name: "string", Signature: "string(value)", Summary: "a number, true, false or time as text", Example: `string(42)`, Result: `"42"`},
			Types: []any{new(anyToText)}, Call: toText,
		},
		{
			Doc:   Doc{Name: "toJSON", Signature: "toJSON(value)", Summary: "the value as JSON text", Example: `toJSON([1, "a"])`, Result: `"[1,\"a\"]"`},
			Types: []any{new(anyToText)}, Call: toJSON,
		},
		{
			Doc:   Doc{Name: "fromJSON", Signature: "fromJSON(text)", Summary: "the value that a JSON text holds", Example: `fromJSON("{\"a\": 1}").a`, Result: "1"},
			Types: []any{new(func(string) any)}, Call: onText("fromJSON", fromJSON),
		},
		simple("toBase64", "the text in Base64", `toBase64("Ann")`, `"QW5u"`, func(s string) (any, error) {
			if len(s) > MaxText {
				return nil, ErrTextTooLong
			}
			return base64.StdEncoding.EncodeToString([]byte(s)), nil
		}),
		simple("fromBase64", "the text that a Base64 text holds", `fromBase64("QW5u")`, `"Ann"`, fromBase64),
	}
}

// titleCase begins each word with a capital; the rest of it becomes small. A word
// begins after space or a hyphen, so Jean-Luc has two capitals.
func titleCase(s string) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		defer func() { before = r }()
		if unicode.IsSpace(before) || before == '-' {
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}

// slug keeps the letters and digits of all scripts. Everything between them becomes
// one hyphen, and none stands at the ends.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// replaceText knows the length of its result before it makes it. An empty old text
// matches between all characters, as in package strings, and counts so here too.
func replaceText(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	t, err := texts("replace", args, 0)
	if err != nil {
		return nil, err
	}
	times := strings.Count(t[0], t[1])
	if len(t[0])+times*(len(t[2])-len(t[1])) > MaxText {
		return nil, ErrTextTooLong
	}
	return strings.ReplaceAll(t[0], t[1], t[2]), nil
}

// split gives a list of texts. An empty separator splits into characters.
func split(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	t, err := texts("split", args, 0)
	if err != nil {
		return nil, err
	}
	if strings.Count(t[0], t[1]) >= MaxValues {
		return nil, ErrTooLarge
	}
	parts := strings.Split(t[0], t[1])
	out := make([]any, len(parts))
	for i, part := range parts {
		out[i] = part
	}
	return out, nil
}

// join leaves nil elements out, so that a missing part leaves no separator behind.
func join(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	elements, err := elements("join", args[0])
	if err != nil {
		return nil, err
	}
	separator, ok := args[1].(string)
	if !ok {
		return nil, fmt.Errorf("join wants a text between the elements, found %s", SortOf(args[1]))
	}
	var b strings.Builder
	for _, e := range elements {
		if e == nil {
			continue
		}
		s, err := TextOf(e)
		if err != nil {
			return nil, err
		}
		if b.Len()+len(separator)+len(s) > MaxText {
			return nil, ErrTextTooLong
		}
		if b.Len() > 0 {
			b.WriteString(separator)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// repeat knows the length of its result before it makes it. A negative number of
// times is an error.
func repeat(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	s, isText := args[0].(string)
	times, isNumber := args[1].(int)
	if !isText || !isNumber || times < 0 {
		return nil, errors.New("repeat wants a text and a whole number")
	}
	if len(s) > 0 && times > MaxText/len(s) {
		return nil, ErrTextTooLong
	}
	return strings.Repeat(s, times), nil
}

// toText is the function string. It gives nil for nil, unlike TextOf, so that ?? can
// stand in for it.
func toText(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	return TextOf(args[0])
}

// toJSON writes a value without escaping < > &, as services expect it. nil becomes
// the text null.
func toJSON(args ...any) (any, error) {
	p, err := Plain(args[0])
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, ErrUnknownValue
	}
	if b.Len() > MaxText {
		return nil, ErrTextTooLong
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// fromJSON reads one value; what comes after it is ignored. Whole numbers become int,
// as everywhere in expressions.
func fromJSON(s string) (any, error) {
	if len(s) > MaxText {
		return nil, ErrTextTooLong
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, errors.New("fromJSON got a text that is not JSON")
	}
	return schema.Plain(v), nil
}

// fromBase64 gives text only; other bytes have no place in an expression.
func fromBase64(s string) (any, error) {
	decoded, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(decoded) {
		return nil, errors.New("fromBase64 got a text that is not Base64 of a text")
	}
	return string(decoded), nil
}
