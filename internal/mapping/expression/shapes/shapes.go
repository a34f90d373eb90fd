package shapes

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/types"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// normalKeyed is the normaliser of lists whose elements are compared one by one.
const normalKeyed schema.Normaliser = "keyed"

// Shape is what is known at load time of a value: its sort, and the members of an
// object. It is immutable once made.
type Shape struct {
	Sort   functions.Sort
	Title  string // how messages call an object: "contact"
	Fields map[string]*Shape
	Open   bool   // the object may have more members
	Items  *Shape // of a list's elements; set for lists alone
	Keyed  bool   // the elements of the list have names, by which paths lead to them
	List   *Named // set for lists whose elements users have named
}

// Anything is the shape of a value of which nothing is known.
func Anything() *Shape { return &Shape{Sort: functions.Any} }

// ObjectShape is the shape of a record or answer. title is what messages call it;
// a nil object gives [Anything].
func ObjectShape(o *schema.Object, title string) *Shape {
	if o == nil {
		return Anything()
	}
	return objectOf(o.Fields, o.Open, title)
}

// ListShape is the shape of a list.
func ListShape(items *Shape) *Shape { return &Shape{Sort: functions.List, Items: items} }

// MembersShape is the shape of an object with the given members and no others.
func MembersShape(title string, members map[string]*Shape) *Shape {
	return &Shape{Sort: functions.Object, Title: title, Fields: members}
}

// objectOf is the shape of an object; without listed fields it may have any. A schema
// that lists none does not mean that there are none.
func objectOf(fields []schema.Field, open bool, title string) *Shape {
	s := &Shape{Sort: functions.Object, Title: title, Open: open || len(fields) == 0, Fields: make(map[string]*Shape, len(fields))}
	for _, f := range fields {
		s.Fields[f.Name] = FieldShape(f)
	}
	return s
}

// FieldShape is the shape of a value that a field describes. Times stay texts,
// because records hold them as the service sent them.
func FieldShape(f schema.Field) *Shape {
	switch f.Type {
	case schema.Integer:
		return &Shape{Sort: functions.Integer}
	case schema.Number:
		return &Shape{Sort: functions.Number}
	case schema.Boolean:
		return &Shape{Sort: functions.Bool}
	case schema.String, schema.Time:
		return &Shape{Sort: functions.Text}
	case schema.Map:
		return objectOf(f.Fields, f.Open, f.Name)
	case schema.Array:
		list := ListShape(Anything())
		if f.Items != nil {
			list.Items = FieldShape(*f.Items)
		}
		list.Keyed = f.Normal == normalKeyed
		if list.Keyed && f.Named != nil {
			list.List = &Named{Field: f.Name, Spec: f.Named, Key: f.Key, Values: f.Values}
		}
		return list
	default:
		return Anything()
	}
}

// ConstantShape is the shape of a constant. Its members are all known, so a misspelt
// one is an error.
func ConstantShape(v any, title string) *Shape {
	switch x := v.(type) {
	case nil:
		return Anything()
	case string:
		return &Shape{Sort: functions.Text}
	case bool:
		return &Shape{Sort: functions.Bool}
	case int:
		return &Shape{Sort: functions.Integer}
	case float64:
		return &Shape{Sort: functions.Number}
	case []any:
		return ListShape(Anything())
	case map[string]any:
		s := &Shape{Sort: functions.Object, Title: title, Fields: make(map[string]*Shape, len(x))}
		for name, member := range x {
			s.Fields[name] = ConstantShape(member, name)
		}
		return s
	}
	return Anything()
}

// Names returns the members of an object, sorted.
func (s *Shape) Names() []string { return slices.Sorted(maps.Keys(s.Fields)) }

// ExprType gives the shape in the library's terms. Sorts that no schema gives, such
// as durations, are any value.
func (s *Shape) ExprType() types.Type {
	switch s.Sort {
	case functions.Text:
		return types.String
	case functions.Integer:
		return types.Int
	case functions.Number:
		return types.Float64
	case functions.Bool:
		return types.Bool
	case functions.Time:
		return types.TypeOf(time.Time{})
	case functions.List:
		if s.List != nil { // it has members as well as elements
			return types.Any
		}
		return types.Array(s.Items.ExprType())
	case functions.Object:
		m := make(types.Map, len(s.Fields)+1)
		for name, f := range s.Fields {
			m[name] = f.ExprType()
		}
		if s.Open {
			m[types.Extra] = types.Any
		}
		return m
	default:
		return types.Any
	}
}

// SortOf tells what the library found out about an expression. It works for the tree
// of the first pass, after its check, and only there.
func SortOf(n *nature.Nature) functions.Sort {
	if n.Nil {
		return functions.Nil
	}
	if n.Type == nil {
		return functions.Any
	}
	switch n.Type.String() {
	case "time.Time":
		return functions.Time
	case "time.Duration":
		return functions.Span
	}
	switch n.Kind {
	case reflect.String:
		return functions.Text
	case reflect.Int:
		return functions.Integer
	case reflect.Float64:
		return functions.Number
	case reflect.Bool:
		return functions.Bool
	case reflect.Slice, reflect.Array:
		return functions.List
	case reflect.Map:
		return functions.Object
	default:
		return functions.Any
	}
}

// Named is a list whose elements can be read by names that users have given.
type Named struct {
	Connection string // whose names they are
	Field      string // the name of the list
	Spec       *schema.Named
	Key        string // the member of an element with its id
	Values     []string
}

// Path is what a text such as "customFields.plan" leads to.
type Path struct {
	*Named
	Name string
}

// Of returns the shape for records of a connection, whose names those of its lists are.
func (s *Shape) Of(connection string) *Shape {
	out := *s
	if s.List != nil {
		list := *s.List
		list.Connection = connection
		out.List = &list
	}
	if s.Items != nil {
		out.Items = s.Items.Of(connection)
	}
	if s.Fields != nil {
		out.Fields = maps.Clone(s.Fields)
		for name, f := range out.Fields {
			if f.List != nil {
				out.Fields[name] = f.Of(connection)
			}
		}
	}
	return &out
}

// Path follows a path from a record to a name; nil where it leads to none.
func (s *Shape) Path(path string) *Path {
	field, name, deeper := strings.Cut(path, ".")
	if f := s.Fields[field]; deeper && f != nil && f.List != nil {
		return &Path{Named: f.List, Name: name}
	}
	return nil
}
