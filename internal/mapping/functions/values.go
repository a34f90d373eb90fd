package functions

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// The bounds of values that expressions make.
const (
	MaxText   = 256 << 10 // bytes of a text
	MaxValues = 100_000   // values in a list or object, those inside included
)

// The errors for values that pass a bound or cannot leave an expression.
var (
	ErrTextTooLong  = errors.New("the text becomes longer than 256 KiB")
	ErrTooLarge     = errors.New("the list or object becomes larger than 100,000 values")
	ErrNotFinite    = errors.New("the number is not finite; is something divided by zero?")
	ErrUnknownValue = errors.New("the value has a form that cannot be sent")
)

// Bounded returns an error for a list or object that is too large when it is written
// out. A small value can stand for a huge one when it holds itself many times, so its
// size in memory says nothing. It stops counting at the bound, so it is fast for any
// value.
func Bounded(v any) error {
	left := MaxValues
	if !count(v, &left) {
		return ErrTooLarge
	}
	return nil
}

// count takes the number of values in v off left; false when that is used up.
func count(v any, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch x := v.(type) {
	case nil, string, int, float64, bool:
		return true
	case []any:
		for _, item := range x {
			if !count(item, left) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, item := range x {
			if !count(item, left) {
				return false
			}
		}
		return true
	}
	return countOther(reflect.ValueOf(v), left)
}

// countOther counts the lists and maps of other types, such as those of ranges and of
// groupBy. Values of types that hold no others are one each.
func countOther(v reflect.Value, left *int) bool {
	switch v.Kind() {
	case reflect.Slice:
		if elem := v.Type().Elem().Kind(); elem != reflect.Interface && elem != reflect.Slice {
			*left -= v.Len() // numbers and texts hold nothing more
			return *left >= 0
		}
		for i := range v.Len() {
			if !count(v.Index(i).Interface(), left) {
				return false
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if !count(it.Value().Interface(), left) {
				return false
			}
		}
	default:
	}
	return true
}

// Plain turns what an expression gave into plain data: nil, bool, int, float64,
// string, []any, map[string]any. Whole numbers become int, times RFC 3339 text,
// durations text. The result shares nothing with the argument.
func Plain(v any) (any, error) {
	if err := Bounded(v); err != nil {
		return nil, err
	}
	return plain(v)
}

// plain is Plain for a value whose size is known to be in bounds.
func plain(v any) (any, error) {
	switch x := v.(type) {
	case nil, string, bool, int:
		return v, nil
	case float64:
		return plainNumber(x)
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano), nil
	case time.Duration:
		return x.String(), nil
	case []any:
		return plainList(len(x), func(i int) any { return x[i] })
	case map[string]any:
		return plainObject(x)
	}
	return plainOther(reflect.ValueOf(v))
}

// plainNumber makes an int of a whole number, as long as a float64 is exact. Beyond
// 2^53 neighbouring whole numbers are one float64, and an int would pretend to be
// exact.
func plainNumber(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, ErrNotFinite
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f), nil
	}
	return f, nil
}

// plainList makes a list of n elements plain.
func plainList(n int, at func(i int) any) (any, error) {
	out := make([]any, n)
	for i := range out {
		p, err := plain(at(i))
		if err != nil {
			return nil, err
		}
		out[i] = p
	}
	return out, nil
}

// plainObject makes the members of an object plain.
func plainObject(members map[string]any) (any, error) {
	out := make(map[string]any, len(members))
	for name, member := range members {
		p, err := plain(member)
		if err != nil {
			return nil, err
		}
		out[name] = p
	}
	return out, nil
}

// plainOther handles the lists and maps of other types. An object whose names are no
// texts, such as a groupBy of numbers, has no JSON form and is an error.
func plainOther(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Slice:
		return plainList(v.Len(), func(i int) any { return v.Index(i).Interface() })
	case reflect.Map:
		members := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			name, ok := reflect.TypeAssert[string](it.Key())
			if !ok {
				return nil, errors.New("the names of an object must be text")
			}
			members[name] = it.Value().Interface()
		}
		return plainObject(members)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return int(v.Int()), nil
	default:
		return nil, ErrUnknownValue
	}
}

// TextOf writes a single value as text; nil is the empty text. Whole numbers have
// no exponent, so that an id stays an id. Lists and objects are an error.
func TextOf(v any) (string, error) {
	p, err := Plain(v)
	if err != nil {
		return "", err
	}
	switch x := p.(type) {
	case nil:
		return "", nil
	case string:
		return x, nil
	case bool:
		return strconv.FormatBool(x), nil
	case int:
		return strconv.Itoa(x), nil
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("%s cannot be written as text; use join or toJSON", SortOf(p))
}

// TimeOrNil gives expressions nil for a time that is not there.
func TimeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// TextOrNil gives expressions nil for a text that is not there.
func TextOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
