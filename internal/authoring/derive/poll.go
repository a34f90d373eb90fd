package derive

import (
	"fmt"
	"slices"
	"strings"
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

// poll finds out how changes in a list are seen. It says nothing where a guess could lose
// changes.
func poll(op *Operation) {
	if !op.Read || op.Answer == nil || op.Answer.List == "" {
		return
	}
	o := op.Answer.Object
	var holes, others []string
	for i := range op.Inputs {
		if in := &op.Inputs[i]; in.unfilled(op) {
			if in.place == "path" {
				holes = append(holes, in.Name)
			} else {
				others = append(others, in.Name)
			}
		}
	}
	switch {
	case o == nil:
		op.NoPoll = "the document does not say what its records look like"
	case o.ID == "":
		op.NoPoll = "no field of its records is known to tell one from another; add id: to the object " + o.Key
	case op.Method == "POST" && op.Paging == nil && op.Answer.Object.ID == "value":
		op.NoPoll = "it may answer only what was asked for"
	case len(holes) > 1:
		op.NoPoll = "it needs " + strings.Join(holes, " and ") + ", and a poll can go through the records of one list only"
	default:
		op.Poll = walk(op)
		if op.Poll.needsByRecipe = others; len(others) > 0 {
			op.Poll.Guess += "; a recipe must give " + strings.Join(others, " and ")
		}
		op.Poll.parentCandidate = len(holes) == 0 && len(others) == 0
	}
}

// unfilled reports inputs that somebody must give.
func (f *Field) unfilled(op *Operation) bool {
	paged := op.Paging != nil && (f.Name == op.Paging.Input || f.Name == op.Paging.SizeInput || op.Paging.Carry[f.Name] != "")
	return f.Required && f.Default == nil && f.Setting == "" && !paged
}

// walk says how a list without parents is watched.
func walk(op *Operation) *Poll {
	o := op.Answer.Object
	since := op.inputNamed(sinceNames)
	oldest, newest := sorting(op, o.Updated, false), sorting(op, o.Updated, true)
	switch {
	case since != nil && o.Updated != "" && oldest != nil && plainTime(since):
		format := sinceFormat(since)
		return &Poll{
			Strategy: "keyset", With: oldest, SinceInput: since.Name, SinceFormat: format,
			Guess: fmt.Sprintf("%s asks for records with %s from that time on, written as %s, and the list is then sorted by it", since.Name, o.Updated, format),
		}
	case o.Updated != "" && newest != nil:
		return &Poll{Strategy: "newest", By: o.Updated, With: newest, Guess: "the list is then sorted by " + o.Updated + ", the newest first"}
	case o.Created != "" && sorting(op, o.Created, true) != nil:
		return &Poll{
			Strategy: "newest", By: o.Created, With: sorting(op, o.Created, true),
			Guess: "the list is then sorted by " + o.Created + ", the newest first; changes of older records show only where the list is read whole",
		}
	}
	return &Poll{Strategy: "snapshot", Guess: "the list is read whole, for it cannot be seen how to ask for what is new alone"}
}

// plainTime reports inputs that can take a time.
func plainTime(in *Field) bool {
	return slices.Contains([]string{"string", "time", "integer", "number"}, in.Type) && len(in.Options) == 0
}

// sinceFormat is how a time is written in an input.
func sinceFormat(in *Field) string {
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
func sorting(op *Operation, field string, newest bool) map[string]any {
	if field == "" {
		return nil
	}
	by := op.inputNamed(sortNames)
	if by == nil || len(by.Options) == 0 {
		return nil
	}
	for _, option := range by.Options {
		if name, descending, said := sortWord(option); said && descending == newest && same(name, field) {
			return map[string]any{by.Name: option}
		}
	}
	var order *Field
	for i := range op.Inputs {
		if in := &op.Inputs[i]; in.Name != by.Name && slices.Contains(orderNames, fold(in.wire())) && len(in.Options) > 0 {
			order = in
			break
		}
	}
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
		for _, direction := range order.Options {
			if isDescending(direction) == newest && (isDescending(direction) || isAscending(direction)) {
				return map[string]any{by.Name: option, order.Name: direction}
			}
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
	all := words(option)
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
		s = fold(s)
		for _, end := range []string{"at", "on", "date", "time"} {
			s = strings.TrimSuffix(s, end)
		}
		return strings.TrimPrefix(s, "date")
	}
	return fold(word) == fold(field) || (short(word) != "" && short(word) == short(field))
}

// parents gives the lists that need the id of another list's records that list. It comes
// when all lists that stand by themselves are known.
func parents(all []*Operation) {
	for _, op := range all {
		if op.Poll == nil {
			continue
		}
		hole := op.missingHole()
		if hole == "" {
			continue
		}
		parent, guess := parentOf(op, hole, all)
		if parent == nil {
			op.NoPoll = fmt.Sprintf("it needs %s, and %s", hole, guess)
			op.Poll = nil
			continue
		}
		needs := op.Poll.needsByRecipe
		op.Poll = &Poll{Strategy: "fan_out", Parent: parent.Key, ParentInput: hole, Guess: guess, needsByRecipe: needs}
	}
}

// missingHole returns the hole in the path that nothing fills, "" for none.
func (o *Operation) missingHole() string {
	for i := range o.Inputs {
		if in := &o.Inputs[i]; in.place == "path" && in.unfilled(o) {
			return in.Name
		}
	}
	return ""
}

// parentOf returns the list whose records a hole is the id of: the one at the path before
// it, or one that is called like the things. The text says why it is a guess, or why there
// is none.
func parentOf(op *Operation, hole string, all []*Operation) (parent *Operation, guess string) {
	at := slices.IndexFunc(op.place.segments, func(s segment) bool { return s.hole == hole })
	if at < 0 {
		return nil, "it is only a part of a part of the path"
	}
	var before []string
	for _, s := range op.place.segments[:at] {
		before = append(before, s.text)
	}
	path := "/" + strings.Join(before, "/")
	noun := op.place.segments[at].noun
	var named *Operation
	why := "no list is known whose records have it"
	for _, other := range all {
		if other == op || other.Poll == nil {
			continue
		}
		if !other.Poll.parentCandidate {
			if before := strings.TrimRight(other.Path, "/") == path; (before || (noun != "" && other.place.noun() == noun)) && len(other.Poll.needsByRecipe) > 0 {
				why = fmt.Sprintf("the list whose records have it, %s, needs %s itself", other.Key, strings.Join(other.Poll.needsByRecipe, " and "))
			}
			continue
		}
		if other.Method == "GET" && strings.TrimRight(other.Path, "/") == path {
			return other, fmt.Sprintf("%s is the id of the records of %s, which stands before it in the path", hole, other.Key)
		}
		if noun != "" && other.place.noun() == noun && (named == nil || better(other, named)) && !strings.Contains(other.Key, "_by_") {
			named = other
		}
	}
	if named != nil {
		return named, fmt.Sprintf("%s is the id of the records of %s, as it is called", hole, named.Key)
	}
	return nil, why
}

// better reports whether a list is more likely the list of a thing than another one: its
// path is shorter.
func better(a, b *Operation) bool {
	if len(a.place.segments) != len(b.place.segments) {
		return len(a.place.segments) < len(b.place.segments)
	}
	return a.Key < b.Key
}

// confirms names the reads that tell whether a record is gone that a list does not show any
// more: get of the same thing, if the id is all it needs.
func confirms(all []*Operation) {
	reads := map[string]*Operation{}
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
		if read == nil || !read.place.one {
			continue
		}
		var needs []string
		for i := range read.Inputs {
			if in := &read.Inputs[i]; in.unfilled(read) {
				needs = append(needs, in.Name)
			}
		}
		last := read.place.segments[len(read.place.segments)-1].hole
		if len(needs) == 1 && needs[0] == last {
			op.Poll.ConfirmRead, op.Poll.ConfirmInput = read.Key, last
		}
	}
}
