package functions

import (
	"reflect"
	"strings"
)

// Sort is the kind of a value as expressions see it. Its text is what messages say.
type Sort string

// The sorts of values.
const (
	Any     Sort = "any value"
	Text    Sort = "text"
	Integer Sort = "a whole number"
	Number  Sort = "a number"
	Bool    Sort = "true or false"
	Time    Sort = "a time"
	Span    Sort = "a duration"
	List    Sort = "a list"
	Object  Sort = "an object"
	Nil     Sort = "nothing"
)

// SortOf returns the sort of a value; whole numbers are told from others only in
// schemas, so both are [Number] here.
func SortOf(v any) Sort {
	if v == nil {
		return Nil
	}
	return SortOfType(reflect.TypeOf(v).String())
}

// SortOfType returns the sort of a Go type by its name. The library's messages carry
// such names, and no message of ours may. A type that is not known here counts as any
// value.
func SortOfType(goType string) Sort {
	switch {
	case goType == "string":
		return Text
	case goType == "bool":
		return Bool
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"), strings.HasPrefix(goType, "float"):
		// "interface {}" begins with int, but is any value.
		if strings.HasPrefix(goType, "interface") {
			return Any
		}
		return Number
	case goType == "nil", goType == "<nil>":
		return Nil
	case goType == "time.Time":
		return Time
	case goType == "time.Duration":
		return Span
	case strings.HasPrefix(goType, "[]"), strings.HasPrefix(goType, "Array"):
		return List
	case strings.HasPrefix(goType, "map"), strings.HasPrefix(goType, "Map"):
		return Object
	}
	return Any
}

// Quote puts a word of a recipe in quotes, for messages.
func Quote(s string) string { return `"` + s + `"` }

// Shorten keeps long texts out of messages.
func Shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
