package walks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

// Names of inputs by which a list is sorted or asked from a time on, as they are folded.
//
//nolint:gochecknoglobals // tables
var (
	sinceNames = []string{
		"updatedsince", "updatedafter", "updatedatafter", "updatedfrom", "updatedatfrom", "updatedatmin", "updatedmin", "minupdatedat", "updatedatgte", "updatedgte", "updatedatgt", "modifiedsince",
		"modifiedafter", "modifiedfrom", "modifiedatmin", "lastmodifiedafter", "lastmodifiedsince", "changedsince", "changedafter", "lastupdatedafter", "dateupdatedafter", "sinceupdated",
	}
	sortNames  = []string{"sort", "sortby", "orderby", "order", "sortfield", "ordering", "sortkey", "sortcolumn"}
	orderNames = []string{"order", "sortorder", "sortdirection", "orderdirection", "direction", "sortdir", "dir", "orderdir", "ordertype"}
)

// Poll finds out how changes in a list are seen. It says nothing where a guess could lose
// changes.
func Poll(op *draft.Operation) {
	if !op.Read || op.Answer == nil || op.Answer.List == "" {
		return
	}
	o := op.Answer.Object
	holes, others := needs(op)
	switch {
	case o == nil:
		op.NoPoll = "the document does not say what its records look like"
	case o.ID == "":
		op.NoPoll = "no field of its records is known to tell one from another; add id: to the object " + o.Key
	case op.Method == http.MethodPost && op.Paging == nil && op.Answer.Object.ID == "value":
		op.NoPoll = "it may answer only what was asked for"
	case len(holes) > 1:
		op.NoPoll = "it needs " + strings.Join(holes, " and ") + ", and a poll can go through the records of one list only"
	default:
		op.Poll = walk(op)
		if op.Poll.NeedsByRecipe = others; len(others) > 0 {
			op.Poll.Guess += "; a recipe must give " + strings.Join(others, " and ")
		}
		op.Poll.Alone = len(holes) == 0 && len(others) == 0
	}
}

// needs returns the inputs that somebody must give: those in the path, and the others.
func needs(op *draft.Operation) (holes, others []string) {
	for i := range op.Inputs {
		switch in := &op.Inputs[i]; {
		case !in.Unfilled(op):
		case in.Place == "path":
			holes = append(holes, in.Name)
		default:
			others = append(others, in.Name)
		}
	}
	return holes, others
}

// walk says how a list without parents is watched.
func walk(op *draft.Operation) *draft.Poll {
	o := op.Answer.Object
	since := op.InputNamed(sinceNames)
	oldest, newest := sorting(op, o.Updated, false), sorting(op, o.Updated, true)
	switch {
	case since != nil && o.Updated != "" && oldest != nil && plainTime(since):
		format := sinceFormat(since)
		return &draft.Poll{
			Strategy: "keyset", With: oldest, SinceInput: since.Name, SinceFormat: format,
			Guess: fmt.Sprintf("%s asks for records with %s from that time on, written as %s, and the list is then sorted by it", since.Name, o.Updated, format),
		}
	case o.Updated != "" && newest != nil:
		return &draft.Poll{Strategy: "newest", By: o.Updated, With: newest, Guess: "the list is then sorted by " + o.Updated + ", the newest first"}
	case o.Created != "" && sorting(op, o.Created, true) != nil:
		return &draft.Poll{
			Strategy: "newest", By: o.Created, With: sorting(op, o.Created, true),
			Guess: "the list is then sorted by " + o.Created + ", the newest first; changes of older records show only where the list is read whole",
		}
	}
	return &draft.Poll{Strategy: "snapshot", Guess: "the list is read whole, for it cannot be seen how to ask for what is new alone"}
}

// plainTime reports inputs that can take a time.
func plainTime(in *draft.Field) bool {
	return slices.Contains([]string{"string", "time", "integer", "number"}, in.Type) && len(in.Options) == 0
}

// sinceFormat is how a time is written in an input.
func sinceFormat(in *draft.Field) string {
	switch {
	case in.Type == "string" || in.Type == "time":
		return "rfc3339"
	case strings.Contains(strings.ToLower(in.Description), "milli"):
		return "epoch_ms"
	}
	return "epoch_s"
}

// sorting returns the inputs that sort a list by a field, nil where it cannot be seen that
// there are some: one input with words that say field and direction, or two.
func sorting(op *draft.Operation, field string, newest bool) map[string]any {
	if field == "" {
		return nil
	}
	by := op.InputNamed(sortNames)
	if by == nil || len(by.Options) == 0 {
		return nil
	}
	for _, option := range by.Options {
		if name, descending, said := sortWord(option); said && descending == newest && same(name, field) {
			return map[string]any{by.Name: option}
		}
	}
	return sortedByTwo(op, by, field, newest)
}

// sortedByTwo is [sorting] by one input that names the field and another that names the
// direction, or by a field whose name alone means upwards, since it is there with a minus
// too.
func sortedByTwo(op *draft.Operation, by *draft.Field, field string, newest bool) map[string]any {
	order := orderOf(op, by)
	for _, option := range by.Options {
		name, _, said := sortWord(option)
		if said || !same(name, field) {
			continue
		}
		if order == nil {
			if !newest && slices.ContainsFunc(by.Options, func(o string) bool { return o == "-"+option }) {
				return map[string]any{by.Name: option}
			}
			continue
		}
		i := slices.IndexFunc(order.Options, func(direction string) bool {
			return newest && isDescending(direction) || !newest && isAscending(direction)
		})
		if i >= 0 {
			return map[string]any{by.Name: option, order.Name: order.Options[i]}
		}
	}
	return nil
}

