package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// node is a value of a document together with its place.
type node struct {
	file    string // relative to the folder of the document
	pointer string
	v       any
}

// escaper writes a name as a part of a JSON pointer.
//
//nolint:gochecknoglobals // a table
var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// unescaper reads it.
//
//nolint:gochecknoglobals // a table
var unescaper = strings.NewReplacer("~1", "/", "~0", "~")

// there reports whether there is a value.
func (n node) there() bool { return n.v != nil }

// member returns a member of an object; nothing where there is none.
func (n node) member(name string) node {
	m, _ := n.v.(map[string]any)
	v, ok := m[name]
	if !ok {
		return node{}
	}
	return node{n.file, n.pointer + "/" + escaper.Replace(name), v}
}

// names returns the names of an object's members, sorted. Extensions are left out.
func (n node) names() []string {
	m, _ := n.v.(map[string]any)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(name string) bool { return strings.HasPrefix(name, "x-") })
}

// all returns the names of all members, sorted.
func (n node) all() []string {
	m, _ := n.v.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

// items returns the elements of an array.
func (n node) items() []node {
	list, _ := n.v.([]any)
	out := make([]node, len(list))
	for i, v := range list {
		out[i] = node{n.file, n.pointer + "/" + strconv.Itoa(i), v}
	}
	return out
}

// text returns a text; "" where there is none.
func (n node) text() string {
	s, _ := n.v.(string)
	return s
}

// word returns a value without parts as a text.
func (n node) word() string {
	switch x := n.v.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool, int, float64:
		return fmt.Sprint(x)
	}
	return ""
}

// texts returns the texts of an array; other elements are left out.
func (n node) texts() []string {
	var out []string
	for _, item := range n.items() {
		if s, ok := item.v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// yes returns a boolean; false where there is none.
func (n node) yes() bool {
	b, _ := n.v.(bool)
	return b
}

// number returns a number, nil where there is none.
func (n node) number() *float64 {
	switch x := n.v.(type) {
	case json.Number:
		if f, err := x.Float64(); err == nil {
			return &f
		}
	case int:
		f := float64(x)
		return &f
	case float64:
		return &x
	}
	return nil
}

// value returns a value without parts: nil, bool, int, float64 or string. Others are nil.
func (n node) value() any {
	switch x := n.v.(type) {
	case json.Number:
		if i, err := strconv.Atoi(x.String()); err == nil {
			return i
		}
		if f, err := x.Float64(); err == nil {
			return f
		}
	case bool, int, float64, string:
		return x
	}
	return nil
}

// isObject reports whether the value is an object.
func (n node) isObject() bool {
	_, ok := n.v.(map[string]any)
	return ok
}
