// Package walks finds out how a list can be read page by page and watched for changes.
package walks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// Names of inputs that say which page is wanted, as they are folded.
//
//nolint:gochecknoglobals // tables
var (
	sizeNames   = []string{"perpage", "pagesize", "limit", "size", "pagelimit", "maxresults", "maxitems", "top", "take", "count", "itemsperpage", "resultsperpage", "maxpagesize", "pagesizelimit", "first", "rows"}
	pageNames   = []string{"page", "pagenumber", "pageno", "pagenum", "pageindex", "pagenumb", "p"}
	offsetNames = []string{"offset", "skip", "start", "startindex", "startat", "pageoffset", "fromindex"}
	tokenNames  = []string{"cursor", "pagetoken", "nexttoken", "nextpagetoken", "nextcursor", "continuationtoken", "continuation", "continuetoken", "pagecursor", "paginationtoken", "bookmark", "marker", "after", "next", "pagekey", "scrollid"}
	afterNames  = []string{"startafterid", "startingafter", "afterid", "sinceid", "startafter", "lastid", "fromid"}
	nextNames   = []string{"nextcursor", "nexttoken", "nextpagetoken", "nextpage", "next", "cursor", "pagetoken", "continuationtoken", "endcursor", "after", "nextpagekey", "paginationtoken", "bookmark", "marker", "scrollid"}
	linkNames   = []string{"next", "nextlink", "nextpageurl", "nexturl", "nextpagelink", "odatanextlink"}
	totalNames  = []string{"total", "totalcount", "totalresults", "totalitems", "totalelements", "totalrecords"}
	around      = []string{"meta", "metadata", "pagination", "paging", "links", "cursors", "pageinfo", "data", "result", "page", "responsemetadata"}
)

// guessedSize is the largest page where nobody says one.
const guessedSize = 100

// Paging finds out how a list is read page by page, from the names of its inputs and of
// what stands beside the list; nil where nothing tells.
func Paging(op *draft.Operation, answer *openapi.Schema) *draft.Paging {
	p := style(op, answer)
	if p == nil {
		return nil
	}
	if in := op.InputNamed(sizeNames); in != nil && plainType(in) && in.Name != p.Input {
		size(p, in)
	} else if p.Last == "" {
		p.Last = "empty"
	}
	p.Total = besideList(answer, totalNames, func(s *openapi.Schema) bool { return s.Kind == openapi.Integer || s.Kind == openapi.Number })
	for i := range op.Inputs {
		if name := op.Inputs[i].Name; name == p.Input || name == p.SizeInput || p.Carry[name] != "" {
			op.Inputs[i].Default, op.Inputs[i].Required = nil, op.Inputs[i].Required && op.Inputs[i].Place == "path"
		}
	}
	return p
}

// style finds out what says which page is wanted; nil where nothing does.
func style(op *draft.Operation, answer *openapi.Schema) *draft.Paging {
	page, offset, token, after := op.InputNamed(pageNames), op.InputNamed(offsetNames), op.InputNamed(tokenNames), op.InputNamed(afterNames)
	next, isLink := besideList(answer, nextNames, isToken), besideList(answer, linkNames, isLink)
	switch {
	case token != nil && next != "":
		return &draft.Paging{Style: "cursor", Carry: map[string]string{token.Name: "answer." + next}, Last: "no_next", Guess: token.Name + " takes " + next + " of the answer"}
	case page != nil && plainType(page):
		p := &draft.Paging{Style: "page", Input: page.Name, Guess: page.Name + " is the number of the page"}
		if starts(page, 0) {
			zero := 0
			p.First = &zero
		}
		return p
	case offset != nil && plainType(offset):
		return &draft.Paging{Style: "offset", Input: offset.Name, Guess: offset.Name + " is the number of records before the page"}
	case after != nil && op.Answer.Object != nil && op.Answer.Object.ID != "":
		return &draft.Paging{Style: "cursor", Carry: map[string]string{after.Name: "last." + op.Answer.Object.ID}, Guess: after.Name + " takes the id of the last record"}
	case isLink != "":
		return &draft.Paging{Style: "next_link", Link: isLink, Last: "no_next", Guess: isLink + " is the address of the next page"}
	}
	return nil
}

// size says how many records are asked for. Where the largest number is not known a page
// with fewer than were asked for need not be the last.
func size(p *draft.Paging, in *draft.Field) {
	p.SizeInput = in.Name
	usual := whole(in.Default)
	switch {
	case in.Maximum != nil && *in.Maximum >= 1 && *in.Maximum <= 10_000:
		p.SizeMax = int(*in.Maximum)
	case usual > 0 && usual <= 10_000:
		p.SizeMax = usual
		p.Guess += fmt.Sprintf("; the largest %s is not known, %d is its usual value", in.Name, usual)
	default:
		p.SizeMax = guessedSize
		p.Guess += fmt.Sprintf("; the largest %s is not known, %d is a guess", in.Name, guessedSize)
	}
	if p.Last == "" && (in.Maximum == nil || *in.Maximum > 10_000) {
		p.Last = "empty"
	}
}

// whole returns a number that is whole and above 0, else 0.
func whole(v any) int {
	switch x := v.(type) {
	case int:
		return max(0, x)
	case float64:
		if x == float64(int(x)) {
			return max(0, int(x))
		}
	}
	return 0
}

// starts reports whether an input begins at a number.
func starts(in *draft.Field, at float64) bool {
	if n, ok := in.Default.(int); ok {
		return float64(n) == at
	}
	return in.Minimum != nil && *in.Minimum == at && in.Default == nil
}

// plainType reports inputs that can take a number.
func plainType(in *draft.Field) bool {
	return slices.Contains([]string{"string", "integer", "number", "any"}, in.Type) && len(in.Options) == 0
}

// isToken reports values that can say where the next page begins.
func isToken(s *openapi.Schema) bool {
	return (s.Kind == openapi.String && s.Format != "uri" && s.Format != "url") || s.Kind == openapi.Integer || s.Kind == openapi.Any || s.Kind == openapi.Number
}

// isLink reports addresses.
func isLink(s *openapi.Schema) bool {
	if s.Kind != openapi.String {
		return false
	}
	text, _ := s.Example.(string)
	return s.Format == "uri" || s.Format == "url" || s.Format == "uri-reference" || strings.HasPrefix(text, "http") || strings.HasPrefix(text, "/") || wording.HasAny(wording.Words(s.Description), "url", "link")
}

// besideList returns the path to a value beside a list: a member of the answer with one of
// some names, or one of an object that usually holds such; "" for none.
func besideList(answer *openapi.Schema, names []string, fits func(*openapi.Schema) bool) string {
	if answer == nil || answer.Kind != openapi.Object {
		return ""
	}
	if name := memberNamed(answer, names, fits); name != "" {
		return name
	}
	for _, p := range answer.Properties {
		if p.Schema.Kind != openapi.Object || !slices.Contains(around, wording.Fold(p.Name)) || !wording.IsStep(p.Name) {
			continue
		}
		if name := memberNamed(p.Schema, names, fits); name != "" {
			return p.Name + "." + name
		}
	}
	return ""
}

// memberNamed returns the first member with one of some names that fits, "" for none.
func memberNamed(s *openapi.Schema, names []string, fits func(*openapi.Schema) bool) string {
	for _, name := range names {
		for _, p := range s.Properties {
			if wording.Fold(p.Name) == name && wording.IsStep(p.Name) && fits(p.Schema) {
				return p.Name
			}
		}
	}
	return ""
}