// orderOf returns the input that names the direction of a sort, nil for none.
func orderOf(op *draft.Operation, by *draft.Field) *draft.Field {
	for i := range op.Inputs {
		if in := &op.Inputs[i]; in.Name != by.Name && slices.Contains(orderNames, wording.Fold(in.Wire())) && len(in.Options) > 0 {
			return in
		}
	}
	return nil
}

// sortWord splits a word such as -updated_at, updated_at:desc or UPDATED_AT_DESC.
func sortWord(option string) (field string, descending, said bool) {
	switch {
	case strings.HasPrefix(option, "-"):
		return option[1:], true, true
	case strings.HasPrefix(option, "+"):
		return option[1:], false, true
	}
	all := wording.Words(option)
	if n := len(all); n > 1 {
		last := all[n-1]
		if isDescending(last) || isAscending(last) {
			return strings.Join(all[:n-1], "_"), isDescending(last), true
		}
	}
	return option, false, false
}

func isDescending(word string) bool {
	return slices.Contains([]string{"desc", "descending", "newest", "-1"}, strings.ToLower(word))
}

func isAscending(word string) bool {
	return slices.Contains([]string{"asc", "ascending", "oldest", "1"}, strings.ToLower(word))
}

// same reports whether a word for sorting means a field: updated and updated_at do.
func same(word, field string) bool {
	short := func(s string) string {
		s = wording.Fold(s)
		for _, end := range []string{"at", "on", "date", "time"} {
			s = strings.TrimSuffix(s, end)
		}
		return strings.TrimPrefix(s, "date")
	}
	return wording.Fold(word) == wording.Fold(field) || (short(word) != "" && short(word) == short(field))
}

// Parents gives the lists that need the id of another list's records that list. It comes
// when all lists that stand by themselves are known.
func Parents(all []*draft.Operation) {
	for _, op := range all {
		if op.Poll == nil {
			continue
		}
		hole := op.MissingHole()
		if hole == "" {
			continue
		}
		parent, guess := parentOf(op, hole, all)
		if parent == nil {
			op.NoPoll = fmt.Sprintf("it needs %s, and %s", hole, guess)
			op.Poll = nil
			continue
		}
		op.Poll = &draft.Poll{Strategy: "fan_out", Parent: parent.Key, ParentInput: hole, Guess: guess, NeedsByRecipe: op.Poll.NeedsByRecipe}
	}
}

// parentOf returns the list whose records a hole is the id of: the one at the path before
// it, or one that is called like the things. The text says why it is a guess, or why there
// is none.
func parentOf(op *draft.Operation, hole string, all []*draft.Operation) (parent *draft.Operation, guess string) {
	path, noun, ok := before(op, hole)
	if !ok {
		return nil, "it is only a part of a part of the path"
	}
	var named *draft.Operation
	why := "no list is known whose records have it"
	for _, other := range all {
		stands := other.Method == http.MethodGet && strings.TrimRight(other.Path, "/") == path
		called := isCalled(other, noun)
		switch {
		case other == op || other.Poll == nil || (!stands && !called):
		case len(other.Poll.NeedsByRecipe) > 0:
			why = fmt.Sprintf("the list whose records have it, %s, needs %s itself", other.Key, strings.Join(other.Poll.NeedsByRecipe, " and "))
		case !other.Poll.Alone: // it needs a parent itself
		case stands:
			return other, fmt.Sprintf("%s is the id of the records of %s, which stands before it in the path", hole, other.Key)
		case named == nil || better(other, named):
			named = other
		}
	}
	if named != nil {
		return named, fmt.Sprintf("%s is the id of the records of %s, as it is called", hole, named.Key)
	}
	return nil, why
}

// isCalled reports lists of the things that a noun names.
func isCalled(op *draft.Operation, noun string) bool {
	return noun != "" && op.Route.Noun() == noun && !strings.Contains(op.Key, "_by_")
}

// before returns the path before a hole, and what the hole stands for.
func before(op *draft.Operation, hole string) (path, noun string, ok bool) {
	at := slices.IndexFunc(op.Route.Segments, func(s wording.Segment) bool { return s.Hole == hole })
	if at < 0 {
		return "", "", false
	}
	var texts []string
	for _, s := range op.Route.Segments[:at] {
		texts = append(texts, s.Text)
	}
	return "/" + strings.Join(texts, "/"), op.Route.Segments[at].Noun, true
}

// better reports whether a list is more likely the list of a thing than another one: its
// path is shorter.
func better(a, b *draft.Operation) bool {
	if len(a.Route.Segments) != len(b.Route.Segments) {
		return len(a.Route.Segments) < len(b.Route.Segments)
	}
	return a.Key < b.Key
}

// Confirms names the reads that tell whether a record is gone that a list does not show any
// more: get of the same thing, if the id is all it needs.
func Confirms(all []*draft.Operation) {
	reads := map[string]*draft.Operation{}
	for _, op := range all {
		if op.Read && op.Answer != nil && op.Answer.Value != "" && op.Answer.Object != nil && !op.Answer.File {
			reads[op.Key] = op
		}
	}
	for _, op := range all {
		if op.Poll == nil || op.Answer.Object.ID == "value" {
			continue
		}
		read := reads[op.Key[:strings.LastIndexByte(op.Key, '.')]+".get"]
		if read == nil || !read.Route.One {
			continue
		}
		holes, others := needs(read)
		last := read.Route.Segments[len(read.Route.Segments)-1].Hole
		if len(holes) == 1 && holes[0] == last && len(others) == 0 {
			op.Poll.ConfirmRead, op.Poll.ConfirmInput = read.Key, last
		}
	}
}
