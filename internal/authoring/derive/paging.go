package derive

import (
	"fmt"
	"slices"
	"strings"

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

// paging finds out how a list is read page by page, from the names of its inputs and of
// what stands beside the list; nil where nothing tells.
func paging(op *Operation, answer *openapi.Schema) *Paging {
	size := op.inputNamed(sizeNames)
	p := &Paging{}
	page, offset, token, after := op.inputNamed(pageNames), op.inputNamed(offsetNames), op.inputNamed(tokenNames), op.inputNamed(afterNames)
	next, isLink := besideList(answer, nextNames, isToken), besideList(answer, linkNames, isLink)
	switch {
	case token != nil && next != "":
		p.Style, p.Carry, p.Guess = "cursor", map[string]string{token.Name: "answer." + next}, fmt.Sprintf("%s takes %s of the answer", token.Name, next)
		p.Last = "no_next"
	case page != nil && plainType(page):
		p.Style, p.Input, p.Guess = "page", page.Name, fmt.Sprintf("%s is the number of the page", page.Name)
		if starts(page, 0) {
			zero := 0
			p.First = &zero
		}
	case offset != nil && plainType(offset):
		p.Style, p.Input, p.Guess = "offset", offset.Name, fmt.Sprintf("%s is the number of records before the page", offset.Name)
	case after != nil && op.Answer.Object != nil && op.Answer.Object.ID != "":
		p.Style, p.Carry, p.Guess = "cursor", map[string]string{after.Name: "last." + op.Answer.Object.ID}, fmt.Sprintf("%s takes the id of the last record", after.Name)
	case isLink != "":
		p.Style, p.Link, p.Guess, p.Last = "next_link", isLink, fmt.Sprintf("%s is the address of the next page", isLink), "no_next"
	default:
		return nil
	}
	if size != nil && plainType(size) && size.Name != p.Input {
		p.size(size)
	} else if p.Last == "" {
		p.Last = "empty"
	}
	p.Total = besideList(answer, totalNames, func(s *openapi.Schema) bool { return s.Kind == openapi.Integer || s.Kind == openapi.Number })
	for i := range op.Inputs {
		if name := op.Inputs[i].Name; name == p.Input || name == p.SizeInput || p.Carry[name] != "" {
			op.Inputs[i].Default, op.Inputs[i].Required = nil, op.Inputs[i].Required && op.Inputs[i].place == "path"
		}
	}
	return p
}

// size says how many records are asked for. Where the largest number is not known a page
// with fewer than were asked for need not be the last.
func (p *Paging) size(in *Field) {
	p.SizeInput = in.Name
	usual := whole(in.Default)
	switch {
	case in.maximum != nil && *in.maximum >= 1 && *in.maximum <= 10_000:
		p.SizeMax = int(*in.maximum)
	case usual > 0 && usual <= 10_000:
		p.SizeMax = usual
		p.Guess += fmt.Sprintf("; the largest %s is not known, %d is its usual value", in.Name, usual)
	default:
		p.SizeMax = guessedSize
		p.Guess += fmt.Sprintf("; the largest %s is not known, %d is a guess", in.Name, guessedSize)
	}
	if p.Last == "" && (in.maximum == nil || *in.maximum > 10_000) {
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
func starts(in *Field, at float64) bool {
	if n, ok := in.Default.(int); ok {
		return float64(n) == at
	}
	return in.minimum != nil && *in.minimum == at && in.Default == nil
}

// plainType reports inputs that can take a number.
func plainType(in *Field) bool {
	return slices.Contains([]string{"string", "integer", "number", "any"}, in.Type) && len(in.Options) == 0
}

// inputNamed returns the first input in the query or body with one of some names.
func (o *Operation) inputNamed(names []string) *Field {
	for _, name := range names {
		for i := range o.Inputs {
			in := &o.Inputs[i]
			if (in.place == "query" || in.place == "body") && fold(in.wire()) == name {
				return in
			}
		}
	}
	return nil
}

// wire is the name under which an input is sent.
func (f *Field) wire() string {
	if f.At != "" {
		return f.At
	}
	return f.Name
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
	return s.Format == "uri" || s.Format == "url" || s.Format == "uri-reference" || strings.HasPrefix(text, "http") || strings.HasPrefix(text, "/") || hasAny(words(s.Description), "url", "link")
}

// besideList returns the path to a value beside a list: a member of the answer with one of
// some names, or one of an object that usually holds such; "" for none.
func besideList(answer *openapi.Schema, names []string, fits func(*openapi.Schema) bool) string {
	if answer == nil || answer.Kind != openapi.Object {
		return ""
	}
	for _, name := range names {
		for _, p := range answer.Properties {
			if fold(p.Name) == name && isStep(p.Name) && fits(p.Schema) {
				return p.Name
			}
		}
	}
	for _, p := range answer.Properties {
		if p.Schema.Kind != openapi.Object || !slices.Contains(around, fold(p.Name)) || !isStep(p.Name) {
			continue
		}
		for _, name := range names {
			for _, q := range p.Schema.Properties {
				if fold(q.Name) == name && isStep(q.Name) && fits(q.Schema) {
					return p.Name + "." + q.Name
				}
			}
		}
	}
	return ""
}
