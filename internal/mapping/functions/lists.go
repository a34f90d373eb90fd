package functions

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// listFunctions are those for lists and numbers.
func listFunctions() []Function {
	return []Function{
		{
			Doc:   Doc{Name: "len", Signature: "len(value)", Summary: "the number of characters, elements or members; 0 for nil", Example: `len("서울")`, Result: "2"},
			Types: []any{new(anyToInt)}, Call: length,
		},
		{
			Doc:   Doc{Name: "uniq", Signature: "uniq(list)", Summary: "the list without repetitions", Example: `uniq(["a", "b", "a"])`, Result: `["a","b"]`},
			Types: []any{new(func([]any) []any)}, Call: uniq,
		},
		{
			Doc:   Doc{Name: "values", Signature: "values(object)", Summary: "the values of an object as a list, in the order of their names", Example: `values({"b": 2, "a": 1})`, Result: "[1,2]"},
			Types: []any{new(func(map[string]any) []any)}, Call: values,
		},
		{
			Doc:   Doc{Name: "int", Signature: "int(value)", Summary: "the whole number that a text holds, or a number without its fraction", Example: `int("42")`, Result: "42"},
			Types: []any{new(anyToInt)}, Call: toInt,
		},
		{
			Doc:   Doc{Name: "float", Signature: "float(value)", Summary: "the number that a text holds", Example: `float("2.5")`, Result: "2.5"},
			Types: []any{new(func(any) float64)}, Call: toFloat,
		},
	}
}

// elements returns a list of any kind as []any. name is the function that asks, for
// the error. A list that the library made is copied, since its elements may have a
// narrower type.
func elements(name string, v any) ([]any, error) {
	if l, ok := v.([]any); ok {
		return l, nil
	}
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice {
		return nil, fmt.Errorf("%s wants a list, found %s", name, SortOf(v))
	}
	out := make([]any, r.Len())
	for i := range out {
		out[i] = r.Index(i).Interface()
	}
	return out, nil
}

// length counts characters, not bytes: a Korean name of three letters has three.
func length(args ...any) (any, error) {
	switch x := args[0].(type) {
	case nil:
		return 0, nil
	case string:
		return utf8.RuneCountInString(x), nil
	}
	switch v := reflect.ValueOf(args[0]); v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len(), nil
	default:
		return nil, fmt.Errorf("len wants text or a list, found %s", SortOf(args[0]))
	}
}

// values returns what the members of an object hold. The order is that of the names, so
// that the same object gives the same list.
func values(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	members, ok := args[0].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("values wants an object, found %s", SortOf(args[0]))
	}
	list := make([]any, 0, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		list = append(list, members[name])
	}
	return list, nil
}

// uniq compares elements by their JSON, so that its time grows with the list and not
// with its square. The first of equal elements stays, so the order does.
func uniq(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	all, err := elements("uniq", args[0])
	if err != nil {
		return nil, err
	}
	if err := Bounded(all); err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(all))
	out := make([]any, 0, len(all))
	for _, e := range all {
		p, err := plain(e)
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(p)
		if err != nil {
			return nil, ErrUnknownValue
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, e)
		}
	}
	return out, nil
}

// toInt refuses texts that hold more than a whole number, and numbers that a float64
// no longer tells apart. A float loses its fraction, towards zero.
func toInt(args ...any) (any, error) {
	switch x := args[0].(type) {
	case nil:
		return nil, nil
	case int:
		return x, nil
	case float64:
		if math.Abs(x) >= 1<<53 || math.IsNaN(x) {
			return nil, errors.New("int wants a smaller number")
		}
		return int(x), nil
	case string:
		i, err := strconv.Atoi(strings.TrimSpace(x))
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", Shorten(x))
		}
		return i, nil
	}
	return nil, fmt.Errorf("int wants a number or text, found %s", SortOf(args[0]))
}

// toFloat refuses texts that hold anything but a finite number. nil stays nil;
// anything but text or a number is an error.
func toFloat(args ...any) (any, error) {
	switch x := args[0].(type) {
	case nil:
		return nil, nil
	case int:
		return float64(x), nil
	case float64:
		return x, nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fmt.Errorf("%q is not a number", Shorten(x))
		}
		return f, nil
	}
	return nil, fmt.Errorf("float wants a number or text, found %s", SortOf(args[0]))
}
