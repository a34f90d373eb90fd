package operators

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm/runtime"

	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// Get is the member of an object or the element of a list. A member of nil is nil: a
// step that was skipped has no result, and a record no field that was left out. An
// index counts from the end when it is negative, and outside the list the element is
// nil. A member of a text or number is an error.
func Get(args ...any) (any, error) {
	switch base := args[0].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		if name, ok := args[1].(string); ok {
			return base[name], nil
		}
	case []any:
		if i, ok := args[1].(int); ok {
			if i < 0 {
				i += len(base)
			}
			if i < 0 || i >= len(base) {
				return nil, nil
			}
			return base[i], nil
		}
	case string:
	default: // lists of the library's own making, such as those of groupBy
		if v := reflect.ValueOf(base); v.Kind() == reflect.Map || v.Kind() == reflect.Slice {
			return runtime.Fetch(base, args[1]), nil
		}
	}
	return nil, fmt.Errorf("%s has no member %v", functions.SortOf(args[0]), args[1])
}

// Slice cuts text by characters, not by bytes, and lists by elements. Bounds outside
// the value are moved to its ends; a slice of nil is nil.
func Slice(args ...any) (any, error) {
	var length int
	var runes []rune
	switch x := args[0].(type) {
	case nil:
		return nil, nil
	case string:
		runes = []rune(x)
		length = len(runes)
	case []any:
		length = len(x)
	default:
		return nil, fmt.Errorf("%s cannot be cut", functions.SortOf(x))
	}
	from, to, err := cut(args[1], args[2], length)
	if err != nil {
		return nil, err
	}
	if elements, ok := args[0].([]any); ok {
		return elements[from:to:to], nil
	}
	return string(runes[from:to]), nil
}

// cut turns the bounds of a slice into positions inside the value; negative ones
// count from its end.
func cut(from, to any, length int) (first, last int, err error) {
	bound := func(v any, otherwise int) (int, error) {
		if v == nil {
			return otherwise, nil
		}
		i, ok := v.(int)
		if !ok {
			return 0, fmt.Errorf("text and lists are cut at whole numbers, not at %s", functions.SortOf(v))
		}
		if i < 0 {
			i += length
		}
		return min(max(i, 0), length), nil
	}
	if first, err = bound(from, 0); err != nil {
		return 0, 0, err
	}
	if last, err = bound(to, length); err != nil {
		return 0, 0, err
	}
	return min(first, last), last, nil
}

// Add joins texts, up to the bound, and adds numbers, times and durations. The
// library would let a text double with every round of a loop.
func Add(args ...any) (any, error) {
	a, b := args[0], args[1]
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			if len(x)+len(y) > functions.MaxText {
				return nil, functions.ErrTextTooLong
			}
			return x + y, nil
		}
	case int, float64, time.Time, time.Duration:
		switch b.(type) {
		case int, float64, time.Time, time.Duration:
			return runtime.Add(a, b), nil
		}
	}
	if a == nil || b == nil {
		return nil, errors.New(`one side of + is nothing; write (x ?? "") for a value that may be missing`)
	}
	return nil, fmt.Errorf("%s and %s cannot be added", functions.SortOf(a), functions.SortOf(b))
}

// Equal compares two values of any types; args[2] is false for the opposite. nil
// equals only nil. A whole number equals the same number as a float.
func Equal(args ...any) (any, error) {
	a, b := args[0], args[1]
	want, _ := args[2].(bool)
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return (x == y) == want, nil
		}
	case bool:
		if y, ok := b.(bool); ok {
			return (x == y) == want, nil
		}
	case nil:
		return runtime.IsNil(b) == want, nil
	}
	if b == nil {
		return runtime.IsNil(a) == want, nil
	}
	if err := errors.Join(functions.Bounded(a), functions.Bounded(b)); err != nil {
		return nil, functions.ErrTooLarge // a comparison of such values could take forever
	}
	return runtime.Equal(a, b) == want, nil
}

// Compare orders two values of one sort; with nil every order is false. args[2] is the
// operator.
func Compare(args ...any) (any, error) {
	a, b := args[0], args[1]
	if a == nil || b == nil {
		return false, nil
	}
	order, ok := orderOf(a, b)
	if !ok {
		return nil, fmt.Errorf("%s and %s cannot be compared", functions.SortOf(a), functions.SortOf(b))
	}
	switch args[2] {
	case "<":
		return order < 0, nil
	case ">":
		return order > 0, nil
	case "<=":
		return order <= 0, nil
	}
	return order >= 0, nil
}

// orderOf compares two values of one sort. Whole numbers are compared as such; beside
// a float they become one.
func orderOf(a, b any) (order int, ok bool) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	case time.Time:
		y, ok := b.(time.Time)
		return x.Compare(y), ok
	case time.Duration:
		y, ok := b.(time.Duration)
		return cmp.Compare(x, y), ok
	case int:
		if y, ok := b.(int); ok {
			return cmp.Compare(x, y), true
		}
	}
	x, ok := asFloat(a)
	if !ok {
		return 0, false
	}
	y, ok := asFloat(b)
	return cmp.Compare(x, y), ok
}

// asFloat returns a number of either kind.
func asFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case int:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// In looks for a value in a list, or for a name in an object. In nil there is
// nothing.
func In(args ...any) (any, error) {
	switch c := args[1].(type) {
	case nil:
		return false, nil
	case []any:
		if err := functions.Bounded(c); err != nil {
			return nil, err
		}
		for _, item := range c {
			if same, err := Equal(item, args[0], true); err != nil || same == true {
				return true, err
			}
		}
		return false, nil
	case map[string]any:
		name, ok := args[0].(string)
		_, found := c[name]
		return ok && found, nil
	case string:
		return nil, errors.New("in is for lists; for text write contains")
	}
	return runtime.In(args[0], args[1]), nil
}

// Truth takes nil for false and refuses what is neither true nor false.
func Truth(args ...any) (any, error) {
	switch x := args[0].(type) {
	case nil:
		return false, nil
	case bool:
		return x, nil
	}
	return nil, fmt.Errorf("expected true or false, found %s", functions.SortOf(args[0]))
}

// Match applies a pattern, compiled before, to a text of bounded length. nil matches
// no pattern.
func Match(args ...any) (any, error) {
	pattern, ok := args[1].(*regexp.Regexp)
	if args[0] == nil || !ok {
		return false, nil
	}
	s, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("matches wants text, found %s", functions.SortOf(args[0]))
	}
	if len(s) > functions.MaxMatched {
		return nil, fmt.Errorf("matches wants a text of at most %d bytes, found %d", functions.MaxMatched, len(s))
	}
	return pattern.MatchString(s), nil
}
